package sim

import (
	"fmt"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// visit is a checkout and the payer in front of it.
type visit struct {
	house *house
	id    ident.ID
	key   string
	price money.Amount
	known currency
	minor int64
	tries map[int64]*answer
	paid  []*sale
}

// invite opens a checkout.
func (w *World) invite() {
	l := w.luck.load
	v := &visit{house: among(l, w.houses), known: among(l, currencies), minor: w.price(), tries: map[int64]*answer{}}
	v.price = money.Of(v.minor, v.known.code)
	n, ctx := w.pick()
	wish := checkout.Wish{Idempotency: idempotency.Key{Surface: "sim", Key: fmt.Sprintf("c%d", w.book.Operations)}, Profile: v.house.profile,
		Kind: connector.Debit, Amount: v.price, Details: checkout.Details{Payment: payment.Details{ReturnURL: "https://shop.example/back"}}}
	if l.in(300) {
		wish.Kind = connector.Authorise
	}
	w.did("checkout")
	sess, _, err := n.checkouts.Create(ctx, v.house.actor, wish)
	if err != nil && stored(err) { // the shop tries again, under its key
		sess, _, err = n.checkouts.Create(ctx, v.house.actor, wish)
	}
	if err != nil {
		if !stored(err) {
			w.object("checkout", "no checkout: %v", err)
		}
		return
	}
	v.id, v.key = sess.ID, sess.Key
	w.say("house %d opens checkout %s for %s %s", v.house.n, short(v.id), v.known.text(v.minor), v.known.code)
	w.sessions = append(w.sessions, v)
}

// form has a payer post the form of a checkout: once, twice, an old one, or one
// with other parameters than the page had.
func (w *World) form() {
	l := w.luck.load
	v, ok := recent(l, w.sessions)
	if !ok {
		w.invite()
		return
	}
	n, ctx := w.pick()
	sess, _, err := n.checkouts.ByKey(ctx, v.key)
	if err != nil {
		w.object("checkout", "checkout %s is gone: %v", v.id, err)
	}
	x := &wish{house: v.house, kind: sess.Kind, method: method.Card, brand: "VISA", card: goodCard, currency: v.known, minor: v.minor, from: v, try: sess.Try}
	switch n := l.IntN(100); {
	case n < 20:
		x.card = challengeCard
	case n < 45:
		x.method, x.brand, x.card = method.Wallet, "PAYPAL", ""
	}
	if l.in(150) {
		w.seen("edited form")
		x.try = max(1, sess.Try+int64(l.IntN(3))-1)
	}
	if l.in(30) {
		x.stranger = string(v.house.profile.ID) // a stored card that was never offered
	}
	if v.tries[x.try] == nil {
		v.tries[x.try] = &answer{sent: map[ident.ID]bool{}}
	}
	x.answer = v.tries[x.try]
	w.ask(x)
	if l.in(200) {
		w.seen("form posted twice")
		w.ask(x)
	}
}

// payIn posts a checkout's form.
func (w *World) payIn(n *node, x *wish) (payment.Outcome, error) {
	out, err := n.checkouts.Pay(w.ctx, x.from.key, checkout.Choice{Try: x.try, Method: x.method, Brand: x.brand, Card: x.typed(), Source: ident.ID(x.stranger)})
	if x.stranger != "" && err == nil && !out.Replayed && out.Payment.Source == ident.ID(x.stranger) {
		w.object("checkout", "a card that was not offered was taken")
	}
	if err == nil && out.Payment.Session != x.from.id {
		w.object("checkout", "the payment of checkout %s belongs to %s", x.from.id, out.Payment.Session)
	}
	if err == nil {
		if s := w.byID[out.Payment.ID]; s != nil && s.from == nil {
			s.from = x.from
			x.from.paid = append(x.from.paid, s)
		}
		// An old form shows the newest payment, whichever try that was.
		if x.answer.attempt != "" && x.answer.attempt != out.Attempt.ID {
			x.answer = &answer{sent: map[ident.ID]bool{}}
		}
	}
	return out, err
}

var choices = []string{"success", "success", "success", "decline", "error", "cancel"}

// visitPage has a payer act at the bank, the wallet or the counter, or come back
// from there, or both, or neither.
func (w *World) visitPage() {
	l := w.luck.load
	s, ok := w.waiting()
	if !ok {
		return
	}
	w.did("payer")
	if l.in(150) {
		w.seen("payer leaves")
		return
	}
	for range 1 + l.IntN(2) {
		var err error
		what := among(l, choices)
		if s.method == method.Voucher {
			err = w.counter(s)
			what = "pays the slip"
		} else {
			err = w.provider.Choose(s.house.account(), s.id, what, w.now(s.house))
		}
		w.say("the payer of %s: %s %v", short(s.id), what, err)
	}
	if s.method == method.Voucher {
		return
	}
	for range l.IntN(3) { // returns, twice even, or not at all
		w.seen("payer returns")
		n, ctx := w.pick()
		w.asking = append(w.asking, nil)
		out, err := n.payments.Look(ctx, s.house.realm.ID, s.id)
		w.asking = w.asking[:len(w.asking)-1]
		if err != nil && !stored(err) {
			w.object("fault", "the payer comes back and hears %v", err)
		}
		if err == nil {
			w.told(s.house, out, "")
		}
		w.touch(s.id)
	}
}

// waiting draws a payment that waits for its payer, or did when last seen.
func (w *World) waiting() (*sale, bool) {
	for range 6 {
		s, ok := recent(w.luck.load, w.sales)
		if !ok {
			return nil, false
		}
		if s.state.State == payment.Pending || s.method != method.Card {
			return s, true
		}
	}
	return nil, false
}

// counter pays a slip, sometimes with another amount than it says.
func (w *World) counter(s *sale) error {
	e, found, err := w.provider.Books().Entry(s.house.account(), s.id)
	if err != nil || !found {
		return err
	}
	minor := s.minor
	if w.luck.faults.in(100) && !w.peace() {
		w.wrong("slip paid wrongly")
		minor++
	}
	err = w.provider.Pay(e.Reference, money.Of(minor, s.currency.code), w.now(s.house))
	if fault.Is(err, fault.Internal) {
		w.object("provider", "%v", err)
	}
	return err
}
