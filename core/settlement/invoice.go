package settlement

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// InvoiceState is the state of an invoice for fees (april sheet, section 4).
//
//	draft ──> outstanding ──> accepted ──> paid
//	               │  └─────────────────────^
//	               ├──> overdue ──> (as outstanding)
//	               └──> cancelled  (its fees are asked for by the next one)
//
// accepted goes back to where it was when the payment fails.
type InvoiceState string

// The states.
const (
	Draft       InvoiceState = "draft"
	Outstanding InvoiceState = "outstanding"
	Overdue     InvoiceState = "overdue"
	Accepted    InvoiceState = "accepted" // a payment of it is on its way
	InvoicePaid InvoiceState = "paid"
	Cancelled   InvoiceState = "cancelled"
)

// Invoice asks a merchant that settles gross for its fees of a month. Dates
// are days in the merchant's time zone, as YYYY-MM-DD; amounts are minor units.
type Invoice struct {
	ID        ident.ID
	Version   int64
	Seq       int64 // number of its last event
	Merchant  ident.ID
	Currency  money.Currency
	State     InvoiceState
	Reference string // that a payment of it names: 16 letters and digits
	From, To  string // both days are in it
	IssuedOn  string
	DueOn     string
	Amount    int64 // its tax in it
	Tax       int64
	Paid      int64
	Timeline  []Moment
	CreatedAt time.Time
}

// What happens to an invoice (april sheet, section 4).
const (
	Issued          = "issued"
	PaymentReceived = "payment_received"
	PaidInFull      = "paid"
	BecameOverdue   = "overdue"
	WasCancelled    = "cancelled"
	WasAccepted     = "accepted"
	PaymentFailed   = "payment_failed" // one that was on its way
)

// Moment is a line of an invoice's timeline.
type Moment struct {
	Event  string    `json:"event"`
	At     time.Time `json:"at"`
	Amount int64     `json:"amount"`
	Of     string    `json:"of"` // what names it: the invoice, a payment of it
}

// Item is a line of an invoice: fees of one kind and method with one fixed part.
type Item struct {
	Kind   Kind
	Method method.Name
	Unit   int64 // the fixed part, without tax
	Count  int64
	Value  int64 // of what the fees are for
	Tax    int64
	Fee    int64 // its tax in it
}

const invoiceJob = "settlement.overdue"

// draft opens the invoice of the running month, unless there is one.
func (s *Service) draft(tx *store.Tx, m merchant.Merchant, p Plan) error {
	open, err := drafts(tx, m.ID)
	if err != nil {
		return err
	}
	for _, i := range open {
		if i.Currency == p.Currency {
			return nil
		}
	}
	today := tx.Now().In(zoneOf(m))
	return addInvoice(tx, month(Invoice{ID: tx.NewID(), Merchant: m.ID, Currency: p.Currency, State: Draft, CreatedAt: tx.Now()}, today))
}

// month gives a draft the days from today, or from where it began, to the end
// of today's month, and its reference.
func month(i Invoice, today time.Time) Invoice {
	last := time.Date(today.Year(), today.Month()+1, 0, 0, 0, 0, 0, today.Location())
	if i.From == "" {
		i.From = today.Format(time.DateOnly)
	}
	i.To, i.Reference = last.Format(time.DateOnly), lettersOf(i.ID)
	return i
}

// lettersOf makes 16 letters and digits out of an id.
func lettersOf(id ident.ID) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	sum := sha256.Sum256([]byte("invoice " + id))
	out := make([]byte, 16)
	for n := range out {
		out[n] = letters[int(sum[n])%len(letters)]
	}
	return string(out)
}

// issue issues the drafts of a merchant whose month is over, and opens the next.
func (s *Service) issue(tx *store.Tx, m merchant.Merchant, p Plan, zone *time.Location) error {
	list, err := drafts(tx, m.ID)
	if err != nil {
		return err
	}
	today := tx.Now().In(zone)
	first := time.Date(today.Year(), today.Month(), 1, 0, 0, 0, 0, zone)
	for _, i := range list {
		if i.To >= today.Format(time.DateOnly) {
			continue
		}
		if err := bill(tx, i, first); err != nil {
			return err
		}
		issued := i
		issued.State = Outstanding
		items, err := billed(tx, issued)
		if err != nil {
			return err
		}
		for _, it := range items {
			issued.Amount, issued.Tax = issued.Amount+it.Fee, issued.Tax+it.Tax
		}
		if issued.Amount <= 0 { // nothing is owed: the month goes on
			if err := unbill(tx, i.ID); err != nil {
				return err
			}
			if err := saveInvoice(tx, month(i, today)); err != nil {
				return err
			}
			continue
		}
		if err := s.publish(tx, issued, p, today); err != nil {
			return err
		}
		if p.Terms.Mode == Gross {
			next := Invoice{ID: tx.NewID(), Merchant: m.ID, Currency: i.Currency, State: Draft, CreatedAt: tx.Now()}
			if err := addInvoice(tx, month(next, first)); err != nil {
				return err
			}
		}
	}
	return nil
}

