package fake

import (
	"context"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/money"
)

// Lookup is the kind under which a script hears of a Lookup. Any fault it
// chooses makes the answer unknown.
const Lookup connector.Kind = "lookup"

// Lookup tells what became of an attempt, at the moment of the question.
func (p *Provider) Lookup(ctx context.Context, q connector.Question) connector.Result {
	if ctx.Err() != nil {
		return unknown("gave up before sending")
	}
	if p.script != nil && p.script(Op{q.Attempt, q.Account, Lookup, money.Amount{}, q.At}) != "" {
		return unknown("no answer")
	}
	r := connector.Result{State: connector.NotFound}
	err := p.books.do(func(w *writing) {
		p.observe(w, q.Account, q.At)
		c, ok := w.numbered(q.Account, q.Reference)
		if !ok || c.Attempt != q.Attempt {
			c, ok = w.find(q.Account, q.Attempt)
		}
		if !ok {
			return
		}
		if t, ok := c.Fault.trouble(); ok && t.Fault == LookupDown && millis(q.At) < c.At+t.ms() {
			r = unknown("no answer")
			return
		}
		if c.Visit != nil && millis(q.At) < c.Visit.Mute {
			r = unknown("no answer")
			return
		}
		if c.Due > 0 && c.Due <= millis(q.At) {
			p.turn(w, &c)
		}
		r = p.result(c)
		r.Arrivals = w.arrivals(c)
	})
	if err != nil {
		return unknown("the books failed: " + err.Error())
	}
	return r
}

// turn does what was to happen to a charge at its due moment.
func (p *Provider) turn(w *writing, c *charge) {
	at, t := c.Due, c.Turn
	if t.Kind == Chargeback {
		c.Due, c.Turn = 0, turn{}
		w.set(c)
		root := w.root(*c)
		if n := min(c.Amount, root.refundable()); n > 0 {
			w.dispute(root, n, at, "000.100.222")
		}
		*c = w.get(c.N)
		return
	}
	p.settle(w, c, t.State, t.Code, at)
}

// settle gives a charge its new state, with all that follows: the sums of what
// it operates on, what its fault has in store, and a callback.
func (p *Provider) settle(w *writing, c *charge, state connector.State, code string, at int64) {
	if c.Kind == connector.Refund && state == connector.Refused && c.State != connector.Refused && c.Root >= 0 {
		root := w.root(*c)
		root.Refunded -= c.Amount
		w.set(&root)
	}
	if c.debit() && c.State == connector.Approved && state == connector.Refused { // the payer's bank takes it back
		c.Disputed = c.Captured
	}
	c.become(state, code)
	c.Done = at
	t, _ := c.Fault.trouble()
	c.plan(t, at)
	w.set(c)
	w.final(*c, t, at)
}

// dispute books a chargeback of n on a root charge.
func (w *writing) dispute(root charge, n, at int64, reason string) {
	root.Disputed += n
	w.set(&root)
	w.bank(root, Chargeback, n, at, reason)
}

// bank books an entry that the payer's bank made, and tells about it.
func (w *writing) bank(root charge, kind connector.Kind, n, at int64, reason string) charge {
	c := charge{Root: root.N, Attempt: root.Attempt, Account: root.Account, Kind: kind, Method: root.Method, Brand: root.Brand,
		State: connector.Approved, Reason: reason, Currency: root.Currency, Amount: n, BIN: root.BIN, Last4: root.Last4, Bank: true, At: at}
	if kind == connector.Debit {
		c.Captured = n
	}
	w.add(&c)
	w.call(call{N: c.N, Kind: kind, State: c.State, Amount: n, Due: at})
	return c
}
