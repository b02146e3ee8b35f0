package payment_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
)

func (h house) terminalOrder(minor int64, terminal string) payment.Order {
	o := h.order(connector.Debit, minor)
	o.Method, o.Brand, o.Card, o.Details.Terminal = method.Terminal, "TERMINAL", nil, terminal
	return o
}

// TestTerminals pushes payments to terminals that pay, refuse, run out, are busy or
// off, withdraws one, and prints what was paid.
func TestTerminals(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		ends := func(minor int64, terminal string, after time.Duration, want string) payment.Payment {
			t.Helper()
			p := w.pay(w.terminalOrder(minor, terminal)).Payment
			if after > 0 {
				w.pass(after, nil)
			}
			p = w.get(p.ID)
			if got := strings.TrimSpace(string(p.State) + " " + p.Code); got != want {
				t.Errorf("%d on %s: %s, want %s", minor, terminal, got, want)
			}
			return p
		}
		ready := func(terminal, want string) {
			t.Helper()
			if got := fault.Code(w.payments.TerminalReady(ctx, w.actor, w.terminalOrder(1, terminal))); got != want {
				t.Errorf("%s is ready: %q, want %q", terminal, got, want)
			}
		}
		paid := ends(1000, "till 1", 5*time.Second, "captured")
		refused := ends(1001, "till 1", 5*time.Second, "failed "+fault.DeclinedDoNotHonour)
		ends(1003, "till 1", 3*time.Minute, "failed "+fault.DeclinedTimedOut)
		ends(1000, "till a2", 0, "failed "+fault.UnavailableTerminalOff)
		ready("till a2", fault.UnavailableTerminalOff)
		open := ends(1003, "till 2", 0, "pending")
		ready("till 2", fault.UnavailableTerminalBusy)
		ends(1000, "till 2", 0, "failed "+fault.UnavailableTerminalBusy)
		if out, err := w.payments.Cancel(ctx, w.actor, open.ID); err != nil || out.Payment.Code != fault.DeclinedCancelledByMerchant {
			t.Errorf("withdrawn: %s %s, %v", out.Payment.State, out.Payment.Code, err)
		}
		ready("till 2", "")
		card := w.paid(connector.Debit, 1000).Payment
		for _, tt := range []struct {
			name string
			p    payment.Payment
			want string
		}{{"refused", refused, "conflict.not_paid"}, {"by card", card, "conflict.not_terminal"}, {"paid", paid, ""}, {"paid, again", paid, ""}} {
			if err := w.payments.PrintReceipt(ctx, w.actor, payment.Receipt{Payment: tt.p.ID, Lines: []string{"Lind Media", "10.00\x1b EUR"}}); fault.Code(err) != tt.want {
				t.Errorf("a receipt of one %s: %v, want %s", tt.name, err, tt.want)
			}
		}
		tills, err := w.provider.Tills()
		if err != nil || len(tills) != 2 || len(tills[0].Receipts) != 2 || tills[0].Receipts[0][1] != "10.00 EUR" {
			t.Errorf("%+v, %v", tills, err)
		}
		bad := w.terminalOrder(1000, "")
		if _, err := w.payments.Pay(ctx, w.actor, bad); fault.Code(err) != "invalid.method.not_set_up" {
			t.Errorf("no terminal named: %v", err)
		}
		w.sound()
	})
}
