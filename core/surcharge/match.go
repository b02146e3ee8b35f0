package surcharge

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Attributes of a card, as far as they are known; a zero field is not. They
// show nothing that may not be shown.
type Attributes struct {
	Brand         string
	Funding       Funding
	Prepaid       *bool
	Country       string
	Currency      money.Currency
	Issuer        string
	ProductType   string
	SchemeProduct string
	BIN           string // 6 to 8 digits
}

// Means is what is paid with: the method, the card's attributes if a card
// stands behind it, and whatever of Source, Packet and Last4 tells this card
// from others.
type Means struct {
	Method method.Name
	Card   Attributes
	Source ident.ID // of the stored source, or ""
	Packet string   // the id of the wallet's packet, or ""
	Last4  string
}

// Ask is the payment whose surcharge is wanted.
type Ask struct {
	Merchant     ident.ID
	Marketplace  ident.ID // that the merchant belongs to, or ""
	CustomerType CustomerType
	Form         Form
	Amount       money.Amount // before the surcharge
	Means        Means
	Fee          Fee // what the platform takes, for rules that pass it on
}

// meets says whether a payment at a merchant of that country meets c.
func (c Conditions) meets(a Ask, country string) bool {
	card := a.Means.Card
	place := Place("")
	if card.Country != "" && country != "" {
		place = International
		if card.Country == country {
			place = Domestic
		}
	}
	return wants(c.CustomerType, a.CustomerType) && wants(c.Form, a.Form) && wants(c.Currency, a.Amount.Currency) &&
		wants(c.Method, a.Means.Method) && wants(c.Brand, card.Brand) && wants(c.Funding, card.Funding) &&
		(c.Prepaid == nil || card.Prepaid != nil && *c.Prepaid == *card.Prepaid) &&
		wants(c.Place, place) && wants(c.Country, card.Country) && wants(c.CardCurrency, card.Currency) && wants(c.Issuer, card.Issuer) &&
		wants(c.ProductType, card.ProductType) && wants(c.SchemeProduct, card.SchemeProduct) &&
		(len(c.BINs) == 0 || c.width(card.BIN) < math.MaxInt64)
}

func wants[T ~string](want, got T) bool { return want == "" || want == got }

// count is how many conditions there are.
func (c Conditions) count() (n int) {
	for _, set := range []bool{c.CustomerType != "", c.Form != "", c.Currency != "", c.Method != "", c.Brand != "", c.Funding != "", c.Prepaid != nil,
		c.Place != "", c.Country != "", c.CardCurrency != "", c.Issuer != "", c.ProductType != "", c.SchemeProduct != "", len(c.BINs) > 0} {
		if set {
			n++
		}
	}
	return n
}

// width is how many numbers of 11 digits the narrowest span around a BIN
// holds, or the largest number when none does. A BIN that is shorter than a
// span's ends may lie in it or not, and so does not.
func (c Conditions) width(bin string) int64 {
	least := int64(math.MaxInt64)
	for _, s := range c.BINs {
		n := len(s.From)
		if len(bin) < n || bin[:n] < s.From || bin[:n] > s.To {
			continue
		}
		from, err1 := strconv.ParseInt(s.From, 10, 64)
		to, err2 := strconv.ParseInt(s.To, 10, 64)
		if err1 != nil || err2 != nil {
			continue // Check lets digits through only
		}
		size := to - from + 1
		for range 11 - n {
			size *= 10
		}
		least = min(least, size)
	}
	return least
}

// Pick finds the rule that decides a payment at a merchant of that country
// (ISO 3166-1 alpha-2, "" when it is not known). Of the rules whose conditions
// are all met, the winner is, in this order, the one
//
//  1. of the lowest priority number,
//  2. with the most conditions,
//  3. whose BIN span around the card is the narrowest,
//  4. of the merchant, before those of its marketplace,
//  5. that was made last.
//
// Source: april sheet, section 6.3, for the first two; the others only settle
// what that leaves open.
func Pick(rules []Rule, a Ask, country string) (won Rule, found bool) {
	for _, r := range rules {
		if r.DroppedAt.IsZero() && r.If.meets(a, country) && (!found || before(r, won, a.Means.Card.BIN) < 0) {
			won, found = r, true
		}
	}
	return won, found
}

// before orders two rules as Pick looks at them.
func before(a, b Rule, bin string) int {
	return cmp.Or(
		cmp.Compare(a.Priority, b.Priority),
		cmp.Compare(b.If.count(), a.If.count()),
		cmp.Compare(a.If.width(bin), b.If.width(bin)),
		cmp.Compare(b.Owner.Kind, a.Owner.Kind), // "merchant" > "marketplace"
		cmp.Compare(b.ID, a.ID),
	)
}

// sorted is the rules in the order in which Pick prefers them, BINs aside.
func sorted(rules []Rule) []Rule {
	out := slices.Clone(rules)
	slices.SortFunc(out, func(a, b Rule) int { return before(a, b, "") })
	return out
}
