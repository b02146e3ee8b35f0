package wire

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/florinpay/florin/core/fault"
)

const (
	formType = "application/x-www-form-urlencoded; charset=UTF-8"
	jsonType = "application/json"
)

func read(kind, body string) (Form, error) {
	r := httptest.NewRequest("POST", "/v3/payments?entityId=FROMQUERY", strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return ReadForm(httptest.NewRecorder(), r)
}

// show writes a form as name=value lines, in order.
func show(f Form) string {
	var b strings.Builder
	for _, n := range f.Names() {
		fmt.Fprintf(&b, "%s=%s|", n, f.Get(n))
	}
	return b.String()
}

func TestReadForm(t *testing.T) {
	for _, c := range []struct{ name, kind, body, want, code, param string }{
		{"plain", formType, "amount=92.00&currency=EUR", "amount=92.00|currency=EUR|", "", ""},
		{"no content type", "", "a=1", "a=1|", "", ""},
		{"other case", "Application/X-WWW-Form-Urlencoded; Charset=\"utf-8\"", "a=1", "a=1|", "", ""},
		{"empty body", formType, "", "", "", ""},
		{"empty pieces", formType, "&&a=1&", "a=1|", "", ""},
		{"encoded", formType, "card.holder=Nora+Lind%21&customParameters%5Bx.y%5D=%C3%A5", "card.holder=Nora Lind!|customParameters[x.y]=å|", "", ""},
		{"no equals sign", formType, "a&b=1", "a=|b=1|", "", ""},
		{"two equals signs", formType, "a=b=c", "a=b=c|", "", ""},
		{"semicolon separates nothing", formType, "a=1;b=2&c=3", "a=1;b=2|c=3|", "", ""},
		{"values are not trimmed", formType, "a=+1+", "a= 1 |", "", ""},
		{"newline stays", formType, "a=1%0A2", "a=1\n2|", "", ""},
		{"latin 1", "application/x-www-form-urlencoded; charset=ISO-8859-1", "a=1", "", "invalid.body.charset", ""},
		{"utf-16", "application/json; charset=utf-16", "{}", "", "invalid.body.charset", ""},
		{"multipart", "multipart/form-data; boundary=x", "", "", "invalid.body.type", ""},
		{"text", "text/plain", "a=1", "", "invalid.body.type", ""},
		{"nonsense type", "a/b/c; =", "a=1", "", "invalid.body.type", ""},
		{"percent at the end", formType, "a=1%", "", "invalid.body.percent", "a"},
		{"half a percent", formType, "a=%2", "", "invalid.body.percent", "a"},
		{"percent without hex", formType, "a=%zz", "", "invalid.body.percent", "a"},
		{"percent in a name", formType, "%zz=1", "", "invalid.body.percent", ""},
		{"repeated", formType, "amount=1.00&amount=100.00", "", "invalid.body.repeated", "amount"},
		{"repeated when decoded", formType, "amount=1.00&%61mount=100.00", "", "invalid.body.repeated", "amount"},
		{"not utf-8", formType, "a=%ff%fe", "", "invalid.body.utf8", "a"},
		{"raw bytes not utf-8", formType, "a=\xff", "", "invalid.body.utf8", "a"},
		{"overlong utf-8", formType, "a=%c0%af", "", "invalid.body.utf8", "a"},
		{"a surrogate in utf-8", formType, "a=%ed%a0%80", "", "invalid.body.utf8", "a"},
		{"name not utf-8", formType, "%ff=1", "", "invalid.body.utf8", ""},
		{"nul", formType, "a=1%00", "", "invalid.body.nul", "a"},
		{"nul in a name", formType, "a%00=1", "", "invalid.body.nul", ""},
		{"no name", formType, "=1", "", "invalid.body.name", ""},
		{"long name", formType, strings.Repeat("a", MaxName+1) + "=1", "", "invalid.body.name", ""},
		{"too many", formType, many(MaxNames + 1), "", "invalid.body.too_many", ""},
		{"too large", formType, "a=" + strings.Repeat("x", MaxBody), "", "invalid.body.too_large", ""},

		{"json", jsonType, `{"amount":"92.00","card.holder":"N\u00e5ra","n":92.00,"createRegistration":true,"integrity":false}`,
			"amount=92.00|card.holder=Nåra|n=92.00|createRegistration=true|integrity=false|", "", ""},
		{"json numbers keep their text", jsonType, `{"a":1e3,"b":-20.20,"c":9223372036854775808}`, "a=1e3|b=-20.20|c=9223372036854775808|", "", ""},
		{"json empty", jsonType, ` {} `, "", "", ""},
		{"json pair", jsonType, `{"a":"\ud83d\ude00\\ud800"}`, "a=😀\\ud800|", "", ""},
		{"json nested", jsonType, `{"card":{"number":"1"}}`, "", "invalid.body.json", "card"},
		{"json list", jsonType, `{"a":[1]}`, "", "invalid.body.json", "a"},
		{"json null", jsonType, `{"a":null}`, "", "invalid.body.json", "a"},
		{"json deep", jsonType, `{"a":` + strings.Repeat("[", 100000), "", "invalid.body.json", "a"},
		{"json top list", jsonType, `[{"a":"1"}]`, "", "invalid.body.json", ""},
		{"json string", jsonType, `"a"`, "", "invalid.body.json", ""},
		{"json nothing", jsonType, "", "", "invalid.body.json", ""},
		{"json trailing", jsonType, `{"a":"1"}{"a":"2"}`, "", "invalid.body.json", ""},
		{"json trailing garbage", jsonType, `{"a":"1"} x`, "", "invalid.body.json", ""},
		{"json cut off", jsonType, `{"a":"1"`, "", "invalid.body.json", ""},
		{"json trailing comma", jsonType, `{"a":"1",}`, "", "invalid.body.json", ""},
		{"json twice", jsonType, `{"amount":"1.00","amount":"100.00"}`, "", "invalid.body.repeated", "amount"},
		{"json twice when decoded", jsonType, `{"amount":"1.00","\u0061mount":"100.00"}`, "", "invalid.body.repeated", "amount"},
		{"json nul", jsonType, `{"a":"\u0000"}`, "", "invalid.body.nul", "a"},
		{"json not utf-8", jsonType, "{\"a\":\"\xff\"}", "", "invalid.body.utf8", ""},
		{"json half a pair", jsonType, `{"a":"\ud83d"}`, "", "invalid.body.utf8", ""},
		{"json wrong half", jsonType, `{"a":"\ude00\ud83d"}`, "", "invalid.body.utf8", ""},
		{"json half then letter", jsonType, `{"a":"\ud83dx"}`, "", "invalid.body.utf8", ""},
		{"json bom", jsonType, "\ufeff{}", "", "invalid.body.json", ""},
	} {
		f, err := read(c.kind, c.body)
		var bad *fault.Error
		errors.As(err, &bad)
		if got := show(f); got != c.want || fault.Code(err) != c.code || bad != nil && bad.Param != c.param {
			t.Errorf("%s: got %q %v, want %q %s (%s)", c.name, got, err, c.want, c.code, c.param)
		}
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "p%d=&", i)
	}
	return b.String()
}

