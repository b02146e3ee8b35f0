package april_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/store/storetest"
)

const goodCard = `{"cardNumber":"4242424242424242","expMonth":8,"expYear":2029,"cvc":"123"}`

// tokenFields are sources, tokens and quotes that are understood, or not, and
// cannot be made.
func tokenFields(h *house) []wrong { return append(wrongTokens(h), wrongQuotes(h)...) }

// wrongs gathers requests that must be refused, one for each value in a form.
type wrongs []wrong

func (w *wrongs) add(method, path string, status int, code, form string, values ...string) {
	for _, v := range values {
		*w = append(*w, wrong{path + " with " + form + " " + v, method, path, strings.Replace(form, "%s", v, 1), status, code})
	}
}

func wrongTokens(h *house) wrongs {
	a := h.sandbox.April
	var list wrongs
	add := list.add
	card := `{"CreateCardToken":{"amount":{"minorCurrencyUnits":%s,"currency":"AUD"},"card":` + goodCard + `}}`
	add("POST", "/tokens", 422, "validation_failed", card, "0", "-1", "-9223372036854775808", "9223372036854775807", "1000000000000001")
	add("POST", "/tokens", 400, "invalid_request", card, "9223372036854775808", "1999.5", `"1999"`, `"a"`, "true", "[]", "{}", "1e400")
	add("POST", "/tokens", 400, "validation_failed", card, "null")
	currency := `{"CreateCardToken":{"amount":{"minorCurrencyUnits":100,"currency":%s},"card":` + goodCard + `}}`
	add("POST", "/tokens", 422, "currency_not_supported", currency, `"XYZ"`, `"aud"`, `"AU"`, `"AUDX"`)
	add("POST", "/tokens", 400, "validation_failed", currency, `""`, "null")
	add("POST", "/tokens", 400, "invalid_request", currency, "1", "{}")
	add("POST", "/tokens", 400, "validation_failed", `{"CreateCardToken":{"card":`+goodCard+`%s}}`, "")
	amount := `"amount":{"minorCurrencyUnits":100,"currency":"AUD"}`
	for field, tt := range map[string]struct {
		status int
		code   string
		values []string
	}{
		`"cardNumber":%s,"expMonth":8,"expYear":2029`:                              {400, "invalid_number", []string{`"4242424242424241"`, `"4242"`, `"4242424242424242424242"`, `"abcdefghijklmnop"`, `"９242424242424242"`}},
		`"cardNumber":"4242424242424242","expMonth":%s,"expYear":2029`:             {400, "invalid_expiry_month", []string{"0", "13", "-1", "9223372036854775807"}},
		`"cardNumber":"4242424242424242","expMonth":8,"expYear":%s`:                {400, "invalid_expiry_year", []string{"29", "0", "20299"}},
		`"cardNumber":"4242424242424242","expMonth":8,"expYear":2020%s`:            {400, "expired_card", []string{""}},
		`"cardNumber":"4242424242424242","expMonth":8,"expYear":2029,"cvc":%s`:     {400, "invalid_cvc", []string{`"1234"`}},
		`"cardNumber":"378282246310005","expMonth":8,"expYear":2029,"cvc":%s`:      {400, "invalid_cvc", []string{`"123"`}},
		`"cardNumber":"4242424242424242","expMonth":8,"expYear":2029,"cvc": %s`:    {400, "validation_failed", []string{`"12"`, `"12a"`, `"12345"`}},
		`"cardNumber":"4242424242424242","expMonth":%s,"expYear": 2029`:            {400, "invalid_request", []string{`"8"`, "8.5", "null,\"x\":{\"y\":[1],\"y\":2}"}},
		`"cardNumber":%s,"expMonth": 8,"expYear":2029`:                             {400, "invalid_request", []string{"4242424242424242", "null,\"expMonth\":1"}},
		`"cardNumber":%s, "expMonth":8,"expYear":2029,"cardHolderName":"\u0007"`:   {400, "validation_failed", []string{`"4242424242424242"`}},
		`"cardNumber":"","expMonth":8,"expYear":2029,"cvc":"123","cardNumber2":%s`: {400, "validation_failed", []string{"1"}},
	} {
		add("POST", "/tokens", tt.status, tt.code, `{"CreateCardToken":{`+amount+`,"card":{`+field+`}}}`, tt.values...)
	}
	source := `{"CreateSavedPaymentSourceToken":{` + amount + `,"paymentSourceId":%s}}`
	add("POST", "/tokens", 404, "not_found", source, `"x"`, `"`+a.CustomerID+`"`, `"psrc_AAAAAAAAAAAAAAAA"`, `"ptkn_AAAAAAAAAAAAAAAA"`, `"psrc_`+strings.Repeat("A", 240)+`"`)
	add("POST", "/tokens", 400, "validation_failed", source, "null", `""`, `"`+strings.Repeat("A", 300)+`"`)
	requirement := `{"CreateBankTransferToken":{` + amount + `,"surchargeRequirement":%s}}`
	add("POST", "/tokens", 400, "invalid_request", requirement, "{}", "[]", "1", `{"surchargeQuote":{},"surchargeAmount":1}`, `{"Nonsense":{}}`, `{"surchargeAmount":"1"}`,
		`{"SurchargeSpecified":{"surchargeAmount":1},"SurchargeQuoted":{}}`, `{"surchargeAmount":1.5}`, `{"surchargeQuote":{"unsurchargedAmount":"1"}}`)
	add("POST", "/tokens", 400, "validation_failed", requirement, `{"surchargeQuote":{"surchargeAmount":1}}`, `{"surchargeAmount":-1}`, `{"SurchargeQuoted":{"surchargeAmount":1}}`,
		`{"SurchargeSpecified":{}}`)
	add("POST", "/tokens", 422, "surcharge_quote_invalid", requirement, `{"surchargeAmount":1}`,
		`{"surchargeQuote":{"unsurchargedAmount":100,"surchargeAmount":0,"totalAmount":100,"quoteVerificationToken":"x.y"}}`)
	debit := `{"CreateBankAccountToken":{` + amount + `,"emailAddress":"a@b.example","agreementAccepted":%s,"bankAccount":{"accountName":"N","currency":"AUD","identifier":{"AuBankAccountIdentifier":{"bsb":"062000","accountNumber":"12345678"}}}}}`
	add("POST", "/tokens", 400, "validation_failed", debit, "false", "null")
	add("POST", "/tokens", 400, "invalid_request", debit, `"yes"`, "1")
	add("POST", "/tokens", 400, "invalid_request", `{"CreateApplePayToken":{`+amount+`,"applePay":%s}}`, "1", `[]`)
	add("POST", "/tokens", 400, "validation_failed", `{"CreateApplePayToken":{`+amount+`,"applePay":%s}}`, "{}", "null", `{"paymentData":{}}`, `{"paymentData":{"version":"EC_v1","data":"AA","signature":"AA","header":{}}}`, `{"paymentMethod":{"type":"gift"},"paymentData":{}}`)
	add("POST", "/tokens", 400, "validation_failed", `{"CreateGooglePayToken":{`+amount+`,"googlePay":%s}}`, "{}", "null", `{"protocolVersion":"ECv2","signature":"AA","signedMessage":"x","intermediateSigningKey":{"signedKey":"x","signatures":["AA"]}}`)
	return list
}

