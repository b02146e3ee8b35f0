package fake

import (
	"math"
	"strconv"
	"strings"

	"github.com/florinpay/florin/core/money"
)

// unit is how one method's books count. Amounts are held as whole numbers of
// the unit's grain and written in the unit's own way.
type unit struct {
	name  string
	count func(money.Amount) (int64, bool) // false: cannot be counted in this unit
	back  func(int64, money.Currency) money.Amount
	text  func(int64, money.Currency) string
	parse func(string) (int64, bool)
}

// cents count minor units, as the core does.
var cents = unit{
	name:  "minor units",
	count: func(a money.Amount) (int64, bool) { return a.Minor, a.Minor == 0 || digitsOf(a.Currency) >= 0 },
	back:  func(n int64, c money.Currency) money.Amount { return money.Of(n, c) },
	text:  func(n int64, _ money.Currency) string { return strconv.FormatInt(n, 10) },
	parse: func(s string) (int64, bool) { n, err := strconv.ParseInt(s, 10, 64); return n, err == nil },
}

// majors are written as decimal text of the major unit and held in its
// ten-thousandths, the finest grain that any currency has.
var majors = unit{
	name: "major units, decimal text",
	count: func(a money.Amount) (int64, bool) {
		if digitsOf(a.Currency) < 0 {
			return 0, a.Minor == 0
		}
		return readMajor(writeMajor(a.Minor, digitsOf(a.Currency)))
	},
	back: func(n int64, c money.Currency) money.Amount {
		return money.Of(n/power(4-max(digitsOf(c), 0)), c)
	},
	text: func(n int64, c money.Currency) string {
		return writeMajor(n/power(4-max(digitsOf(c), 0)), max(digitsOf(c), 0))
	},
	parse: readMajor,
}

// mills count thousandths of the major unit, whatever the currency.
var mills = unit{
	name: "thousandths of the major unit",
	count: func(a money.Amount) (int64, bool) {
		digits := digitsOf(a.Currency)
		if digits < 0 || digits > 3 {
			return 0, a.Minor == 0
		}
		return times(a.Minor, power(3-digits))
	},
	back: func(n int64, c money.Currency) money.Amount {
		return money.Of(n/power(3-min(max(digitsOf(c), 0), 3)), c)
	},
	text:  func(n int64, _ money.Currency) string { return strconv.FormatInt(n, 10) },
	parse: cents.parse,
}

// writeMajor puts the dot: 1050 with two digits is 10.50.
func writeMajor(minor int64, digits int) string {
	s := strconv.FormatInt(minor, 10)
	if digits == 0 {
		return s
	}
	sign := ""
	if minor < 0 {
		sign, s = "-", s[1:]
	}
	if len(s) <= digits {
		s = strings.Repeat("0", digits-len(s)+1) + s
	}
	return sign + s[:len(s)-digits] + "." + s[len(s)-digits:]
}

// readMajor reads decimal text into ten-thousandths.
func readMajor(s string) (int64, bool) {
	whole, part, _ := strings.Cut(s, ".")
	if len(part) > 4 {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", 4-len(part)), 10, 64)
	return n, err == nil
}

func power(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

func times(n, by int64) (int64, bool) {
	if n > math.MaxInt64/by || n < math.MinInt64/by {
		return 0, false
	}
	return n * by, true
}

// odd lists the currencies that do not have two decimals, and the codes that
// are no money to pay with (-1).
var odd = map[money.Currency]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
	"UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
	"CLF": 4, "UYW": 4,
	"XAG": -1, "XAU": -1, "XBA": -1, "XBB": -1, "XBC": -1, "XBD": -1, "XDR": -1, "XPD": -1, "XPT": -1,
	"XSU": -1, "XTS": -1, "XUA": -1, "X" + "XX": -1,
}

// digitsOf is how many decimals a currency has, or -1 for what is none. It is
// this provider's own table, on purpose apart from the core's.
func digitsOf(c money.Currency) int {
	if n, ok := odd[c]; ok {
		return n
	}
	if len(c) != 3 {
		return -1
	}
	for i := range len(c) {
		if c[i] < 'A' || c[i] > 'Z' {
			return -1
		}
	}
	return 2
}
