package gateway

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
)

// good is a value for each parameter that its shape alone does not suggest.
var good = map[string]string{
	"entityId": "LM000117", "amount": "92.00", "currency": "EUR", "taxAmount": "9.20", "threeDSecure.amount": "92.00", "threeDSecure.currency": "EUR",
	"card.number": "4200000000000000", "card.expiryMonth": "08", "card.expiryYear": "2029", "card.cvv": "321", "tokenAccount.number": "4200000000000000",
	"tokenAccount.expiryMonth": "08", "tokenAccount.expiryYear": "2029", "tokenAccount.cryptogram": "AAAB+/8=", "cart.items[n].currency": "EUR",
	"bankAccount.country": "NO", "billing.country": "NO", "shipping.country": "SE", "customer.language": "nb", "customer.phone": "+4799999999",
	"customer.mobile": "4799999999", "customer.workPhone": "0047999999", "customer.birthDate": "1990-02-28", "bankAccount.mandate.dateOfSignature": "2026-11-21",
	"standingInstruction.expiry": "9999-12-31", "customer.email": "a@b.example", "customer.browser.timezone": "-60", "threeDSecure.verificationId": "AAABBBCCCDDDEEEFFFGGGHHHIII=",
	"notificationUrl": "https://shop.example/n?a=b", "shopperResultUrl": "https://shop.example/done", "merchantTransactionId": "order-99017", "checkoutId": "order.99017-a_b",
	"paymentBrand": "VISA", "threeDSecure.eci": "05", "card.holder": "Nora Lind Åsen", "customer.browser.challengeWindow": "5", "customer.browser.language": "nb-NO",
}

func (p Parameter) example() string {
	switch {
	case good[p.Name] != "":
		return good[p.Name]
	case p.Allowed != nil:
		return p.Allowed[0]
	case strings.HasPrefix(p.Pattern, "^[0-9]"):
		return "1"
	}
	return "x"
}

// sent is the name under which a client sends a parameter.
func (p Parameter) sent() string {
	return strings.NewReplacer("[n]", "[12]", "[name]", "[shop.ref]").Replace(p.Name)
}

