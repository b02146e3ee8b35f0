package invoice

import (
	"context"
	"fmt"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Register hands the jobs of this package to the queue.
func (s *Service) Register(q *job.Queue) {
	q.Handle("invoice.due", s.due)
	q.Handle("invoice.remind", s.remind)
	q.Handle("invoice.expire", s.expire)
	q.Handle("invoice.instalment", s.charge)
}

// busy is how long a job waits for a payment that is under way.
const busy = 10 * time.Minute

// due marks an invoice that nobody has paid by its day.
func (s *Service) due(ctx context.Context, j job.Job) error {
	return s.work(ctx, j, "invoice.overdue", func(tx *store.Tx, inv *Invoice) (again time.Time) {
		if inv.OverdueAt.IsZero() {
			inv.OverdueAt = tx.Now()
		}
		return again
	})
}

// remind is the job of a day on which a reminder goes out. Where a bank has been
// asked for the money, that day is passed over: what does not come is asked for
// again, or its payer is told.
func (s *Service) remind(ctx context.Context, j job.Job) error {
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		inv, err := getInvoice(tx, j.Object)
		switch {
		case err != nil:
			return err
		case inv.State.Final():
			return job.Done(tx, j)
		case inv.Paying != "":
			return job.Again(tx, j, tx.Now().Add(busy))
		}
		claimed := false
		if s.Claimed != nil {
			claimed, err = s.Claimed(tx, inv)
		}
		if err == nil && !claimed {
			_, err = s.RemindIn(tx, inv.ID, "reminder")
		}
		if err != nil {
			return err
		}
		return job.Done(tx, j)
	})
}

func (s *Service) expire(ctx context.Context, j job.Job) error {
	return s.work(ctx, j, "invoice.expired", func(tx *store.Tx, inv *Invoice) (again time.Time) {
		if inv.Paying != "" {
			return tx.Now().Add(busy)
		}
		inv.State, inv.EndedAt, inv.OverdueAt = Expired, tx.Now(), time.Time{}
		return again
	})
}

// work does a job on an invoice that is not final; for one that is, there is
// nothing to do. f says when to come again; zero for never, the work is done.
func (s *Service) work(ctx context.Context, j job.Job, typ string, f func(tx *store.Tx, inv *Invoice) time.Time) error {
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		was, err := getInvoice(tx, j.Object)
		if err != nil {
			return err
		}
		if was.State.Final() {
			return job.Done(tx, j)
		}
		inv := was
		if again := f(tx, &inv); !again.IsZero() {
			return job.Again(tx, j, again)
		}
		if _, err := s.save(tx, typ, was, inv); err != nil {
			return err
		}
		return job.Done(tx, j)
	})
}

// Remind writes that the customer was, or is to be, reminded; kind is reminder
// or collection. Faults: forbidden.permission, not_found.invoice,
// conflict.invoice.final.
func (s *Service) Remind(ctx context.Context, actor access.Actor, id ident.ID, kind string) (Invoice, error) {
	return s.change(ctx, actor, access.Pay, id, "invoice.reminded", func(tx *store.Tx, inv *Invoice) error {
		if inv.State.Final() {
			return final()
		}
		inv.Details.Reminders = append(append([]Reminder(nil), inv.Details.Reminders...), Reminder{At: tx.Now(), Kind: kind})
		return nil
	})
}

// RemindIn is Remind in the caller's transaction, which answers for the
// permission. Faults: not_found.invoice, conflict.invoice.final.
func (s *Service) RemindIn(tx *store.Tx, id ident.ID, kind string) (Invoice, error) {
	was, err := getInvoice(tx, id)
	if err != nil {
		return was, err
	}
	if was.State.Final() {
		return was, final()
	}
	inv := was
	inv.Details.Reminders = append(append([]Reminder(nil), inv.Details.Reminders...), Reminder{At: tx.Now(), Kind: kind})
	return s.save(tx, "invoice.reminded", was, inv)
}

