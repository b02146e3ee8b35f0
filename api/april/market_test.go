package april_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
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

// TestMarketplacesPart: a marketplace finds the merchant that it is itself, gives
// it a bank account, and reads its payouts, entries and report with its own key;
// the report comes to what was paid and to the books, to the cent. A merchant's
// own key sees none of it.
func TestMarketplacesPart(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			realm := h.realm(t, "Parts", access.Test)
			market := h.market(t, realm, "Kite Market")
			m, err := h.app.Merchants.AddSub(t.Context(), realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Marketplace: market, Name: "Kite Repairs", Country: "AU",
				Business: merchant.Business{TimeZone: "Australia/Sydney"}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			sibling, err := h.app.Merchants.AddSub(t.Context(), realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Marketplace: market, Name: "Spars", Country: "AU"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			key := func(kind april.Credential, holder april.Holder) string {
				_, secret, err := h.app.April.MakeKey(t.Context(), realm, audit.By{Actor: "test"}, kind, holder, access.Key{Label: "parts"})
				if err != nil {
					t.Fatal(err)
				}
				return secret.Reveal()
			}
			mk, sk := key(april.MarketplaceKey, april.Holder{Marketplace: market}), key(april.SecretKey, april.Holder{Merchant: m.ID})
			if got := h.ask(t, "GET", "/marketplaces/"+april.MarketplaceName(market), mk, ""); got.status != http.StatusOK || got.text("merchantId") != "" {
				t.Fatalf("without parts: got %d %s", got.status, got.body)
			}
			if _, err = h.app.Settlement.SavePlan(t.Context(), realm.ID, audit.By{Actor: "test"}, settlement.Plan{Merchant: m.ID, Currency: "AUD",
				Terms: settlement.Terms{Mode: settlement.Net, Rules: []settlement.Rule{{Method: method.Card, Currency: "AUD", BasisPoints: 175, Fixed: 30}},
					Shares: []settlement.Part{{Payee: market, Marketplace: true, BasisPoints: 1250}, {Payee: sibling.ID, Fixed: 100}}}}); err != nil {
				t.Fatal(err)
			}
			own := h.done(t, "GET", "/marketplaces/"+april.MarketplaceName(market), mk, "", "merchantId")
			h.done(t, "PATCH", "/merchants/"+own, mk, `{"AddMerchantBankAccount":{"accountName":"Kite Market Pty Ltd","identifier":{"AuBankAccountIdentifier":{"bsb":"062000","accountNumber":"12345678"}},"currency":"AUD"}}`)
			h.trailed(t, realm.ID, "merchant.add_account")
			p := h.earn(t, realm, m.ID, 12500)
			h.earn(t, realm, m.ID, 9900)
			actor := access.Actor{Realm: realm.ID, Environment: access.Test, May: access.Everything}
			if _, err := h.app.Payments.Refund(t.Context(), actor, payment.Operation{Idempotency: idempotency.Key{Surface: "test"}, Payment: p.ID, Amount: money.Of(2500, "AUD")}); err != nil {
				t.Fatal(err)
			}
			const part = 1563 + 1238 - 313 // 12.5 % of each, by the largest remainder
			if _, err := h.app.Access.Advance(t.Context(), realm.ID, 24*time.Hour); err != nil {
				t.Fatal(err)
			}
			h.work(t)
			h.done(t, "POST", "/simulation", mk, fmt.Sprintf(`{"SimulatePayout":{"merchantId":%q,"outcome":"paid"}}`, own))
			h.readsItsPart(t, mk, sk, own, part)
			path := "/transactions/settlement?merchantId=" + april.MerchantName(sibling.ID) + "&currency=AUD&createdAfter=2026-11-20T00:00:00Z&createdBefore=2026-11-25T00:00:00Z"
			for token, seen := range map[string]bool{mk: true, key(april.SecretKey, april.Holder{Merchant: sibling.ID}): false} {
				if got := string(h.ask(t, "GET", path, token, "").body); !strings.Contains(got, `"totalRecords":3`) || strings.Contains(got, "cardNumber") != seen {
					t.Errorf("a part of another's payment: got %s, the payer's card seen %t", got, seen)
				}
			}
			var posted, pending int64
			err = h.app.DB.View(t.Context(), realm.ID, func(tx *store.Tx) error {
				list, err := ledger.Balance(tx, ledger.Merchant(coreID(t, own)))
				for _, b := range list {
					posted, pending = b.Posted.Minor, b.Pending.Minor
				}
				return err
			})
			if err != nil || posted != 0 || pending != 0 {
				t.Errorf("the books still owe %d and %d, %v", posted, pending, err)
			}
		})
	}
}

// readsItsPart reads what a marketplace was paid with its key, and tries a
// merchant's.
func (h *house) readsItsPart(t *testing.T, mk, sk, own string, part int64) {
	t.Helper()
	var payouts []struct {
		PayoutID, MerchantBusinessName, Status, BankAccountNumber string
		TotalAmount                                               int64
	}
	h.read(t, "/transactions/payouts?merchantId="+own+"&sort=createdAt", mk, &payouts)
	if len(payouts) != 2 || fmt.Sprint(payouts[0].MerchantBusinessName, payouts[0].Status, payouts[0].BankAccountNumber, payouts[0].TotalAmount) != fmt.Sprint("Kite Market", "paid", "****5678", part) {
		t.Fatalf("payouts: got %+v", payouts)
	}
	payout := payouts[0].PayoutID
	var entries struct {
		NetAmount, PlatformFeesInclTax, TotalRecords int64
		Items                                        []struct{ EntryType, EntryDescription string }
	}
	h.read(t, "/transactions/settlement?merchantId="+own+"&payoutId="+payout, mk, &entries)
	if entries.NetAmount != part || entries.PlatformFeesInclTax != 0 || entries.TotalRecords != 3 {
		t.Errorf("entries: got %+v", entries)
	}
	report := h.ask(t, "GET", "/transactions/settlement/report?merchantId="+own+"&payoutId="+payout+"&column=NetAmount", mk, "", "Accept", "text/csv")
	rows, err := csv.NewReader(strings.NewReader(string(report.body))).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("report: got %s, %v", report.body, err)
	}
	sum := int64(0)
	for _, row := range rows[1:] {
		text, back := strings.CutPrefix(row[0], "-")
		n, err := money.ParseDecimal(text, "AUD")
		if err != nil {
			t.Fatal(err)
		}
		if back {
			n.Minor = -n.Minor
		}
		sum += n.Minor
	}
	if sum != part {
		t.Errorf("the report comes to %d, want %d", sum, part)
	}
	for path, want := range map[string]int{"/transactions/payouts/" + payout: http.StatusNotFound, "/transactions/settlement?merchantId=" + own + "&payoutId=" + payout: http.StatusNotFound,
		"/transactions/settlement/report?merchantId=" + own + "&payoutId=" + payout: http.StatusNotFound} {
		if got := h.ask(t, "GET", path, sk, ""); got.status != want {
			t.Errorf("%s with a merchant's key: got %d %s", path, got.status, got.body)
		}
	}
}

// trailed: the audit trail says which key of the contract did this lately.
func (h *house) trailed(t *testing.T, realm ident.ID, action string) {
	t.Helper()
	trail, err := audit.List(t.Context(), h.app.DB, realm, 0, 10)
	if err != nil || !slices.ContainsFunc(trail, func(e audit.Entry) bool {
		return e.Action == action && e.By.Origin == april.Contract && ident.ID(e.By.Actor).Valid()
	}) {
		t.Errorf("got %+v (%v), want a key's %s", trail, err, action)
	}
}
