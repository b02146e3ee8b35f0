package settlement

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

func TestFees(t *testing.T) {
	terms := func(country string, rules ...Rule) Terms { return Terms{Mode: Net, TaxCountry: country, Rules: rules} }
	aud := Rule{Method: "card", Currency: "AUD", BasisPoints: 175, Fixed: 30}
	tests := []struct {
		name   string
		terms  Terms
		amount money.Amount
		m      means
		want   string // variable, fixed, tax
	}{
		{"the sheet's own sample", terms("AU", Rule{BasisPoints: 175, Fixed: 30, Currency: "AUD"}), money.Of(12500, "AUD"), means{}, "219 30 25"},
		{"a half goes up", terms("AU", Rule{BasisPoints: 50}), money.Of(100, "AUD"), means{}, "1 0 0"},
		{"less than a half does not", terms("AU", Rule{BasisPoints: 49}), money.Of(100, "AUD"), means{}, "0 0 0"},
		{"a half of tax goes up", terms("AU", Rule{Fixed: 5, Currency: "AUD"}), money.Of(100, "AUD"), means{}, "0 5 1"},
		{"New Zealand", terms("NZ", Rule{Fixed: 100, Currency: "NZD"}), money.Of(100, "NZD"), means{}, "0 100 15"},
		{"Singapore", terms("SG", Rule{Fixed: 100, Currency: "SGD"}), money.Of(100, "SGD"), means{}, "0 100 9"},
		{"Hong Kong", terms("HK", Rule{Fixed: 100, Currency: "HKD"}), money.Of(100, "HKD"), means{}, "0 100 0"},
		{"Norway", terms("NO", Rule{Fixed: 100, Currency: "NOK"}), money.Of(100, "NOK"), means{}, "0 100 25"},
		{"no rule is met: another currency", terms("AU", aud), money.Of(100, "NZD"), means{method: "card"}, "0 0 0"},
		{"no rule is met: another method", terms("AU", aud), money.Of(100, "AUD"), means{method: "wallet"}, "0 0 0"},
		{"the first rule decides", terms("AU", Rule{Brand: "AMEX", BasisPoints: 290}, aud), money.Of(10000, "AUD"), means{"card", "AMEX", ""}, "290 0 29"},
		{"or the next", terms("AU", Rule{Brand: "AMEX", BasisPoints: 290}, aud), money.Of(10000, "AUD"), means{"card", "VISA", ""}, "175 30 21"},
		{"by country", terms("AU", Rule{Country: "US", BasisPoints: 350}, aud), money.Of(10000, "AUD"), means{"card", "VISA", "US"}, "350 0 35"},
		{"a country that is not known meets none", terms("AU", Rule{Country: "US", BasisPoints: 350}, aud), money.Of(10000, "AUD"), means{"card", "VISA", ""}, "175 30 21"},
		{"the largest amount", terms("AU", Rule{BasisPoints: 5000}), money.Of(money.Max, "AUD"), means{}, "500000000000000 0 50000000000000"},
	}
	for _, tt := range tests {
		c, err := tt.terms.feeOn(tt.amount, tt.m)
		if got := fmt.Sprint(c.Variable, c.Fixed, c.Tax); got != tt.want || err != nil {
			t.Errorf("%s: got %s %v, want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestPlansAreChecked(t *testing.T) {
	good := Plan{Currency: "AUD", Terms: Terms{Mode: Net, TaxCountry: "AU"}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	id := ident.ID("65a000000000000000000001")
	for name, change := range map[string]func(p *Plan){
		"currency":    func(p *Plan) { p.Currency = "ABC" },
		"mode":        func(p *Plan) { p.Terms.Mode = "half" },
		"taxCountry":  func(p *Plan) { p.Terms.TaxCountry = "XX" },
		"delayDays":   func(p *Plan) { p.Terms.DelayDays = -1 },
		"cutOff":      func(p *Plan) { p.Terms.CutOff = 1440 },
		"invoiceDays": func(p *Plan) { p.Terms.InvoiceDays = 91 },
		"disputeFee":  func(p *Plan) { p.Terms.DisputeFee = -1 },
		"rules":       func(p *Plan) { p.Terms.Rules = []Rule{{BasisPoints: 5001}} },
		"rules ":      func(p *Plan) { p.Terms.Rules = []Rule{{Fixed: 30}} }, // in which currency?
		"rules  ":     func(p *Plan) { p.Terms.Rules = []Rule{{Brand: "NOBRAND"}} },
		"parts":       func(p *Plan) { p.Terms.Shares = []Part{{Payee: id, BasisPoints: 1, Fixed: 1}} },
		"parts ":      func(p *Plan) { p.Terms.Shares = []Part{{Payee: id, BasisPoints: 10001}} },
		"parts  ":     func(p *Plan) { p.Terms.Shares = []Part{{Payee: id, BasisPoints: 1}, {Payee: id, Fixed: 1}} },
		"parts   ":    func(p *Plan) { p.Terms.Shares = []Part{{BasisPoints: 1}} },
	} {
		p := good
		change(&p)
		if err := p.Check(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestCalendar(t *testing.T) {
	sydney, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		t.Fatal(err)
	}
	friday := time.Date(2026, 11, 20, 9, 14, 0, 0, time.UTC) // 20:14 in Sydney
	for _, tt := range []struct {
		at       time.Time
		days     int
		business bool
		want     string
	}{
		{friday, 0, true, "2026-11-20 20:14"},
		{friday, 1, false, "2026-11-21 00:00"},
		{friday, 1, true, "2026-11-23 00:00"},
		{friday, 2, true, "2026-11-24 00:00"},
		{friday.Add(24 * time.Hour), 1, true, "2026-11-23 00:00"},
		{time.Date(2026, 10, 3, 12, 0, 0, 0, time.UTC), 1, false, "2026-10-04 00:00"}, // the night summer time begins
	} {
		if got := available(tt.at, sydney, tt.days, tt.business).In(sydney).Format("2006-01-02 15:04"); got != tt.want {
			t.Errorf("%v after %d days: got %s, want %s", tt.at, tt.days, got, tt.want)
		}
	}
	for _, tt := range []struct {
		at       time.Time
		schedule string
		cutOff   int
		want     string
	}{
		{friday, "daily", 0, "2026-11-21 00:00"},
		{friday, "", 21 * 60, "2026-11-20 21:00"},
		{friday, "daily", 20*60 + 14, "2026-11-21 20:14"}, // the very moment is over
		{friday, "weekly:friday", 0, "2026-11-27 00:00"},
		{friday, "weekly:saturday", 0, "2026-11-21 00:00"},
		{friday, "monthly:1", 60, "2026-12-01 01:00"},
		{friday, "monthly:20", 0, "2026-12-20 00:00"},
		{time.Date(2026, 10, 3, 12, 0, 0, 0, time.UTC), "daily", 3 * 60, "2026-10-04 03:00"},
		{friday, "manual", 0, ""},
		{friday, "hourly", 0, ""},
		{friday, "monthly:31", 0, ""},
	} {
		got := ""
		if cut, ok := nextCut(tt.at, tt.schedule, sydney, tt.cutOff); ok {
			got = cut.In(sydney).Format("2006-01-02 15:04")
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.schedule, got, tt.want)
		}
	}
}

// Whatever goes back in whichever order, no part gives more than it has got,
// the parts give back exactly what goes back in all, and when everything has
// gone back, so has all of each part.
func TestPartsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		captured := money.Of(rapid.Int64Range(1, 100_000).Draw(t, "captured"), "AUD")
		shares := drawShares(t, captured.Minor)
		got, err := allot(shares, captured)
		if err != nil {
			t.Fatal(err)
		}
		own := captured.Minor
		have := make([]int64, len(shares))
		for i, n := range got {
			have[i], own = n, own-n
			if n < 0 || shares[i].Fixed > 0 && n > shares[i].Fixed {
				t.Fatalf("part %d of %+v got %d", i, shares[i].Part, n)
			}
		}
		if own < 0 {
			t.Fatalf("parts of %d come to %v", captured.Minor, got)
		}
		left := captured.Minor
		for left > 0 {
			back := rapid.Int64Range(1, left).Draw(t, "back")
			gave, err := backed(have, own, money.Of(back, "AUD"))
			if err != nil {
				t.Fatal(err)
			}
			rest := back
			for i, n := range gave {
				if n < 0 || n > have[i] {
					t.Fatalf("part %d gives %d of %d", i, n, have[i])
				}
				have[i], rest = have[i]-n, rest-n
			}
			if rest < 0 || rest > own {
				t.Fatalf("the merchant gives %d of %d", rest, own)
			}
			own, left = own-rest, left-back
		}
		if _, err := backed(have, own, money.Of(1, "AUD")); !fault.Is(err, "invalid.amount") {
			t.Fatalf("more than all: got %v", err)
		}
		for i, n := range have {
			if n != 0 {
				t.Fatalf("part %d keeps %d", i, n)
			}
		}
		if own != 0 {
			t.Fatalf("the merchant keeps %d", own)
		}
	})
}

func drawShares(t *rapid.T, captured int64) (shares []share) {
	points := int64(whole)
	for i := range rapid.IntRange(0, 5).Draw(t, "parts") {
		p := Part{Payee: ident.ID(fmt.Sprintf("%024x", i))}
		if points > 0 && rapid.Bool().Draw(t, "by share") {
			p.BasisPoints = rapid.Int64Range(1, points).Draw(t, "points")
			points -= p.BasisPoints
		} else {
			p.Fixed = rapid.Int64Range(1, 2*captured).Draw(t, "fixed")
		}
		shares = append(shares, share{Part: p, n: int64(i)})
	}
	return shares
}
