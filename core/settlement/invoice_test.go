package settlement_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

func (w *world) invoices(s seller) (list []settlement.Invoice) {
	w.t.Helper()
	list, _, err := w.Invoices(w.t.Context(), w.realm, settlement.Filter{Merchants: []ident.ID{s.ID}, Page: store.Page{Limit: 100, Sort: []string{"id"}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// A merchant that settles gross gets an invoice on the first of the month, by
// its own calendar, for what the month before has cost.
func TestFeeInvoices(t *testing.T) {
	each(t, func(w *world) {
		w.plan(w.shop, terms(settlement.Gross))
		w.bank(w.shop, "5678")
		p := w.pay(w.shop, 12500)
		w.pay(w.shop, 10000)
		w.refund(p, 2500, "")
		draft := w.invoices(w.shop)
		if len(draft) != 1 || draft[0].State != settlement.Draft || draft[0].Amount != 274+226+22 || draft[0].From != "2026-11-20" || draft[0].To != "2026-11-30" {
			t.Fatalf("got %+v", draft)
		}
		w.pass(time.Date(2026, 11, 30, 13, 1, 0, 0, time.UTC).Sub(w.now())) // December has begun in Sydney
		w.pay(w.shop, 10000)
		list := w.invoices(w.shop)
		if len(list) != 2 {
			t.Fatalf("got %+v", list)
		}
		i := list[0]
		if got, want := fmt.Sprint(i.State, i.From, i.To, i.IssuedOn, i.DueOn, i.Amount, i.Tax, len(i.Reference)),
			fmt.Sprint("outstanding", "2026-11-20", "2026-11-30", "2026-12-01", "2026-12-15", 274+226+22, 25+21+2, 16); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if next := list[1]; next.State != settlement.Draft || next.Amount != 226 || next.From != "2026-12-01" || next.To != "2026-12-31" {
			t.Errorf("got %+v", next)
		}
		b, err := w.Invoice(t.Context(), w.realm, i.ID)
		if got, want := fmt.Sprint(b.Items), "[{payment card 30 2 22500 46 500} {refund card 20 1 -2500 2 22}]"; err != nil || got != want {
			t.Errorf("items: got %s %v, want %s", got, err, want)
		}
		pdf := b.PDF()
		for _, want := range []string{"%PDF-1.4", i.Reference, "Kite shop", "(5.22)", "Total AUD"} {
			if !bytes.Contains(pdf, []byte(want)) {
				t.Errorf("the PDF lacks %q", want)
			}
		}
		w.paid(i.ID)
		w.owes(ledger.Receivable(w.shop.ID), -226)
		w.expectPayouts(w.shop, "paid 0 20000 20000 0", "collects 0 10000 10000 0")
		w.sound()
	})
}

// paid takes an invoice of 5.22 through being overdue to being paid in parts.
func (w *world) paid(id ident.ID) {
	w.t.Helper()
	pay := func(amount int64, of string) (settlement.Invoice, error) {
		return w.PayInvoice(w.t.Context(), w.realm, staff, id, amount, of)
	}
	if _, err := pay(523, "a"); fault.Code(err) != "invalid.amount" {
		w.t.Errorf("too much: got %v", err)
	}
	if _, err := w.merchants.Find(w.t.Context(), w.realm, w.shop.ID); err != nil {
		w.t.Error(err)
	}
	w.merchantStops(w.shop)
	w.pass(15 * day)
	if i, err := w.Invoice(w.t.Context(), w.realm, id); err != nil || i.State != settlement.Overdue {
		w.t.Errorf("got %s %v, want overdue", i.State, err)
	}
	if i, err := pay(500, "a"); err != nil || i.State != settlement.Overdue || i.Paid != 500 {
		w.t.Errorf("a part: got %+v, %v", i, err)
	}
	if i, err := pay(500, "a"); err != nil || i.Paid != 500 {
		w.t.Errorf("the same payment again: got %+v, %v", i, err)
	}
	if _, err := w.CancelInvoice(w.t.Context(), w.realm, staff, id); fault.Code(err) != "conflict.invoice" {
		w.t.Errorf("cancelled although a part was paid: got %v", err)
	}
	if i, err := w.AcceptInvoice(w.t.Context(), w.realm, staff, id); err != nil || i.State != settlement.Accepted {
		w.t.Errorf("got %+v, %v", i, err)
	}
	i, err := pay(22, "b")
	if err != nil || i.State != settlement.InvoicePaid {
		w.t.Errorf("got %+v, %v", i, err)
	}
	var words []string
	for _, m := range i.Timeline {
		words = append(words, fmt.Sprint(m.Event, " ", m.Amount))
	}
	if got, want := fmt.Sprint(words), "[issued 522 overdue 522 payment_received 500 accepted 22 payment_received 22 paid 522]"; got != want {
		w.t.Errorf("timeline: got %s, want %s", got, want)
	}
	if _, err := pay(1, "c"); fault.Code(err) != "conflict.invoice" {
		w.t.Errorf("paid once more: got %v", err)
	}
}

// The fees of an invoice that is taken back stand on the next one, and a month
// without fees has no invoice.
func TestCancelledInvoice(t *testing.T) {
	each(t, func(w *world) {
		w.plan(w.shop, terms(settlement.Gross))
		w.pass(12 * day) // November had no fees
		if list := w.invoices(w.shop); len(list) != 1 || list[0].State != settlement.Draft || list[0].To != "2026-12-31" {
			t.Fatalf("got %+v", list)
		}
		w.pay(w.shop, 10000)
		w.pass(31 * day)
		i := w.invoices(w.shop)[0]
		if i.State != settlement.Outstanding || i.Amount != 226 {
			t.Fatalf("got %+v", i)
		}
		if c, err := w.CancelInvoice(t.Context(), w.realm, staff, i.ID); err != nil || c.State != settlement.Cancelled {
			t.Fatalf("got %+v, %v", c, err)
		}
		w.pass(31 * day)
		list := w.invoices(w.shop)
		if len(list) != 3 || list[1].State != settlement.Outstanding || list[1].Amount != 226 {
			t.Errorf("got %+v", list)
		}
		w.sound()
	})
}
