package method

import "strings"

// families say which card brands run on which ranges of numbers. A brand that
// is missing here (a domestic scheme such as DANKORT or MADA) is issued on
// ranges of several others.
var families = map[string]string{
	"VISA": "VISA", "VISADEBIT": "VISA", "VISAELECTRON": "VISA", "MASTER": "MASTER", "MASTERDEBIT": "MASTER", "AMEX": "AMEX",
	"MAESTRO": "MAESTRO", "JCB": "JCB", "DISCOVER": "DISCOVER", "DINERS": "DINERS", "UNIONPAY": "UNIONPAY",
}

// methods say how each brand is paid with.
var methods = func() map[string]Name {
	all := map[string]Name{}
	for name, brands := range map[Name]string{
		Card: `VISA MASTER AMEX MAESTRO JCB DISCOVER DINERS UNIONPAY MADA MASTERDEBIT VISADEBIT VISAELECTRON CARTEBANCAIRE DANKORT
			ELO HIPERCARD`,
		Wallet: `APPLEPAY GOOGLEPAY CLICK_TO_PAY PAYPAL VIPPS SWISH MOBILEPAY PAYEX NEXI VALU POSTPAY KNET OMANNET SOFORTUEBERWEISUNG
			KLARNA_PAYMENTS_PAYNOW KLARNA_PAYMENTS_PAYLATER KLARNA_PAYMENTS_SLICEIT KLARNA_PAYMENTS_ONE`,
		Voucher:      `BOLETO OXXO BALOTO PAGO_EFECTIVO`,
		DirectDebit:  `DIRECTDEBIT_AU DIRECTDEBIT_NZ DIRECTDEBIT_HK DIRECTDEBIT_HKUSD DIRECTDEBIT_SG DIRECTDEBIT_NO DIRECTDEBIT_SE`,
		BankTransfer: `BANKTRANSFER`,
		PayTo:        `PAYTO`,
		Terminal:     `TERMINAL`,
	} {
		for b := range strings.FieldsSeq(brands) {
			all[b] = name
		}
	}
	return all
}()

// OfBrand says how a brand is paid with. Brands are in capitals; every name
// that starts with KLARNA is a wallet. "" for a brand that is none of ours
// (DIRECTDEBIT_SEPA and SEPA are not: they want a mandate).
func OfBrand(brand string) Name {
	if strings.HasPrefix(brand, "KLARNA") {
		return Wallet
	}
	return methods[brand]
}

// titles are brands as payers know them.
var titles = map[string]string{"VISA": "Visa", "VISADEBIT": "Visa Debit", "VISAELECTRON": "Visa Electron", "MASTER": "Mastercard",
	"MASTERDEBIT": "Debit Mastercard", "AMEX": "American Express", "MAESTRO": "Maestro", "DISCOVER": "Discover", "DINERS": "Diners Club",
	"UNIONPAY": "UnionPay", "ELO": "Elo", "HIPERCARD": "Hipercard", "CARTEBANCAIRE": "Cartes Bancaires", "DANKORT": "Dankort", "MADA": "mada",
	"APPLEPAY": "Apple Pay", "GOOGLEPAY": "Google Pay", "PAYPAL": "PayPal", "VIPPS": "Vipps", "SWISH": "Swish", "MOBILEPAY": "MobilePay"}

// Title is a brand as payers know it. One that has no other name is written as
// it is.
func Title(brand string) string {
	if t := titles[brand]; t != "" {
		return t
	}
	return brand
}

// BrandOf is the brand that was named, or else the one whose range the card
// number lies in, or "".
func BrandOf(named, number string) string {
	if named != "" {
		return named
	}
	return Detect(number)
}

// A span is the card numbers that begin with from to to, both as many digits.
type span struct {
	from, to, brand string
}

// The first span that fits wins (gateway sheet, section 19).
var spans = []span{
	{"4", "4", "VISA"}, {"51", "55", "MASTER"}, {"2221", "2720", "MASTER"}, {"34", "34", "AMEX"}, {"37", "37", "AMEX"},
	{"3528", "3589", "JCB"}, {"36", "36", "DINERS"}, {"38", "38", "DINERS"}, {"300", "305", "DINERS"},
	{"6011", "6011", "DISCOVER"}, {"644", "649", "DISCOVER"}, {"65", "65", "DISCOVER"}, {"62", "62", "UNIONPAY"},
	{"50", "50", "MAESTRO"}, {"56", "58", "MAESTRO"}, {"6", "6", "MAESTRO"},
}

// Detect finds the card brand in whose range a number, or its beginning, lies;
// "" when it lies in none.
func Detect(number string) string {
	for _, s := range spans {
		if len(number) >= len(s.from) {
			if head := number[:len(s.from)]; s.from <= head && head <= s.to {
				return s.brand
			}
		}
	}
	return ""
}

// CVVLength is how many digits a brand's security code has.
func CVVLength(brand string) int {
	if brand == "AMEX" {
		return 4
	}
	return 3
}