// publish makes a draft with its amount an invoice.
func (s *Service) publish(tx *store.Tx, i Invoice, p Plan, today time.Time) error {
	days := p.Terms.InvoiceDays
	if days == 0 {
		days = 14
	}
	due := time.Date(today.Year(), today.Month(), today.Day()+days, 0, 0, 0, 0, today.Location())
	last := time.Date(today.Year(), today.Month(), 0, 0, 0, 0, 0, today.Location())
	i.To, i.IssuedOn, i.DueOn = last.Format(time.DateOnly), today.Format(time.DateOnly), due.Format(time.DateOnly)
	job.Add(tx, invoiceJob, i.ID, due.AddDate(0, 0, 1).UTC())
	return s.tell(tx, &i, Issued, i.Amount, string(i.ID))
}

// tell writes an invoice that has become something else, with its moment and event.
func (s *Service) tell(tx *store.Tx, i *Invoice, what string, amount int64, of string) error {
	i.Seq++
	i.Timeline = append(i.Timeline, Moment{Event: what, At: tx.Now(), Amount: amount, Of: of})
	if err := saveInvoice(tx, *i); err != nil {
		return err
	}
	i.Version++
	text, err := json.Marshal(map[string]any{"state": i.State, "amount": i.Amount, "currency": i.Currency, "paid": i.Paid})
	if err != nil {
		return err
	}
	return s.Events.Add(tx, event.Event{Object: i.ID, Seq: i.Seq, Type: "fee_invoice." + what, Merchant: i.Merchant, Data: string(text), Subject: *i})
}

// overdue is the job of the day after an invoice was due.
func (s *Service) overdue(ctx context.Context, j job.Job) error {
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		i, err := getInvoice(tx, j.Object)
		if err != nil {
			return err
		}
		if i.State == Outstanding {
			i.State = Overdue
			if err := s.tell(tx, &i, BecameOverdue, i.Amount-i.Paid, string(i.ID)); err != nil {
				return err
			}
		}
		return job.Done(tx, j)
	})
}

// PayInvoice books money that came for an invoice; of names the payment of it,
// and the same one twice counts once. Faults: not_found.invoice,
// conflict.invoice (not issued, cancelled or paid), invalid.amount (not
// positive, or more than is owed).
func (s *Service) PayInvoice(ctx context.Context, realm ident.ID, by audit.By, id ident.ID, amount int64, of string) (Invoice, error) {
	return s.invoice(ctx, realm, by, id, "settlement_invoice.pay", func(tx *store.Tx, i *Invoice) error {
		for _, m := range i.Timeline {
			if m.Event == PaymentReceived && m.Of == of {
				return nil
			}
		}
		if !i.asks() {
			return fault.New("conflict.invoice", "the invoice does not ask for money")
		}
		if amount < 1 || amount > i.Left() {
			return fault.At("invalid.amount", "amount", "more than nothing and at most what is owed")
		}
		return s.receive(tx, i, amount, of, i.due().FeePaid(money.Of(amount, i.Currency)))
	})
}

// Collect books on an invoice what a merchant of ours, from, took in for it; of
// names the payment. It happens in the transaction in which the money comes, so
// it refuses nothing: an invoice that does not ask for so much is left as it is,
// and booked is false. Faults: not_found.invoice.
func (s *Service) Collect(tx *store.Tx, by audit.By, id, from ident.ID, amount int64, of string) (booked bool, err error) {
	i, err := getInvoice(tx, id)
	if err != nil || amount < 1 || amount > i.Left() {
		return false, err
	}
	audit.Add(tx, by, "settlement_invoice.pay", id, "ok")
	return true, s.receive(tx, &i, amount, of, i.due().FeeCollected(ledger.Merchant(from), money.Of(amount, i.Currency)))
}

// receive books money that has come for an invoice.
func (s *Service) receive(tx *store.Tx, i *Invoice, amount int64, of string, booking ledger.Transfer) error {
	i.Paid += amount
	if _, err := ledger.Post(tx, booking); err != nil {
		return err
	}
	if err := s.tell(tx, i, PaymentReceived, amount, of); err != nil || i.Paid < i.Amount {
		return err
	}
	i.State = InvoicePaid
	return s.tell(tx, i, PaidInFull, i.Amount, string(i.ID))
}

func (i Invoice) due() ledger.Due {
	return ledger.Due{Object: ledger.Object{Kind: "fee_invoice", ID: i.ID}, Owner: ledger.Merchant(i.Merchant)}
}

// AcceptInvoice says that a payment of the invoice is on its way. Faults:
// not_found.invoice, conflict.invoice.
func (s *Service) AcceptInvoice(ctx context.Context, realm ident.ID, by audit.By, id ident.ID) (Invoice, error) {
	return s.invoice(ctx, realm, by, id, "settlement_invoice.accept", func(tx *store.Tx, i *Invoice) error {
		if i.State != Outstanding && i.State != Overdue {
			return fault.New("conflict.invoice", "the invoice does not wait to be accepted")
		}
		i.State = Accepted
		return s.tell(tx, i, WasAccepted, i.Amount-i.Paid, string(i.ID))
	})
}

