package invoice_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

var staff = audit.By{Actor: "kari@fjordbil.example", Origin: "spense"}

func TestAnInvoiceIsPaid(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		inv := d.add(d.draft())
		if inv.State != invoice.Open || inv.Number != "10001" || !invoice.CheckReference(invoice.Mod10, inv.Payable) || len(inv.Key) != 22 {
			t.Fatalf("got %+v", inv)
		}
		sent, err := d.Present(t.Context(), d.actor, inv.ID, invoice.Channel{Kind: "link"})
		if err != nil || sent.State != invoice.Sent || sent.SentAt.IsZero() {
			t.Fatalf("got %+v (%v)", sent, err)
		}
		if out, err := d.pay(inv, 1_249_000, declined); err != nil || out.Payment.State != payment.Failed {
			t.Fatalf("got %s (%v)", out.Payment.State, err)
		}
		if got := d.get(inv.ID); got.State != invoice.Sent || got.Paying != "" || got.Paid != 0 {
			t.Fatalf("after a declined card: got %+v", got)
		}
		out, err := d.pay(inv, 1_249_000, good)
		d.must(err)
		got := d.get(inv.ID)
		if got.State != invoice.Paid || got.Paid != 1_249_000 || got.Method != "card" || got.PaidAt.IsZero() || got.Paying != "" || got.Left().Minor != 0 {
			t.Errorf("got %+v", got)
		}
		if byKey, realm, _, err := d.ByKey(t.Context(), inv.Key); err != nil || byKey.ID != inv.ID || realm != d.actor.Realm {
			t.Errorf("by its key: got %s of %s (%v)", byKey.ID, realm, err)
		}
		want := []string{"invoice.created", "invoice.sent", "invoice.paying", "invoice.try_failed", "invoice.paying", "invoice.paid"}
		if !slices.Equal(d.heard, want) {
			t.Errorf("heard %v, want %v", d.heard, want)
		}
		for name, err := range map[string]error{
			"pay":    last(d.pay(inv, 1, good)),
			"cancel": last(d.Cancel(t.Context(), d.actor, inv.ID, "")),
			"credit": last(d.Credit(t.Context(), d.actor, inv.ID, "")),
			"mark":   last(d.MarkPaid(t.Context(), d.actor, staff, inv.ID, "cash", "")),
		} {
			if fault.Code(err) != "conflict.invoice.final" {
				t.Errorf("%s a paid invoice: got %v", name, err)
			}
		}
		list, err := d.Receipts(t.Context(), d.actor.Realm, inv.ID)
		if err != nil || len(list) != 2 || list[1].ID != out.Payment.ID || list[1].In != 1_249_000 || list[0].In != 0 {
			t.Errorf("got %+v (%v)", list, err)
		}
		if got := d.stands(ledger.Merchant(inv.Merchant)); got != -1_249_000 {
			t.Errorf("the books owe the merchant %d", got)
		}
	})
}

func last[T any](_ T, err error) error { return err }

func TestRefunds(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		inv := d.add(d.draft())
		key := func(s string) idempotency.Key { return idempotency.Key{Surface: "spense", Key: s} }
		if _, err := d.Refund(t.Context(), d.actor, inv.ID, money.Amount{}, key("")); fault.Code(err) != "conflict.invoice.unpaid" {
			t.Errorf("got %v", err)
		}
		for _, part := range []int64{1_000_000, 249_000} { // two payments
			_, err := d.pay(inv, part, good)
			d.must(err)
		}
		for range 2 { // said twice, done once
			got, err := d.Refund(t.Context(), d.actor, inv.ID, money.Of(300_000, "NOK"), key("r1"))
			if err != nil || got.Refunded != 300_000 || got.State != invoice.Paid {
				t.Fatalf("got %+v (%v)", got, err)
			}
		}
		for code, a := range map[string]money.Amount{"conflict.refund.exceeds": money.Of(949_001, "NOK"), "invalid.currency.differs": money.Of(1, "EUR"), "invalid.amount": money.Of(-1, "NOK")} {
			if _, err := d.Refund(t.Context(), d.actor, inv.ID, a, key("")); fault.Code(err) != code {
				t.Errorf("%v: got %v, want %s", a, err, code)
			}
		}
		got, err := d.Refund(t.Context(), d.actor, inv.ID, money.Amount{}, key(""))
		if err != nil || got.Refunded != 1_249_000 || d.stands(ledger.Merchant(inv.Merchant)) != 0 {
			t.Errorf("got %+v (%v)", got, err)
		}
	})
}

