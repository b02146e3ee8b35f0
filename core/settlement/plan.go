package settlement

import (
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Mode is how a merchant's fees are paid.
type Mode string

// The modes (april sheet, 6.10).
const (
	Net   Mode = "net"   // kept back from what is paid out
	Gross Mode = "gross" // invoiced; payments are paid out whole
)

// Plan is how a merchant settles.
type Plan struct {
	Merchant  ident.ID
	Version   int64
	Currency  money.Currency // that the merchant trades in
	Terms     Terms
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Terms of a plan. Fixed fees are minor units of the plan's currency and are
// not taken in another.
type Terms struct {
	Mode         Mode   `json:"mode"`
	TaxCountry   string `json:"taxCountry"` // whose tax is on our fees, ISO 3166-1 alpha-2
	Rules        []Rule `json:"rules,omitempty"`
	RefundFee    int64  `json:"refundFee,omitempty"`
	DisputeFee   int64  `json:"disputeFee,omitempty"`
	PayoutFee    int64  `json:"payoutFee,omitempty"` // of a payout that was asked for by hand
	DelayDays    int    `json:"delayDays,omitempty"` // from a capture until its money is available
	BusinessDays bool   `json:"businessDays,omitempty"`
	CutOff       int    `json:"cutOff,omitempty"`      // minutes after midnight, in the merchant's time zone
	HandPayouts  bool   `json:"handPayouts,omitempty"` // payouts may be asked for by hand
	InvoiceDays  int    `json:"invoiceDays,omitempty"` // from the issue of a fee invoice until it is due, 14 when 0
	Shares       []Part `json:"shares,omitempty"`      // of every payment, unless it names parts of its own
}

// Rule is the fee for payments that meet its conditions; the first rule that
// is met decides. A zero condition is none. An attribute that is not known
// meets no condition on it.
type Rule struct {
	Method      method.Name    `json:"method,omitempty"`
	Brand       string         `json:"brand,omitempty"`
	Country     string         `json:"country,omitempty"` // where the card was issued
	Currency    money.Currency `json:"currency,omitempty"`
	BasisPoints int64          `json:"basisPoints,omitempty"`
	Fixed       int64          `json:"fixed,omitempty"` // minor units of Currency, which is then a condition
}

// whole is all of something, in basis points.
const whole = 10_000

// taxes on our fees by country, in basis points (april sheet, 6.10; the Nordic
// countries by their laws).
var taxes = map[string]int64{"AU": 1000, "NZ": 1500, "SG": 900, "HK": 0, "NO": 2500, "SE": 2500, "DK": 2500, "FI": 2550}

// TaxOf is a country's tax on our fees, in basis points; false for a country
// whose tax is not known.
func TaxOf(country string) (points int64, known bool) {
	points, known = taxes[country]
	return points, known
}

// Check refuses a plan that could not be what is meant. Faults: invalid.plan
// with the field at fault, invalid.split.
func (p Plan) Check() error {
	bad := func(param, msg string) error { return fault.At("invalid.plan", param, "%s", msg) }
	t := p.Terms
	_, taxed := TaxOf(t.TaxCountry)
	switch {
	case !p.Currency.Known():
		return bad("currency", "no currency that is known")
	case t.Mode != Net && t.Mode != Gross:
		return bad("mode", "net or gross")
	case !taxed:
		return bad("taxCountry", "a country whose tax on fees is known: AU, NZ, SG, HK, NO, SE, DK or FI")
	case t.DelayDays < 0 || t.DelayDays > 90:
		return bad("delayDays", "0 to 90 days")
	case t.CutOff < 0 || t.CutOff >= 24*60:
		return bad("cutOff", "minutes after midnight, 0 to 1439")
	case t.InvoiceDays < 0 || t.InvoiceDays > 90:
		return bad("invoiceDays", "0 to 90 days")
	case len(t.Rules) > 200:
		return bad("rules", "at most 200 rules")
	}
	for name, n := range map[string]int64{"refundFee": t.RefundFee, "disputeFee": t.DisputeFee, "payoutFee": t.PayoutFee} {
		if n < 0 || n > money.Max {
			return bad(name, "0 or more minor units")
		}
	}
	for _, r := range t.Rules {
		if err := r.check(); err != nil {
			return err
		}
	}
	return checkParts(t.Shares)
}

func (r Rule) check() error {
	bad := func(msg string) error { return fault.At("invalid.plan", "rules", "%s", msg) }
	switch {
	case r.BasisPoints < 0 || r.BasisPoints > whole/2:
		return bad("a share of 0 to 5000 basis points")
	case r.Fixed < 0 || r.Fixed > money.Max:
		return bad("a fixed part of 0 or more minor units")
	case r.Currency != "" && !r.Currency.Known():
		return bad("no currency that is known")
	case r.Fixed > 0 && r.Currency == "":
		return bad("a fixed part is in a currency: make it a condition")
	case r.Brand != "" && method.OfBrand(r.Brand) == "":
		return bad("no brand that is known")
	case r.Country != "" && len(r.Country) != 2:
		return bad("two capital letters")
	}
	return nil
}

// Charge is what a fee comes to: minor units of the amount it is on.
type Charge struct {
	Variable int64
	Fixed    int64
	Tax      int64
}

// Total is what the merchant bears.
func (c Charge) Total() int64 { return c.Variable + c.Fixed + c.Tax }

// Net is the fee without its tax.
func (c Charge) Net() int64 { return c.Variable + c.Fixed }

// means are what a rule looks at.
type means struct {
	method  method.Name
	brand   string
	country string
}

func (r Rule) meets(m means, c money.Currency) bool {
	return (r.Method == "" || r.Method == m.method) && (r.Brand == "" || r.Brand == m.brand) &&
		(r.Country == "" || r.Country == m.country) && (r.Currency == "" || r.Currency == c)
}

// feeOn is the fee of a captured amount: nothing when no rule is met.
func (t Terms) feeOn(a money.Amount, m means) (Charge, error) {
	for _, r := range t.Rules {
		if r.meets(m, a.Currency) {
			return t.charge(a, r.BasisPoints, r.Fixed)
		}
	}
	return Charge{}, nil
}

// charge is points of a and fixed, with the tax on both; each part is rounded
// half up (april sheet, 6.10). Faults: invalid.amount beyond what can be handled.
func (t Terms) charge(a money.Amount, points, fixed int64) (c Charge, err error) {
	if c.Variable, err = halfUp(a.Minor, a.Currency, points); err != nil {
		return c, err
	}
	c.Fixed = fixed
	if _, err = money.Of(c.Variable, a.Currency).Add(money.Of(fixed, a.Currency)); err != nil {
		return c, err
	}
	c.Tax, err = halfUp(c.Net(), a.Currency, taxes[t.TaxCountry])
	return c, err
}

func halfUp(minor int64, c money.Currency, points int64) (int64, error) {
	share, rest, err := money.Of(minor, c).Share(points, whole)
	if err == nil && 2*rest >= whole {
		share.Minor++
	}
	return share.Minor, err
}
