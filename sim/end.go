package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/webhook"
)

// rest are the pauses in which a world without faults has to come to rest: long
// enough for every lease, for the longest pause between two tries, for a slip's
// life and for every hold.
func rest() (list []time.Duration) {
	for _, part := range []struct {
		d time.Duration
		n int
	}{{time.Second, 2}, {40 * time.Second, 4}, {3 * time.Minute, 4}, {20 * time.Minute, 4}, {2 * time.Hour, 3}, {7 * time.Hour, 5}, {25 * time.Hour, 8}} {
		for range part.n {
			list = append(list, part.d)
		}
	}
	return list
}

// end stops all faults, waits until everything has come to rest, and holds the
// whole against the provider's books.
func (w *World) end() {
	w.quiet, w.depth = true, 0
	w.say("faults stop")
	w.reboot()
	w.quiet = true
	for _, r := range w.receivers {
		r.down = false
	}
	for _, d := range rest() {
		w.pass(d)
		w.drain()
	}
	for _, s := range w.sales {
		w.check(s)
	}
	for _, h := range w.houses {
		w.settled(h)
		w.verify(h)
	}
	w.heard()
	w.visited()
	w.probe()
}

// drain does all work that is due.
func (w *World) drain() {
	for range 100_000 {
		busy := w.callback(50)
		busy = w.work(50) || busy
		if busy = w.deliver(50) || busy; !busy {
			return
		}
	}
	w.object("liveness", "the work never ends")
}

// all lists the payments of a house.
func (w *World) all(h *house) (out []payment.Payment) {
	n, ctx := w.pick()
	for before := ident.ID(""); ; {
		list, err := n.payments.List(ctx, h.actor, before, 100)
		if err != nil {
			w.object("rows", "%v", err)
		}
		out = append(out, list...)
		if len(list) < 100 {
			return out
		}
		before = list[len(list)-1].ID
	}
}

// settled: no payment and no attempt is open, and the provider's books are ours,
// line by line (P8, R1).
func (w *World) settled(h *house) {
	n, ctx := w.pick()
	ours, byHand := map[string]int{}, map[ident.ID]bool{}
	for _, p := range w.all(h) {
		if !p.Final() {
			w.object("liveness", "payment %s is still %s", p.ID, p.State)
		}
		list, err := n.payments.Attempts(ctx, h.realm.ID, p.ID)
		if err != nil {
			w.object("rows", "%v", err)
		}
		w.rows(p, list)
		for _, a := range list { // of all first: ids do not tell which came first
			if a.State == payment.AttemptReview {
				byHand[a.ID] = true // a person compares the amounts
			}
		}
		for _, a := range list {
			switch a.State {
			case payment.Sent, payment.AttemptPending, payment.AttemptUnknown:
				w.object("liveness", "%s %s of payment %s is still %s", a.Kind, a.ID, p.ID, a.State)
			case payment.AttemptReview:
				if p.State != payment.Review {
					w.object("review", "attempt %s waits for a person, and payment %s, %s, does not show it", a.ID, p.ID, p.State)
				}
			case payment.Approved, payment.LateSuccess:
				disputed := a.Kind == payment.Chargeback || a.Kind == payment.ChargebackReversal
				if !byHand[p.ID] && !(disputed && p.State == payment.Review) {
					ours[line(p, a)]++
				}
			}
		}
	}
	w.reconcile(h, ours, byHand)
	jobs, err := n.jobs.Quarantined(ctx)
	if err != nil || len(jobs) > 0 {
		w.object("liveness", "jobs were set aside: %+v %v", jobs, err)
	}
}

// line is a line of the books. What a bank did, and who paid a slip, has no
// attempt that both sides know, but the provider's reference. Taking back a
// single capture is a refund in the provider's eyes.
func line(p payment.Payment, a payment.Attempt) string {
	name, kind := string(a.ID), a.Kind
	switch {
	case kind == payment.Chargeback, kind == payment.ChargebackReversal, kind == connector.Debit && p.Method == method.Voucher:
		name = a.ProviderRef
	case kind == connector.Void && a.Original != p.ID:
		kind = connector.Refund
	}
	return fmt.Sprintf("%s %s %d %s", kind, name, a.Amount.Minor, a.Amount.Currency)
}

// theirs is the same line as the provider has it.
func theirs(e fake.Entry) string {
	name := string(e.Attempt)
	if e.Bank || e.Kind == connector.Debit && e.Method == method.Voucher {
		name = e.Reference
	}
	return fmt.Sprintf("%s %s %d %s", e.Kind, name, e.Money.Minor, e.Money.Currency)
}

