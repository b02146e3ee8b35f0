package spense_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/api/spense"
	"github.com/florinpay/florin/api/wire/apitest"
)

// pushed makes a payment on a terminal that tells an address all there is to tell.
func (h *house) pushed(t *testing.T, amount, terminal, to string) (id string) {
	t.Helper()
	got := h.ask(t, "POST", "/api/payments", h.token, h.order("12490.00,", amount+",", `},"order"`, `},"callback":{"url":"`+to+`","terminal_failure_url":"`+to+`"},"order"`,
		`"customer":`, `"paymentMethodId":"`+terminal+`","customer":`))
	if got.status != 200 || got.member(t, "paymentStatus") != "OPENED" || got.member(t, "paymentMethodId") != terminal {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	return got.member(t, "id")
}

// counter is a house whose terminals are at work, and what it has been told.
type counter struct {
	*house
	t           *testing.T
	in          *received
	told        int
	desk, other string
}

func openCounter(t *testing.T) *counter {
	h := open(t, "sqlite")
	return &counter{house: h, t: t, in: receive(t, http.StatusOK), desk: h.sandbox.Spense.Terminals[0].ID, other: h.sandbox.Spense.Terminals[1].ID}
}

// hears says what has been told since it was asked last.
func (c *counter) hears(what, want string) {
	c.t.Helper()
	c.work(c.t)
	c.deliver(c.t)
	list := c.in.all()
	if got := strings.Join(list[c.told:], " "); got != want {
		c.t.Errorf("%s: got %s, want %s", what, got, want)
	}
	c.told = len(list)
}

func (c *counter) failure(id, code, message string) string {
	return `{"id":"` + id + `","paymentMethodId":"` + c.desk + `","errorCode":"` + code + `","errorMessage":"` + message + `"}`
}

func success(id, way string) string {
	return `{"id":"` + id + `","paymentStatus":"SUCCESS","paymentMethod":"` + way + `","installmentUpdate":null}`
}

func (c *counter) status(id, want string) {
	c.t.Helper()
	if got := c.ask(c.t, "GET", "/api/payments/"+id, c.token, "").member(c.t, "paymentStatus"); got != want {
		c.t.Errorf("%s: got %s, want %s", id, got, want)
	}
}

func (c *counter) resend(id, terminal string, want int, detail string) {
	c.t.Helper()
	got := c.ask(c.t, "POST", "/partner/payment-methods/resend", c.token, `{"payment_id":"`+id+`","payment_method_id":"`+terminal+`"}`)
	if got.status != want || got.member(c.t, "detail") != detail {
		c.t.Errorf("resend of %s to %s: got %d %s", id, terminal, got.status, got.body)
	}
}

// V24, its failures: W2 tells of them by the sheet's table (11), and the payment
// stays open.
func TestTerminalFailures(t *testing.T) {
	c := openCounter(t)
	for _, f := range []struct {
		amount, code, message string
		after                 time.Duration
	}{
		{"100.01", "declined", "Avvist", 10 * time.Second}, {"100.02", "cancelled", "Avbrutt på terminalen", 10 * time.Second},
		{"100.03", "timeout", "Ingen betalte på terminalen i tide", 3 * time.Minute}, {"100.04", "offline", "Terminalen er slått av eller kan ikke nås", 0},
	} {
		id := c.pushed(t, f.amount, c.desk, c.in.url)
		if f.after > 0 {
			c.advance(t, f.after)
		}
		c.hears(f.amount, c.failure(id, f.code, f.message))
		c.status(id, "OPENED")
	}
	if err := apitest.Document(t, spense.PaymentsAPI()).Notified("terminalFailure", c.in.heads[0], []byte(c.in.all()[0])); err != nil {
		t.Error(err)
	}
	const silence = "Terminalen sier ikke hva som skjedde med betalingen"
	for _, retried := range []bool{false, true} {
		silent := c.pushed(t, "100.05", c.desk, c.in.url)
		c.advance(t, 10*time.Second)
		c.hears("no answer", c.failure(silent, "unknown", silence))
		c.status(silent, "UNKNOWN")
		if retried {
			c.resend(silent, c.other, 200, "") // the terminal says that it has let go of it
			c.advance(t, 10*time.Second)
			c.hears("no answer there either", strings.Replace(c.failure(silent, "unknown", silence), c.desk, c.other, 1))
		}
		c.advance(t, 2*time.Minute)
		c.work(t)
		c.advance(t, 2*time.Minute)
		c.hears("an answer at last", success(silent, "terminal"))
	}
}

// V24, its success: W1 tells of it, and the receipt is printed. A payment goes
// from one terminal to another, to a link, or is paid outside.
func TestTerminals(t *testing.T) {
	c := openCounter(t)
	first := c.pushed(t, "100.00", c.desk, c.in.url)
	second := c.pushed(t, "200.03", c.desk, c.in.url)
	c.hears("a terminal with a payment", c.failure(second, "busy", "Terminalen er opptatt"))
	c.resend(second, c.desk, 409, "Terminal is busy")
	c.resend(second, "6fa0000000000000000000a2", 409, "Payment method is not active")
	c.resend(second, c.other, 200, "")
	c.resend(second, c.other, 200, "") // it is there
	c.advance(t, 10*time.Second)
	c.hears("paid", success(first, "terminal"))
	c.resend(second, c.desk, 200, "") // taken off the one, put on the other: nothing has failed
	if got := c.ask(t, "POST", "/partner/payments/"+second+"/manual-paid", c.token, `{"payment_method":"cash","user_email":"kari@fjordbil.example"}`); got.status != 200 {
		t.Errorf("paid outside while a terminal has it: got %d %s", got.status, got.body)
	}
	c.hears("paid outside", success(second, "cash"))
	third := c.pushed(t, "300.00", c.desk, c.in.url) // so it was let go
	c.resend(third, "000000000000000000000000", 200, "")
	c.advance(t, 10*time.Second)
	c.hears("a link instead", "")
	for id, want := range map[string]string{first: "", second: "Payment was not made on a terminal", third: "Payment is not paid"} {
		for range 2 {
			if got := c.ask(t, "POST", "/partner/payments/"+id+"/receipts/terminal/print", c.token, ""); got.member(t, "detail") != want {
				t.Errorf("a receipt: got %d %s, want %q", got.status, got.body, want)
			}
		}
	}
	tills, err := c.app.Provider.Tills()
	if err != nil {
		t.Fatal(err)
	}
	for _, till := range tills {
		if strings.HasSuffix(till.Name, "a1") && (len(till.Receipts) != 2 || till.Receipts[0][0] != "Fjord Bil AS" || till.Receipts[0][1] != "Org.nr.: NO919191919MVA") {
			t.Errorf("printed: %q", till.Receipts)
		}
	}
}

// A repeat under the same Idempotency-Key pushes nothing twice.
func TestTerminalOnce(t *testing.T) {
	h, in := open(t, "sqlite"), receive(t, http.StatusOK)
	body := h.order(`},"order"`, `},"callback":{"terminal_failure_url":"`+in.url+`"},"order"`, `"customer":`, `"paymentMethodId":"`+h.sandbox.Spense.Terminals[1].ID+`","customer":`)
	first := h.ask(t, "POST", "/api/payments", h.token, body, "Idempotency-Key", "one")
	again := h.ask(t, "POST", "/api/payments", h.token, body, "Idempotency-Key", "one")
	if first.status != 200 || first.body != again.body || again.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("got %d %s, then %d %s", first.status, first.body, again.status, again.body)
	}
	h.deliver(t)
	if got := in.all(); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}