// refuses is an opinion of its own on whether a value must be refused: by the
// regex that the message shows, or the list.
func (p Parameter) refuses(value string) bool {
	if p.Allowed != nil {
		return !slices.Contains(p.Allowed, value)
	}
	pattern := p.Pattern
	for _, limit := range []int{2048, 16384} { // more than a regexp repeats
		pattern = strings.ReplaceAll(pattern, fmt.Sprintf(",%d}", limit), ",}")
	}
	if utf8.RuneCountInString(value) > p.Max {
		return true
	}
	return !regexp.MustCompile(`\A(?:` + strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$") + `)\z`).MatchString(value)
}

// bads are the ways in which a value goes wrong.
var bads = []struct {
	name   string
	change func(p Parameter, v string) string
}{
	{"malformed", func(_ Parameter, v string) string { return "§" + v }},
	{"too long", func(p Parameter, v string) string { return v + strings.Repeat("1", p.Max) }},
	{"too long, of wide characters", func(p Parameter, v string) string { return v + strings.Repeat("å", p.Max) }},
	{"lower case", func(_ Parameter, v string) string { return strings.ToLower(v) }},
	{"upper case", func(_ Parameter, v string) string { return strings.ToUpper(v) }},
	{"negative", func(_ Parameter, v string) string { return "-" + v }},
	{"signed", func(_ Parameter, v string) string { return "+" + v }},
	{"exponent", func(Parameter, string) string { return "1e3" }},
	{"hexadecimal", func(Parameter, string) string { return "0x1F" }},
	{"full-width digits", func(Parameter, string) string { return "９２.００" }},
	{"arabic digits", func(Parameter, string) string { return "٩٢" }},
	{"2^63", func(Parameter, string) string { return "9223372036854775808" }},
	{"2^64+1", func(Parameter, string) string { return "18446744073709551617" }},
	{"three decimals", func(Parameter, string) string { return "1.234" }},
	{"a comma", func(Parameter, string) string { return "92,00" }},
	{"no digits before the dot", func(Parameter, string) string { return ".50" }},
	{"nothing after the dot", func(Parameter, string) string { return "5." }},
	{"NaN", func(Parameter, string) string { return "NaN" }},
	{"a space before", func(_ Parameter, v string) string { return " " + v }},
	{"a space after", func(_ Parameter, v string) string { return v + " " }},
	{"a newline after", func(_ Parameter, v string) string { return v + "\n" }},
	{"a newline between", func(_ Parameter, v string) string { return v[:1] + "\r\n" + v[1:] }},
	{"a control character", func(_ Parameter, v string) string { return v + "\x1b[31m" }},
	{"a C1 control character", func(_ Parameter, v string) string { return v + "\u0085" }},
	{"delete", func(_ Parameter, v string) string { return "\x7f" + v }},
	{"twice", func(_ Parameter, v string) string { return v + "," + v }},
}

// numeric parameters refuse whatever is not a plain number.
var numeric = []string{"malformed", "too long", "too long, of wide characters", "negative", "signed", "exponent", "hexadecimal", "full-width digits", "arabic digits",
	"three decimals", "a comma", "no digits before the dot", "nothing after the dot", "NaN", "a space before", "a space after", "a newline after", "a newline between",
	"a control character", "a C1 control character", "delete", "twice"}

func TestEveryParameterEveryWay(t *testing.T) {
	seen := 0
	for _, p := range Parameters() {
		if p.refuses(p.example()) {
			t.Errorf("%s: the example %q is none", p.Name, p.example())
		}
		if got := problems(t, p, p.example()); got != 0 {
			t.Errorf("%s=%s: refused", p.Name, p.example())
		}
		for _, b := range bads {
			value := b.change(p, p.example())
			got, want := problems(t, p, value) > 0, p.refuses(value)
			if got != want {
				t.Errorf("%s, %s, %.60q: refused %v, want %v", p.Name, b.name, value, got, want)
			}
			isNumber := strings.HasPrefix(p.Format, "N") && p.Allowed == nil
			if isNumber && slices.Contains(numeric, b.name) && !got {
				t.Errorf("%s, %s: %q passes for a number", p.Name, b.name, value)
			}
			if strings.HasPrefix(b.name, "too long") && !got {
				t.Errorf("%s: %d characters pass, %d may", p.Name, utf8.RuneCountInString(value), p.Max)
			}
			seen++
		}
		for _, raw := range []string{"%ff", "%C0%AF", "Nora Lind%E5", "%00", "a%00b"} { // Latin-1, overlong, NUL
			body, err := url.QueryUnescape(raw)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := wire.NewForm(p.sent(), body); !fault.Is(err, "invalid.body") {
				t.Errorf("%s=%s: got %v", p.Name, raw, err)
			}
		}
	}
	if seen < 2500 {
		t.Errorf("only %d cases", seen)
	}
}

// problems counts the errors that a value of one parameter makes, in a form
// that lacks nothing else.
func problems(t *testing.T, p Parameter, value string) (n int) {
	t.Helper()
	op := Pay
	switch {
	case p.Name == "checkoutType" || p.Name == "checkoutId" || p.Name == "registrations[n].id":
		op = Prepare
	case p.Name == "paymentType":
		op = Read // Check of the other operations: TestCheckOperations
	}
	for _, e := range Check(form(t, with(base[op], p.sent(), value)...), op, strict) {
		if e.Name == p.sent() {
			n++
		}
	}
	return n
}

// What the document promises and what is checked is the same.
func TestParametersAreDocumented(t *testing.T) {
	var doc struct {
		Components struct{ Schemas map[string]schema }
	}
	if err := yaml.Unmarshal(OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	found := map[string][]schema{}
	for _, name := range []string{"Entity", "Money", "Facts", "CardForm", "OtherAccounts", "Customer", "Addresses", "Urls", "Series", "ThreeDSecureForm",
		"PaymentForm", "ReferenceForm", "CheckoutForm", "CheckoutUpdateForm"} {
		doc.Components.Schemas[name].collect(found)
	}
	for _, p := range Parameters() {
		if strings.ContainsRune(p.Name, '[') {
			continue // patterns of names: compared by eye
		}
		if len(found[p.Name]) == 0 {
			t.Errorf("%s is not in the document", p.Name)
		}
		for _, s := range found[p.Name] {
			for s.Ref != "" {
				s = doc.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
			}
			switch {
			case p.Name == "paymentType" || p.Name == "paymentBrand": // differ by operation
			case s.Enum != nil || p.Allowed != nil:
				if !slices.Equal(s.Enum, p.Allowed) {
					t.Errorf("%s: checked %v, documented %v", p.Name, p.Allowed, s.Enum)
				}
			case s.Pattern != "":
				if s.Pattern != p.Pattern && p.shapeName() != "date" {
					t.Errorf("%s: checked %s, documented %s", p.Name, p.Pattern, s.Pattern)
				}
			case s.MaxLength != 0 && s.MaxLength != p.Max:
				t.Errorf("%s: checked %d, documented %d", p.Name, p.Max, s.MaxLength)
			}
		}
	}
}

// shapeName tells dates, whose check is closer than their documented form.
func (p Parameter) shapeName() string {
	if p.Pattern == day.pattern {
		return "date"
	}
	return ""
}

type schema struct {
	Ref        string   `yaml:"$ref"`
	AllOf      []schema `yaml:"allOf"`
	Properties map[string]schema
	Enum       []string
	Pattern    string
	MaxLength  int `yaml:"maxLength"`
}

func (s schema) collect(into map[string][]schema) {
	for name, p := range s.Properties {
		into[name] = append(into[name], p)
	}
	for _, part := range s.AllOf {
		part.collect(into)
	}
}
