package gateway

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shape is the form of a parameter's value: what the sheet prints as its
// format, and what is checked.
type shape struct {
	format  string   // in the sheet's notation: AN255, N10.N2 (section 5)
	pattern string   // what messages show; "" for a choice
	max     int      // most characters
	choice  []string // the values there are, if they can be listed
	fits    func(value string) bool
}

// message is how the contract words that a value does not fit.
func (s shape) message() string {
	if s.choice != nil {
		return "must be one of [" + strings.Join(s.choice, ", ") + "]"
	}
	return "must match " + s.pattern
}

// printable is AN without a regex of its own: any characters but control
// characters (section 5). They are counted rather than matched, since
// expressions may not repeat more than a thousand times.
func printable(limit int) shape {
	return shape{fmt.Sprintf("AN%d", limit), fmt.Sprintf(`^[^\x00-\x1F\x7F-\x9F]{1,%d}$`, limit), limit, nil, func(v string) bool {
		return long(v, 1, limit) && strings.IndexFunc(v, unicode.IsControl) < 0
	}}
}

// anything is [\s\S] with a length: any characters at all.
func anything(least, limit int) shape {
	return shape{fmt.Sprintf("AN%d", limit), fmt.Sprintf(`^[\s\S]{%d,%d}$`, least, limit), limit, nil, func(v string) bool {
		return long(v, least, limit)
	}}
}

func long(v string, least, limit int) bool {
	n := utf8.RuneCountInString(v)
	return least <= n && n <= limit
}

// digits is N: that many ASCII digits at most.
func digits(limit int) shape {
	return matching(fmt.Sprintf("N%d", limit), limit, fmt.Sprintf(`^[0-9]{1,%d}$`, limit))
}

// matching is a regex of the sheet.
func matching(format string, limit int, pattern string) shape {
	re := regexp.MustCompile(`\A(?:` + strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$") + `)\z`)
	return shape{format, pattern, limit, nil, func(v string) bool { return len(v) <= 4*limit && re.MatchString(v) }}
}

// oneOf is a choice, letter for letter.
func oneOf(values ...string) shape {
	limit := 0
	for _, v := range values {
		limit = max(limit, len(v))
	}
	return shape{fmt.Sprintf("AN%d", limit), "", limit, values, func(v string) bool { return slices.Contains(values, v) }}
}

// shownAs is a choice that names other values than it takes.
func (s shape) shownAs(values ...string) shape {
	s.choice = values
	return s
}

// The shapes that several parameters have.
var (
	entityCode  = matching("AN32", 32, `^([A-Z0-9]{8}|[a-f0-9]{32})$`)
	money10     = matching("N10.N2", 13, `^[0-9]{1,10}(\.[0-9]{2})?$`)
	money12     = matching("N12.N2", 15, `^[0-9]{1,12}(\.[0-9]{2})?$`)
	money9      = matching("N9.N2", 12, `^[0-9]{1,9}(\.[0-9]{2})?$`)
	currency    = matching("A3", 3, `^[A-Z]{3}$`)
	brand       = matching("AN32", 32, `^[a-zA-Z0-9_]{1,32}$`)
	brands      = matching("AN255", 255, `^[a-zA-Z0-9_]{1,32}( [a-zA-Z0-9_]{1,32})*$`)
	truth       = oneOf("true", "false")
	country     = matching("A2", 2, `^[A-Z]{2}$`)
	day         = matching("AN10", 10, `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`)
	cardNumber  = matching("N19", 19, `^[0-9]{12,19}$`)
	month       = matching("N2", 2, `^(0[1-9]|1[0-2])$`)
	year        = matching("N4", 4, `^(19|20)[0-9]{2}$`)
	phone       = matching("AN25", 25, `^[+0-9][0-9]{6,24}$`)
	address     = anything(6, 2048)
	walletToken = anything(1, 16384)
	customName  = matching("AN64", 64, `^[a-zA-Z0-9._]{3,64}$`)
)
