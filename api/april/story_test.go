package april_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/api/wire/script"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// TestTheStory goes the way of a marketplace's sub-merchant from its making to
// the money in its bank account, and holds the books to it.
func TestTheStory(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			s := &shopkeeper{house: h, t: t, market: h.sandbox.April.MarketplaceKey}
			s.setUp()
			inbox := script.Listen(t, nil)
			hook := s.must(s.key, "POST", "/webhooks", fmt.Sprintf(`{"CreateWebhookMerchantSubscription":{"endpoint":%q,"events":["OrderPaid","TransactionPaid","DisputeClosed"]}}`, inbox.URL+"/hook"))
			tran := s.sell()
			for _, back := range []int{1001, 1999} {
				s.must(s.key, "PATCH", "/transactions/"+tran, fmt.Sprintf(`{"CreateRefund":{"refundAmount":%d}}`, back))
			}
			other := s.sell()
			s.must(s.key, "POST", "/simulation", fmt.Sprintf(`{"SimulateDispute":{"transactionId":%q,"amount":5000,"outcome":"opened"}}`, other))
			s.must(s.key, "POST", "/simulation", fmt.Sprintf(`{"SimulateDispute":{"transactionId":%q,"outcome":"lost"}}`, other))
			third := s.sell()
			s.must(s.market, "POST", "/simulation", `{"SimulateAdvanceClock":{"seconds":432000}}`)
			paid := s.must(s.market, "POST", "/simulation", fmt.Sprintf(`{"SimulatePayout":{"merchantId":%q,"outcome":"paid"}}`, s.merchant))
			h.work(t)
			for id, want := range map[string]string{tran: "partially_refunded", other: "partially_refunded", third: "paid"} {
				if got := s.must(s.key, "GET", "/transactions/"+id, ""); got.text("purchaseDetails", "status") != want || got.text("purchaseDetails", "paidOn") == "" {
					t.Errorf("%s: got %s", want, got.body)
				}
			}
			h.deliver(t)
			for event, object := range map[string]string{"OrderPaid": s.order, "TransactionPaid": third, "DisputeClosed": other} {
				header, body, err := inbox.Next(inbox.URL+"/hook", event)
				for err == nil && !strings.Contains(string(body), object) {
					header, body, err = inbox.Next(inbox.URL+"/hook", event)
				}
				if err != nil || !signed(hook.text("WebhookMerchantSubscription", "secret"), header.Get("April-Signature"), body) {
					t.Errorf("%s of %s: got %s (%v)", event, object, body, err)
				}
			}
			s.sums(paid.text("SimulationResult", "payoutId"))
			report, err := h.app.Verify(t.Context(), func(string, int64, int64) {})
			if err != nil || len(report.Findings) > 0 || report.Payments < 3 {
				t.Errorf("the books: %v (%v)", report, err)
			}
		})
	}
}

// shopkeeper is a sub-merchant of the sandbox's marketplace, and its customer.
type shopkeeper struct {
	*house
	t                     *testing.T
	market, key           string
	merchant, customer    string
	source, signed, order string
	sold                  int
}

func (s *shopkeeper) must(key, method, path, body string, headers ...string) answer {
	s.t.Helper()
	got := s.ask(s.t, method, path, key, body, headers...)
	if got.status != http.StatusOK {
		s.t.Fatalf("%s %s: got %d %s", method, path, got.status, got.body)
	}
	return got
}

