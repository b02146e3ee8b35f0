package sim

import (
	"fmt"
	"slices"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
)

// The cards of the simulation: one that is simply good, one whose bank wants to
// see the payer.
const (
	goodCard      = "4200000000000000"
	challengeCard = "4200000000000042"
)

// order makes a new wish to be paid.
func (w *World) order() {
	l := w.luck.load
	x := &wish{house: among(l, w.houses), kind: connector.Debit, method: method.Card, brand: "VISA", card: goodCard, currency: among(l, currencies),
		minor: w.price()}
	switch n := l.IntN(100); {
	case n < 45:
		x.kind = connector.Authorise
	case n < 50:
		x.kind, x.minor = connector.Verify, 0
	case n < 57:
		x.kind = connector.Credit
	}
	w.how(x)
	if l.in(900) {
		x.key = fmt.Sprintf("k%d", len(w.wishes))
	}
	x.reference = fmt.Sprintf("r%d", len(w.wishes))
	if l.in(20) {
		x.minor = -x.minor
	}
	w.wishes = append(w.wishes, x)
	w.ask(x)
}

func (w *World) price() int64 {
	if w.luck.load.in(100) {
		return 1 + int64(w.luck.load.IntN(3))
	}
	return 100 + int64(w.luck.load.IntN(20000))
}

// how chooses the way to pay, and how it is to end.
func (w *World) how(x *wish) {
	l := w.luck.load
	switch n := l.IntN(100); {
	case n < 15 && x.kind != connector.Verify && x.kind != connector.Credit:
		x.method, x.brand, x.card = method.Wallet, "PAYPAL", ""
	case n < 23 && x.kind == connector.Debit:
		x.method, x.brand, x.card = method.Voucher, "BOLETO", ""
	case n < 35 && x.house.profile.Settings.ThreeDS && x.kind != connector.Credit:
		x.card, x.use3DS = challengeCard, true
	case n < 45:
		x.outcome = "declined.insufficient_funds"
	case n < 48:
		x.outcome = "pending"
	case n < 54 && x.kind != connector.Credit && x.kind != connector.Verify:
		x.outcome = "review"
	case n < 60:
		x.keep = true
	}
}

// operate makes a wish on a payment: sensible ones, greedy ones and mad ones.
func (w *World) operate(kind connector.Kind) {
	l := w.luck.load
	s, ok := w.target()
	if !ok {
		return
	}
	x := &wish{house: s.house, kind: kind, on: s.id, currency: s.currency, minor: s.minor}
	if l.in(900) {
		x.key = fmt.Sprintf("k%d", len(w.wishes))
	}
	switch n := l.IntN(100); {
	case n < 30 && s.minor > 1:
		x.minor = 1 + int64(l.IntN(int(s.minor)))
	case n < 45 && s.minor > 1:
		x.minor = s.minor / 2
	case n < 52:
		x.minor = s.minor + 1 + int64(l.IntN(100))
	case n < 56:
		x.minor = -x.minor
	case n < 58:
		x.minor = 0
	case n < 60:
		x.currency = among(l, currencies)
	}
	if parts := s.parts(); kind != connector.Capture && len(parts) > 0 && l.in(250) {
		x.on = among(l, parts)
	}
	switch kind {
	case connector.Void:
		x.whole, x.untouched = l.in(850), l.in(300)
	case connector.Capture:
		x.final = l.in(250)
	}
	x.whole = x.whole || kind == connector.Void && x.minor == 0
	if l.in(15) { // somebody else's payment
		x.house = among(l, w.houses)
	}
	w.wishes = append(w.wishes, x)
	w.ask(x)
}

// target draws a payment to operate on, rather one that may allow it.
func (w *World) target() (s *sale, ok bool) {
	for range 5 {
		if s, ok = recent(w.luck.load, w.sales); !ok || s.state.State == payment.Authorised || s.state.State == payment.Captured {
			break
		}
	}
	return s, ok
}

// parts are the captures of a sale that can be referred to.
func (s *sale) parts() (list []ident.ID) {
	for _, id := range s.attempts {
		if a := s.states[id]; a.Kind == connector.Capture && a.State == payment.Approved {
			list = append(list, id)
		}
	}
	return list
}

// repeat makes an earlier wish again: the same, under a new key, or changed.
func (w *World) repeat() {
	l := w.luck.load
	old, ok := recent(l, w.wishes)
	if !ok {
		return
	}
	x := *old
	switch n := l.IntN(100); {
	case n < 60:
		w.seen("asked again")
	case n < 80 && x.from == nil:
		w.seen("asked under a new key")
		x.key, x.answer = fmt.Sprintf("k%d", len(w.wishes)), nil
		w.wishes = append(w.wishes, &x)
	case x.key != "" && x.from == nil && x.kind != connector.Verify:
		w.seen("asked with a changed body")
		x.minor++
		x.whole = false
	}
	w.ask(&x)
}

// look reads a payment, sometimes somebody else's.
func (w *World) look() {
	s, ok := recent(w.luck.load, w.sales)
	if !ok {
		return
	}
	h := s.house
	if w.luck.load.in(200) {
		h = among(w.luck.load, w.houses)
	}
	n, ctx := w.pick()
	out, err := n.payments.Get(ctx, h.actor, s.id)
	w.did("look")
	if err == nil && h != s.house {
		w.object("isolation", "house %d reads payment %s of house %d", h.n, s.id, s.house.n)
	}
	if err == nil {
		w.told(h, out, "")
	}
}

// sale is a payment as the simulator knows it: who is paid, what was meant, and
// how it was seen last.
type sale struct {
	id       ident.ID
	house    *house
	kind     connector.Kind
	method   method.Name
	currency currency
	minor    int64
	from     *visit
	state    payment.Payment
	states   map[ident.ID]payment.Attempt
	attempts []ident.ID
}

// sold notes a payment when it first reaches the wire: clients may never hear
// of it.
func (w *World) sold(req connector.Request) {
	if w.byID[req.Attempt] != nil {
		return
	}
	i := slices.IndexFunc(w.houses, func(h *house) bool { return h.account() == req.Account })
	if i < 0 {
		w.object("wire", "a request for account %s, which is nobody's", req.Account)
	}
	s := &sale{id: req.Attempt, house: w.houses[i], kind: req.Kind, method: req.Method, currency: currencies[0], minor: 100, states: map[ident.ID]payment.Attempt{}}
	for _, c := range currencies {
		if c.code == req.Amount.Currency {
			s.currency, s.minor = c, req.Amount.Minor
		}
	}
	w.sales = append(w.sales, s)
	w.byID[s.id], w.owner[s.id] = s, s
}

// sent notes what reaches the wire, and for whose wish.
func (w *World) sent(attempt, root ident.ID) {
	if s := w.owner[root]; s != nil {
		w.owner[attempt] = s
		w.touch(s.id)
	}
	if len(w.asking) == 0 || w.asking[len(w.asking)-1] == nil {
		return
	}
	a := w.asking[len(w.asking)-1]
	a.sent[attempt] = true
	if len(a.sent) > 1 {
		w.object("key", "one key, and two requests to the provider: %v", names(a.sent))
	}
}

// touch has a payment examined at the end of the step.
func (w *World) touch(id ident.ID) {
	if s := w.owner[id]; s != nil && !slices.Contains(w.touched, s) {
		w.touched = append(w.touched, s)
	}
}
