package invoice_test

import (
	"context"
	"testing"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/money"
)

// TestTerminals: an invoice is on one terminal at a time, comes off it when the
// merchant wants it elsewhere, and can be pushed again after a failed try.
func TestTerminals(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		ctx := context.Background()
		at := func(name string) invoice.Terminal {
			return invoice.Terminal{Channel: invoice.Channel{Kind: "terminal", ID: ident.ID(name)}, Profile: d.profile, Account: "desk", Name: name}
		}
		on := func(inv invoice.Invoice, name, want string) {
			t.Helper()
			got, err := d.Push(ctx, d.actor, inv.ID, at(name))
			if fault.Code(err) != want {
				t.Errorf("push to %s: %v, want %q", name, err, want)
			}
			if want == "" && (got.Details.Channel != at(name).Channel || got.State != invoice.Sent) {
				t.Errorf("push to %s: %s on %s", name, got.State, got.Details.Channel.ID)
			}
		}
		later := func(by time.Duration) { d.until(start.Add(by)) }
		asked := d.draft()
		asked.Amount = money.Of(10_003, "NOK") // nobody pays it
		inv := d.add(asked)
		on(inv, "till1", "")
		on(inv, "till1", "")
		first := d.get(inv.ID).Paying
		on(inv, "till2", "")
		if got := d.get(inv.ID); !got.OnTerminal() || got.Paying == first {
			t.Errorf("on terminal %v, paying %s after %s", got.OnTerminal(), got.Paying, first)
		}
		later(time.Minute)
		if p, err := d.payments.Get(ctx, d.actor, first); err != nil || p.Payment.Code != fault.DeclinedCancelledByMerchant {
			t.Errorf("the first push: %s, %v", p.Payment.Code, err)
		}
		later(4 * time.Minute)
		if got := d.get(inv.ID); got.Paying != "" || got.State != invoice.Sent {
			t.Errorf("after its time: %s, paying %q", got.State, got.Paying)
		}
		on(inv, "till1", "")
		if _, err := d.Cancel(ctx, d.actor, inv.ID, "order withdrawn"); err != nil {
			t.Error(err)
		}
		on(inv, "till1", "conflict.invoice.final")

		asked.Amount = money.Of(10_000, "NOK")
		paid, outside := d.add(asked), d.add(asked)
		on(paid, "till1", "")
		later(10 * time.Minute)
		if got := d.get(paid.ID); got.State != invoice.Paid || got.Method != "terminal" {
			t.Errorf("%s by %s", got.State, got.Method)
		}
		on(outside, "till1", "")
		if got, err := d.MarkPaid(ctx, d.actor, audit.By{Actor: "kari"}, outside.ID, "cash", ""); err != nil || got.State != invoice.Paid || got.Method != "cash" {
			t.Errorf("paid outside: %s by %s, %v", got.State, got.Method, err)
		}
		nobody := d.actor
		nobody.May = nil
		if _, err := d.Push(ctx, nobody, paid.ID, at("till1")); fault.Code(err) != "forbidden.permission" {
			t.Errorf("nobody pushes: %v", err)
		}
	})
}
