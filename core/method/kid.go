package method

import "github.com/florinpay/florin/core/fault"

// Modulus is how the last character of a payment reference checks the others.
type Modulus int

// The two ways. Mod11's check character is a hyphen for one reference in eleven.
const (
	Mod10 Modulus = 10 // weights 2 and 1 from the right, the sums of digits (ISO/IEC 7812-1)
	Mod11 Modulus = 11 // weights 2 to 7 from the right, over and over
)

// MaxKID is how many characters a KID has at most. It has two at least.
const MaxKID = 25

// KID makes a payment reference of a payee's own digits and their check
// character: what Norwegian banks carry as KID from the invoice to the payee's
// file, and Swedish ones as OCR number. Fault: invalid.kid (payload is not 1 to
// 24 digits, or m is neither modulus).
func KID(payload string, m Modulus) (string, error) {
	if payload == "" || len(payload) >= MaxKID || !number09(payload) {
		return "", fault.At("invalid.kid", "kid", "a KID is made of 1 to %d digits", MaxKID-1)
	}
	switch m {
	case Mod10:
		return payload + string(mod10(payload)), nil
	case Mod11:
		return payload + string(mod11(payload)), nil
	}
	return "", fault.At("invalid.kid", "kid", "a KID is checked by modulus 10 or 11")
}

// CheckKID says whether the last character of a KID is the one that m makes of
// the others.
func CheckKID(kid string, m Modulus) bool {
	if len(kid) < 2 {
		return false
	}
	want, err := KID(kid[:len(kid)-1], m)
	return err == nil && want == kid
}

// IsKID says whether a text has the form of a KID: 2 to 25 digits, or a hyphen
// as the last of them. Whether its check character is right is CheckKID's to say.
func IsKID(s string) bool {
	n := len(s)
	return n >= 2 && n <= MaxKID && number09(s[:n-1]) && (s[n-1] == '-' || number09(s[n-1:]))
}

func mod10(digits string) byte {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

func mod11(digits string) byte {
	sum := 0
	for i := range len(digits) {
		sum += int(digits[len(digits)-1-i]-'0') * (2 + i%6)
	}
	switch rest := 11 - sum%11; rest {
	case 11:
		return '0'
	case 10:
		return '-'
	default:
		return byte('0' + rest)
	}
}
