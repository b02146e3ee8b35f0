package gateway

import (
	"bytes"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// FuzzCheck sends any body through reading and Check. Whatever Check lets pass
// fits the regex that its message would have shown, and its amount can be read;
// and no error shows what looks like a card number.
func FuzzCheck(f *testing.F) {
	for op, pairs := range base {
		var parts []string
		for i := 0; i < len(pairs); i += 2 {
			parts = append(parts, pairs[i]+"="+strings.ReplaceAll(pairs[i+1], " ", "+"))
		}
		f.Add(strings.Join(parts, "&"), string(op), false)
	}
	f.Add("amount=1e3&currency=eur&card.number=4200000000000000x&cart.items[0].price=%EF%BC%91", "pay", true)
	f.Add("customParameters[x]=4200000000000000&amount=-9223372036854775808", "refer", true)
	byName := map[string]Parameter{}
	for _, p := range Parameters() {
		byName[p.Name] = p
	}
	numbers := regexp.MustCompile(`\A[0-9]{1,10}(\.[0-9]{2})?\z`)
	f.Fuzz(func(t *testing.T, body, opName string, wide bool) {
		op, rules := Operation(opName), strict
		if _, ok := base[op]; !ok {
			op = Pay
		}
		if wide {
			rules = compat
		}
		r := httptest.NewRequest("POST", "/v3/payments", bytes.NewReader([]byte(body)))
		form, err := wire.ReadForm(httptest.NewRecorder(), r)
		if err != nil {
			return
		}
		list := Check(form, op, rules)
		for _, e := range list {
			if e.Value != nil && holdsCard(*e.Value) {
				t.Fatalf("%s shows %q", e.Name, *e.Value)
			}
		}
		for _, name := range form.Names() {
			at, known := place(name)
			if !known || form.Get(name) == "" || name == "paymentBrand" || name == "amount" && wide {
				continue
			}
			told := slices.ContainsFunc(list, func(e ParameterError) bool { return e.Name == name })
			if p := byName[parameters[at].name]; p.refuses(form.Get(name)) && !told {
				t.Fatalf("%s=%q passed", name, form.Get(name))
			}
		}
		amount, cur := form.Get("amount"), money.Currency(form.Get("currency"))
		if len(list) > 0 || amount == "" {
			return
		}
		if !wide && !numbers.MatchString(amount) {
			t.Fatalf("%q passed for an amount", amount)
		}
		if _, err := money.ParseDecimal(amount, cur); fault.Code(err) == "invalid.amount" {
			t.Fatalf("%q passed: %v", amount, err)
		}
	})
}