// However close together they come, an invoice is paid once or cancelled.
func TestRaces(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for round := range 6 {
			inv := d.add(d.draft())
			var paid, ended atomic.Int64
			var all sync.WaitGroup
			for n := range 8 {
				all.Go(func() {
					var err error
					switch {
					case n < 4:
						if _, err = d.pay(inv, 1_249_000, good); err == nil {
							paid.Add(1)
						}
					case n < 6:
						if _, err = d.Cancel(context.Background(), d.actor, inv.ID, "withdrawn"); err == nil {
							ended.Add(1)
						}
					default:
						if _, err = d.MarkPaid(context.Background(), d.actor, staff, inv.ID, "cash", ""); err == nil {
							ended.Add(1)
						}
					}
					if err != nil && !fault.Is(err, "conflict") {
						t.Errorf("got %v", err)
					}
				})
			}
			all.Wait()
			got := d.get(inv.ID)
			if paid.Load()+ended.Load() != 1 || !got.State.Final() || got.Paying != "" || got.Paid > 1_249_000 {
				t.Errorf("round %d: %d paid, %d ended: %+v", round, paid.Load(), ended.Load(), got)
			}
		}
		entries, err := d.provider.Books().Entries()
		d.must(err)
		if got := d.stands(ledger.Merchant(d.profile.Merchant)); got != -1_249_000*int64(len(entries)) {
			t.Errorf("the provider took %d payments, the books owe %d", len(entries), got)
		}
	})
}

// A payment whose answer is lost holds the invoice until it is known.
func TestNothingHappensWhileAPaymentIsUnknown(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		inv := d.add(d.draft())
		o := d.order(inv, 1_249_000, good)
		o.Simulate = map[string]string{"fault": "lost_answer"}
		out, err := d.payments.Pay(t.Context(), d.actor, o)
		if err != nil || out.Payment.State != payment.Unknown {
			t.Fatalf("got %s (%v)", out.Payment.State, err)
		}
		if got := d.get(inv.ID); got.Stage != payment.Unknown || got.Paying != out.Payment.ID {
			t.Errorf("got %+v", got)
		}
		for name, err := range map[string]error{"pay": last(d.pay(inv, 1_249_000, good)), "cancel": last(d.Cancel(t.Context(), d.actor, inv.ID, ""))} {
			if fault.Code(err) != "conflict.invoice.paying" {
				t.Errorf("%s: got %v", name, err)
			}
		}
		d.until(start.Add(time.Hour))
		if got := d.get(inv.ID); got.State != invoice.Paid || got.Paying != "" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestTransfers(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		inv := d.add(d.draft())
		in := func(id, reference string, minor int64) (invoice.Invoice, error) {
			return d.Receive(t.Context(), d.actor.Realm, invoice.Transfer{ID: id, Reference: reference, Amount: money.Of(minor, "NOK")})
		}
		spaced := inv.Payable[:4] + " " + inv.Payable[4:]
		for range 2 { // the bank's file is read twice
			got, err := in("b1", spaced, 1_000_000)
			if err != nil || got.State != invoice.Partly || got.Paid != 1_000_000 || got.Left().Minor != 249_000 {
				t.Fatalf("got %+v (%v)", got, err)
			}
		}
		got, err := in("b2", inv.Payable, 300_000)
		if err != nil || got.State != invoice.Paid || got.Surplus() != 51_000 || got.Method != "bank_transfer" {
			t.Errorf("got %+v (%v)", got, err)
		}
		if owed, left := d.stands(ledger.Merchant(inv.Merchant)), d.stands(ledger.Suspense("bank")); owed != -1_249_000 || left != -51_000 {
			t.Errorf("the merchant stands at %d, what is too much at %d", owed, left)
		}
		if _, err := d.Refund(t.Context(), d.actor, inv.ID, money.Amount{}, idempotency.Key{}); fault.Code(err) != "conflict.refund.outside" {
			t.Errorf("got %v", err)
		}
		gone := d.add(d.draft())
		_, err = d.Cancel(t.Context(), d.actor, gone.ID, "withdrawn")
		d.must(err)
		if got, err := in("b3", gone.Payable, 1_249_000); err != nil || got.State != invoice.Cancelled || got.Surplus() != 1_249_000 {
			t.Errorf("money for a cancelled invoice: got %+v (%v)", got, err)
		}
		if _, err := in("b4", "000", 1); fault.Code(err) != "not_found.invoice" {
			t.Errorf("got %v", err)
		}
		if _, err := d.Receive(t.Context(), d.actor.Realm, invoice.Transfer{ID: "b5", Reference: inv.Payable, Amount: money.Of(1, "EUR")}); fault.Code(err) != "conflict.invoice.currency" {
			t.Errorf("got %v", err)
		}
	})
}

