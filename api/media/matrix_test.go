package media_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/api/media"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/purchase"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store/storetest"
)

// asked is how an operation is asked about the reader whom the test is about.
type asked struct {
	path, body string
	own        string // the answer to the reader, or to the client about the reader, holds this
	others     string // what others in the same realm get: "" for an answer of their own without it, own again, or the word of the error
	away       string // the same for those of another environment
}

// about says how each operation that is served is asked about a reader. An
// operation without a line here fails the test.
func about(o media.Operation, p login.Person) (asked, bool) {
	number := strconv.FormatInt(p.Number, 10)
	const missing = "NotFoundException"
	const nothing = `{"paymentMethod":"invoice","payer":{"lastName":"Lie","postalCode":"0155","emails":["own@example.com"]},"orderLines":[{"product":"NONE"}]}`
	a, ok := map[string]asked{
		"GET /v1/product/payment/{product}":                                      {"/v1/product/payment/MATRIX", "", `"isActive":"Y"`, missing, missing},
		"POST /v1/product/payment/{product}":                                     {"/v1/product/payment/MATRIX", `{"paymentMethod":"recurringVippsPayment"}`, `"paymentChangeId":`, missing, missing},
		"POST /v1/api/payment/invoice":                                           {"/v1/api/payment/invoice", `{"invoiceNumber":"10002","productCode":"MATRIX","companyCode":"M2040077","paymentMethod":"vippsEcommerce"}`, `"transactionId":`, missing, missing},
		"GET /v1/customer/invoice/payment/{product}":                             {"/v1/customer/invoice/payment/MATRIX", "", `"product":"MATRIX"`, "", ""},
		"GET /v1/customer/invoice/{invoiceNumber}":                               {"/v1/customer/invoice/10002", "", `"10002"`, missing, missing},
		"GET /v1/customer/invoice/basic/{product}":                               {"/v1/customer/invoice/basic/MATRIX", "", `"10002"`, "", ""},
		"GET /v1/client/customer/invoice/payment/{customerNumber}":               {"/v1/client/customer/invoice/payment/" + number, "", `"product":"MATRIX"`, `"product":"MATRIX"`, missing},
		"GET /v1/client/customer/invoice/payment/{customerNumber}/{productCode}": {"/v1/client/customer/invoice/payment/" + number + "/MATRIX", "", `"product":"MATRIX"`, `"product":"MATRIX"`, missing},
		"GET /v1/client/product":                                                 {"/v1/client/product?productId=MATRIX", "", `"MATRIX"`, `"MATRIX"`, ""},
		"POST /v1/client/product":                                                {"/v1/client/product", `{"onlyActive":true}`, `"MATRIX"`, `"MATRIX"`, ""},
		"GET /v1/client/product/{productType}":                                   {"/v1/client/product/subscription?productId=MATRIX", "", `"MATRIX"`, `"MATRIX"`, ""},
		"GET /v1/customer/product":                                               {"/v1/customer/product", "", `"MATRIX"`, "", ""},
		"GET /v1/subscription":                                                   {"/v1/subscription", "", `"MATRIX"`, "", ""},
		"POST /v1/subscription":                                                  {"/v1/subscription", `{"companyCode":"M2040077","product":"NONE","copies":"1"}`, missing, missing, missing},
		"GET /v1/client/subscription/{customerNumber}":                           {"/v1/client/subscription/" + number, "", `"MATRIX"`, `"MATRIX"`, missing},
		"GET /v1/client/coupon/{productId}":                                      {"/v1/client/coupon/MATRIX", "", `"couponNumber":1`, `"couponNumber":1`, missing},
		"GET /v1/api/payment/payex/token":                                        {"/v1/api/payment/payex/token", "", "", "", ""},
		"POST /v1/api/payment/payex/token":                                       {"/v1/api/payment/payex/token", `{"productCode":"MATRIX","tokenType":"card"}`, `"transactionId":`, missing, missing},
		"DELETE /v1/api/payment/payex/token":                                     {"/v1/api/payment/payex/token", `{"recurrenceToken":"x","agreementRef":"x","recurringToken":"x","subscriptionId":"x","paymentProviderId":"1"}`, missing, missing, missing},
		"POST /v1/api/payment/payex/token/remove":                                {"/v1/api/payment/payex/token/remove", `{"recurrenceToken":"x","agreementRef":"x","recurringToken":"x","subscriptionId":"x","paymentProviderId":"1"}`, missing, missing, missing},
		"GET /v1/customer/payment/vipps/agreement":                               {"/v1/customer/payment/vipps/agreement", "", "", "", ""},
		"POST /v1/customer/payment/vipps/agreement":                              {"/v1/customer/payment/vipps/agreement", `{"productCode":"MATRIX","tokenType":"card"}`, `"transactionId":`, missing, missing},
		"DELETE /v1/customer/payment/vipps/agreement":                            {"/v1/customer/payment/vipps/agreement", `{"recurrenceToken":"x","agreementRef":"x","recurringToken":"x","subscriptionId":"x","paymentProviderId":"1"}`, missing, missing, missing},
		"POST /v1/customer/payment/vipps/agreement/remove":                       {"/v1/customer/payment/vipps/agreement/remove", `{"recurrenceToken":"x","agreementRef":"x","recurringToken":"x","subscriptionId":"x","paymentProviderId":"1"}`, missing, missing, missing},
		"GET /v1/customer/payment/klarna/token":                                  {"/v1/customer/payment/klarna/token", "", "", "", ""},
		"POST /v1/customer/payment/klarna/token":                                 {"/v1/customer/payment/klarna/token", `{"productCode":"MATRIX","tokenType":"card"}`, `"transactionId":`, missing, missing},
		"DELETE /v1/customer/payment/klarna/token":                               {"/v1/customer/payment/klarna/token", `{"recurrenceToken":"x","agreementRef":"x","recurringToken":"x","subscriptionId":"x","paymentProviderId":"1"}`, missing, missing, missing},
		"POST /v1/customer/payment/klarna/token/remove":                          {"/v1/customer/payment/klarna/token/remove", `{"recurrenceToken":"x","agreementRef":"x","recurringToken":"x","subscriptionId":"x","paymentProviderId":"1"}`, missing, missing, missing},
		"GET /v1/api/payment/nexi/subscription":                                  {"/v1/api/payment/nexi/subscription", "", "", "", ""},
		"POST /v1/api/payment/nexi/subscription":                                 {"/v1/api/payment/nexi/subscription", `{"productCode":"MATRIX","tokenType":"card"}`, `"transactionId":`, missing, missing},
		"DELETE /v1/api/payment/nexi/subscription":                               {"/v1/api/payment/nexi/subscription", `{"recurrenceToken":"x","agreementRef":"x","recurringToken":"x","subscriptionId":"x","paymentProviderId":"1"}`, missing, missing, missing},
		"POST /v1/api/payment/nexi/subscription/remove":                          {"/v1/api/payment/nexi/subscription/remove", `{"recurrenceToken":"x","agreementRef":"x","recurringToken":"x","subscriptionId":"x","paymentProviderId":"1"}`, missing, missing, missing},
		"GET /v1/customer/profile":                                               {"/v1/customer/profile", "", p.UniqueID, "", ""},
		"GET /v2/customer/profile":                                               {"/v2/customer/profile", "", p.UniqueID, "", ""},
		"GET /v1/client/customer/info/{customerNumber}":                          {"/v1/client/customer/info/" + number, "", p.UniqueID, p.UniqueID, "NotFoundException"},
		"POST /v1/customer/access":                                               {"/v1/customer/access", `{"product":"MATRIX"}`, `"access":true`, "", ""},
		"POST /v1/client/access":                                                 {"/v1/client/access", `{"product":"MATRIX","customerNumber":` + number + `}`, `"access":true`, `"access":true`, ""},
		"GET /v1/customer/invoice/address":                                       {"/v1/customer/invoice/address", "", number, "", ""},
		"GET /v1/order/status":                                                   {"/v1/order/status", "", `"orderId":30001`, "", ""},
		"POST /v1/order/status":                                                  {"/v1/order/status", `{"orderId":30001}`, `"orderId":30001`, missing, missing},
		"GET /v1/customer/order/product/history":                                 {"/v1/customer/order/product/history", "", `"orderNumber":30001`, "", ""},
		"GET /v1/client/order/status/{orderId}":                                  {"/v1/client/order/status/30001", "", `"orderId":30001`, `"orderId":30001`, missing},
		"POST /v1/order":                                                         {"/v1/order", nothing, missing, missing, missing},
		"POST /v1/client/order":                                                  {"/v1/client/order", nothing, missing, missing, missing},
		"POST /v1/client/order/fulfillment":                                      {"/v1/client/order/fulfillment", `{"orderId":30001}`, `"fulfillmentStatus":"OK"`, `"fulfillmentStatus":"OK"`, missing},
		"GET /v1/client/voucher/coupons/{voucherCode}":                           {"/v1/client/voucher/coupons/HELGEGAVE-2026", "", `"couponNumber":42`, `"couponNumber":42`, missing},
		"POST /v1/coupon/price":                                                  {"/v1/coupon/price", `{"product":"MATRIX"}`, `"couponNumber":1`, `"couponNumber":1`, missing},
		"POST /v1/client/coupon/price":                                           {"/v1/client/coupon/price", `{"product":"MATRIX"}`, `"couponNumber":1`, `"couponNumber":1`, missing},
		"GET /v1/customer/info":                                                  {"/v1/customer/info", "", p.UniqueID, "", ""},
		"POST /v1/customer/info":                                                 {"/v1/customer/info", `{}`, p.UniqueID, "", ""},
		"POST /v1/client/customer/search":                                        {"/v1/client/customer/search", `{"customerNumber":` + number + `}`, p.UniqueID, p.UniqueID, ""},
		"GET /v1/client/customer/number/{customerNumber}":                        {"/v1/client/customer/number/" + number, "", `"exists":true`, `"exists":true`, ""},
		"POST /v1/client/customer":                                               {"/v1/client/customer", `{"emails":["own@example.com"]}`, p.UniqueID, p.UniqueID, ""},
		"POST /v1/client/extid/customer":                                         {"/v1/client/extid/customer", `{"extSource":"m","extId":"1","emails":["own@example.com"]}`, p.UniqueID, p.UniqueID, ""},
	}[o.Method+" "+o.Path]
	return a, ok
}

