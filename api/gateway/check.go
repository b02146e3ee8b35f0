package gateway

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/method"
)

// Operation is what a form is for (sheet, section 6).
type Operation string

// The operations, by what they need of a form.
const (
	Pay          Operation = "pay"              // POST /v3/payments
	Refer        Operation = "refer"            // POST /v3/payments/{id}
	Read         Operation = "read"             // GET of one object, by its id
	Query        Operation = "query"            // GET /v3/query
	Prepare      Operation = "prepare checkout" // POST /v3/checkouts
	Update       Operation = "update checkout"  // POST /v3/checkouts/{checkoutId}
	Register     Operation = "register"         // POST /v3/registrations
	TokenPay     Operation = "pay with token"   // POST /v3/registrations/{id}/payments
	Delete       Operation = "delete token"     // DELETE /v3/registrations/{id}
	Extend       Operation = "extend token"     // POST /v3/registrations/{id}/extendlife
	Authenticate Operation = "authenticate"     // POST /v3/threeDSecure
)

// ParameterError is one line of parameterErrors (sheet, section 4). Value is
// as it was sent, stars where it is or may be secret, null when it is missing.
type ParameterError struct {
	Name    string  `json:"name"`
	Value   *string `json:"value"`
	Message string  `json:"message"`
}

const missing = "may not be empty"

// maxUnknown is the longest value of a parameter that the contract does not
// know: additions to it must not break old servers, nor fill them up.
const maxUnknown = 2048

