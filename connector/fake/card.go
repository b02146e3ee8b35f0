package fake

import (
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
)

// Flow is what 3-D Secure does with a test card.
type Flow string

// The flows of the test cards (gateway sheet, section 18).
const (
	Plain     Flow = "plain success"
	Full      Flow = "frictionless Y"
	Attempted Flow = "attempt A"
	Technical Flow = "technical U"
	NotIn     Flow = "not enrolled"
	Challenge Flow = "challenge"
	Invalid   Flow = "invalid number"
	Soft      Flow = "soft decline"
)

// TestCard is a number that this provider knows, and what it does.
type TestCard struct {
	Number, Brand string
	Flow          Flow
}

// sheet is the table of section 18, in its own form.
const sheet = `
VISA       | 4200000000000000 | 4200000000000091 4200000000000026 | 4200000000000109 4200000000000059 | 4012001037461114 | 4012001037141112 | 4200000000000042 4200000000000067 4200000000000018 4200000000000075
MASTER     | 5454545454545454 | 5200000000000007 5200000000000056 | 5200000000000023 5200000000000106 | 5434580000000006 | 5457350076543210 | 5200000000000015 5200000000000049 5200000000000064 5200000000000072
AMEX       | 377777777777770 | 374500262001008 375987000000062 | 377277081382243 373953192351004 | 375987000169875 | 375987000169883 | 343434343434343 375987000000021 375987000169867
MAESTRO    | | 6761301000993772 6799851000000032 | 6706981111111113 6007930123456780 | 6761301000941201 | 6761301000946341 | 6799998900000060018 6773670009114879
DINERS     | | 36177580677072 | | | | 36259600000004
DISCOVER   | | 6011010000000003 | 6011000400001008 6011000990099818 | 6510000000001248 | 6011025500265831 | 6011208701117775
JCB        | | 3530111333300000 3569990012278361 | 3566002020360505 3569990012278353 | 3566007770017510 | 3569990012291497 | 3566002345432153 3569990010095916
UNIONPAY   | | 6250947000000014 6250947000000089 | 6250947000000022 6250944220914108 | 6250947000000048 | 6250947000000030 | 6250947000000097 6250944196725207
`

// Cards are all test cards but those that bring a fault.
var Cards = readSheet()

var cards = func() map[string]TestCard {
	m := map[string]TestCard{}
	for _, c := range Cards {
		m[c.Number] = c
	}
	return m
}()

var faultCards = func() map[string]Fault {
	m := map[string]Fault{}
	for _, t := range Catalogue {
		m[t.Number()] = t.Fault
	}
	return m
}()

func readSheet() []TestCard {
	flows := []Flow{Plain, Full, Attempted, Technical, NotIn, Challenge}
	var out []TestCard
	for row := range strings.Lines(strings.TrimSpace(sheet)) {
		cells := strings.Split(row, "|")
		for i, flow := range flows {
			for _, number := range strings.Fields(cells[i+1]) {
				out = append(out, TestCard{number, strings.TrimSpace(cells[0]), flow})
			}
		}
	}
	return append(out, TestCard{"4444444444444444", "VISA", Invalid}, TestCard{special(2, 1), "VISA", Soft})
}

// triggers are what the last two digits of the amount's minor units do to a
// card that is in no table (gateway sheet, section 18). 30 is not among them:
// it brings the fault provider_down.
var triggers = map[int64]turn{
	53: {State: connector.Refused, Code: invalidCVV},
	55: {State: connector.Refused, Code: insufficientFunds},
	57: {State: connector.Refused, Code: invalidExpiry},
	59: {State: connector.Refused, Code: stolenCard},
	52: {State: connector.Refused, Code: doNotHonour},
}

const (
	downCents   = 30
	reviewCents = 40
	laterCents  = 20 // pending, then approved after 5 seconds
	neverCents  = 21 // pending until it times out
)

// luhn says whether the last digit of a number checks the others.
func luhn(number string) bool {
	if len(number) < 12 || len(number) > 19 {
		return false
	}
	return withCheckDigit(number[:len(number)-1]) == number
}

// withCheckDigit appends the digit that makes a number Luhn-valid, or "?".
func withCheckDigit(number string) string {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if d < 0 || d > 9 {
			return number + "?"
		}
		if i%2 == 0 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return number + string(rune('0'+(10-sum%10)%10))
}

// expired says whether a card's month is over at the moment.
func expired(c *connector.Card, at time.Time) bool {
	return c.ExpiryMonth > 0 && !at.Before(time.Date(c.ExpiryYear, time.Month(c.ExpiryMonth)+1, 1, 0, 0, 0, 0, time.UTC))
}
