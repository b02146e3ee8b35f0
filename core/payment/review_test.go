package payment_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/payment"
)

// reviewer is the operator of the installation.
func (w *world) reviewer() access.Actor {
	return access.Actor{Realm: w.realm.ID, Environment: access.Test, Kind: "operator", May: []access.Permission{access.Review}}
}

func (w *world) decide(id ident.ID, v payment.Verdict) (payment.Outcome, error) {
	w.t.Helper()
	return w.payments.Decide(context.Background(), w.reviewer(), payment.Decision{ID: id, Verdict: v, Reason: "seen at the provider",
		By: audit.By{Actor: "operator", Origin: "test"}})
}

// late says yes about an attempt that was refused.
func (w *world) late(out payment.Outcome) payment.Outcome {
	w.t.Helper()
	if out.Attempt.State != payment.Refused {
		w.t.Fatalf("%s: got %s, want refused first", out.Attempt.Kind, out.Attempt.State)
	}
	n := w.said(out, connector.Approved)
	n.Result.Reference = "tb_late" + string(out.Attempt.ID)
	out, err := w.notice(n)
	if err != nil || out.Payment.State != payment.Review {
		w.t.Fatalf("%s: got %s, want review", out.Attempt.Kind, told(out, err))
	}
	return out
}

// down is a wish that the provider turns away without an effect.
var down = map[string]string{"fault": "provider_down"}

