package gateway_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/florinpay/florin/api/gateway"
	"github.com/florinpay/florin/store/storetest"
)

// created are the tables in which a request that was refused leaves nothing.
var created = []string{"payment", "attempt", "event", "transfer", "posting", "source", "checkout", "customer", "idempotency", "delivery"}

// call is one operation with a form that would be accepted.
type call struct {
	name, path string
	form       url.Values
	needs      []string
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func calls(payment, token, checkout string) []call {
	card := []string{"card.number", "4200000000000000", "card.holder", "Nora Lind", "card.expiryMonth", "08", "card.expiryYear", "2034", "card.cvv", "321"}
	money := []string{"amount", "92.00", "currency", "EUR"}
	form := func(parts ...[]string) url.Values {
		return values(slices.Concat(append(parts, []string{"entityId", "LM000117"})...)...)
	}
	return []call{
		{"pay", "/v3/payments", form(money, card, []string{"paymentType", "DB"}), []string{"entityId", "amount", "currency", "paymentType", "card.number", "card.expiryMonth", "card.expiryYear"}},
		{"refund", "/v3/payments/" + payment, form(money, []string{"paymentType", "RF"}), []string{"entityId", "amount", "currency", "paymentType"}},
		{"checkout", "/v3/checkouts", form(money, []string{"paymentType", "DB"}), []string{"entityId", "amount", "currency", "paymentType"}},
		{"update", "/v3/checkouts/" + checkout, form(money), []string{"entityId", "currency"}},
		{"register", "/v3/registrations", form(card), []string{"entityId", "card.number", "card.expiryMonth", "card.expiryYear"}},
		{"token payment", "/v3/registrations/" + token + "/payments", form(money, []string{"paymentType", "DB"}), []string{"entityId", "amount", "currency", "paymentType"}},
		{"extend", "/v3/registrations/" + token + "/extendlife", form(), []string{"entityId"}},
		{"authenticate", "/v3/threeDSecure", form(money, card, []string{"shopperResultUrl", "https://shop.example/done"}),
			[]string{"entityId", "amount", "currency", "card.number", "card.expiryMonth", "card.expiryYear", "shopperResultUrl"}},
	}
}

// TestBadInput sends what no client should: each parameter in each wrong form,
// to each operation. The answer is the contract's own, and nothing is made.
func TestBadInput(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			h := open(t, engine)
			ids := h.prepare(t)
			before := storetest.Rows(t, h.app.DB, created...)
			sent := 0
			operations := calls(ids[0], ids[1], ids[2])
			if engine != "sqlite" {
				operations = operations[:2] // what is refused does not reach the engine
			}
			for i, c := range operations {
				for _, name := range c.needs {
					form := maps.Clone(c.form)
					form.Del(name)
					h.refused(t, c.name+" without "+name, c.path, formType, form.Encode(), name)
				}
				for _, p := range gateway.Parameters() {
					sent += h.misuse(t, c, p, engine == "sqlite" && i == 0)
				}
				h.misuseBody(t, c)
			}
			if after := storetest.Rows(t, h.app.DB, created...); !maps.Equal(before, after) {
				t.Errorf("something was made: %v before, %v after", before, after)
			}
			if sent < 1000 {
				t.Errorf("only %d forms were sent", sent)
			}
		})
	}
}

const formType = "application/x-www-form-urlencoded; charset=UTF-8"

// prepare makes a payment, a token and a checkout to refer to.
func (h *house) prepare(t *testing.T) (ids [3]string) { return h.prepareFor(t, "LM000117") }

func (h *house) prepareFor(t *testing.T, entity string) (ids [3]string) {
	t.Helper()
	for i, c := range []int{0, 4, 2} {
		c := calls("", "", "")[c]
		c.form.Set("entityId", entity)
		status, body := h.post(t, c.path, formType, c.form.Encode())
		var got struct{ ID string }
		if err := json.Unmarshal(body, &got); err != nil || status != http.StatusOK {
			t.Fatalf("%s: got %d %s", c.name, status, body)
		}
		ids[i] = got.ID
	}
	return ids
}

func (h *house) post(t *testing.T, path, contentType, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.sandbox.URL+"/gateway"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.sandbox.Gateway.Token)
	req.Header.Set("Content-Type", contentType)
	res, err := h.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, got
}

// refused sends a form that must be turned down as not understood, with an
// error that names the parameter, unless blame is "".
func (h *house) refused(t *testing.T, what, path, contentType, body, blame string) {
	t.Helper()
	status, got := h.post(t, path, contentType, body)
	var answer struct {
		Result struct {
			Code            string
			ParameterErrors []struct{ Name string }
		}
	}
	if err := json.Unmarshal(got, &answer); err != nil || status != http.StatusBadRequest || answer.Result.Code != "200.300.404" {
		t.Errorf("%s: got %d %s, want 400 and 200.300.404", what, status, got)
		return
	}
	named := slices.ContainsFunc(answer.Result.ParameterErrors, func(e struct{ Name string }) bool { return e.Name == blame })
	if blame != "" && !named {
		t.Errorf("%s: %s does not name %s", what, got, blame)
	}
	if bytes.Contains(got, []byte("4200000000000000")) {
		t.Errorf("%s: a card number is in the answer", what)
	}
}