// TestAuthorisation asks for every operation that is served with every kind of
// credential: none, nonsense, of the reader, of another reader, of the client,
// of another client, of another environment, for another scope, expired,
// revoked, of a disabled client and of a disabled person.
func TestAuthorisation(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			ctx := t.Context()
			live, err := h.app.Access.AddRealm(ctx, "Matrix", access.Live)
			if err != nil {
				t.Fatal(err)
			}
			site, other, foreign := h.site(t, h.realm, "no.one"), h.site(t, h.realm, "no.two"), h.site(t, live, "no.three")
			reads, writes, gone := h.site(t, h.realm, "no.reads", login.ReadScope), h.site(t, h.realm, "no.writes", login.WriteScope), h.site(t, h.realm, "no.gone")
			owner, stranger, elsewhere, closed := h.person(t, h.realm, "own@example.com"), h.person(t, h.realm, "other@example.com"), h.person(t, live, "own@example.com"), h.person(t, h.realm, "closed@example.com")
			nobody := login.Person{}
			short, err := h.app.Login.ChangeClient(ctx, h.realm.ID, audit.By{Actor: "test"}, "no.gone", secretless, func(c *login.Client) { c.AccessLife = time.Second })
			if err != nil {
				t.Fatal(err)
			}
			tokens := map[string]string{"none": "", "malformed": "3c5e0f6a9b", "unknown": "fla_0123456789abcdef01234567" + strings.Repeat("A", 43),
				"own": h.token(t, site, owner), "own at another site": h.token(t, other, owner), "other user": h.token(t, site, stranger),
				"client": h.token(t, site, nobody), "other client": h.token(t, other, nobody), "other environment's user": h.token(t, foreign, elsewhere), "other environment's client": h.token(t, foreign, nobody),
				"own, read alone": h.token(t, reads, owner), "own, write alone": h.token(t, writes, owner), "client, read alone": h.token(t, reads, nobody), "client, write alone": h.token(t, writes, nobody),
				"expired user": h.token(t, short, owner), "expired client": h.token(t, short, nobody), "revoked user": h.token(t, site, owner), "revoked client": h.token(t, site, nobody),
				"disabled person": h.token(t, site, closed), "disabled client": h.token(t, gone, nobody), "refresh": "flr_0123456789abcdef01234567" + strings.Repeat("A", 43)}
			for _, name := range []string{"revoked user", "revoked client"} {
				if err := h.app.Login.Revoke(ctx, site, tokens[name]); err != nil {
					t.Fatal(err)
				}
			}
			if err := h.app.Login.Disable(ctx, h.realm.ID, closed.ID, by); err != nil {
				t.Fatal(err)
			}
			if _, err := h.app.Login.ChangeClient(ctx, h.realm.ID, audit.By{Actor: "test"}, "no.gone", secretless, func(c *login.Client) { c.DisabledAt = time.Now() }); err != nil {
				t.Fatal(err)
			}
			h.sell(t, owner)
			if _, err := h.app.Purchases.Place(ctx, h.realm.ID, by, purchase.Wish{Client: site.ID, Person: owner.ID, Way: purchase.ByInvoice, Method: subscription.ByInvoice,
				Payer: purchase.Payer{Contact: login.Contact{Address: login.Address{Postcode: "0155"}}}, Lines: []purchase.Item{{Product: "HELG"}}}); err != nil {
				t.Fatal(err)
			}
			tried := 0
			for _, o := range media.Operations() {
				if !o.Routed() {
					continue
				}
				for who, token := range tokens {
					a, known := about(o, owner)
					if !known {
						t.Fatalf("nobody says how %s %s is asked", o.Method, o.Path)
					}
					h.verdict(t, o, who, a, h.ask(t, o.Method, "/capi"+a.path, token, a.body))
					tried++
				}
			}
			if want := len(document(t).Operations()) * len(tokens); tried != want {
				t.Errorf("got %d requests, want %d", tried, want)
			}
		})
	}
}