// cases are the ways into review, each with where both verdicts lead: the
// payment, the newest event, and what the realm's books say of the merchant and
// the provider (pending and posted).
var cases = []struct {
	name                                       string
	make                                       func(w *world) payment.Outcome
	accepted, returned, acceptTold, returnTold string
}{
	{"a debit that succeeded late", func(w *world) payment.Outcome {
		o := w.order(connector.Debit, 10000)
		o.Simulate = down
		return w.late(w.pay(o))
	}, "captured, captured 100.00 | captured | merchant 0.00 -100.00, provider 0.00 100.00", "failed | failed | merchant 0.00 0.00, provider 0.00 0.00", "approved", "failed_late"},
	{"an authorisation that succeeded late", func(w *world) payment.Outcome {
		o := w.order(connector.Authorise, 10000)
		o.Simulate = down
		return w.late(w.pay(o))
	}, "authorised | authorised | merchant -100.00 0.00, provider 100.00 0.00", "failed | failed | merchant 0.00 0.00, provider 0.00 0.00", "approved", "failed_late"},
	{"a credit that succeeded late", func(w *world) payment.Outcome {
		o := w.order(connector.Credit, 2500)
		o.Simulate = down
		return w.late(w.pay(o))
	}, "credited | credited | merchant 0.00 25.00, provider 0.00 -25.00", "failed | failed | merchant 0.00 0.00, provider 0.00 0.00", "approved", "failed_late"},
	{"a refund that succeeded late", func(w *world) payment.Outcome {
		p := w.paid(connector.Debit, 10000).Payment
		return w.late(w.must(connector.Refund, payment.Operation{Payment: p.ID, Amount: eur(3000), Simulate: down}))
	}, "captured, captured 100.00, refunded 30.00 | refunded | merchant 0.00 -70.00, provider 0.00 70.00",
		"captured, captured 100.00 | refund_failed | merchant 0.00 -100.00, provider 0.00 100.00", "approved", "failed_late"},
	{"a capture that succeeded late", func(w *world) payment.Outcome {
		p := w.paid(connector.Authorise, 10000).Payment
		return w.late(w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(6000), Simulate: down}))
	}, "captured, captured 60.00 | captured | merchant -40.00 -60.00, provider 40.00 60.00",
		"authorised | capture_failed | merchant -100.00 0.00, provider 100.00 0.00", "approved", "failed_late"},
	{"a capture that succeeded after the hold was voided", func(w *world) payment.Outcome {
		p := w.paid(connector.Authorise, 10000).Payment
		out := w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(6000), Simulate: down})
		w.must(connector.Void, payment.Operation{Payment: p.ID})
		return w.late(out)
	}, "captured, captured 60.00, voided 40.00 | captured | merchant 0.00 -60.00, provider 0.00 60.00",
		"voided, voided 100.00 | capture_failed | merchant 0.00 0.00, provider 0.00 0.00", "approved", "failed_late"},
	{"a void of a hold that succeeded late", func(w *world) payment.Outcome {
		p := w.paid(connector.Authorise, 10000).Payment
		return w.late(w.must(connector.Void, payment.Operation{Payment: p.ID, Simulate: down}))
	}, "voided, voided 100.00 | voided | merchant 0.00 0.00, provider 0.00 0.00", "authorised | void_failed | merchant -100.00 0.00, provider 100.00 0.00", "approved", "failed_late"},
	{"a void of a debit that succeeded late", func(w *world) payment.Outcome {
		p := w.paid(connector.Debit, 10000).Payment
		return w.late(w.must(connector.Void, payment.Operation{Payment: p.ID, Simulate: down}))
	}, "voided, captured 100.00, refunded 100.00 | voided | merchant 0.00 0.00, provider 0.00 0.00",
		"captured, captured 100.00 | void_failed | merchant 0.00 -100.00, provider 0.00 100.00", "approved", "failed_late"},
	{"a slip that was paid twice", func(w *world) payment.Outcome {
		out := w.paid(connector.Debit, 10000)
		n := w.said(out, connector.Approved)
		n.Result.Reference = "tb_second"
		twice, err := w.notice(n)
		if err != nil || twice.Payment.State != payment.Review {
			w.t.Fatalf("got %s", told(twice, err))
		}
		return twice
	}, "captured, captured 200.00 | captured | merchant 0.00 -200.00, provider 0.00 200.00",
		"captured, captured 100.00 | updated | merchant 0.00 -100.00, provider 0.00 100.00", "approved", "failed_late"},
	{"a debit of another amount", func(w *world) payment.Outcome {
		o := w.order(connector.Debit, 10000)
		o.Simulate = map[string]string{"fault": "other_amount"}
		return w.reviewed(w.pay(o))
	}, "captured, captured 100.00 | captured | merchant 0.00 -100.00, provider 0.00 100.00", "failed | failed | merchant 0.00 0.00, provider 0.00 0.00", "approved", "refused"},
	{"a capture of another amount", func(w *world) payment.Outcome {
		p := w.paid(connector.Authorise, 10000).Payment
		return w.reviewed(w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(6000), Simulate: map[string]string{"fault": "other_amount"}}))
	}, "captured, captured 60.00 | captured | merchant -40.00 -60.00, provider 40.00 60.00",
		"authorised | capture_failed | merchant -100.00 0.00, provider 100.00 0.00", "approved", "refused"},
	{"a refund of another amount", func(w *world) payment.Outcome {
		p := w.paid(connector.Debit, 10000).Payment
		return w.reviewed(w.must(connector.Refund, payment.Operation{Payment: p.ID, Amount: eur(3000), Simulate: map[string]string{"fault": "other_amount"}}))
	}, "captured, captured 100.00, refunded 30.00 | refunded | merchant 0.00 -70.00, provider 0.00 70.00",
		"captured, captured 100.00 | refund_failed | merchant 0.00 -100.00, provider 0.00 100.00", "approved", "refused"},
	{"a credit of another amount", func(w *world) payment.Outcome {
		o := w.order(connector.Credit, 2500)
		o.Simulate = map[string]string{"fault": "other_amount"}
		return w.reviewed(w.pay(o))
	}, "credited | credited | merchant 0.00 25.00, provider 0.00 -25.00", "failed | failed | merchant 0.00 0.00, provider 0.00 0.00", "approved", "refused"},
}

// reviewed waits until an attempt whose amount differs is under review.
func (w *world) reviewed(out payment.Outcome) payment.Outcome {
	w.t.Helper()
	w.deaf = true
	w.pass(time.Minute, nil)
	w.deaf = false
	out, err := w.payments.Get(context.Background(), w.actor, out.Attempt.ID)
	if err != nil || out.Attempt.State != payment.AttemptReview {
		w.t.Fatalf("%s: got %s, want review", out.Attempt.Kind, told(out, err))
	}
	return out
}

