package gateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/gateway"
	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/api/wire/script"
)

func TestDocument(t *testing.T) {
	r := chi.NewRouter()
	(&gateway.Surface{}).Routes(r)
	got := []string{"GET /v3/checkouts/{id}/page", "GET /v3/paymentWidgets.js"} // pages, which the checkout serves
	err := chi.Walk(r, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		got = append(got, method+" "+route)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	apitest.Sound(t, got, document(t))
}

// forms are the schemas whose parameters the contract knows.
var forms = []string{"PaymentForm", "ReferenceForm", "CheckoutForm", "RegistrationForm", "TokenPaymentForm", "AuthenticationForm"}

// TestDocumentKnowsEveryParameter holds the forms of the document to the table
// that requests are checked with: the same names, values, patterns, lengths.
func TestDocumentKnowsEveryParameter(t *testing.T) {
	doc := document(t)
	named, patterns := map[string]map[string]any{}, map[string]map[string]any{}
	for _, form := range forms {
		n, p, err := doc.Schema(form)
		if err != nil {
			t.Fatal(err)
		}
		for name, s := range n {
			named[name] = s
		}
		for pattern, s := range p {
			patterns[pattern] = s
		}
	}
	known := map[string]bool{}
	for _, p := range gateway.Parameters() {
		known[p.Name] = true
		s := named[p.Name]
		for pattern, found := range patterns {
			if s == nil && regexp.MustCompile(pattern).MatchString(strings.NewReplacer("[n]", "[0]", "[name]", "[colour]").Replace(p.Name)) {
				s = found
			}
		}
		if s == nil {
			t.Errorf("%s is in no form", p.Name)
			continue
		}
		for _, wrong := range differs(p, s) {
			t.Errorf("%s: %s", p.Name, wrong)
		}
	}
	for name := range named {
		if !known[name] {
			t.Errorf("%s is in a form, but no parameter", name)
		}
	}
}

// ownShape are parameters that each operation has in a shape of its own.
var ownShape = []string{"paymentType", "paymentBrand"}

func differs(p gateway.Parameter, s map[string]any) (wrong []string) {
	if slices.Contains(ownShape, p.Name) {
		return nil
	}
	if values, ok := s["enum"].([]any); ok || p.Allowed != nil {
		if got := fmt.Sprint(values...); got != fmt.Sprint(anys(p.Allowed)...) {
			wrong = append(wrong, fmt.Sprintf("one of %v, checked is one of %v", values, p.Allowed))
		}
		return wrong
	}
	if pattern, ok := s["pattern"].(string); ok {
		if pattern != p.Pattern {
			wrong = append(wrong, fmt.Sprintf("pattern %s, checked is %s", pattern, p.Pattern))
		}
		return wrong
	}
	if got := fmt.Sprint(s["maxLength"]); got != fmt.Sprint(p.Max) {
		wrong = append(wrong, fmt.Sprintf("at most %s, checked is %d", got, p.Max))
	}
	if least, ok := s["minLength"].(json.Number); ok && !strings.Contains(p.Pattern, "{"+least.String()+",") {
		wrong = append(wrong, fmt.Sprintf("at least %s, checked is %s", least, p.Pattern))
	}
	return wrong
}

func anys(list []string) (out []any) {
	for _, s := range list {
		out = append(out, s)
	}
	return out
}

// TestResultCodes reads the list that has no place in a script.
func TestResultCodes(t *testing.T) {
	h := open(t, "sqlite")
	for _, prefix := range []string{"", "/gateway"} {
		res, err := h.client.Get(h.sandbox.URL + prefix + "/v3/resultcodes")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ ResultCodes []gateway.Code }
		if err := json.Unmarshal(body, &got); err != nil || len(got.ResultCodes) != 619 {
			t.Errorf("got %d codes, %v", len(got.ResultCodes), err)
		}
	}
}

// TestTheDocumentCatches shows that a departure would be seen.
func TestTheDocumentCatches(t *testing.T) {
	doc := document(t)
	good := `{"result":{"code":"000.200.000","description":"transaction pending"},"buildNumber":"` + strings.Repeat("0", 40) +
		`@2026-11-18 07:40:12 +0000","timestamp":"2026-11-21 09:14:03+0000","ndc":"LM000117"}`
	header := http.Header{"Content-Type": {"application/json;charset=UTF-8"}, "Request-Id": {"req_" + strings.Repeat("0", 24)}}
	x := script.Exchange{Method: "GET", Path: "/v3/checkouts/x/payment", Status: 200, Header: header, Body: []byte(good)}
	if wrong := doc.Check(x); wrong != nil {
		t.Errorf("a sound answer: got %v", wrong)
	}
	for name, change := range map[string]func(x *script.Exchange){
		"an undeclared field": func(x *script.Exchange) {
			x.Body = []byte(strings.Replace(good, `{"result"`, `{"extra":"1","result"`, 1))
		},
		"an undeclared status": func(x *script.Exchange) { x.Status = 302 },
		"a missing header":     func(x *script.Exchange) { x.Header = http.Header{"Content-Type": header["Content-Type"]} },
		"another content type": func(x *script.Exchange) {
			x.Header = http.Header{"Content-Type": {"text/plain"}, "Request-Id": header["Request-Id"]}
		},
		"a field twice":         func(x *script.Exchange) { x.Body = []byte(strings.Replace(good, `"ndc"`, `"ndc":"LM000118","ndc"`, 1)) },
		"something behind it":   func(x *script.Exchange) { x.Body = []byte(good + "{}") },
		"a path nobody knows":   func(x *script.Exchange) { x.Path = "/v3/checkout" },
		"a number in its place": func(x *script.Exchange) { x.Body = []byte(strings.Replace(good, `"LM000117"`, `117`, 1)) },
	} {
		bad := x
		change(&bad)
		if doc.Check(bad) == nil {
			t.Errorf("%s was let through", name)
		}
	}
}
