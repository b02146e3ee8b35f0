package subscription

import (
	"testing"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/invoice"
)

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		length int64
		unit   Unit
		start  invoice.Date
		want   []invoice.Date
	}{
		{1, Month, "2026-11-30", []invoice.Date{"2026-11-30", "2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"}},
		{1, Month, "2028-01-31", []invoice.Date{"2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"}},
		{3, Month, "2026-12-01", []invoice.Date{"2026-12-01", "2027-03-01", "2027-06-01"}},
		{1, Year, "2028-02-29", []invoice.Date{"2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"}},
		{2, Week, "2026-12-24", []invoice.Date{"2026-12-24", "2027-01-07", "2027-01-21"}},
		{10, Day, "2026-12-30", []invoice.Date{"2026-12-30", "2027-01-09"}},
	} {
		for n, want := range c.want {
			if got := (Coupon{Length: c.length, Unit: c.unit}).period(c.start, int64(n)); got != want {
				t.Errorf("period %d of %d %s from %s: got %s, want %s", n, c.length, c.unit, c.start, got, want)
			}
		}
	}
}

func TestChecks(t *testing.T) {
	good := Product{Code: "DAGSN", Name: "Dagsnytt", Currency: "NOK", Price: 100}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(p *Product){
		"invalid.product":  func(p *Product) { p.Code = "DAGSNYTTKOMPL" },
		"invalid.currency": func(p *Product) { p.Currency = "XXX" },
		"invalid.amount":   func(p *Product) { p.Price = 0 },
	} {
		p := good
		change(&p)
		if err := p.check(); fault.Code(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	p := good
	p.Methods = []Method{"barter"}
	if err := p.check(); fault.Code(err) != "invalid.product" {
		t.Errorf("barter: got %v", err)
	}
	for _, c := range []Coupon{{}, {Code: "A", Number: 1, Price: 1, Unit: Month}, {Code: "A", Number: 1, Price: 1, Length: 1, Unit: "issue"}, {Code: "A", Price: 1, Length: 1, Unit: Day}} {
		if err := c.check(); fault.Code(err) != "invalid.coupon" {
			t.Errorf("%+v: got %v", c, err)
		}
	}
	for code, want := range map[string]bool{fault.DeclinedExpiredCard: true, fault.DeclinedRevoked: true, fault.DeclinedSeriesStoppedAll: true, fault.DeclinedInsufficientFunds: false, "": false} {
		if got := hopeless(code); got != want {
			t.Errorf("%s: got %v", code, got)
		}
	}
}