// Both verdicts on every way into review: rows, events and books agree, and
// nothing is left in suspense.
func TestReviewsAreDecided(t *testing.T) {
	each(t, func(w *world) {
		for _, tt := range cases {
			for v, want := range map[payment.Verdict]string{payment.Accept: tt.accepted, payment.Return: tt.returned} {
				w.house = w.settle(tt.name+" "+string(v), w.profile.Settings)
				under := tt.make(w)
				for _, what := range w.rowsWrong() {
					w.t.Errorf("%s, under review: %s", tt.name, what)
				}
				out, err := w.decide(under.Attempt.ID, v)
				state := tt.acceptTold
				if v == payment.Return {
					state = tt.returnTold
				}
				if told(out, err) != state || out.Replayed {
					w.t.Errorf("%s, %s: got %s, replayed %t, want %s", tt.name, v, told(out, err), out.Replayed, state)
				}
				if got := w.settledAs(under.Payment.ID); got != want {
					w.t.Errorf("%s, %s:\ngot  %s\nwant %s", tt.name, v, got, want)
				}
				if again, err := w.decide(under.Attempt.ID, v); err != nil || !again.Replayed || w.settledAs(under.Payment.ID) != want {
					w.t.Errorf("%s, %s twice: got %s, replayed %t", tt.name, v, told(again, err), again.Replayed)
				}
				for _, what := range w.rowsWrong() {
					w.t.Errorf("%s, %s: %s", tt.name, v, what)
				}
			}
		}
	})
}

// settledAs is a payment, its newest event, and the books of its realm.
func (w *world) settledAs(id ident.ID) string {
	w.t.Helper()
	types := strings.Fields(w.types(id))
	sums := map[string]string{}
	for _, s := range w.standings(w.house) {
		name, _, _ := strings.Cut(string(s.Account), "/")
		sums[name] = name + " " + major(s.Pending.Minor) + " " + major(s.Posted.Minor)
	}
	for _, name := range []string{"merchant", "provider"} {
		if sums[name] == "" {
			sums[name] = name + " 0.00 0.00"
		}
	}
	books := sums["merchant"] + ", " + sums["provider"]
	if s := sums["suspense"]; s != "" && s != "suspense 0.00 0.00" {
		books += ", " + s
	}
	return standing(w.get(id)) + " | " + types[len(types)-1] + " | " + books
}

// rowsWrong is what contradicts itself in our own rows and books.
func (w *world) rowsWrong() (out []string) {
	w.t.Helper()
	books, err := ledger.Verify(context.Background(), w.db, w.realm.ID, func(int64, int64) {})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range books {
		out = append(out, f.String())
	}
	rows, err := payment.Verify(context.Background(), w.db, w.realm.ID, func(int64) {})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range rows {
		out = append(out, f.String())
	}
	return out
}

// What the provider did late agrees with its own books once it is accepted, and
// once it was given back there and returned here.
func TestDecidedReviewsAgreeWithTheProvider(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		late := func(kind connector.Kind, n int64) payment.Payment {
			o := w.order(kind, n)
			o.Simulate = map[string]string{"fault": "late_success"}
			p := w.pay(o).Payment
			w.pass(2*time.Minute, nil)
			if got := w.get(p.ID); got.State != payment.Review {
				w.t.Fatalf("%s: got %s, want review", kind, got.State)
			}
			return p
		}
		for _, kind := range []connector.Kind{connector.Debit, connector.Authorise, connector.Credit} {
			if _, err := w.decide(late(kind, 4000).ID, payment.Accept); err != nil {
				w.t.Errorf("%s: %v", kind, err)
			}
		}
		w.sound()
		p := late(connector.Debit, 5000)
		r := w.provider.Refund(ctx, connector.Operation{Attempt: "65a0000000000000000000aa", Original: p.ID, Account: w.account(), Amount: eur(5000), At: w.now()})
		if r.State != connector.Approved {
			w.t.Fatalf("at the provider's own desk: %+v", r)
		}
		if _, err := w.decide(p.ID, payment.Return); err != nil {
			w.t.Error(err)
		}
		for _, what := range w.differ(w.house, 4000) {
			w.t.Error(what)
		}
	})
}

