package errand

import (
	"testing"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/payment"
)

// What a payment makes of an errand; of one with a checkout a refusal decides
// nothing, since its payer may try again.
func TestJudge(t *testing.T) {
	begun := Errand{State: Initiated}
	for _, c := range []struct {
		name string
		e    Errand
		p    payment.Payment
		want State
	}{
		{"captured", begun, payment.Payment{State: payment.Captured, Captured: 100}, Finished},
		{"captured in part", begun, payment.Payment{State: payment.Authorised, Captured: 1}, Finished},
		{"reserved alone", begun, payment.Payment{State: payment.Authorised}, Initiated},
		{"pending", begun, payment.Payment{State: payment.Pending}, Initiated},
		{"no answer", begun, payment.Payment{State: payment.Unknown}, Unknown},
		{"in review", begun, payment.Payment{State: payment.Review}, Unknown},
		{"refused", begun, payment.Payment{State: payment.Failed, Code: fault.DeclinedDoNotHonour}, Failed},
		{"the payer left", begun, payment.Payment{State: payment.Failed, Code: fault.DeclinedCancelled}, Cancelled},
		{"the payer left the bank's page", begun, payment.Payment{State: payment.Failed, Code: fault.DeclinedChallengeCancelled}, Cancelled},
		{"the time was up", begun, payment.Payment{State: payment.Failed, Code: fault.DeclinedTimedOut}, Cancelled},
		{"refused at a checkout", Errand{State: Initiated, Session: "s"}, payment.Payment{State: payment.Failed, Code: fault.DeclinedDoNotHonour}, Initiated},
		{"paid at a checkout", Errand{State: Unknown, Session: "s"}, payment.Payment{State: payment.Captured, Captured: 100}, Finished},
	} {
		if got := judge(c.e, c.p); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// The contract has six words (seed); error is none that a client is told here.
func TestResults(t *testing.T) {
	for state, want := range map[State]string{Created: "initiated", Initiated: "initiated", Finished: "finished", Cancelled: "cancelled", Failed: "failed", Unknown: "unknown", Expired: "cancelled"} {
		if got := (Errand{State: state}).Result(); got != want {
			t.Errorf("%s: got %s, want %s", state, got, want)
		}
		if final := state == Finished || state == Cancelled || state == Failed || state == Expired; state.Final() != final {
			t.Errorf("%s: final is %v", state, !final)
		}
	}
	for number, want := range map[string]string{"10090": fault.DeclinedDoNotHonour, "91": fault.DeclinedCancelled, "10092": "approved", "8123093": "pending", "10094": fault.UnavailableProvider, "10095": "", "9": "", "": ""} {
		if got := force(number)["outcome"]; got != want {
			t.Errorf("%s: got %q, want %q", number, got, want)
		}
	}
}
