package sim

import (
	"fmt"
	"strings"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// wish is one request of a client, as the client remembers it. It can be made
// again, to the letter.
type wish struct {
	house     *house
	kind      connector.Kind
	key       string
	currency  currency
	minor     int64
	reference string
	answer    *answer

	// A payment:
	method   method.Name
	brand    string
	card     string
	outcome  string
	use3DS   bool
	keep     bool
	from     *visit // the checkout it was made in
	try      int64
	stranger string // a brand that another form of the same page had

	// An operation on one:
	on        ident.ID
	final     bool
	untouched bool
	whole     bool
}

// answer is what a client may believe about everything asked under one key.
type answer struct {
	body    string               // of the wish that was let in
	attempt ident.ID             // what it led to
	said    payment.AttemptState // the last word about it
	sent    map[ident.ID]bool    // what reached the wire under the key
}

// body is all that makes two wishes the same.
func (x *wish) body() string {
	return fmt.Sprintf("%s %d %s %s %s %s %s %v %v %s %v %v %v", x.kind, x.minor, x.currency.code, x.reference, x.method, x.brand, x.card, x.use3DS, x.keep, x.on,
		x.final, x.untouched, x.whole)
}

func (x *wish) idempotency() idempotency.Key {
	k := idempotency.Key{Surface: "sim", Key: x.key}
	if x.key != "" {
		k.Fingerprint = x.body()
	}
	return k
}

// amount reads the client's decimal text, as a surface does.
func (x *wish) amount(w *World) money.Amount {
	if x.minor < 1 || x.whole { // no text says so: a careless surface might
		if x.whole {
			return money.Amount{}
		}
		return money.Of(x.minor, x.currency.code)
	}
	a, err := money.ParseDecimal(x.currency.text(x.minor), x.currency.code)
	if err != nil {
		w.object("money", "%s %s cannot be read: %v", x.currency.text(x.minor), x.currency.code, err)
	}
	return a
}

// currency is what a client knows of one.
type currency struct {
	code   money.Currency
	digits int
}

var currencies = []currency{{"EUR", 2}, {"EUR", 2}, {"NOK", 2}, {"USD", 2}, {"JPY", 0}, {"KWD", 3}}

// text writes an amount the way people do.
func (c currency) text(minor int64) string {
	s := fmt.Sprint(minor)
	if c.digits == 0 {
		return s
	}
	if short := c.digits + 1 - len(s); short > 0 {
		s = strings.Repeat("0", short) + s
	}
	return s[:len(s)-c.digits] + "." + s[len(s)-c.digits:]
}

// ask has a process carry a wish out, and hears the answer.
func (w *World) ask(x *wish) {
	if x.answer == nil || x.key == "" {
		x.answer = w.answerTo(x)
	}
	w.did("wish " + string(x.kind))
	w.say("house %d asks: %s %s %s on %s key %q ref %q %s %s", x.house.n, x.kind, x.currency.text(x.minor), x.currency.code, short(x.on), x.key, x.reference,
		x.method, x.outcome)
	before := x.answer.said
	w.asking = append(w.asking, x.answer)
	out, err := w.carry(x)
	w.asking = w.asking[:len(w.asking)-1]
	w.say("house %d hears: %s %s (%s, payment %s) replayed %v %v", x.house.n, short(out.Attempt.ID), out.Attempt.State, out.Attempt.Code, out.Payment.State, out.Replayed, err)
	w.hear(x, before, out, err)
}

// answerTo finds what is known about a key.
func (w *World) answerTo(x *wish) *answer {
	if x.key == "" {
		return &answer{sent: map[ident.ID]bool{}}
	}
	name := fmt.Sprint(x.house.n, "/", x.key)
	if w.keyed[name] == nil {
		w.keyed[name] = &answer{sent: map[ident.ID]bool{}}
	}
	return w.keyed[name]
}

func (w *World) carry(x *wish) (payment.Outcome, error) {
	n, ctx := w.pick()
	if x.from != nil {
		return w.payIn(n, x)
	}
	op := payment.Operation{Idempotency: x.idempotency(), Payment: x.on, Amount: x.amount(w), Final: x.final, Untouched: x.untouched, Reference: x.reference}
	switch x.kind {
	case connector.Capture:
		return n.payments.Capture(ctx, x.house.actor, op)
	case connector.Refund:
		return n.payments.Refund(ctx, x.house.actor, op)
	case connector.Void:
		return n.payments.Void(ctx, x.house.actor, op)
	}
	o := payment.Order{Idempotency: x.idempotency(), Profile: x.house.profile, Kind: x.kind, Method: x.method, Brand: x.brand, Amount: x.amount(w),
		Reference: x.reference, Use3DS: x.use3DS, Keep: x.keep, Details: payment.Details{ReturnURL: "https://shop.example/back"}}
	if x.kind == connector.Verify {
		o.Amount = money.Amount{}
	}
	o.Card = x.typed()
	if x.outcome != "" {
		o.Simulate = map[string]string{"outcome": x.outcome}
	}
	return n.payments.Pay(ctx, x.house.actor, o)
}

// typed is the card as it was typed.
func (x *wish) typed() *connector.Card {
	if x.method != method.Card {
		return nil
	}
	return &connector.Card{Number: method.Conceal(x.card), CVV: method.Conceal("123"), Holder: "Nora Lind", ExpiryMonth: 8, ExpiryYear: 2031, Brand: x.brand}
}

// hear compares an answer with what the client may believe. before is the last
// word about it when the client asked: of two who ask at once, one may be told
// first what came about last.
func (w *World) hear(x *wish, before payment.AttemptState, out payment.Outcome, err error) {
	a := x.answer
	if err != nil {
		w.hearFault(x, err)
		return
	}
	w.touch(out.Payment.ID)
	if a.attempt != "" && a.attempt != out.Attempt.ID {
		w.object("key", "key %q led to attempt %s, and now to %s", x.key, a.attempt, out.Attempt.ID)
	}
	if a.attempt != "" && a.body != x.body() && x.from == nil {
		w.object("key", "key %q was used for another request and is let in", x.key)
	}
	if out.Replayed {
		w.seen("replayed")
	}
	a.attempt, a.body = out.Attempt.ID, x.body()
	if x.minor < 1 && !x.whole && x.kind != connector.Verify && out.Attempt.State != payment.Refused {
		w.object("amount", "%s of %d was let in", x.kind, x.minor)
	}
	if x.reference != "" && x.on == "" && x.house.profile.Settings.UniqueReference {
		name := fmt.Sprint(x.house.n, "/", x.reference)
		if was, known := w.named[name]; known && was != out.Payment.ID {
			w.object("reference", "reference %s names payment %s and %s", x.reference, was, out.Payment.ID)
		}
		w.named[name] = out.Payment.ID
	}
	w.meant(x, out.Payment)
	w.told(x.house, out, before)
	if a.said == "" || reaches(attemptEdges, a.said, out.Attempt.State) {
		a.said = out.Attempt.State
	}
}

// hearFault: which refusals a client may be told.
func (w *World) hearFault(x *wish, err error) {
	a, code := x.answer, fault.Code(err)
	switch {
	case stored(err):
		w.seen("told to try again")
	case fault.Is(err, fault.Internal):
		w.object("fault", "%s: the client hears %v", x.kind, err)
	case code == "conflict.idempotency":
		w.seen("changed body refused")
		if a.attempt == "" && len(a.sent) == 0 { // somebody was let in whose client never heard of it
			return
		}
		if a.body == x.body() {
			w.object("key", "key %q is refused for the very request it was used for", x.key)
		}
	case a.attempt != "" && a.body == x.body() && x.from == nil && a.said != payment.Refused: // of two at once, one hears the no and one its record
		w.object("key", "key %q was answered before, and is now refused: %v", x.key, err)
	}
}

// told compares what a client was told about an attempt with the provider's
// books and with what was told before.
func (w *World) told(h *house, out payment.Outcome, before payment.AttemptState) {
	a := out.Attempt
	if before != "" && !reaches(attemptEdges, before, a.State) {
		w.object("promise", "attempt %s was said to be %s, and is now %s", a.ID, before, a.State)
	}
	w.compare(h, a)
}
