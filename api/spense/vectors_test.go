package spense_test

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/store/storetest"
)

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

const formType = "application/x-www-form-urlencoded"

// vector is a line of the sheet's section 14: a request, and a status with the
// beginning or the whole of the answer.
type vector struct {
	name, method, path, body string
	headers                  []string
	status                   int
	want                     string // the whole body; "..." at the end: its beginning; at the start: a part of it
}

func (v vector) holds(body string) bool {
	switch {
	case v.want == "":
		return true
	case strings.HasPrefix(v.want, "..."):
		return strings.Contains(body, v.want[3:])
	case strings.HasSuffix(v.want, "..."):
		return strings.HasPrefix(body, strings.TrimSuffix(v.want, "..."))
	}
	return body == v.want
}

// TestVectors are those of the sheet's vectors that one request tells.
func TestVectors(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			b := h.sandbox.Spense
			paid := h.ask(t, "POST", "/api/payments", h.token, h.order()).member(t, "id")
			markPaid := "/partner/payments/" + paid + "/manual-paid"
			foreign := "X-Organization-Id"
			for _, v := range []vector{
				{"V1", "GET", reportPath, `{"to_date":"2026-10-31"}`, nil, 422,
					`{"detail":[{"type":"missing","loc":["body","from_date"],"msg":"Field required","input":{"to_date":"2026-10-31"}}]}`},
				{"V2", "GET", reportPath, "", nil, 422, `{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}`},
				{"V3", "GET", reportPath, `{"from_date":"2026-10-01","to_date":"2026-10-31","format":"xlsx"}`, nil, 422,
					`{"detail":[{"type":"enum","loc":["body","format"],"msg":"Input should be 'transactions', 'payouts' or 'machine_readable'","input":"xlsx",` +
						`"ctx":{"expected":"'transactions', 'payouts' or 'machine_readable'"}}]}`},
				{"V4", "GET", reportPath, `{"from_date":"01.10.2026","to_date":"2026-10-31"}`, nil, 422,
					`{"detail":[{"type":"date_from_datetime_parsing","loc":["body","from_date"],...`},
				{"V5", "GET", "/partner/payment-methods?test_mode=maybe", "", nil, 422,
					`{"detail":[{"type":"bool_parsing","loc":["query","test_mode"],"msg":"Input should be a valid boolean, unable to interpret input","input":"maybe"}]}`},
				{"V6", "POST", "/partner/auth/token", "grant_type=password", []string{"Content-Type", formType}, 422,
					`{"detail":[{"type":"string_pattern_mismatch","loc":["body","grant_type"],"msg":"String should match pattern '^(client_credentials|refresh_token)$'",` +
						`"input":"password","ctx":{"pattern":"^(client_credentials|refresh_token)$"}}]}`},
				{"V8", "GET", "/partner/auth/ping", "", []string{"Authorization", ""}, 401, `{"detail":"Not authenticated"}`},
				{"V10", "GET", "/partner/payment-methods", "", []string{"Authorization", "Bearer " + h.partner}, 400, `{"detail":"X-Organization-Id header is required"}`},
				{"V11", "GET", "/partner/payment-methods", "", []string{foreign, "65f2a7c41d9e4b0012ab34cd"}, 403, `{"detail":"No access to this organization"}`},
				{"no id", "GET", "/partner/payment-methods", "", []string{foreign, "Fjord"}, 400, `{"detail":"X-Organization-Id is not a valid organization id"}`},
				{"V12", "GET", "/partner/payment-methods", "", []string{foreign, strings.ToUpper(b.OrganizationID)}, 200,
					`[{"id":"000000000000000000000000","name":"Payment link via SMS/Email","profile_ids":[],"type":"payment_link","active":true}...`},
				{"V13", "POST", markPaid, `{"payment_method":"card","user_email":"kari@fjordbil.example"}`, nil, 422,
					`{"detail":[{"type":"enum","loc":["body","payment_method"],"msg":"Input should be 'bank_terminal', 'bank_transfer' or 'cash'","input":"card",` +
						`"ctx":{"expected":"'bank_terminal', 'bank_transfer' or 'cash'"}}]}`},
				{"V14", "POST", markPaid, `{"payment_method":"cash","user_email":"kari"}`, nil, 422,
					`{"detail":[{"type":"value_error","loc":["body","user_email"],"msg":"value is not a valid email address: An email address must have an @-sign.","input":"kari",` +
						`"ctx":{"reason":"An email address must have an @-sign."}}]}`},
				{"V28", "POST", "/partner/payments/" + paid + "/receipts/terminal/print", "", nil, 409, `{"detail":"Payment is not paid"}`},
				{"V15", "POST", markPaid, `{"payment_method":"cash","user_email":"kari@fjordbil.example"}`, nil, 200, `{}`},
				{"V15 again", "POST", markPaid, `{"payment_method":"cash","user_email":"kari@fjordbil.example"}`, nil, 409, `{"detail":"Payment is already in a final status"}`},
				{"V16", "POST", "/api/payments", h.order("12490.00,", "0,"), nil, 422,
					`{"detail":[{"type":"greater_than","loc":["body","payment","totalGrossAmount"],"msg":"Input should be greater than 0","input":0,"ctx":{"gt":0.0}}]}`},
				{"V17", "POST", "/api/payments", h.order(`"type":"","numberPlate"`, `"numberPlate"`), nil, 422,
					`{"detail":[{"type":"missing","loc":["body","order","objects",0,"type"],"msg":"Field required","input":{"numberPlate":"EK12345"}}]}`},
				{"V18", "POST", "/api/payments", h.order(`"type":"","numberPlate"`, `"type":"tradeInCar","numberPlate"`), nil, 422,
					`{"detail":[{"type":"enum","loc":["body","order","objects",0,"type"],"msg":"Input should be '', 'newCar' or 'tradeInCAR'","input":"tradeInCar",` +
						`"ctx":{"expected":"'', 'newCar' or 'tradeInCAR'"}}]}`},
				{"V19", "POST", "/api/payments", h.order()[:120], nil, 422, `{"detail":[{"type":"json_invalid","loc":["body",...`},
				{"V20", "POST", "/api/payments", h.order(`},"order"`, `},"callback":{"url":"https://unlisted.example/hook"},"order"`), nil, 200, `{"id":"...`},
				{"V21", "POST", "/api/payments", h.order(`},"order"`, `},"colour":"blue","order"`), nil, 200, `{"id":"...`},
				{"V22", "POST", "/api/payments", h.order(`"WO-20417"`, `20417`), nil, 422,
					`{"detail":[{"type":"string_type","loc":["body","order","orderNumber"],"msg":"Input should be a valid string","input":20417}]}`},
				{"V23", "POST", "/api/payments", h.order(`12490.00,`, `"12490.00",`), nil, 200, `..."totalGrossAmount":12490.0,`},
				{"three decimals", "POST", "/api/payments", h.order(`12490.00,`, `12490.005,`), nil, 200, `..."totalGrossAmount":12490.01,`},
				{"V29", "POST", "/api/payments", h.order(`"paymentRef":"20417"`, `"paymentRef":"<Æ & Ø>"`), nil, 200, `..."paymentRef":"<Æ & Ø>"`},
				{"V30", "GET", "/partner/payment-methods", "", []string{"Accept-Language", "de, nb-NO;q=0.8, en;q=0.1"}, 200, `[{"id":"000000000000000000000000","name":"Betalingslenke via SMS/e-post"...`},
			} {
				got := h.ask(t, v.method, v.path, h.token, v.body, v.headers...)
				if got.status != v.status || !v.holds(got.body) {
					t.Errorf("%s: got %d\n%s\nwant %d\n%s", v.name, got.status, got.body, v.status, v.want)
				}
				if strings.HasSuffix(got.body, "\n") || got.header.Get("Content-Type") != "application/json" || !strings.HasPrefix(got.header.Get("X-Request-Id"), "req_") {
					t.Errorf("%s: got %q %v", v.name, got.body[len(got.body)-1:], got.header)
				}
				if v.status == 401 && got.header.Get("WWW-Authenticate") != "Bearer" {
					t.Errorf("%s: got %v", v.name, got.header)
				}
			}
		})
	}
}

