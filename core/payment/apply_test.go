package payment

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
)

var (
	noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	card = limits{settle: time.Minute, horizon: 24 * time.Hour}
)

// eur is an amount of 100.00 EUR for the tables below.
func eur(minor int64) money.Amount { return money.Of(minor, "EUR") }

func first(kind connector.Kind, state State, attempt AttemptState) (Payment, Attempt) {
	p := Payment{ID: "65a000000000000000000001", Merchant: "65a000000000000000000002", Connector: "fake", Kind: kind, Amount: eur(10000), State: state, Version: 1}
	p.Details.HoldDays = 7
	a := Attempt{ID: p.ID, Payment: p.ID, Kind: kind, State: attempt, Amount: p.Amount, SentAt: noon}
	return p, a
}

func later(kind connector.Kind, n int64) (Payment, Attempt) {
	p, _ := first(connector.Authorise, Authorised, Approved)
	a := Attempt{ID: "65a000000000000000000009", Payment: p.ID, Original: p.ID, Kind: kind, State: Sent, Amount: eur(n), SentAt: noon}
	switch kind {
	case connector.Capture:
		p.Capturing = n
	case connector.Refund:
		p.State, p.Captured, p.Refunding = Captured, 10000, n
	case connector.Void:
		p.Voiding = n
	}
	return p, a
}

// told is a change in one line: states, sums, event, transfers.
func told(c change) string {
	var kinds []string
	for _, t := range c.transfers {
		kinds = append(kinds, t.Kind)
	}
	s := fmt.Sprintf("%s/%s %s [%s]", c.p.State, c.a.State, c.event, strings.Join(kinds, " "))
	if c.p.Code != "" || c.a.Code != "" {
		s += " code=" + c.a.Code
	}
	if sums := [6]int64{c.p.Captured, c.p.Capturing, c.p.Refunded, c.p.Refunding, c.p.Voided, c.p.Voiding}; sums != [6]int64{} {
		s += fmt.Sprint(" sums=", sums)
	}
	if c.check > 0 {
		s += " check=" + c.check.String()
	}
	if c.expire {
		s += " expires=" + c.p.ExpiresAt.Sub(noon).String()
	}
	return s
}

func TestApplyToAPaymentsOwnAttempt(t *testing.T) {
	yes := connector.Result{State: connector.Approved, Amount: eur(10000), Reference: "r1"}
	no := connector.Result{State: connector.Refused, Code: "declined.insufficient_funds"}
	unknown := connector.Result{State: connector.Unknown}
	gone := connector.Result{State: connector.NotFound}
	wait := connector.Result{State: connector.Pending, CheckAfterSeconds: 30, ExpiresAfterSeconds: 1800}
	wrong := connector.Result{State: connector.Approved, Amount: eur(9999), Reference: "r1"}
	yen := connector.Result{State: connector.Approved, Amount: money.Of(10000, "JPY"), Reference: "r1"}
	for _, tt := range []struct {
		name    string
		kind    connector.Kind
		state   State
		attempt AttemptState
		r       connector.Result
		after   time.Duration
		want    string
	}{
		{"authorised", connector.Authorise, Processing, Sent, yes, 0, "authorised/approved payment.authorised [authorise] expires=168h0m0s"},
		{"debited", connector.Debit, Processing, Sent, yes, 0, "captured/approved payment.captured [debit] sums=[10000 0 0 0 0 0]"},
		{"declined", connector.Debit, Processing, Sent, no, 0, "failed/refused payment.failed [] code=declined.insufficient_funds"},
		{"no answer", connector.Debit, Processing, Sent, unknown, 0, "unknown/unknown payment.unknown [] check=5s"},
		{"still no answer", connector.Debit, Unknown, AttemptUnknown, unknown, time.Hour, "unknown/unknown  [] check=30m0s"},
		{"no answer for a day", connector.Debit, Unknown, AttemptUnknown, unknown, 25 * time.Hour, "review/review payment.review []"},
		{"never seen, asked too soon", connector.Debit, Unknown, AttemptUnknown, gone, 30 * time.Second, "unknown/unknown  [] check=15s"},
		{"never seen, proven", connector.Debit, Unknown, AttemptUnknown, gone, time.Minute, "failed/refused payment.failed [] code=unavailable.provider"},
		{"unknown was yes", connector.Debit, Unknown, AttemptUnknown, yes, time.Minute, "captured/approved payment.captured [debit] sums=[10000 0 0 0 0 0]"},
		{"unknown was no", connector.Authorise, Unknown, AttemptUnknown, no, time.Minute, "failed/refused payment.failed [] code=declined.insufficient_funds"},
		{"payer has to act", connector.Debit, Processing, Sent, wait, 0, "pending/pending payment.pending [] check=30s"},
		{"payer acted", connector.Debit, Pending, AttemptPending, yes, time.Minute, "captured/approved payment.captured [debit] sums=[10000 0 0 0 0 0]"},
		{"pending, lookup unanswered", connector.Debit, Pending, AttemptPending, unknown, time.Minute, "pending/pending  [] code=unavailable.provider check=30s"},
		{"another amount, once", connector.Debit, Processing, Sent, wrong, 0, "unknown/unknown payment.unknown [] code=conflict.amount check=5s"},
		{"another currency, once", connector.Debit, Processing, Sent, yen, 0, "unknown/unknown payment.unknown [] code=conflict.amount check=5s"},
		{"late yes", connector.Debit, Failed, Refused, yes, time.Hour, "review/late_success payment.review [late]"},
		{"late yes to a hold moves no money", connector.Authorise, Failed, Refused, yes, time.Hour, "review/late_success payment.review []"},
		{"late yes to a credit", connector.Credit, Failed, Refused, yes, time.Hour, "review/late_success payment.review [late.out]"},
		{"late no changes nothing", connector.Debit, Captured, Approved, no, time.Hour, "captured/approved  []"},
		{"yes twice changes nothing", connector.Debit, Captured, Approved, yes, time.Hour, "captured/approved  []"},
		{"stale pending changes nothing", connector.Debit, Captured, Approved, wait, time.Hour, "captured/approved  []"},
		{"no twice changes nothing", connector.Debit, Failed, Refused, no, time.Hour, "failed/refused  []"},
		{"verified", connector.Verify, Processing, Sent, connector.Result{State: connector.Approved}, 0, "verified/approved payment.verified []"},
		{"authenticated", connector.Authenticate, Pending, AttemptPending, connector.Result{State: connector.Approved}, 0, "authenticated/approved payment.authenticated []"},
		{"credited", connector.Credit, Processing, Sent, yes, 0, "credited/approved payment.credited [credit]"},
		{"credit refused", connector.Credit, Processing, Sent, no, 0, "failed/refused payment.failed [credit.release] code=declined.insufficient_funds"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, a := first(tt.kind, tt.state, tt.attempt)
			if tt.attempt == Approved && tt.kind == connector.Debit {
				p.Captured = 0
			}
			c := apply(p, a, tt.r, card, noon.Add(tt.after))
			if got := told(c); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			for _, tr := range c.transfers {
				if err := ledger.Check(tr); err != nil {
					t.Errorf("transfer %s: %v", tr.Kind, err)
				}
			}
		})
	}
}