// Check finds all that is wrong with the form of a request: the values of
// known parameters, and what the operation cannot do without. The list is in
// the order of the sheet's section 7, empty when the form is sound. An empty
// value counts as none. Names that the contract does not know are ignored but
// for their length.
func Check(f wire.Form, op Operation, rules Profile) []ParameterError {
	c := checking{form: f, op: op, rules: rules}
	for _, name := range f.Names() {
		if value := f.Get(name); value != "" {
			c.value(name, value)
		}
	}
	for _, name := range c.needed() {
		if f.Get(name) == "" {
			c.note(places[name], name, missing)
		}
	}
	c.card()
	slices.SortStableFunc(c.found, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
	var out []ParameterError
	for _, p := range c.found {
		out = append(out, p.ParameterError)
	}
	return out
}

// checking is a check under way.
type checking struct {
	form  wire.Form
	op    Operation
	rules Profile
	found []placed
}

type placed struct {
	place int
	ParameterError
}

func (c *checking) note(at int, name, message string) {
	e := ParameterError{Name: name, Message: message}
	if c.form.Has(name) {
		shown := c.form.Get(name)
		if at < len(parameters) && parameters[at].secret || holdsCard(shown) {
			shown = "***"
		}
		e.Value = &shown
	}
	c.found = append(c.found, placed{at, e})
}

// value checks what was sent under one name.
func (c *checking) value(name, value string) {
	at, known := place(name)
	if !known {
		if utf8.RuneCountInString(value) > maxUnknown {
			c.note(len(parameters), name, anything(0, maxUnknown).message())
		}
		return
	}
	s := c.shape(at)
	if !s.fits(value) {
		c.note(at, name, s.message())
		return
	}
	if m := custom.FindStringSubmatch(name); m != nil && !customName.fits(m[1]) {
		c.note(at, name, customName.message())
	}
}

// shape is the form of a parameter, in this operation and profile.
func (c *checking) shape(at int) shape {
	switch p := parameters[at]; {
	case p.name == "paymentType" && typesOf[c.op].choice != nil:
		return typesOf[c.op]
	case p.name == "paymentBrand" && (c.op == Prepare || c.op == Update):
		return brands
	case p.name == "amount" && c.rules.WideAmounts:
		return money12
	default:
		return p.shape
	}
}

// typesOf are the payment types that an operation takes (sections 6, 10, 16).
var typesOf = map[Operation]shape{
	Pay:      oneOf("PA", "DB", "CV", "CD"),
	Refer:    oneOf("CP", "RF", "RV").shownAs("CP", "RF", "RV", "RB", "RC"),
	Prepare:  oneOf("PA", "DB"),
	Update:   oneOf("PA", "DB"),
	TokenPay: oneOf("PA", "DB", "CV", "CD"),
}

// needed lists what the operation cannot do without, whatever else was sent.
func (c *checking) needed() []string {
	kind, money := c.form.Get("paymentType"), []string{"amount", "currency"}
	need := []string{"entityId"}
	if c.op == Pay || c.op == Refer || c.op == TokenPay {
		need = append(need, "paymentType")
	}
	switch c.op {
	case Query:
		return append(need, "merchantTransactionId")
	case Authenticate:
		return append(append(need, money...), "shopperResultUrl")
	case Pay:
		if m := method.OfBrand(c.form.Get("paymentBrand")); m == method.Wallet || m == method.Voucher {
			need = append(need, "shopperResultUrl")
		}
		if kind != "CV" {
			return append(need, money...)
		}
	case TokenPay:
		if kind != "CV" {
			return append(need, money...)
		}
	case Refer:
		if kind != "RV" {
			return append(need, money...)
		}
	case Prepare:
		if tokenOnly := kind == "" && c.form.Get("createRegistration") == "true"; !tokenOnly {
			return append(append(need, "paymentType"), money...)
		}
	}
	if c.op == Refer || c.op == Prepare || c.op == Update { // both or neither
		if c.form.Get("amount")+c.form.Get("currency") != "" {
			need = append(need, money...)
		}
	}
	return need
}

// cardFields are what a card is made of; the holder and the security code may
// be left out of its form.
var cardFields = []string{"card.number", "card.expiryMonth", "card.expiryYear"}

// card asks for the card's fields where a card pays. While the payment type is
// not known, it is not known whether one does.
func (c *checking) card() {
	switch c.op {
	case Register, Authenticate:
	case Pay:
		if !typesOf[Pay].fits(c.form.Get("paymentType")) || c.form.Get("card.token") != "" || !c.cardBrand() {
			return
		}
	default:
		return
	}
	var absent []string
	for _, name := range cardFields {
		if c.form.Get(name) == "" {
			absent = append(absent, name)
		}
	}
	if len(absent) == len(cardFields) {
		c.note(places["card.holder"], "card", "card properties must be set")
		return
	}
	for _, name := range absent {
		c.note(places[name], name, missing)
	}
}

// cardBrand says whether the brand is a card's, or left to the number.
func (c *checking) cardBrand() bool {
	name := c.form.Get("paymentBrand")
	return name == "" || method.OfBrand(name) == method.Card
}

// holdsCard says whether a text contains what looks like a card number, which
// may have been put into the wrong parameter: 12 to 19 digits with a right
// check digit, perhaps grouped by spaces or dashes.
func holdsCard(text string) bool {
	var run []byte
	for i := 0; i <= len(text); i++ {
		switch {
		case i < len(text) && '0' <= text[i] && text[i] <= '9':
			run = append(run, text[i])
		case i < len(text) && (text[i] == ' ' || text[i] == '-') && len(run) > 0:
		default:
			if holdsLuhn(run) {
				return true
			}
			run = run[:0]
		}
	}
	return false
}

// holdsLuhn looks at whole runs of card length, and inside longer ones at
// every stretch that begins as a card does.
func holdsLuhn(run []byte) bool {
	if len(run) <= 19 {
		return method.Luhn(string(run))
	}
	for i := 0; i+13 <= len(run); i++ {
		if method.Detect(string(run[i:i+4])) == "" { // no range is told by more than four digits
			continue
		}
		for n := 13; n <= 19 && i+n <= len(run); n++ {
			if method.Luhn(string(run[i : i+n])) {
				return true
			}
		}
	}
	return false
}
