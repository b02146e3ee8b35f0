package april

import (
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/surcharge"
)

// mostRules bounds a merchant's surcharge rules.
const mostRules = 100

// The contract's words for what rules look at (sheet, 6.3), and the core's.
var (
	ruleMethods = map[string]method.Name{"Card": surcharge.Card, "ApplePay": surcharge.ApplePay, "GooglePay": surcharge.GooglePay,
		"DirectDebit": surcharge.DirectDebit, "BankTransfer": surcharge.BankTransfer, "PayTo": surcharge.PayTo}
	ruleForms  = map[string]surcharge.Form{"PayInFull": surcharge.InFull, "PayPlan": surcharge.PayPlan}
	ruleModes  = map[string]surcharge.Mode{"none": surcharge.None, "platformFee": surcharge.PlatformFee, "explicit": surcharge.Explicit}
	ruleBrands = map[string]string{"American Express": "AMEX", "MasterCard": "MASTER", "Visa": "VISA", "Diners Club": "DINERS", "Discover": "DISCOVER",
		"UnionPay": "UNIONPAY", "Maestro": "MAESTRO", "Elo": "ELO", "Hipercard": "HIPERCARD", "Jcb": "JCB", "Electron": "VISAELECTRON"}
)

// wordIn reads an optional word and what the core calls it.
func wordIn[T ~string](o object, name string, words map[string]T) T {
	word := o.text(name)
	own, known := words[word]
	if word != "" && !known {
		o.not(name, "is no word of the contract")
	}
	return own
}

// readRule reads a SurchargeRule.
func readRule(in object) surcharge.Rule {
	whole := func(name string) int64 {
		n, _ := in.integer(name)
		return n
	}
	r := surcharge.Rule{Priority: whole("priority"), If: surcharge.Conditions{CustomerType: wordIn(in, "customerType", customerTypes),
		Form: wordIn(in, "form", ruleForms), Method: wordIn(in, "method", ruleMethods), Brand: wordIn(in, "brand", ruleBrands),
		Funding: surcharge.Funding(in.word("funding", "credit", "debit", "chargecard", "prepaid", "deferreddebit", "unknown")),
		Place:   surcharge.Place(in.word("countryClass", "domestic", "international")), Country: in.like("country", countryForm, countryWhat),
		Currency: money.Currency(in.text("currency"))},
		Rate: surcharge.Rate{Mode: wordIn(in, "mode", ruleModes), BasisPoints: whole("variableBasisPoints"), Fixed: whole("fixedAmount"), CapBasisPoints: whole("capBasisPoints")}}
	if !in.has("mode") {
		in.not("mode", "is needed")
	}
	return r
}

// setRules is UpdateSurchargeRules: the merchant's rules are these from now on.
func (s *Surface) setRules(c *call, id surcharge.Owner, in object) error {
	var rules []surcharge.Rule
	if !in.has("rules") {
		in.not("rules", "is needed")
	}
	for _, rule := range in.objects("rules", mostRules) {
		r := readRule(rule)
		r.Owner = id
		rules = append(rules, r)
	}
	if err := in.err(); err != nil {
		return err
	}
	_, err := s.Surcharges.Replace(c.r.Context(), c.actor.For(id.ID), c.by(), id, rules)
	return err
}

// surchargeRate is a rule as SurchargeRatesRequest shows it.
type surchargeRate struct {
	Match               map[string]string `json:"match"`
	VariableBasisPoints int64             `json:"variableBasisPoints"`
	FixedAmount         int64             `json:"fixedAmount"`
	Summary             string            `json:"summary"`
}

// rates answers SurchargeRatesRequest: the rules that may decide payments of a
// type of customer in a currency, the first that fits first.
func (s *Surface) rates(c *call, in object) (any, error) {
	who, currency := in.customerType(), money.Currency(in.need("currency"))
	if err := in.err(); err != nil {
		return nil, err
	}
	fee, err := s.fee(c.r.Context(), c.actor.Realm, c.acts.ID, surcharge.Card, "", "", currency)
	if err != nil {
		return nil, err
	}
	offers, err := s.Surcharges.Rates(c.r.Context(), c.actor, ask(*c.acts, surcharge.Means{}, money.Of(0, currency), who, fee))
	if err != nil {
		return nil, err
	}
	list := make([]surchargeRate, len(offers))
	for i, o := range offers {
		list[i] = surchargeRate{Match: showMatch(o.Rule.If), VariableBasisPoints: o.Rule.Rate.BasisPoints, FixedAmount: o.Rule.Rate.Fixed, Summary: o.Summary}
		if o.Rule.Rate.Mode == surcharge.PlatformFee {
			list[i].VariableBasisPoints, list[i].FixedAmount = fee.BasisPoints, fee.Fixed
		}
	}
	return tagged("SurchargeRatesResponse", map[string]any{"rates": list}), nil
}

// showMatch writes conditions as they are written in a rule.
func showMatch(c surcharge.Conditions) map[string]string {
	out := map[string]string{"brand": wordOf(ruleBrands, c.Brand), "method": wordOf(ruleMethods, c.Method), "form": wordOf(ruleForms, c.Form),
		"customerType": wordOf(customerTypes, c.CustomerType), "funding": string(c.Funding), "countryClass": string(c.Place), "country": c.Country,
		"currency": string(c.Currency)}
	for name, v := range out {
		if v == "" {
			delete(out, name)
		}
	}
	return out
}

func wordOf[T ~string](words map[string]T, own T) string {
	for word, v := range words {
		if v == own && own != "" {
			return word
		}
	}
	return string(own)
}
