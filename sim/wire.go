package sim

import (
	"context"
	"slices"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/ident"
)

// wire stands between a process and the provider. The process may die before
// and behind it, others may act meanwhile, and a request may take so long that
// nobody waits for its answer.
type wire struct {
	w *World
	*fake.Provider
}

// request is one that nobody waits for any more, and that arrives all the same.
type request struct {
	due     time.Time
	attempt ident.ID
	arrive  func()
}

// Authorise is the provider's, over the wire.
func (x *wire) Authorise(ctx context.Context, req connector.Request) connector.Result {
	x.w.sold(req)
	return x.through(connector.Operation{Attempt: req.Attempt, Original: req.Attempt, Account: req.Account, At: req.At}, req.Kind, func() connector.Result { return x.Provider.Authorise(ctx, req) })
}

// Capture is the provider's, over the wire.
func (x *wire) Capture(ctx context.Context, op connector.Operation) connector.Result {
	return x.through(op, connector.Capture, func() connector.Result { return x.Provider.Capture(ctx, op) })
}

// Refund is the provider's, over the wire.
func (x *wire) Refund(ctx context.Context, op connector.Operation) connector.Result {
	return x.through(op, connector.Refund, func() connector.Result { return x.Provider.Refund(ctx, op) })
}

// Void is the provider's, over the wire.
func (x *wire) Void(ctx context.Context, op connector.Operation) connector.Result {
	return x.through(op, connector.Void, func() connector.Result { return x.Provider.Void(ctx, op) })
}

// Lookup is the provider's, over the wire.
func (x *wire) Lookup(ctx context.Context, q connector.Question) connector.Result {
	x.w.mayDie("before a lookup")
	x.w.interleave(60)
	r := x.Provider.Lookup(ctx, q)
	x.w.say("lookup %s %s -> %s %s", q.Kind, short(q.Attempt), r.State, r.Code)
	x.w.mayDie("after a lookup")
	x.w.interleave(60)
	return r
}

// edge is how long the provider may sit on a request whose sender has given up.
const edge = 4 * time.Second

// through carries one request. It has until the context of the sender ends,
// and then what the provider's edge may take: a lookup's "never seen" is proof
// only after that.
func (x *wire) through(op connector.Operation, kind connector.Kind, ask func() connector.Result) connector.Result {
	w, attempt := x.w, op.Attempt
	w.sent(attempt, op.Original)
	w.mayDie("before a request")
	end := w.wall.Add(max(connector.Patience-w.age(op), 0))
	w.promptly(end, func() { w.interleave(120) })
	if !w.peace() && w.luck.faults.in(25) {
		w.wrong("request late")
		w.say("the request %s %s takes its time", kind, short(attempt))
		due := w.wall.Add(time.Duration(1+w.luck.latency.IntN(20)) * time.Second)
		if last := end.Add(edge); due.After(last) {
			due = last
		}
		w.underway = append(w.underway, request{due: due, attempt: attempt, arrive: func() { ask() }})
		slices.SortStableFunc(w.underway, func(a, b request) int { return a.due.Compare(b.due) })
		return connector.Result{State: connector.Unknown, Provider: "no answer"}
	}
	r := ask()
	w.say("provider: %s %s -> %s %s %s", kind, short(attempt), r.State, r.Code, r.Provider)
	w.pass(time.Duration(20+w.luck.latency.IntN(400)) * time.Millisecond)
	w.mayDie("after an answer")
	w.interleave(120)
	return r
}

// age is how long ago, by the clock of its house, what op asks for was written
// down. A house that nobody knows has none.
func (w *World) age(op connector.Operation) time.Duration {
	for _, h := range w.houses {
		if h.account() == op.Account {
			return max(w.db.Now(h.realm.ID).Sub(op.At), 0)
		}
	}
	return 0
}

// script is what goes wrong at the provider.
func (w *World) script(op fake.Op) fake.Fault {
	if w.peace() || w.silent {
		return ""
	}
	if op.Kind == fake.Lookup {
		if w.luck.faults.in(100) {
			w.wrong("lookup unanswered")
			return fake.LostAnswer
		}
		return ""
	}
	if !w.luck.faults.in(750) {
		return ""
	}
	t := among(w.luck.faults, fake.Catalogue)
	if !slices.Contains(t.On, op.Kind) {
		return ""
	}
	w.wrong(string(t.Fault))
	w.faults[op.Attempt] = t.Fault
	return t.Fault
}

// wait is how the provider takes its time over an answer. Others act meanwhile;
// now and then it takes longer than anybody waits.
func (w *World) wait(_ context.Context, d time.Duration) error {
	w.pass(d)
	w.interleave(500)
	if !w.peace() && w.luck.latency.in(250) {
		return context.DeadlineExceeded
	}
	return nil
}
