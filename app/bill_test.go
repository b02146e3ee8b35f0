package app

import (
	"bytes"
	"testing"

	"github.com/florinpay/florin/api/spense"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
)

// A bill says in its customer's language what to pay until when, to which
// account and with which reference; other languages get English.
func TestBillSpeaksTheCustomersLanguage(t *testing.T) {
	a := &App{Spense: &spense.Surface{BaseURL: "https://pay.example"}}
	inv := invoice.Invoice{Number: "10001", Payable: "1000000018", Key: "k", Amount: money.Of(1_249_000, "NOK"), DueOn: "2026-12-05", Customer: invoice.Customer{Organisation: true, Name: "Nordlys Transport AS"},
		Details: invoice.Details{Lines: []invoice.Line{{Kind: invoice.Regular, Description: "Winter tyres", Quantity: invoice.Million, Gross: 1_249_000}}}}
	for locale, words := range map[string][]string{
		"nb": {"Faktura 10001", "Forfall 2026-12-05", "\xc5 betale", "KID: 1000000018", "Konto: 1503 91 23451", "Betal p\xe5 nett: https://pay.example/p/k"},
		"sv": {"F\xf6rfallodag 2026-12-05", "Att betala"},
		"fi": {"Er\xe4p\xe4iv\xe4 2026-12-05", "Viite: 1000000018"},
		"is": {"Invoice 10001", "To pay", "Reference: 1000000018", "Account: 1503 91 23451"},
	} {
		inv.Details.Locale = locale
		text := a.bill(inv, merchant.Merchant{Name: "Fjord Bil AS"}, "1503 91 23451")
		for _, w := range words {
			if !bytes.Contains(text, []byte(w)) {
				t.Errorf("%s: no %q", locale, w)
			}
		}
	}
	if text := a.bill(inv, merchant.Merchant{Name: "Fjord Bil AS"}, ""); bytes.Contains(text, []byte("Account")) {
		t.Error("an account that nobody has named")
	}
}
