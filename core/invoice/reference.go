package invoice

import (
	"strconv"
	"strings"

	"github.com/florinpay/florin/core/fault"
)

// Scheme is how the reference of a bank transfer protects itself against
// mistyping.
type Scheme string

const (
	NoReference Scheme = ""      // transfers are not asked for
	Mod10       Scheme = "mod10" // Norway's KID, Denmark's: Luhn's check digit
	Mod11       Scheme = "mod11" // Norway's KID: weights 2 to 7 from the right, "-" for ten
	OCR         Scheme = "ocr"   // Sweden's OCR: a digit of the length, then Luhn's check digit
)

// PayableReference makes the reference of a number: its digits and what the scheme
// adds. Faults: invalid.reference (nothing but 1 to 20 digits), invalid.scheme.
func PayableReference(scheme Scheme, digits string) (string, error) {
	if !allDigits(digits) || len(digits) > 20 {
		return "", fault.At("invalid.reference", "reference", "a payable reference is made of 1 to 20 digits")
	}
	switch scheme {
	case Mod10:
		return digits + luhn(digits), nil
	case Mod11:
		return digits + mod11(digits), nil
	case OCR:
		digits += strconv.Itoa((len(digits) + 2) % 10)
		return digits + luhn(digits), nil
	}
	return "", fault.At("invalid.scheme", "scheme", "mod10, mod11 or ocr")
}

// CleanReference is a reference as typed into a bank's form, without blanks and
// leading zeros' company: "0000 1234 5" and "000012345" are one.
func CleanReference(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '.' || r == '\u00a0' {
			return -1
		}
		return r
	}, s)
}

// CheckReference says whether a reference's last characters fit the rest of it.
func CheckReference(scheme Scheme, reference string) bool {
	n := len(reference)
	switch scheme {
	case Mod10:
		return n >= 2 && allDigits(reference) && luhn(reference[:n-1]) == reference[n-1:]
	case Mod11:
		return n >= 2 && allDigits(reference[:n-1]) && mod11(reference[:n-1]) == reference[n-1:]
	case OCR:
		return n >= 3 && allDigits(reference) && strconv.Itoa(n%10) == reference[n-2:n-1] && luhn(reference[:n-1]) == reference[n-1:]
	}
	return false
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// luhn is the check digit of modulus 10: every second digit from the right,
// the first among them, counts twice, and its own digits are added.
func luhn(digits string) string {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return strconv.Itoa((10 - sum%10) % 10)
}

// mod11 is the check character of modulus 11: weights 2 to 7 from the right,
// over and over; ten is written "-".
func mod11(digits string) string {
	sum := 0
	for i := range len(digits) {
		sum += int(digits[len(digits)-1-i]-'0') * (2 + i%6)
	}
	switch check := (11 - sum%11) % 11; check {
	case 10:
		return "-"
	default:
		return strconv.Itoa(check)
	}
}
