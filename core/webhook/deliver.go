package webhook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// Deliver sends a claimed delivery and writes down how it went. No transaction
// is open while the receiver thinks. A delivery counts as sent only once its
// 2xx is committed; a crash in between sends it again, under the same id.
// Faults: conflict.lease (the lease ran out before sending or went to another
// worker meanwhile: nothing is written), unavailable, internal.
func (s *Service) Deliver(ctx context.Context, d Delivery) error {
	if d.leasedUntil.Sub(s.Clock()) < sendTimeout+readTimeout {
		return fault.New("conflict.lease", "the lease is too old to begin")
	}
	post, err := s.compose(ctx, d)
	switch {
	case fault.Is(err, fault.Unavailable), ctx.Err() != nil:
		return err // nothing was tried; the lease runs out
	case err != nil: // it will not go out in this form, and that has to show
		return errors.Join(err, s.record(ctx, d, Answer{Err: "could not be composed"}))
	}
	before := s.Clock()
	a := s.Sender.Send(ctx, post)
	a.Took = s.Clock().Sub(before)
	return s.record(ctx, d, a)
}

// record commits how a try went, if the lease is still the one of d.
func (s *Service) record(ctx context.Context, d Delivery, a Answer) error {
	interrupted := ctx.Err() != nil && a.Status == 0
	return s.DB.Update(context.WithoutCancel(ctx), d.Realm, func(tx *store.Tx) error {
		now, err := getDelivery(tx, d.ID)
		if err != nil {
			return err
		}
		if now.Fence != d.Fence || now.State != Waiting || now.leasedUntil.IsZero() {
			return fault.New("conflict.lease", "this delivery's lease has gone to another worker")
		}
		return s.result(tx, now, a, interrupted)
	})
}

// compose makes the message as it goes out: enciphered where the endpoint asks
// for it, then signed over exactly the bytes that are sent.
func (s *Service) compose(ctx context.Context, d Delivery) (Post, error) {
	e, r, signer, err := s.keysFor(ctx, d)
	if err != nil {
		return Post{}, err
	}
	p := Post{URL: d.URL, ContentType: d.Message.ContentType, Body: d.Message.Body, Headers: map[string]string{}}
	maps.Copy(p.Headers, d.Message.Headers)
	if e.Mode == Encrypted || e.Mode == EncryptedJSON {
		var more map[string]string
		p.Body, p.ContentType, more, err = encrypted(r.secrets().Cipher, d.ID, d.Message, e.Mode == EncryptedJSON)
		if err != nil {
			return Post{}, err
		}
		maps.Copy(p.Headers, more)
	}
	signed, err := s.sign(e.Contract, r.signing(signer), d, p.Body)
	maps.Copy(p.Headers, signed)
	if more := s.Manners[e.Contract].Headers; more != nil && err == nil {
		sign := func(text string) string { return mac(r.signing(signer), text) }
		maps.Copy(p.Headers, more(d.Event, s.Clock(), p.Body, sign))
	}
	return p, err
}

// sign proves where a message comes from, as its contract does it.
func (s *Service) sign(contract string, secrets []method.Secret, d Delivery, body []byte) (map[string]string, error) {
	if own := s.Manners[contract].Sign; own != nil {
		return own(secrets, d, s.Clock(), body)
	}
	return sign(secrets, d.Event, s.Clock(), body)
}

// keysFor reads the endpoint and the secrets that sign for it, and the realm's
// time, by which an old secret ends.
func (s *Service) keysFor(ctx context.Context, d Delivery) (e Endpoint, r ring, now time.Time, err error) {
	holder := d.Endpoint
	read := func(tx *store.Tx) error {
		var found bool
		if e, found, err = getEndpoint(tx, d.Endpoint); err != nil || !found {
			return missing(err)
		}
		keys := e
		if e.Kind == Implicit {
			holder = derivedID(d.Realm, e.Merchant, Default, "")
			if keys, found, err = getEndpoint(tx, holder); err != nil || !found {
				return missing(err)
			}
		}
		now = tx.Now()
		r, err = s.unseal(tx, keys)
		return err
	}
	err = s.DB.View(ctx, d.Realm, read)
	if fault.Is(err, "not_found.endpoint") && e.Kind == Implicit {
		if err = s.ensureDefault(ctx, d.Realm, e.Merchant); err == nil {
			err = s.DB.View(ctx, d.Realm, read)
		}
	}
	return e, r, now, err
}

