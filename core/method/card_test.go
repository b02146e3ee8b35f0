package method

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/florinpay/florin/core/fault"
)

// The contract's own test cards (gateway sheet, section 18).
var testCards = map[string]string{
	"VISA": `4200000000000000 4200000000000091 4200000000000026 4200000000000109 4200000000000059 4012001037461114 4012001037141112
		4200000000000042 4200000000000067 4200000000000018 4200000000000075`,
	"MASTER": `5454545454545454 5200000000000007 5200000000000056 5200000000000023 5200000000000106 5434580000000006 5457350076543210
		5200000000000015 5200000000000049 5200000000000064 5200000000000072`,
	"AMEX": `377777777777770 374500262001008 375987000000062 377277081382243 373953192351004 375987000169875 375987000169883 343434343434343
		375987000000021 375987000169867`,
	"MAESTRO": `6761301000993772 6799851000000032 6706981111111113 6007930123456780 6761301000941201 6761301000946341 6799998900000060018
		6773670009114879`,
	"DINERS":   `36177580677072 36259600000004`,
	"DISCOVER": `6011010000000003 6011000400001008 6011000990099818 6510000000001248 6011025500265831 6011208701117775`,
	"JCB": `3530111333300000 3569990012278361 3566002020360505 3569990012278353 3566007770017510 3569990012291497 3566002345432153
		3569990010095916`,
	"UNIONPAY": `6250947000000014 6250947000000089 6250947000000022 6250944220914108 6250947000000048 6250947000000030 6250947000000097
		6250944196725207`,
}

func TestSheetCards(t *testing.T) {
	for brand, numbers := range testCards {
		for n := range strings.FieldsSeq(numbers) {
			if got := Detect(n); got != brand {
				t.Errorf("%s: got %s, want %s", n, got, brand)
			}
			if !Luhn(n) {
				t.Errorf("%s %s: the check digit is wrong", brand, n)
			}
		}
	}
}

func TestDetect(t *testing.T) {
	for number, want := range map[string]string{
		"": "", "1": "", "22": "", "2220": "", "2221": "MASTER", "2720": "MASTER", "2721": "", "5": "", "50": "MAESTRO", "55": "MASTER", "56": "MAESTRO",
		"59": "", "3527": "", "3528": "JCB", "3589": "JCB", "3590": "", "300": "DINERS", "306": "", "39": "", "6": "MAESTRO", "643": "MAESTRO",
		"644": "DISCOVER", "62": "UNIONPAY", "65": "DISCOVER", "9": "", "４２": "",
	} {
		if got := Detect(number); got != want {
			t.Errorf("%q: got %q, want %q", number, got, want)
		}
	}
}

func TestOfBrand(t *testing.T) {
	for brand, want := range map[string]Name{
		"VISA": Card, "HIPERCARD": Card, "PAYPAL": Wallet, "KLARNA_PAYMENTS_PAYNOW": Wallet, "KLARNA": Wallet, "SWISH": Wallet, "OXXO": Voucher,
		"BOLETO": Voucher, "visa": "", "": "", "SEPA": "", "VISA MASTER": "",
	} {
		if got := OfBrand(brand); got != want {
			t.Errorf("%q: got %q, want %q", brand, got, want)
		}
	}
	if got := BrandOf("MADA", "4200000000000000"); got != "MADA" {
		t.Errorf("a named brand: got %q", got)
	}
	if got := BrandOf("", "4200000000000000"); got != "VISA" {
		t.Errorf("no named brand: got %q", got)
	}
}

func TestCheck(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	good := func(change func(c *Typed)) Typed {
		c := Typed{Number: Conceal("4200000000000000"), CVV: Conceal("321"), Brand: "VISA", Month: 8, Year: 2029}
		change(&c)
		return c
	}
	for _, c := range []struct {
		name   string
		change func(c *Typed)
		want   string
	}{
		{"good", func(c *Typed) {}, ""},
		{"no brand", func(c *Typed) { c.Brand = "" }, ""},
		{"check digit", func(c *Typed) { c.Number = Conceal("4200000000000001") }, "invalid.card.number"},
		{"all fours", func(c *Typed) { c.Number = Conceal("4444444444444444") }, "invalid.card.number"},
		{"no range", func(c *Typed) { c.Number = Conceal("9000000000000001") }, "invalid.card.number"},
		{"full-width digits", func(c *Typed) { c.Number = Conceal("４２００") }, "invalid.card.number"},
		{"empty", func(c *Typed) { c.Number = Secret{} }, "invalid.card.number"},
		{"other brand", func(c *Typed) { c.Brand = "MASTER" }, "invalid.card.brand"},
		{"same family", func(c *Typed) { c.Brand = "VISAELECTRON" }, ""},
		{"domestic brand on a VISA range", func(c *Typed) { c.Brand = "DANKORT" }, ""},
		{"expired long ago", func(c *Typed) { c.Year = 2019 }, "invalid.card.expired"},
		{"expired last month", func(c *Typed) { c.Year, c.Month = 2026, 10 }, "invalid.card.expired"},
		{"this month", func(c *Typed) { c.Year, c.Month = 2026, 11 }, ""},
		{"no month", func(c *Typed) { c.Month = 13 }, "invalid.card.expired"},
		{"cvv missing", func(c *Typed) { c.CVV = Secret{} }, "invalid.card.cvv_missing"},
		{"cvv waived", func(c *Typed) { c.CVV, c.Waived = Secret{}, true }, ""},
		{"cvv too long", func(c *Typed) { c.CVV = Conceal("1234") }, "invalid.card.cvv"},
		{"cvv letters", func(c *Typed) { c.CVV = Conceal("abc") }, "invalid.card.cvv"},
		{"amex", func(c *Typed) { c.Number, c.Brand, c.CVV = Conceal("377777777777770"), "AMEX", Conceal("1234") }, ""},
		{"amex with 3", func(c *Typed) { c.Number, c.Brand = Conceal("377777777777770"), "AMEX" }, "invalid.card.cvv"},
		{"maestro without", func(c *Typed) { c.Number, c.Brand, c.CVV = Conceal("6761301000993772"), "MAESTRO", Secret{} }, ""},
	} {
		if got := fault.Code(good(c.change).Check(at)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestExpiredAtTheLastMoment(t *testing.T) {
	c := Typed{Month: 12, Year: 2026}
	for at, want := range map[string]bool{"2026-12-31T23:59:59Z": false, "2027-01-01T11:59:59Z": false, "2027-01-01T12:00:00Z": true} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Expired(when); got != want {
			t.Errorf("%s: got %v, want %v", at, got, want)
		}
	}
}

// One wrong digit, and every swap of two neighbours but 0 and 9, is found.
func TestLuhnFindsOneWrongDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(rapid.StringMatching(`[0-9]{11,18}`).Draw(t, "digits") + "0")
		for !Luhn(string(b)) {
			b[len(b)-1]++
		}
		i := rapid.IntRange(0, len(b)-1).Draw(t, "place")
		was := b[i]
		b[i] = '0' + (b[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if Luhn(string(b)) {
			t.Fatalf("%s passes", b)
		}
		b[i] = was
		if j := i + 1; j < len(b) && b[i] != b[j] && !(b[i] == '0' && b[j] == '9') && !(b[i] == '9' && b[j] == '0') {
			b[i], b[j] = b[j], b[i]
			if Luhn(string(b)) {
				t.Fatalf("%s passes", b)
			}
		}
	})
}
