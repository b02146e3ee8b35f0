package fake

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
)

// The page on which a test cashier works a terminal.

// What a cashier can do beside approving, declining and cancelling.
const (
	doOff    = "off"
	doOn     = "on"
	doServe  = "serve"
	doLeave  = "leave"
	doRunOut = "timeout"
)

func (p *Provider) terminalPage(n int) string {
	return p.base + Prefix + pageTerminal + "/" + placeToken(p.keys[0].Reveal(), pageTerminal, n)
}

func (p *Provider) terminalTime(w *writing, t terminal) int64 {
	var wall time.Time
	if p.clock != nil {
		wall = p.clock()
	}
	return w.now(w.words.of(t.Account), wall)
}

func (p *Provider) showTerminal(w http.ResponseWriter, r *http.Request) {
	var v view
	var found bool
	err := p.books.do(func(b *writing) {
		var n int
		if n, found = p.placeOf(pageTerminal, r.PathValue("token"), len(b.terminals)); found {
			v = p.terminalView(b, b.terminals[n])
		}
	})
	p.page(w, v, found, err, http.StatusOK)
}

// workTerminal takes what the cashier does.
func (p *Provider) workTerminal(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	if err := r.ParseForm(); err != nil {
		p.gone(w)
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		p.page(w, view{}, false, nil, http.StatusForbidden)
		return
	}
	found := false
	err := p.books.do(func(b *writing) {
		var n int
		if n, found = p.placeOf(pageTerminal, r.PathValue("token"), len(b.terminals)); found {
			p.work(b, b.terminals[n], r.PostForm.Get("choice"))
		}
	})
	if err != nil || !found {
		p.page(w, view{}, found, err, http.StatusOK)
		return
	}
	http.Redirect(w, r, p.base+r.URL.Path, http.StatusSeeOther)
}

func (p *Provider) work(w *writing, t terminal, choice string) {
	at := p.terminalTime(w, t)
	c, busy := p.openAt(w, t, at)
	switch choice {
	case doOff, doOn:
		p.switchTerminal(w, t.Account, t.Name, choice == doOff, t.ByHand, at)
	case doServe, doLeave:
		p.switchTerminal(w, t.Account, t.Name, t.Off, choice == doServe, at)
	case doRunOut:
		if busy {
			p.settle(w, &c, connector.Refused, timedOut, at)
		}
	default:
		if busy {
			p.decide(w, &c, choice, at)
		}
	}
}

func (p *Provider) terminalView(w *writing, t terminal) view {
	v := view{Page: pageTerminal, Title: "Terminal " + t.Name, Shop: t.Shop, Off: t.Off, ByHand: t.ByHand}
	if v.Shop == "" {
		v.Shop = t.Account
	}
	if c, busy := p.openAt(w, t, p.terminalTime(w, t)); busy {
		shown := p.view(c, p.terminalTime(w, t))
		v.Open, v.Amount, v.Currency, v.Kind = true, shown.Amount, shown.Currency, "To pay"
	}
	for _, r := range slices.Backward(t.Printed) {
		v.Receipts = append(v.Receipts, strings.Join(r.Lines, "\n"))
	}
	return v
}