// Reopen says in the caller's transaction that the payment of an invoice which
// was on its way has failed: the invoice asks for the money as before. One that
// was not accepted is left as it is. Faults: not_found.invoice.
func (s *Service) Reopen(tx *store.Tx, id ident.ID, of string) error {
	i, err := getInvoice(tx, id)
	if err != nil || i.State != Accepted {
		return err
	}
	due, err := DueIn(tx, i)
	if err != nil {
		return err
	}
	if i.State = Outstanding; !tx.Now().Before(due.AddDate(0, 0, 1)) {
		i.State = Overdue
	}
	return s.tell(tx, &i, PaymentFailed, i.Amount-i.Paid, of)
}

// DueIn is when the day begins on which an issued invoice is due, where its
// merchant is. Faults: not_found.merchant.
func DueIn(tx *store.Tx, i Invoice) (time.Time, error) {
	m, err := merchant.MerchantIn(tx, i.Merchant)
	if err != nil {
		return time.Time{}, err
	}
	return Billed{Invoice: i, To: m}.DueAt()
}

// DueAt is DueIn of an invoice that was issued.
func (b Billed) DueAt() (time.Time, error) {
	at, err := time.ParseInLocation(time.DateOnly, b.DueOn, zoneOf(b.To))
	if err != nil {
		return at, fault.Wrap(err, "invoice %s has no day it is due", b.ID)
	}
	return at.UTC(), nil
}

// CancelInvoice takes an invoice back of which nothing was paid; the next one
// asks for its fees. Faults: not_found.invoice, conflict.invoice.
func (s *Service) CancelInvoice(ctx context.Context, realm ident.ID, by audit.By, id ident.ID) (Invoice, error) {
	return s.invoice(ctx, realm, by, id, "settlement_invoice.cancel", func(tx *store.Tx, i *Invoice) error {
		if !i.asks() || i.Paid > 0 {
			return fault.New("conflict.invoice", "only an invoice of which nothing was paid can be cancelled")
		}
		if err := unbill(tx, i.ID); err != nil {
			return err
		}
		i.State = Cancelled
		return s.tell(tx, i, WasCancelled, i.Amount, string(i.ID))
	})
}

// Left is what is still asked for, in minor units.
func (i Invoice) Left() int64 {
	if !i.asks() {
		return 0
	}
	return i.Amount - i.Paid
}

// asks says whether money is asked for.
func (i Invoice) asks() bool {
	return i.State == Outstanding || i.State == Overdue || i.State == Accepted
}

func (s *Service) invoice(ctx context.Context, realm ident.ID, by audit.By, id ident.ID, act string, f func(tx *store.Tx, i *Invoice) error) (i Invoice, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if i, err = getInvoice(tx, id); err != nil {
			return err
		}
		audit.Add(tx, by, act, id, "ok")
		return f(tx, &i)
	})
	return i, err
}

// Invoices lists invoices for fees, a page of them, and says how many there
// are in all. Faults: invalid.sort.
func (s *Service) Invoices(ctx context.Context, realm ident.ID, f Filter) (list []Invoice, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		if list, total, err = searchInvoices(tx, f); err != nil {
			return err
		}
		for n := range list {
			if _, err := items(tx, &list[n]); err != nil {
				return err
			}
		}
		return nil
	})
	return list, total, err
}

// Billed is an invoice with its lines and whom it is for.
type Billed struct {
	Invoice
	Items []Item
	To    merchant.Merchant
}

// Invoice finds an invoice with its lines. Faults: not_found.invoice.
func (s *Service) Invoice(ctx context.Context, realm, id ident.ID) (b Billed, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		if b.Invoice, err = getInvoice(tx, id); err != nil {
			return err
		}
		if b.To, err = merchant.MerchantIn(tx, b.Merchant); err != nil {
			return err
		}
		b.Items, err = items(tx, &b.Invoice)
		return err
	})
	return b, err
}

// items are the lines of an invoice. A draft is given the amount that it would
// have now; an issued one that does not come to its lines is a mistake of ours.
func items(tx *store.Tx, i *Invoice) ([]Item, error) {
	list, err := billed(tx, *i)
	if err != nil || i.State == Cancelled {
		return list, err
	}
	var fee, tax int64
	for _, it := range list {
		fee, tax = fee+it.Fee, tax+it.Tax
	}
	if i.State == Draft {
		i.Amount, i.Tax = fee, tax
	}
	if fee != i.Amount || tax != i.Tax {
		return nil, fault.Wrap(fmt.Errorf("%d and %d of tax, its lines come to %d and %d", i.Amount, i.Tax, fee, tax), "invoice %s is not the sum of its lines", i.ID)
	}
	return list, nil
}
