package april_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/store/storetest"
)

// tables are what a request can make rows in.
var tables = []string{"payment_token", "source", "payment", "attempt", "webhook_endpoint", "surcharge_rule", "surcharge_use", "blocked_card", "merchant_order", "merchant", "marketplace", "bank_account", "customer", "marketplace_customer", "message", "delegate", "delegate_link", "api_key", "kept_answer"}

// wrong is a request that must be refused.
type wrong struct {
	name, method, path, body string
	status                   int
	code                     string
}

// plain are the operations whose body is no union, or that have none.
var plain = []string{"/customers/delegates", "/orders/{id}/cancel", "/orders/{id}/send", "/transactions/payouts"}

// bodies are what no operation takes.
func bodies(h *house) (list []wrong) {
	deep := `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`
	for name, body := range map[string]string{"nothing": "", "a text": "hello", "a list": "[]", "null": "null", "cut off": `{"UpsertConsumerCustomer":{`, "a tail": `{"A":{}}{}`,
		"a name twice": `{"UpsertConsumerCustomer":{"emailAddress":"a@b.example","emailAddress":"c@d.example"}}`, "deep": deep, "NUL": `{"UpsertConsumerCustomer":{"emailAddress":"a\u0000@b.example"}}`,
		"half a letter": `{"UpsertConsumerCustomer":{"emailAddress":"\ud83d@b.example"}}`, "not UTF-8": "{\"UpsertConsumerCustomer\":{\"emailAddress\":\"\xff@b.example\"}}",
		"many values": `{"a":[` + strings.Repeat("1,", 30000) + `1]}`, "a mebibyte": `{"a":"` + strings.Repeat("a", 1<<20) + `"}`, "a form": "emailAddress=a@b.example",
		"no variant": `{}`, "two variants": `{"UpsertConsumerCustomer":{"emailAddress":"a@b.example"},"RegisterPluginConsumerCustomer":{}}`, "an unknown variant": `{"upsertConsumerCustomer":{}}`,
		"a variant that is null": `{"UpsertConsumerCustomer":null}`, "a variant that is a list": `{"UpsertConsumerCustomer":[]}`} {
		list = append(list, wrong{"a body: " + name, "POST", "/customers", body, 400, "invalid_request"})
	}
	a := h.sandbox.April
	for _, o := range april.Operations() { // each union
		if o.Routed() && (o.Method == http.MethodPost || o.Method == http.MethodPatch) && !slices.Contains(plain, o.Path) {
			path := strings.Replace(o.Path, "{id}", a.MerchantID, 1)
			for name, body := range map[string]string{"none": `{}`, "two": `{"SignInConsumer":{},"DisableServiceToken":{}}`, "unknown": `{"Nonsense":{}}`, "a number": `{"SignInConsumer":1}`} {
				list = append(list, wrong{o.Method + " " + o.Path + " with a union of " + name, o.Method, path, body, 400, "invalid_request"})
			}
		}
	}
	return list
}

