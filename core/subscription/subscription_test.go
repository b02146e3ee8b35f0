package subscription_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// A reader who pays by invoice is billed each month, reminded when a bill is
// not paid, shut out in the end, and let in again by paying.
func TestByInvoice(t *testing.T) {
	each(t, func(h *house) {
		h.begin()
		first := h.bills()
		if len(first) != 1 || first[0].FromOn != "2026-11-30" || first[0].ToOn != "2026-12-29" || first[0].State != subscription.Open {
			h.t.Fatalf("got %+v", first)
		}
		inv := h.invoice(first[0].Invoice)
		if inv.State != invoice.Sent || inv.Amount.Minor != 34900 || inv.DueOn != "2026-12-14" || inv.Payable == "" || inv.Owner != h.now().ID {
			h.t.Errorf("got %+v", inv)
		}
		if now := h.now(); !now.Unpaid || now.PaidUntil != "" || now.NextOn != "2026-12-30" {
			h.t.Errorf("got %+v", now)
		}
		h.pay(inv)
		if now := h.now(); now.Unpaid || now.PaidUntil != "2026-12-29" || now.State != subscription.Active {
			h.t.Errorf("paid: got %+v", now)
		}
		h.days(31) // a second bill comes and is forgotten
		list := h.bills()
		if len(list) != 2 || list[1].FromOn != "2026-12-30" || list[1].ToOn != "2027-01-29" {
			h.t.Fatalf("got %+v", list)
		}
		h.days(36)
		second := h.invoice(list[1].Invoice)
		if now := h.now(); len(second.Details.Reminders) != 2 || now.State != subscription.Suspended || now.PaidUntil != "2026-12-29" {
			h.t.Errorf("got %d reminders, %s, paid until %s", len(second.Details.Reminders), now.State, now.PaidUntil)
		}
		for _, b := range h.bills()[1:] {
			h.pay(h.invoice(b.Invoice))
		}
		now := h.now()
		if now.State != subscription.Active || now.Unpaid || !h.said("subscription.suspended", "subscription.resumed") {
			h.t.Errorf("paid after all: got %+v", now)
		}
		if _, err := h.Stop(context.Background(), h.actor.Realm, h.reader, now.ID, by); err != nil {
			h.t.Fatal(err)
		}
		n := len(h.bills())
		h.days(40)
		if got := h.now(); got.State != subscription.Stopped || len(h.bills()) != n {
			h.t.Errorf("stopped: got %s, %d bills, want %d", got.State, len(h.bills()), n)
		}
	})
}

// A reader goes over to direct debit; the bank is asked each month. One claim
// fails and is repeated; then three fail, and it is invoices again.
func TestByBank(t *testing.T) {
	each(t, func(h *house) {
		h.begin()
		h.pay(h.invoice(h.bills()[0].Invoice))
		if waits, err := h.change(subscription.ByBank); err != nil || !waits {
			h.t.Fatalf("got %v, %v", waits, err)
		}
		if now := h.now(); now.Method != subscription.ByInvoice || now.Pending != subscription.ByBank {
			h.t.Errorf("before the bank has agreed: got %s, %s", now.Method, now.Pending)
		}
		h.days(3)
		if now := h.now(); now.Method != subscription.ByBank || now.Pending != "" {
			h.t.Fatalf("the bank has agreed: got %s, %s", now.Method, now.Pending)
		}
		if _, err := h.change(subscription.ByBank); fault.Code(err) != "conflict.method" {
			h.t.Errorf("once more: got %v", err)
		}
		h.must(h.bank.Expect("nets", "00912345", 1, fake.FateShort, fake.FatePaid, fake.FateShort, fake.FateShort, fake.FateShort))
		h.days(60) // the bill of December 30 fails on January 13, is given up on the 21st and repeated on the 28th
		list := h.bills()
		if list[1].State != subscription.Paid || list[1].Tries != 1 || list[1].Method != subscription.ByBank {
			h.t.Errorf("got %+v", list[1])
		}
		if told := h.invoice(list[1].Invoice).Details.Reminders; len(told) != 0 {
			h.t.Errorf("reminded while the bank was asked once more: %+v", told)
		}
		h.days(45) // March 18: the bill of January 30 is claimed for the third time
		if now, told := h.now(), h.invoice(h.bills()[2].Invoice).Details.Reminders; now.State != subscription.Active || len(told) != 0 {
			h.t.Errorf("while the bank is asked: got %s, %+v", now.State, told)
		}
		h.days(10) // told on the 20th, and not shut out before April 3
		if now, told := h.now(), h.invoice(h.bills()[2].Invoice).Details.Reminders; now.State != subscription.Active || len(told) != 1 {
			h.t.Errorf("asked in vain: got %s, %+v", now.State, told)
		}
		h.days(20)
		if now := h.now(); now.State != subscription.Suspended {
			h.t.Errorf("in the end: got %s", now.State)
		}
		list = h.bills()
		if list[2].State != subscription.Left || list[2].Tries != 3 {
			h.t.Errorf("got %+v", list[2])
		}
		inv := h.invoice(list[2].Invoice)
		if now := h.now(); now.Method != subscription.ByInvoice || len(inv.Details.Reminders) != 1 || !h.said("subscription.fell_back") {
			h.t.Errorf("got %s, %d reminders", now.Method, len(inv.Details.Reminders))
		}
		books, unreadable, err := h.bank.Entries()
		sum := int64(34900) // the first one came as a transfer
		for _, e := range books {
			sum += e.Minor
		}
		if err != nil || len(unreadable) > 0 || len(books) == 0 || h.stands(ledger.Bank) != sum {
			h.t.Errorf("the bank's books: %+v, ours %d (%v, %q)", books, h.stands(ledger.Bank), err, unreadable)
		}
	})
}

