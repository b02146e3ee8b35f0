package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/gateway"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/webhook"
)

// Sandbox is what a development florin hands out: one test merchant with
// credentials for every contract that exists. Its JSON is the ready file.
type Sandbox struct {
	URL     string         `json:"url"`
	PID     int            `json:"pid"`
	Gateway SandboxGateway `json:"gateway"`
	April   SandboxApril   `json:"april"`
	Spense  SandboxSpense  `json:"spense"`
	Media   SandboxMedia   `json:"media"`
}

// SandboxGateway are the credentials of the v3/payments contract.
type SandboxGateway struct {
	Base       string `json:"base"`
	Token      string `json:"token"`
	EntityID   string `json:"entityId"`
	EntityType string `json:"entityType"`
	MerchantID string `json:"merchantId"`
	// WebhookSecret signs what goes to a payment's notificationUrl.
	WebhookSecret string `json:"webhookSecret"`
}

// The test merchant's names.
const (
	devOrganisation = "sandbox"
	devMerchant     = "M2040077"
	devEntity       = "LM000117"
)

// Furnish makes the test merchant, or finds the one of an earlier start, and a
// new key for it: tokens are kept as hashes, so an old one cannot be shown.
func (a *App) Furnish(ctx context.Context) (Sandbox, error) {
	realm, err := a.devRealm(ctx)
	if err != nil {
		return Sandbox{}, err
	}
	profile, err := a.devProfile(ctx, realm)
	if err != nil {
		return Sandbox{}, err
	}
	_, token, err := a.Access.MakeKey(ctx, realm, devBy, access.Key{ID: a.sandboxKey, Kind: gateway.Contract, Label: "florin dev", May: append([]access.Permission{access.Credit}, access.Everything...)})
	if err != nil {
		return Sandbox{}, err
	}
	if err := a.devInbox(ctx, realm, profile); err != nil {
		return Sandbox{}, err
	}
	own, err := a.Webhooks.RevealDefault(ctx, realm.ID, profile.Merchant, devBy)
	if err != nil {
		return Sandbox{}, err
	}
	a.inbox.secrets = append(a.inbox.secrets, own.Signing)
	april, err := a.furnishApril(ctx, realm, profile.Merchant)
	if err != nil {
		return Sandbox{}, err
	}
	spense, err := a.furnishSpense(ctx, realm)
	if err != nil {
		return Sandbox{}, err
	}
	media, err := a.furnishMedia(ctx, realm, profile.Merchant)
	if err == nil {
		err = a.furnishBilling(ctx, realm, profile, &media)
	}
	if err != nil {
		return Sandbox{}, err
	}
	return Sandbox{URL: a.BaseURL, PID: os.Getpid(), April: april, Media: media, Spense: spense, Gateway: SandboxGateway{Base: a.BaseURL + "/gateway", Token: token.Reveal(),
		EntityID: devEntity, EntityType: "PARTICIPATOR", MerchantID: devMerchant, WebhookSecret: own.Signing.Reveal()}}, nil
}

func (a *App) devRealm(ctx context.Context) (access.Realm, error) {
	realm, err := a.Access.AddRealm(ctx, devOrganisation, access.Test)
	if !fault.Is(err, "conflict.realm") {
		return realm, err
	}
	list, err := a.Access.Realms(ctx)
	for _, r := range list {
		if r.Organisation == devOrganisation && r.Environment == access.Test {
			return r, err
		}
	}
	return realm, err
}

func (a *App) devProfile(ctx context.Context, realm access.Realm) (merchant.Profile, error) {
	if p, _, err := a.Merchants.ByCode(ctx, realm.ID, devEntity); !fault.Is(err, fault.NotFound) {
		return p, err
	}
	m, err := a.Merchants.Add(ctx, realm.ID, devBy, merchant.Merchant{Code: devMerchant, Name: "Lind Media", Country: "NO"})
	if err != nil {
		return merchant.Profile{}, err
	}
	return a.Merchants.AddProfile(ctx, realm.ID, devBy, merchant.Profile{Merchant: m.ID, Code: devEntity, Name: "Lind Media",
		Settings: merchant.Settings{ThreeDS: true, Notifications: true}})
}

var devBy = audit.By{Actor: "florin dev", Origin: "dev"}

// devInbox subscribes the built-in inbox, so that the first payment already
// shows what a merchant's server would receive.
func (a *App) devInbox(ctx context.Context, realm access.Realm, p merchant.Profile) error {
	list, err := a.Webhooks.List(ctx, realm.ID)
	if err != nil {
		return err
	}
	for _, e := range list { // of an earlier start, at another address perhaps
		if e.Kind == webhook.Subscribed && e.State == webhook.Active {
			if err := a.Webhooks.Disable(ctx, realm.ID, e.ID, devBy); err != nil {
				return err
			}
		}
	}
	_, shown, err := a.Webhooks.Subscribe(ctx, realm.ID, devBy, webhook.Wish{Merchant: p.Merchant, URL: a.BaseURL + "/inbox/hook", Contract: gateway.Contract})
	a.inbox.secrets = append(a.inbox.secrets, shown.Signing)
	return err
}

// WriteReady writes the sandbox's credentials where a test suite waits for
// them, whole or not at all, readable by its owner alone.
func (s Sandbox) WriteReady(file string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".ready-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already when all went well
	if _, err = tmp.Write(append(b, '\n')); err == nil {
		err = tmp.Close()
	}
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	return err
}

// DevHandler is Handler with what developers need beside it: the start page,
// the inbox, and a long poll for `florin listen`.
func (a *App) DevHandler(s Sandbox) http.Handler {
	a.SignIn.Outbox = "/outbox"
	return a.routes(func(r chi.Router) {
		a.devPages(r, s)
		r.Post("/inbox/hook", a.inbox.receive())
		r.Post("/inbox/hook/*", a.inbox.receive())
		r.Get("/inbox/feed", a.feed)
	})
}

// feed answers with what arrived after ?after=, waiting for it up to 25 s; -1
// asks for all there is and waits for nothing.
func (a *App) feed(w http.ResponseWriter, r *http.Request) {
	after := number(r.URL.Query().Get("after"))
	deadline := time.After(25 * time.Second)
	for {
		list, more := a.inbox.since(after)
		if len(list) > 0 || after < 0 {
			answer(w, http.StatusOK, list)
			return
		}
		select {
		case <-more:
		case <-a.leaving:
			answer(w, http.StatusOK, []Received{})
			return
		case <-deadline:
			answer(w, http.StatusOK, []Received{})
			return
		case <-r.Context().Done():
			return
		}
	}
}

// AdvanceSandbox moves the test merchant's clock ahead at the start: 36h, 7d.
func (a *App) AdvanceSandbox(ctx context.Context, by string) error {
	d, err := time.ParseDuration(by)
	if days, ok := strings.CutSuffix(by, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil {
		return fmt.Errorf("%q is no span of time: 90m, 36h or 7d, for example", by)
	}
	realm, err := a.devRealm(ctx)
	if err == nil {
		_, err = a.advance(ctx, realm.ID, d)
	}
	return err
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