// verdict holds an answer to the sheet's rules (section 2).
func (h *house) verdict(t *testing.T, o media.Operation, who string, a asked, got answer) {
	t.Helper()
	what := fmt.Sprintf("%s %s by %s", o.Method, o.Path, who)
	user := strings.HasPrefix(who, "own") || strings.HasSuffix(who, "user")
	in := !strings.HasPrefix(who, "expired") && !strings.HasPrefix(who, "revoked") && !strings.HasPrefix(who, "disabled") &&
		who != "none" && who != "malformed" && who != "unknown" && who != "refresh"
	status, word, own, heard := http.StatusOK, "", a.own, false
	switch {
	case !in:
		status, word = http.StatusUnauthorized, "invalid_token"
	case user != (o.Mode == media.User):
		status, word = http.StatusBadRequest, "NoAccessException"
	case strings.HasSuffix(who, "alone") && !strings.Contains(who, o.Scope()):
		status, word = http.StatusForbidden, "insufficient_scope"
	case who == "other user", who == "other client":
		own, heard = a.others, true
	case strings.HasPrefix(who, "other environment"):
		own, heard = a.away, true
	default:
		heard = true
	}
	if heard && strings.HasSuffix(own, "Exception") {
		status, word = http.StatusBadRequest, own
		if o.Mode == media.Client && own == "NotFoundException" {
			status = http.StatusNotFound
		}
	}
	if got.status != status || got.word() != word {
		t.Errorf("%s: got %d %s, want %d %s", what, got.status, got.body, status, word)
	}
	if status == http.StatusOK && a.own != "" && strings.Contains(got.body, a.own) != (own != "") {
		t.Errorf("%s: got %s", what, got.body)
	}
	if status != http.StatusOK && a.own != "" && !strings.HasSuffix(a.own, "Exception") && strings.Contains(got.body, a.own) {
		t.Errorf("%s: an error tells of the reader: %s", what, got.body)
	}
	if got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: may be kept", what)
	}
}

