package spense_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/store/storetest"
)

// TestBadInput: what is wrong gets the contract's own error, nothing is made
// and nothing is sent.
func TestBadInput(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			gross := func(n string) string { return h.order("12490.00,", n+",") }
			due := func(d string) string { return h.order(`"2026-12-05"`, d) }
			lines := `"items":[` + strings.Repeat(`{"description":"x"},`, 9_999) + `{"description":"x"}]`
			for name, c := range map[string]struct {
				body, want string
				status     int
			}{
				"text that is no number":   {gross(`"12 490,00"`), "float_parsing", 422},
				"empty text":               {gross(`""`), "float_parsing", 422},
				"negative":                 {gross(`-1`), "greater_than", 422},
				"negative text":            {gross(`"-1"`), "greater_than", 422},
				"1e400":                    {gross(`1e400`), "finite_number", 422},
				"1e400 as text":            {gross(`"1e400"`), "finite_number", 422},
				"1e999999999999":           {gross(`1e999999999999`), "finite_number", 422},
				"NaN":                      {gross(`NaN`), "finite_number", 422},
				"NaN as text":              {gross(`"nan"`), "finite_number", 422},
				"-Infinity":                {gross(`-Infinity`), "finite_number", 422},
				"too large":                {gross(`10000000000001`), "less_than_equal", 422},
				"too small":                {gross(`0.004`), "Amount is not supported", 400},
				"true":                     {gross(`true`), "float_type", 422},
				"null":                     {gross(`null`), "float_type", 422},
				"a list":                   {gross(`[1]`), "float_type", 422},
				"no such day":              {due(`"2026-02-30"`), "day value is outside expected range", 422},
				"no such month":            {due(`"2026-13-01"`), "month value is outside expected range of 1-12", 422},
				"year nought":              {due(`"0000-01-01"`), "year 0 is out of range", 422},
				"Norwegian date":           {due(`"05.12.2026"`), "invalid character in year", 422},
				"a moment":                 {due(`"2026-12-05T10:00:00Z"`), "datetimes provided to dates should have zero time", 422},
				"a date of one digit":      {due(`"2026-1-5"`), "input is too short", 422},
				"a number for a date":      {due(`1765000000`), "date_type", 422},
				"10,000 lines":             {h.order(`"items":[{"description":"Winter tyres","grossUnitPrice":12490,"quantity":1,"taxRate":25}]`, lines), `"type":"too_long"`, 422},
				"unknown currency":         {h.order(`"NOK"`, `"XYZ"`), "Currency is not supported", 400},
				"unknown profile":          {h.order(h.sandbox.Spense.ProfileIDs[1], "0123456789abcdef01234567"), "Payment profile not found", 400},
				"unknown customer":         {h.order(`"type":"organization"`, `"type":"dog"`), `"type":"union_tag_invalid"`, 422},
				"an unknown method":        {h.order(`},"order"`, `},"paymentMethodId":"0123456789abcdef01234567","order"`), "Payment method not found", 404},
				"a method that is no id":   {h.order(`},"order"`, `},"paymentMethodId":"link","order"`), "string_pattern_mismatch", 422},
				"a NUL":                    {h.order("Nordlys Transport AS", `a\u0000b`), "There was an error parsing the body", 400},
				"half a character":         {h.order("Nordlys Transport AS", `\ud83d`), "There was an error parsing the body", 400},
				"not UTF-8":                {h.order("Nordlys Transport AS", "\xff"), "There was an error parsing the body", 400},
				"deep":                     {strings.Repeat(`[`, 10_000), "There was an error parsing the body", 400},
				"a list at the top":        {`[]`, "model_attributes_type", 422},
				"nothing":                  {``, `{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}`, 422},
				"too many bytes":           {h.order("Nordlys Transport AS", strings.Repeat("x", 2<<20)), "Request body is too large", 413},
				"a long reference":         {h.order(`"paymentRef":"20417"`, `"paymentRef":"`+strings.Repeat("9", 300)+`"`), "out of range", 400},
				"instalments out of order": {h.order(`"dueDate"`, `"installments":[{"dueDate":"2027-01-01","grossAmount":1},{"dueDate":"2026-01-01","grossAmount":12489}],"dueDate"`), "Installments", 400},
			} {
				got := h.ask(t, "POST", "/api/payments", h.token, c.body)
				if got.status != c.status || !strings.Contains(got.body, c.want) {
					t.Errorf("%s: got %d %.300s, want %d with %s", name, got.status, got.body, c.status, c.want)
				}
			}
			h.untouched(t)
		})
	}
}

// untouched checks that nothing was made and nobody written to.
func (h *house) untouched(t *testing.T) {
	t.Helper()
	if got := h.ask(t, "GET", "/api/payments", h.token, ""); got.body != `{"items":[],"next":null}` {
		t.Errorf("got %s", got.body)
	}
	if list := h.written(t); len(list) > 0 {
		t.Errorf("%d messages, the first to %s", len(list), list[0].To)
	}
}