// fields are bodies that are understood, with a field that is not right.
func fields(h *house) (list []wrong) {
	a := h.sandbox.April
	add := func(method, path, code, form string, values ...string) {
		for _, v := range values {
			list = append(list, wrong{path + " with " + v, method, path, fmt.Sprintf(form, v), 400, code})
		}
	}
	long := `"` + strings.Repeat("a", 300) + `"`
	add("POST", "/customers", "validation_failed", `{"UpsertConsumerCustomer":{"emailAddress":%s}}`, `""`, `null`, `"nobody"`, `"a b@c.d"`, long, `"a\n@b.example"`)
	add("POST", "/customers", "invalid_request", `{"UpsertConsumerCustomer":{"emailAddress":%s}}`, `1`, `true`, `[]`, `{}`)
	add("POST", "/customers", "invalid_request", `{"UpsertConsumerCustomer":{"emailAddress":"a@b.example","isVerified":%s}}`, `"true"`, `1`, `{}`)
	add("POST", "/customers", "validation_failed", `{"UpsertConsumerCustomer":{"emailAddress":"a@b.example","phoneNumber":%s}}`, `"0401234567"`, `"+0"`, `"+6140123456789012345"`)
	add("POST", "/customers", "validation_failed", `{"UpsertConsumerCustomer":{"emailAddress":"a@b.example","metadata":%s}}`, many(51), `{"a":"`+strings.Repeat("a", 17<<10)+`"}`)
	add("POST", "/customers", "invalid_request", `{"UpsertConsumerCustomer":{"emailAddress":"a@b.example","metadata":%s}}`, `"a"`, `[1]`)
	add("POST", "/customers", "validation_failed", `{"UpsertOrganisationCustomer":{"organisationName":"A","referenceCustomerId":"B","address":{"country":%s}}}`, `"Australia"`, `"au"`)
	add("POST", "/auth/servicetokens", "validation_failed", `{"CreateMerchantSecretToken":{"description":"a","expiresAt":%s}}`, `"tomorrow"`, `"2026-11-22"`, `"2020-01-01T00:00:00Z"`, `"9999-01-01T00:00:00Z"`, `"2026-11-22T00:00:00"`)
	account := `{"AddMerchantBankAccount":{"accountName":"A","currency":"AUD","identifier":%s}}`
	path := "/merchants/" + a.MerchantID
	add("PATCH", path, "invalid_request", account, `{}`, `{"AuBankAccountIdentifier":{},"NzBankAccountIdentifier":{}}`, `{"UkBankAccountIdentifier":{}}`, `{"AuBankAccountIdentifier":[]}`)
	add("PATCH", path, "validation_failed", account, `null`, `{"AuBankAccountIdentifier":{"bsb":"06200","accountNumber":"12345678"}}`, `{"AuBankAccountIdentifier":{"bsb":"062000"}}`,
		`{"NzBankAccountIdentifier":{"accountNumber":"12-3456"}}`, `{"HkUsdBankAccountIdentifier":{"bankCode":"004","branchCode":"123","accountNumber":"123456789"}}`,
		`{"SgBankAccountIdentifier":{"bankCode":"004","branchCode":"123","accountNumber":"123456789"}}`)
	add("PATCH", path, "validation_failed", `{"AddMerchantBankAccount":{"accountName":"A","currency":%s,"identifier":{"AuBankAccountIdentifier":{"bsb":"062000","accountNumber":"12345678"}}}}`, `"ABC"`, `"aud"`, `""`)
	add("PATCH", path, "validation_failed", `{"UpdatePayoutSettings":{"payoutSchedule":%s}}`, `"hourly"`, `"weekly:someday"`, `"monthly:31"`)
	add("PATCH", path, "validation_failed", `{"UpdatePayoutSettings":{"notificationEmails":%s}}`, `["nobody"]`, `[""]`)
	add("PATCH", path, "invalid_request", `{"UpdatePayoutSettings":{"notificationEmails":%s}}`, `"a@b.example"`, `[1]`)
	add("PATCH", path, "validation_failed", `{"UpdateBusinessProfile":{"timeZone":%s}}`, `"Mars/Olympus"`, `"../etc/passwd"`, `"Local"`)
	add("PATCH", path, "validation_failed", `{"UpdateBusinessProfile":{"cardStatementName":%s}}`, `"abc"`, `"abcdefghijklmnopqrstuvwxyz"`)
	return append(append(list, orderFields()...), tokenFields(h)...)
}

