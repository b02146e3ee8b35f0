package spense

import (
	"strconv"
	"strings"

	"github.com/florinpay/florin/core/money"
)

// A decimal is a number as it was written: digits times ten to the power of
// exp. Money is worked out from it without floats (sheet, 2.3).
type decimal struct {
	negative bool
	digits   string // without zeros at either end; "" is nought
	exp      int
}

// Whole numbers beyond this are no money of ours, in any currency.
const mostMajor = "10000000000000"

// readDecimal reads a number of JSON, or a text that says one the way the
// contract's language does. finite is false for what is no number that can be
// held; ok is false for what is none at all.
func readDecimal(s string) (d decimal, finite, ok bool) {
	s = strings.TrimSpace(s)
	rest, negative := strings.CutPrefix(s, "-")
	if !negative {
		rest = strings.TrimPrefix(s, "+")
	}
	switch strings.ToLower(rest) {
	case "nan", "inf", "infinity":
		return d, false, true
	}
	mantissa, power, exponent := cutExponent(rest)
	if !ok0(mantissa) || len(rest) > 1000 {
		return d, false, false
	}
	exp := 0
	if exponent {
		n, err := strconv.Atoi(power)
		if err != nil && strings.Trim(strings.TrimLeft(power, "+-"), "0123456789") != "" || strings.TrimLeft(power, "+-") == "" {
			return d, false, false
		}
		if exp = min(max(n, -100_000), 100_000); err != nil { // far beyond what fits
			exp = 100_000
			if strings.HasPrefix(power, "-") {
				exp = -100_000
			}
		}
	}
	whole, part, _ := strings.Cut(mantissa, ".")
	d = decimal{negative: negative, digits: strings.TrimLeft(whole+part, "0"), exp: exp - len(part)}
	trimmed := strings.TrimRight(d.digits, "0")
	d.exp += len(d.digits) - len(trimmed)
	if d.digits = trimmed; d.digits == "" {
		return decimal{}, true, true
	}
	return d, len(d.digits)+d.exp <= 309, true // the largest number of the contract's language has 309 digits
}

func cutExponent(s string) (mantissa, power string, found bool) {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// ok0 says whether s is digits with at most one dot, and at least one digit.
func ok0(s string) bool {
	digits := strings.Replace(s, ".", "", 1)
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// sign is -1, 0 or 1.
func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	}
	return 1
}

// scaled is the number times ten to the power of places, as a whole number,
// rounded half away from zero; rounded says that it was not whole. ok is false
// when it does not fit.
func (d decimal) scaled(places int) (n int64, rounded, ok bool) {
	exp := d.exp + places
	digits := d.digits
	up := false
	switch {
	case digits == "":
		return 0, false, true
	case len(digits)+exp > 18:
		return 0, false, false
	case exp >= 0:
		digits += strings.Repeat("0", exp)
	case len(digits)+exp < 0:
		digits, rounded = "0", true
	default:
		cut := len(digits) + exp
		up, rounded = digits[cut] >= '5', true
		if digits = digits[:cut]; digits == "" {
			digits = "0"
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, rounded, false
	}
	if up {
		n++
	}
	if d.negative {
		n = -n
	}
	return n, rounded, true
}

// beyond says whether the number is larger than any amount of money may be.
func (d decimal) beyond() bool {
	if d.digits == "" {
		return false
	}
	size := len(d.digits) + d.exp
	return size > len(mostMajor) || size == len(mostMajor) && d.digits != "1"
}

// minor is the amount in a currency's minor units. ok is false for an unknown
// currency, and beyond money.Max.
func (d decimal) minor(c money.Currency) (a money.Amount, rounded, ok bool) {
	exponent, known := c.Exponent()
	if !known {
		return a, false, false
	}
	n, rounded, ok := d.scaled(exponent)
	if !ok || n > money.Max || n < -money.Max {
		return a, rounded, false
	}
	return money.Of(n, c), rounded, true
}

// decimal reads a number, or a text that says one; otherwise stands for one
// that is absent.
func (n node) decimal(name string, required bool) (d decimal, given bool) {
	v, found := n.get(name, required)
	if !found {
		return d, false
	}
	return n.c.decimal(n.at(name), v)
}

// optionalDecimal is decimal for a member that may be null.
func (n node) optionalDecimal(name string) (d decimal, given bool) {
	if v, found := n.get(name, false); !found || v.kind == null {
		return d, false
	}
	return n.decimal(name, false)
}

func (c *check) decimal(loc []any, v value) (d decimal, given bool) {
	if v.kind == special {
		c.add("finite_number", "Input should be a finite number", loc, v, nil)
		return d, false
	}
	if v.kind != number && v.kind != text {
		c.add("float_type", "Input should be a valid number", loc, v, nil)
		return d, false
	}
	d, finite, ok := readDecimal(v.text)
	switch {
	case !ok:
		c.add("float_parsing", "Input should be a valid number, unable to parse string as a number", loc, v, nil)
	case !finite:
		c.add("finite_number", "Input should be a finite number", loc, value{kind: text, text: v.text}, nil)
	case d.beyond():
		c.add("less_than_equal", "Input should be less than or equal to "+mostMajor, loc, v, struct {
			Most rawNumber `json:"le"`
		}{mostMajor + ".0"})
	default:
		return d, true
	}
	return decimal{}, false
}

// positive is a required number above nought.
func (n node) positive(name string) decimal {
	d, given := n.decimal(name, true)
	if given && d.sign() <= 0 {
		n.c.greater(n.at(name), n.v.of[name])
	}
	return d
}

func (c *check) greater(loc []any, v value) {
	c.add("greater_than", "Input should be greater than 0", loc, v, struct {
		Than rawNumber `json:"gt"`
	}{"0.0"})
}

// A rawNumber is a number that goes out as it is written here.
type rawNumber string

// MarshalJSON is the number itself.
func (n rawNumber) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// major is an amount as the contract puts it: major units with at least one
// decimal.
func major(a money.Amount) rawNumber { return rawNumber(a.Decimal(1)) }

func itoa(n int) string { return strconv.Itoa(n) }
