package spense_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/florinpay/florin/api/spense"
	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/api/wire/script"
	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a whole florin that a test talks to over HTTP. Every answer is held
// to one of the two OpenAPI documents.
type house struct {
	app     *app.App
	sandbox app.Sandbox
	client  *http.Client
	token   string // of the single organisation's key
	partner string
}

func open(t *testing.T, engine string, settings ...string) *house {
	t.Helper()
	in := apitest.Open(t, engine, apitest.Plan{Settings: settings})
	h := &house{app: in.App, sandbox: in.Sandbox, client: documents(t)}
	b := h.sandbox.Spense
	h.token, h.partner = h.signIn(t, b.ClientID, b.ClientSecret), h.signIn(t, b.PartnerClientID, b.PartnerClientSecret)
	return h
}

// documents is a client that holds answers to the document of their API.
func documents(t *testing.T) *http.Client {
	clients := map[string]*http.Client{}
	for root, text := range map[string][]byte{"/partner": spense.PartnerAPI(), "/api/payments": spense.PaymentsAPI()} {
		clients[root] = apitest.Document(t, text).Client(t, func(r *http.Request) (string, bool) { return r.URL.Path, r.Header.Get("X-Test") != "undocumented" })
	}
	other := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	other.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		for root, c := range clients {
			if strings.HasPrefix(r.URL.Path, root) {
				return c.Transport.RoundTrip(r)
			}
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	return other
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request. Headers come in pairs; an empty value sends none.
func (h *house) ask(t *testing.T, method, path, token, body string, headers ...string) answer {
	t.Helper()
	if body != "" {
		headers = append([]string{"Content-Type", "application/json"}, headers...)
	}
	a := apitest.Ask(t, h.client, method, h.sandbox.URL+path, token, body, headers...)
	return answer{a.Status, a.Header, string(a.Body)}
}

func (h *house) signIn(t *testing.T, id, secret string) string {
	t.Helper()
	got := h.ask(t, "POST", "/partner/auth/token", "", url.Values{"client_id": {id}, "client_secret": {secret}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	var out struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(got.body), &out); err != nil || out.Token == "" {
		t.Fatalf("no token: %d %s", got.status, got.body)
	}
	return out.Token
}

// member is a text or a number inside an answer.
func (a answer) member(t *testing.T, names ...string) string {
	t.Helper()
	var node any
	d := json.NewDecoder(strings.NewReader(a.body))
	d.UseNumber()
	if err := d.Decode(&node); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	for _, name := range names {
		m, _ := node.(map[string]any)
		node = m[name]
	}
	switch x := node.(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	}
	return ""
}

func decode(t *testing.T, body string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), into); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
}

// order is a body of M1, with changes made to it by replacing texts.
func (h *house) order(changes ...string) string {
	body := `{"customer":{"type":"organization","email":"post@nordlys.example","phone":{"countryCode":"+47","number":"400 00 000"},"organizationName":"Nordlys Transport AS",` +
		`"organizationNumber":"918273645","customerNumber":"10452"},"order":{"orderNumber":"WO-20417","objects":[{"type":"","numberPlate":"EK12345"}]},` +
		`"payment":{"currency":"NOK","totalGrossAmount":12490.00,"totalNetAmount":9992.00,"items":[{"description":"Winter tyres","grossUnitPrice":12490,"quantity":1,"taxRate":25}],` +
		`"dueDate":"2026-12-05","paymentRef":"20417","profileId":"` + h.sandbox.Spense.ProfileIDs[1] + `"}}`
	for i := 0; i+1 < len(changes); i += 2 {
		body = strings.Replace(body, changes[i], changes[i+1], 1)
	}
	return body
}

func (h *house) bench() *script.Bench {
	b := h.sandbox.Spense
	return &script.Bench{
		Client: h.client, Masks: masks,
		Values: map[string]string{"base": h.sandbox.URL, "organization": b.OrganizationID, "cars": b.ProfileIDs[0], "parts": b.ProfileIDs[1], "client": b.ClientID,
			"secret": b.ClientSecret, "partner": h.partner, "desk": b.Terminals[1].ID, "sandbox": h.sandbox.Gateway.Token},
		Defaults: map[string]string{"Authorization": "Bearer " + h.token, "Content-Type": "application/json"},
		Show:     []string{"WWW-Authenticate", "Allow", "Idempotent-Replay", "Location"},
	}
}

// masks hide what differs from run to run.
var masks = []script.Mask{
	{Pattern: regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`), Name: "<token>"},
	{Pattern: regexp.MustCompile(`/p/[A-Za-z0-9_-]{22}`), Name: "/p/<key>"},
	{Pattern: regexp.MustCompile(`/sandbox/terminal/[A-Za-z0-9._-]+`), Name: "/sandbox/terminal/<token>"},
	{Pattern: regexp.MustCompile(`\b[0-9a-f]{24}\b`), Name: "<id>", Named: true},
	{Pattern: regexp.MustCompile(`2026-1[12]-\d\dT\d\d:\d\d:\d\dZ`), Name: "<time>"},
}

// TestScripts plays the contract's examples.
func TestScripts(t *testing.T) {
	apitest.Scripts(t, func(t *testing.T, engine string) *script.Bench { return open(t, engine).bench() })
}

func TestDocuments(t *testing.T) {
	var served []string
	for _, o := range spense.Operations() {
		served = append(served, o.Method+" "+o.Path)
	}
	apitest.Sound(t, served, apitest.Document(t, spense.PartnerAPI()), apitest.Document(t, spense.PaymentsAPI()))
}

// received is a server that takes webhooks.
type received struct {
	mu     sync.Mutex
	bodies []string
	heads  []http.Header
	status int
	url    string
}

func receive(t *testing.T, status int) *received {
	r := &received{status: status}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.bodies, r.heads = append(r.bodies, string(body)), append(r.heads, q.Header)
		r.mu.Unlock()
		w.WriteHeader(r.status)
	}))
	t.Cleanup(srv.Close)
	r.url = srv.URL + "/hooks/paid"
	return r
}

func (r *received) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.bodies)
}
