package surcharge

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

func TestRateOf(t *testing.T) {
	fee := Fee{BasisPoints: 175, Fixed: 30, TaxBasisPoints: 1000}
	for _, c := range []struct {
		name   string
		rate   Rate
		fee    Fee
		amount int64
		want   int64
	}{
		{"the sheet's example", Rate{Mode: Explicit, BasisPoints: 110, Fixed: 30}, Fee{}, 12500, 168}, // 137.5 and 30
		{"just below a half", Rate{Mode: Explicit, BasisPoints: 110}, Fee{}, 12499, 137},
		{"a half goes up", Rate{Mode: Explicit, BasisPoints: 5000}, Fee{}, 1, 1},
		{"under a half goes down", Rate{Mode: Explicit, BasisPoints: 4999}, Fee{}, 1, 0},
		{"fixed alone", Rate{Mode: Explicit, Fixed: 30}, Fee{}, 1, 30},
		{"nothing", Rate{Mode: None}, fee, 12500, 0},
		{"the limit is rounded down", Rate{Mode: Explicit, BasisPoints: 110, Fixed: 30, CapBasisPoints: 133}, Fee{}, 12500, 166}, // 166.25
		{"a limit that does not bite", Rate{Mode: Explicit, BasisPoints: 110, Fixed: 30, CapBasisPoints: 500}, Fee{}, 12500, 168},
		{"no fee to pass on", Rate{Mode: PlatformFee}, Fee{}, 12500, 0},
		// fee(12500+279) = 224 + 30 = 254, taxed 25; fee(12500+278) = 224 + 30 + 25 too, so 278 is too little.
		{"the platform's fee", Rate{Mode: PlatformFee}, fee, 12500, 279},
		{"the platform's fee, limited", Rate{Mode: PlatformFee, CapBasisPoints: 100}, fee, 12500, 125},
	} {
		got, err := c.rate.Of(money.Of(c.amount, "AUD"), c.fee)
		if err != nil || got != money.Of(c.want, "AUD") {
			t.Errorf("%s: got %v, %v, want %d", c.name, got, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		amount int64
		fee    Fee
		want   string
	}{
		"zero":           {0, Fee{}, "invalid.amount"},
		"negative":       {-1, Fee{}, "invalid.amount"},
		"beyond":         {money.Max, Fee{BasisPoints: 100}, "invalid.amount"},
		"too much a fee": {100, Fee{BasisPoints: 5001}, "invalid.surcharge_fee"},
		"negative fee":   {100, Fee{Fixed: -1}, "invalid.surcharge_fee"},
	} {
		if _, err := (Rate{Mode: PlatformFee}).Of(money.Of(c.amount, "AUD"), c.fee); fault.Code(err) != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// What is passed on pays for the fee of the total, and a cent less would not.
func TestPlatformFeeIsTheLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := money.Of(rapid.Int64Range(1, 5_000_000).Draw(t, "amount"), "AUD")
		fee := Fee{BasisPoints: rapid.Int64Range(0, mostPoints).Draw(t, "points"), Fixed: rapid.Int64Range(0, 500).Draw(t, "fixed"),
			TaxBasisPoints: rapid.Int64Range(0, mostPoints).Draw(t, "tax")}
		s, err := (Rate{Mode: PlatformFee}).Of(amount, fee)
		if err != nil {
			t.Fatal(err)
		}
		covers := func(minor int64) bool {
			due, err := fee.On(money.Of(amount.Minor+minor, "AUD"))
			return err == nil && minor >= due.Minor
		}
		if !covers(s.Minor) {
			t.Fatalf("%d does not pay for the fee", s.Minor)
		}
		for less := s.Minor - 1; less >= max(0, s.Minor-50); less-- {
			if covers(less) {
				t.Fatalf("%d would do, got %d", less, s.Minor)
			}
		}
	})
}

func TestSummary(t *testing.T) {
	explicit := Rate{Mode: Explicit, BasisPoints: 110, Fixed: 30}
	for want, c := range map[string]struct {
		rule     Rule
		currency money.Currency
	}{
		"1.1% + $0.30 for Visa":                        {Rule{If: Conditions{Brand: "VISA"}, Rate: explicit}, "AUD"},
		"1.1% + $0.30 for Visa credit":                 {Rule{If: Conditions{Brand: "VISA", Method: Card, Funding: Credit}, Rate: explicit}, "AUD"},
		"1.1% + 0.30 NOK for international Mastercard": {Rule{If: Conditions{Brand: "MASTER", Place: International}, Rate: explicit}, "NOK"},
		"1.1% + ¥30 for all methods":                   {Rule{Rate: explicit}, "JPY"},
		"1.1% + 0.030 KWD for cards from NO":           {Rule{If: Conditions{Country: "NO"}, Rate: explicit}, "KWD"},
		"0.05% for cards":                              {Rule{If: Conditions{Method: Card}, Rate: Rate{Mode: Explicit, BasisPoints: 5}}, "AUD"},
		"12% for prepaid cards of Example Bank":        {Rule{If: Conditions{Prepaid: &yes, Issuer: "Example Bank"}, Rate: Rate{Mode: Explicit, BasisPoints: 1200}}, "AUD"},
		"$2.00 for bank transfer":                      {Rule{If: Conditions{Method: BankTransfer}, Rate: Rate{Mode: Explicit, Fixed: 200}}, "AUD"},
		"no surcharge for debit cards":                 {Rule{If: Conditions{Funding: Debit, Method: Card}, Rate: Rate{Mode: None}}, "AUD"},
		"1.1% + $0.30, at most 1.5%, for Visa by Apple Pay": {Rule{If: Conditions{Brand: "VISA", Method: ApplePay},
			Rate: Rate{Mode: Explicit, BasisPoints: 110, Fixed: 30, CapBasisPoints: 150}}, "AUD"},
		"processing fee of 1.75% + $0.30 and 10% tax on it for cards": {Rule{If: Conditions{Method: Card}, Rate: Rate{Mode: PlatformFee}}, "AUD"},
	} {
		if got := c.rule.Summary(c.currency, Fee{BasisPoints: 175, Fixed: 30, TaxBasisPoints: 1000}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