// A payment that was reviewed goes on like any other.
func TestAfterAReview(t *testing.T) {
	each(t, func(w *world) {
		hold := w.paid(connector.Authorise, 10000).Payment
		first := w.late(w.must(connector.Capture, payment.Operation{Payment: hold.ID, Amount: eur(4000), Simulate: down}))
		w.pass(9*day, nil) // the hold runs out while nobody has decided
		if _, err := w.decide(first.Attempt.ID, payment.Accept); err != nil {
			w.t.Fatal(err)
		}
		w.work(nil)
		if got := standing(w.get(hold.ID)); got != "captured, captured 40.00, voided 60.00" {
			w.t.Errorf("the rest of the hold has run out: got %s", got)
		}
		debit := w.paid(connector.Debit, 10000).Payment
		back := w.late(w.must(connector.Refund, payment.Operation{Payment: debit.ID, Amount: eur(3000), Simulate: down}))
		if _, err := w.decide(back.Attempt.ID, payment.Accept); err != nil {
			w.t.Fatal(err)
		}
		if got := w.jobsOf("payment.recheck"); got != 1 {
			w.t.Errorf("got %d jobs for money that may come back, want 1", got)
		}
		for _, what := range w.rowsWrong() {
			w.t.Error(what)
		}
	})
}

// What a decision refuses, in order, and what it leaves behind.
func TestWhoDecidesAndHow(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		o := w.order(connector.Debit, 10000)
		o.Simulate = down
		p := w.late(w.pay(o)).Payment
		settled := w.paid(connector.Debit, 100).Payment
		other := w.settle("Other Media", w.profile.Settings)
		foreign := w.reviewer()
		foreign.Realm = other.realm.ID
		elsewhere := w.reviewer()
		elsewhere.Merchants = []ident.ID{other.profile.Merchant}
		ok := payment.Decision{ID: p.ID, Verdict: payment.Accept, Reason: "statement of 21 November, line 4", By: audit.By{Actor: "operator", Origin: "test"}}
		for _, tt := range []struct {
			name  string
			actor access.Actor
			bend  func(d *payment.Decision)
			want  string
		}{
			{"a merchant's key", w.actor, nil, "forbidden.permission"},
			{"no verdict", w.reviewer(), func(d *payment.Decision) { d.Verdict = "" }, "invalid.verdict"},
			{"another verdict", w.reviewer(), func(d *payment.Decision) { d.Verdict = "maybe" }, "invalid.verdict"},
			{"no reason", w.reviewer(), func(d *payment.Decision) { d.Reason = " " }, "invalid.reason"},
			{"a reason of two lines", w.reviewer(), func(d *payment.Decision) { d.Reason = "yes\nno" }, "invalid.reason"},
			{"a novel", w.reviewer(), func(d *payment.Decision) { d.Reason = strings.Repeat("å", 201) }, "invalid.reason"},
			{"a card number", w.reviewer(), func(d *payment.Decision) { d.Reason = "card 4200 0000 0000 0000" }, "invalid.reason"},
			{"another realm", foreign, nil, "not_found.payment"},
			{"another merchant's", elsewhere, nil, "not_found.payment"},
			{"nobody's", w.reviewer(), func(d *payment.Decision) { d.ID = "ffffffffffffffffffffffff" }, "not_found.payment"},
			{"nothing waits", w.reviewer(), func(d *payment.Decision) { d.ID = settled.ID }, "conflict.not_in_review"},
			{"decided", w.reviewer(), nil, ""},
			{"decided otherwise", w.reviewer(), func(d *payment.Decision) { d.Verdict = payment.Return }, "conflict.review.decided"},
		} {
			d := ok
			if tt.bend != nil {
				tt.bend(&d)
			}
			if _, err := w.payments.Decide(ctx, tt.actor, d); fault.Code(err) != tt.want {
				w.t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
			}
		}
		events := w.events(p.ID)
		if got := events[len(events)-1].Data; !strings.Contains(got, `"verdict":"accept","reason":"statement of 21 November, line 4"`) {
			w.t.Errorf("got the event %s", got)
		}
		trail, err := audit.List(ctx, w.db, w.realm.ID, 0, 10)
		if err != nil || len(trail) != 3 || trail[0].Action != "review.accept" || trail[0].Object != p.ID || trail[0].By.Actor != "operator" {
			w.t.Errorf("got the trail %+v, %v, want one line after merchant and profile", trail, err)
		}
	})
}

