package invoice

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// Service keeps invoices.
type Service struct {
	DB       *store.DB
	Events   *event.Log
	Payments *payment.Service
	Random   io.Reader // for keys: crypto/rand.Reader outside simulations
	Log      *slog.Logger

	// Environment tells which environment a realm is in.
	Environment func(ctx context.Context, realm ident.ID) (access.Environment, error)
	// Claimed, if there is one, says whether somebody else has been asked to pay
	// an invoice, and may still: nobody is reminded meanwhile.
	Claimed func(tx *store.Tx, inv Invoice) (bool, error)
}

func permitted(actor access.Actor, need access.Permission, owner ident.ID) error {
	if err := actor.Need(need); err != nil {
		return err
	}
	return actor.NeedMerchant(owner)
}

func missing() error { return fault.New("not_found.invoice", "no such invoice") }

// Get finds an invoice. Faults: forbidden.permission, not_found.invoice
// (another merchant's too).
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.ID) (inv Invoice, err error) {
	if err := actor.Need(access.Read); err != nil {
		return inv, err
	}
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		inv, err = own(tx, actor, id)
		return err
	})
	return inv, err
}

func own(tx *store.Tx, actor access.Actor, id ident.ID) (Invoice, error) {
	inv, err := getInvoice(tx, id)
	if err == nil && actor.NeedMerchant(inv.Merchant) != nil {
		return Invoice{}, missing()
	}
	return inv, err
}

// ByKey gives a payer the invoice of a link, with its realm and the realm's
// time. Faults: not_found.invoice.
func (s *Service) ByKey(ctx context.Context, key string) (inv Invoice, realm ident.ID, now time.Time, err error) {
	err = s.DB.View(ctx, store.System, func(tx *store.Tx) error {
		inv, realm, err = byKey(tx, key)
		return err
	})
	if err == nil {
		err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
			now = tx.Now()
			return nil
		})
	}
	return inv, realm, now, err
}

// GetIn reads an invoice inside a transaction. Faults: not_found.invoice.
func GetIn(tx *store.Tx, id ident.ID) (Invoice, error) { return getInvoice(tx, id) }

// ByPayable finds, inside a transaction, the invoice whose payable reference is
// that, as a bank writes it.
func ByPayable(tx *store.Tx, reference string) (inv Invoice, found bool, err error) {
	return byPayable(tx, CleanReference(reference))
}

// Filter says which invoices are looked for; what is empty does not matter.
type Filter struct {
	IDs       []ident.ID
	Merchants []ident.ID
	Owner     ident.ID
	Customer  string // its number
	Number    string
	Reference string
	Order     string
	States    []State
	Created   store.Span
	DueOn     [2]Date  // from the first to the last day, both included
	Before    ident.ID // only invoices with a lower id: the page after one that ended with this
	Limit     int      // 1 to 200
}

// Find lists invoices, newest first, and says whether there are more. Faults:
// forbidden.permission, not_found.merchant.
func (s *Service) Find(ctx context.Context, actor access.Actor, f Filter) (list []Invoice, more bool, err error) {
	if err := actor.Need(access.Read); err != nil {
		return nil, false, err
	}
	for _, id := range f.Merchants {
		if err := actor.NeedMerchant(id); err != nil {
			return nil, false, err
		}
	}
	if len(f.Merchants) == 0 {
		f.Merchants = actor.Merchants
	}
	f.Limit = min(max(f.Limit, 1), 200)
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		list, more, err = findInvoices(tx, f)
		return err
	})
	return list, more, err
}

// Receipts lists what has come in for an invoice, and what is on its way,
// oldest first. The caller has seen the invoice already.
func (s *Service) Receipts(ctx context.Context, realm, id ident.ID) (list []Receipt, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = receiptsOf(tx, id)
		return err
	})
	return list, err
}

// Present puts an invoice before the payer over a channel, the first time or
// once more: the event invoice.sent makes others send it. It is taken off the
// terminal that has it. Faults: forbidden.permission, not_found.invoice,
// conflict.invoice.paying (too late for that), conflict.invoice.final.
func (s *Service) Present(ctx context.Context, actor access.Actor, id ident.ID, c Channel) (Invoice, error) {
	if err := s.withdraw(ctx, actor, id); err != nil {
		return Invoice{}, err
	}
	return s.change(ctx, actor, access.Pay, id, "invoice.sent", func(tx *store.Tx, inv *Invoice) error {
		return present(tx, inv, c)
	})
}

// PresentIn is Present in the caller's transaction, for an invoice that it has
// just made or read.
func (s *Service) PresentIn(tx *store.Tx, inv Invoice, c Channel) (Invoice, error) {
	was := inv
	if err := present(tx, &inv, c); err != nil {
		return inv, err
	}
	return s.save(tx, "invoice.sent", was, inv)
}

func present(tx *store.Tx, inv *Invoice, c Channel) error {
	if inv.State.Final() {
		return final()
	}
	inv.Details.Channel, inv.SentAt = c, tx.Now()
	if inv.State == Open {
		inv.State = Sent
	}
	return nil
}

func final() error { return fault.New("conflict.invoice.final", "the invoice is final") }