// charge is the job that follows an invoice's instalments: what is due is
// charged to the source that paid the first one; without a source, or where
// the payer pays by hand, it is said once that it is due.
func (s *Service) charge(ctx context.Context, j job.Job) error {
	var order *payment.Order
	var which int
	err := s.DB.Update(ctx, j.Realm, func(tx *store.Tx) (err error) {
		order = nil
		inv, err := getInvoice(tx, j.Object)
		if err != nil {
			return err
		}
		var at time.Time
		var found bool
		if which, at, found = nextCharge(inv); !found || inv.State.Final() {
			return job.Done(tx, j)
		}
		switch in := inv.Details.Instalments[which]; {
		case at.After(tx.Now()):
			return job.Again(tx, j, at)
		case inv.Paying != "":
			return job.Again(tx, j, tx.Now().Add(busy))
		case inv.Source == "" || inv.Details.Manual:
			next := inv
			next.instalment(which, func(in *Instalment) { in.Told = true })
			if _, err := s.saveInstalment(tx, "invoice.instalment_due", inv, next, which); err != nil {
				return err
			}
			return job.Again(tx, j, tx.Now())
		default:
			order, err = s.order(tx, inv, in, which)
			return err
		}
	})
	if err != nil || order == nil {
		return err
	}
	return s.charged(ctx, j, *order, which)
}

// nextCharge is the first instalment about which something is still to be
// done without the payer.
func nextCharge(inv Invoice) (i int, at time.Time, found bool) {
	for i, in := range inv.Details.Instalments {
		if in.Open() > 0 && !in.Failed && !in.Told {
			return i, in.DueOn.Begin(Zone(inv.Details.Zone)), true
		}
	}
	return 0, time.Time{}, false
}

// order is the payment of an instalment by the stored source. Its idempotency
// key names the try: a job that is run again after a crash asks for the same.
func (s *Service) order(tx *store.Tx, inv Invoice, in Instalment, which int) (*payment.Order, error) {
	profile, err := merchant.ProfileIn(tx, inv.Profile)
	if err != nil {
		return nil, err
	}
	src, err := vault.Find(tx, inv.Source)
	if err != nil {
		return nil, err
	}
	amount := money.Of(min(in.Open(), inv.Left().Minor), inv.Amount.Currency)
	return &payment.Order{
		Idempotency: idempotency.Key{Surface: inv.Surface, Key: fmt.Sprintf("invoice/%s/%d/%d", inv.ID, which, in.Tries)},
		Profile:     profile, Kind: connector.Debit, Method: method.Name(src.Method), Brand: src.Brand, Amount: amount, Source: inv.Source,
		Reference: inv.Reference, Customer: inv.Customer.ID,
		Details: payment.Details{Invoice: inv.ID, Series: &payment.Series{Initiator: "MIT", Mode: "REPEATED", Type: "INSTALLMENT"}},
	}, nil
}

// charged asks for an instalment's payment and writes down a refusal; success
// has been followed by OnEvent.
func (s *Service) charged(ctx context.Context, j job.Job, o payment.Order, which int) error {
	env, err := s.Environment(ctx, j.Realm)
	if err != nil {
		return err
	}
	actor := access.Actor{Realm: j.Realm, Environment: env, Kind: "invoice", May: []access.Permission{access.Pay, access.Read},
		Merchants: []ident.ID{o.Profile.Merchant}}
	out, err := s.Payments.Pay(ctx, actor, o)
	if fault.Is(err, "conflict.invoice") { // somebody else is paying, or has paid
		return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Again(tx, j, tx.Now().Add(busy)) })
	}
	refused := err != nil && !fault.Is(err, fault.Internal) && !fault.Is(err, fault.Unavailable)
	if err != nil && !refused {
		return err
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		was, err := getInvoice(tx, j.Object)
		if err != nil {
			return err
		}
		if !refused && out.Payment.State != payment.Failed {
			return job.Again(tx, j, tx.Now().Add(busy))
		}
		inv, pause := was, 0
		inv.instalment(which, func(in *Instalment) {
			if in.Tries++; in.Tries > len(retryDays) || refused {
				in.Failed = true
				return
			}
			pause = retryDays[in.Tries-1]
		})
		if _, err := s.saveInstalment(tx, "invoice.instalment_failed", was, inv, which); err != nil {
			return err
		}
		return job.Again(tx, j, tx.Now().AddDate(0, 0, pause))
	})
}

// saveInstalment is save for an event that is about one instalment.
func (s *Service) saveInstalment(tx *store.Tx, typ string, was, inv Invoice, which int) (Invoice, error) {
	inv.Seq++
	inv.UpdatedAt = tx.Now()
	if err := saveInvoice(tx, inv); err != nil {
		return inv, err
	}
	inv.Version++
	return inv, s.tell(tx, typ, Change{Was: was, Is: inv, Instalment: which}, inv.Seq)
}
