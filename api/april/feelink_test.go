package april_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// work does what has fallen due.
func (h *house) work(t *testing.T) {
	t.Helper()
	apitest.Work(t, h.app)
}

// feeInvoice is what a merchant reads of an invoice for its fees.
type feeInvoice struct {
	Summary struct {
		Status                    string
		InvoiceAmount, PaidAmount int64
	}
	Timelines            []struct{ EventType string }
	PaymentMethod        struct{ PaymentMethodType, CardLast4, Last4 string }
	ManualPaymentDetails struct{ Token, MagicLink, OrderID string }
}

// A merchant that settles gross pays the invoice for its fees by hand, through
// its link: a part by transfer, the rest on the page.
func TestFeesArePaidByLink(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			realm := h.realm(t, "Gross", access.Test)
			x := h.furnish(t, realm, h.market(t, realm, "gross"), "kite")
			secret := h.credentials(t, x)[april.SecretKey]
			read := func() (b feeInvoice) {
				h.read(t, "/transactions/invoices/"+x.invoice, secret, &b)
				return b
			}
			if b := read(); b.Summary.Status != "draft" || b.ManualPaymentDetails.OrderID != "" {
				t.Errorf("a draft: got %+v", b)
			}
			if _, err := h.app.Access.Advance(t.Context(), realm.ID, 11*24*time.Hour); err != nil {
				t.Fatal(err)
			}
			h.work(t)
			first := read()
			if first.Summary.Status != "outstanding" || first.Summary.InvoiceAmount != 3*274 {
				t.Fatalf("issued: got %+v", first)
			}
			openPage(t, first.ManualPaymentDetails.MagicLink, nil).says(t, "the whole", 200, "8.22", "Gross", "Fees 2026-11-21 to 2026-11-30")
			by := audit.By{Actor: "test"}
			if _, err := h.app.Settlement.PayInvoice(t.Context(), realm.ID, by, coreID(t, x.invoice), 200, "transfer"); err != nil {
				t.Fatal(err)
			}
			h.work(t)
			openPage(t, first.ManualPaymentDetails.MagicLink, nil).says(t, "the old sum", 200, "The payment was called off")
			rest := read()
			page := openPage(t, rest.ManualPaymentDetails.MagicLink, nil)
			page.says(t, "the rest", 200, "6.22")
			if got := h.ask(t, "GET", "/orders/"+rest.ManualPaymentDetails.OrderID, secret, ""); got.status != http.StatusNotFound {
				t.Errorf("the organisation's order by the merchant: got %d", got.status)
			}
			if got := h.done(t, "GET", "/orders/"+rest.ManualPaymentDetails.OrderID, rest.ManualPaymentDetails.Token, "", "status"); got != "created" {
				t.Errorf("got %s", got)
			}
			openPage(t, page.at, cardForm(page, "4242424242424242")).says(t, "paid", 200, "Payment received")
			h.work(t)
			done := read()
			var events []string
			for _, m := range done.Timelines {
				events = append(events, m.EventType)
			}
			if want := []string{"InvoiceIssued", "InvoicePaymentReceived", "InvoicePaymentReceived", "InvoicePaid"}; done.Summary.Status != "paid" || done.Summary.PaidAmount != 3*274 ||
				done.ManualPaymentDetails.OrderID != "" || !slices.Equal(events, want) {
				t.Errorf("got %+v", done)
			}
			h.feesStand(t, realm, x)
		})
	}
}

// feesStand: nothing is owed any more, and the books are whole.
func (h *house) feesStand(t *testing.T, realm access.Realm, x target) {
	t.Helper()
	_, house, err := h.app.Merchants.ByCode(t.Context(), realm.ID, "florin-fees")
	if err != nil {
		t.Fatal(err)
	}
	err = h.app.DB.View(t.Context(), realm.ID, func(tx *store.Tx) error {
		for _, account := range []ledger.Account{ledger.Merchant(house.ID), ledger.Receivable(x.merchantID)} {
			list, err := ledger.Balance(tx, account)
			if err != nil {
				return err
			}
			for _, b := range list {
				if b.Posted.Minor != 0 {
					t.Errorf("%s: got %s, want nothing", account, b.Posted.Decimal(2))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	report, err := h.app.Verify(t.Context(), func(string, int64, int64) {})
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("the books: %v (%v)", report.Findings, err)
	}
}