func TestLimitsAreReached(t *testing.T) {
	f, err := read(formType, many(MaxNames))
	if err != nil || f.Len() != MaxNames {
		t.Errorf("got %d parameters, %v", f.Len(), err)
	}
	f, err = read(formType, "a="+strings.Repeat("x", MaxBody-2))
	if err != nil || len(f.Get("a")) != MaxBody-2 {
		t.Errorf("the largest body: got %v", err)
	}
}

func TestValuesAreNotInErrors(t *testing.T) {
	for _, body := range []string{"card.number=4200000000000000%zz", "card.number=1&card.number=4200000000000000", "card.number=4200000000000000%00"} {
		if _, err := read(formType, body); err == nil || strings.Contains(err.Error(), "420000") {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestBodies(t *testing.T) {
	r := httptest.NewRequest("POST", "/", broken{})
	if _, err := ReadForm(httptest.NewRecorder(), r); fault.Code(err) != "invalid.body.lost" {
		t.Errorf("a body that breaks off: got %v", err)
	}
	r = httptest.NewRequest("POST", "/", strings.NewReader("a=1"))
	r.Header.Set("Content-Encoding", "gzip")
	if _, err := ReadForm(httptest.NewRecorder(), r); fault.Code(err) != "invalid.body.encoding" {
		t.Errorf("gzip: got %v", err)
	}
	r = httptest.NewRequest("POST", "/", strings.NewReader("a=1"))
	r.Header["Content-Type"] = []string{formType, jsonType}
	if _, err := ReadForm(httptest.NewRecorder(), r); fault.Code(err) != "invalid.body.type" {
		t.Errorf("two content types: got %v", err)
	}
	r = httptest.NewRequest("POST", "/", struct{ io.Reader }{strings.NewReader(strings.Repeat("a", MaxBody+1))}) // no Content-Length
	if _, err := ReadForm(httptest.NewRecorder(), r); fault.Code(err) != "invalid.body.too_large" {
		t.Errorf("an endless body: got %v", err)
	}
}

func TestReadQuery(t *testing.T) {
	f, err := ReadQuery(httptest.NewRequest("GET", "/v3/query?entityId=LM000117&merchantTransactionId=order%2D1", nil))
	if got := show(f); err != nil || got != "entityId=LM000117|merchantTransactionId=order-1|" {
		t.Errorf("got %q %v", got, err)
	}
	for query, want := range map[string]string{"a=1&a=2": "invalid.body.repeated", "a=%ff": "invalid.body.utf8", "a=%": "invalid.body.percent"} {
		_, err := ReadQuery(&http.Request{URL: &url.URL{RawQuery: query}})
		if fault.Code(err) != want {
			t.Errorf("%s: got %v, want %s", query, err, want)
		}
	}
}

func TestFormIsACopy(t *testing.T) {
	f, err := NewForm("a", "1", "b", "2")
	if err != nil {
		t.Fatal(err)
	}
	f.Names()[0] = "x"
	if !slices.Equal(f.Names(), []string{"a", "b"}) || !f.Has("b") || f.Has("c") {
		t.Errorf("got %v", f.Names())
	}
	if _, err := NewForm("a", "1", "a", "2"); fault.Code(err) != "invalid.body.repeated" {
		t.Errorf("got %v", err)
	}
}

// FuzzReadForm: nothing panics, what is read is sound text, and encoding it
// again reads back the same.
func FuzzReadForm(f *testing.F) {
	for _, s := range []string{"a=1&b=2", "a=%ff", "a=%", "a;b=1", "a[0].b=%C3%A5+", "&&=", "a=\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		form, err := parseForm(body)
		if err != nil {
			if fault.Code(err) == fault.Internal || form.Len() != 0 {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		sound(t, form)
		var again []string
		for _, n := range form.Names() {
			again = append(again, url.QueryEscape(n)+"="+url.QueryEscape(form.Get(n)))
		}
		back, err := parseForm(strings.Join(again, "&"))
		if err != nil || show(back) != show(form) {
			t.Fatalf("%q: %q, %v", show(form), show(back), err)
		}
		if want, err := url.ParseQuery(body); err == nil { // it refuses semicolons
			for n, v := range want {
				if form.Get(n) != v[0] {
					t.Fatalf("%q: got %q, want %q", n, form.Get(n), v[0])
				}
			}
		}
	})
}

func FuzzReadJSON(f *testing.F) {
	for _, s := range []string{`{"a":"1"}`, `{"a":1e3,"b":true}`, `{"a":"\ud83d\ude00"}`, `{"a":"\ud83d"}`, `{"a":{}}`, `{"a":"1"}x`, `{"a":"\\ud800"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		form, err := parseJSON([]byte(body))
		if err != nil {
			if fault.Code(err) == fault.Internal || form.Len() != 0 {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		sound(t, form)
		for _, n := range form.Names() { // nothing was silently replaced
			if strings.ContainsRune(n+form.Get(n), utf8.RuneError) && !strings.Contains(body, "\ufffd") && !strings.Contains(strings.ToLower(body), `\ufffd`) {
				t.Fatalf("%q became %q", body, show(form))
			}
		}
	})
}

func sound(t *testing.T, f Form) {
	t.Helper()
	if f.Len() > MaxNames {
		t.Fatalf("%d parameters", f.Len())
	}
	for _, n := range f.Names() {
		if n == "" || len(n) > MaxName || !utf8.ValidString(n+f.Get(n)) || strings.ContainsRune(n+f.Get(n), 0) {
			t.Fatalf("%q=%q was accepted", n, f.Get(n))
		}
	}
}
