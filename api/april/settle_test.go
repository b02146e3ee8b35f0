package april_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// settles gives a merchant a plan, and money where its realm has a provider. It
// answers the open payout and the invoice of the month.
func (h *house) settles(t *testing.T, realm access.Realm, id ident.ID) (payout, invoice string) {
	t.Helper()
	h.plan(t, realm, id, settlement.Gross)
	if realm.Environment == access.Test {
		h.earn(t, realm, id, 12500)
	}
	page := store.Page{Limit: 1}
	payouts, _, err := h.app.Settlement.Payouts(t.Context(), realm.ID, settlement.Filter{Merchants: []ident.ID{id}, Page: page})
	if err != nil || len(payouts) != 1 {
		t.Fatalf("got %v, %v", payouts, err)
	}
	invoices, _, err := h.app.Settlement.Invoices(t.Context(), realm.ID, settlement.Filter{Merchants: []ident.ID{id}, Page: page})
	if err != nil || len(invoices) != 1 {
		t.Fatalf("got %v, %v", invoices, err)
	}
	return april.Name("payout", payouts[0].ID), april.Name("minv", invoices[0].ID)
}

func (h *house) plan(t *testing.T, realm access.Realm, id ident.ID, mode settlement.Mode) {
	t.Helper()
	was, err := h.app.Settlement.Plan(t.Context(), realm.ID, id) // the sandbox's own merchant has one
	if err != nil && !fault.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	_, err = h.app.Settlement.SavePlan(t.Context(), realm.ID, audit.By{Actor: "test"}, settlement.Plan{Merchant: id, Version: was.Version, Currency: "AUD",
		Terms: settlement.Terms{Mode: mode, HandPayouts: true, Rules: []settlement.Rule{{Method: method.Card, Currency: "AUD", BasisPoints: 175, Fixed: 30}}}})
	if err != nil {
		t.Fatal(err)
	}
}

// earn has a merchant paid by card.
func (h *house) earn(t *testing.T, realm access.Realm, id ident.ID, minor int64) payment.Payment {
	t.Helper()
	actor := access.Actor{Realm: realm.ID, Environment: realm.Environment, May: access.Everything}
	profile, _, err := h.app.Merchants.ByCode(t.Context(), realm.ID, "P"+string(id))
	if err != nil {
		if profile, err = h.app.Merchants.AddProfile(t.Context(), realm.ID, audit.By{Actor: "test"}, merchant.Profile{Merchant: id, Code: "P" + string(id), Name: "shop"}); err != nil {
			t.Fatal(err)
		}
	}
	out, err := h.app.Payments.Pay(t.Context(), actor, payment.Order{Idempotency: idempotency.Key{Surface: "test"}, Profile: profile, Kind: connector.Debit,
		Method: method.Card, Brand: "VISA", Amount: money.Of(minor, "AUD"), Reference: "=10045",
		Card: &connector.Card{Number: method.Conceal("4200000000000000"), CVV: method.Conceal("123"), Holder: "Noa Berg", ExpiryMonth: 8, ExpiryYear: 2030, Brand: "VISA"}})
	if err != nil || out.Payment.State != payment.Captured {
		t.Fatalf("got %s, %v", out.Payment.State, err)
	}
	return out.Payment
}

// read asks and reads the answer into v.
func (h *house) read(t *testing.T, path, token string, v any, headers ...string) {
	t.Helper()
	got := h.ask(t, "GET", path, token, "", headers...)
	if err := json.Unmarshal(got.body, v); got.status != http.StatusOK || err != nil {
		t.Fatalf("%s: got %d %s", path, got.status, got.body)
	}
}

// A merchant is paid, refunds a part, asks to be paid out, and reads what it was
// paid for: the report sums to the books.
func TestSettlementStory(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			realm := h.realm(t, "Story", access.Test)
			x := h.furnish(t, realm, h.market(t, realm, "story"), "kite")
			y, err := h.app.Merchants.AddSub(t.Context(), realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Marketplace: x.marketID, Name: "Kite Repairs", Country: "AU",
				Business: merchant.Business{TimeZone: "Australia/Sydney"}}, &merchant.BankAccount{Holder: "Kite", Region: merchant.Australia, BankCode: "062000", Number: "12345678", Currency: "AUD"})
			if err != nil {
				t.Fatal(err)
			}
			h.plan(t, realm, y.ID, settlement.Net)
			p := h.earn(t, realm, y.ID, 12500)
			actor := access.Actor{Realm: realm.ID, Environment: access.Test, May: access.Everything}
			if _, err := h.app.Payments.Refund(t.Context(), actor, payment.Operation{Idempotency: idempotency.Key{Surface: "test"}, Payment: p.ID, Amount: money.Of(2500, "AUD")}); err != nil {
				t.Fatal(err)
			}
			_, secret, err := h.app.April.MakeKey(t.Context(), realm, audit.By{Actor: "test"}, april.SecretKey, april.Holder{Merchant: y.ID}, access.Key{Label: "story"})
			if err != nil {
				t.Fatal(err)
			}
			key := secret.Reveal()
			h.payOut(t, key)
			h.statement(t, realm, key, april.MerchantName(y.ID), y.ID)
		})
	}
}