func wrongQuotes(h *house) wrongs {
	a := h.sandbox.April
	var list wrongs
	add := list.add
	path := "/tokens/" + a.MerchantID + "/surchargequote"
	quote := `{"PaymentSurchargeRequest":{"payment":{"form":{"PayInFull":{}},"customerType":"Consumer","amount":{"amount":100,"currency":"AUD"},"method":%s}}}`
	add("POST", path, 400, "invalid_request", quote, "{}", `{"Card":{},"BankTransfer":{}}`, `{"Cash":{}}`, `{"Card":[]}`, `{"Card":{}}`, `{"Card":{"bin":"424242","cardNumber":"4242424242424242"}}`)
	add("POST", path, 400, "validation_failed", quote, `{"Card":{"bin":"42424"}}`, `{"Card":{"bin":"424242424"}}`, `{"Card":{"bin":"42424x"}}`)
	add("POST", path, 400, "invalid_number", quote, `{"Card":{"cardNumber":"4242424242424241"}}`)
	add("POST", path, 404, "not_found", quote, `{"SavedPaymentSource":{"paymentSourceId":"psrc_AAAAAAAAAAAAAAAA"}}`)
	form := `{"PaymentSurchargeRequest":{"payment":{"form":%s,"customerType":"Consumer","amount":{"amount":100,"currency":"AUD"},"method":{"BankTransfer":{}}}}}`
	add("POST", path, 400, "invalid_request", form, "{}", `{"PayInFull":{},"PayPlan":{}}`, `{"PayPlan":{"payPlanVariant":"payplan_4_weekly_payments"}}`, `"PayInFull"`)
	asked := `{"PaymentSurchargeRequest":{"payment":{"form":{"PayInFull":{}},"customerType":"Consumer","amount":{"amount":%s,"currency":"AUD"},"method":{"BankTransfer":{}}}}}`
	add("POST", path, 422, "validation_failed", asked, "0", "-5", "9223372036854775807")
	add("POST", path, 400, "invalid_request", asked, "9223372036854775808", "0.5", `"1"`)
	rule := `{"UpdateSurchargeRules":{"rules":[%s]}}`
	add("PATCH", "/merchants/"+a.MerchantID, 400, "validation_failed", rule, `{}`, `{"mode":"half"}`, `{"mode":"explicit","fixedAmount":1}`, `{"mode":"explicit","variableBasisPoints":5001}`,
		`{"mode":"none","brand":"Visum"}`, `{"mode":"none","country":"Australia"}`, `{"mode":"none","countryClass":"near"}`, `{"mode":"explicit","variableBasisPoints":-1}`)
	add("PATCH", "/merchants/"+a.MerchantID, 400, "invalid_request", rule, `1`, `{"mode":1}`, `{"mode":"explicit","variableBasisPoints":"1"}`)
	keep := `{"CreateSavedPaymentSource":{"sourceMethod":%s}}`
	add("POST", "/sources", 400, "invalid_request", keep, "{}", `{"CardMethod":{},"DirectDebitMethod":{}}`, `{"PayToMethod":{"agreementToken":"x"}}`, `{"CardMethod":1}`)
	add("POST", "/sources", 400, "validation_failed", keep, `{"CardMethod":`+goodCard+`}`) // whose is it?
	add("POST", "/sources", 404, "not_found", `{"ConfirmSavedPaymentSource":{"threeDSResponse":{"threeDSAuthorisationId":%s}}}`, `"x"`, `"3ds_AAAAAAAAAAAAAAAA"`)
	add("POST", "/sources", 404, "not_found", `{"CreateConsumerCardSource":{"customerId":%s,"card":`+goodCard+`}}`, `"x"`, `"cust_AAAAAAAAAAAAAAAA"`, `"`+a.MerchantID+`"`)
	for _, q := range []string{"", "usageScope=Mine", "customerId=x&limit=0", "customerId=x&sort=brand"} {
		list = append(list, wrong{"sources with " + q, "GET", "/sources?" + q, "", 400, "validation_failed"})
	}
	for _, q := range []string{"last4=42", "last4=abcd", "cardBrand=Visum", "createdFromInclusive=x"} {
		list = append(list, wrong{"blocked cards with " + q, "GET", "/sources/blockedcards?" + q, "", 400, "validation_failed"})
	}
	for _, id := range []string{"x", "ptkn_AAAAAAAAAAAAAAAA", a.MerchantID, "%00"} {
		list = append(list, wrong{"the token " + id, "GET", "/tokens/" + id, "", 404, "not_found"}, wrong{"the source " + id, "DELETE", "/sources/" + id, "", 404, "not_found"},
			wrong{"events of " + id, "GET", "/sources/blockedcards/" + id + "/events", "", 404, "not_found"})
	}
	return list
}

