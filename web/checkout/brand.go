package checkout

import (
	"slices"
	"strings"
)

// Brand is a way to pay as the page names it.
type Brand struct {
	Code  string // VISA
	Name  string // Visa
	Short string // on the small card
	Class string // of the style sheet
}

type family int

const (
	card family = iota
	wallet
	voucher
)

var brands = map[string]struct {
	family
	name, short, class string
}{
	"VISA": {card, "Visa", "VISA", "visa"}, "VISADEBIT": {card, "Visa Debit", "VISA", "visa"}, "VISAELECTRON": {card, "Visa Electron", "VISA", "visa"},
	"MASTER": {card, "Mastercard", "Mastercard", "master"}, "MASTERDEBIT": {card, "Mastercard Debit", "Mastercard", "master"},
	"AMEX": {card, "American Express", "AMEX", "amex"}, "MAESTRO": {card, "Maestro", "Maestro", "maestro"}, "JCB": {card, "JCB", "JCB", "jcb"},
	"DISCOVER": {card, "Discover", "Discover", "discover"}, "DINERS": {card, "Diners Club", "Diners", "diners"},
	"UNIONPAY": {card, "UnionPay", "UnionPay", "unionpay"}, "DANKORT": {card, "Dankort", "Dankort", "dankort"},
	"CARTEBANCAIRE": {card, "Carte Bancaire", "CB", ""}, "MADA": {card, "mada", "mada", ""}, "ELO": {card, "Elo", "Elo", ""}, "HIPERCARD": {card, "Hipercard", "Hiper", ""},

	"APPLEPAY": {wallet, "Apple Pay", "Apple Pay", "applepay"}, "GOOGLEPAY": {wallet, "Google Pay", "Google Pay", "googlepay"},
	"PAYPAL": {wallet, "PayPal", "PayPal", "paypal"}, "CLICK_TO_PAY": {wallet, "Click to Pay", "C2P", ""},
	"VIPPS": {wallet, "Vipps", "Vipps", "vipps"}, "MOBILEPAY": {wallet, "MobilePay", "MobilePay", "mobilepay"}, "SWISH": {wallet, "Swish", "Swish", "swish"},
	"DIRECTDEBIT_SEPA": {wallet, "SEPA", "SEPA", ""}, "SEPA": {wallet, "SEPA", "SEPA", ""}, "SOFORTUEBERWEISUNG": {wallet, "Sofort", "Sofort", ""},
	"KNET": {wallet, "KNET", "KNET", ""}, "OMANNET": {wallet, "OmanNet", "OmanNet", ""}, "VALU": {wallet, "valU", "valU", ""}, "POSTPAY": {wallet, "Postpay", "Postpay", ""},

	"BOLETO": {voucher, "Boleto", "Boleto", ""}, "OXXO": {voucher, "OXXO", "OXXO", ""}, "BALOTO": {voucher, "Baloto", "Baloto", ""},
	"PAGO_EFECTIVO": {voucher, "PagoEfectivo", "PE", ""},
}

func brandOf(code string) (Brand, family) {
	if strings.HasPrefix(code, "KLARNA") {
		return Brand{code, "Klarna", "Klarna", "klarna"}, wallet
	}
	b, ok := brands[code]
	if !ok {
		name := strings.ReplaceAll(code, "_", " ")
		return Brand{code, name, name, ""}, wallet
	}
	return Brand{code, b.name, b.short, b.class}, b.family
}

// byFamily sorts the brands of a session: what is typed in, what leads to
// another page, what leads to a slip. A brand given twice is shown once.
func byFamily(codes []string) (cards, wallets, vouchers []Brand) {
	var seen []string
	for _, code := range codes {
		if slices.Contains(seen, code) {
			continue
		}
		seen = append(seen, code)
		switch b, f := brandOf(code); f {
		case card:
			cards = append(cards, b)
		case voucher:
			vouchers = append(vouchers, b)
		default:
			wallets = append(wallets, b)
		}
	}
	return cards, wallets, vouchers
}
