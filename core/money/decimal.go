package money

import (
	"strconv"
	"strings"

	"github.com/florinpay/florin/core/fault"
)

// ParseDecimal reads an amount in major units: ASCII digits, and after one dot
// more of them. There is no sign, no exponent, no grouping and no space, and
// nothing is rounded: decimals beyond the currency's exponent must be zeros,
// so "92.00" is 92 JPY and "92.50" is refused. It reads at most 64 characters.
//
// Faults, in the order checked: invalid.currency when c is not Known,
// invalid.amount when s is not such a number, invalid.amount.decimals when the
// currency has no unit that small, invalid.amount beyond Max.
func ParseDecimal(s string, c Currency) (Amount, error) {
	exponent, ok := c.Exponent()
	if !ok {
		return Amount{}, fault.At("invalid.currency", "currency", "not a currency of ISO 4217 that has minor units")
	}
	whole, decimals, dot := strings.Cut(s, ".")
	if len(s) > 64 || !digits(whole) || dot && !digits(decimals) {
		return Amount{}, fault.At("invalid.amount", "amount", "an amount is digits, or digits, a dot and digits")
	}
	if len(decimals) > exponent {
		if strings.Trim(decimals[exponent:], "0") != "" {
			return Amount{}, fault.At("invalid.amount.decimals", "amount", "%s has %d decimals", string(c), exponent)
		}
		decimals = decimals[:exponent]
	}
	all := whole + decimals + strings.Repeat("0", exponent-len(decimals))
	minor, err := strconv.ParseInt(all, 10, 64)
	if err != nil { // digits alone fail only for being too many
		return Amount{}, beyond()
	}
	return inside(minor, c)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Decimal writes the amount in major units with at least minDigits decimals,
// and more only where it is not whole without them: with 2, 10 EUR is "10.00",
// 92 JPY "92.00", and 1.234 KWD keeps its third. It is "" for a currency that
// is not Known, rather than a number that may be a hundred times too much.
func (a Amount) Decimal(minDigits int) string {
	exponent, ok := a.Currency.Exponent()
	if !ok {
		return ""
	}
	text := strconv.FormatInt(a.Minor, 10)
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	if short := exponent + 1 - len(text); short > 0 {
		text = strings.Repeat("0", short) + text
	}
	whole, decimals := text[:len(text)-exponent], text[len(text)-exponent:]
	decimals = strings.TrimRight(decimals, "0")
	if short := minDigits - len(decimals); short > 0 {
		decimals += strings.Repeat("0", short)
	}
	if decimals != "" {
		whole += "."
	}
	return sign + whole + decimals
}
