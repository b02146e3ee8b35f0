package payment_test

import (
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/payment"
)

func TestALastCaptureReleasesTheRest(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Authorise, 10000).Payment
		w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(3000)})
		w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(2000), Final: true})
		got := w.get(p.ID)
		if got.Captured != 5000 || got.Voided != 5000 || got.Open() != 0 {
			w.t.Errorf("got captured %d, voided %d, open %d, want 5000, 5000, 0", got.Captured, got.Voided, got.Open())
		}
		for _, s := range w.standings(w.house) {
			if s.Pending.Minor != 0 {
				w.t.Errorf("%s still holds %d", s.Account, s.Pending.Minor)
			}
		}
		if _, err := operate(w.payments, w.house, connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(1)}); fault.Code(err) != "conflict.capture.exceeds" {
			w.t.Errorf("one more capture: got %v, want conflict.capture.exceeds", err)
		}
		w.pass(8*24*time.Hour, nil) // beyond the hold: nothing is left to expire
		if got := w.types(p.ID); got != "authorised captured captured" {
			w.t.Errorf("got events %s", got)
		}
		w.sound()
	})
}

func TestALastCaptureWhoseAnswerIsLostReleasesTheRestLater(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Authorise, 10000).Payment
		w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(2000), Final: true, Simulate: map[string]string{"fault": "lost_answer"}})
		if got := w.get(p.ID); got.Capturing != 2000 || got.Open() != 0 {
			w.t.Errorf("got capturing %d, open %d, want 2000, 0", got.Capturing, got.Open())
		}
		w.pass(time.Minute, nil)
		if got := w.get(p.ID); got.Captured != 2000 || got.Voided != 8000 {
			w.t.Errorf("got captured %d, voided %d, want 2000, 8000", got.Captured, got.Voided)
		}
		w.sound()
	})
}

func TestALastCaptureThatIsRefusedLeavesTheHold(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Authorise, 10000).Payment
		w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(2000), Final: true, Simulate: map[string]string{"fault": "provider_down"}})
		if got := w.get(p.ID); got.Open() != 10000 {
			w.t.Errorf("got open %d, want 10000", got.Open())
		}
		w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(10000)})
		w.sound()
	})
}

// A capture may be taken back once. What another capture of the same payment
// took is none of its business.
func TestACaptureIsTakenBackOnce(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Authorise, 10000).Payment
		first := w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(3000)}).Attempt
		w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(3000)})
		w.must(connector.Void, payment.Operation{Payment: first.ID})
		if out, err := operate(w.payments, w.house, connector.Void, payment.Operation{Payment: first.ID}); fault.Code(err) != "conflict.void" {
			w.t.Errorf("taking it back again: got %s, want conflict.void", told(out, err))
		}
		if got := w.get(p.ID); got.Refunded != 3000 {
			w.t.Errorf("got refunded %d, want 3000", got.Refunded)
		}
		w.sound()
	})
}

func TestARefundThroughACaptureTakesNoMoreThanItTook(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Authorise, 10000).Payment
		first := w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(3000)}).Attempt
		w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(3000)})
		w.must(connector.Refund, payment.Operation{Payment: first.ID, Amount: eur(1000)})
		if out, err := operate(w.payments, w.house, connector.Refund, payment.Operation{Payment: first.ID, Amount: eur(2001)}); fault.Code(err) != "conflict.refund.exceeds" {
			w.t.Errorf("got %s, want conflict.refund.exceeds", told(out, err))
		}
		w.must(connector.Refund, payment.Operation{Payment: first.ID, Amount: eur(2000)})
		w.sound()
	})
}

