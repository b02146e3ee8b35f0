package money

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/florinpay/florin/core/fault"
)

// Split divides the amount by weights, such as 1, 1, 1 for thirds. The parts
// add up to the whole: what is left over after rounding towards zero goes,
// one minor unit each, to the parts that lost most, the earlier one of equals.
// A negative amount is split as its opposite is.
//
// Faults: invalid.amount beyond Max; invalid.weights when there is none, one
// is negative, all are zero, or their sum is beyond an int64.
func (a Amount) Split(weights ...int64) ([]Amount, error) {
	if _, err := inside(a.Minor, a.Currency); err != nil {
		return nil, err
	}
	sum, err := total(weights)
	if err != nil {
		return nil, err
	}
	size := uint64(max(a.Minor, -a.Minor))
	left := size
	parts, lost, order := make([]uint64, len(weights)), make([]uint64, len(weights)), make([]int, len(weights))
	for i, w := range weights {
		hi, lo := bits.Mul64(size, uint64(w))
		parts[i], lost[i] = bits.Div64(hi, lo, sum) // w <= sum, so the quotient fits
		order[i] = i
		left -= parts[i]
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(lost[j], lost[i]) })
	for _, i := range order[:left] { // fewer units are left than parts lost something
		parts[i]++
	}
	out := make([]Amount, len(parts))
	for i, p := range parts {
		out[i] = Amount{int64(p), a.Currency}
		if a.Minor < 0 {
			out[i].Minor = -out[i].Minor
		}
	}
	return out, nil
}

func total(weights []int64) (uint64, error) {
	var sum int64
	for _, w := range weights {
		if w < 0 || sum+w < sum {
			return 0, fault.At("invalid.weights", "weights", "a weight is negative or the weights are too large")
		}
		sum += w
	}
	if sum == 0 {
		return 0, fault.At("invalid.weights", "weights", "at least one weight must be positive")
	}
	return uint64(sum), nil
}

// Share is numerator/denominator of the amount, rounded towards zero: 250 and
// 10000 are two and a half percent. The remainder says what was cut off, in
// denominator-ths of a minor unit and with the share's sign:
// Minor * numerator = share * denominator + remainder. Whoever rounds
// otherwise decides by it.
//
// Faults: invalid.amount beyond Max, of the share too; invalid.ratio unless
// numerator is at least 0 and denominator at least 1.
func (a Amount) Share(numerator, denominator int64) (share Amount, remainder int64, err error) {
	if _, err := inside(a.Minor, a.Currency); err != nil {
		return Amount{}, 0, err
	}
	if numerator < 0 || denominator < 1 {
		return Amount{}, 0, fault.At("invalid.ratio", "ratio", "a share needs a numerator of at least 0 and a denominator of at least 1")
	}
	size := uint64(max(a.Minor, -a.Minor))
	hi, lo := bits.Mul64(size, uint64(numerator))
	q, r := uint64(Max)+1, uint64(0)
	if hi < uint64(denominator) { // else the quotient is beyond 64 bits
		q, r = bits.Div64(hi, lo, uint64(denominator))
	}
	if q > uint64(Max) {
		return Amount{}, 0, beyond()
	}
	if a.Minor < 0 {
		return Amount{-int64(q), a.Currency}, -int64(r), nil
	}
	return Amount{int64(q), a.Currency}, int64(r), nil
}
