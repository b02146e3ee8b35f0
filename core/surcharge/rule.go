package surcharge

import (
	"slices"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// OwnerKind says whose rules they are.
type OwnerKind string

// The kinds of owners.
const (
	Merchant    OwnerKind = "merchant"
	Marketplace OwnerKind = "marketplace"
)

// Owner of rules: one merchant, or a marketplace for all merchants in it.
type Owner struct {
	Kind OwnerKind
	ID   ident.ID
}

// CustomerType is what kind of customer pays.
type CustomerType string

// The types of customers.
const (
	Consumer     CustomerType = "consumer"
	Organisation CustomerType = "organisation"
)

// Form is whether a payment is made at once or in instalments.
type Form string

// The forms of a payment.
const (
	InFull  Form = "full"
	PayPlan Form = "plan"
)

// Methods that rules tell apart, more finely than method.Name does: Apple Pay
// and Google Pay are cards to a scheme and have their own cost to a merchant.
const (
	Card         = method.Card
	ApplePay     = method.Name("applepay")
	GooglePay    = method.Name("googlepay")
	DirectDebit  = method.DirectDebit
	BankTransfer = method.BankTransfer
	PayTo        = method.PayTo
)

var knownMethods = []method.Name{Card, ApplePay, GooglePay, DirectDebit, BankTransfer, PayTo, method.Wallet, method.Voucher}

// Funding is where a card's money comes from.
type Funding string

// The kinds of funding (april sheet, section 4).
const (
	Credit         Funding = "credit"
	Debit          Funding = "debit"
	ChargeCard     Funding = "chargecard"
	Prepaid        Funding = "prepaid"
	DeferredDebit  Funding = "deferreddebit"
	UnknownFunding Funding = "unknown"
)

var knownFundings = []Funding{Credit, Debit, ChargeCard, Prepaid, DeferredDebit, UnknownFunding}

// Place is where a card was issued, seen from the merchant.
type Place string

// The places. A card whose country is not known is in neither.
const (
	Domestic      Place = "domestic"
	International Place = "international"
)

// Span is the card numbers that begin with From to To, both 4 to 11 digits and
// equally many of them.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Conditions are what a payment must be for a rule to apply: all that are set
// must hold. A zero field is no condition; an attribute that is not known meets
// no condition on it.
type Conditions struct {
	CustomerType  CustomerType   `json:"customerType,omitempty"`
	Form          Form           `json:"form,omitempty"`
	Currency      money.Currency `json:"currency,omitempty"` // of the payment
	Method        method.Name    `json:"method,omitempty"`
	Brand         string         `json:"brand,omitempty"` // as core/method names them: VISA
	Funding       Funding        `json:"funding,omitempty"`
	Prepaid       *bool          `json:"prepaid,omitempty"`
	Place         Place          `json:"place,omitempty"`
	Country       string         `json:"country,omitempty"`      // of issue, ISO 3166-1 alpha-2
	CardCurrency  money.Currency `json:"cardCurrency,omitempty"` // that the card is billed in
	Issuer        string         `json:"issuer,omitempty"`
	ProductType   string         `json:"productType,omitempty"`
	SchemeProduct string         `json:"schemeProduct,omitempty"`
	BINs          []Span         `json:"bins,omitempty"` // the card lies in one of them
}

// Rule sets the rate for payments that meet its conditions.
type Rule struct {
	ID        ident.ID
	Version   int64
	Owner     Owner
	Priority  int64 // lower ones are looked at first
	If        Conditions
	Rate      Rate
	CreatedAt time.Time
	DroppedAt time.Time // zero: in force
}

// Check refuses a rule that could not apply as it is meant.
// Faults: invalid.surcharge_rule with the field at fault.
func (r Rule) Check() error {
	bad := func(param, msg string) error { return fault.At("invalid.surcharge_rule", param, "%s", msg) }
	c := r.If
	switch {
	case r.Owner.ID == "" || r.Owner.Kind != Merchant && r.Owner.Kind != Marketplace:
		return bad("owner", "a rule belongs to a merchant or a marketplace")
	case r.Priority < 0:
		return bad("priority", "a priority is 0 or more")
	case c.CustomerType != "" && c.CustomerType != Consumer && c.CustomerType != Organisation:
		return bad("customerType", "consumer or organisation")
	case c.Form != "" && c.Form != InFull && c.Form != PayPlan:
		return bad("form", "full or plan")
	case c.Currency != "" && !c.Currency.Known():
		return bad("currency", "no currency that can be paid in")
	case c.Method != "" && !slices.Contains(knownMethods, c.Method):
		return bad("method", "no method that rules know")
	case c.Brand != "" && method.OfBrand(c.Brand) == "":
		return bad("brand", "no brand that is known")
	case c.Funding != "" && !slices.Contains(knownFundings, c.Funding):
		return bad("funding", "no funding that is known")
	case c.Place != "" && c.Place != Domestic && c.Place != International:
		return bad("place", "domestic or international")
	case c.Country != "" && !isCountry(c.Country):
		return bad("country", "two capital letters")
	case c.CardCurrency != "" && !c.CardCurrency.Known():
		return bad("cardCurrency", "no currency that is known")
	case len(c.Issuer) > 255 || len(c.ProductType) > 32 || len(c.SchemeProduct) > 32 || len(c.BINs) > 100:
		return bad("conditions", "too long")
	}
	for _, s := range c.BINs {
		if !s.sound() {
			return bad("bins", "a span goes from 4 to 11 digits up to as many")
		}
	}
	return r.Rate.check(c)
}

func isCountry(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

func (s Span) sound() bool {
	return len(s.From) == len(s.To) && len(s.From) >= 4 && len(s.From) <= 11 && allDigits(s.From) && allDigits(s.To) && s.From <= s.To
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