// payOut asks for what there is, after asking for too much and in wrong ways.
func (h *house) payOut(t *testing.T, key string) {
	t.Helper()
	for body, want := range map[string]string{
		`{"currency":"AUD","payoutAmount":9727,"statementDescriptor":"Kite payout"}`:                                  "422 insufficient_balance",
		`{"currency":"AUD","payoutAmount":0,"statementDescriptor":"Kite payout"}`:                                     "422 validation_failed",
		`{"currency":"NOK","payoutAmount":1,"statementDescriptor":"Kite payout"}`:                                     "422 currency_not_supported",
		`{"currency":"AUD","statementDescriptor":"Kite payout"}`:                                                      "400 validation_failed",
		`{"currency":"AUD","payoutAmount":1}`:                                                                         "400 validation_failed",
		`{"currency":"AUD","payoutAmount":1,"statementDescriptor":"x","paymentChannels":["pigeon"]}`:                  "400 validation_failed",
		`{"currency":"AUD","payoutAmount":1,"statementDescriptor":"x","externalAccountId":"xacc_AAAAAAAAAAAAAAAA"}`:   "404 not_found",
		`{"currency":"AUD","payoutAmount":1,"statementDescriptor":"x","feePayingMerchantId":"mcht_AAAAAAAAAAAAAAAA"}`: "404 not_found",
	} {
		if got := h.ask(t, "POST", "/transactions/payouts", key, body); fmt.Sprint(got.status, " ", got.code()) != want {
			t.Errorf("%s: got %d %s, want %s", body, got.status, got.body, want)
		}
	}
	got := h.ask(t, "POST", "/transactions/payouts", key, `{"currency":"AUD","payoutAmount":9726,"statementDescriptor":"Kite payout","paymentChannels":["npp","direct_entry"]}`)
	var p struct {
		Amount, TotalAmount, OpeningBalance, ClosingBalance            int64
		Status, BankAccountNumber, PaymentChannel, StatementDescriptor string
	}
	if err := json.Unmarshal(got.body, &p); err != nil || got.status != http.StatusOK {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	if fmt.Sprint(p) != "{9726 9726 0 0 created ****5678 npp Kite payout}" {
		t.Errorf("got %+v", p)
	}
}

// statement reads the payout, its lines, its entries and the report.
func (h *house) statement(t *testing.T, realm access.Realm, key, merchantID string, id ident.ID) {
	t.Helper()
	var list []struct{ PayoutID string }
	h.read(t, "/transactions/payouts?merchantId="+merchantID+"&sort=createdAt", key, &list)
	if len(list) != 2 {
		t.Fatalf("got %d payouts, want the closed and the open one", len(list))
	}
	payout := list[0].PayoutID
	var details struct {
		SummaryLineItems []struct {
			EntryType          string
			Count, TotalAmount int64
		}
		AccountDetails map[string]any
	}
	h.read(t, "/transactions/payouts/"+payout, key, &details)
	if got := fmt.Sprint(details.SummaryLineItems); got != "[{Payment 1 12500} {Refund 1 -2500} {PlatformFee 1 -274}]" || details.AccountDetails["accountName"] != "Kite" {
		t.Errorf("got %s of %v", got, details.AccountDetails)
	}
	var entries struct {
		Items                                                                      []map[string]any
		TotalRecords, NetAmount, GrossAmount, PlatformFeesInclTax, PlatformFeesTax int64
		PayoutSummary                                                              map[string]any
	}
	h.read(t, "/transactions/settlement?payoutId="+payout, key, &entries)
	if len(entries.Items) != 2 || entries.NetAmount != 9726 || entries.GrossAmount != 10000 || entries.PlatformFeesInclTax != 274 || entries.PlatformFeesTax != 25 ||
		entries.TotalRecords != 2 || entries.PayoutSummary["payoutAmount"] != float64(9726) {
		t.Errorf("got %+v", entries)
	}
	csv := h.ask(t, "GET", "/transactions/settlement/report?payoutId="+payout+"&column=EntryType&column=OrderId&column=NetAmount", key, "", "Accept", "text/csv")
	if got, want := string(csv.body), "EntryType,OrderId,NetAmount\nPayment,'=10045,122.26\nRefund,'=10045,-25.00\n"; got != want || !strings.HasPrefix(csv.header.Get("Content-Type"), "text/csv") {
		t.Errorf("got %s %q, want %q", csv.header.Get("Content-Type"), got, want)
	}
	if whole := h.ask(t, "GET", "/transactions/settlement/report?payoutId="+payout, key, "", "Accept", "text/csv"); strings.Contains(string(whole.body), "Noa Berg") || strings.Count(string(whole.body), "\n") != 3 {
		t.Errorf("got %s", whole.body)
	}
	var posted int64
	err := h.app.DB.View(t.Context(), realm.ID, func(tx *store.Tx) error {
		all, err := ledger.Balance(tx, ledger.Merchant(id))
		for _, s := range all {
			posted += -s.Posted.Minor
		}
		return err
	})
	if err != nil || posted != entries.NetAmount {
		t.Errorf("the books say %d, %v, the report %d", posted, err, entries.NetAmount)
	}
	for path, want := range map[string]string{
		"/transactions/settlement":                                  "400 validation_failed",
		"/transactions/settlement?currency=XYZ":                     "400 validation_failed",
		"/transactions/settlement?payoutId=payout_AAAAAAAAAAAAAAAA": "404 not_found",
		"/transactions/settlement?invoiceId=minv_AAAAAAAAAAAAAAAA":  "404 not_found",
		"/transactions/settlement?payoutId=" + list[1].PayoutID:     "409 payout_still_open",
		"/transactions/settlement/report?column=Nonsense":           "400 validation_failed",
		"/transactions/payouts?createdAfter=2026-01-01T00:00:00Z":   "422 date_range_too_large",
		"/transactions/payouts?sort=nonsense":                       "400 validation_failed",
		"/transactions/invoices?status=nonsense":                    "400 validation_failed",
		"/transactions/invoices?issuedOnFromInclusive=2026-02-30":   "400 validation_failed",
		"/transactions/invoices/minv_AAAAAAAAAAAAAAAA/pdf":          "404 not_found",
	} {
		if got := h.ask(t, "GET", path, key, ""); fmt.Sprint(got.status, " ", got.code()) != want {
			t.Errorf("%s: got %d %s, want %s", path, got.status, got.body, want)
		}
	}
	if got := h.ask(t, "GET", "/transactions/settlement/report?payoutId="+payout, key, "", "Accept", "image/png"); got.status != http.StatusNotAcceptable {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// An invoice of a merchant that settles gross has its lines, and a PDF.
func TestInvoiceForFees(t *testing.T) {
	h := open(t, "sqlite")
	realm := h.realm(t, "Gross", access.Test)
	x := h.furnish(t, realm, h.market(t, realm, "gross"), "kite")
	tokens := h.credentials(t, x)
	var b struct {
		Summary struct {
			Status, Summary string
			InvoiceAmount   int64
		}
		SummaryItems []struct {
			ItemType, UnitPrice string
			Category            map[string]any
			FeeTotal, TaxTotal  int64
		}
	}
	h.read(t, "/transactions/invoices/"+x.invoice, tokens[april.SecretKey], &b)
	if b.Summary.Status != "draft" || b.Summary.InvoiceAmount != 3*274 || b.Summary.Summary != "Fees November 2026" || len(b.SummaryItems) != 1 ||
		b.SummaryItems[0].ItemType != "payment_fee" || b.SummaryItems[0].UnitPrice != "0.30" || b.SummaryItems[0].Category["PayInFullCard"] == nil || b.SummaryItems[0].TaxTotal != 3*25 {
		t.Errorf("got %+v", b)
	}
	pdf := h.ask(t, "GET", "/transactions/invoices/"+x.invoice+"/pdf", tokens[april.SecretKey], "")
	if pdf.status != http.StatusOK || pdf.header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(string(pdf.body), "%PDF-1.4") {
		t.Errorf("got %d %s", pdf.status, pdf.header.Get("Content-Type"))
	}
}
