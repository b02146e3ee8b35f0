// Package money holds amounts: a whole number of minor units and an ISO 4217
// currency, whose exponent comes from one table. No floats, no silent
// rounding, no overflow.
package money

import (
	"cmp"

	"github.com/florinpay/florin/core/fault"
)

// Currency is an ISO 4217 code in capitals (EUR, NOK, JPY).
type Currency string

// Amount is Minor units of Currency: 1050 EUR is ten euros and fifty cents.
// The zero Amount is "no amount".
type Amount struct {
	Minor    int64
	Currency Currency
}

// Max is the most minor units that an amount may have, in either direction:
// sums of some thousands of them still fit an int64, and every one of them a
// JSON number.
const Max int64 = 1_000_000_000_000_000

// Of makes an amount.
func Of(minor int64, c Currency) Amount { return Amount{Minor: minor, Currency: c} }

// IsZero says whether nothing is owed, in whichever currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Neg is the amount with the other sign.
func (a Amount) Neg() Amount { return Amount{-a.Minor, a.Currency} }

// Add is a + b. Faults: invalid.currency when they differ in it (the zero
// Amount has none, and so differs from all others), invalid.amount beyond Max.
func (a Amount) Add(b Amount) (Amount, error) {
	if err := a.same(b); err != nil {
		return Amount{}, err
	}
	return inside(a.Minor+b.Minor, a.Currency)
}

// Sub is a - b. Faults as in Add.
func (a Amount) Sub(b Amount) (Amount, error) {
	if err := a.same(b); err != nil {
		return Amount{}, err
	}
	return inside(a.Minor-b.Minor, a.Currency)
}

// Cmp is -1, 0 or 1 as a is less than, equal to or more than b.
// Fault: invalid.currency when they differ in it.
func (a Amount) Cmp(b Amount) (int, error) {
	if a.Currency != b.Currency {
		return 0, differs(a, b)
	}
	return cmp.Compare(a.Minor, b.Minor), nil
}

// same checks that two amounts can be added: one currency, and both inside
// Max, so that int64 cannot overflow.
func (a Amount) same(b Amount) error {
	if a.Currency != b.Currency {
		return differs(a, b)
	}
	if _, err := inside(a.Minor, a.Currency); err != nil {
		return err
	}
	_, err := inside(b.Minor, b.Currency)
	return err
}

func differs(a, b Amount) error {
	return fault.At("invalid.currency", "currency", "%q and %q are different currencies", string(a.Currency), string(b.Currency))
}

func inside(minor int64, c Currency) (Amount, error) {
	if minor > Max || minor < -Max {
		return Amount{}, beyond()
	}
	return Amount{minor, c}, nil
}

func beyond() error {
	return fault.At("invalid.amount", "amount", "the amount is beyond what can be handled")
}
