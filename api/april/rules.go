package april

import (
	"context"
	"encoding/json"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
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
	rules, err := readRules(id, in)
	if err == nil {
		_, err = s.Surcharges.Replace(c.r.Context(), c.actor.For(id.ID), c.by(), id, rules)
	}
	return err
}

func readRules(id surcharge.Owner, in object) (rules []surcharge.Rule, err error) {
	if !in.has("rules") {
		in.not("rules", "is needed")
	}
	for _, rule := range in.objects("rules", mostRules) {
		r := readRule(rule)
		r.Owner = id
		rules = append(rules, r)
	}
	return rules, in.err()
}

// SetMarketplaceRules gives a marketplace the rules of a text, in the form of
// UpdateSurchargeRules, in the place of those it has. No operation of the
// contract does; the operator does. Faults: what is wrong with the text, those of
// surcharge.Service.Replace.
func (s *Surface) SetMarketplaceRules(ctx context.Context, actor access.Actor, by audit.By, marketplace ident.ID, text []byte) (list []surcharge.Rule, err error) {
	members, err := readJSON(text)
	if err != nil {
		return nil, err
	}
	id := surcharge.Owner{Kind: surcharge.Marketplace, ID: marketplace}
	rules, err := readRules(id, object{members: members, bad: &badRequest{}})
	if err != nil {
		return nil, err
	}
	return s.Surcharges.Replace(ctx, actor, by, id, rules)
}

// MarketplaceRules is the text of a marketplace's rules as SetMarketplaceRules
// takes it. Faults: those of surcharge.Service.Rules.
func (s *Surface) MarketplaceRules(ctx context.Context, actor access.Actor, marketplace ident.ID) ([]byte, error) {
	list, err := s.Surcharges.Rules(ctx, actor, surcharge.Owner{Kind: surcharge.Marketplace, ID: marketplace})
	if err != nil {
		return nil, err
	}
	rules := make([]map[string]any, len(list))
	for i, r := range list {
		rules[i] = map[string]any{"priority": r.Priority, "mode": wordOf(ruleModes, r.Rate.Mode)}
		for name, v := range showMatch(r.If) {
			rules[i][name] = v
		}
		for name, n := range map[string]int64{"variableBasisPoints": r.Rate.BasisPoints, "fixedAmount": r.Rate.Fixed, "capBasisPoints": r.Rate.CapBasisPoints} {
			if n != 0 {
				rules[i][name] = n
			}
		}
	}
	return json.MarshalIndent(map[string]any{"rules": rules}, "", "  ")
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