// setUp makes the merchant with a bank account, a surcharge and a settlement
// plan; the customer, signed in, with a card that was challenged.
func (s *shopkeeper) setUp() {
	s.t.Helper()
	made := s.must(s.market, "POST", "/merchants", `{"CreateServiceProviderSubmerchant":{"businessProfile":{"businessName":"Kite Repairs","timeZone":"Australia/Sydney","taxCountry":"AU",
		"tradingCountry":"AU","contactEmailAddress":"ops@kite.example","phoneNumber":"+61400000002","cardStatementName":"Kite Repairs"}}}`)
	s.merchant = made.text("ServiceProviderMerchant", "merchantId")
	s.must(s.market, "PATCH", "/merchants/"+s.merchant, `{"AddMerchantBankAccount":{"accountName":"Kite Repairs Pty Ltd","identifier":{"AuBankAccountIdentifier":
		{"bsb":"062000","accountNumber":"12345678"}},"currency":"AUD","setAsPrimary":true}}`)
	s.must(s.market, "PATCH", "/merchants/"+s.merchant, `{"UpdateSurchargeRules":{"rules":[{"priority":1,"mode":"explicit","method":"Card","currency":"AUD","variableBasisPoints":110,"fixedAmount":30}]}}`)
	realm := s.realmOf(s.t)
	_, err := s.app.Settlement.SavePlan(s.t.Context(), realm, audit.By{Actor: "test"}, settlement.Plan{Merchant: coreID(s.t, s.merchant), Currency: "AUD",
		Terms: settlement.Terms{Mode: settlement.Net, TaxCountry: "AU", Rules: []settlement.Rule{{BasisPoints: 175, Fixed: 30, Currency: "AUD"}}, DisputeFee: 2500}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.key = s.must(s.market, "POST", "/auth/servicetokens", `{"CreateMerchantSecretToken":{"description":"shop"}}`, "Merchant-Id", s.merchant).text("tokenValue")
	s.customer = s.must(s.key, "POST", "/customers", `{"UpsertConsumerCustomer":{"emailAddress":"noa.berg@example.com","givenName":"Noa","familyName":"Berg"}}`).text("customerId")
	s.signed = s.must(s.key, "POST", "/auth/signin", fmt.Sprintf(`{"SignInConsumer":{"customerId":%q}}`, s.customer)).text("customToken")
	asked := s.must(s.signed, "POST", "/sources", `{"CreateSavedPaymentSource":{"sourceMethod":{"CardMethod":{"cardNumber":"4000002500003155","expMonth":8,"expYear":2029,"cvc":"123"}},"request3DS":true}}`)
	id := asked.text("ThreeDSAuthorisationRequired", "threeDSAuthorisationId")
	p, err := s.app.Payments.Get(s.t.Context(), access.Actor{Realm: realm, May: access.Everything}, coreID(s.t, id))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.app.Provider.Choose(p.Payment.Details.Account, p.Payment.ID, "success", apitest.Morning()()); err != nil {
		s.t.Fatal(err)
	}
	s.source = s.must(s.signed, "POST", "/sources", fmt.Sprintf(`{"ConfirmSavedPaymentSource":{"threeDSResponse":{"threeDSAuthorisationId":%q}}}`, id)).text("paymentSourceId")
}

// sell takes a quote, makes a token with it and an order, and pays: 125.00 and
// the surcharge on it.
func (s *shopkeeper) sell() (transaction string) {
	s.t.Helper()
	quote := s.must(s.signed, "POST", "/tokens/"+s.merchant+"/surchargequote", fmt.Sprintf(`{"PaymentSurchargeRequest":{"payment":{"form":{"PayInFull":{}},"customerType":"Consumer",
		"amount":{"amount":12500,"currency":"AUD"},"method":{"SavedPaymentSource":{"paymentSourceId":%q}}}}}`, s.source))
	offered := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(quote.body)), `{"PaymentSurchargeResponse":`), "}")
	token := s.must(s.signed, "POST", "/tokens", fmt.Sprintf(`{"CreateSavedPaymentSourceToken":{"paymentSourceId":%q,"amount":{"minorCurrencyUnits":12500,"currency":"AUD"},
		"surchargeRequirement":%s}}`, s.source, offered)).text("SavedPaymentSourceToken", "paymentTokenId")
	s.sold++
	s.order = s.must(s.key, "POST", "/orders", fmt.Sprintf(`{"CreateOnlineOrder":{"referenceOrderId":"S-%d","amount":{"minorCurrencyUnits":12500,"currency":"AUD"}}}`, s.sold),
		"Customer-Id", s.customer).text("OnlineOrder", "order", "orderId")
	paid := s.must(s.key, "POST", "/orders/"+s.order+"/pay", fmt.Sprintf(`{"PayByPaymentToken":{"paymentTokenId":%q}}`, token))
	if got := paid.text("PayOrderComplete", "transactionStatus"); got != "accepted" || !strings.Contains(string(paid.body), `"amount":12668`) {
		s.t.Fatalf("got %s", paid.body)
	}
	return paid.text("PayOrderComplete", "transactionId")
}

// sums holds a payout's entries to its amount.
func (s *shopkeeper) sums(payout string) {
	s.t.Helper()
	realm, id := s.realmOf(s.t), coreID(s.t, payout)
	o, err := s.app.Settlement.Payout(s.t.Context(), realm, id)
	if err != nil {
		s.t.Fatal(err)
	}
	entries, totals, err := s.app.Settlement.Search(s.t.Context(), realm, settlement.EntryFilter{Merchant: coreID(s.t, s.merchant), Payout: id, Page: store.Page{Limit: 500}})
	if err != nil {
		s.t.Fatal(err)
	}
	sum, payments := int64(0), map[ident.ID]bool{}
	for _, e := range entries {
		sum += e.Amount
		payments[e.Payment] = true
	}
	// Three sales of 126.68, two refunds, a dispute; fees and tax are taken off.
	if sum != o.Amount || totals.Amount != o.Amount || totals.Gross != 3*12668-3000-5000 || len(payments) != 3 || o.State != settlement.Paid {
		s.t.Errorf("the payout is %d, its entries come to %d (gross %d) of %d payments, state %s", o.Amount, sum, totals.Gross, len(payments), o.State)
	}
	s.report(payout, o.Amount)
}

// report holds the payout's statement, as a spreadsheet reads it, to what was
// paid, and to the books: nothing is owed any more.
func (s *shopkeeper) report(payout string, paid int64) {
	s.t.Helper()
	got := s.must(s.key, "GET", "/transactions/settlement/report?payoutId="+payout, "", "Accept", "text/csv")
	rows, err := csv.NewReader(bytes.NewReader(got.body)).ReadAll()
	if err != nil || len(rows) < 2 {
		s.t.Fatalf("got %s (%v)", got.body, err)
	}
	column := slices.Index(rows[0], "NetAmount")
	if column < 0 {
		s.t.Fatalf("no NetAmount among %v", rows[0])
	}
	sum := int64(0)
	for _, row := range rows[1:] {
		n, err := money.ParseDecimal(strings.TrimPrefix(row[column], "-"), "AUD")
		if err != nil {
			s.t.Fatal(err)
		}
		if strings.HasPrefix(row[column], "-") {
			n.Minor = -n.Minor
		}
		sum += n.Minor
	}
	owed := int64(0)
	err = s.app.DB.View(s.t.Context(), s.realmOf(s.t), func(tx *store.Tx) error {
		list, err := ledger.Balance(tx, ledger.Merchant(coreID(s.t, s.merchant)))
		for _, b := range list {
			owed += b.Posted.Minor
		}
		return err
	})
	if err != nil || sum != paid || owed != 0 {
		s.t.Errorf("the report comes to %d of a payout of %d, and %d are owed by the books (%v)", sum, paid, owed, err)
	}
}