func missing(err error) error {
	if err == nil {
		err = fault.New("not_found.endpoint", "no such endpoint")
	}
	return err
}

// result writes how a try went, and what follows for the delivery and for the
// endpoint.
func (s *Service) result(tx *store.Tx, d Delivery, a Answer, interrupted bool) error {
	now := tx.Now()
	d.leasedUntil, d.Status, d.Error = time.Time{}, a.Status, a.Err
	if interrupted { // this process is stopping: the try does not count
		d.Tries--
		d.DueAt, d.Error = now, "interrupted"
		return saveDelivery(tx, &d)
	}
	if err := addTry(tx, d.ID, Try{N: d.Fence, At: now, Status: a.Status, Error: a.Err, Took: a.Took}); err != nil {
		return err
	}
	e, _, err := getEndpoint(tx, d.Endpoint)
	if err != nil {
		return err
	}
	if a.OK() {
		d.State = Sent
	} else if due, more := s.Manners[e.Contract].next(d.Since, now, d.Tries, retryAfter(a.RetryAfter, s.Clock())); more && a.Status != 410 && !permanent(a.Err) {
		d.DueAt = due
	} else {
		d.State = Dead
		d.Events++
	}
	if err := saveDelivery(tx, &d); err != nil {
		return err
	}
	if d.State != Waiting {
		if err := release(tx, d); err != nil {
			return err
		}
		tx.Committed(s.turn.wake)
	}
	if d.State == Dead {
		notice := event.Event{Object: d.ID, Seq: d.Events, Type: "delivery.dead", Merchant: e.Merchant,
			Data: fmt.Sprintf(`{"event":%q,"type":%q}`, d.Event, d.EventType), Subject: d}
		if err := s.Events.Add(tx, notice); err != nil {
			return err
		}
	}
	return s.health(tx, e, a)
}

// release makes the next message about the same object due, when it waited
// for d. It is written even when it is due already: a claimer that has just
// decided to let it wait for d then conflicts and decides again.
func release(tx *store.Tx, d Delivery) error {
	if !d.Ordered {
		return nil
	}
	list, err := following(tx, d)
	if err != nil || len(list) == 0 {
		return err
	}
	n := list[0]
	if n.leasedUntil.IsZero() {
		n.DueAt = tx.Now()
	}
	return saveDelivery(tx, &n)
}

// health keeps an endpoint's record. It writes when the record changes and not
// with every message, so that a busy endpoint's row is no bottleneck.
func (s *Service) health(tx *store.Tx, e Endpoint, a Answer) error {
	if e.State != Active {
		return nil
	}
	giveUp := s.Manners[e.Contract].GiveUp
	if giveUp == 0 {
		giveUp = s.GiveUp
	}
	if giveUp == 0 {
		giveUp = patience
	}
	switch {
	case a.OK() && e.FailingSince.IsZero():
		return nil
	case a.OK():
		e.FailingSince = time.Time{}
	case a.Status == 410 && e.Kind == Subscribed:
		// An implicit endpoint's 410 speaks of one payment's URL, not of the server.
		return s.disable(tx, &e, gone)
	case e.FailingSince.IsZero():
		e.FailingSince = tx.Now()
	case tx.Now().Sub(e.FailingSince) >= giveUp:
		return s.disable(tx, &e, failing)
	default:
		return nil
	}
	saveEndpoint(tx, &e)
	return nil
}
