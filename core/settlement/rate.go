package settlement

import (
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Rate is what a plan takes of payments by a method and brand in a currency:
// basis points of each, minor units, and the tax on both in basis points.
// country is where the card was issued, "" when that is not known.
func (p Plan) Rate(m method.Name, brand, country string, c money.Currency) (points, fixed, tax int64) {
	for _, r := range p.Terms.Rules {
		if r.meets(means{method: m, brand: brand, country: country}, c) {
			return r.BasisPoints, r.Fixed, taxes[p.Terms.TaxCountry]
		}
	}
	return 0, 0, 0
}
