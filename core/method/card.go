package method

import (
	"time"

	"github.com/florinpay/florin/core/fault"
)

// Typed is a card as it was typed, to be judged before anybody is asked.
type Typed struct {
	Number Secret
	CVV    Secret
	Brand  string // as named by the payer or merchant, or "" to go by the number
	Month  int    // 1 to 12
	Year   int    // four digits
	// Waived says that no security code can be asked for: the merchant starts
	// the payment, or a stored card pays.
	Waived bool
}

// Check finds what is wrong with a card without asking its issuer.
//
// Faults, in the order checked: invalid.card.number (not 12 to 19 digits, the
// check digit is wrong, or no known range), invalid.card.brand (the number is
// another brand's), invalid.card.expired (its month is over everywhere on
// earth at), invalid.card.cvv_missing (VISA, MASTER and AMEX want one),
// invalid.card.cvv (not as long as the brand's). Source: gateway sheet,
// section 7.8.
func (c Typed) Check(at time.Time) error {
	number := c.Number.Reveal()
	found := Detect(number)
	if !Luhn(number) || found == "" {
		return fault.At("invalid.card.number", "number", "this is no card number")
	}
	brand := BrandOf(c.Brand, number)
	if family := families[brand]; family != "" && family != found {
		return fault.At("invalid.card.brand", "brand", "the card number is not of this brand")
	}
	if c.Expired(at) {
		return fault.At("invalid.card.expired", "expiry", "the card has expired")
	}
	cvv := c.CVV.Reveal()
	if cvv == "" {
		if f := families[brand]; !c.Waived && (f == "VISA" || f == "MASTER" || f == "AMEX") {
			return fault.At("invalid.card.cvv_missing", "cvv", "the card's security code is needed")
		}
		return nil
	}
	if len(cvv) != CVVLength(found) || !number09(cvv) {
		return fault.At("invalid.card.cvv", "cvv", "the security code of this brand has %d digits", CVVLength(found))
	}
	return nil
}

// Expired says whether the card's month is over wherever the payer may be: 12
// hours after it has ended in UTC. A month or year that is none counts as over.
func (c Typed) Expired(at time.Time) bool {
	if c.Month < 1 || c.Month > 12 {
		return true
	}
	end := time.Date(c.Year, time.Month(c.Month)+1, 1, 12, 0, 0, 0, time.UTC)
	return !at.Before(end)
}

// Luhn says whether a text is 12 to 19 ASCII digits of which the last checks
// the others (ISO/IEC 7812-1).
func Luhn(number string) bool {
	if len(number) < 12 || len(number) > 19 || !number09(number) {
		return false
	}
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func number09(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
