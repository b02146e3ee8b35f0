package payment_test

import (
	"context"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// pending makes a payment that is pending: its payer is elsewhere.
func (w *world) pending(kind connector.Kind) payment.Outcome {
	w.t.Helper()
	o := w.order(kind, 10000)
	o.Simulate = map[string]string{"outcome": "pending"}
	return w.pay(o)
}

// said is an authentic callback about an attempt.
func (w *world) said(out payment.Outcome, state connector.State) connector.Notice {
	a := out.Attempt
	return connector.Notice{Attempt: a.ID, Account: w.account(), Kind: a.Kind,
		Result: connector.Result{State: state, Reference: a.ProviderRef, Amount: a.Amount}}
}

func (w *world) notice(n connector.Notice) (payment.Outcome, error) {
	return w.payments.Noticed(context.Background(), w.realm.ID, "fake", n)
}

// An authentic callback is still only a claim.
func TestCallbacksThatDoNotFit(t *testing.T) {
	each(t, func(w *world) {
		done := w.paid(connector.Debit, 10000)
		open := w.pending(connector.Debit)
		other := w.settle("Other Media", w.profile.Settings)
		for _, tt := range []struct {
			name  string
			about payment.Outcome
			bend  func(n *connector.Notice)
			want  string
		}{
			{"another amount, settled", done, func(n *connector.Notice) { n.Result.Amount = eur(10001) }, "conflict.amount"},
			{"another currency, settled", done, func(n *connector.Notice) { n.Result.Amount = nok(10000) }, "conflict.amount"},
			{"another account", open, func(n *connector.Notice) { n.Account = other.account() }, "not_found.payment"},
			{"no account", open, func(n *connector.Notice) { n.Account = "" }, "not_found.payment"},
			{"another charge", open, func(n *connector.Notice) { n.Result.Reference = "tb_zz" }, "conflict.callback"},
			{"nobody's attempt", open, func(n *connector.Notice) { n.Attempt = "ffffffffffffffffffffffff" }, "not_found.payment"},
			{"no attempt", open, func(n *connector.Notice) { n.Attempt = "" }, "not_found.payment"},
			{"a chargeback of more than was captured", done, func(n *connector.Notice) {
				n.Kind, n.Result.Amount = payment.Chargeback, eur(10001)
			}, "conflict.amount"},
			{"a chargeback in another currency", done, func(n *connector.Notice) {
				n.Kind, n.Result.Amount = payment.Chargeback, nok(100)
			}, "conflict.amount"},
			{"a chargeback of nothing", done, func(n *connector.Notice) {
				n.Kind, n.Result.Amount = payment.Chargeback, money.Amount{}
			}, "conflict.amount"},
			{"a chargeback of what is not captured", open, func(n *connector.Notice) { n.Kind = payment.Chargeback }, "conflict.amount"},
			{"a reversal of no chargeback", done, func(n *connector.Notice) { n.Kind = payment.ChargebackReversal }, "conflict.amount"},
		} {
			n := w.said(tt.about, connector.Approved)
			tt.bend(&n)
			if out, err := w.notice(n); fault.Code(err) != tt.want {
				w.t.Errorf("%s: got %s, want %s", tt.name, told(out, err), tt.want)
			}
		}
		if _, err := w.payments.Noticed(context.Background(), w.realm.ID, "acme", w.said(open, connector.Approved)); fault.Code(err) != "not_found.payment" {
			w.t.Errorf("another connector: got %v", err)
		}
		if _, err := w.payments.Noticed(context.Background(), other.realm.ID, "fake", w.said(open, connector.Approved)); fault.Code(err) != "not_found.payment" {
			w.t.Errorf("another realm: got %v", err)
		}
		if got := w.get(open.Payment.ID).State; got != payment.Pending {
			w.t.Errorf("the pending payment: got %s", got)
		}
		if got := standing(w.get(done.Payment.ID)); got != "captured, captured 100.00" {
			w.t.Errorf("the settled payment: got %s", got)
		}
	})
}

// A callback that names another amount for what is still open proves nothing:
// the provider is asked, and its word in reply counts.
func TestACallbackForAnotherAmountIsAskedAbout(t *testing.T) {
	each(t, func(w *world) {
		for name, amount := range map[string]money.Amount{"amount": eur(1), "currency": nok(10000)} {
			o := w.order(connector.Debit, 10020)
			o.Card.Number = method.Conceal("4111111111111111")
			out := w.pay(o)
			n := w.said(out, connector.Approved)
			n.Result.Amount = amount
			if _, err := w.notice(n); err != nil {
				w.t.Errorf("%s: %v", name, err)
			}
			if got := w.get(out.Payment.ID); got.State != payment.Pending || got.Captured != 0 {
				w.t.Errorf("another %s: got %s", name, standing(got))
			}
			w.pass(10*time.Second, nil)
			if got := standing(w.get(out.Payment.ID)); got != "captured, captured 100.20" {
				w.t.Errorf("another %s: got %s in the end", name, got)
			}
		}
		w.sound()
	})
}

// What comes twice, or too late, changes nothing.
func TestCallbacksThatAreStale(t *testing.T) {
	each(t, func(w *world) {
		out := w.pending(connector.Debit)
		yes := w.said(out, connector.Approved)
		yes.ID = "cb_1001"
		for range 3 {
			if got, err := w.notice(yes); err != nil || got.Payment.State != payment.Captured {
				w.t.Errorf("got %s", told(got, err))
			}
		}
		again := yes
		again.ID = "cb_1002" // another callback with the same news
		stale := w.said(out, connector.Pending)
		stale.ID = "cb_1000"
		no := w.said(out, connector.Refused)
		no.ID, no.Result.Code = "cb_1003", "declined.do_not_honour"
		for _, n := range []connector.Notice{again, stale, no} {
			if got, err := w.notice(n); err != nil || got.Payment.State != payment.Captured {
				w.t.Errorf("%s: got %s", n.ID, told(got, err))
			}
		}
		if got := w.types(out.Payment.ID); got != "pending captured" {
			w.t.Errorf("got events %s", got)
		}
	})
}

// One callback in many copies at once counts once.
func TestRacingCopiesOfACallback(t *testing.T) {
	for _, n := range crowds {
		each(t, func(w *world) {
			out := w.paid(connector.Debit, 10000)
			back := w.said(out, connector.Approved)
			back.ID, back.Kind, back.Result.Amount = "cb_77", payment.Chargeback, eur(4000)
			together(n, func(int) {
				if _, err := w.notice(back); err != nil {
					w.t.Errorf("%v", err)
				}
			})
			back.ID = "cb_78" // the same news in another envelope
			if _, err := w.notice(back); err != nil {
				w.t.Errorf("%v", err)
			}
			if got := w.get(out.Payment.ID); got.Disputed != 4000 {
				w.t.Errorf("got disputed %d, want 4000", got.Disputed)
			}
			if got := w.types(out.Payment.ID); got != "captured charged_back" {
				w.t.Errorf("got events %s", got)
			}
		})
	}
}

// The callback is faster than our own commit of the answer: one effect.
func TestACallbackBeforeOurCommit(t *testing.T) {
	each(t, func(w *world) {
		w.waiting = func() {
			if !w.letters(func(_ fake.Callback, err error) {
				if err != nil {
					w.t.Errorf("the callback: %v", err)
				}
			}) {
				w.t.Error("no callback came before the answer")
			}
		}
		for _, kind := range []connector.Kind{connector.Authorise, connector.Debit} {
			o := w.order(kind, 10000)
			o.Simulate = map[string]string{"fault": string(fake.CallbackEarly)}
			out := w.pay(o)
			if got := len(w.events(out.Payment.ID)); got != 1 || !out.Payment.Final() {
				w.t.Errorf("%s: got %d events and state %s", kind, got, out.Payment.State)
			}
		}
		w.sound()
	})
}

// A dispute's whole course, in parts.
func TestChargebacksAndTheirReversal(t *testing.T) {
	each(t, func(w *world) {
		out := w.paid(connector.Debit, 10000)
		p := out.Payment
		now := w.now()
		for _, step := range []struct {
			do   func() error
			want string
		}{
			{func() error { return w.provider.Dispute(w.account(), p.ID, eur(6000), "000.100.220", now) }, "captured, captured 100.00, disputed 60.00"},
			{func() error { return w.provider.Dispute(w.account(), p.ID, eur(4000), "000.100.220", now) }, "captured, captured 100.00, disputed 100.00"},
			{func() error { return w.provider.Represent(w.account(), p.ID, eur(7000), now) }, "captured, captured 100.00, disputed 30.00"},
			{func() error { return w.provider.Represent(w.account(), p.ID, eur(3000), now) }, "captured, captured 100.00"},
		} {
			if err := step.do(); err != nil {
				w.t.Fatal(err)
			}
			w.work(func(_ fake.Callback, err error) {
				if err != nil {
					w.t.Errorf("the callback: %v", err)
				}
			})
			if got := standing(w.get(p.ID)); got != step.want {
				w.t.Errorf("got %s, want %s", got, step.want)
			}
			w.sound()
			disputed := w.get(p.ID).Disputed > 0
			if _, err := operate(w.payments, w.house, connector.Refund, payment.Operation{Payment: p.ID, Amount: eur(100), Idempotency: key(step.want)}); disputed != fault.Is(err, "conflict.disputed") {
				w.t.Errorf("a refund while %s: %v", step.want, err)
			}
		}
		w.sound()
	})
}

// A slip that is paid twice: the second money is not lost, and a human is asked.
func TestASlipThatIsPaidTwice(t *testing.T) {
	each(t, func(w *world) {
		o := w.order(connector.Debit, 10000)
		o.Method, o.Brand, o.Card, o.Details.ReturnURL = method.Voucher, "BOLETO", nil, "https://shop.example/back"
		out := w.pay(o)
		if out.Payment.State != payment.Pending {
			w.t.Fatalf("got %s, want pending", out.Payment.State)
		}
		heard := func(_ fake.Callback, err error) {
			if err != nil {
				w.t.Errorf("the callback: %v", err)
			}
		}
		for _, want := range []string{"captured, captured 100.00", "review, captured 100.00"} {
			if err := w.provider.Pay(out.Attempt.ProviderRef, eur(10000), w.now()); err != nil {
				w.t.Fatal(err)
			}
			w.work(heard)
			if got := standing(w.get(out.Payment.ID)); got != want {
				w.t.Errorf("got %s, want %s", got, want)
			}
		}
		if got := w.types(out.Payment.ID); got != "pending captured review" {
			w.t.Errorf("got events %s", got)
		}
		found := map[string]int64{}
		for _, s := range w.standings(w.house) {
			found[string(s.Account[:5])] = s.Posted.Minor
		}
		if found["provi"] != 20000 || found["merch"] != -10000 || found["suspe"] != -10000 {
			w.t.Errorf("got %v, want 200.00 at the provider, 100.00 for the merchant and 100.00 in suspense", found)
		}
		w.sound()
	})
}

// A slip that is paid with another amount waits for a human.
func TestASlipThatIsPaidWrongly(t *testing.T) {
	each(t, func(w *world) {
		o := w.order(connector.Debit, 10000)
		o.Method, o.Brand, o.Card, o.Details.ReturnURL = method.Voucher, "BOLETO", nil, "https://shop.example/back"
		out := w.pay(o)
		if err := w.provider.Pay(out.Attempt.ProviderRef, eur(9000), w.now()); err != nil {
			w.t.Fatal(err)
		}
		w.pass(7*time.Hour, nil)
		if got := standing(w.get(out.Payment.ID)); got != "review" {
			w.t.Errorf("got %s, want review", got)
		}
		w.sound()
	})
}

// A payer who never comes back: the payment fails by itself.
func TestAPayerWhoNeverComesBack(t *testing.T) {
	each(t, func(w *world) {
		ids := map[ident.ID]string{}
		wallet := w.order(connector.Debit, 10000)
		wallet.Method, wallet.Brand, wallet.Card, wallet.Details.ReturnURL = method.Wallet, "PAYPAL", nil, "https://shop.example/back"
		ids[w.pay(wallet).Payment.ID] = "a wallet"
		challenge := w.order(connector.Authorise, 10000)
		challenge.Card.Number, challenge.Use3DS = method.Conceal("4200000000000042"), true
		ids[w.pay(challenge).Payment.ID] = "a challenge"
		slip := w.order(connector.Debit, 10000)
		slip.Method, slip.Brand, slip.Card, slip.Details.ReturnURL = method.Voucher, "BOLETO", nil, "https://shop.example/back"
		ids[w.pay(slip).Payment.ID] = "a slip"
		for range 5 {
			w.pass(20*time.Hour, nil)
		}
		for id, what := range ids {
			if got := w.get(id); got.State != payment.Failed || got.Code != "declined.timed_out" {
				w.t.Errorf("%s: got %s (%s), want failed (declined.timed_out)", what, got.State, got.Code)
			}
		}
		w.sound()
	})
}
