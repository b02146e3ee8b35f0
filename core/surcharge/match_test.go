package surcharge

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

var yes, no = true, false

func visaCredit() Ask {
	return Ask{Merchant: "m1", Marketplace: "p1", CustomerType: Consumer, Form: InFull, Amount: money.Of(12500, "AUD"),
		Means: Means{Method: Card, Last4: "4242", Card: Attributes{Brand: "VISA", Funding: Credit, Prepaid: &no, Country: "AU", Currency: "AUD",
			Issuer: "Example Bank", ProductType: "CN", SchemeProduct: "AC000", BIN: "42424242"}}}
}

// Each condition lets through what it names and nothing else.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		name   string
		meets  Conditions
		misses Conditions
	}{
		{"customer type", Conditions{CustomerType: Consumer}, Conditions{CustomerType: Organisation}},
		{"form", Conditions{Form: InFull}, Conditions{Form: PayPlan}},
		{"currency", Conditions{Currency: "AUD"}, Conditions{Currency: "NZD"}},
		{"method", Conditions{Method: Card}, Conditions{Method: ApplePay}},
		{"brand", Conditions{Brand: "VISA"}, Conditions{Brand: "MASTER"}},
		{"funding", Conditions{Funding: Credit}, Conditions{Funding: Debit}},
		{"prepaid", Conditions{Prepaid: &no}, Conditions{Prepaid: &yes}},
		{"place", Conditions{Place: Domestic}, Conditions{Place: International}},
		{"country", Conditions{Country: "AU"}, Conditions{Country: "NO"}},
		{"card currency", Conditions{CardCurrency: "AUD"}, Conditions{CardCurrency: "NOK"}},
		{"issuer", Conditions{Issuer: "Example Bank"}, Conditions{Issuer: "Other Bank"}},
		{"product type", Conditions{ProductType: "CN"}, Conditions{ProductType: "CP"}},
		{"scheme product", Conditions{SchemeProduct: "AC000"}, Conditions{SchemeProduct: "DC000"}},
		{"BIN", Conditions{BINs: []Span{{"400000", "400000"}, {"424200", "424299"}}}, Conditions{BINs: []Span{{"424243", "424299"}}}},
		{"long BIN", Conditions{BINs: []Span{{"42424242", "42424242"}}}, Conditions{BINs: []Span{{"424242420", "424242429"}}}},
	} {
		if c.meets.count() != 1 || c.misses.count() != 1 {
			t.Errorf("%s: counted %d and %d conditions, want 1", c.name, c.meets.count(), c.misses.count())
		}
		if !c.meets.meets(visaCredit(), "AU") {
			t.Errorf("%s: %+v is not met", c.name, c.meets)
		}
		if c.misses.meets(visaCredit(), "AU") {
			t.Errorf("%s: %+v is met", c.name, c.misses)
		}
		unknown := Ask{Amount: money.Of(1, "JPY")}
		if c.meets.meets(unknown, "") {
			t.Errorf("%s: met by what is not known", c.name)
		}
	}
	if (Conditions{Place: Domestic}).meets(visaCredit(), "") || (Conditions{Place: International}).meets(visaCredit(), "") {
		t.Error("a merchant without country has domestic or international cards")
	}
	if !(Conditions{Place: International}).meets(visaCredit(), "NO") {
		t.Error("an Australian card is not international in Norway")
	}
}

func TestPick(t *testing.T) {
	mine, market := Owner{Merchant, "m1"}, Owner{Marketplace, "p1"}
	all := []Rule{
		{ID: "01", Owner: market},
		{ID: "02", Owner: mine},
		{ID: "03", Owner: market, If: Conditions{Method: Card}},
		{ID: "04", Owner: mine, If: Conditions{Method: Card}},
		{ID: "05", Owner: market, If: Conditions{Method: Card, Brand: "VISA"}},
		{ID: "06", Owner: mine, If: Conditions{BINs: []Span{{"4242", "4242"}}, Brand: "VISA"}},
		{ID: "07", Owner: market, If: Conditions{BINs: []Span{{"424200", "424299"}, {"424242", "424243"}}, Brand: "VISA"}},
		{ID: "08", Owner: mine, If: Conditions{Method: Card, Brand: "VISA", Funding: Debit}},
		{ID: "09", Owner: mine, Priority: 1, If: Conditions{Method: Card, Brand: "VISA", Funding: Credit}},
		{ID: "10", Owner: market},
	}
	for _, c := range []struct {
		name string
		from []Rule
		want ident.ID
	}{
		{"none", nil, ""},
		{"a rule without conditions takes all", all[:1], "01"},
		{"the merchant before the marketplace", all[:2], "02"},
		{"more conditions before the merchant", all[:3], "03"},
		{"equal conditions, the merchant", all[:4], "04"},
		{"two conditions", all[:5], "05"},
		{"a BIN span is narrower than none", all[:6], "06"},
		{"the narrowest span", all[:7], "07"},
		{"a debit rule is not for credit", all[:8], "07"},
		{"a higher priority number comes later", all[:9], "07"},
		{"the newer one of equals", []Rule{all[0], all[9]}, "10"},
		{"a dropped one is out", []Rule{all[0], {ID: "11", Owner: mine, DroppedAt: time.Unix(1, 0)}}, "01"},
	} {
		for _, turned := range []bool{false, true} {
			rules := slices.Clone(c.from)
			if turned {
				slices.Reverse(rules)
			}
			if got, found := Pick(rules, visaCredit(), "AU"); got.ID != c.want || found != (c.want != "") {
				t.Errorf("%s (turned: %v): got %q, want %q", c.name, turned, got.ID, c.want)
			}
		}
	}
}

