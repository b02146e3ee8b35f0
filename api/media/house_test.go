package media_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/florinpay/florin/api/media"
	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/api/wire/script"
	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a whole florin that a test talks to over HTTP. Every answer is held
// to the OpenAPI document.
type house struct {
	app     *app.App
	sandbox app.Sandbox
	client  *http.Client
	realm   access.Realm
}

func open(t *testing.T, engine string) *house {
	t.Helper()
	in := apitest.Open(t, engine, apitest.Plan{})
	realms, err := in.App.Access.Realms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &house{app: in.App, sandbox: in.Sandbox, client: document(t).Client(t, inContract), realm: realms[0]}
}

func document(t *testing.T) *script.Document { return apitest.Document(t, media.OpenAPI()) }

// inContract strips the prefix of an address of the contract. What has no
// operation, 404 and 405, is in no document.
func inContract(r *http.Request) (path string, ok bool) {
	path, ok = strings.CutPrefix(r.URL.Path, "/capi")
	return path, ok && r.Header.Get("X-Test") != "undocumented"
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// word is the exceptionType of an answer, or its OAuth error.
func (a answer) word() string {
	var body struct{ ExceptionType, Error string }
	if json.Unmarshal([]byte(a.body), &body) != nil {
		return ""
	}
	return body.ExceptionType + body.Error
}

// ask sends a request. Headers come in pairs.
func (h *house) ask(t *testing.T, method, path, token, body string, headers ...string) answer {
	t.Helper()
	a := apitest.Ask(t, h.client, method, h.sandbox.URL+path, token, body, headers...)
	return answer{a.Status, a.Header, string(a.Body)}
}

// site makes a client with the given scopes.
func (h *house) site(t *testing.T, realm access.Realm, code string, scopes ...string) login.Client {
	t.Helper()
	c, _, err := h.app.Login.AddClient(t.Context(), realm.ID, audit.By{Actor: "test"}, login.Client{Code: code, Name: code, Redirects: []string{"https://site.example/back"}, Hosts: []string{"site.example"}, Scopes: scopes},
		method.Conceal("hush-"+code), false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// person makes somebody who signs in with an e-mail address.
func (h *house) person(t *testing.T, realm access.Realm, email string) login.Person {
	t.Helper()
	p, err := h.app.Login.Enrol(t.Context(), realm.ID, login.Credential{Kind: login.Email, Value: email, Level: login.VerificationCode}, login.Names{GivenName: "Per", Surname: "Lie"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// code signs a person in at a site and returns the code that the site is given.
func (h *house) code(t *testing.T, c login.Client, p login.Person, redirect string) string {
	t.Helper()
	list, err := h.app.Login.Credentials(t.Context(), c.Realm, p.ID)
	if err != nil || len(list) == 0 {
		t.Fatalf("no credentials: %v", err)
	}
	_, in, err := h.app.Login.Begin(t.Context(), c, p, list[0])
	if err != nil {
		t.Fatal(err)
	}
	code, err := h.app.Login.Authorise(t.Context(), login.Request{Client: c, Redirect: redirect, Scopes: c.Scopes}, in)
	if err != nil {
		t.Fatal(err)
	}
	return code.Reveal()
}

// token is an access token of a person at a site, or of the site itself when
// the person is nobody.
func (h *house) token(t *testing.T, c login.Client, p login.Person) string {
	t.Helper()
	var out login.Tokens
	var err error
	if p.ID == "" {
		out, err = h.app.Login.Grant(t.Context(), c, "")
	} else {
		out, err = h.app.Login.Exchange(t.Context(), c, h.code(t, c, p, c.Redirects[0]), c.Redirects[0], "")
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Access.Reveal()
}

// bench plays scripts: the site and the reader of the sandbox.
func (h *house) bench(t *testing.T) *script.Bench {
	m := h.sandbox.Media
	c, err := h.app.Login.Client(t.Context(), m.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := h.app.Login.ByCredential(t.Context(), c.Realm, login.Credential{Kind: login.Email, Value: m.Username})
	if err != nil {
		t.Fatal(err)
	}
	own, err := h.app.Login.Grant(t.Context(), c, "")
	if err != nil {
		t.Fatal(err)
	}
	return &script.Bench{
		Client: h.client, Masks: masks,
		Values: map[string]string{"base": h.sandbox.URL, "client": m.ClientID, "secret": m.ClientSecret, "redirect": m.RedirectURI, "user": m.AccessToken, "own": own.Access.Reveal(),
			"code": h.code(t, c, reader, m.RedirectURI), "customer": strconv.FormatInt(reader.Number, 10), "invoice": m.InvoiceNumber, "company": m.CompanyCode},
		Defaults: map[string]string{"Authorization": "Bearer " + m.AccessToken, "Content-Type": "application/json"},
		Show:     []string{"Allow", "WWW-Authenticate", "Retry-After", "Location"},
	}
}

// masks hide what differs from run to run.
var masks = []script.Mask{
	{Pattern: regexp.MustCompile(`\bfl[acrs]_[A-Za-z0-9_-]{67}`), Name: "<token>", Named: true},
	{Pattern: regexp.MustCompile(`\b[0-9a-f]{32}\b`), Name: "<uniqueId>", Named: true},
	{Pattern: regexp.MustCompile(`http://127\.0\.0\.1:\d+`), Name: "<base>"},
	{Pattern: regexp.MustCompile(`^[1-9]\d{8}$`), Name: "<number>", Member: "customerNumber", Named: true},
	{Pattern: regexp.MustCompile(`^[1-9]\d{8}$`), Name: "<number>", Member: "userId", Named: true},
	{Pattern: regexp.MustCompile(`^\d{16}$`), Name: "<id>", Member: "transactionId", Named: true},
	{Pattern: regexp.MustCompile(`^\d{16}$`), Name: "<id>", Member: "paymentChangeId", Named: true},
	{Pattern: regexp.MustCompile(`^17\d{11}$`), Name: "<ms>", Member: "invoiceDate"},
	{Pattern: regexp.MustCompile(`^17\d{11}$`), Name: "<ms>", Member: "startTime"},
	{Pattern: regexp.MustCompile(`^17\d{11}$`), Name: "<ms>", Member: "orderTime"},
	{Pattern: regexp.MustCompile(`^17\d{11}$`), Name: "<ms>", Member: "orderDate"},
	{Pattern: regexp.MustCompile(`^17\d{8}$`), Name: "<s>", Member: "invoiceTime"},
	{Pattern: regexp.MustCompile(`/invoice/view/[\w-]{22}`), Name: "/invoice/view/<key>"},
}

// TestScripts plays the contract's examples.
func TestScripts(t *testing.T) {
	apitest.Scripts(t, func(t *testing.T, engine string) *script.Bench { return open(t, engine).bench(t) })
}

func TestDocument(t *testing.T) {
	var served []string
	for _, o := range media.Operations() {
		if o.Routed() {
			served = append(served, o.Method+" "+o.Path)
		}
	}
	apitest.Sound(t, served, document(t))
}
