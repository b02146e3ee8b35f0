package checkout

import (
	"slices"
	"strings"

	"github.com/florinpay/florin/core/method"
)

// Brand is a way to pay as the page names it.
type Brand struct {
	Code  string // VISA
	Name  string // Visa
	Short string // on the small card
	Class string // of the style sheet
}

// brands are the ones whose name is not their code.
var brands = map[string]struct{ name, short, class string }{
	"VISA": {"Visa", "VISA", "visa"}, "VISADEBIT": {"Visa Debit", "VISA", "visa"}, "VISAELECTRON": {"Visa Electron", "VISA", "visa"},
	"MASTER": {"Mastercard", "Mastercard", "master"}, "MASTERDEBIT": {"Mastercard Debit", "Mastercard", "master"},
	"AMEX": {"American Express", "AMEX", "amex"}, "MAESTRO": {"Maestro", "Maestro", "maestro"}, "JCB": {"JCB", "JCB", "jcb"},
	"DISCOVER": {"Discover", "Discover", "discover"}, "DINERS": {"Diners Club", "Diners", "diners"},
	"UNIONPAY": {"UnionPay", "UnionPay", "unionpay"}, "DANKORT": {"Dankort", "Dankort", "dankort"},
	"CARTEBANCAIRE": {"Carte Bancaire", "CB", ""}, "MADA": {"mada", "mada", ""}, "ELO": {"Elo", "Elo", ""}, "HIPERCARD": {"Hipercard", "Hiper", ""},

	"APPLEPAY": {"Apple Pay", "Apple Pay", "applepay"}, "GOOGLEPAY": {"Google Pay", "Google Pay", "googlepay"},
	"PAYPAL": {"PayPal", "PayPal", "paypal"}, "CLICK_TO_PAY": {"Click to Pay", "C2P", ""},
	"VIPPS": {"Vipps", "Vipps", "vipps"}, "MOBILEPAY": {"MobilePay", "MobilePay", "mobilepay"}, "SWISH": {"Swish", "Swish", "swish"},
	"BANKTRANSFER": {"Bank transfer", "Bank", ""}, "PAYEX": {"PayEx", "PayEx", ""}, "NEXI": {"Nexi", "Nexi", ""},
	"SOFORTUEBERWEISUNG": {"Sofort", "Sofort", ""},
	"KNET":               {"KNET", "KNET", ""}, "OMANNET": {"OmanNet", "OmanNet", ""}, "VALU": {"valU", "valU", ""}, "POSTPAY": {"Postpay", "Postpay", ""},

	"BOLETO": {"Boleto", "Boleto", ""}, "OXXO": {"OXXO", "OXXO", ""}, "BALOTO": {"Baloto", "Baloto", ""},
	"PAGO_EFECTIVO": {"PagoEfectivo", "PE", ""},
}

// BrandName is what payers call a way to pay.
func BrandName(code string) string { return brandOf(code).Name }

func brandOf(code string) Brand {
	if strings.HasPrefix(code, "KLARNA") {
		return Brand{code, "Klarna", "Klarna", "klarna"}
	}
	if method.DebitRegion(code) != "" {
		return Brand{code, "Direct debit", "Direct debit", ""}
	}
	b, ok := brands[code]
	if !ok {
		name := strings.ReplaceAll(code, "_", " ")
		return Brand{code, name, name, ""}
	}
	return Brand{code, b.name, b.short, b.class}
}

// byMethod sorts the brands of a session: what is typed in, what leads to
// another page, what leads to a slip. A brand given twice is shown once, one
// that cannot be paid with not at all.
func byMethod(codes []string) (cards, wallets, vouchers []Brand) {
	var seen []string
	for _, code := range codes {
		if slices.Contains(seen, code) {
			continue
		}
		seen = append(seen, code)
		switch b := brandOf(code); method.OfBrand(code) {
		case method.Card:
			cards = append(cards, b)
		case method.Wallet:
			wallets = append(wallets, b)
		case method.Voucher:
			vouchers = append(vouchers, b)
		}
	}
	return cards, wallets, vouchers
}
