package spense_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/api/spense"
	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
)

// deliver sends what is due.
func (h *house) deliver(t *testing.T) {
	t.Helper()
	for range 5 {
		list, err := h.app.Webhooks.Claim(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			if err := h.app.Webhooks.Deliver(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		if len(list) == 0 {
			return
		}
	}
}

// work does the jobs that are due.
func (h *house) work(t *testing.T) {
	t.Helper()
	apitest.Work(t, h.app)
}

// told makes a payment that tells an address, and has it paid outside.
func (h *house) told(t *testing.T, to string) (id string) {
	t.Helper()
	id = h.ask(t, "POST", "/api/payments", h.token, h.order(`},"order"`, `},"callback":{"url":"`+to+`"},"order"`)).member(t, "id")
	if got := h.ask(t, "POST", "/partner/payments/"+id+"/manual-paid", h.token, `{"payment_method":"cash","user_email":"kari@fjordbil.example"}`); got.status != 200 {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	return id
}

// V26, and W1 with its signature.
func TestPaymentUpdate(t *testing.T) {
	h, in := open(t, "sqlite"), receive(t, http.StatusNoContent)
	id := h.told(t, in.url)
	h.deliver(t)
	h.advance(t, 24*time.Hour)
	h.deliver(t)
	if got := in.all(); len(got) != 1 || got[0] != `{"id":"`+id+`","paymentStatus":"SUCCESS","paymentMethod":"cash","installmentUpdate":null}` {
		t.Fatalf("got %q", got)
	}
	head := in.heads[0]
	secrets, err := h.app.Webhooks.RevealDefault(t.Context(), h.sandboxRealm(t), ident.ID(h.sandbox.Spense.OrganizationID), audit.By{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secrets.Signing.Reveal(), "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(head.Get("X-Webhook-Id") + "." + head.Get("X-Webhook-Timestamp") + "." + in.all()[0]))
	if want := "v1=" + hex.EncodeToString(mac.Sum(nil)); head.Get("X-Webhook-Signature") != want || head.Get("User-Agent") != "florin-webhooks/1" || len(head.Get("X-Webhook-Id")) != 36 {
		t.Errorf("got %v, want the signature %s", head, want)
	}
	if err := apitest.Document(t, spense.PaymentsAPI()).Notified("paymentUpdate", head, []byte(in.all()[0])); err != nil {
		t.Error(err)
	}
}

// V20: a host that is not on the list, and what is no https, is never called.
func TestUnlistedHosts(t *testing.T) {
	h, in := open(t, "sqlite"), receive(t, http.StatusOK)
	u, err := url.Parse(in.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"http://127.0.0.2:" + u.Port() + "/", "https://unlisted.example/", "https://UNLISTED.example/hooks?token=1", "ftp://localhost/", "javascript:1", "http://kari@localhost:" + u.Port() + "/", "//localhost", " " + in.url, "http://localhost.evil.example/"} {
		id := h.told(t, to)
		h.deliver(t)
		if list, err := h.app.Webhooks.About(t.Context(), h.sandboxRealm(t), ident.ID(id)); err != nil || len(list) > 0 {
			t.Errorf("%s: got %v (%v)", to, list, err)
		}
	}
	if got := in.all(); len(got) > 0 {
		t.Errorf("got %q", got)
	}
	seen := map[string]int64{}
	list, err := h.app.Webhooks.Unlisted(t.Context(), h.sandboxRealm(t))
	for _, u := range list { // what the operator is shown
		if seen[u.Host] = u.Messages; string(u.Merchant) != h.sandbox.Spense.OrganizationID {
			t.Errorf("got %+v", u)
		}
	}
	want := map[string]int64{"http://127.0.0.2:" + u.Port(): 1, "https://unlisted.example": 2, "ftp://localhost": 1, "http://localhost:" + u.Port(): 1, "://localhost": 1,
		"http://localhost.evil.example": 1, "(none)": 2}
	if err != nil || !maps.Equal(seen, want) {
		t.Errorf("got %v (%v), want %v", seen, err, want)
	}
}

// V25: a receiver that always answers 500 is called 26 times, at the minutes of
// the sheet's table, and never again.
func TestRetries(t *testing.T) {
	h, in := open(t, "sqlite"), receive(t, http.StatusInternalServerError)
	h.told(t, in.url)
	h.deliver(t)
	last := 0
	for n, minute := range []int{5, 10, 15, 20, 25, 40, 55, 70, 85, 100, 130, 160, 190, 220, 250, 310, 370, 430, 490, 550, 1990, 3430, 4870, 6310, 7750} {
		h.advance(t, time.Duration(minute-last)*time.Minute-20*time.Second)
		h.deliver(t)
		if got := len(in.all()); got != n+1 {
			t.Fatalf("before minute %d: %d calls, want %d", minute, got, n+1)
		}
		h.advance(t, 20*time.Second)
		h.deliver(t)
		if got := len(in.all()); got != n+2 {
			t.Fatalf("at minute %d: %d calls, want %d", minute, got, n+2)
		}
		last = minute
	}
	h.advance(t, 30*24*time.Hour)
	h.deliver(t)
	if got := len(in.all()); got != 26 {
		t.Errorf("got %d calls, want 26", got)
	}
	ids := map[string]bool{}
	for _, head := range in.heads {
		ids[head.Get("X-Webhook-Id")] = true
	}
	if len(ids) != 1 {
		t.Errorf("the id changed over retries: %v", ids)
	}
}

// A link is sent again, but not twice within half a minute.
func TestResend(t *testing.T) {
	h := open(t, "sqlite")
	id := h.ask(t, "POST", "/api/payments", h.token, h.order()).member(t, "id")
	messages := func() int {
		var out struct{ Messages []struct{} }
		got := h.ask(t, "GET", "/sandbox/outbox?object="+id, h.sandbox.Gateway.Token, "")
		decode(t, got.body, &out)
		return len(out.Messages)
	}
	resend := func() {
		if got := h.ask(t, "POST", "/partner/payment-methods/resend", h.token, `{"payment_id":"`+id+`"}`); got.status != 200 || got.body != "{}" {
			t.Fatalf("got %d %s", got.status, got.body)
		}
	}
	if n := messages(); n != 2 { // an SMS and an e-mail
		t.Fatalf("got %d messages", n)
	}
	resend()
	if n := messages(); n != 2 {
		t.Errorf("within half a minute: got %d messages", n)
	}
	h.advance(t, time.Minute)
	resend()
	if n := messages(); n != 4 {
		t.Errorf("a minute later: got %d messages", n)
	}
	if got := h.ask(t, "POST", "/partner/payment-methods/resend", h.token, `{"payment_id":"0123456789abcdef01234567"}`); got.status != 404 || got.body != `{"detail":"Payment not found"}` {
		t.Errorf("got %d %s", got.status, got.body)
	}
}