// Several attempts of one payment wait: each is decided by its own id, and the
// payment stays under review until the last.
func TestSeveralReviewsOfOnePayment(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Debit, 10000).Payment
		var refused []payment.Outcome
		for range 2 {
			refused = append(refused, w.must(connector.Refund, payment.Operation{Payment: p.ID, Amount: eur(6000), Simulate: down}))
		}
		for _, out := range refused {
			w.late(out)
		}
		if _, err := w.decide(p.ID, payment.Accept); fault.Code(err) != "conflict.review.several" {
			w.t.Errorf("got %v, want conflict.review.several", err)
		}
		if out, err := w.decide(refused[0].Attempt.ID, payment.Accept); err != nil || out.Payment.State != payment.Review {
			w.t.Errorf("got %s %s, want review", told(out, err), out.Payment.State)
		}
		if _, err := w.decide(refused[1].Attempt.ID, payment.Accept); fault.Code(err) != "conflict.review.exceeds" {
			w.t.Errorf("got %v, want conflict.review.exceeds", err)
		}
		if out, err := w.decide(p.ID, payment.Return); err != nil || standing(out.Payment) != "captured, captured 100.00, refunded 60.00" {
			w.t.Errorf("got %s %s", told(out, err), standing(out.Payment))
		}
		for _, what := range w.rowsWrong() {
			w.t.Error(what)
		}
	})
}

// Two humans decide at once: one word counts.
func TestRacingDecisions(t *testing.T) {
	each(t, func(w *world) {
		o := w.order(connector.Debit, 10000)
		o.Simulate = down
		p := w.late(w.pay(o)).Payment
		verdicts := []payment.Verdict{payment.Accept, payment.Return}
		heard := make([]string, 8)
		together(len(heard), func(i int) {
			out, err := w.decide(p.ID, verdicts[i%2])
			if heard[i] = told(out, err); out.Replayed && err == nil {
				heard[i] = "replayed"
			}
		})
		if got := counted(heard); got != "1 approved, 3 replayed, 4 conflict.review.decided" && got != "1 failed_late, 3 replayed, 4 conflict.review.decided" {
			w.t.Errorf("got %s", got)
		}
		for _, what := range w.rowsWrong() {
			w.t.Error(what)
		}
	})
}

// A risk review is decided in the same way; a rejection gives the money back.
func TestRiskReviewsAreDecidedToo(t *testing.T) {
	each(t, func(w *world) {
		for v, want := range map[payment.Verdict]string{payment.Accept: "captured, captured 100.00 accept", payment.Return: "captured, captured 100.00, refunded 100.00 reject"} {
			o := w.order(connector.Debit, 10000)
			o.Simulate = map[string]string{"outcome": "review"}
			p := w.pay(o).Payment
			for i := range 2 {
				if out, err := w.decide(p.ID, v); err != nil || out.Replayed != (i == 1) {
					w.t.Errorf("%s, time %d: got %s, replayed %t", v, i+1, told(out, err), out.Replayed)
				}
			}
			w.work(nil)
			if got := w.get(p.ID); standing(got)+" "+got.Risk != want {
				w.t.Errorf("%s: got %s %s, want %s", v, standing(got), got.Risk, want)
			}
		}
		w.sound()
	})
}
