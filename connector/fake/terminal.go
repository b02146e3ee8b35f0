package fake

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
)

// terminal is a card terminal in the books. It serves itself, as the amount says,
// until a cashier takes it over on its page.
type terminal struct {
	Account string    `json:"account"`
	Name    string    `json:"name"`
	Off     bool      `json:"off,omitempty"`
	ByHand  bool      `json:"byHand,omitempty"`
	Last    int32     `json:"last"` // the newest payment pushed to it, or -1
	Printed []printed `json:"printed,omitempty"`
	Shop    string    `json:"shop,omitempty"`
}

// printed is a receipt on its paper.
type printed struct {
	ID    ident.ID `json:"id"`
	At    int64    `json:"at"`
	Lines []string `json:"lines"`
}

const (
	terminalSeconds = 120 // how long a terminal waits for the payer
	swiftSeconds    = 3   // how long one that serves itself takes
	paperLength     = 20  // receipts that a terminal's paper shows
	// deadTerminal ends the names of terminals that are switched off at first.
	deadTerminal = "a2"
)

// terminalKey names a terminal of an account.
func terminalKey(account, name string) string { return account + "\x00" + name }

// terminal finds a terminal, or the state in which it would be found. n is its
// place, -1 when nobody has used it.
func (b *Books) terminal(account, name string) (t terminal, n int) {
	if n, ok := b.tills[terminalKey(account, name)]; ok {
		return b.terminals[n], n
	}
	return terminal{Account: account, Name: name, Off: strings.HasSuffix(name, deadTerminal), Last: -1}, -1
}

// keep writes a terminal at its place, or a new one, and into the journal.
func (w *writing) keep(t terminal) {
	w.putTerminal(t)
	if w.journal != nil {
		w.entries = append(w.entries, entry{Terminal: &t})
	}
}

func (b *Books) putTerminal(t terminal) {
	k := terminalKey(t.Account, t.Name)
	n, known := b.tills[k]
	if !known {
		n = len(b.terminals)
		b.terminals = append(b.terminals, t)
		b.tills[k] = n
	}
	b.terminals[n] = t
}

// open is the payment that a terminal has at a moment, if any.
func (p *Provider) openAt(w *writing, t terminal, at int64) (c charge, busy bool) {
	if t.Last < 0 {
		return c, false
	}
	c = w.get(t.Last)
	if c.Due > 0 && c.Due <= at {
		p.turn(w, &c)
	}
	return c, c.State == connector.Pending && !c.decided()
}

// judgeTerminal pushes a payment to a terminal. One that serves itself does after
// three seconds what the last two digits of the amount say (spense sheet, section
// 11); one that a cashier has taken over waits for the cashier.
func (p *Provider) judgeTerminal(w *writing, req connector.Request) verdict {
	t, _ := w.terminal(req.Account, req.Terminal)
	_, busy := p.openAt(w, t, millis(req.At))
	switch {
	case req.Kind != connector.Debit || req.Terminal == "":
		return no(noOperation)
	case t.Off:
		return no(fault.UnavailableTerminalOff)
	case busy:
		return no(fault.UnavailableTerminalBusy)
	}
	v := held(terminalSeconds, never)
	if end, wished := forced(req); wished && end.state != connector.Pending {
		v = held(swiftSeconds, turn{State: end.state, Code: end.code})
	} else if !wished && !t.ByHand {
		v = byTerminalAmount(req.Amount.Minor)
	}
	v.visit = &visit{Page: pageTerminal, Descriptor: req.Descriptor, Quote: req.Terminal, Then: turn{State: connector.Approved}}
	if v.seconds == laterSeconds { // it says nothing until then
		v.visit.Mute = millis(req.At) + laterSeconds*1000
	}
	return v
}

// byTerminalAmount are the outcomes of the last two digits of an amount.
func byTerminalAmount(minor int64) verdict {
	switch minor % 100 {
	case 1:
		return held(swiftSeconds, turn{State: connector.Refused, Code: doNotHonour})
	case 2:
		return held(swiftSeconds, turn{State: connector.Refused, Code: walletLeft})
	case 3:
		return held(terminalSeconds, never)
	case 4:
		return no(fault.UnavailableTerminalOff)
	case 5:
		return held(laterSeconds, turn{State: connector.Approved})
	}
	return held(swiftSeconds, turn{State: connector.Approved})
}

