package fake

import (
	"context"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/money"
)

// Cancelling is the kind under which a script hears of a Cancel. LostRequest
// leaves it without effect, any other fault without an answer.
const Cancelling connector.Kind = "cancel"

// Cancel withdraws an attempt that is pending and tells what became of it: a
// direct debit until it is sent at midnight (UTC), a bank transfer until the
// first money comes, and a page that the payer has not decided on.
func (p *Provider) Cancel(ctx context.Context, q connector.Question) connector.Result {
	if ctx.Err() != nil {
		return unknown("gave up before sending")
	}
	wrong := Fault("")
	if p.script != nil {
		wrong = p.script(Op{q.Attempt, q.Account, Cancelling, money.Amount{}, q.At})
	}
	if wrong == LostRequest {
		return unknown("no answer")
	}
	r := connector.Result{State: connector.NotFound}
	err := p.books.do(func(w *writing) {
		p.observe(w, q.Account, q.At)
		c, ok := w.find(q.Account, q.Attempt)
		if !ok {
			return
		}
		at := millis(q.At)
		if c.Due > 0 && c.Due <= at {
			p.turn(w, &c)
		}
		if w.withdrawable(c, at) {
			c.become(connector.Refused, withdrawn)
			w.set(&c)
		}
		r = p.result(c)
		r.Arrivals = w.arrivals(c)
	})
	switch {
	case err != nil:
		return unknown("the books failed: " + err.Error())
	case wrong != "":
		return unknown("no answer")
	}
	return r
}

// withdrawable says whether a charge can still be withdrawn.
func (b *Books) withdrawable(c charge, at int64) bool {
	switch {
	case c.State != connector.Pending || c.Root >= 0:
		return false
	case c.debit():
		return at < sentAt(c.At)
	case c.Visit == nil:
		return false
	case c.Visit.Page == "":
		return len(b.arrived[c.N]) == 0
	}
	return !c.decided()
}
