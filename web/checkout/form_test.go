package checkout

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
)

var today = time.Date(2026, time.November, 21, 11, 24, 0, 0, time.UTC)

func read(t *testing.T, body string, needCVV bool) (PayForm, typed, []Problem, error) {
	t.Helper()
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	return readForm(httptest.NewRecorder(), r, today, needCVV)
}

func TestReadForm(t *testing.T) {
	good := url.Values{"attempt": {"1"}, "number": {"4200 0000 0000 0091"}, "expiry": {"08/34"}, "cvv": {"123"}, "holder": {"Nora Lind"}}
	for _, c := range []struct {
		change string
		want   []Problem
	}{
		{"", nil},
		{"number=", []Problem{NumberEmpty}},
		{"number=4200-0000-0000-0091", nil},
		{"number=4200 0000 0000 0092", []Problem{NumberInvalid}},
		{"number=4200\u00a00000\u00a00000\u00a00091", nil},
		{"number=420000000000", nil}, {"number=42000000000", []Problem{NumberInvalid}},
		{"number=42000000000000000000", []Problem{NumberInvalid}},
		{"number=４２０００００００００００００９１", []Problem{NumberInvalid}},
		{"number=4200000000000091a", []Problem{NumberInvalid}},
		{"number=0", []Problem{NumberInvalid}}, {"number=9200000000000009", []Problem{NumberInvalid}},
		{"expiry=", []Problem{ExpiryEmpty}},
		{"expiry=8/34", nil}, {"expiry=0834", nil}, {"expiry=08 / 2034", nil}, {"expiry=08-34", nil}, {"expiry=082034", nil},
		{"expiry=11/26", nil},
		{"expiry=10/26", []Problem{ExpiryPast}}, {"expiry=12/2025", []Problem{ExpiryPast}},
		{"expiry=13/30", []Problem{ExpiryInvalid}}, {"expiry=00/30", []Problem{ExpiryInvalid}}, {"expiry=8/3", []Problem{ExpiryInvalid}},
		{"expiry=08/99", []Problem{ExpiryInvalid}}, {"expiry=-1/30", []Problem{ExpiryInvalid}}, {"expiry=1e1/30", []Problem{ExpiryInvalid}}, {"expiry=834", []Problem{ExpiryInvalid}},
		{"cvv=", []Problem{CVVEmpty}}, {"cvv=12", []Problem{CVVInvalid}}, {"cvv=1234", []Problem{CVVInvalid}}, {"cvv=12a", []Problem{CVVInvalid}},
		{"holder= ", []Problem{HolderEmpty}}, {"holder=No", []Problem{HolderInvalid}}, {"holder=4200 0000 0000 0091", []Problem{HolderInvalid}},
		{"holder=" + strings.Repeat("ø", 128), nil}, {"holder=" + strings.Repeat("ø", 129), []Problem{HolderInvalid}},
	} {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		if name, value, ok := strings.Cut(c.change, "="); ok {
			form.Set(name, value)
		}
		_, echo, got, err := read(t, form.Encode(), true)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v %v, want %v", c.change, got, err, c.want)
		}
		if echo.Holder != strings.TrimSpace(form.Get("holder")) {
			t.Errorf("%s: the holder is not shown again", c.change)
		}
	}

	f, _, _, err := read(t, good.Encode(), true)
	if err != nil || f.Number.Reveal() != "4200000000000091" || f.CVV.Reveal() != "123" || f.Month != 8 || f.Year != 2034 || f.Holder != "Nora Lind" {
		t.Errorf("read %+v, %v", f, err)
	}
	good.Set("number", "3714 496353 98431")
	if _, _, got, _ := read(t, good.Encode(), true); !slices.Equal(got, []Problem{CVVInvalid}) {
		t.Errorf("an American Express card with three digits: %v", got)
	}
	good.Del("cvv")
	if _, _, got, _ := read(t, good.Encode(), false); got != nil {
		t.Errorf("without a CVV where none is wanted: %v", got)
	}
	all := func(body string) []Problem { _, _, p, _ := read(t, body, true); return p }
	if got := all("attempt=1"); !slices.Equal(got, []Problem{NumberEmpty, ExpiryEmpty, CVVEmpty, HolderEmpty}) {
		t.Errorf("an empty form: %v", got)
	}
}

func TestReadFormRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"a field twice": "attempt=1&attempt=2", "broken escapes": "holder=%zz", "no UTF-8": "holder=%ff%fe", "NUL": "holder=a%00b",
		"too much": "holder=" + strings.Repeat("a", bodyLimit), "semicolons": "a=1;b=2",
	} {
		_, _, _, err := read(t, body+"&number=4200000000000091", true)
		if !fault.Is(err, "invalid.body") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "42000") {
			t.Errorf("%s: the error tells the number: %v", name, err)
		}
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	if _, _, _, err := readForm(httptest.NewRecorder(), r, today, true); !fault.Is(err, "invalid.body") {
		t.Errorf("JSON: %v", err)
	}
}

func TestTestCardsPassOurOwnCheck(t *testing.T) {
	for _, c := range TestCards {
		number := strings.ReplaceAll(c.Number, " ", "")
		if p := checkNumber(number); p != "" {
			t.Errorf("%s: %s", c.Number, p)
		}
		if !Pages.Texts().Has("en", "test."+c.Effect) {
			t.Errorf("%s: no text for %s", c.Number, c.Effect)
		}
	}
}

func FuzzReadForm(f *testing.F) {
	f.Add("attempt=1&number=4200000000000091&expiry=08/34&cvv=123&holder=Nora+Lind")
	f.Add("attempt=1&brand=PAYPAL")
	f.Add("expiry=%E2%80%8A1/2&number=٤٢")
	f.Fuzz(func(t *testing.T, body string) {
		form, _, problems, err := read(t, body, true)
		if err != nil || len(problems) > 0 || form.Brand != "" || form.Stored != "" {
			return
		}
		if n := form.Number.Reveal(); !digits(n) || len(n) < 12 || len(n) > 19 || form.Month < 1 || form.Month > 12 || form.Year < today.Year() || !digits(form.CVV.Reveal()) {
			t.Errorf("accepted %q as %+v", body, form)
		}
	})
}