func many(n int) string {
	var parts []string
	for i := range n {
		parts = append(parts, fmt.Sprintf(`"k%d":1`, i))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// ids are names that name nothing: of another kind, of nobody, garbage.
func ids(h *house) (list []wrong) {
	a := h.sandbox.April
	bare := strings.TrimPrefix(a.MerchantID, "mcht_")
	for _, id := range []string{a.CustomerID, "cust_" + bare, "mcht_" + bare[1:], "mcht_" + bare + "A", "mcht" + bare, "MCHT_" + bare, "mcht_" + strings.Repeat("A", 16), "x", "..%2f..", "%00", "%ff", "mcht_" + strings.Repeat("é", 8)} {
		list = append(list, wrong{"the merchant " + id, "GET", "/merchants/" + id, "", 404, "not_found"})
	}
	for _, id := range []string{a.MerchantID, "cust_" + bare, "garbage"} {
		list = append(list, wrong{"the customer " + id, "GET", "/customers/" + id, "", 404, "not_found"},
			wrong{"signing in " + id, "POST", "/auth/signin", `{"SignInConsumer":{"customerId":"` + id + `"}}`, 404, "not_found"},
			wrong{"a delegate of " + id, "POST", "/customers/delegates", `{"customerId":"` + id + `","delegateEmailAddress":"a@b.example"}`, 404, "not_found"},
			wrong{"the delegate " + id, "DELETE", "/customers/delegates/" + id, "", 404, "not_found"},
			wrong{"the token " + id, "GET", "/auth/servicetokens/" + id, "", 404, "not_found"},
			wrong{"the account " + id, "PATCH", "/merchants/" + a.MerchantID, `{"SetPrimaryBankAccount":{"accountId":"` + id + `"}}`, 404, "not_found"})
	}
	list = append(list, wrong{"a consumer as an organisation", "POST", "/auth/signin", `{"SignInOrganisation":{"customerId":"` + a.CustomerID + `","delegateEmailAddress":"a@b.example"}}`, 400, "validation_failed"})
	return list
}

// queries are lists that cannot be given.
func queries() (list []wrong) {
	for _, q := range []string{"limit=0", "limit=501", "limit=-1", "limit=1.5", "limit=x", "limit=9223372036854775808", "limit=1&limit=2", "page=0", "page=2147483648", "page=-1", "sort=nonsense",
		"sort=createdAt,nonsense", "sort=id%3BDROP", "createdAfter=yesterday", "createdAfter=2026-11-21", "createdBefore=x"} {
		list = append(list, wrong{"a list with " + q, "GET", "/customers/delegates?" + q, "", 400, "validation_failed"})
	}
	for _, q := range []string{"limit=%zz", "name=%00", "name=%ff", "a;b=1"} {
		list = append(list, wrong{"a list with " + q, "GET", "/customers/delegates?" + q, "", 400, "invalid_request"})
	}
	list = append(list, wrong{"tokens of nobody in particular", "GET", "/auth/servicetokens", "", 400, "validation_failed"},
		wrong{"tokens of a status", "GET", "/auth/servicetokens?merchantId=x&status=Gone", "", 400, "validation_failed"},
		wrong{"tokens that may have expired", "GET", "/auth/servicetokens?merchantId=x&expired=perhaps", "", 400, "validation_failed"})
	return list
}

// TestBadInput sends what no client should. The answer is the contract's own,
// and nothing is made.
func TestBadInput(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			a := h.sandbox.April
			all := append(append(append(append(bodies(h), fields(h)...), ids(h)...), queries()...), h.saleFields(t)...)
			before := storetest.Rows(t, h.app.DB, tables...)
			for _, w := range all {
				token := a.SecretKey
				if w.path == "/merchants" || w.path == "/marketplaces/customer" {
					token = a.MarketplaceKey
				}
				for _, kind := range []string{"application/json", "application/x-www-form-urlencoded"} {
					got := h.ask(t, w.method, w.path, token, w.body, "Content-Type", kind)
					if got.status != w.status || got.code() != w.code {
						t.Errorf("%s: got %d %s, want %d %s", w.name, got.status, got.body, w.status, w.code)
					}
					if got.header.Get("X-Tracer") == "" || !strings.Contains(string(got.body), got.header.Get("X-Tracer")) {
						t.Errorf("%s: no tracer", w.name)
					}
				}
			}
			if after := storetest.Rows(t, h.app.DB, tables...); !maps.Equal(before, after) {
				t.Errorf("something was made: %v before, %v after", before, after)
			}
			if len(all) < 150 {
				t.Errorf("only %d requests", len(all))
			}
		})
	}
}

// TestCredentialsThatOpenNothing: whatever is wrong with a credential, the
// answer is 401 and one and the same.
func TestCredentialsThatOpenNothing(t *testing.T) {
	h := open(t, "sqlite")
	a := h.sandbox.April
	signed := h.done(t, "POST", "/auth/signin", a.SecretKey, `{"SignInConsumer":{"customerId":"`+a.CustomerID+`"}}`, "customToken")
	parts := strings.Split(signed, ".")
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	forged := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(claims), a.CustomerID, "cust_AAAAAAAAAAAAAAAA", 1)))
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	old, err := h.app.April.Sign(april.Signed{Kind: april.AdminJWT, Realm: h.realm(t, "Old", "test"), Subject: "x", Life: 0})
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"none": "", "a word": "secret", "another form": strings.Replace(a.SecretKey, "_sk_", "_mk_", 1), "another environment": strings.Replace(a.SecretKey, "sandbox", "live", 1),
		"cut off": a.SecretKey[:len(a.SecretKey)-1], "another secret": a.SecretKey[:len(a.SecretKey)-8] + "AAAAAAAA", "the gateway's": h.sandbox.Gateway.Token,
		"forged claims": parts[0] + "." + forged + "." + parts[2], "no algorithm": none + "." + parts[1] + ".", "no signature": parts[0] + "." + parts[1] + ".",
		"expired": old, "three dots": "...", "dots": "..", "long": strings.Repeat("a", 4000)} {
		got := h.ask(t, "GET", "/customers/"+a.CustomerID, token, "")
		if got.status != http.StatusUnauthorized || got.code() != "unauthorized" {
			t.Errorf("%s: got %d %s", name, got.status, got.body)
		}
	}
	if got := h.ask(t, "GET", "/customers/"+a.CustomerID, signed, ""); got.status != http.StatusOK {
		t.Errorf("the token itself: got %d %s", got.status, got.body)
	}
	if got := h.ask(t, "GET", "/customers/"+a.CustomerID, signed, "", "Customer-Id", "cust_AAAAAAAAAAAAAAAA"); got.status != http.StatusForbidden {
		t.Errorf("for another customer: got %d", got.status)
	}
	var bears struct {
		Env, MerchantID, CustomerID string
		Exp, Iat                    int64
	}
	if err := json.Unmarshal(claims, &bears); err != nil || bears.Env != "sandbox" || bears.MerchantID != a.MerchantID || bears.CustomerID != a.CustomerID || bears.Exp-bears.Iat != int64(time.Hour/time.Second) {
		t.Errorf("got claims %s (%v)", claims, err)
	}
}