// TestQuotesThatDoNotHold: a quote is refused when it was changed, when its
// time is up, when it was used, and for another card, amount or merchant.
func TestQuotesThatDoNotHold(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			a := h.sandbox.April
			h.done(t, "PATCH", "/merchants/"+a.MerchantID, a.SecretKey, `{"UpdateSurchargeRules":{"rules":[{"brand":"Visa","mode":"explicit","variableBasisPoints":100}]}}`)
			quote := func() string {
				body := h.ask(t, "POST", "/tokens/"+a.MerchantID+"/surchargequote", a.PublicKey,
					`{"PaymentSurchargeRequest":{"payment":{"form":{"PayInFull":{}},"customerType":"Consumer","amount":{"amount":10000,"currency":"AUD"},"method":{"Card":{"cardNumber":"4242424242424242"}}}}}`)
				var out struct {
					PaymentSurchargeResponse struct{ SurchargeQuote json.RawMessage }
				}
				if err := json.Unmarshal(body.body, &out); err != nil || body.status != http.StatusOK {
					t.Fatalf("got %d %s", body.status, body.body)
				}
				return string(out.PaymentSurchargeResponse.SurchargeQuote)
			}
			token := func(quote, card string, minor int, currency string) answer {
				return h.ask(t, "POST", "/tokens", a.PublicKey, fmt.Sprintf(`{"CreateCardToken":{"amount":{"minorCurrencyUnits":%d,"currency":%q},"card":{"cardNumber":%q,"expMonth":8,"expYear":2029},"surchargeRequirement":{"surchargeQuote":%s}}}`,
					minor, currency, card, quote))
			}
			const visa, other = "4242424242424242", "4000056655665556"
			for name, got := range map[string]answer{
				"another card": token(quote(), other, 10000, "AUD"), "another amount": token(quote(), visa, 10001, "AUD"), "another currency": token(quote(), visa, 10000, "NZD"),
				"less to pay":         token(strings.Replace(quote(), `"surchargeAmount":100`, `"surchargeAmount":0`, 1), visa, 10000, "AUD"),
				"a changed signature": token(strings.Replace(quote(), `"quoteVerificationToken":"ey`, `"quoteVerificationToken":"eY`, 1), visa, 10000, "AUD"),
			} {
				if got.status != http.StatusUnprocessableEntity || got.code() != "surcharge_quote_invalid" {
					t.Errorf("%s: got %d %s", name, got.status, got.body)
				}
			}
			q := quote()
			if got := token(q, visa, 10000, "AUD"); got.status != http.StatusOK || !strings.Contains(string(got.body), `"surchargeAmount":100`) {
				t.Errorf("as quoted: got %d %s", got.status, got.body)
			}
			if got := token(q, visa, 10000, "AUD"); got.code() != "surcharge_quote_invalid" {
				t.Errorf("again: got %d %s", got.status, got.body)
			}
			late := quote()
			h.advance(t, 15*time.Minute)
			if got := token(late, visa, 10000, "AUD"); got.code() != "surcharge_quote_expired" {
				t.Errorf("late: got %d %s", got.status, got.body)
			}
		})
	}
}