// wrongForms are values that numbers, codes and choices never have.
var wrongForms = []string{"-1.00", "+1.00", "1e2", "1,00", "1.0.0", " 1.00", "1.00 ", "0x10", "NaN", "١٢٣", "１２３", "9223372036854775808", "1.005", "eur", "db",
	"True", "\x07", "a\tb", "\u202e", "4200000000000000 "}

// misuse sends one parameter in every form that it may not have. Without every
// there are two of them, and those that concern its encoding.
func (h *house) misuse(t *testing.T, c call, p gateway.Parameter, every bool) (sent int) {
	name := strings.NewReplacer("[n]", "[0]", "[name]", "[colour]").Replace(p.Name)
	bad := append([]string{strings.Repeat("1", p.Max+1), strings.Repeat("å", p.Max+1)}, wrongForms...)
	bad = slices.DeleteFunc(bad, func(v string) bool { return fits(p, v) })
	if !every {
		bad = bad[:min(len(bad), 2)]
	}
	for _, v := range bad {
		if name == "entityId" || name == "merchant.id" {
			continue // what is wrong with these is told apart: 403
		}
		form := maps.Clone(c.form)
		form.Set(name, v)
		h.refused(t, fmt.Sprintf("%s with %s=%.40q", c.name, name, v), c.path, formType, form.Encode(), name)
	}
	rest := maps.Clone(c.form)
	rest.Del(name)
	key := url.QueryEscape(name)
	for _, tail := range []string{"=1&" + key + "=1", "=%zz", "=%4", "=%ff", "=%c0%af", "=%00"} {
		h.refused(t, c.name+" with "+key+tail, c.path, formType, rest.Encode()+"&"+key+tail, name)
	}
	return sent + len(bad) + 6
}

// misuseBody sends bodies that are no form.
func (h *house) misuseBody(t *testing.T, c call) {
	form := c.form.Encode()
	many := form
	for n := range 1001 {
		many += fmt.Sprintf("&p%d=1", n)
	}
	for what, body := range map[string][2]string{
		"Latin-1":             {"application/x-www-form-urlencoded; charset=ISO-8859-1", form},
		"UTF-16":              {"application/json; charset=utf-16", "{}"},
		"a text":              {"text/plain", form},
		"multipart":           {"multipart/form-data; boundary=x", "--x--"},
		"nonsense":            {"a/b/c; =", form},
		"a mebibyte":          {formType, form + "&merchantMemo=" + strings.Repeat("a", 1<<20)},
		"a thousand names":    {formType, many},
		"a name too long":     {formType, form + "&" + strings.Repeat("a", 300) + "=1"},
		"a name not UTF-8":    {formType, form + "&%ff=1"},
		"a broken name":       {formType, form + "&%zz=1"},
		"an unknown, long":    {formType, form + "&x=" + strings.Repeat("a", 3000)},
		"JSON, nested":        {"application/json", `{"card":{"number":"4200000000000000"}}`},
		"JSON, deep":          {"application/json", `{"a":` + strings.Repeat("[", 100000)},
		"JSON, a name twice":  {"application/json", `{"amount":"1.00","amount":"100.00"}`},
		"JSON, with a tail":   {"application/json", `{"amount":"1.00"}{}`},
		"JSON, cut off":       {"application/json", `{"amount":"1.00"`},
		"JSON, null":          {"application/json", `{"amount":null}`},
		"JSON, half a letter": {"application/json", `{"amount":"\ud83d"}`},
		"no JSON":             {"application/json", form},
	} {
		h.refused(t, c.name+" as "+what, c.path, body[0], body[1], "")
	}
}

// fits says whether a value is one of the parameter's, by what the contract
// documents of it.
func fits(p gateway.Parameter, v string) bool {
	if p.Allowed != nil {
		return slices.Contains(p.Allowed, v)
	}
	n := utf8.RuneCountInString(v)
	re, err := regexp.Compile(p.Pattern)
	if err == nil {
		return re.MatchString(v) && !strings.HasSuffix(v, "\n")
	}
	// Patterns that repeat more than a thousand times are lengths.
	if least, ok := strings.CutPrefix(p.Pattern, `^[\s\S]{`); ok {
		from, err := strconv.Atoi(least[:strings.IndexByte(least, ',')])
		return err == nil && n >= from && n <= p.Max
	}
	return n >= 1 && n <= p.Max && strings.IndexFunc(v, unicode.IsControl) < 0
}