// TestNowhere: what is in the table but not served, what is in no table, and
// methods that a path does not take.
func TestNowhere(t *testing.T) {
	h := open(t, "sqlite")
	a := h.sandbox.April
	for _, prefix := range []string{"", "/april"} {
		for _, o := range april.Operations() {
			if o.Routed() {
				continue
			}
			path := strings.Replace(o.Path, "{id}", "x", 1)
			if got := h.ask(t, o.Method, prefix+path, a.MarketplaceKey, "{}", "X-Test", "undocumented"); got.status != http.StatusNotFound || got.code() != "not_found" {
				t.Errorf("%s %s: got %d %s, want 404", o.Method, prefix+path, got.status, got.body)
			}
		}
		for path, want := range map[string]int{"/merchants/x/y": 404, "/auth": 404, "/customers/": 404, "/auth/signin": 405, "/merchants": 405} {
			got := h.ask(t, "PUT", prefix+path, a.MarketplaceKey, "{}", "X-Test", "undocumented")
			if got.status != want || got.code() == "" || want == 405 && got.header.Get("Allow") == "" {
				t.Errorf("PUT %s: got %d %s, want %d", prefix+path, got.status, got.body, want)
			}
		}
	}
}

// TestTheSameAtOnce sends one request twenty times at the same moment under
// one key: it is done once.
func TestTheSameAtOnce(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			a := h.sandbox.April
			before := storetest.Rows(t, h.app.DB, "api_key")
			var wait sync.WaitGroup
			answers := make([]answer, 20)
			for i := range answers {
				wait.Go(func() {
					answers[i] = h.ask(t, "POST", "/auth/servicetokens", a.SecretKey, `{"CreateMerchantSecretToken":{"description":"once"}}`, "Idempotency-Key", "one")
				})
			}
			wait.Wait()
			bodies := map[string]bool{}
			for _, got := range answers {
				if got.status == http.StatusOK {
					bodies[string(got.body)] = true
				} else if got.status != http.StatusConflict || got.code() != "request_in_progress" {
					t.Errorf("got %d %s", got.status, got.body)
				}
			}
			if after := storetest.Rows(t, h.app.DB, "api_key"); len(bodies) != 1 || after["api_key"] != before["api_key"]+1 {
				t.Errorf("got %d different answers, %d keys where %d were", len(bodies), after["api_key"], before["api_key"])
			}
			for body := range bodies {
				h.sealed(t, engine, body)
			}
			if got := h.ask(t, "POST", "/auth/servicetokens", a.SecretKey, `{}`, "Idempotency-Key", "é"); got.status != http.StatusBadRequest {
				t.Errorf("a key that is none: got %d", got.status)
			}
		})
	}
}

// sealed looks for a service token's value in the files of the database: the
// answer that was kept is sealed, the key itself a hash.
func (h *house) sealed(t *testing.T, engine, body string) {
	t.Helper()
	var shown struct{ TokenValue, Description string }
	if err := json.Unmarshal([]byte(body), &shown); err != nil || len(shown.TokenValue) != 43 {
		t.Fatalf("got %s (%v)", body, err)
	}
	if engine != "sqlite" {
		return
	}
	files, err := filepath.Glob(h.app.Config.Get("database") + "*")
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	secret := shown.TokenValue[len(shown.TokenValue)-16:]
	if !bytes.Contains(all, []byte(h.sandbox.April.PublicKey)) || bytes.Contains(all, []byte(secret)) {
		t.Error("a secret lies open in the database, or what is open is not found there")
	}
}

// Who calls too often is turned away before anything is read, each credential
// for itself.
func TestTooOften(t *testing.T) {
	h := open(t, "sqlite", "april-limit", "1")
	key := h.sandbox.April.SecretKey
	var got answer
	for range 200 { // two of them fall into one second
		if got = h.ask(t, "POST", "/orders", key, "not even JSON"); got.status == http.StatusTooManyRequests {
			break
		}
	}
	if got.status != http.StatusTooManyRequests || got.code() != "rate_limited" || got.header.Get("Retry-After") != "1" {
		t.Fatalf("got %d %s, Retry-After %q", got.status, got.body, got.header.Get("Retry-After"))
	}
	if got = h.ask(t, "GET", "/merchants", h.sandbox.April.MarketplaceKey, ""); got.status != http.StatusOK {
		t.Errorf("another credential: got %d %s", got.status, got.body)
	}
}
