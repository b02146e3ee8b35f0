// Package money holds amounts: a whole number of minor units and an ISO 4217
// currency, whose exponent comes from one table. No floats, no silent
// rounding, no overflow.
package money

// Currency is an ISO 4217 code in capitals (EUR, NOK, JPY).
type Currency string

// Amount is Minor units of Currency: 1050 EUR is ten euros and fifty cents.
// The zero Amount is "no amount".
type Amount struct {
	Minor    int64
	Currency Currency
}

// Of makes an amount.
func Of(minor int64, c Currency) Amount { return Amount{Minor: minor, Currency: c} }