// advance moves the clock of the sandbox's realm.
func (h *house) advance(t *testing.T, d time.Duration) {
	t.Helper()
	got := h.ask(t, "POST", "/sandbox/clock", h.sandbox.Gateway.Token, fmt.Sprintf("advanceSeconds=%d", int(d.Seconds())), "X-Test", "undocumented", "Content-Type", "application/x-www-form-urlencoded")
	if got.status != http.StatusOK {
		t.Fatalf("the clock: got %d %s", got.status, got.body)
	}
}

// TestWalletTokens: packets of the sandbox's wallets become tokens, once, and
// a changed one does not.
func TestWalletTokens(t *testing.T) {
	h := open(t, "sqlite")
	a := h.sandbox.April
	packet := func(wallet string) string {
		got := h.ask(t, "POST", "/sandbox/wallets/"+wallet, h.sandbox.Gateway.Token,
			`{"number":"4242424242424242","expiryMonth":8,"expiryYear":2029,"amount":12500,"currency":"036","merchantId":"`+a.MerchantID+`"}`, "X-Test", "undocumented")
		if got.status != http.StatusOK {
			t.Fatalf("%s: got %d %s", wallet, got.status, got.body)
		}
		return string(got.body)
	}
	wish := map[string]string{"apple": `{"CreateApplePayToken":{"amount":{"minorCurrencyUnits":%d,"currency":"AUD"},"applePay":{"paymentMethod":{"displayName":"Visa 4242","network":"Visa","type":"credit"},"paymentData":%s}}}`,
		"google": `{"CreateGooglePayToken":{"amount":{"minorCurrencyUnits":%d,"currency":"AUD"},"googlePay":%s}}`}
	for wallet, form := range wish {
		p := packet(wallet)
		got := h.ask(t, "POST", "/tokens", a.PublicKey, fmt.Sprintf(form, 12500, p))
		if got.status != http.StatusOK || !strings.Contains(string(got.body), `"NetworkToken"`) || !strings.Contains(string(got.body), `"last4":"4242"`) {
			t.Errorf("%s: got %d %s", wallet, got.status, got.body)
		}
		paid := h.pay(t, h.order(t, 12500), got.text("NetworkToken", "paymentTokenId"), "PayByCard", "")
		if info := paid.text("PayOrderComplete", "transactionDetails", "paymentMethod", "outcome3ds", "info"); info != wallet+"pay" {
			t.Errorf("%s: the transaction says %q of %s", wallet, info, paid.body)
		}
		if got := h.ask(t, "POST", "/tokens", a.PublicKey, fmt.Sprintf(form, 12500, p)); got.status != http.StatusConflict {
			t.Errorf("%s again: got %d %s", wallet, got.status, got.body)
		}
		for name, bad := range map[string]string{"changed": strings.Replace(packet(wallet), `"signature":"M`, `"signature":"N`, 1), "of another kind": packet(map[string]string{"apple": "google", "google": "apple"}[wallet])} {
			if got := h.ask(t, "POST", "/tokens", a.PublicKey, fmt.Sprintf(form, 12500, bad)); got.status != http.StatusBadRequest {
				t.Errorf("%s %s: got %d %s", wallet, name, got.status, got.body)
			}
		}
	}
	if got := h.ask(t, "POST", "/tokens", a.PublicKey, fmt.Sprintf(wish["apple"], 12501, packet("apple"))); got.status != http.StatusBadRequest {
		t.Errorf("another amount: got %d %s", got.status, got.body)
	}
	path := "/tokens/" + a.MerchantID + "/surchargequote"
	got := h.ask(t, "POST", path, a.PublicKey, `{"PaymentSurchargeRequest":{"payment":{"form":{"PayInFull":{}},"customerType":"Consumer","amount":{"amount":12500,"currency":"AUD"},"method":{"ApplePay":{"applePay":{"paymentData":`+packet("apple")+`}}}}}}`)
	if got.status != http.StatusOK || !strings.Contains(string(got.body), `"brand":"Visa"`) {
		t.Errorf("a quote for a wallet: got %d %s", got.status, got.body)
	}
	h.advance(t, 6*time.Minute)
}

