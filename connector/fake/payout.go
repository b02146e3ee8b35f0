package fake

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// Payout is the kind under which a script hears of a payout.
const Payout connector.Kind = "payout"

// payout is one line of the outgoing side of the books: money that went from
// the platform's account to a merchant's. Amounts are decimal text in major
// units, as banks write them; of the account number four digits are kept.
type payout struct {
	Attempt  ident.ID        `json:"attempt"`
	Account  string          `json:"account"`
	Channel  string          `json:"channel"`
	Amount   string          `json:"amount"`
	Currency money.Currency  `json:"currency"`
	Holder   string          `json:"holder,omitempty"`
	Last4    string          `json:"last4"`
	Text     string          `json:"text,omitempty"`
	State    connector.State `json:"state"`
	Code     string          `json:"code,omitempty"`
	At       int64           `json:"at"`
	Due      int64           `json:"due,omitempty"` // ms when Then comes, 0 for never
	Then     connector.State `json:"then,omitempty"`
	Lost     bool            `json:"lost,omitempty"` // the first answer did not reach the asker
}

// How a payout to a test account ends, by the last four digits of its number
// (docs/sandbox.md).
const (
	payNobody  = "0000" // the account is closed: refused on every channel
	payNotFast = "1111" // the account takes direct entry alone
	payBounces = "2222" // it arrives and comes back two days later
	payMute    = "3333" // the answer gets lost; LookupPayout tells the truth
)

const dayMillis = 24 * 3600 * 1000

// Payout takes a payout in: npp arrives at once, direct entry a day later.
func (p *Provider) Payout(ctx context.Context, req connector.Payout) connector.Result {
	if badAttempt(req.Attempt) {
		return foul()
	}
	t, ok := p.fault(Op{req.Attempt, req.Account, Payout, req.Amount, req.At}, "", "")
	if !ok {
		return foul()
	}
	t.On = append(slices.Clone(t.On), Payout) // a script's fault strikes payouts too
	mute := false
	r := p.pass(ctx, Payout, t, func(w *writing) connector.Result {
		p.observe(w, req.Account, req.At)
		n, known := w.paid[req.Attempt]
		if !known {
			n = len(w.payouts)
			w.pay(n, judgePayout(req))
		}
		mute = w.payouts[n].Lost && !known
		return w.payouts[n].result(n)
	})
	if mute {
		return unknown("no answer")
	}
	return r
}

// LookupPayout tells what became of a payout by the moment of the question.
func (p *Provider) LookupPayout(ctx context.Context, q connector.Question) connector.Result {
	if ctx.Err() != nil {
		return unknown("gave up before sending")
	}
	r := connector.Result{State: connector.NotFound}
	err := p.books.do(func(w *writing) {
		p.observe(w, q.Account, q.At)
		n, known := w.paid[q.Attempt]
		if !known || w.payouts[n].Account != q.Account {
			return
		}
		out := w.payouts[n]
		for out.Due > 0 && out.Due <= millis(q.At) {
			out.turn()
			w.pay(n, out)
		}
		r = out.result(n)
	})
	if err != nil {
		return unknown("the books failed: " + err.Error())
	}
	return r
}

// judgePayout decides what becomes of a payout.
func judgePayout(req connector.Payout) payout {
	number := req.To.Number.Reveal()
	out := payout{Attempt: req.Attempt, Account: req.Account, Channel: req.Channel, Amount: writeMajor(req.Amount.Minor, max(digitsOf(req.Amount.Currency), 0)),
		Currency: req.Amount.Currency, Holder: req.To.Holder, Last4: number[max(0, len(number)-4):], Text: req.Descriptor, At: millis(req.At)}
	out.Lost = out.Last4 == payMute
	switch {
	case digitsOf(req.Amount.Currency) < 0:
		out.State, out.Code = connector.Refused, badCurrency
	case req.Amount.Minor < 1:
		out.State, out.Code = connector.Refused, badAmount
	case req.Channel != connector.NPP && req.Channel != connector.DirectEntry:
		out.State, out.Code = connector.Refused, wrongState
	case out.Last4 == payNobody, out.Last4 == payNotFast && req.Channel == connector.NPP:
		out.State, out.Code = connector.Refused, refundReturned
	case req.Channel == connector.DirectEntry:
		out.State, out.Due, out.Then = connector.Pending, out.At+dayMillis, connector.Approved
	default:
		out.arrive(out.At)
	}
	return out
}

// turn does what was to happen at the due moment.
func (o *payout) turn() {
	if o.Then == connector.Approved {
		o.arrive(o.Due)
		return
	}
	o.State, o.Code, o.Due, o.Then = o.Then, refundReturned, 0, ""
}

func (o *payout) arrive(at int64) {
	o.State, o.Due, o.Then = connector.Approved, 0, ""
	if o.Last4 == payBounces {
		o.Due, o.Then = at+2*dayMillis, connector.Refused
	}
}

func (o *payout) money() money.Amount {
	n, _ := readMajor(o.Amount) // the books wrote it themselves
	return money.Of(n/power(4-max(digitsOf(o.Currency), 0)), o.Currency)
}

func (o *payout) result(n int) connector.Result {
	r := connector.Result{State: o.State, Code: o.Code, Reference: "tbp_" + strconv.FormatInt(int64(n)+1, 36), Amount: o.money(), Provider: "TB-" + string(o.State)}
	if o.State == connector.Refused {
		r.Provider = "TB-" + o.Code[strings.LastIndexByte(o.Code, '.')+1:]
	}
	if o.State == connector.Pending {
		r.CheckAfterSeconds = 6 * 3600
	}
	return r
}

// pay writes a payout at its place and into the journal.
func (w *writing) pay(n int, o payout) {
	w.putPayout(n, o)
	if w.journal != nil {
		w.entries = append(w.entries, entry{Payout: &o})
	}
}

// putPayout writes a payout into memory.
func (b *Books) putPayout(n int, o payout) {
	if n == len(b.payouts) {
		b.payouts = append(b.payouts, o)
		b.paid[o.Attempt] = n
		return
	}
	b.payouts[n] = o
}

// PaidOut is one line of the outgoing side of the books, for reconciliation.
type PaidOut struct {
	Attempt ident.ID
	Account string
	Channel string
	State   connector.State
	Amount  money.Amount
	Last4   string
}

// Payouts lists what was asked to be paid out, refused payouts too, in order.
func (b *Books) Payouts() ([]PaidOut, error) {
	var out []PaidOut
	err := b.do(func(w *writing) {
		for _, o := range w.payouts {
			out = append(out, PaidOut{Attempt: o.Attempt, Account: o.Account, Channel: o.Channel, State: o.State, Amount: o.money(), Last4: o.Last4})
		}
	})
	return out, err
}

const payoutNotes = `
## Payouts

Payouts to merchants have a side of the books of their own, in decimal text of
the major unit. npp arrives at once, direct entry a day later. The last four
digits of the account's number say what becomes of it:

| ends in | outcome |
| --- | --- |
| ` + "`" + payNobody + "`" + ` | refused on every channel, ` + "`" + refundReturned + "`" + ` |
| ` + "`" + payNotFast + "`" + ` | refused by npp, taken by direct entry |
| ` + "`" + payBounces + "`" + ` | it arrives, and comes back two days later |
| ` + "`" + payMute + "`" + ` | it arrives, and the answer gets lost: the payout is looked up |
| others | it arrives |
`
