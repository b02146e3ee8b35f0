package surcharge_test

import (
	"testing"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/surcharge"
	"github.com/florinpay/florin/store"
)

func TestLifeOfARule(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		market := surcharge.Owner{Kind: surcharge.Marketplace, ID: "p1"}
		mine := surcharge.Owner{Kind: surcharge.Merchant, ID: s.merchant}
		prepaid := true
		general := s.rule(t, surcharge.Rule{Owner: market, Rate: surcharge.Rate{Mode: surcharge.Explicit, BasisPoints: 200}})
		full := surcharge.Rule{Owner: mine, Priority: 3, If: surcharge.Conditions{CustomerType: surcharge.Consumer, Form: surcharge.InFull, Currency: "AUD",
			Method: surcharge.Card, Brand: "VISA", Funding: surcharge.Prepaid, Prepaid: &prepaid, Place: surcharge.Domestic, Country: "AU", CardCurrency: "AUD",
			Issuer: "Example Bank", ProductType: "CN", SchemeProduct: "AC000", BINs: []surcharge.Span{{From: "424242", To: "424299"}}},
			Rate: surcharge.Rate{Mode: surcharge.Explicit, BasisPoints: 110, Fixed: 30, CapBasisPoints: 150}}
		made := s.rule(t, full)
		list, err := s.Rules(t.Context(), boss, mine)
		if err != nil || len(list) != 1 {
			t.Fatalf("got %d rules, %v", len(list), err)
		}
		got := list[0]
		if got.If.Prepaid == nil || !*got.If.Prepaid || len(got.If.BINs) != 1 || got.If.BINs[0] != full.If.BINs[0] {
			t.Errorf("got %+v", got.If)
		}
		got.If.Prepaid, got.If.BINs = nil, nil
		want := made
		want.If.Prepaid, want.If.BINs = nil, nil
		if got.Rate != want.Rate || got.Owner != want.Owner || got.Priority != 3 || !got.CreatedAt.Equal(start) || got.If.Issuer != "Example Bank" ||
			got.If.SchemeProduct != "AC000" || got.If.CardCurrency != "AUD" {
			t.Errorf("got %+v, want %+v", got, want)
		}

		// The marketplace's rule holds for its merchants and for no others.
		a := s.ask()
		if q := s.quote(t, a); q.Surcharge.Minor != 0 {
			t.Errorf("outside of the marketplace: got %+v", q)
		}
		a.Marketplace = "p1"
		if q := s.quote(t, a); q.Surcharge.Minor != 250 || q.Rule != general.ID {
			t.Errorf("in the marketplace: got %+v", q)
		}
		made.If, made.Rate = surcharge.Conditions{Brand: "VISA"}, surcharge.Rate{Mode: surcharge.None}
		made.Owner = market // which is not looked at
		saved, err := s.SaveRule(t.Context(), boss, staff, made)
		if err != nil || saved.Version != 2 || saved.Owner != mine {
			t.Fatalf("got %+v, %v", saved, err)
		}
		if _, err := s.SaveRule(t.Context(), boss, staff, made); fault.Code(err) != "conflict.surcharge_rule" {
			t.Errorf("saved over a newer one: %v", err)
		}
		saved.Priority = 0
		if saved, err = s.SaveRule(t.Context(), boss, staff, saved); err != nil {
			t.Fatal(err)
		}
		if q := s.quote(t, a); q.Surcharge.Minor != 0 || q.Rule != made.ID || q.Summary != "no surcharge for Visa" {
			t.Errorf("got %+v", q)
		}
		if _, err := s.DropRule(t.Context(), boss, staff, made.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.DropRule(t.Context(), boss, staff, made.ID); fault.Code(err) != "conflict.surcharge_rule" {
			t.Errorf("dropped twice: %v", err)
		}
		if q := s.quote(t, a); q.Surcharge.Minor != 250 {
			t.Errorf("after dropping: got %+v", q)
		}
		if _, err := s.DropRule(t.Context(), boss, staff, "nosuchrule"); fault.Code(err) != "not_found.surcharge_rule" {
			t.Errorf("got %v", err)
		}
		if n := s.trailed(t, "surcharge_rule."); n != 5 {
			t.Errorf("got a trail of %d entries, want 5", n)
		}
	})
}

func TestRates(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		s.rule(t, surcharge.Rule{Rate: surcharge.Rate{Mode: surcharge.Explicit, BasisPoints: 200}})
		s.rule(t, visa(110, 30))
		s.rule(t, surcharge.Rule{If: surcharge.Conditions{CustomerType: surcharge.Organisation, Brand: "AMEX"}, Rate: surcharge.Rate{Mode: surcharge.PlatformFee}})
		for _, c := range []struct {
			customer surcharge.CustomerType
			currency money.Currency
			want     []string
		}{
			{surcharge.Consumer, "AUD", []string{"1.1% + $0.30 for Visa", "2% for all methods"}},
			{surcharge.Consumer, "NZD", []string{"2% for all methods"}},
			{surcharge.Organisation, "NZD", []string{"processing fee of 1.5% for American Express", "2% for all methods"}},
		} {
			list, err := s.Rates(t.Context(), boss, surcharge.Ask{Merchant: s.merchant, CustomerType: c.customer, Amount: money.Of(0, c.currency),
				Fee: surcharge.Fee{BasisPoints: 150}})
			if err != nil || len(list) != len(c.want) {
				t.Fatalf("%s %s: got %d rates, %v", c.customer, c.currency, len(list), err)
			}
			for i, o := range list {
				if o.Summary != c.want[i] {
					t.Errorf("%s %s: got %q, want %q", c.customer, c.currency, o.Summary, c.want[i])
				}
			}
		}
	})
}

