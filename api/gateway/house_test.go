package gateway_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/florinpay/florin/api/gateway"
	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/api/wire/script"
	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/webhook"
)

// house is a whole florin that a test talks to over HTTP, and a merchant's
// server that hears from it. Every answer and notification is held to the
// OpenAPI document.
type house struct {
	app     *app.App
	sandbox app.Sandbox
	client  *http.Client
	inbox   *script.Inbox
}

func open(t *testing.T, engine string) *house {
	t.Helper()
	doc := document(t)
	h := &house{client: doc.Client(t, inContract)}
	h.inbox = script.Listen(t, func(header http.Header, body []byte) {
		if err := doc.Notified("payment", header, body); err != nil && doc.Notified("registration", header, body) != nil {
			t.Errorf("a notification departs from the document: %v", err)
		}
		if own := method.Conceal(h.sandbox.Gateway.WebhookSecret); header.Get("X-Initialization-Vector") == "" && !webhook.Signed(own, header.Get("X-Signature"), body) {
			t.Errorf("a notification bears a wrong signature: %v", header)
		}
	})
	in := apitest.Open(t, engine, apitest.Plan{Hooks: h.inbox.URL, Work: true, Ready: func(a *app.App, s app.Sandbox) {
		h.app, h.sandbox = a, s
		h.addProfile(t, "LM000118", func(*merchant.Settings) {})
	}})
	h.app, h.sandbox = in.App, in.Sandbox
	return h
}

func document(t *testing.T) *script.Document { return apitest.Document(t, gateway.OpenAPI()) }

// inContract strips the prefix of an address of the contract. The checkout
// page's own forms are no part of it.
func inContract(r *http.Request) (path string, ok bool) {
	path = strings.TrimPrefix(r.URL.Path, "/gateway")
	page := strings.HasSuffix(path, "/page") && r.Method == http.MethodPost || strings.HasSuffix(path, "/frame") || strings.HasSuffix(path, "/cancel")
	return path, strings.HasPrefix(path, "/v3/") && !page
}

func (h *house) bench() *script.Bench {
	return &script.Bench{
		Client: h.client, Inbox: h.inbox, Masks: masks,
		Values:   map[string]string{"base": h.sandbox.URL, "hook": h.inbox.URL, "token": h.sandbox.Gateway.Token},
		Defaults: map[string]string{"Authorization": "Bearer " + h.sandbox.Gateway.Token},
		Show:     []string{"Location", "Idempotent-Replayed", "Retry-After", "X-Event-Id", "X-Signature"},
	}
}

// masks hide what differs from run to run, the longer forms first.
var masks = []script.Mask{
	{Pattern: regexp.MustCompile(`[0-9a-f]{40}@\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000`), Name: "<build>"},
	{Pattern: regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000`), Name: "<time.ms>"},
	{Pattern: regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0000`), Name: "<time>"},
	{Pattern: regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), Name: "<time>"},
	{Pattern: regexp.MustCompile(`t=\d+,v1=[0-9a-f]{64}`), Name: "t=<unix>,v1=<hmac>"},
	{Pattern: regexp.MustCompile(`/return/[0-9a-f]{80}`), Name: "/return/<token>"},
	{Pattern: regexp.MustCompile(`[0-9A-F]{32}\.node[0-9a-f]{4}`), Name: "<checkout>", Named: true},
	{Pattern: regexp.MustCompile(`\b[0-9a-z]+-[0-9a-f]{32}\b`), Name: "<token>", Named: true},
	{Pattern: regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`), Name: "<uuid>", Named: true},
	{Pattern: regexp.MustCompile(`_[0-9a-f]{32}\b`), Name: "_<trace>"},
	{Pattern: regexp.MustCompile(`\b[0-9a-f]{32}\b`), Name: "<id>", Named: true},
	{Pattern: regexp.MustCompile(`\b[0-9a-f]{24}\b`), Name: "<id>", Named: true},
	{Pattern: regexp.MustCompile(`\b\d{4}\.\d{4}\.\d{4}\b`), Name: "<short>"},
	{Pattern: regexp.MustCompile(`^tb_[0-9a-z]+$`), Name: "<reference>", Named: true},
	{Pattern: regexp.MustCompile(`^TB[0-9A-F]{13}$`), Name: "<scheme>", Named: true},
	{Pattern: regexp.MustCompile(`^[0-9a-f]{6}$`), Name: "<auth>", Member: "AuthCode"},
	{Pattern: regexp.MustCompile(`^[0-9A-Za-z+/]{27}=$`), Name: "<cavv>", Named: true},
	{Pattern: regexp.MustCompile(`^sha384-[0-9A-Za-z+/]{64}$`), Name: "<hash>", Named: true},
}

// addProfile adds another entity of the same merchant.
func (h *house) addProfile(t *testing.T, code string, change func(s *merchant.Settings)) {
	t.Helper()
	realms, err := h.app.Access.Realms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, owner, err := h.app.Merchants.ByCode(t.Context(), realms[0].ID, h.sandbox.Gateway.EntityID)
	if err == nil {
		p.Merchant, p.Code, p.Name = owner.ID, code, "Lind Media "+code
		change(&p.Settings)
		_, err = h.app.Merchants.AddProfile(t.Context(), realms[0].ID, audit.By{Actor: "test"}, p)
	}
	if err != nil {
		t.Fatal(err)
	}
}
