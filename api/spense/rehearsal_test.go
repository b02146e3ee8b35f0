package spense_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store/storetest"
)

// TestAmountsThatRehearse is the sheet's table of test mode (section 11), for
// links: the last two digits of the amount say what becomes of the first try.
func TestAmountsThatRehearse(t *testing.T) {
	h := open(t, "sqlite")
	for _, c := range []struct{ amount, now, later, again string }{
		{"100.00", "SUCCESS", "SUCCESS", ""},
		{"100.01", "OPENED", "OPENED", "SUCCESS"}, // declined once
		{"100.02", "OPENED", "OPENED", "SUCCESS"}, // cancelled by the payer
		{"100.03", "PENDING", "SUCCESS", ""},
		{"100.04", "PENDING", "REJECTED", ""},
		{"100.05", "UNKNOWN", "SUCCESS", ""},
	} {
		got := h.ask(t, "POST", "/api/payments", h.token, h.order("12490.00,", c.amount+","))
		id, link := got.member(t, "id"), got.member(t, "paymentUrl")
		status := func() string {
			return h.ask(t, "GET", "/api/payments/"+id, h.token, "").member(t, "paymentStatus")
		}
		try := func() { h.visit(t, link[strings.LastIndexByte(link, '/')+1:], "VISA", "4242424242424242") }
		try()
		if got := status(); got != c.now {
			t.Errorf("%s at once: got %s, want %s", c.amount, got, c.now)
		}
		h.advance(t, 50*time.Second)
		h.work(t)
		if got := status(); got != c.now {
			t.Errorf("%s before a minute is over: got %s, want %s", c.amount, got, c.now)
		}
		for range 3 {
			h.advance(t, time.Minute)
			h.work(t)
		}
		if got := status(); got != c.later {
			t.Errorf("%s later: got %s, want %s", c.amount, got, c.later)
		}
		if c.again == "" {
			continue
		}
		try()
		if got := status(); got != c.again {
			t.Errorf("%s at the next try: got %s, want %s", c.amount, got, c.again)
		}
	}
}

// TestBillsThatRehearse is the same table for the test bill, with what W1 tells;
// another kind of bill waits for its transfer, whatever the amount.
func TestBillsThatRehearse(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h, in := open(t, engine), receive(t, http.StatusOK)
			own, err := h.app.Merchants.AddChannel(t.Context(), h.sandboxRealm(t), audit.By{Actor: "test"}, merchant.Channel{Merchant: ident.ID(h.sandbox.Spense.OrganizationID), Kind: merchant.InvoiceChannel,
				Name: "14 days", Active: true, Settings: merchant.ChannelSettings{Account: "1503 91 23451"}})
			if err != nil {
				t.Fatal(err)
			}
			type bill struct{ amount, method, now, soon, later, told, id string }
			bills := []bill{
				{"100.00", "6fa0000000000000000000b1", "PENDING", "SUCCESS", "SUCCESS", "SUCCESS", ""},
				{"100.01", "6fa0000000000000000000b1", "PENDING", "REJECTED", "REJECTED", "REJECTED", ""},
				{"100.02", "6fa0000000000000000000b1", "PENDING", "REJECTED", "REJECTED", "REJECTED", ""},
				{"100.03", "6fa0000000000000000000b1", "PENDING", "PENDING", "SUCCESS", "SUCCESS", ""},
				{"100.04", "6fa0000000000000000000b1", "PENDING", "PENDING", "REJECTED", "REJECTED", ""},
				{"100.05", "6fa0000000000000000000b1", "UNKNOWN", "UNKNOWN", "SUCCESS", "SUCCESS", ""},
				{"100.00", string(own.ID), "PENDING", "PENDING", "PENDING", "", ""},
				{"100.01", string(own.ID), "PENDING", "PENDING", "PENDING", "", ""},
			}
			for i, b := range bills {
				got := h.ask(t, "POST", "/api/payments", h.token, h.order("12490.00,", b.amount+",", `},"order"`, `},"paymentMethodId":"`+b.method+`","callback":{"url":"`+in.url+`"},"order"`))
				bills[i].id = got.member(t, "id")
				if got.status != 200 || got.member(t, "paymentStatus") != b.now {
					t.Fatalf("%s: got %d %s", b.amount, got.status, got.body)
				}
			}
			look := func(when string, want func(b bill) string) {
				t.Helper()
				h.work(t)
				h.deliver(t)
				for _, b := range bills {
					if got := h.ask(t, "GET", "/api/payments/"+b.id, h.token, "").member(t, "paymentStatus"); got != want(b) {
						t.Errorf("%s by %s %s: got %s, want %s", b.amount, b.method, when, got, want(b))
					}
				}
			}
			look("at once", func(b bill) string { return b.now })
			h.advance(t, 6*time.Second)
			look("after 5 seconds", func(b bill) string { return b.soon })
			h.advance(t, time.Minute)
			look("after a minute", func(b bill) string { return b.later })
			told := map[string]string{}
			for _, body := range in.all() {
				a := answer{body: body}
				told[a.member(t, "id")] += a.member(t, "paymentStatus")
			}
			for _, b := range bills {
				if told[b.id] != b.told {
					t.Errorf("%s by %s: told %q, want %q", b.amount, b.method, told[b.id], b.told)
				}
			}
			letter := h.ask(t, "GET", "/sandbox/outbox?object="+bills[6].id, h.sandbox.Gateway.Token, "").body
			if !strings.Contains(letter, "1503 91 23451") {
				t.Errorf("the bill does not say where to pay: %s", letter)
			}
			if r, err := h.app.Verify(t.Context(), func(string, int64, int64) {}); err != nil || len(r.Findings) > 0 {
				t.Errorf("got %+v (%v)", r, err)
			}
		})
	}
}

