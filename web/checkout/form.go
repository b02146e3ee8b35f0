package checkout

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
)

// bodyLimit is far more than any of our forms needs.
const bodyLimit = 16 << 10

// typed is what a payer typed that may be shown again after a mistake: never
// the number, never the CVV.
type typed struct {
	Holder string
	Expiry string
	Stored string
	Keep   bool

	Brand, Bank, Branch, Owner string // of a direct debit
}

// readForm reads a posted form. A field given twice is refused, as two readers
// might believe different ones. Problems of form alone are told; whether the
// card is good the Desk decides.
// Faults: invalid.body.
func readForm(w http.ResponseWriter, r *http.Request, now time.Time, needCVV bool) (PayForm, typed, []Problem, error) {
	values, err := readBody(w, r)
	if err != nil {
		return PayForm{}, typed{}, nil, err
	}
	f := PayForm{Attempt: values.Get("attempt"), Brand: values.Get("brand"), Stored: values.Get("stored"), Keep: values.Get("keep") == "1"}
	echo := typed{Holder: strings.TrimSpace(values.Get("holder")), Expiry: strings.TrimSpace(values.Get("expiry")), Stored: f.Stored, Keep: f.Keep}
	if region := method.DebitRegion(f.Brand); region != "" {
		f.Debit, echo = readDebit(region, values)
		echo.Brand = f.Brand
		return f, echo, nil, nil
	}
	if f.Offer = values.Get("offer"); f.Offer != "" || f.Brand != "" || f.Stored != "" {
		return f, echo, nil, nil
	}
	var problems []Problem
	note := func(p Problem) {
		if p != "" {
			problems = append(problems, p)
		}
	}
	number := strings.Map(dropSpace, values.Get("number"))
	cvv := strings.TrimSpace(values.Get("cvv"))
	note(checkNumber(number))
	var problem Problem
	f.Month, f.Year, problem = readExpiry(echo.Expiry, now)
	note(problem)
	if needCVV || cvv != "" {
		note(checkCVV(cvv, number))
	}
	note(checkHolder(echo.Holder))
	f.Holder, f.Number, f.CVV = echo.Holder, method.Conceal(number), method.Conceal(cvv)
	return f, echo, problems, nil
}

func readBody(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, fault.New("invalid.body", "a form is needed")
	}
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	if err := r.ParseForm(); err != nil {
		// The error may quote the body, card and all: it is not passed on.
		return nil, fault.New("invalid.body", "the form cannot be read")
	}
	for name, list := range r.PostForm {
		if len(list) != 1 || !utf8.ValidString(list[0]) || strings.ContainsRune(list[0], 0) {
			return nil, fault.At("invalid.body", name, "a field is given twice or is not text")
		}
	}
	return r.PostForm, nil
}

func dropSpace(c rune) rune {
	switch c {
	case ' ', '-', '\u00a0', '\u2009', '\u202f', '\t':
		return -1
	}
	return c
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func checkHolder(s string) Problem {
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return HolderEmpty
	case n < 3 || n > 128 || digits(strings.Map(dropSpace, s)):
		return HolderInvalid // a name of digits is a card number in the wrong field
	}
	return ""
}

func checkNumber(s string) Problem {
	switch {
	case s == "":
		return NumberEmpty
	case !method.Luhn(s) || method.Detect(s) == "":
		return NumberInvalid
	}
	return ""
}

func checkCVV(cvv, number string) Problem {
	switch {
	case cvv == "":
		return CVVEmpty
	case !digits(cvv) || len(cvv) != method.CVVLength(method.Detect(number)):
		return CVVInvalid
	}
	return ""
}

// readExpiry reads MM/YY as people type it: 8/34, 0834, 08 / 2034, 08-34.
func readExpiry(s string, now time.Time) (month, year int, problem Problem) {
	s = strings.Map(dropSpace, strings.ReplaceAll(s, "-", "/"))
	if s == "" {
		return 0, 0, ExpiryEmpty
	}
	m, y, cut := strings.Cut(s, "/")
	if !cut && (len(s) == 4 || len(s) == 6) {
		m, y = s[:2], s[2:]
	}
	if !digits(m) || !digits(y) || len(m) > 2 || len(y) != 2 && len(y) != 4 {
		return 0, 0, ExpiryInvalid
	}
	month, _ = strconv.Atoi(m) // digits, two at most
	year, _ = strconv.Atoi(y)
	if len(y) == 2 {
		year += 2000
	}
	if month < 1 || month > 12 || year < 1990 || year > now.Year()+50 {
		return 0, 0, ExpiryInvalid
	}
	if (method.Typed{Month: month, Year: year}).Expired(now) {
		return 0, 0, ExpiryPast
	}
	return month, year, ""
}