// V7, V9: a token is a UUID and good for an hour of the organisation's time.
func TestTokens(t *testing.T) {
	h := open(t, "sqlite")
	b := h.sandbox.Spense
	form := "client_id=" + b.ClientID + "&client_secret=" + b.ClientSecret
	for name, c := range map[string]struct {
		body, kind, basic string
		status            int
		detail            string
	}{
		"V7":           {form, formType, "", 200, ""},
		"all":          {"grant_type=client_credentials&scope=x&" + form, formType, "", 200, ""},
		"no grant":     {"grant_type=&" + form, formType, "", 200, ""},
		"refresh":      {"grant_type=refresh_token&" + form, formType, "", 200, ""},
		"basic":        {"", formType, b.ClientID + ":" + b.ClientSecret, 200, ""},
		"wrong secret": {"client_id=" + b.ClientID + "&client_secret=x", formType, "", 401, "Incorrect client id or client secret"},
		"other's":      {"client_id=" + b.PartnerClientID + "&client_secret=" + b.ClientSecret, formType, "", 401, "Incorrect client id or client secret"},
		"nobody":       {"", formType, "", 401, "Incorrect client id or client secret"},
		"json":         {`{"client_id":"` + b.ClientID + `","client_secret":"` + b.ClientSecret + `"}`, "application/json", "", 401, "Incorrect client id or client secret"},
		"broken":       {"client_id=%zz", formType, "", 400, "There was an error parsing the body"},
	} {
		headers := []string{"Content-Type", c.kind}
		if c.basic != "" {
			headers = append(headers, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.basic)))
		}
		got := h.ask(t, "POST", "/partner/auth/token", "", c.body, headers...)
		if got.status != c.status || got.member(t, "detail") != c.detail {
			t.Errorf("%s: got %d %s", name, got.status, got.body)
		}
		if c.status == 200 && (!uuidForm.MatchString(got.member(t, "access_token")) || got.member(t, "token_type") != "bearer" || got.member(t, "expires_in") != "3600") {
			t.Errorf("%s: got %s", name, got.body)
		}
	}
	if got := h.ask(t, "GET", "/partner/auth/ping", h.token, ""); got.status != 200 || got.body != "{}" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	h.advance(t, time.Hour)
	if got := h.ask(t, "GET", "/partner/auth/ping", h.token, ""); got.status != 401 || got.body != `{"detail":"Invalid or expired token"}` {
		t.Errorf("V9: got %d %s", got.status, got.body)
	}
}

// advance moves the sandbox's clock and does what has fallen due.
func (h *house) advance(t *testing.T, d time.Duration) {
	t.Helper()
	if err := h.app.AdvanceSandbox(t.Context(), d.String()); err != nil {
		t.Fatal(err)
	}
}
