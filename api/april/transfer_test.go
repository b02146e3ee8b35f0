package april_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// transfer makes an order that is paid by bank transfer, and answers what the
// payer has to quote.
func (h *house) transfer(t *testing.T, minor int64) (order, transaction, reference string) {
	t.Helper()
	key := h.sandbox.April.SecretKey
	amount := fmt.Sprintf(`"amount":{"minorCurrencyUnits":%d,"currency":"AUD"}`, minor)
	token := h.done(t, "POST", "/tokens", key, `{"CreateBankTransferToken":{`+amount+`}}`, "BankTransferToken", "paymentTokenId")
	order = h.done(t, "POST", "/orders", key, `{"CreateOnlineOrder":{"referenceOrderId":"T-1",`+amount+`}}`, "OnlineOrder", "order", "orderId")
	got := h.ask(t, "POST", "/orders/"+order+"/pay", key, `{"PayByPaymentToken":{"paymentTokenId":"`+token+`"}}`)
	reference = got.text("PayOrderComplete", "transactionDetails", "paymentMethod", "bankTransferDetails", "reference")
	if got.status != http.StatusOK || got.text("PayOrderComplete", "transactionStatus") != "pending" || reference == "" {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	return order, got.text("PayOrderComplete", "transactionId"), reference
}

// arrives has money come, and answers what became of the transaction whose
// reference it quotes.
func (h *house) arrives(t *testing.T, reference string, minor int64) string {
	t.Helper()
	got := h.ask(t, "POST", "/simulation", h.sandbox.April.SecretKey, fmt.Sprintf(`{"SimulateBankTransfer":{"reference":%q,"amount":{"minorCurrencyUnits":%d,"currency":"AUD"},"payerName":"N BERG"}}`, reference, minor))
	if got.status != http.StatusOK {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	return got.text("SimulationResult", "transactionStatus")
}

// stands is what is posted on the accounts of the merchant and of suspense.
func (h *house) stands(t *testing.T) (merchant, suspense int64) {
	t.Helper()
	err := h.app.DB.View(t.Context(), h.realmOf(t), func(tx *store.Tx) error {
		for account, sum := range map[ledger.Account]*int64{ledger.Merchant(coreID(t, h.sandbox.April.MerchantID)): &merchant, ledger.Suspense("fake"): &suspense} {
			list, err := ledger.Balance(tx, account)
			if err != nil {
				return err
			}
			for _, b := range list {
				*sum -= b.Posted.Minor
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return merchant, suspense
}

// TestTransfersThatDiffer: what is over, comes twice or under a wrong reference
// is seen by the merchant's client for what it is, and stands in suspense until
// somebody decides; the merchant is owed what the order is for, once.
func TestTransfersThatDiffer(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			key := h.sandbox.April.SecretKey
			order, transaction, reference := h.transfer(t, 9900)
			type step struct {
				reference                string
				minor                    int64
				answer                   string
				status                   string // of the transaction
				received, owed, suspense int64
				order                    string
			}
			for i, s := range []step{
				{"NOBODY WAITS", 9900, "", "pending", 0, 0, 9900, "pending"},
				{"", 9000, "pending", "pending", 9000, 0, 18900, "pending"},
				{"", 3400, "accepted", "accepted", 12400, 9900, 12400, "paid"},
				{"", 9900, "accepted", "accepted", 22300, 9900, 22300, "paid"},
			} {
				quoted := s.reference
				if quoted == "" {
					quoted = reference
				}
				if got := h.arrives(t, quoted, s.minor); got != s.answer {
					t.Errorf("%d: the simulation says %q, want %q", i, got, s.answer)
				}
				var seen struct {
					PurchaseDetails struct {
						Status string
						Amount struct{ MinorCurrencyUnits int64 }
					}
					PaymentMethod struct {
						ReceivedAmount int64
						PayerName      string
					}
				}
				h.read(t, "/transactions/"+transaction, key, &seen)
				if seen.PurchaseDetails.Status != s.status || seen.PaymentMethod.ReceivedAmount != s.received || seen.PurchaseDetails.Amount.MinorCurrencyUnits != 9900 ||
					(seen.PaymentMethod.PayerName == "N BERG") != (s.received > 0) {
					t.Errorf("%d: the client sees %+v", i, seen)
				}
				if owed, suspense := h.stands(t); owed != s.owed || suspense != s.suspense {
					t.Errorf("%d: the books owe the merchant %d and hold %d, want %d and %d", i, owed, suspense, s.owed, s.suspense)
				}
				if got := h.done(t, "GET", "/orders/"+order, key, "", "status"); got != s.order {
					t.Errorf("%d: the order is %s, want %s", i, got, s.order)
				}
			}
			held, err := h.app.Payments.HeldArrivals(t.Context(), h.realmOf(t))
			var left []int64
			for _, a := range held {
				left = append(left, a.Held())
			}
			if err != nil || !slices.Equal(left, []int64{9900, 2500, 9900}) {
				t.Errorf("a human is asked about %v, %v", left, err)
			}
			h.refusesTransfers(t)
			report, err := h.app.Verify(t.Context(), func(string, int64, int64) {})
			if err != nil || len(report.Findings) > 0 {
				t.Errorf("the books: %v (%v)", report.Findings, err)
			}
		})
	}
}

// refusesTransfers: money that cannot have come changes nothing.
func (h *house) refusesTransfers(t *testing.T) {
	t.Helper()
	merchant, suspense := h.stands(t)
	for body, want := range map[string]string{
		`{"reference":"X","amount":{"minorCurrencyUnits":0,"currency":"AUD"}}`:                   "400 validation_failed",
		`{"reference":"X","amount":{"minorCurrencyUnits":-1,"currency":"AUD"}}`:                  "400 validation_failed",
		`{"reference":"X","amount":{"minorCurrencyUnits":9223372036854775808,"currency":"AUD"}}`: "400 invalid_request",
		`{"reference":"X","amount":{"minorCurrencyUnits":1999.5,"currency":"AUD"}}`:              "400 invalid_request",
		`{"reference":"X","amount":{"minorCurrencyUnits":1,"currency":"XAU"}}`:                   "400 validation_failed",
		`{"reference":"X","amount":{"minorCurrencyUnits":1,"currency":"AUD"},"channel":"post"}`:  "400 validation_failed",
		`{"amount":{"minorCurrencyUnits":1,"currency":"AUD"}}`:                                   "400 validation_failed",
	} {
		if got := h.ask(t, "POST", "/simulation", h.sandbox.April.SecretKey, `{"SimulateBankTransfer":`+body+`}`); fmt.Sprint(got.status, " ", got.code()) != want || !json.Valid(got.body) {
			t.Errorf("%s: got %d %s, want %s", body, got.status, got.body, want)
		}
	}
	if a, b := h.stands(t); a != merchant || b != suspense {
		t.Errorf("the books went from %d, %d to %d, %d", merchant, suspense, a, b)
	}
}
