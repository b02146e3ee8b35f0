package fake

import "github.com/florinpay/florin/core/fault"

// Familiar is a number that integrators know from other sandboxes, and what it
// does here too, whatever the amount (april sheet, section 6.11).
type Familiar struct {
	Number, Brand string
	Code          string // why it is refused; "" when it is not
	Flow          Flow   // what 3-D Secure does; Plain for no challenge
	Fault         Fault  // that it brings along
	Does          string
}

// Familiars are all of them, in the sheet's order.
var Familiars = []Familiar{
	{"4242424242424242", "VISA", "", Plain, "", "approved, Visa credit"},
	{"5555555555554444", "MASTER", "", Plain, "", "approved, Mastercard credit"},
	{"378282246310005", "AMEX", "", Plain, "", "approved, American Express"},
	{"4000056655665556", "VISA", "", Plain, "", "approved, Visa debit"},
	{"4000000000009995", "VISA", insufficientFunds, Plain, "", "refused"},
	{"4000000000000002", "VISA", doNotHonour, Plain, "", "refused"},
	{"4000000000000069", "VISA", expiredCard, Plain, "", "refused"},
	{"4000000000000127", "VISA", invalidCVV, Plain, "", "refused"},
	{"4000000000009979", "VISA", stolenCard, Plain, "", "refused"},
	{"4100000000000019", "VISA", fault.DeclinedFraudSuspected, Plain, "", "refused"},
	{"4000002500003155", "VISA", "", Challenge, "", "3-D Secure challenge, then approved"},
	{"4000008400001629", "VISA", doNotHonour, Challenge, "", "3-D Secure challenge, then refused"},
	{"4000000000000259", "VISA", "", Plain, ChargebackLater + ":60", "approved; the payer's bank disputes it after a minute"},
}

var familiar = func() map[string]Familiar {
	m := map[string]Familiar{}
	for _, f := range Familiars {
		m[f.Number] = f
	}
	return m
}()