func (w *World) reconcile(h *house, ours map[string]int, byHand map[ident.ID]bool) {
	entries, err := w.provider.Books().Entries()
	if err != nil {
		w.object("provider", "%v", err)
	}
	for _, e := range entries {
		if e.Account != h.account() || e.State != connector.Approved {
			continue
		}
		// What a bank does with a payment under review, and what belongs to which
		// visit at the counter, a person finds out.
		s := w.owner[e.Attempt]
		if byHand[e.Attempt] || e.Bank && e.Kind != connector.Debit && s != nil && s.state.State == payment.Review {
			w.seen("left to a person")
			continue
		}
		if e.Bank && e.Kind == connector.Debit {
			w.seen("surplus")
		}
		key := theirs(e)
		if ours[key]--; ours[key] < 0 {
			w.object("reconcile", "the provider has %q about %s, and we do not (%s)", key, e.Attempt, w.faults[e.Attempt])
		}
	}
	for _, key := range names(ours) {
		if ours[key] > 0 {
			w.object("reconcile", "we have %q, and the provider does not", key)
		}
	}
}

// verify recomputes the books as the operator's command does.
func (w *World) verify(h *house) {
	books, err := ledger.Verify(w.ctx, w.db, h.realm.ID, func(int64, int64) {})
	if err != nil || len(books) > 0 {
		w.object("books", "%v %v", books, err)
	}
	payments, err := payment.Verify(w.ctx, w.db, h.realm.ID, func(int64) {})
	if err != nil || len(payments) > 0 {
		w.object("books", "%v %v", payments, err)
	}
	trail, err := audit.Verify(w.ctx, w.db, h.realm.ID)
	if err != nil || trail != "" {
		w.object("books", "audit trail: %s %v", trail, err)
	}
}

// visited: a checkout whose payment went through says so.
func (w *World) visited() {
	n, ctx := w.pick()
	for _, v := range w.sessions {
		sess, _, err := n.checkouts.ByKey(ctx, v.key)
		if err != nil {
			w.object("checkout", "%v", err)
		}
		for _, s := range v.paid {
			if s.state.State != payment.Review && s.state.Succeeded() && sess.State != checkout.Paid {
				w.object("checkout", "checkout %s is %s, and payment %s is %s", v.id, sess.State, s.id, s.state.State)
			}
		}
	}
}

// heard: everybody has heard of everything (E1, E2).
func (w *World) heard() {
	n, ctx := w.pick()
	for _, r := range w.receivers {
		for _, p := range w.all(r.house) {
			list, err := n.webhooks.About(ctx, r.house.realm.ID, p.ID)
			if err != nil {
				w.object("webhook", "%v", err)
			}
			list = slices.DeleteFunc(list, func(d webhook.Delivery) bool { return d.Endpoint != r.endpoint.ID })
			for i, d := range list {
				if d.Seq != int64(i)+1 {
					w.object("events", "%s is owed event %d of %s where %d comes next", r.endpoint.URL, d.Seq, p.ID, i+1)
				}
				if d.State == webhook.Waiting {
					w.object("liveness", "%s still waits for event %d of %s", r.endpoint.URL, d.Seq, p.ID)
				}
				if d.State == webhook.Sent && !r.took[d.Event] {
					w.object("lost message", "event %d of %s is marked sent, and %s never took it", d.Seq, p.ID, r.endpoint.URL)
				}
				if d.State != webhook.Sent {
					w.object("lost message", "event %d of %s to %s ended as %s (%s)", d.Seq, p.ID, r.endpoint.URL, d.State, d.Error)
				}
			}
			if int64(len(list)) != p.Seq {
				w.object("events", "%s is owed %d events of %s, which has had %d", r.endpoint.URL, len(list), p.ID, p.Seq)
			}
		}
	}
}

// probe: at rest, exactly what is left can be given back or let go, and not a
// unit more. By then nothing is in doubt, so a refusal would be a mistake too.
func (w *World) probe() {
	for i, s := range w.sales {
		p := s.state
		if i%4 != int(w.plan.Seed%4) || p.State == payment.Review || p.Disputed > 0 || p.CapturedAt.IsZero() || p.Refundable() == 0 {
			continue
		}
		if w.now(s.house).After(p.CapturedAt.AddDate(0, 0, p.Details.RefundDays)) {
			continue
		}
		n, ctx := w.pick()
		rest := p.Refundable()
		op := payment.Operation{Payment: s.id, Amount: money.Of(rest+1, p.Amount.Currency)}
		if _, err := n.payments.Refund(ctx, s.house.actor, op); err == nil {
			w.object("over-refund", "%d of %d were given back on %s", rest+1, rest, s.id)
		}
		op.Amount = money.Of(rest, p.Amount.Currency)
		out, err := n.payments.Refund(ctx, s.house.actor, op)
		if err != nil || out.Attempt.State == payment.Refused {
			w.object("availability", "the %d that are left of %s cannot be given back: %s %v", rest, s.id, out.Attempt.Code, err)
		}
	}
}
