package fake

import (
	"context"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
)

// holdMillis is how long an authorisation can be captured: 30 days.
const holdMillis = 30 * 24 * 3600 * 1000

// Capture takes a part or all of what an authorisation holds; a final one
// releases the rest. The provider's own limits refuse whatever is too much.
func (p *Provider) Capture(ctx context.Context, op connector.Operation) connector.Result {
	return p.operate(ctx, connector.Capture, op, func(c, root *charge) string {
		switch {
		case root.Kind != connector.Authorise || root.State != connector.Approved || root.open() == 0:
			return wrongState
		case c.At-root.At > holdMillis:
			return holdOver
		case c.Amount > root.open():
			return exceeds
		}
		root.Captured += c.Amount
		if op.Final {
			root.Voided += root.open()
		}
		return ""
	})
}

// Void releases what an authorisation still holds, or takes a debit back on
// the day (UTC) it was made. Without an amount it takes all there is.
func (p *Provider) Void(ctx context.Context, op connector.Operation) connector.Result {
	return p.operate(ctx, connector.Void, op, func(c, root *charge) string {
		const day = 24 * 3600 * 1000
		rest, taken := root.open(), &root.Voided
		if root.Kind == connector.Debit {
			rest, taken = root.refundable(), &root.Refunded
			if c.At/day != root.At/day || root.Method == method.Voucher || root.Method.ByBank() {
				return wrongState
			}
		}
		if c.Amount == 0 {
			c.Amount, c.Currency = rest, root.Currency
		}
		switch {
		case root.State != connector.Approved || rest == 0:
			return wrongState
		case c.Amount > rest:
			return exceeds
		}
		*taken += c.Amount
		return ""
	})
}

// Refund gives back a part or all of what was captured.
func (p *Provider) Refund(ctx context.Context, op connector.Operation) connector.Result {
	return p.operate(ctx, connector.Refund, op, func(c, root *charge) string {
		switch {
		case root.State != connector.Approved || root.refundable() == 0:
			return wrongState
		case c.Amount > root.refundable():
			return exceeds
		}
		root.Refunded += c.Amount
		return ""
	})
}

// operate takes in an operation on an earlier charge. rule checks it against
// the root and changes the root's sums, or returns why not.
func (p *Provider) operate(ctx context.Context, kind connector.Kind, op connector.Operation, rule func(c, root *charge) string) connector.Result {
	var own Fault
	err := p.books.do(func(w *writing) {
		p.observe(w, op.Account, op.At)
		if root, ok := w.original(op.Account, op.Original, op.Reference); ok {
			if t, ok := root.Fault.trouble(); ok && t.later(root.Kind) {
				own = t.name()
			}
		}
	})
	if err != nil {
		return unknown("the books failed: " + err.Error())
	}
	t, ok := p.fault(Op{op.Attempt, op.Account, kind, op.Amount, op.At}, op.Simulate["fault"], own)
	if !ok || badAttempt(op.Attempt) {
		return foul()
	}
	return p.pass(ctx, kind, t, func(w *writing) connector.Result {
		if c, ok := w.find(op.Account, op.Attempt); ok && !forgotten(c, op.At) {
			return p.result(c)
		}
		c := p.perform(w, kind, op, t, rule)
		w.add(&c)
		p.announce(w, c, t)
		return p.result(c)
	})
}

// perform makes the charge of an operation and writes its effect on the root.
func (p *Provider) perform(w *writing, kind connector.Kind, op connector.Operation, t Trouble, rule func(c, root *charge) string) charge {
	c := charge{Root: -1, Attempt: op.Attempt, Account: op.Account, Kind: kind, Method: method.Card, Currency: op.Amount.Currency,
		At: millis(op.At), Fault: t.name()}
	root, found := w.original(op.Account, op.Original, op.Reference)
	if found {
		c.Root, c.Method, c.Brand, c.BIN, c.Last4 = root.N, root.Method, root.Brand, root.BIN, root.Last4
	}
	whole := kind == connector.Void && op.Amount.Minor == 0
	if !p.count(&c, op.Amount, t) && !whole {
		return c
	}
	switch {
	case !found:
		c.become(connector.Refused, noOriginal)
	case !whole && c.Currency != root.Currency:
		c.become(connector.Refused, badCurrency)
	default:
		if code := rule(&c, &root); code != "" {
			c.become(connector.Refused, code)
			return c
		}
		c.become(connector.Approved, "")
		c.plan(t, c.At)
		c.wait()
		w.set(&root)
	}
	return c
}

// wait: banks take their time to pay back what came through them, and cards and
// wallets do not. What goes wrong with it later counts from when it is paid.
func (c *charge) wait() {
	if c.Kind == connector.Refund && c.Method.ByBank() && c.State == connector.Approved {
		c.State, c.Due, c.Turn = connector.Pending, clearsAt(c.At), turn{State: connector.Approved}
	}
}

// original is the authorisation or debit that an operation refers to, by the
// attempt's id or by ours.
func (b *Books) original(account string, attempt ident.ID, reference string) (charge, bool) {
	c, ok := b.find(account, attempt)
	if !ok {
		c, ok = b.numbered(account, reference)
	}
	if !ok {
		return c, false
	}
	return b.root(c), true
}
