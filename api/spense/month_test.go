package spense_test

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/reconcile"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// morning is the day on which every house opens.
var morning = apitest.Morning()().Truncate(24 * time.Hour)

// TestAMonth is the second half of the contract's story: bills are paid by
// transfers that a statement brings, cards by links; a month passes; what the
// reports say is what the books say, the bank has it, and nothing is left
// unexplained.
func TestAMonth(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			h.plan(t)
			card := h.settle(t)
			bills := []string{h.billed(t), h.billed(t)}
			h.nextDay(t)
			h.settle(t, "12490.00,", "100.00,")
			if got := h.ask(t, "POST", "/api/payments/"+card+"/refund", h.token, `{"amount":2490}`); got.status != 200 {
				t.Fatal(got.body)
			}
			h.statement(t, "2026-11-22", h.line("2026-11-22", "12490.00", h.payable(t, bills[0]), "Nordlys Transport AS"))
			h.camt(t, "12490.00", h.payable(t, bills[1]))
			for _, id := range bills {
				got := h.ask(t, "GET", "/api/payments/"+id, h.token, "")
				if got.member(t, "paymentStatus") != "SUCCESS" || got.member(t, "paymentMethod") != "bank_transfer" {
					t.Errorf("a bill that was paid: got %s", got.body)
				}
			}
			h.nextDay(t)
			h.nextDay(t)
			if _, err := h.app.Settlement.Simulate(t.Context(), h.sandboxRealm(t), ident.ID(h.sandbox.Spense.OrganizationID), settlement.SimulatePaid); err != nil {
				t.Fatal(err)
			}
			h.advance(t, 30*24*time.Hour)
			h.token = h.signIn(t, h.sandbox.Spense.ClientID, h.sandbox.Spense.ClientSecret)
			h.banked(t)
			h.booked(t)
			r := h.reconciled(t)
			if r.Unexplained() != 0 || len(r.Differences) != 0 || r.Lines != 3 || r.Matched != 3 {
				t.Errorf("got %+v", r)
			}
			h.verified(t)
		})
	}
}

// plan has the organisation settle with us.
func (h *house) plan(t *testing.T) {
	t.Helper()
	p := settlement.Plan{Merchant: ident.ID(h.sandbox.Spense.OrganizationID), Currency: "NOK", Terms: settlement.Terms{Mode: settlement.Net, TaxCountry: "NO",
		Rules: []settlement.Rule{{Method: method.BankTransfer, Currency: "NOK", Fixed: 3900}, {BasisPoints: 150}}}}
	if _, err := h.app.Settlement.SavePlan(t.Context(), h.sandboxRealm(t), audit.By{Actor: "test"}, p); err != nil {
		t.Fatal(err)
	}
}