// sell starts a subscription of the product MATRIX for a reader.
func (h *house) sell(t *testing.T, p login.Person) {
	t.Helper()
	ctx := t.Context()
	profile, _, err := h.app.Merchants.ByCode(ctx, h.realm.ID, "LM000117")
	if err != nil {
		t.Fatal(err)
	}
	actor := access.Actor{Realm: h.realm.ID, Environment: access.Test, Kind: media.Contract, May: access.Everything}
	product, err := h.app.Subscriptions.AddProduct(ctx, actor, by, subscription.Product{Merchant: profile.Merchant, Profile: profile.ID, Code: "MATRIX", Name: "Matrix", Currency: "NOK", Price: 34900, Digital: true})
	if err == nil {
		_, err = h.app.Subscriptions.AddCoupon(ctx, actor, by, subscription.Coupon{Product: product.ID, Code: "M", Number: 1, Description: "By the month", Price: 34900, Length: 1, Unit: subscription.Month})
	}
	if err == nil {
		_, err = h.app.Subscriptions.Start(ctx, h.realm.ID, by, subscription.Wish{Person: p.ID, Number: p.Number, Product: "MATRIX",
			Details: subscription.Details{Customer: invoice.Customer{GivenName: "Per", Surname: "Lie", Email: "own@example.com"}}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What is no JSON object of the contract changes nothing and is told in its words.
func TestBodies(t *testing.T) {
	h := open(t, "sqlite")
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	m := h.sandbox.Media
	for name, body := range map[string]string{
		"nothing": "", "no grant": "client_id=" + m.ClientID + "&client_secret=" + m.ClientSecret, "twice": "grant_type=client_credentials&grant_type=client_credentials",
		"semicolon": "grant_type=client_credentials;client_id=x", "broken": "grant_type=%zz", "no code": "grant_type=authorization_code&client_id=" + m.ClientID + "&client_secret=" + m.ClientSecret,
		"too large": "grant_type=" + strings.Repeat("a", 70<<10),
	} {
		got := h.ask(t, "POST", "/login/oauth/token", "", body, form...)
		if got.status/100 != 4 || got.word() == "" || got.header.Get("Cache-Control") != "no-store" || strings.Contains(got.body, m.ClientSecret) {
			t.Errorf("%s: got %d %s", name, got.status, got.body)
		}
	}
	both := h.ask(t, "POST", "/login/oauth/token", "", "grant_type=client_credentials&client_id=other", append(form, "Authorization", "Basic "+basic(m.ClientID, m.ClientSecret))...)
	if both.status != http.StatusBadRequest || both.word() != "invalid_request" {
		t.Errorf("two clients: got %d %s", both.status, both.body)
	}
	in := h.ask(t, "POST", "/login/oauth/token", "", "grant_type=client_credentials", append(form, "Authorization", "Basic "+basic(m.ClientID, m.ClientSecret))...)
	if in.status != http.StatusOK {
		t.Errorf("basic: got %d %s", in.status, in.body)
	}
}

var (
	by         = audit.By{Actor: "test"}
	secretless = method.Secret{} // the client keeps its own
)

func basic(id, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id) + ":" + url.QueryEscape(secret)))
}
