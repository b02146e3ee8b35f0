package notify

import (
	"context"
	"errors"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// handTimeout is how long a carrier may take, well within a job's lease.
const handTimeout = 60 * time.Second

// ladder are the pauses after the first, second ... failed try; the last one
// repeats until the message's time is up.
var ladder = []time.Duration{30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour}

// deliver is the job that hands one message over, with no transaction open. A
// crash between the handing over and its commit hands it over twice, under the
// same id: late and twice is better than never.
func (s *Service) deliver(ctx context.Context, j job.Job) error {
	var m Message
	var p Parcel
	var now time.Time
	err := s.DB.View(ctx, j.Realm, func(tx *store.Tx) (err error) {
		now = tx.Now()
		if m, err = getMessage(tx, j.Object); err != nil {
			return err
		}
		p = Parcel{Realm: m.Realm, ID: m.ID, To: m.To}
		p.Content, err = s.content(tx, m)
		return err
	})
	switch {
	case fault.Is(err, "not_found.message"): // swept meanwhile
		return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Done(tx, j) })
	case err != nil:
		return err
	case m.State != Queued:
		return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Done(tx, j) })
	}
	reference, tried := "", errors.New("")
	if now.Before(m.Until) {
		reference, tried = s.hand(ctx, m.Channel, p)
	}
	return s.DB.Update(context.WithoutCancel(ctx), j.Realm, func(tx *store.Tx) error { return s.handed(tx, j, reference, tried) })
}

func (s *Service) hand(ctx context.Context, ch Channel, p Parcel) (string, error) {
	carry := s.carrier(ch)
	if carry == nil { // the operator took it away after the message was taken
		return "", fault.New("unavailable.channel", "no carrier is set up")
	}
	ctx, cancel := context.WithTimeout(ctx, handTimeout)
	defer cancel()
	return carry(ctx, p)
}

// handed writes how a try went.
func (s *Service) handed(tx *store.Tx, j job.Job, reference string, tried error) error {
	m, err := getMessage(tx, j.Object)
	if err != nil {
		return err
	}
	if m.State != Queued {
		return job.Done(tx, j)
	}
	m.UpdatedAt = tx.Now()
	switch {
	case !tx.Now().Before(m.Until) && tried != nil:
		m.State = Failed
		if m.Reason == "" {
			m.Reason = "its time was up"
		}
	case tried == nil:
		m.Tries++
		m.State, m.Reference, m.Reason = Sent, clip(reference), ""
	case fault.Is(tried, fault.Declined):
		m.Tries++
		m.State, m.Reason = Failed, clip(reason(tried))
	default:
		m.Tries++
		m.Reason = clip(reason(tried))
		pause := ladder[min(m.Tries, int64(len(ladder)))-1]
		saveMessage(tx, &m)
		return job.Again(tx, j, tx.Now().Add(pause))
	}
	if m.Template == Code { // nobody may read it here later
		m.sealed, m.keyVersion = nil, 0
	}
	m.Events++
	saveMessage(tx, &m)
	if err := s.tell(tx, m); err != nil {
		return err
	}
	return job.Done(tx, j)
}

// reason is what a try failed of, in words without addresses.
func reason(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f.Msg != "" {
		return f.Msg
	}
	return "the carrier could not be reached"
}

// clip keeps what a carrier says short and on one line.
func clip(text string) string { return tame(text, 200) }

// Report takes what a carrier tells about a message that it has taken: whether
// it arrived. A report that comes twice, or about a message that nobody has
// taken, changes nothing. Faults: not_found.message.
func (s *Service) Report(ctx context.Context, realm, id ident.ID, arrived bool, why string) error {
	return s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		m, err := getMessage(tx, id)
		if err != nil || m.State != Sent {
			return err
		}
		m.State, m.UpdatedAt = Delivered, tx.Now()
		if !arrived {
			m.State, m.Reason = Failed, clip(why)
		}
		m.Events++
		saveMessage(tx, &m)
		return s.tell(tx, m)
	})
}

// Sweep forgets up to limit messages that are over and were made before at,
// with the counts of then, and says how many rows that were.
func (s *Service) Sweep(ctx context.Context, realm ident.ID, before time.Time, limit int) (done int, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		n, err := sweepMessages(tx, before, tx.Now().Add(-48*time.Hour), limit)
		done = int(n)
		return err
	})
	return done, err
}

// Reseal seals anew, with the realm's newest data key, the content of up to
// limit messages, and says how many; 0 means that none is left.
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
			m := &list[i]
			sealed, err := s.Vault.Renew(tx, purpose, m.ID, vault.Sealed{Version: m.keyVersion, Bytes: m.sealed})
			if err != nil {
				return err
			}
			m.sealed, m.keyVersion = sealed.Bytes, sealed.Version
			saveMessage(tx, m)
		}
		done = len(list)
		return nil
	})
	return done, err
}
