package april

import (
	"regexp"
	"slices"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/surcharge"
	"github.com/florinpay/florin/core/vault"
)

// cardBrands are the contract's words for brands (sheet, 4); "" for one that it
// does not know.
var cardBrands = map[string]string{"VISA": "Visa", "VISADEBIT": "Visa", "VISAELECTRON": "Electron", "MASTER": "MasterCard", "MASTERDEBIT": "MasterCard",
	"AMEX": "American Express", "DINERS": "Diners Club", "DISCOVER": "Discover", "UNIONPAY": "UnionPay", "MAESTRO": "Maestro", "ELO": "Elo",
	"HIPERCARD": "Hipercard", "JCB": "Jcb"}

// brandsNamed are the core's brands behind a word of the contract.
func brandsNamed(word string) (list []string) {
	for own, name := range cardBrands {
		if name == word {
			list = append(list, own)
		}
	}
	slices.Sort(list)
	return list
}

// cardAttributes are what is known of a card (sheet, 3.2).
type cardAttributes struct {
	Currency      string `json:"currency,omitempty"`
	Country       string `json:"country,omitempty"`
	Funding       string `json:"funding"`
	Prepaid       *bool  `json:"prepaid,omitempty"`
	Brand         string `json:"brand"`
	Issuer        string `json:"issuer"`
	ProductType   string `json:"productType,omitempty"`
	SchemeProduct string `json:"schemeProduct,omitempty"`
	BIN           string `json:"bin,omitempty"`
}

func showAttributes(brand, bin string, f method.Facts) cardAttributes {
	return cardAttributes{Currency: f.Currency, Country: f.Country, Funding: otherwise(f.Funding, string(surcharge.UnknownFunding)), Prepaid: f.Prepaid,
		Brand: cardBrands[brand], Issuer: f.Issuer, ProductType: f.ProductType, SchemeProduct: f.SchemeProduct, BIN: bin}
}

// typedCard reads a CardMethod. What is wrong with the card itself has words of
// its own in the contract, which come once the rest is right.
func typedCard(in object, cvcName string) (card vault.Card, cvv method.Secret, bad error) {
	number := digitsOf(in.need("cardNumber"))
	month, year := in.expiry()
	cvv = method.Conceal(in.like(cvcName, codeForm, "3 or 4 digits"))
	card = vault.Card{Number: method.Conceal(number), Holder: in.text("cardHolderName"), ExpiryMonth: int(month), ExpiryYear: int(year)}
	switch {
	case month < 1 || month > 12:
		bad = fault.At("invalid.card.expiry_month", "expMonth", "a month is 1 to 12")
	case year < 1950 || year > 2199:
		bad = fault.At("invalid.card.expiry_year", "expYear", "a year has four digits")
	}
	return card, cvv, bad
}

func (o object) expiry() (month, year int64) {
	for name, to := range map[string]*int64{"expMonth": &month, "expYear": &year} {
		n, sent := o.integer(name)
		if !sent && !o.has(name) {
			o.not(name, "is needed")
		}
		*to = n
	}
	return month, year
}

var codeForm = regexp.MustCompile(`^[0-9]{3,4}$`)

// digitsOf takes the spaces and dashes out of a number as people type it.
func digitsOf(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] != ' ' && s[i] != '-' {
			out = append(out, s[i])
		}
	}
	return string(out)
}