// TestDelegatesSources: a delegate pays with their own sources for every
// customer they act for, with the organisation's, and with nobody else's.
func TestDelegatesSources(t *testing.T) {
	h := open(t, "sqlite")
	a := h.sandbox.April
	org := func(reference string) string {
		return h.done(t, "POST", "/customers", a.SecretKey, `{"UpsertOrganisationCustomer":{"referenceCustomerId":"`+reference+`","organisationName":"Bistro"}}`, "customerId")
	}
	first, second := org("B-1"), org("B-2")
	signIn := func(customer, email string) string {
		return h.done(t, "POST", "/auth/signin", a.SecretKey, `{"SignInOrganisation":{"customerId":"`+customer+`","delegateEmailAddress":"`+email+`"}}`, "customToken")
	}
	chef, chefThere, waiter := signIn(first, "chef@bistro.example"), signIn(second, "chef@bistro.example"), signIn(first, "waiter@bistro.example")
	save := func(token, scope string) string {
		return h.done(t, "POST", "/sources", token, `{"CreateSavedPaymentSource":{"usageScope":"`+scope+`","sourceMethod":{"CardMethod":`+goodCard+`}}}`, "paymentSourceId")
	}
	own, shared := save(chef, "ScopeDelegate"), save(chef, "ScopeOrganisation")
	for name, tt := range map[string]struct {
		token string
		sees  string
	}{"the chef": {chef, own + " " + shared}, "the chef for the other": {chefThere, own}, "the waiter": {waiter, shared}} {
		got := string(h.ask(t, "GET", "/sources", tt.token, "").body)
		for _, id := range []string{own, shared} {
			if strings.Contains(got, id) != strings.Contains(tt.sees, id) {
				t.Errorf("%s sees %s", name, got)
			}
			want := http.StatusNotFound
			if strings.Contains(tt.sees, id) {
				want = http.StatusOK
			}
			pay := h.ask(t, "POST", "/tokens", tt.token, `{"CreateSavedPaymentSourceToken":{"paymentSourceId":"`+id+`","amount":{"minorCurrencyUnits":100,"currency":"AUD"}}}`)
			if pay.status != want {
				t.Errorf("%s pays with %s: got %d %s", name, id, pay.status, pay.body)
			}
		}
	}
	if got := h.ask(t, "POST", "/sources", waiter, `{"CreateSavedPaymentSource":{"usageScope":"ScopeBilling","sourceMethod":{"CardMethod":`+goodCard+`}}}`); got.code() != "validation_failed" {
		t.Errorf("billing by a delegate: got %d %s", got.status, got.body)
	}
}