// TestIdempotencyOverTheWire: M1 and M5 under an Idempotency-Key (sheet, 2.4).
// The same request gets the same answer and does nothing twice, another one is
// refused, and an operation that does not heed the key is not kept by it.
func TestIdempotencyOverTheWire(t *testing.T) {
	h := open(t, "sqlite")
	key := []string{"Idempotency-Key", "order-20417"}
	first := h.ask(t, "POST", "/api/payments", h.token, h.order(), key...)
	again := h.ask(t, "POST", "/api/payments", h.token, h.order(), key...)
	if first.status != 200 || again.status != 200 || again.body != first.body || first.header.Get("Idempotent-Replay") != "" || again.header.Get("Idempotent-Replay") != "true" {
		t.Fatalf("M1: got %d %s, then %d %v %s", first.status, first.body, again.status, again.header, again.body)
	}
	reused := `{"detail":"Idempotency-Key was used for another request"}`
	if got := h.ask(t, "POST", "/api/payments", h.token, h.order("12490.00,", "1.00,"), key...); got.status != 409 || got.body != reused {
		t.Errorf("M1 with another body: got %d %s", got.status, got.body)
	}
	paid := h.settle(t)
	refund := "/api/payments/" + paid + "/refund"
	first = h.ask(t, "POST", refund, h.token, `{"amount":90}`, key[0], "refund-1")
	again = h.ask(t, "POST", refund, h.token, `{"amount":90}`, key[0], "refund-1")
	if first.status != 200 || again.body != first.body || again.header.Get("Idempotent-Replay") != "true" || first.member(t, "refundedAmount") != "90.0" {
		t.Errorf("M5: got %d %s, then %d %s", first.status, first.body, again.status, again.body)
	}
	for name, c := range map[string]struct{ path, body string }{"another amount": {refund, `{"amount":91}`}, "another operation": {"/api/payments", h.order()},
		"another payment": {"/api/payments/0123456789abcdef01234567/refund", `{"amount":90}`}} {
		if got := h.ask(t, "POST", c.path, h.token, c.body, key[0], "refund-1"); got.status != 409 || got.body != reused {
			t.Errorf("M5, %s: got %d %s", name, got.status, got.body)
		}
	}
	if got := h.ask(t, "GET", "/api/payments/"+paid, h.token, ""); got.member(t, "refundedAmount") != "90.0" {
		t.Errorf("M5: refunded more than once: %s", got.body)
	}
	// A refusal changed nothing, so the key is free for the request put right.
	for _, c := range []struct {
		body   string
		status int
	}{{`{"amount":999999}`, 400}, {`{"amount":10}`, 200}} {
		if got := h.ask(t, "POST", refund, h.token, c.body, key[0], "refund-2"); got.status != c.status {
			t.Errorf("%s: got %d %s", c.body, got.status, got.body)
		}
	}
	for _, bad := range []string{strings.Repeat("x", 256), "ø"} {
		if got := h.ask(t, "POST", refund, h.token, `{"amount":10}`, key[0], bad); got.status != 400 || got.body != `{"detail":"Idempotency-Key is not valid"}` {
			t.Errorf("%q: got %d %s", bad, got.status, got.body)
		}
	}
	h.advance(t, 25*time.Hour)
	h.token = h.signIn(t, h.sandbox.Spense.ClientID, h.sandbox.Spense.ClientSecret)
	if got := h.ask(t, "POST", refund, h.token, `{"amount":90}`, key[0], "refund-1"); got.status != 200 || got.member(t, "refundedAmount") != "100.0" || got.header.Get("Idempotent-Replay") != "" {
		t.Errorf("a day later, when the answer is no longer kept: got %d %s", got.status, got.body)
	}
}
