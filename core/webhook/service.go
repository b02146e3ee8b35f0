package webhook

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Service keeps endpoints and what is owed to them. It starts nothing of its
// own: the app runs workers that Claim and Deliver, one after the other.
type Service struct {
	DB     *store.DB
	Vault  *vault.Service
	Events *event.Log
	Sender *Sender
	Clock  clock.Clock // wall time: leases and signatures hang on it, retries on the realm's
	Random io.Reader   // what secrets are drawn from; crypto/rand.Reader when nil
	// GiveUp is how long an endpoint may fail without one success before it is
	// disabled. Zero means 30 days, the life of a message.
	GiveUp time.Duration
	// Manners are those of contracts that have some of their own.
	Manners map[string]Manner

	known subscriptions
	turn  turn
}

// Wish is what a new endpoint is to be.
type Wish struct {
	Merchant    ident.ID // "" for all merchants of the realm, or of Marketplace
	Marketplace ident.ID // "" for none in particular
	URL         string
	Contract    string
	Mode        Mode     // "" means plain
	Filter      []string // event types or their first words; none means all
	Topics      []string // in the words of the contract, for its Manner
	Description string
	Metadata    string
	Unordered   bool // events of one object need not wait for each other
}

// CheckURL says whether messages may go to a URL, for surfaces that take one
// with a payment. Faults: invalid.url.
func (s *Service) CheckURL(raw string) error {
	_, err := s.Sender.guard.URL(raw)
	return err
}

// Subscribe sets up an endpoint and returns its secrets. It hears of events
// from now on, in other processes within a second.
// Faults: invalid.url, invalid.mode, invalid.contract, invalid.filter.
func (s *Service) Subscribe(ctx context.Context, realm ident.ID, by audit.By, w Wish) (e Endpoint, shown Secrets, err error) {
	if err := s.check(&w); err != nil {
		return Endpoint{}, Secrets{}, err
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		e = Endpoint{ID: tx.NewID(), Version: 1, Kind: Subscribed, Merchant: w.Merchant, URL: w.URL, Contract: w.Contract, Mode: w.Mode,
			Filter: w.Filter, Ordered: !w.Unordered, State: Active, CreatedAt: tx.Now(), Marketplace: w.Marketplace, Topics: w.Topics,
			Description: w.Description, Metadata: w.Metadata}
		if shown, err = s.draw(tx, &e); err != nil {
			return err
		}
		addEndpoint(tx, e)
		audit.Add(tx, by, "webhook.subscribe", e.ID, "ok")
		tx.Committed(func() { s.known.forget(realm) })
		return nil
	})
	return e, shown, err
}

func (s *Service) check(w *Wish) error {
	if err := s.CheckURL(w.URL); err != nil {
		return err
	}
	if w.Mode == "" {
		w.Mode = Plain
	}
	if !slices.Contains([]Mode{Plain, Encrypted, EncryptedJSON}, w.Mode) {
		return fault.At("invalid.mode", "mode", "a mode is plain, encrypted or encrypted_json")
	}
	if w.Contract == "" {
		return fault.At("invalid.contract", "contract", "messages are in the words of a contract")
	}
	for _, f := range w.Filter {
		if !eventType(f) {
			return fault.At("invalid.filter", "filter", "a filter is an event type or its first words")
		}
	}
	return nil
}

// eventType says whether f is made of lower-case words, dots between them.
func eventType(f string) bool {
	for i := range len(f) {
		if c := f[i]; (c < 'a' || c > 'z') && c != '_' && c != '.' {
			return false
		}
	}
	return f != "" && len(f) <= 64
}

// List lists the realm's endpoints, oldest first, implicit ones too.
func (s *Service) List(ctx context.Context, realm ident.ID) (list []Endpoint, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = endpointsOf(tx)
		list = slices.DeleteFunc(list, func(e Endpoint) bool { return e.Kind == Default })
		return err
	})
	return list, err
}

// Disable stops an endpoint: it hears of no further event, and what it is owed
// is skipped (Replay brings it back). A second call changes nothing.
// Faults: not_found.endpoint.
func (s *Service) Disable(ctx context.Context, realm, id ident.ID, by audit.By) error {
	return s.change(ctx, realm, id, by, "webhook.disable", func(tx *store.Tx, e *Endpoint) error {
		if e.State == Disabled {
			return nil
		}
		return s.disable(tx, e, byHand)
	})
}

// Why an endpoint is disabled.
const (
	byHand  = "by hand"
	gone    = "answered 410 Gone"
	failing = "failed for too long"
)

