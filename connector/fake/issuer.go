package fake

import (
	"context"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
)

// IssuerCard is a test card whose issuer has an answer of its own, whatever the
// amount. Integrators know these numbers from card gateways (april sheet,
// section 6.11).
type IssuerCard struct {
	TestCard
	Code  string // with which it is refused, "" when it is not
	Fault Fault  // that it brings
	Does  string // for people
}

// IssuerCards are all of them.
var IssuerCards = []IssuerCard{
	{TestCard{"4242424242424242", "VISA", Plain}, "", "", "approved, credit"},
	{TestCard{"5555555555554444", "MASTER", Plain}, "", "", "approved, credit"},
	{TestCard{"378282246310005", "AMEX", Plain}, "", "", "approved, charge card"},
	{TestCard{"4000056655665556", "VISA", Plain}, "", "", "approved, debit"},
	{TestCard{"4000000000009995", "VISA", Plain}, insufficientFunds, "", "refused, `" + insufficientFunds + "`; a verification is approved"},
	{TestCard{"4000000000000002", "VISA", Plain}, doNotHonour, "", "refused, `" + doNotHonour + "`"},
	{TestCard{"4000000000000069", "VISA", Plain}, expiredCard, "", "refused, `" + expiredCard + "`"},
	{TestCard{"4000000000000127", "VISA", Plain}, invalidCVV, "", "refused, `" + invalidCVV + "`"},
	{TestCard{"4000000000009979", "VISA", Plain}, stolenCard, "", "refused, `" + stolenCard + "`"},
	{TestCard{"4100000000000019", "VISA", Plain}, fault.DeclinedFraudSuspected, "", "refused, `" + fault.DeclinedFraudSuspected + "`"},
	{TestCard{"4000002500003155", "VISA", Challenge}, "", "", "challenge, then approved"},
	{TestCard{"4000008400001629", "VISA", Challenge}, fault.DeclinedIssuer, "", "challenge, then refused, `" + fault.DeclinedIssuer + "`"},
	{TestCard{"4000000000000259", "VISA", Plain}, "", ChargebackLater + ":60", "approved; charged back a minute later"},
}

var issuerCards = func() map[string]IssuerCard {
	m := map[string]IssuerCard{}
	for _, c := range IssuerCards {
		m[c.Number] = c
		cards[c.Number] = c.TestCard
	}
	return m
}()

// issued is what the provider's directory of issuers knows, by the first six
// digits of a number.
var issued = map[string]method.Facts{
	"424242": credit("AU", "Example Bank"), "400000": credit("AU", "Example Bank"), "410000": credit("AU", "Example Bank"), "555555": credit("AU", "Example Bank"),
	"378282": facts("AU", "chargecard", "AUD", "Example Express"), "400005": facts("AU", "debit", "AUD", "Example Bank"),
	"420000": facts("NO", "credit", "NOK", "Fjord Bank"), "545454": facts("NO", "credit", "NOK", "Fjord Bank"),
}

func credit(country, issuer string) method.Facts { return facts(country, "credit", "AUD", issuer) }

func facts(country, funding, currency, issuer string) method.Facts {
	no := false
	return method.Facts{Country: country, Funding: funding, Prepaid: &no, Currency: currency, Issuer: issuer}
}

// Describe tells what the directory of issuers knows of a card.
func (p *Provider) Describe(_ context.Context, bin string) (method.Facts, bool) {
	if len(bin) < 6 {
		return method.Facts{}, false
	}
	f, known := issued[bin[:6]]
	return f, known
}
