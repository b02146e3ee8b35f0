package spense_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/reconcile"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// morning is the day on which every house opens.
var morning = apitest.Morning()().Truncate(24 * time.Hour)

// plan has the organisation settle with us.
func (h *house) plan(t *testing.T) {
	t.Helper()
	p := settlement.Plan{Merchant: ident.ID(h.sandbox.Spense.OrganizationID), Currency: "NOK", Terms: settlement.Terms{Mode: settlement.Net, TaxCountry: "NO",
		Rules: []settlement.Rule{{Method: method.BankTransfer, Currency: "NOK", Fixed: 3900}, {BasisPoints: 150}}}}
	if _, err := h.app.Settlement.SavePlan(t.Context(), h.sandboxRealm(t), audit.By{Actor: "test"}, p); err != nil {
		t.Fatal(err)
	}
}

// billed sends a bill of a kind that the organisation has of its own.
func (h *house) billed(t *testing.T) (id string) {
	t.Helper()
	ch, err := h.app.Merchants.AddChannel(t.Context(), h.sandboxRealm(t), audit.By{Actor: "test"}, merchant.Channel{Merchant: ident.ID(h.sandbox.Spense.OrganizationID), Kind: merchant.InvoiceChannel,
		Name: "14 days", Active: true, Settings: merchant.ChannelSettings{Account: "1503 91 23451"}})
	if err != nil {
		t.Fatal(err)
	}
	got := h.ask(t, "POST", "/api/payments", h.token, h.order(`},"order"`, `},"paymentMethodId":"`+string(ch.ID)+`","order"`))
	if got.status != 200 || got.member(t, "paymentMethodId") != string(ch.ID) || got.member(t, "paymentStatus") != "PENDING" {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	return got.member(t, "id")
}

// payable is the reference that a transfer has to name for a bill.
func (h *house) payable(t *testing.T, id string) string {
	t.Helper()
	var inv invoice.Invoice
	h.view(t, func(tx *store.Tx) (err error) {
		inv, err = invoice.GetIn(tx, ident.ID(id))
		return err
	})
	if inv.Payable == "" {
		t.Fatal("nobody can pay the bill by transfer")
	}
	return inv.Payable
}

func (h *house) view(t *testing.T, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := h.app.DB.View(t.Context(), h.sandboxRealm(t), fn); err != nil {
		t.Fatal(err)
	}
}

func (h *house) line(day, amount, currency, reference, text string) string {
	return day + "," + amount + "," + currency + "," + reference + "," + text + "\n"
}

// statement imports a CSV statement of our bank, twice: the second time it
// brings nothing new.
func (h *house) statement(t *testing.T, name, lines string) {
	t.Helper()
	for range 2 {
		if _, err := h.app.Reconcile.ImportBank(t.Context(), h.sandboxRealm(t), name+".csv", []byte("date,amount,currency,reference,text\n"+lines)); err != nil {
			t.Fatal(err)
		}
	}
}

// camt imports a camt.053 statement with one transfer on it.
func (h *house) camt(t *testing.T, amount, reference string) {
	t.Helper()
	text := `<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr>` +
		`<Stmt><Id>S-1</Id><Acct><Id><IBAN>NO9386011117947</IBAN></Id></Acct><Ntry><Amt Ccy="NOK">` + amount + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>` +
		`<BookgDt><Dt>2026-11-22</Dt></BookgDt><AcctSvcrRef>B-77</AcctSvcrRef><NtryDtls><TxDtls><RmtInf><Strd><CdtrRefInf><Ref>` + reference +
		`</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>`
	if n, err := h.app.Reconcile.ImportBank(t.Context(), h.sandboxRealm(t), "statement.xml", []byte(text)); err != nil || n != 1 {
		t.Fatalf("got %d lines, %v", n, err)
	}
}

// payouts are the lines of the report of two months, by column: what was paid to
// an organisation.
func (h *house) payouts(t *testing.T, organization, kind string) (rows [][]string) {
	t.Helper()
	got := h.ask(t, "GET", reportPath, h.partner, `{"from_date":"2026-11-01","to_date":"2026-12-31","format":"payouts","test_mode":true,"payout_type":"`+kind+`"}`,
		"X-Organization-Id", organization)
	rows, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("got %d %s (%v)", got.status, got.body, err)
	}
	return rows[1:]
}

// banked has the bank's statement say what the reports say was paid.
func (h *house) banked(t *testing.T, ours string, all []organization) {
	t.Helper()
	lines := ""
	for _, o := range all {
		for _, row := range h.payouts(t, o.ID, "PSP") {
			lines += h.line(row[0][:10], row[9], row[4], "", row[1]+" settlement "+row[2])
		}
	}
	for _, row := range h.payouts(t, ours, "SPENSE") {
		lines += h.line(row[0][:10], "-"+row[9], row[4], "", "Payout "+row[2])
	}
	h.statement(t, "2026-12", lines)
}

// sum adds up a column of a report, in minor units.
func sum(t *testing.T, rows [][]string, column int) (n int64) {
	t.Helper()
	for _, row := range rows {
		text, negative := strings.CutPrefix(row[column], "-")
		a, err := money.ParseDecimal(text, "NOK")
		if err != nil {
			t.Fatal(err)
		}
		if negative {
			a.Minor = -a.Minor
		}
		n += a.Minor
	}
	return n
}

// booked holds an organisation's reports against the books: the provider owes
// nothing, its fees are our cost, ours are our income and the tax on it, we owe
// the organisation nothing, and the bank has the difference. carded is what came
// by the provider, less what went back; billed what came by transfer.
func (h *house) booked(t *testing.T, organization string, carded, billed int64) {
	t.Helper()
	theirs, ours := h.payouts(t, organization, "PSP"), h.payouts(t, organization, "SPENSE")
	for name, c := range map[string][2]int64{
		"still at the provider": {h.posted(t, ledger.Provider("fake")), 0},
		"the provider's fees":   {h.posted(t, ledger.Cost("fake")), sum(t, theirs, 8)},
		"still the merchant's":  {h.posted(t, ledger.Merchant(ident.ID(organization))), 0},
		"in the bank":           {h.posted(t, ledger.Bank), sum(t, theirs, 9) + billed - sum(t, ours, 9)},
		"gross of the provider": {sum(t, theirs, 6) + sum(t, theirs, 7), carded},
		"gross of ours":         {sum(t, ours, 6) + sum(t, ours, 7), carded + billed},
		"fees of ours":          {sum(t, ours, 8), -h.posted(t, ledger.Fees) - h.posted(t, ledger.Tax("NO"))},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: got %d, want %d", name, c[0], c[1])
		}
	}
	if fees := sum(t, ours, 8); fees == 0 {
		t.Error("nobody pays for anything")
	}
}

func (h *house) posted(t *testing.T, a ledger.Account) (n int64) {
	t.Helper()
	h.view(t, func(tx *store.Tx) error {
		list, err := ledger.Balance(tx, a)
		for _, s := range list {
			if s.Posted.Currency == "NOK" {
				n = s.Posted.Minor
			}
		}
		return err
	})
	return n
}

// reconciled compares books, files and statement of thirty days.
func (h *house) reconciled(t *testing.T, from time.Time) reconcile.Report {
	t.Helper()
	r, err := h.app.Reconcile.Reconcile(t.Context(), h.sandboxRealm(t), from, from.AddDate(0, 0, 30))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// verified is what florin verify does.
func (h *house) verified(t *testing.T) {
	t.Helper()
	r, err := h.app.Verify(t.Context(), func(string, int64, int64) {})
	if err != nil || len(r.Findings) > 0 || r.Payments == 0 {
		t.Errorf("got %+v (%v)", r, err)
	}
}
