package april_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/api/wire/script"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/core/webhook"
	"github.com/florinpay/florin/store/storetest"
)

// subscribe makes a subscription and answers its id and its secret.
func (h *house) subscribe(t *testing.T, key, variant, endpoint, events string) (id, secret string) {
	t.Helper()
	got := h.ask(t, "POST", "/webhooks", key, fmt.Sprintf(`{"Create%s":{"endpoint":%q,"events":%s}}`, variant, endpoint, events))
	if got.status != http.StatusOK {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	return got.text(variant, "id"), got.text(variant, "secret")
}

// TestDeliveriesOfSources: what is told of payment sources, payouts and invoices
// for fees, and that no event holds the link of an order.
func TestDeliveriesOfSources(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			a := h.sandbox.April
			realm := access.Realm{ID: h.realmOf(t), Environment: access.Test}
			inbox := script.Listen(t, nil)
			_, secret := h.subscribe(t, a.SecretKey, "WebhookMerchantSubscription", inbox.URL+"/shop", `["PaymentSourceCreated","PaymentSourceDeleted","PayoutCreated","PayoutPaid","PayoutFailed","OrderCreated"]`)
			h.subscribe(t, a.MarketplaceKey, "WebhookMarketplaceSubscription", inbox.URL+"/market", `["InvoiceIssued","InvoicePaid"]`)
			source := h.ask(t, "POST", "/sources", a.SecretKey, `{"CreateSavedPaymentSource":{"sourceMethod":{"CardMethod":{"cardNumber":"4242424242424242","expMonth":8,"expYear":2029,"cvc":"123"}}}}`,
				"Customer-Id", a.CustomerID).text("paymentSourceId")
			h.ask(t, "DELETE", "/sources/"+source, a.SecretKey, "")
			_, link := h.link(t, "")
			owner := coreID(t, a.MerchantID)
			if _, err := h.app.Merchants.AddAccount(t.Context(), realm.ID, audit.By{Actor: "test"}, owner, merchant.BankAccount{Holder: "Lind", Region: merchant.Australia, BankCode: "062000", Number: "12345678", Currency: "AUD"}, true); err != nil {
				t.Fatal(err)
			}
			h.plan(t, realm, owner, settlement.Net)
			h.earn(t, realm, owner, 12500)
			h.done(t, "PATCH", "/merchants/"+a.MerchantID, a.SecretKey, `{"UpdatePayoutSettings":{"notificationEmails":["books@lind.example","cfo@lind.example"],"notificationsEnabled":true}}`)
			payout := h.ask(t, "POST", "/transactions/payouts", a.SecretKey, `{"currency":"AUD","payoutAmount":5000,"statementDescriptor":"Lind payout"}`).text("payoutId")
			h.ask(t, "POST", "/simulation", a.SecretKey, `{"SimulatePayout":{"merchantId":"`+a.MerchantID+`","outcome":"paid"}}`)
			failed := h.done(t, "POST", "/transactions/payouts", a.SecretKey, `{"currency":"AUD","payoutAmount":1000,"statementDescriptor":"Lind payout"}`, "payoutId")
			for _, outcome := range []string{"failed", "reversed"} {
				h.done(t, "POST", "/simulation", a.SecretKey, `{"SimulatePayout":{"merchantId":"`+a.MerchantID+`","outcome":"`+outcome+`"}}`)
			}
			h.payeeIsTold(t, map[string]string{payout: "was paid into your account", failed: "is owed to you again"})
			invoice := h.feesIssued(t, realm)
			h.deliver(t)
			for _, want := range []struct {
				at, event string
				path      []string
				value     string
			}{
				{"/shop", "PaymentSourceCreated", []string{"source", "paymentSourceId"}, source}, {"/shop", "PaymentSourceDeleted", []string{"source", "paymentSourceId"}, source},
				{"/shop", "PayoutCreated", []string{"payout", "payoutId"}, payout}, {"/shop", "PayoutPaid", []string{"payout", "status"}, "paid"},
				{"/shop", "PayoutFailed", []string{"payout", "payoutId"}, failed}, {"/shop", "PayoutFailed", []string{"payout", "status"}, "reversed"},
				{"/shop", "OrderCreated", []string{"order", "orderType"}, "paybylink"},
				{"/market", "InvoiceIssued", []string{"invoice", "invoiceId"}, invoice}, {"/market", "InvoicePaid", []string{"invoice", "status"}, "paid"},
			} {
				header, body, err := inbox.Next(inbox.URL+want.at, `"webhookEventType":"`+want.event+`"`)
				if err != nil {
					t.Errorf("%s: %v", want.event, err)
					continue
				}
				if got := (answer{body: body}).text(append([]string{"event", want.event}, want.path...)...); got != want.value {
					t.Errorf("%s: got %q of %s, want %q", want.event, got, body, want.value)
				}
				if want.at == "/shop" && !signed(secret, header.Get("April-Signature"), body) {
					t.Errorf("%s: the signature does not hold", want.event)
				}
				if strings.Contains(string(body), link) || strings.Contains(string(body), "_lk_") {
					t.Errorf("%s: the link of an order is told: %s", want.event, body)
				}
			}
		})
	}
}

