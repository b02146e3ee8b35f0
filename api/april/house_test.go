package april_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/api/wire/script"
	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a whole florin that a test talks to over HTTP. Every answer is held
// to the OpenAPI document.
type house struct {
	app     *app.App
	sandbox app.Sandbox
	client  *http.Client
}

func open(t *testing.T, engine string, settings ...string) *house {
	t.Helper()
	in := apitest.Open(t, engine, apitest.Plan{Settings: settings})
	return &house{app: in.App, sandbox: in.Sandbox, client: document(t).Client(t, inContract)}
}

func document(t *testing.T) *script.Document { return apitest.Document(t, april.OpenAPI()) }

// inContract strips the prefix of an address of the contract. What the path
// does not take, 405, is in no document.
func inContract(r *http.Request) (path string, ok bool) {
	path = strings.TrimPrefix(r.URL.Path, "/april")
	return path, r.Header.Get("X-Test") != "undocumented"
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// code is the errorCode of an answer, "" for none.
func (a answer) code() string {
	var body struct{ ErrorCode string }
	if json.Unmarshal(a.body, &body) != nil {
		return "" // a list
	}
	return body.ErrorCode
}

// ask sends a request. Headers come in pairs.
func (h *house) ask(t *testing.T, method, path, token, body string, headers ...string) answer {
	t.Helper()
	a := apitest.Ask(t, h.client, method, h.sandbox.URL+path, token, body, headers...)
	return answer{a.Status, a.Header, a.Body}
}

// done asks for what has to succeed and reads a text inside the answer, by the
// names of its members on the way.
func (h *house) done(t *testing.T, method, path, token, body string, names ...string) string {
	t.Helper()
	got := h.ask(t, method, path, token, body)
	if got.status != http.StatusOK {
		t.Fatalf("%s %s: got %d %s", method, path, got.status, got.body)
	}
	var node any
	if err := json.Unmarshal(got.body, &node); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		m, _ := node.(map[string]any)
		node = m[name]
	}
	text, _ := node.(string)
	if len(names) > 0 && text == "" {
		t.Fatalf("%s %s: no %v in %s", method, path, names, got.body)
	}
	return text
}

func (h *house) bench() *script.Bench {
	a := h.sandbox.April
	return &script.Bench{
		Client: h.client, Masks: masks,
		Values: map[string]string{"base": h.sandbox.URL, "secret": a.SecretKey, "market": a.MarketplaceKey, "public": a.PublicKey,
			"marketplace": a.MarketplaceID, "merchant": a.MerchantID, "customer": a.CustomerID},
		Defaults: map[string]string{"Authorization": "Bearer " + a.SecretKey, "Content-Type": "application/json"},
		Show:     []string{"X-Total-Count", "X-Total-Pages", "Idempotent-Replay", "Allow"},
	}
}

// masks hide what differs from run to run.
var masks = []script.Mask{
	{Pattern: regexp.MustCompile(`\b(sandbox|live)_lk_[A-Za-z0-9_-]{48}`), Name: "<link token>", Named: true},
	{Pattern: regexp.MustCompile(`/pay/[A-Za-z0-9_-]{48}`), Name: "/pay/<link>", Named: true},
	{Pattern: regexp.MustCompile(`\b(sandbox|live)_[a-z]k_[A-Za-z0-9_-]{32}`), Name: "<key>", Named: true},
	{Pattern: regexp.MustCompile(`\b(cust|custd|mcht|mktp|mktpcust|xacc|stkn|ordr|psrc|ptkn|bcrd|tran|3ds|rfnd|dispute|webhook|payout)_[A-Za-z0-9_-]{16}`), Name: "<id>", Named: true},
	{Pattern: regexp.MustCompile(`\bwhs_[A-Za-z0-9_-]{32}`), Name: "<secret>", Named: true},
	{Pattern: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`), Name: "<jwt>"},
	{Pattern: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}`), Name: "<quote>"},
	{Pattern: regexp.MustCompile(`/challenge/[0-9a-f]{80}`), Name: "/challenge/<payment>"},
	{Pattern: regexp.MustCompile(`^[2-9A-HJ-NP-Z]{10}$`), Name: "<reference>", Member: "reference", Named: true},
	{Pattern: regexp.MustCompile(`^[0-9]{8}$`), Name: "<account>", Member: "bankAccountNumber", Named: true},
	{Pattern: regexp.MustCompile(`^[0-9]{8}@bank\.test$`), Name: "<alias>", Member: "payId", Named: true},
	{Pattern: regexp.MustCompile(`\bFP[0-9A-F]{14}\b`), Name: "<payout>", Named: true},
	{Pattern: regexp.MustCompile(`2026-12-05T\d\d:\d\d:\d\d\.\d{3}Z`), Name: "<time>"},
	{Pattern: regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`), Name: "<uuid>"},
	{Pattern: regexp.MustCompile(`2026-11-21T\d\d:\d\d:\d\d\.\d{3}Z`), Name: "<time>"},
}

// TestScripts plays the contract's examples.
func TestScripts(t *testing.T) {
	apitest.Scripts(t, func(t *testing.T, engine string) *script.Bench { return open(t, engine).bench() })
}
