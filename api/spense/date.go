package spense

import (
	"strings"

	"github.com/florinpay/florin/core/invoice"
)

// readDate reads a day as the contract's framework does (sheet, 4), which
// takes a moment too as long as it is midnight. why is what is wrong, in its
// words.
func readDate(s string) (d invoice.Date, why string) {
	if why := dateFault(s); why != "" {
		return "", why
	}
	if rest := s[10:]; rest != "" {
		if strings.IndexByte("Tt_ ", rest[0]) < 0 {
			return "", "invalid datetime separator, expected `T`, `t`, `_` or space"
		}
		if len(rest) < 6 {
			return "", "input is too short"
		}
		if clean := strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(rest[1:], "Z"), "+00:00"), "0"); clean != ":" && strings.Trim(clean, "0:.") != "" || strings.Trim(rest[1:], "0:.Z+") != "" {
			return "", "datetimes provided to dates should have zero time - e.g. be exact dates"
		}
	}
	d, err := invoice.ParseDate(s[:10])
	if err != nil {
		return "", "year 0 is out of range"
	}
	return d, ""
}

// dateFault judges the first ten characters.
func dateFault(s string) string {
	digits := func(from, to int) bool { return strings.Trim(s[from:to], "0123456789") == "" }
	number := func(from, to int) (n int) {
		for _, c := range s[from:to] {
			n = n*10 + int(c-'0')
		}
		return n
	}
	switch {
	case len(s) < 10:
		return "input is too short"
	case !digits(0, 4):
		return "invalid character in year"
	case s[4] != '-':
		return "invalid date separator, expected `-`"
	case !digits(5, 7):
		return "invalid character in month"
	case s[7] != '-':
		return "invalid date separator, expected `-`"
	case !digits(8, 10):
		return "invalid character in day"
	}
	month, day := number(5, 7), number(8, 10)
	if month < 1 || month > 12 {
		return "month value is outside expected range of 1-12"
	}
	if day < 1 || day > daysIn(number(0, 4), month) {
		return "day value is outside expected range"
	}
	return ""
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