// payeeIsTold: both addresses of a merchant hear what became of payouts.
func (h *house) payeeIsTold(t *testing.T, news map[string]string) {
	t.Helper()
	for payout, text := range news {
		list, err := h.app.Notify.List(t.Context(), h.realmOf(t), notify.Filter{Object: coreID(t, payout)}, 10)
		if err != nil || len(list) != 2 {
			t.Fatalf("%s: got %d letters, %v", payout, len(list), err)
		}
		for _, m := range list {
			if !strings.Contains(m.Text, text) || !strings.HasSuffix(m.To, "@lind.example") || !strings.Contains(m.Subject, "AUD") {
				t.Errorf("%s: %s: %s", m.To, m.Subject, m.Text)
			}
		}
	}
}

// feesIssued gives a merchant of the sandbox's marketplace an invoice for its
// fees, which is paid, and answers its name.
func (h *house) feesIssued(t *testing.T, realm access.Realm) string {
	t.Helper()
	m, err := h.app.Merchants.AddSub(t.Context(), realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Marketplace: coreID(t, h.sandbox.April.MarketplaceID), Name: "Gross", Country: "AU"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, invoice := h.settles(t, realm, m.ID)
	if _, err := h.app.Access.Advance(t.Context(), realm.ID, 11*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	h.work(t)
	if _, err := h.app.Settlement.PayInvoice(t.Context(), realm.ID, audit.By{Actor: "test"}, coreID(t, invoice), 274, "transfer"); err != nil {
		t.Fatal(err)
	}
	return invoice
}

// shopServer is a receiver that is down until it is up.
type shopServer struct {
	*httptest.Server
	mu   sync.Mutex
	up   bool
	seen []string // the events' ids, as they came
}

func (s *shopServer) repair() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up = true
}

func (s *shopServer) tries() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

func newShopServer(t *testing.T) *shopServer {
	s := &shopServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, r.Header.Get("April-Event-Id"))
		if !s.up {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// TestSuspension: the ladder of tries (sheet, 6.8), then nothing more; a
// subscription that has failed for seven days is suspended and collects nothing;
// once it is active again, what was lost is replayed under the same id.
func TestSuspension(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			key, realm := h.sandbox.April.SecretKey, h.realmOf(t)
			shop := newShopServer(t)
			id, _ := h.subscribe(t, key, "WebhookMerchantSubscription", shop.URL+"/hook", `["OrderCreated"]`)
			pass := func(d time.Duration) {
				if _, err := h.app.Access.Advance(t.Context(), realm, d); err != nil {
					t.Fatal(err)
				}
				h.deliver(t)
			}
			status := func() string {
				return h.ask(t, "GET", "/webhooks/"+id, key, "").text("WebhookMerchantSubscription", "status")
			}
			h.order(t, 100)
			h.deliver(t)
			for i, pause := range april.Manner().Ladder {
				pass(pause - time.Second)
				if n := len(shop.tries()); n != i+1 {
					t.Fatalf("%s after try %d: got %d tries", pause-time.Second, i+1, n)
				}
				pass(time.Second)
				if n := len(shop.tries()); n != i+2 {
					t.Fatalf("%s after try %d: got %d tries", pause, i+1, n)
				}
			}
			if pass(76 * time.Hour); len(shop.tries()) != 9 || status() != "Active" {
				t.Errorf("got %d tries, the subscription is %s", len(shop.tries()), status())
			}
			h.order(t, 200)
			if pass(time.Hour); status() != "Suspended" {
				t.Errorf("after seven days the subscription is %s", status())
			}
			before := len(shop.tries())
			h.order(t, 300)
			h.done(t, "PATCH", "/webhooks/"+id, key, `{"ActivateWebhookSubscription":{}}`)
			shop.repair()
			if pass(time.Hour); len(shop.tries()) != before {
				t.Errorf("a suspended subscription has collected something")
			}
			list, err := h.app.Webhooks.Deliveries(t.Context(), realm, coreID(t, id), "", 10)
			if err != nil || len(list) != 2 {
				t.Fatalf("got %d deliveries (%v), want 2", len(list), err)
			}
			for _, d := range list {
				if d.State != webhook.Dead {
					t.Errorf("got %s, want dead", d.State)
				}
				if _, err := h.app.Webhooks.Replay(t.Context(), realm, d.ID, audit.By{Actor: "test"}); err != nil {
					t.Fatal(err)
				}
			}
			h.deliver(t)
			if got := shop.tries()[before:]; len(got) != 2 || !slices.Contains(got, shop.tries()[0]) || status() != "Active" {
				t.Errorf("replayed: got %v, the subscription is %s", got, status())
			}
		})
	}
}
