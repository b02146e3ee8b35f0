package payment_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

const day = 24 * time.Hour

// jobs lists the jobs of the house's realm, by kind.
func (w *world) jobsOf(kind string) (n int) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		var count int64
		_, err := tx.Get([]any{&count}, "SELECT COUNT(*) FROM job WHERE realm = $1 AND kind = $2", string(tx.Realm()), kind)
		n = int(count)
		return err
	})
	return n
}

// A refund or a credit that the bank sends back is found although every
// callback is lost, and all books tell the same.
func TestMoneyThatComesBackIsFoundWithoutACallback(t *testing.T) {
	fails := map[string]string{"fault": "refund_fails_later"}
	each(t, func(w *world) {
		w.deaf = true
		debit := w.paid(connector.Debit, 10000).Payment
		refund := w.must(connector.Refund, payment.Operation{Payment: debit.ID, Amount: eur(3000), Simulate: fails})
		sound := w.must(connector.Refund, payment.Operation{Payment: debit.ID, Amount: eur(2000)})
		o := w.order(connector.Credit, 2500)
		o.Simulate = fails
		credit := w.pay(o)
		hold := w.paid(connector.Authorise, 8000).Payment
		taken := w.must(connector.Capture, payment.Operation{Payment: hold.ID, Amount: eur(8000)})
		undone := w.must(connector.Void, payment.Operation{Payment: taken.Attempt.ID, Simulate: fails})
		for _, out := range []payment.Outcome{refund, sound, credit, undone} {
			if out.Attempt.State != payment.Approved {
				w.t.Fatalf("%s: got %s, want approved", out.Attempt.Kind, out.Attempt.State)
			}
		}
		if got := w.jobsOf("payment.recheck"); got != 4 {
			w.t.Errorf("got %d jobs, want one for each refund, credit and voided capture: 4", got)
		}
		w.pass(47*time.Hour, nil)
		if got := standing(w.get(debit.ID)); got != "captured, captured 100.00, refunded 50.00" {
			w.t.Errorf("before the first look: got %s", got)
		}
		w.pass(2*time.Hour, nil)
		for _, tt := range []struct{ got, want string }{
			{standing(w.get(debit.ID)), "captured, captured 100.00, refunded 20.00"},
			{w.types(debit.ID), "captured refunded refunded refund_failed"},
			{standing(w.get(credit.Payment.ID)), "failed"},
			{w.types(credit.Payment.ID), "credited failed"},
			{standing(w.get(hold.ID)), "captured, captured 80.00"},
			{w.types(hold.ID), "authorised captured voided void_failed"},
			{strings.Join(w.lines(credit.Payment.ID), ", "), "credit refused 2500"},
		} {
			if tt.got != tt.want {
				w.t.Errorf("got %s, want %s", tt.got, tt.want)
			}
		}
		w.sound()
		w.deaf = false // the callback comes after all: it changes nothing
		w.pass(time.Minute, nil)
		if got := w.types(debit.ID); got != "captured refunded refunded refund_failed" {
			w.t.Errorf("got %s", got)
		}
		if got := w.jobsOf("payment.recheck"); got != 1 {
			w.t.Errorf("got %d jobs, want one for the refund that stands", got)
		}
		w.pass(61*day, nil)
		if got := w.jobsOf("payment.recheck"); got != 0 {
			w.t.Errorf("after the last age got %d jobs, want 0", got)
		}
		w.sound()
	})
}

// The provider cannot be asked at the first age: the question is repeated.
func TestALookupThatFailsIsRepeated(t *testing.T) {
	each(t, func(w *world) {
		w.deaf = true
		down := &silent{Connector: w.provider}
		debit := w.paid(connector.Debit, 10000).Payment
		w.must(connector.Refund, payment.Operation{Payment: debit.ID, Amount: eur(3000), Simulate: map[string]string{"fault": "refund_fails_later"}})
		w.payments.Connectors["fake"] = down
		down.silent = true
		w.pass(49*time.Hour, nil)
		if got := standing(w.get(debit.ID)); got != "captured, captured 100.00, refunded 30.00" || down.asked == 0 {
			w.t.Errorf("while the provider says nothing: got %s, asked %d times", got, down.asked)
		}
		down.silent = false
		w.pass(time.Hour, nil)
		if got := standing(w.get(debit.ID)); got != "captured, captured 100.00" {
			w.t.Errorf("got %s", got)
		}
		w.sound()
	})
}

// silent is a provider that can be made to say nothing about the past.
type silent struct {
	connector.Connector
	silent bool
	asked  int
}

func (s *silent) Lookup(ctx context.Context, q connector.Question) connector.Result {
	if s.silent {
		s.asked++
		return connector.Result{State: connector.Unknown}
	}
	return s.Connector.Lookup(ctx, q)
}