func TestPaidOutside(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		inv := d.add(d.draft())
		if _, err := d.MarkPaid(t.Context(), d.actor, staff, inv.ID, "card", ""); fault.Code(err) != "invalid.method" {
			t.Errorf("got %v", err)
		}
		got, err := d.MarkPaid(t.Context(), d.actor, staff, inv.ID, "cash", "at the desk")
		if err != nil || got.State != invoice.Paid || got.Method != "cash" {
			t.Fatalf("got %+v (%v)", got, err)
		}
		if d.stands(ledger.Merchant(inv.Merchant)) != 0 || d.stands(ledger.Outside("cash")) != 1_249_000 || d.stands(ledger.Direct(inv.Merchant)) != -1_249_000 {
			t.Error("the books do not tell what was paid outside from what is owed")
		}
		list, err := d.Receipts(t.Context(), d.actor.Realm, inv.ID)
		if err != nil || len(list) != 1 || list[0].Memo != "kari@fjordbil.example: at the desk" {
			t.Errorf("got %+v (%v)", list, err)
		}
	})
}

func TestWhatTimeMakes(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		dr := d.draft()
		dr.Details.RemindDays, dr.Details.ExpireDays = []int{7}, 90
		inv := d.add(dr)
		d.until(time.Date(2026, 12, 5, 22, 59, 59, 0, time.UTC)) // the day is not over in Oslo
		if got := d.get(inv.ID); !got.OverdueAt.IsZero() {
			t.Errorf("overdue at %s", got.OverdueAt)
		}
		d.until(time.Date(2026, 12, 5, 23, 0, 0, 0, time.UTC))
		if got := d.get(inv.ID); got.OverdueAt.IsZero() || got.State != invoice.Open {
			t.Errorf("got %+v", got)
		}
		d.until(time.Date(2026, 12, 12, 0, 0, 0, 0, time.UTC))
		if got := d.get(inv.ID); len(got.Details.Reminders) != 1 || got.Details.Reminders[0].Kind != "reminder" {
			t.Errorf("got %+v", got.Details.Reminders)
		}
		d.until(time.Date(2027, 3, 6, 0, 0, 0, 0, time.UTC))
		if got := d.get(inv.ID); got.State != invoice.Expired || got.EndedAt.IsZero() {
			t.Errorf("got %+v", got)
		}
		if err := last(d.pay(inv, 1, good)); fault.Code(err) != "conflict.invoice.final" {
			t.Errorf("got %v", err)
		}
		want := []string{"invoice.created", "invoice.overdue", "invoice.reminded", "invoice.expired"}
		if !slices.Equal(d.heard, want) {
			t.Errorf("heard %v, want %v", d.heard, want)
		}
	})
}

func TestInstalmentsAreChargedOnTheirDays(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		dr := d.draft()
		dr.Amount = money.Of(3052, "NOK") // a third of it, 1052, is what the last charge is refused for
		dr.Details.Instalments = []invoice.Instalment{{DueOn: "2026-11-21", Amount: 1000}, {DueOn: "2026-12-21", Amount: 1000}, {DueOn: "2027-01-21", Amount: 1052}}
		inv := d.add(dr)
		d.until(start)
		if got := inv.Next("2026-11-21"); got.Minor != 1000 {
			t.Errorf("asked for %d", got.Minor)
		}
		if _, err := d.pay(inv, 1000, "4111111111111111"); err != nil {
			t.Fatal(err)
		}
		if got := d.get(inv.ID); got.State != invoice.Partly || got.Source == "" || got.Details.Instalments[0].Open() != 0 {
			t.Fatalf("got %+v", got)
		}
		d.until(time.Date(2026, 12, 20, 23, 0, 0, 0, time.UTC)) // midnight in Oslo
		if got := d.get(inv.ID); got.Paid != 2000 || got.Details.Instalments[1].PaidAt.IsZero() {
			t.Errorf("got %+v", got)
		}
		for _, day := range []int{20, 21, 24, 29} {
			d.until(time.Date(2027, 1, day, 23, 30, 0, 0, time.UTC))
		}
		got := d.get(inv.ID)
		if in := got.Details.Instalments[2]; got.Paid != 2000 || !in.Failed || in.Tries != 4 || got.State != invoice.Partly {
			t.Errorf("got %+v, %+v", got, in)
		}
		heard := strings.Join(d.heard, ", ")
		for _, want := range []string{"invoice.instalment_paid 0", "invoice.instalment_paid 1", "invoice.instalment_failed 2"} {
			if !strings.Contains(heard, want) {
				t.Errorf("heard %s, not %s", heard, want)
			}
		}
		if _, err := d.pay(got, 1052, good); err != nil || d.get(inv.ID).State != invoice.Paid { // the payer helps
			t.Errorf("got %+v (%v)", d.get(inv.ID), err)
		}
	})
}