// A bill that is paid by hand while the bank is asked is taken back from it; a
// debit that is taken back opens the bill again.
func TestBanksAndHands(t *testing.T) {
	each(t, func(h *house) {
		h.begin()
		h.pay(h.invoice(h.bills()[0].Invoice))
		_, err := h.change(subscription.ByBank)
		h.must(err)
		h.days(33)
		inv := h.invoice(h.bills()[1].Invoice)
		h.pay(inv)
		h.days(16)
		if books, _, err := h.bank.Entries(); err != nil || len(books) != 0 {
			h.t.Errorf("the bank paid what had been paid: %+v (%v)", books, err)
		}
		if waits, err := h.change(subscription.ByInvoice); err != nil || waits {
			h.t.Errorf("got %v, %v", waits, err)
		}
		if m, found, err := h.Agreement(context.Background(), h.actor.Realm, h.reader, "DAGSN"); err != nil || !found || m.State != bankfile.Ended {
			h.t.Errorf("got %+v, %v (%v)", m, found, err)
		}
	})
}

func TestStarting(t *testing.T) {
	each(t, func(h *house) {
		ctx := context.Background()
		for want, w := range map[string]subscription.Wish{
			"not_found.product":          {Person: h.reader, Product: "NYTT"},
			"not_found.coupon":           {Person: h.reader, Product: "DAGSN", Coupon: 7},
			"conflict.method.not_set_up": {Person: h.reader, Product: "DAGSN", Method: subscription.ByBank},
			"invalid.date":               {Person: h.reader, Product: "DAGSN", StartOn: "2026-02-30"},
		} {
			if _, err := h.Start(ctx, h.actor.Realm, by, w); fault.Code(err) != want {
				h.t.Errorf("got %v, want %s", err, want)
			}
		}
		var all sync.WaitGroup
		faults := make([]error, 12)
		for i := range faults {
			all.Go(func() {
				_, faults[i] = h.Start(ctx, h.actor.Realm, by, subscription.Wish{Person: h.reader, Product: "DAGSN"})
			})
		}
		all.Wait()
		good := 0
		for _, err := range faults {
			if err == nil {
				good++
			} else if fault.Code(err) != "conflict.subscription" {
				h.t.Errorf("got %v", err)
			}
		}
		if good != 1 {
			h.t.Errorf("started %d times", good)
		}
		stranger := h.product.ID // an id, and no reader's
		if _, err := h.Holding(ctx, h.actor.Realm, stranger, "DAGSN"); fault.Code(err) != "not_found.subscription" {
			h.t.Errorf("a stranger: got %v", err)
		}
		if _, err := h.Stop(ctx, h.actor.Realm, stranger, h.now().ID, by); fault.Code(err) != "not_found.subscription" {
			h.t.Errorf("a stranger stops it: got %v", err)
		}
		list, err := h.Choices(ctx, h.actor.Realm, h.reader, "DAGSN")
		if err != nil || len(list) < 2 || list[0] != (subscription.Choice{Method: subscription.ByInvoice, Active: true}) || list[1] != (subscription.Choice{Method: subscription.ByBank}) {
			h.t.Errorf("got %+v (%v)", list, err)
		}
		if _, err := h.change("barter"); fault.Code(err) != "conflict.method.not_set_up" {
			h.t.Errorf("got %v", err)
		}
	})
}

var errUndone = errors.New("undone")

// What is undone leaves nothing behind: no subscription, no bill, no event.
func TestUndone(t *testing.T) {
	each(t, func(h *house) {
		before := len(h.heard)
		err := h.DB.Update(context.Background(), h.actor.Realm, func(tx *store.Tx) error {
			if _, err := h.StartIn(tx, access.Test, by, subscription.Wish{Person: h.reader, Product: "DAGSN"}); err != nil {
				return err
			}
			return errUndone
		})
		h.work()
		if !errors.Is(err, errUndone) || len(h.heard) != before {
			h.t.Errorf("got %v, heard %q", err, h.heard[before:])
		}
		if list, err := h.Of(context.Background(), h.actor.Realm, h.reader); err != nil || len(list) != 0 {
			h.t.Errorf("got %+v (%v)", list, err)
		}
	})
}
