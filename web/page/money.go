package page

import (
	"strconv"
	"strings"

	"github.com/florinpay/florin/core/money"
)

// Spaces that do not break: an amount is never split over two lines.
const (
	hard  = "\u00a0"
	minus = "\u2212"
)

// writing is how a language writes an amount: the sign before a negative one,
// what stands between thousands, the decimal mark, whether the symbol leads,
// and which currencies have a symbol that its readers cannot mistake. Every
// other currency is written as its code: "kr" and "$" mean too many things.
type writing struct {
	minus, group, point string
	leads               bool
	symbols             map[money.Currency]string
}

var writings = map[Language]writing{
	English:   {"-", ",", ".", true, map[money.Currency]string{"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}},
	Norwegian: {minus, hard, ",", false, map[money.Currency]string{"EUR": "€", "GBP": "£", "NOK": "kr"}},
	Swedish:   {minus, hard, ",", false, map[money.Currency]string{"EUR": "€", "SEK": "kr"}},
	Danish:    {"-", ".", ",", false, map[money.Currency]string{"EUR": "€", "GBP": "£", "DKK": "kr."}},
	Finnish:   {minus, hard, ",", false, map[money.Currency]string{"EUR": "€", "GBP": "£"}},
	German:    {"-", ".", ",", false, map[money.Currency]string{"EUR": "€", "GBP": "£"}},
}

// Money writes an amount as readers of the language do, with as many decimals
// as ISO 4217 gives the currency: "NOK 62.00", "62,00 kr". The spaces in it
// are U+00A0. No amount is "".
func Money(l Language, a money.Amount) string {
	if a.Currency == "" {
		return ""
	}
	w, ok := writings[l]
	if !ok {
		w = writings[English]
	}
	decimals, _ := a.Currency.Exponent() // amounts of unknown currencies are never held
	number := w.number(a.Minor, decimals)
	sign := ""
	if a.Minor < 0 {
		sign = w.minus
	}
	symbol, own := w.symbols[a.Currency]
	switch {
	case w.leads && own:
		return sign + symbol + number
	case w.leads:
		return sign + string(a.Currency) + hard + number
	case own:
		return sign + number + hard + symbol
	}
	return sign + number + hard + string(a.Currency)
}

// number writes the size of minor with its last decimals digits behind the point.
func (w writing) number(minor int64, decimals int) string {
	digits := strings.TrimPrefix(strconv.FormatInt(minor, 10), "-")
	if short := decimals + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	whole, rest := digits[:len(digits)-decimals], digits[len(digits)-decimals:]
	var b strings.Builder
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(w.group)
		}
		b.WriteRune(c)
	}
	if decimals > 0 {
		b.WriteString(w.point + rest)
	}
	return b.String()
}