// pushed notes on the terminal what it has now.
func (w *writing) pushed(c charge) {
	if c.Method != method.Terminal || c.State != connector.Pending {
		return
	}
	t, _ := w.terminal(c.Account, c.Visit.Quote)
	t.Last, t.Shop = c.N, c.Visit.Descriptor
	w.keep(t)
}

// Ready says how a terminal is. Every name is a terminal here.
func (p *Provider) Ready(ctx context.Context, q connector.TerminalQuestion) connector.State {
	if ctx.Err() != nil {
		return connector.Unknown
	}
	state := connector.NotFound
	err := p.books.do(func(w *writing) {
		p.observe(w, q.Account, q.At)
		if q.Terminal == "" {
			return
		}
		t, _ := w.terminal(q.Account, q.Terminal)
		_, busy := p.openAt(w, t, millis(q.At))
		switch {
		case t.Off:
			state = connector.Refused
		case busy:
			state = connector.Pending
		default:
			state = connector.Approved
		}
	})
	if err != nil {
		return connector.Unknown
	}
	return state
}

// PrintReceipt prints a text on a terminal's paper, which its page shows.
func (p *Provider) PrintReceipt(ctx context.Context, r connector.Receipt) connector.Result {
	if ctx.Err() != nil {
		return unknown("gave up before sending")
	}
	out := connector.Result{State: connector.Approved, Provider: "TB-printed"}
	err := p.books.do(func(w *writing) {
		p.observe(w, r.Account, r.At)
		t, _ := w.terminal(r.Account, r.Terminal)
		_, busy := p.openAt(w, t, millis(r.At))
		switch {
		case slices.ContainsFunc(t.Printed, func(o printed) bool { return o.ID == r.ID }):
			return
		case t.Off:
			out = connector.Result{State: connector.Refused, Code: fault.UnavailableTerminalOff}
			return
		case busy:
			out = connector.Result{State: connector.Refused, Code: fault.UnavailableTerminalBusy}
			return
		}
		t.Printed = append(slices.Clone(t.Printed), printed{r.ID, millis(r.At), slices.Clone(r.Lines)})
		t.Printed = t.Printed[max(0, len(t.Printed)-paperLength):]
		w.keep(t)
	})
	if err != nil {
		return unknown("the books failed: " + err.Error())
	}
	return out
}

// Switch turns a terminal on or off, or hands it to a cashier (byHand) or back to
// itself. A payment that is open on a terminal that is switched off fails.
// Faults: internal.
func (p *Provider) Switch(account, name string, off, byHand bool, at time.Time) error {
	err := p.books.do(func(w *writing) {
		p.observe(w, account, at)
		p.switchTerminal(w, account, name, off, byHand, millis(at))
	})
	return either(nil, err)
}

func (p *Provider) switchTerminal(w *writing, account, name string, off, byHand bool, at int64) {
	t, _ := w.terminal(account, name)
	if c, busy := p.openAt(w, t, at); busy && off {
		p.settle(w, &c, connector.Refused, fault.UnavailableTerminalOff, at)
	}
	t.Off, t.ByHand = off, byHand
	w.keep(t)
}

// Till is a terminal as the sandbox lists it.
type Till struct {
	Account, Name, Page string
	Off, ByHand         bool
	Receipts            [][]string
}

// Till finds a terminal of an account, used or not, with the address of its page.
func (p *Provider) Till(account, name string) (Till, error) {
	var out Till
	err := p.books.do(func(w *writing) {
		t, n := w.terminal(account, name)
		if n < 0 {
			w.keep(t)
			t, n = w.terminal(account, name)
		}
		out = p.till(t, n)
	})
	return out, either(nil, err)
}

func (p *Provider) till(t terminal, n int) Till {
	out := Till{Account: t.Account, Name: t.Name, Off: t.Off, ByHand: t.ByHand, Page: p.terminalPage(n)}
	for _, r := range t.Printed {
		out.Receipts = append(out.Receipts, r.Lines)
	}
	return out
}

// Tills lists the terminals that somebody has used, with the addresses of their
// pages, by account and name.
func (p *Provider) Tills() ([]Till, error) {
	var out []Till
	err := p.books.do(func(w *writing) {
		for n, t := range w.terminals {
			out = append(out, p.till(t, n))
		}
	})
	slices.SortFunc(out, func(a, b Till) int { return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Name, b.Name)) })
	return out, either(nil, err)
}