// The order of the rows never decides.
func TestPickIsOneForEveryOrder(t *testing.T) {
	pick := func(t *rapid.T, label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
	rapid.Check(t, func(t *rapid.T) {
		var rules []Rule
		for i := range rapid.IntRange(1, 12).Draw(t, "rules") {
			r := Rule{ID: ident.ID(rune('a' + i)), Priority: rapid.Int64Range(0, 1).Draw(t, "priority"), Owner: Owner{Kind: Merchant, ID: "m1"},
				If: Conditions{Brand: pick(t, "brand", "", "VISA", "MASTER"), Funding: Funding(pick(t, "funding", "", "credit")), Country: pick(t, "country", "", "AU")}}
			if rapid.Bool().Draw(t, "marketplace") {
				r.Owner = Owner{Kind: Marketplace, ID: "p1"}
			}
			if n := rapid.IntRange(0, 3).Draw(t, "span"); n > 0 {
				r.If.BINs = []Span{{"42424242"[:3+n], "42424299"[:3+n]}}
			}
			rules = append(rules, r)
		}
		first, found := Pick(rules, visaCredit(), "AU")
		again, foundAgain := Pick(rapid.Permutation(rules).Draw(t, "order"), visaCredit(), "AU")
		if first.ID != again.ID || found != foundAgain {
			t.Fatalf("got %q and %q", first.ID, again.ID)
		}
		for _, r := range rules {
			if r.If.meets(visaCredit(), "AU") && (r.Priority < first.Priority || r.Priority == first.Priority && r.If.count() > first.If.count()) {
				t.Fatalf("%+v lost against %+v", r, first)
			}
		}
	})
}

func TestRuleCheck(t *testing.T) {
	good := Rule{Owner: Owner{Merchant, "m1"}, If: Conditions{Currency: "AUD", Brand: "VISA", Method: Card, Country: "AU", Funding: Credit,
		BINs: []Span{{"424242", "424299"}}}, Rate: Rate{Mode: Explicit, BasisPoints: 110, Fixed: 30, CapBasisPoints: 200}}
	if err := good.Check(); err != nil {
		t.Fatalf("a good rule: %v", err)
	}
	for param, bend := range map[string]func(r *Rule){
		"owner":          func(r *Rule) { r.Owner.Kind = "bank" },
		"priority":       func(r *Rule) { r.Priority = -1 },
		"customerType":   func(r *Rule) { r.If.CustomerType = "dog" },
		"form":           func(r *Rule) { r.If.Form = "later" },
		"currency":       func(r *Rule) { r.If.Currency = "XAU" },
		"method":         func(r *Rule) { r.If.Method = "barter" },
		"brand":          func(r *Rule) { r.If.Brand = "Visa" },
		"funding":        func(r *Rule) { r.If.Funding = "stolen" },
		"place":          func(r *Rule) { r.If.Place = "abroad" },
		"country":        func(r *Rule) { r.If.Country = "au" },
		"cardCurrency":   func(r *Rule) { r.If.CardCurrency = "DOG" },
		"conditions":     func(r *Rule) { r.If.ProductType = "a very long word that is no product type at all" },
		"bins":           func(r *Rule) { r.If.BINs = []Span{{"424299", "424242"}} },
		"mode":           func(r *Rule) { r.Rate.Mode = "some" },
		"basisPoints":    func(r *Rule) { r.Rate.BasisPoints = 5001 },
		"fixed":          func(r *Rule) { r.Rate.Fixed = -1 },
		"capBasisPoints": func(r *Rule) { r.Rate.CapBasisPoints = 10001 },
	} {
		r := good
		bend(&r)
		var got *fault.Error
		if err := r.Check(); fault.Code(err) != "invalid.surcharge_rule" {
			t.Errorf("%s: got %v", param, err)
		} else if got = err.(*fault.Error); got.Param != param {
			t.Errorf("%s: got the parameter %s", param, got.Param)
		}
	}
	for name, r := range map[string]Rule{
		"a fixed part without currency": {Owner: good.Owner, Rate: Rate{Mode: Explicit, Fixed: 30}},
		"a fee with a part of its own":  {Owner: good.Owner, Rate: Rate{Mode: PlatformFee, BasisPoints: 1}},
		"a limit on nothing":            {Owner: good.Owner, Rate: Rate{Mode: None, CapBasisPoints: 1}},
		"a span of letters":             {Owner: good.Owner, If: Conditions{BINs: []Span{{"42a242", "42a242"}}}, Rate: Rate{Mode: None}},
		"a span of two lengths":         {Owner: good.Owner, If: Conditions{BINs: []Span{{"42424", "424242"}}}, Rate: Rate{Mode: None}},
	} {
		if err := r.Check(); fault.Code(err) != "invalid.surcharge_rule" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
