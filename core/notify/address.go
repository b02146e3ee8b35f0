package notify

import (
	"net/mail"
	"strings"
	"unicode"

	"github.com/florinpay/florin/core/fault"
)

// Address checks an e-mail address and returns it with its domain in small
// letters. Names, comments, quotes, lists and anything that is not visible
// ASCII are refused, and with them everything that could begin a header of its
// own. Faults: invalid.address.
func Address(raw string) (string, error) {
	refuse := fault.At("invalid.address", "to", "not an e-mail address")
	if len(raw) > 254 || strings.ContainsAny(raw, "\"(),:;<>[]\\") {
		return "", refuse
	}
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] >= 0x7f {
			return "", refuse
		}
	}
	local, domain, ok := strings.Cut(raw, "@")
	if a, err := mail.ParseAddress(raw); err != nil || a.Address != raw || !ok || len(local) > 64 || !strings.Contains(strings.Trim(domain, "."), ".") {
		return "", refuse
	}
	return local + "@" + strings.ToLower(domain), nil
}

// Phone checks a telephone number and returns it in E.164 form: a plus sign and
// 7 to 15 digits that begin with a country code. Spaces, dashes, dots and
// brackets between the digits are taken out, and a leading 00 is a plus sign; a
// number without a country is refused, because nobody could say which is
// meant. Faults: invalid.phone.
func Phone(raw string) (string, error) {
	refuse := fault.At("invalid.phone", "to", "a telephone number is needed with its country: +4790000001")
	if len(raw) > 40 {
		return "", refuse
	}
	text := strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "").Replace(raw)
	if rest, ok := strings.CutPrefix(text, "00"); ok {
		text = "+" + rest
	}
	digits, ok := strings.CutPrefix(text, "+")
	if !ok || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return "", refuse
	}
	return text, nil
}

// destination is where a draft goes, in its one form.
func destination(ch Channel, to string) (string, error) {
	switch ch {
	case Email:
		return Address(to)
	case SMS:
		return Phone(to)
	}
	return "", fault.At("invalid.channel", "channel", "email or sms")
}

// printable says whether text is one line without characters that nobody sees.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return unseen(c) })
}

// unseen are control characters, and those that turn the direction of writing
// or have no width: they serve to make a text look like another.
func unseen(c rune) bool {
	return unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == '\u2028' || c == '\u2029' || c == unicode.ReplacementChar
}