func TestWhoMayWhat(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		r := s.rule(t, visa(110, 30))
		reader := access.Actor{Realm: realm, May: []access.Permission{access.Read}}
		clerk := access.Actor{Realm: realm, May: access.Everything, Merchants: []ident.ID{"m2"}}
		ctx := t.Context()
		mine := surcharge.Owner{Kind: surcharge.Merchant, ID: s.merchant}
		market := surcharge.Owner{Kind: surcharge.Marketplace, ID: "p1"}
		none := surcharge.Rate{Mode: surcharge.None}
		for name, c := range map[string]struct {
			do   func() error
			want string
		}{
			"add without permission":   {func() error { _, err := s.AddRule(ctx, reader, staff, r); return err }, "forbidden.permission"},
			"add for another merchant": {func() error { _, err := s.AddRule(ctx, clerk, staff, r); return err }, "not_found.merchant"},
			"add for a marketplace": {func() error {
				_, err := s.AddRule(ctx, clerk, staff, surcharge.Rule{Owner: market, Rate: none})
				return err
			}, "not_found.marketplace"},
			"add for no merchant": {func() error {
				_, err := s.AddRule(ctx, boss, staff, surcharge.Rule{Owner: surcharge.Owner{Kind: surcharge.Merchant, ID: "m9"}, Rate: none})
				return err
			}, "not_found.merchant"},
			"add nonsense": {func() error { _, err := s.AddRule(ctx, boss, staff, surcharge.Rule{Owner: mine}); return err }, "invalid.surcharge_rule"},
			"save nonsense": {func() error {
				bad := r
				bad.Rate.BasisPoints = -1
				_, err := s.SaveRule(ctx, boss, staff, bad)
				return err
			}, "invalid.surcharge_rule"},
			"save without permission":    {func() error { _, err := s.SaveRule(ctx, reader, staff, r); return err }, "forbidden.permission"},
			"drop another merchant's":    {func() error { _, err := s.DropRule(ctx, clerk, staff, r.ID); return err }, "not_found.surcharge_rule"},
			"list without permission":    {func() error { _, err := s.Rules(ctx, reader, mine); return err }, "forbidden.permission"},
			"list another merchant's":    {func() error { _, err := s.Rules(ctx, clerk, mine); return err }, "not_found.merchant"},
			"quote for another merchant": {func() error { _, err := s.Quote(ctx, clerk, s.ask()); return err }, "not_found.merchant"},
			"rates of another merchant":  {func() error { _, err := s.Rates(ctx, clerk, s.ask()); return err }, "not_found.merchant"},
			"quote for no merchant":      {func() error { a := s.ask(); a.Merchant = "m9"; _, err := s.Quote(ctx, boss, a); return err }, "not_found.merchant"},
			"quote of nothing":           {func() error { a := s.ask(); a.Amount.Minor = 0; _, err := s.Quote(ctx, boss, a); return err }, "invalid.amount"},
			"quote in gold":              {func() error { a := s.ask(); a.Amount.Currency = "XAU"; _, err := s.Quote(ctx, boss, a); return err }, "invalid.currency"},
			"quote for a dog":            {func() error { a := s.ask(); a.CustomerType = "dog"; _, err := s.Quote(ctx, boss, a); return err }, "invalid.surcharge_ask"},
			"quote without form":         {func() error { a := s.ask(); a.Form = ""; _, err := s.Quote(ctx, boss, a); return err }, "invalid.surcharge_ask"},
			"quote without method":       {func() error { a := s.ask(); a.Means.Method = ""; _, err := s.Quote(ctx, boss, a); return err }, "invalid.surcharge_ask"},
		} {
			if err := c.do(); fault.Code(err) != c.want {
				t.Errorf("%s: got %v, want %s", name, err, c.want)
			}
		}
		if q, err := s.Quote(ctx, reader, s.ask()); err != nil || q.Surcharge.Minor != 168 {
			t.Errorf("a quote is for whoever may see the merchant: %+v, %v", q, err)
		}
	})
}

func TestSpecified(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		s.rule(t, visa(110, 30))
		for minor, want := range map[int64]string{168: "", 167: "invalid.surcharge", 0: "invalid.surcharge"} {
			err := s.db.Update(t.Context(), realm, func(tx *store.Tx) error {
				q, err := s.Specified(tx, s.ask(), minor)
				if err == nil && (q.Total.Minor != 12668 || q.Token != "") {
					t.Errorf("got %+v", q)
				}
				return err
			})
			if fault.Code(err) != want {
				t.Errorf("%d: got %v, want %q", minor, err, want)
			}
		}
	})
}