// disable closes e and writes the notice endpoint.disabled. What it is owed is
// buried by Claim, in batches.
func (s *Service) disable(tx *store.Tx, e *Endpoint, why string) error {
	e.State, e.Reason = Disabled, why
	e.Events++
	saveEndpoint(tx, e)
	realm := tx.Realm()
	tx.Committed(func() { s.known.forget(realm) })
	return s.Events.Add(tx, event.Event{Object: e.ID, Seq: e.Events, Type: "endpoint.disabled", Merchant: e.Merchant,
		Data: fmt.Sprintf(`{"reason":%q}`, e.Reason), Subject: *e})
}

// Enable opens a disabled endpoint again, its record clean.
// Faults: not_found.endpoint.
func (s *Service) Enable(ctx context.Context, realm, id ident.ID, by audit.By) error {
	return s.change(ctx, realm, id, by, "webhook.enable", func(tx *store.Tx, e *Endpoint) error {
		if e.State == Active {
			return nil
		}
		e.State, e.Reason, e.FailingSince = Active, "", time.Time{}
		e.Events++
		saveEndpoint(tx, e)
		tx.Committed(func() { s.known.forget(realm) })
		return s.Events.Add(tx, event.Event{Object: e.ID, Seq: e.Events, Type: "endpoint.enabled", Merchant: e.Merchant, Subject: *e})
	})
}

// change does something to an endpoint and writes it into the audit trail.
func (s *Service) change(ctx context.Context, realm, id ident.ID, by audit.By, action string, do func(tx *store.Tx, e *Endpoint) error) error {
	return s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		e, found, err := getEndpoint(tx, id)
		if err != nil {
			return err
		}
		if !found {
			return fault.New("not_found.endpoint", "no such endpoint")
		}
		if err := do(tx, &e); err != nil {
			return err
		}
		audit.Add(tx, by, action, id, "ok")
		return nil
	})
}

// Deliveries lists up to limit deliveries older than below ("" for the newest),
// newest first, of one endpoint or ("") of all.
func (s *Service) Deliveries(ctx context.Context, realm, endpoint, below ident.ID, limit int) (list []Delivery, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = deliveriesBelow(tx, endpoint, below, limit)
		return err
	})
	return list, err
}

// About lists the deliveries about an object, in the order of its events.
func (s *Service) About(ctx context.Context, realm, object ident.ID) (list []Delivery, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = deliveriesAbout(tx, object)
		return err
	})
	return list, err
}

// Tries lists the last tries of a delivery, oldest first.
func (s *Service) Tries(ctx context.Context, realm, delivery ident.ID) (list []Try, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = triesOf(tx, delivery)
		return err
	})
	return list, err
}

// Replay sends a delivery that is over once more: the same message with the
// same event id, new tries, no new event. It neither waits for other messages
// nor lets them wait. One that is waiting becomes due at once.
// Faults: not_found.delivery, conflict.endpoint (it is disabled).
func (s *Service) Replay(ctx context.Context, realm, id ident.ID, by audit.By) (d Delivery, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if d, err = getDelivery(tx, id); err != nil {
			return err
		}
		e, found, err := getEndpoint(tx, d.Endpoint)
		if err != nil {
			return err
		}
		if !found || e.State != Active {
			return fault.New("conflict.endpoint", "the endpoint is disabled")
		}
		if d.State != Waiting {
			d.State, d.Tries, d.Since, d.Ordered = Waiting, 0, tx.Now(), false
		}
		d.DueAt = tx.Now()
		audit.Add(tx, by, "webhook.replay", id, "ok")
		tx.Committed(s.turn.wake)
		return saveDelivery(tx, &d)
	})
	return d, err
}

// Sweep removes up to limit deliveries that are over and older than before, and
// as many unlisted servers without a message since; it says how many of both.
func (s *Service) Sweep(ctx context.Context, realm ident.ID, before time.Time, limit int) (done int, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		n, err := sweepDeliveries(tx, before, limit)
		if err != nil {
			return err
		}
		servers, err := sweepUnlisted(tx, before, limit)
		done = int(n + servers)
		return err
	})
	return done, err
}

// Reseal seals anew, with the realm's newest data key, the secrets of up to
// limit endpoints, and says how many; 0 means that none is left.
func (s *Service) Reseal(ctx context.Context, realm ident.ID, limit int) (done int, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		newest, err := s.Vault.Newest(tx)
		if err != nil {
			return err
		}
		list, err := sealedBefore(tx, newest, limit)
		if err != nil {
			return err
		}
		for i := range list {
			e := &list[i]
			sealed, err := s.Vault.Renew(tx, "webhook", e.ID, vault.Sealed{Version: e.keyVersion, Bytes: e.sealed})
			if err != nil {
				return err
			}
			e.sealed, e.keyVersion = sealed.Bytes, sealed.Version
			saveEndpoint(tx, e)
		}
		done = len(list)
		return nil
	})
	return done, err
}

// Secrets are what an endpoint's owner has to know.
type Secrets struct {
	Signing method.Secret // whsec_...
	Cipher  method.Secret // 64 hex characters, for encrypted modes only
}