// Cancel takes an invoice back, from a terminal too. Money that has come in for
// a part of it stays where it is. Faults: forbidden.permission, not_found.invoice,
// conflict.invoice.final, conflict.invoice.paying.
func (s *Service) Cancel(ctx context.Context, actor access.Actor, id ident.ID, reason string) (Invoice, error) {
	return s.end(ctx, actor, id, Cancelled, reason)
}

// CancelIn is Cancel in the caller's transaction, which answers for the permission
// and knows of no terminal that has it. Faults: not_found.invoice,
// conflict.invoice.final, conflict.invoice.paying.
func (s *Service) CancelIn(tx *store.Tx, id ident.ID, reason string) (Invoice, error) {
	was, err := getInvoice(tx, id)
	if err != nil {
		return was, err
	}
	inv := was
	if err := cancel(tx, &inv, Cancelled, reason); err != nil {
		return was, err
	}
	return s.save(tx, "invoice."+string(Cancelled), was, inv)
}

// Credit ends an invoice by a credit note. Faults: as Cancel.
func (s *Service) Credit(ctx context.Context, actor access.Actor, id ident.ID, reason string) (Invoice, error) {
	return s.end(ctx, actor, id, Credited, reason)
}

func (s *Service) end(ctx context.Context, actor access.Actor, id ident.ID, state State, reason string) (Invoice, error) {
	if err := s.withdraw(ctx, actor, id); err != nil {
		return Invoice{}, err
	}
	return s.change(ctx, actor, access.Pay, id, "invoice."+string(state), func(tx *store.Tx, inv *Invoice) error {
		return cancel(tx, inv, state, reason)
	})
}

// cancel ends an invoice that is still to be paid and that nobody is paying.
func cancel(tx *store.Tx, inv *Invoice, state State, reason string) error {
	switch {
	case inv.State.Final():
		return final()
	case inv.Paying != "":
		return paying()
	}
	inv.State, inv.EndedAt, inv.OverdueAt, inv.Details.Reason = state, tx.Now(), time.Time{}, clip(reason)
	return nil
}

// clip keeps a reason to what a column shows.
func clip(s string) string {
	if r := []rune(s); len(r) > maxText {
		return string(r[:maxText])
	}
	return s
}

// change lets f change an actor's invoice and tells of it.
func (s *Service) change(ctx context.Context, actor access.Actor, need access.Permission, id ident.ID, typ string,
	f func(tx *store.Tx, inv *Invoice) error) (out Invoice, err error) {
	if err := actor.Need(need); err != nil {
		return out, err
	}
	err = s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		was, err := own(tx, actor, id)
		if err != nil {
			return err
		}
		inv := was
		if err := f(tx, &inv); err != nil {
			return err
		}
		out, err = s.save(tx, typ, was, inv)
		return err
	})
	return out, err
}

// save writes a changed invoice over the version it was read at, and its event.
func (s *Service) save(tx *store.Tx, typ string, was, inv Invoice, instalments ...int) (Invoice, error) {
	return s.saveMoved(tx, typ, was, inv, 0, instalments...)
}

// saveMoved is save for a change that a bank transfer made: moved is what it
// brought the merchant.
func (s *Service) saveMoved(tx *store.Tx, typ string, was, inv Invoice, moved int64, instalments ...int) (Invoice, error) {
	inv, err := s.put(tx, inv, int64(1+len(instalments)))
	if err != nil {
		return inv, err
	}
	first := inv.Seq - int64(len(instalments))
	if err := s.tell(tx, typ, Change{Was: was, Is: inv, Instalment: -1, Transfer: moved}, first); err != nil {
		return inv, err
	}
	for n, i := range instalments {
		if err := s.tell(tx, "invoice.instalment_paid", Change{Was: inv, Is: inv, Instalment: i}, first+int64(n)+1); err != nil {
			return inv, err
		}
	}
	return inv, nil
}

// failed is save for a try at the invoice that failed.
func (s *Service) failed(tx *store.Tx, was, inv Invoice, code string) (Invoice, error) {
	inv, err := s.put(tx, inv, 1)
	if err != nil {
		return inv, err
	}
	return inv, s.tell(tx, "invoice.try_failed", Change{Was: was, Is: inv, Instalment: -1, Code: code}, inv.Seq)
}

// put writes a changed invoice over the version it was read at; events follow.
func (s *Service) put(tx *store.Tx, inv Invoice, events int64) (Invoice, error) {
	inv.Seq += events
	inv.UpdatedAt = tx.Now()
	if err := saveInvoice(tx, inv); err != nil {
		return inv, err
	}
	inv.Version++
	return inv, nil
}

func (s *Service) tell(tx *store.Tx, typ string, c Change, seq int64) error {
	b, err := json.Marshal(struct {
		State    State          `json:"state"`
		Paid     int64          `json:"paid"`
		Amount   int64          `json:"amount"`
		Currency money.Currency `json:"currency"`
		Payment  ident.ID       `json:"payment,omitempty"`
	}{c.Is.State, c.Is.Paid, c.Is.Amount.Minor, c.Is.Amount.Currency, c.Is.Paying})
	if err != nil {
		return err
	}
	return s.Events.Add(tx, event.Event{Object: c.Is.ID, Seq: seq, Type: typ, Merchant: c.Is.Merchant, Data: string(b), Subject: c})
}