func TestApplyToLaterAttempts(t *testing.T) {
	yes := func(n int64) connector.Result {
		return connector.Result{State: connector.Approved, Amount: eur(n), Reference: "r2"}
	}
	no := connector.Result{State: connector.Refused, Code: "declined"}
	unknown := connector.Result{State: connector.Unknown}
	for _, tt := range []struct {
		name string
		kind connector.Kind
		n    int64
		r    connector.Result
		want string
	}{
		{"captured in part", connector.Capture, 4000, yes(4000), "captured/approved payment.captured [capture] sums=[4000 0 0 0 0 0]"},
		{"capture refused", connector.Capture, 4000, no, "authorised/refused payment.capture_failed [] code=declined"},
		{"capture unknown keeps its reservation", connector.Capture, 4000, unknown, "authorised/unknown payment.capture_unknown [] sums=[0 4000 0 0 0 0] check=5s"},
		{"captured less than asked", connector.Capture, 4000, yes(3999), "authorised/unknown payment.capture_unknown [] code=conflict.amount sums=[0 4000 0 0 0 0] check=5s"},
		{"refunded", connector.Refund, 3000, yes(3000), "captured/approved payment.refunded [refund] sums=[10000 0 3000 0 0 0]"},
		{"refund refused", connector.Refund, 3000, no, "captured/refused payment.refund_failed [refund.release] code=declined sums=[10000 0 0 0 0 0]"},
		{"refund unknown keeps its reservation", connector.Refund, 3000, unknown, "captured/unknown payment.refund_unknown [] sums=[10000 0 0 3000 0 0] check=5s"},
		{"voided", connector.Void, 10000, yes(10000), "voided/approved payment.voided [void] sums=[0 0 0 0 10000 0]"},
		{"void refused", connector.Void, 10000, no, "authorised/refused payment.void_failed [] code=declined"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, a := later(tt.kind, tt.n)
			if got := told(apply(p, a, tt.r, card, noon)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestASecondMismatchGoesToReview(t *testing.T) {
	p, a := first(connector.Debit, Unknown, AttemptUnknown)
	a.Code = "conflict.amount"
	c := apply(p, a, connector.Result{State: connector.Approved, Amount: eur(1)}, card, noon.Add(time.Minute))
	if got, want := told(c), "review/review payment.review [] code=conflict.amount"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestARefundThatFailsLateGivesTheMoneyBackToTheMerchant(t *testing.T) {
	p, a := later(connector.Refund, 3000)
	c := apply(p, a, connector.Result{State: connector.Approved, Amount: eur(3000)}, card, noon)
	c = apply(c.p, c.a, connector.Result{State: connector.Refused, Code: "declined.account_closed"}, card, noon.AddDate(0, 0, 3))
	want := "captured/failed_late payment.refund_failed [refund.return] code=declined.account_closed sums=[10000 0 0 0 0 0]"
	if got := told(c); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	again := apply(c.p, c.a, connector.Result{State: connector.Refused, Code: "declined.account_closed"}, card, noon.AddDate(0, 0, 4))
	if again.event != "" {
		t.Errorf("the same word twice made the event %s", again.event)
	}
}

// What an operation moves late is booked where it can be found; releasing a
// hold moves nothing.
func TestOperationsThatSucceedLate(t *testing.T) {
	for _, tt := range []struct {
		kind     connector.Kind
		original ident.ID // "" for the payment
		want     string
	}{
		{connector.Capture, "", "review/late_success payment.review [late]"},
		{connector.Refund, "", "review/late_success payment.review [late.out]"},
		{connector.Void, "", "review/late_success payment.review []"},
		{connector.Void, "65a000000000000000000008", "review/late_success payment.review [late.out]"},
	} {
		p, a := later(tt.kind, 3000)
		if tt.original != "" {
			a.Original = tt.original
		}
		a.State = Refused
		c := apply(p, a, connector.Result{State: connector.Approved, Amount: eur(3000), Reference: "r9"}, card, noon.Add(time.Hour))
		got, _, _ := strings.Cut(told(c), " sums")
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.kind, got, tt.want)
		}
		if again := apply(c.p, c.a, connector.Result{State: connector.Approved, Amount: eur(3000), Reference: "r9"}, card, noon); len(again.transfers) > 0 {
			t.Errorf("%s: the same word twice was booked twice", tt.kind)
		}
	}
}

func TestACreditAndAVoidedCaptureCanComeBack(t *testing.T) {
	back := connector.Result{State: connector.Refused, Code: "declined.closed_account", Provider: "TB-closed_account"}
	paid, own := first(connector.Credit, Credited, Approved)
	voided, a := later(connector.Void, 4000)
	voided.State, voided.Captured, voided.Refunded, voided.Voiding = Voided, 4000, 4000, 0
	a.State, a.Original = Approved, "65a000000000000000000008" // a capture
	for _, tt := range []struct {
		c    change
		want string
	}{
		{apply(paid, own, back, card, noon.AddDate(0, 0, 3)), "failed/failed_late payment.failed [credit.return] code=declined.closed_account"},
		{apply(voided, a, back, card, noon.AddDate(0, 0, 3)), "captured/failed_late payment.void_failed [refund.return] code=declined.closed_account sums=[4000 0 0 0 0 0]"},
	} {
		if got := told(tt.c); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

// Only money that leaves for a bank is asked after later, and only where the
// connector says that it may come back.
func TestWhatIsAskedAfterOnceMore(t *testing.T) {
	yes := func(n int64) connector.Result { return connector.Result{State: connector.Approved, Amount: eur(n)} }
	returns := limits{settle: card.settle, horizon: card.horizon, returns: []int{86400, 7 * 86400}}
	for _, tt := range []struct {
		kind connector.Kind
		want time.Duration
	}{
		{connector.Debit, 0}, {connector.Authorise, 0}, {connector.Credit, 24 * time.Hour},
		{connector.Capture, 0}, {connector.Refund, 24 * time.Hour}, {connector.Void, 0},
	} {
		p, a := later(tt.kind, 3000)
		if tt.kind == connector.Debit || tt.kind == connector.Authorise || tt.kind == connector.Credit {
			p, a = first(tt.kind, Processing, Sent)
		}
		if got := apply(p, a, yes(a.Amount.Minor), returns, noon).recheck; got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.kind, got, tt.want)
		}
		if got := apply(p, a, yes(a.Amount.Minor), card, noon).recheck; got != 0 {
			t.Errorf("%s where nothing comes back: got %v, want 0", tt.kind, got)
		}
	}
}

func TestVoidingADebitGivesItBack(t *testing.T) {
	p, _ := first(connector.Debit, Captured, Approved)
	p.Captured, p.Refunding = 10000, 10000
	a := Attempt{ID: "65a000000000000000000009", Payment: p.ID, Original: p.ID, Kind: connector.Void, State: Sent, Amount: eur(10000), SentAt: noon}
	c := apply(p, a, connector.Result{State: connector.Approved, Amount: eur(10000)}, card, noon)
	if got, want := told(c), "voided/approved payment.voided [refund] sums=[10000 0 10000 0 0 0]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAFinalCaptureReleasesTheRest(t *testing.T) {
	p, a := later(connector.Capture, 4000)
	p.Details.Final = a.ID
	c := apply(p, a, connector.Result{State: connector.Approved, Amount: eur(4000)}, card, noon)
	if got, want := told(c), "captured/approved payment.captured [capture] sums=[4000 0 0 0 6000 0]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if c.p.Open() != 0 {
		t.Errorf("got %d still open", c.p.Open())
	}
}
