package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/florinpay/florin/api/wire"
)

var strict, compat = rulesOf("strictSeed"), rulesOf("oppwaCompat")

func form(t testing.TB, pairs ...string) wire.Form {
	t.Helper()
	f, err := wire.NewForm(pairs...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// base is a form of each operation that lacks nothing.
var base = map[Operation][]string{
	Pay: {"entityId", "LM000117", "amount", "148.50", "currency", "EUR", "paymentBrand", "VISA", "paymentType", "DB",
		"card.number", "4200000000000000", "card.holder", "Nora Lind", "card.expiryMonth", "08", "card.expiryYear", "2029", "card.cvv", "321"},
	Refer:        {"entityId", "LM000117", "amount", "48.50", "currency", "EUR", "paymentType", "RF"},
	Read:         {"entityId", "LM000117"},
	Query:        {"entityId", "LM000117", "merchantTransactionId", "order-99017"},
	Prepare:      {"entityId", "LM000117", "amount", "62.00", "currency", "NOK", "paymentType", "DB"},
	Update:       {"entityId", "LM000117"},
	Register:     {"entityId", "LM000117", "card.number", "5454545454545454", "card.expiryMonth", "02", "card.expiryYear", "2030"},
	TokenPay:     {"entityId", "LM000117", "amount", "99.00", "currency", "NOK", "paymentType", "DB"},
	Delete:       {"entityId", "LM000117"},
	Extend:       {"entityId", "LM000117"},
	Authenticate: {"entityId", "LM000117", "amount", "1.00", "currency", "EUR", "shopperResultUrl", "https://shop.example/done", "card.number", "4200000000000042", "card.expiryMonth", "08", "card.expiryYear", "2029"},
}

// with changes pairs; a value of "-" takes the name out.
func with(pairs []string, changes ...string) []string {
	out := slices.Clone(pairs)
	for i := 0; i < len(changes); i += 2 {
		at := -1
		for j := 0; j < len(out); j += 2 {
			if out[j] == changes[i] {
				at = j
			}
		}
		switch {
		case at >= 0 && changes[i+1] == "-":
			out = slices.Delete(out, at, at+2)
		case at >= 0:
			out[at+1] = changes[i+1]
		case changes[i+1] != "-":
			out = append(out, changes[i], changes[i+1])
		}
	}
	return out
}

func show(list []ParameterError) string {
	var b strings.Builder
	for _, e := range list {
		value := "null"
		if e.Value != nil {
			value = *e.Value
		}
		fmt.Fprintf(&b, "%s=%s: %s\n", e.Name, value, e.Message)
	}
	return b.String()
}

// What each operation needs, one line per case.
func TestCheckOperations(t *testing.T) {
	for _, c := range []struct {
		name    string
		op      Operation
		changes []string
		want    string
	}{
		{"pay", Pay, nil, ""},
		{"read", Read, nil, ""}, {"query", Query, nil, ""}, {"refund", Refer, nil, ""}, {"checkout", Prepare, nil, ""}, {"update", Update, nil, ""},
		{"register", Register, nil, ""}, {"token", TokenPay, nil, ""}, {"delete", Delete, nil, ""}, {"extend", Extend, nil, ""}, {"3ds", Authenticate, nil, ""},
		{"no entity", Pay, []string{"entityId", "-"}, "entityId=null: may not be empty\n"},
		{"an empty entity", Read, []string{"entityId", ""}, "entityId=: may not be empty\n"},
		{"no payment type", Pay, []string{"paymentType", "-"}, "paymentType=null: may not be empty\n"},
		{"no amount", Pay, []string{"amount", "-"}, "amount=null: may not be empty\n"},
		{"no amount for a verification", Pay, []string{"paymentType", "CV", "amount", "-", "currency", "-"}, ""},
		{"no card", Pay, []string{"card.number", "-", "card.holder", "-", "card.expiryMonth", "-", "card.expiryYear", "-", "card.cvv", "-"},
			"card=null: card properties must be set\n"},
		{"no number", Pay, []string{"card.number", "-"}, "card.number=null: may not be empty\n"},
		{"a token for the card", Pay, []string{"card.number", "-", "card.expiryMonth", "-", "card.expiryYear", "-", "card.token", "b7e0d1a2c3f44556867798a9bacbdced"}, ""},
		{"a wallet needs a way back", Pay, []string{"paymentBrand", "PAYPAL"}, "shopperResultUrl=null: may not be empty\n"},
		{"a wallet needs no card", Pay, []string{"paymentBrand", "PAYPAL", "shopperResultUrl", "https://a.example", "card.number", "-", "card.expiryMonth", "-", "card.expiryYear", "-"}, ""},
		{"the brand is left to the number", Pay, []string{"paymentBrand", "-"}, ""},
		{"a captured type", Pay, []string{"paymentType", "CP"}, "paymentType=CP: must be one of [PA, DB, CV, CD]\n"},
		{"a first type on a payment", Refer, []string{"paymentType", "DB"}, "paymentType=DB: must be one of [CP, RF, RV, RB, RC]\n"},
		{"RB is named, not taken", Refer, []string{"paymentType", "RB"}, "paymentType=RB: must be one of [CP, RF, RV, RB, RC]\n"},
		{"a reversal of all", Refer, []string{"paymentType", "RV", "amount", "-", "currency", "-"}, ""},
		{"a reversal with half an amount", Refer, []string{"paymentType", "RV", "currency", "-"}, "currency=null: may not be empty\n"},
		{"a capture without amount", Refer, []string{"paymentType", "CP", "amount", "-", "currency", "-"}, "amount=null: may not be empty\ncurrency=null: may not be empty\n"},
		{"a query without reference", Query, []string{"merchantTransactionId", "-"}, "merchantTransactionId=null: may not be empty\n"},
		{"checkout without type", Prepare, []string{"paymentType", "-"}, "paymentType=null: may not be empty\n"},
		{"checkout for a token only", Prepare, []string{"paymentType", "-", "amount", "-", "currency", "-", "createRegistration", "true"}, ""},
		{"checkout with brands", Prepare, []string{"paymentBrand", "VISA MASTER AMEX"}, ""},
		{"pay with brands", Pay, []string{"paymentBrand", "VISA MASTER"}, "paymentBrand=VISA MASTER: must match ^[a-zA-Z0-9_]{1,32}$\n"},
		{"update of half an amount", Update, []string{"amount", "1.00"}, "currency=null: may not be empty\n"},
		{"token pays no amount", TokenPay, []string{"amount", "-"}, "amount=null: may not be empty\n"},
		{"register nothing", Register, []string{"card.number", "-", "card.expiryMonth", "-", "card.expiryYear", "-"}, "card=null: card properties must be set\n"},
		{"3ds without a way back", Authenticate, []string{"shopperResultUrl", "-"}, "shopperResultUrl=null: may not be empty\n"},
	} {
		if got := show(Check(form(t, with(base[c.op], c.changes...)...), c.op, strict)); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// The sheet's example of section 21, to the letter.
func TestCheckSample(t *testing.T) {
	list := Check(form(t, "currency", "eur", "amount", "12.5", "entityId", "LM000117"), Pay, strict)
	got, err := json.Marshal(list)
	want := `[{"name":"amount","value":"12.5","message":"must match ^[0-9]{1,10}(\\.[0-9]{2})?$"},` +
		`{"name":"currency","value":"eur","message":"must match ^[A-Z]{3}$"},{"name":"paymentType","value":null,"message":"may not be empty"}]`
	if err != nil || string(got) != want {
		t.Errorf("got  %s %v\nwant %s", got, err, want)
	}
	got, err = json.Marshal(Check(form(t, with(base[Pay], "amount", "-20.20")...), Pay, strict))
	want = `[{"name":"amount","value":"-20.20","message":"must match ^[0-9]{1,10}(\\.[0-9]{2})?$"}]`
	if err != nil || string(got) != want {
		t.Errorf("got  %s %v\nwant %s", got, err, want)
	}
}

// The sheet's own requests pass.
func TestCheckTakesTheSheetsRequests(t *testing.T) {
	for _, c := range []struct {
		op   Operation
		form []string
	}{
		{Pay, []string{"entityId", "LM000117", "entityType", "PARTICIPATOR", "merchant.id", "M2040077", "amount", "148.50", "currency", "EUR",
			"paymentBrand", "VISA", "paymentType", "DB", "merchantTransactionId", "inv-2026-000481", "card.number", "4200000000000000", "card.holder",
			"Nora Lind", "card.expiryMonth", "08", "card.expiryYear", "2029", "card.cvv", "321"}},
		{Refer, []string{"entityId", "LM000117", "amount", "48.50", "currency", "EUR", "paymentType", "RF", "originalTransactionId",
			"9b1c5e77d2f04a83b6a1c9e0f4d27a15", "merchantTransactionId", "ref-2026-000031"}},
		{Refer, []string{"entityId", "LM000117", "paymentType", "RV"}},
		{Prepare, []string{"entityId", "LM000117", "entityType", "PARTICIPATOR", "merchant.id", "M2040077", "checkoutType", "PAGE", "amount", "62.00",
			"currency", "NOK", "paymentType", "DB", "merchantTransactionId", "order-99017", "shopperResultUrl", "https://shop.example/done"}},
		{Register, []string{"entityId", "LM000117", "entityType", "PARTICIPATOR", "paymentBrand", "MASTER", "card.number", "5454545454545454",
			"card.holder", "Nora Lind", "card.expiryMonth", "02", "card.expiryYear", "2030", "card.cvv", "123"}},
		{Pay, []string{"entityId", "LM000117", "entityType", "PARTICIPATOR", "paymentType", "CV", "createRegistration", "true", "paymentBrand", "VISA",
			"card.number", "4200000000000091", "card.holder", "Nora Lind", "card.expiryMonth", "08", "card.expiryYear", "2029", "card.cvv", "321"}},
		{TokenPay, []string{"entityId", "LM000117", "paymentType", "DB", "amount", "99.00", "currency", "NOK", "standingInstruction.mode", "REPEATED",
			"standingInstruction.type", "RECURRING", "standingInstruction.source", "MIT"}},
		{Delete, []string{"entityId", "LM000117"}},
		{Query, []string{"entityId", "LM000117", "merchantTransactionId", "order-99017"}},
	} {
		if got := show(Check(form(t, c.form...), c.op, strict)); got != "" {
			t.Errorf("%s %v: %s", c.op, c.form, got)
		}
	}
}

func TestProfilesDiffer(t *testing.T) {
	f := form(t, with(base[Pay], "amount", "123456789012.00")...)
	if got := show(Check(f, Pay, strict)); got != "amount=123456789012.00: must match ^[0-9]{1,10}(\\.[0-9]{2})?$\n" {
		t.Errorf("strict: got %s", got)
	}
	if got := show(Check(f, Pay, compat)); got != "" {
		t.Errorf("compat: got %s", got)
	}
	f = form(t, with(base[Pay], "amount", "1234567890123.00")...)
	if got := show(Check(f, Pay, compat)); got != "amount=1234567890123.00: must match ^[0-9]{1,12}(\\.[0-9]{2})?$\n" {
		t.Errorf("compat: got %s", got)
	}
	if got := show(Check(form(t, "entityId", "8a8294174b7ecb28014b9699220015ca"), Read, strict)); got != "" {
		t.Errorf("32 hex digits: got %s", got)
	}
}

// Names that the contract does not know are tolerated, up to a length.
func TestUnknownNames(t *testing.T) {
	long := strings.Repeat("x", maxUnknown+1)
	for _, c := range []struct{ name, value, want string }{
		{"florin.later", "anything\n", ""},
		{"Amount", "-1", ""},
		{"cart.items[x].name", "a", ""}, {"cart.items[1000].name", "a", ""}, {"cart.items[0]", "a", ""}, {"cart.items[0].name[1]", "a", ""},
		{"cart.items[n].name", "\n", ""}, {"customParameters", "a", ""}, {"customParameters[name]x", "\n", ""},
		{"billing[0].city", "\n", ""},
		{"florin.later", long, "florin.later=" + long + ": must match ^[\\s\\S]{0,2048}$\n"},
		{"customParameters[ab]", "1", "customParameters[ab]=1: must match ^[a-zA-Z0-9._]{3,64}$\n"},
		{"customParameters[a b c]", "1", "customParameters[a b c]=1: must match ^[a-zA-Z0-9._]{3,64}$\n"},
		{"customParameters[]", "1", "customParameters[]=1: must match ^[a-zA-Z0-9._]{3,64}$\n"},
		{"customParameters[3DS2_flow]", "challenge", ""}, {"customParameters[a.b.c]", "", ""}, {"customParameters[name]", "1", ""},
		{"customParameters[abc]", long, "customParameters[abc]=" + long + ": must match ^[^\\x00-\\x1F\\x7F-\\x9F]{1,2048}$\n"},
		{"cart.items[999].quantity", "-1", "cart.items[999].quantity=-1: must match ^[0-9]{1,5}$\n"},
	} {
		if got := show(Check(form(t, with(base[Pay], c.name, c.value)...), Pay, strict)); got != c.want {
			t.Errorf("%s: got %.200s, want %.200s", c.name, got, c.want)
		}
	}
}

// A card number or security code is shown in no error, wherever it was put.
func TestSecretsAreStars(t *testing.T) {
	for _, c := range []struct{ name, value string }{
		{"card.number", "4200000000000000x"}, {"card.number", "4200 0000 0000 0000"}, {"card.number", "420000000000"[:11]}, {"card.number", "４２００００００００００００００"},
		{"card.cvv", "12"}, {"card.cvv", "32100"}, {"card.cvv", "abc"},
		{"tokenAccount.number", "42000000"}, {"tokenAccount.cryptogram", "!"}, {"virtualAccount.password", "\n"}, {"bankAccount.iban", strings.Repeat("1", 40)},
		{"bankAccount.number", strings.Repeat("1", 70)}, {"applePay.paymentToken", strings.Repeat("t", 17000)}, {"googlePay.paymentToken", strings.Repeat("t", 17000)},
		{"amount", "4200000000000000"}, {"currency", "4200-0000-0000-0000"}, {"card.expiryYear", "4200 0000 0000 0000"},
		{"paymentBrand", "my card 4200000000000000!"}, {"merchantMemo", "x\n374500262001008"}, {"florin.later", strings.Repeat("a", 3000) + "4200000000000000"},
		{"numberOfCaptures", "99994200000000000000999999"}, {"customParameters[a]", "5454545454545454"},
	} {
		list := Check(form(t, with(base[Pay], c.name, c.value)...), Pay, strict)
		if len(list) != 1 || list[0].Value == nil || *list[0].Value != "***" {
			t.Errorf("%s=%s: got %.200s", c.name, c.value, show(list))
		}
	}
	for _, value := range []string{"9223372036854775808", "123456789012", "12.5", "4200000000000001", "2026-11-21 09:14:03"} {
		if got := show(Check(form(t, with(base[Pay], "amount", value)...), Pay, strict)); !strings.HasPrefix(got, "amount="+value+":") {
			t.Errorf("%s is no card, but: %s", value, got)
		}
	}
}

// The largest body there can be, of digits alone, is judged at once.
func BenchmarkCheckDigits(b *testing.B) {
	f := form(b, "amount", strings.Repeat("45", wire.MaxBody/2-10))
	for b.Loop() {
		Check(f, Pay, strict)
	}
}