// TestBadRefunds: amounts that are none give nothing back.
func TestBadRefunds(t *testing.T) {
	h := open(t, "sqlite")
	id := h.settle(t)
	for amount, want := range map[string]struct {
		text   string
		status int
	}{`"12 490"`: {"float_parsing", 422}, `-1`: {"greater_than", 422}, `0`: {"greater_than", 422}, `1e400`: {"finite_number", 422}, `NaN`: {"finite_number", 422},
		`true`: {"float_type", 422}, `{}`: {"float_type", 422}, `0.004`: {"Amount is not supported", 400}, `12490.01`: {"Refund amount is too high", 400}} {
		got := h.ask(t, "POST", "/api/payments/"+id+"/refund", h.token, `{"amount":`+amount+`}`)
		if got.status != want.status || !strings.Contains(got.body, want.text) {
			t.Errorf("%s: got %d %s, want %d with %s", amount, got.status, got.body, want.status, want.text)
		}
	}
	if got := h.ask(t, "GET", "/api/payments/"+id, h.token, "").member(t, "refundedAmount"); got != "0.0" {
		t.Errorf("refunded %s", got)
	}
	for _, amount := range []string{`"0.994"`, `1.005`} { // texts and a decimal too many are money all the same
		if got := h.ask(t, "POST", "/api/payments/"+id+"/refund", h.token, `{"amount":`+amount+`}`); got.status != 200 {
			t.Errorf("%s: got %d %s", amount, got.status, got.body)
		}
	}
	if got := h.ask(t, "GET", "/api/payments/"+id, h.token, "").member(t, "refundedAmount"); got != "2.0" {
		t.Errorf("refunded %s, want 0.99 and 1.01", got)
	}
}

// written are the messages to payers; the sandbox's reader has an invoice of
// another contract in the post.
func (h *house) written(t *testing.T) []notify.Kept {
	t.Helper()
	list, err := h.app.Notify.List(t.Context(), h.sandboxRealm(t), notify.Filter{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(list, func(m notify.Kept) bool { return m.To == h.sandbox.Media.Username })
}

// TestTextsAreNoPlaceForLinks: a name that comes with a link, a line break or a
// formula reaches the payer as a name.
func TestTextsAreNoPlaceForLinks(t *testing.T) {
	h := open(t, "sqlite")
	got := h.ask(t, "POST", "/api/payments", h.token, h.order("Nordlys Transport AS", `=HYPERLINK(\"https://evil.example\")\r\nBcc: all@example.com`, `"paymentRef":"20417"`, `"paymentRef":"https://evil.example/pay"`))
	if got.status != 200 {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	list := h.written(t)
	if len(list) != 2 {
		t.Fatalf("got %d messages, want an SMS and an e-mail", len(list))
	}
	for _, m := range list {
		if links := m.Links(); len(links) != 1 || links[0] != got.member(t, "paymentUrl") || strings.Contains(m.Text, "\nBcc") {
			t.Errorf("%s: got %q", m.Channel, m.Text)
		}
	}
}

// TestABodyThatIsCutOff: a proxy drops the rest of a body.
func TestABodyThatIsCutOff(t *testing.T) {
	h := open(t, "sqlite")
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.sandbox.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := h.order()
	fmt.Fprintf(conn, "POST /api/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", h.token, len(body), body[:len(body)/2])
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || res.StatusCode != 400 {
		t.Fatalf("got %v (%v), want 400", res, err)
	}
	h.untouched(t)
}

// TestPagesOfPayments: what does not fit a page is on the next one.
func TestPagesOfPayments(t *testing.T) {
	h := open(t, "sqlite")
	for range 3 {
		if got := h.ask(t, "POST", "/api/payments", h.token, h.order()); got.status != 200 {
			t.Fatal(got.body)
		}
	}
	after, seen := "", map[string]bool{}
	for range 4 {
		got := h.ask(t, "GET", "/api/payments?status=OPENED&limit=1&after="+after, h.token, "")
		if after == "" {
			got = h.ask(t, "GET", "/api/payments?status=OPENED&limit=1", h.token, "")
		}
		after = got.member(t, "next")
		for _, part := range strings.Split(got.body, `{"id":"`)[1:] {
			seen[part[:24]] = true
		}
		if after == "" {
			break
		}
	}
	if len(seen) != 3 || after != "" {
		t.Errorf("got %d payments, and %q", len(seen), after)
	}
	for query, want := range map[string]string{"limit=0": "greater_than_equal", "limit=201": "less_than_equal", "limit=x": "int_parsing", "status=PAID": "enum",
		"from_date=2026-02-30": "day value", "after=x": "string_pattern_mismatch"} {
		if got := h.ask(t, "GET", "/api/payments?"+query, h.token, ""); got.status != 422 || !strings.Contains(got.body, want) {
			t.Errorf("%s: got %d %s", query, got.status, got.body)
		}
	}
	if invoice.MaxLines != 1000 {
		t.Error("the document says 1000 lines")
	}
}
