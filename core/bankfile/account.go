package bankfile

import (
	"strings"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
)

// SwedishAccount makes an account of what its holder types: the clearing number
// of the branch (4 digits, or Swedbank's 5, whose last one banks leave out), the
// account without it, and the holder's own number of 12 digits. Blanks and dashes
// do not count. Faults, each naming its field: invalid.account.
func SwedishAccount(clearing, number, person string) (*Account, error) {
	clearing, number, person = bare(clearing), bare(number), bare(person)
	if len(clearing) == 5 && clearing[0] == '8' {
		clearing = clearing[:4]
	}
	switch {
	case len(clearing) != 4 || !allDigits(clearing) || clearing[0] == '0':
		return nil, fault.At("invalid.account", "clearing", "a clearing number has 4 digits, or 5 that begin with 8")
	case len(number) < 2 || len(number) > 12 || !allDigits(number):
		return nil, fault.At("invalid.account", "number", "an account number has 2 to 12 digits")
	case !personal(person):
		return nil, fault.At("invalid.account", "person", "a personal number has 12 digits, the last of which checks the others")
	}
	return &Account{Number: method.Conceal(clearing + strings.Repeat("0", 12-len(number)) + number), Person: method.Conceal(person)}, nil
}

// personal says whether 12 digits are a personal number: a day, a number, and a
// check digit over all but the century. A co-ordination number has 60 added to
// its day.
func personal(s string) bool {
	if len(s) != 12 || !allDigits(s) || !method.CheckKID(s[2:], method.Mod10) {
		return false
	}
	day := []byte(s[:8])
	if day[6] >= '6' {
		day[6] -= 6
	}
	_, err := time.Parse("20060102", string(day))
	return err == nil
}

func bare(s string) string { return strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(s) }

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
