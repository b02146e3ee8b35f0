package april_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/florinpay/florin/store/storetest"
)

// TestTestCards pays with every card of the sandbox that needs no challenge
// (sheet, 6.11); TestTheRoundTrip has the others.
func TestTestCards(t *testing.T) {
	h := open(t, "sqlite")
	key := h.sandbox.April.SecretKey
	for _, tt := range []struct {
		number string
		status int
		want   string
	}{
		{"4242424242424242", 200, "accepted"}, {"5555555555554444", 200, "accepted"}, {"378282246310005", 200, "accepted"}, {"4000056655665556", 200, "accepted"},
		{"4000000000009995", 400, "insufficient_funds"}, {"4000000000000002", 400, "do_not_honor"}, {"4000000000000069", 400, "expired_card"},
		{"4000000000000127", 400, "incorrect_cvc"}, {"4000000000009979", 400, "stolen_card"}, {"4100000000000019", 400, "fraudulent"},
		{"4000000000000259", 200, "accepted"},
	} {
		cvc := "123"
		if len(tt.number) == 15 {
			cvc = "1234"
		}
		token := h.done(t, "POST", "/tokens", key, fmt.Sprintf(`{"CreateCardToken":{"amount":{"minorCurrencyUnits":12500,"currency":"AUD"},
			"card":{"cardNumber":%q,"expMonth":8,"expYear":2029,"cvc":%q}}}`, tt.number, cvc), "CardToken", "paymentTokenId")
		of := h.order(t, 12500)
		got := h.pay(t, of, token, "PayByCard", "")
		if coded := string(h.ask(t, "GET", "/transactions?orderId="+of, key, "").body); tt.want == "incorrect_cvc" && !strings.Contains(coded, `"cardCVCVerificationPassed":false`) ||
			tt.want == "accepted" && !strings.Contains(coded, `"cardCVCVerificationPassed":true`) {
			t.Errorf("%s: the transaction says %s", tt.number, coded)
		}
		if word := got.text("PayOrderComplete", "transactionStatus") + got.code(); got.status != tt.status || word != tt.want {
			t.Errorf("%s: got %d %s, want %d %s", tt.number, got.status, got.body, tt.status, tt.want)
		}
		if tt.number == "4000000000000259" {
			h.disputedLater(t, got.text("PayOrderComplete", "transactionId"))
		}
	}
}

// disputedLater: a minute after its payment the card's bank takes the money back.
func (h *house) disputedLater(t *testing.T, id string) {
	t.Helper()
	for _, step := range []struct {
		seconds int
		want    string
	}{{30, "accepted"}, {31, "disputed"}} {
		h.done(t, "POST", "/simulation", h.sandbox.April.MarketplaceKey, fmt.Sprintf(`{"SimulateAdvanceClock":{"seconds":%d}}`, step.seconds))
		if got := h.transaction(t, id); got.text("purchaseDetails", "status") != step.want {
			t.Errorf("%d seconds on: got %s, want %s", step.seconds, got.body, step.want)
		}
	}
	if got := h.ask(t, "GET", "/transactions/disputes?transactionId="+id, h.sandbox.April.SecretKey, ""); !strings.Contains(string(got.body), "needs_response") {
		t.Errorf("got %s", got.body)
	}
}

// TestAHundredRefundsAtOnce: together they never give back more than was paid.
func TestAHundredRefundsAtOnce(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			paid := h.pay(t, h.order(t, 12500), h.token(t, "4242424242424242", 12500), "PayByCard", "")
			id := paid.text("PayOrderComplete", "transactionId")
			answers := make([]answer, 100)
			var wait sync.WaitGroup
			for i := range answers {
				wait.Go(func() {
					answers[i] = h.ask(t, "PATCH", "/transactions/"+id, h.sandbox.April.SecretKey, `{"CreateRefund":{"refundAmount":300}}`)
				})
			}
			wait.Wait()
			given := 0
			for _, got := range answers {
				if got.status == http.StatusOK {
					given++
				} else if got.status != http.StatusUnprocessableEntity || got.code() != "refund_exceeds_amount" {
					t.Errorf("got %d %s", got.status, got.body)
				}
			}
			if got := h.transaction(t, id); given != 41 || !strings.Contains(string(got.body), `"refundedAmount":12300,`) {
				t.Errorf("%d of 300 were given back; the transaction says %s", given, got.body)
			}
			report, err := h.app.Verify(t.Context(), func(string, int64, int64) {})
			if err != nil || len(report.Findings) > 0 {
				t.Errorf("the books: %v (%v)", report, err)
			}
		})
	}
}

// TestWhateverTheContentType: a body is read as JSON.
func TestWhateverTheContentType(t *testing.T) {
	h := open(t, "sqlite")
	for _, kind := range []string{"", "application/x-www-form-urlencoded", "text/plain; charset=latin1", "multipart/form-data; boundary=x", "application/xml", ";;nothing;;"} {
		got := h.ask(t, "POST", "/orders", h.sandbox.April.SecretKey, `{"CreateOnlineOrder":{"referenceOrderId":"10045","amount":{"minorCurrencyUnits":1999.0,"currency":"AUD"}}}`, "Content-Type", kind)
		if got.status != http.StatusOK {
			t.Errorf("%q: got %d %s", kind, got.status, got.body)
		}
	}
}