// What an operation may be asked of, by the payment's state.
func TestOperationsThatAreRefused(t *testing.T) {
	each(t, func(w *world) {
		held := w.paid(connector.Authorise, 10000).Payment
		taken := w.paid(connector.Debit, 10000).Payment
		open := w.order(connector.Debit, 10000)
		open.Simulate = map[string]string{"outcome": "pending"}
		waits := w.pay(open).Payment
		no := w.order(connector.Debit, 10000)
		no.Simulate = map[string]string{"outcome": "declined.insufficient_funds"}
		failed := w.pay(no).Payment
		checked := w.paid(connector.Verify, 0).Payment
		gone := w.paid(connector.Authorise, 10000).Payment
		w.must(connector.Void, payment.Operation{Payment: gone.ID})
		back := w.must(connector.Refund, payment.Operation{Payment: taken.ID, Amount: eur(100)}).Attempt
		for _, tt := range []struct {
			name string
			kind connector.Kind
			op   payment.Operation
			want string
		}{
			{"capture too much", connector.Capture, payment.Operation{Payment: held.ID, Amount: eur(10001)}, "conflict.capture.exceeds"},
			{"capture nothing", connector.Capture, payment.Operation{Payment: held.ID, Amount: eur(0)}, "invalid.amount"},
			{"capture less than nothing", connector.Capture, payment.Operation{Payment: held.ID, Amount: eur(-5)}, "invalid.amount"},
			{"capture another currency", connector.Capture, payment.Operation{Payment: held.ID, Amount: nok(100)}, "invalid.currency.differs"},
			{"capture a debit", connector.Capture, payment.Operation{Payment: taken.ID, Amount: eur(100)}, "conflict.not_authorised"},
			{"capture what waits", connector.Capture, payment.Operation{Payment: waits.ID, Amount: eur(100)}, "conflict.pending"},
			{"capture what failed", connector.Capture, payment.Operation{Payment: failed.ID, Amount: eur(100)}, "conflict.failed"},
			{"capture what is gone", connector.Capture, payment.Operation{Payment: gone.ID, Amount: eur(100)}, "conflict.capture.exceeds"},
			{"capture a verification", connector.Capture, payment.Operation{Payment: checked.ID, Amount: eur(100)}, "conflict.not_authorised"},
			{"refund a hold", connector.Refund, payment.Operation{Payment: held.ID, Amount: eur(100)}, "conflict.nothing_captured"},
			{"refund too much", connector.Refund, payment.Operation{Payment: taken.ID, Amount: eur(9901)}, "conflict.refund.exceeds"},
			{"refund a refund", connector.Refund, payment.Operation{Payment: back.ID, Amount: eur(1)}, "conflict.reference_kind"},
			{"refund a verification", connector.Refund, payment.Operation{Payment: checked.ID, Amount: eur(1)}, "conflict.nothing_captured"},
			{"void twice", connector.Void, payment.Operation{Payment: gone.ID}, "conflict.void"},
			{"void a part", connector.Void, payment.Operation{Payment: held.ID, Amount: eur(1)}, "conflict.void.exceeds"},
			{"void what was touched", connector.Void, payment.Operation{Payment: taken.ID, Untouched: true}, "conflict.void"},
			{"nobody's payment", connector.Void, payment.Operation{Payment: "ffffffffffffffffffffffff"}, "not_found.payment"},
			{"no id at all", connector.Void, payment.Operation{Payment: "../x"}, "not_found.payment"},
		} {
			if out, err := operate(w.payments, w.house, tt.kind, tt.op); fault.Code(err) != tt.want {
				w.t.Errorf("%s: got %s, want %s", tt.name, told(out, err), tt.want)
			}
		}
		w.pass(16*time.Hour, nil) // over midnight: settled
		if _, err := operate(w.payments, w.house, connector.Void, payment.Operation{Payment: taken.ID}); fault.Code(err) != "conflict.void.settled" {
			w.t.Errorf("void after the cut-off: got %v, want conflict.void.settled", err)
		}
		w.pass(366*24*time.Hour, nil)
		if _, err := operate(w.payments, w.house, connector.Refund, payment.Operation{Payment: taken.ID, Amount: eur(1)}); fault.Code(err) != "conflict.refund.window" {
			w.t.Errorf("refund after a year: got %v, want conflict.refund.window", err)
		}
		w.sound()
	})
}

// Another realm's payment, and another merchant's, do not exist.
func TestForeignPaymentsDoNotExist(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Debit, 10000).Payment
		other := w.settle("Other Media", w.profile.Settings)
		stranger := w.house
		stranger.actor.Merchants = append(stranger.actor.Merchants, other.profile.Merchant)
		for name, h := range map[string]house{"realm": other, "merchant": stranger} {
			for _, kind := range []connector.Kind{connector.Capture, connector.Refund, connector.Void} {
				if out, err := operate(w.payments, h, kind, payment.Operation{Payment: p.ID, Amount: eur(100)}); fault.Code(err) != "not_found.payment" {
					w.t.Errorf("another %s's %s: got %s, want not_found.payment", name, kind, told(out, err))
				}
			}
			if _, err := w.payments.Get(t.Context(), h.actor, p.ID); fault.Code(err) != "not_found.payment" {
				w.t.Errorf("another %s reads it: %v", name, err)
			}
		}
		if got := len(w.attempts(p.ID)); got != 1 {
			w.t.Errorf("got %d attempts on it, want its own alone", got)
		}
	})
}