// billed sends a bill.
func (h *house) billed(t *testing.T) (id string) {
	t.Helper()
	got := h.ask(t, "POST", "/api/payments", h.token, h.order(`},"order"`, `},"paymentMethodId":"6fa0000000000000000000b1","order"`))
	if got.status != 200 || got.member(t, "paymentMethodId") != "6fa0000000000000000000b1" {
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

func (h *house) line(day, amount, reference, text string) string {
	return day + "," + amount + ",NOK," + reference + "," + text + "\n"
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

// payouts are the lines of the report of November, by column.
func (h *house) payouts(t *testing.T, kind string) (rows [][]string) {
	t.Helper()
	got := h.ask(t, "GET", reportPath, h.token, `{"from_date":"2026-11-01","to_date":"2026-12-31","format":"payouts","test_mode":true,"payout_type":"`+kind+`"}`)
	rows, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("got %d %s (%v)", got.status, got.body, err)
	}
	return rows[1:]
}

// banked has the bank's statement say what the reports say was paid, and goes on
// to the end of the month.
func (h *house) banked(t *testing.T) {
	t.Helper()
	lines := ""
	for _, row := range h.payouts(t, "PSP") {
		lines += h.line(row[0][:10], row[9], "", row[1]+" settlement "+row[2])
	}
	for _, row := range h.payouts(t, "SPENSE") {
		lines += h.line(row[0][:10], "-"+row[9], "", "Payout "+row[2])
	}
	h.statement(t, "2026-12", lines)
}

// booked holds the reports against the books: the provider owes nothing, its
// fees are our cost, we owe the organisation nothing, and the bank has the
// difference.
func (h *house) booked(t *testing.T) {
	t.Helper()
	sum := func(rows [][]string, column int) (n int64) {
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
	theirs, ours := h.payouts(t, "PSP"), h.payouts(t, "SPENSE")
	for name, c := range map[string][2]int64{
		"still at the provider": {h.posted(t, ledger.Provider("fake")), 0},
		"the provider's fees":   {h.posted(t, ledger.Cost("fake")), sum(theirs, 8)},
		"still the merchant's":  {h.posted(t, ledger.Merchant(ident.ID(h.sandbox.Spense.OrganizationID))), 0},
		"in the bank":           {h.posted(t, ledger.Bank), sum(theirs, 9) + 2*1249000 - sum(ours, 9)},
		"gross of the provider": {sum(theirs, 6) + sum(theirs, 7), 1249000 + 10000 - 249000},
		"gross of ours":         {sum(ours, 6) + sum(ours, 7), 3*1249000 + 10000 - 249000},
		"fees of ours":          {sum(ours, 8), 2*4875 + 23419 + 188}, // 39.00, and 1.5 %, each with 25 % tax
	} {
		if c[0] != c[1] {
			t.Errorf("%s: got %d, want %d", name, c[0], c[1])
		}
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

func (h *house) reconciled(t *testing.T) reconcile.Report {
	t.Helper()
	r, err := h.app.Reconcile.Reconcile(t.Context(), h.sandboxRealm(t), morning, morning.AddDate(0, 0, 30))
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

// TestPlantedFaults: each mistake that the provider makes in a file is found and
// called by its name, and no other.
func TestPlantedFaults(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			account := string(h.sandboxRealm(t)) + ".fjord-parts"
			want := map[string]string{}
			for i, flaw := range fake.SettlementFlaws {
				day := morning.AddDate(0, 0, 2*i)
				if err := h.app.Provider.Spoil(account, day, flaw); err != nil {
					t.Fatal(err)
				}
				want[day.Format(time.DateOnly)] = string(flaw)
				h.settle(t)
				h.settle(t, "12490.00,", "700.00,")
				h.nextDay(t)
				h.settle(t, "12490.00,", "1.00,") // so that the day after has a file too
				h.nextDay(t)
			}
			h.nextDay(t)
			h.nextDay(t)
			h.nextDay(t)
			found := map[string][]string{}
			for _, d := range h.reconciled(t).Differences {
				if d.Label != reconcile.WrongSum { // what a line that is missing, doubled or dearer does to the file
					found[d.At.Format(time.DateOnly)] = append(found[d.At.Format(time.DateOnly)], string(d.Label))
				}
				if d.Label != reconcile.WrongSum && d.Payment == "" {
					t.Errorf("a difference does not say where it is: %+v", d)
				}
			}
			for day, flaw := range want {
				if !slices.Equal(found[day], []string{flaw}) {
					t.Errorf("%s: got %v, want %s", day, found[day], flaw)
				}
			}
			if len(found) != len(want) {
				t.Errorf("got %v", found)
			}
			got := h.report(t, h.token, "transactions", "PSP")
			for day, lines := range map[string]int{"2026-11-21": 1, "2026-11-23": 3} { // a report shows what the provider says
				if n := strings.Count(got, fmt.Sprintf("\n%s 00:00:00", day)); n != lines {
					t.Errorf("%s: got %d lines, want %d\n%s", day, n, lines, got)
				}
			}
			h.verified(t)
		})
	}
}