func TestDrafts(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for code, change := range map[string]func(dr *invoice.Draft){
			"invalid.amount":      func(dr *invoice.Draft) { dr.Amount.Minor = 0 },
			"invalid.currency":    func(dr *invoice.Draft) { dr.Amount.Currency = "XYZ" },
			"invalid.date":        func(dr *invoice.Draft) { dr.DueOn = "2026-02-30" },
			"invalid.text":        func(dr *invoice.Draft) { dr.Reference = strings.Repeat("x", 256) },
			"invalid.lines":       func(dr *invoice.Draft) { dr.Details.Lines = make([]invoice.Line, 1001) },
			"invalid.objects":     func(dr *invoice.Draft) { dr.Details.Objects = make([]invoice.Object, 101) },
			"invalid.instalments": func(dr *invoice.Draft) { dr.Details.Instalments = []invoice.Instalment{{DueOn: "2026-12-05"}} },
			"invalid.instalments.sum": func(dr *invoice.Draft) {
				dr.Details.Instalments = []invoice.Instalment{{DueOn: "2026-12-05", Amount: 1}}
			},
			"invalid.instalments.order": func(dr *invoice.Draft) {
				dr.Details.Instalments = []invoice.Instalment{{DueOn: "2026-12-05", Amount: 1}, {DueOn: "2026-12-04", Amount: 1}}
			},
			"invalid.scheme":     func(dr *invoice.Draft) { dr.Scheme = "mod97" },
			"not_found.merchant": func(dr *invoice.Draft) { dr.Profile.Merchant = "ffffffffffffffffffffffff" },
		} {
			dr := d.draft()
			change(&dr)
			if _, _, err := d.Add(t.Context(), d.actor, dr); fault.Code(err) != code {
				t.Errorf("got %v, want %s", err, code)
			}
		}
		if list, _, err := d.Find(t.Context(), d.actor, invoice.Filter{}); err != nil || len(list) != 0 {
			t.Errorf("something was kept of it: %+v (%v)", list, err)
		}
		dr := d.draft()
		dr.Idempotency.Key, dr.Idempotency.Fingerprint = "k", "f"
		first := d.add(dr)
		second, known, err := d.Add(t.Context(), d.actor, dr)
		if err != nil || !known || second.ID != first.ID {
			t.Errorf("said twice: got %s, %v (%v)", second.ID, known, err)
		}
		stranger := access.Actor{Realm: d.actor.Realm, May: access.Everything, Merchants: []ident.ID{"ffffffffffffffffffffffff"}}
		if _, err := d.Get(t.Context(), stranger, first.ID); fault.Code(err) != "not_found.invoice" {
			t.Errorf("a stranger: got %v", err)
		}
	})
}

func TestFind(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		var ids []ident.ID
		for _, order := range []string{"A", "A", "B", "A"} {
			dr := d.draft()
			dr.Order = order
			ids = append(ids, d.add(dr).ID)
		}
		_, err := d.Cancel(t.Context(), d.actor, ids[0], "")
		d.must(err)
		find := func(f invoice.Filter) (got []ident.ID, more bool) {
			list, more, err := d.Find(t.Context(), d.actor, f)
			d.must(err)
			for _, inv := range list {
				got = append(got, inv.ID)
			}
			return got, more
		}
		if got, more := find(invoice.Filter{Order: "A", Limit: 2}); !slices.Equal(got, []ident.ID{ids[3], ids[1]}) || !more {
			t.Errorf("got %v, %v", got, more)
		}
		if got, more := find(invoice.Filter{Order: "A", Limit: 2, Before: ids[1]}); !slices.Equal(got, []ident.ID{ids[0]}) || more {
			t.Errorf("got %v, %v", got, more)
		}
		if got, _ := find(invoice.Filter{States: []invoice.State{invoice.Cancelled}, Customer: "10452", DueOn: [2]invoice.Date{"2026-12-05", "2026-12-05"}, Limit: 9}); len(got) != 1 {
			t.Errorf("got %v", got)
		}
	})
}
