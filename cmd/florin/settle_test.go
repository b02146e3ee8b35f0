package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/settlement"
)

// TestSettle takes in a bank statement twice, names what nothing explains, and
// refuses what cannot be read.
func TestSettle(t *testing.T) {
	dir := t.TempDir()
	if r := florin(t, dir, "key", "market", "Lind Media", "Fair"); r.code != 0 {
		t.Fatalf("got %+v", r)
	}
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("statement.csv", "date,amount,currency,reference\n2026-01-05,12.50,AUD,a gift\n")
	for _, want := range []string{"1 new lines", "0 new lines"} {
		if r := florin(t, dir, "settle", "import", "Lind Media", good); r.code != 0 || !strings.Contains(r.out, want) {
			t.Errorf("got %+v, want %q", r, want)
		}
	}
	if r := florin(t, dir, "settle", "import", "Lind Media", file("bad.csv", "date,amount\n")); r.code == 0 || !strings.Contains(r.err, "line 1") {
		t.Errorf("got %+v", r)
	}
	if r := florin(t, dir, "settle", "differences", "Lind Media", "--from", "2026-01-01", "--to", "2026-01-31"); r.code != 1 || !strings.Contains(r.out, "unknown_receipt") || !strings.Contains(r.out, "theirs 12.50 AUD") {
		t.Errorf("got %+v", r)
	}
	list := florin(t, dir, "review")
	line := regexp.MustCompile(`Lind Media +test +([0-9a-f]{32}) +bank 12\.50 AUD +- +2026-01-05 +nothing explains it: "a gift"`).FindStringSubmatch(list.out)
	if list.code != 0 || line == nil {
		t.Fatalf("got %+v", list)
	}
	refused(t, florin(t, dir, "review", "accept", line[1], "--reason", "card 4200000000000000"), failed, "must not hold a card number")
	refused(t, florin(t, dir, "review", "accept", line[1], "--reason", "of Nora", "--for", "1000000018"), failed, "not_found.invoice")
	for _, step := range [][2]string{{"accept", "accepted: the line of 2026-01-05 over 12.50 AUD\n"}, {"accept", "was accepted before; nothing changed: the line"}, {"return", "it was decided otherwise before"}} {
		if r := florin(t, dir, "review", step[0], line[1], "--reason", "a birthday"); !strings.Contains(r.out+r.err, step[1]) {
			t.Errorf("%s: got %+v", step[0], r)
		}
	}
	refused(t, florin(t, dir, "review", "return", strings.Repeat("f", 32), "--reason", "x"), failed, "no line of a statement")
	if r := florin(t, dir, "review"); r.code != 0 || strings.Count(r.out, "\n") != 1 {
		t.Errorf("something waits still: %+v", r)
	}
	if r := florin(t, dir, "settle", "differences", "Lind Media", "--from", "2026-02-01", "--to", "2026-02-28"); r.code != 0 || !strings.Contains(r.out, "0 unexplained") {
		t.Errorf("got %+v", r)
	}
	out := file("payouts.aba.part", "what a run left that was cut off before anything was marked")
	out = strings.TrimSuffix(out, ".part")
	if r := florin(t, dir, "settle", "file", "Lind Media", out, "--bank", "CBA", "--name", "Florin", "--user-id", "301500", "--bsb", "062000", "--account", "12345678"); r.code == 0 {
		t.Errorf("a file of no payouts: got %+v", r)
	}
	for _, path := range []string{out, out + ".part"} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", path, err)
		}
	}
}

// A file is on disk, whole, before anything is marked, and has its name only
// afterwards, so that a crash loses none and leaves none that could be sent.
func TestFilesAreLaidBeforeTheyAreMarked(t *testing.T) {
	out := filepath.Join(t.TempDir(), "payouts.aba")
	has := func(path, want string) {
		t.Helper()
		text, err := os.ReadFile(path)
		if want == "" && !os.IsNotExist(err) || want != "" && string(text) != want {
			t.Errorf("%s: got %q (%v), want %q", filepath.Base(path), text, err, want)
		}
	}
	for _, tt := range []struct {
		fault error
		left  string // under the name that nobody sends
	}{{fault.New("conflict.payout", "it was cancelled"), ""}, {errors.New("the connection is gone"), "0 payouts\r\n"}} {
		err := layMarked(out, []byte("0 payouts\r\n"), func() error {
			has(out, "")
			has(out+".part", "0 payouts\r\n")
			return tt.fault
		})
		if !errors.Is(err, tt.fault) {
			t.Errorf("got %v", err)
		}
		has(out, "")
		has(out+".part", tt.left)
	}
	if err := os.Remove(out + ".part"); err != nil {
		t.Fatal(err)
	}
	marked := false
	if err := layMarked(out, []byte("1 payout\r\n"), func() error { marked = true; return nil }); err != nil || !marked {
		t.Errorf("marked %t, %v", marked, err)
	}
	has(out, "1 payout\r\n")
	has(out+".part", "")
}

// A run that was cut off once its payouts were marked is taken up by the next
// one; afterwards the file is never made again. The bank's word that another
// amount left is a review, and ends the payout by an operator's.
func TestSettleFileIsTakenUp(t *testing.T) {
	h := furnish(t, "", "live")
	if r := h.run(t, "key", "spense", "Lind Media", "KITE", "--environment", "live", "--country", "AU", "--zone", "Australia/Sydney"); r.code != 0 {
		t.Fatalf("got %+v", r)
	}
	reference := h.owe(t, "KITE", money.Of(10000, "AUD"))
	out := filepath.Join(h.dir, "payouts.aba")
	file := func() result {
		return h.run(t, "settle", "file", "Lind Media", out, "--environment", "live", "--bank", "CBA", "--name", "Florin", "--user-id", "301500", "--bsb", "062000", "--account", "12345678")
	}
	if r := file(); r.code != 0 || r.out != "1 payouts in "+out+"\n" {
		t.Fatalf("got %+v", r)
	}
	whole, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(whole), reference) {
		t.Fatalf("got %q (%v), want payout %s in it", whole, err, reference)
	}
	if err := os.Rename(out, out+".part"); err != nil { // as if it had been killed between marking and naming
		t.Fatal(err)
	}
	if r := file(); r.code != 0 || r.out != "1 payouts in "+out+"\n" {
		t.Errorf("taken up: got %+v", r)
	}
	if again, err := os.ReadFile(out); err != nil || string(again) != string(whole) {
		t.Errorf("got %q (%v)", again, err)
	}
	refused(t, file(), failed, "it is there already")
	statement := filepath.Join(h.dir, "statement.csv")
	if err := os.WriteFile(statement, []byte("date,amount,currency,reference,text\n2026-01-05,-90.00,AUD,,"+reference+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := h.run(t, "settle", "import", "Lind Media", statement, "--environment", "live"); r.code != 0 {
		t.Fatalf("got %+v", r)
	}
	line := regexp.MustCompile(`([0-9a-f]{32}) +bank -90\.00 AUD +- +2026-01-05 +payout ` + reference + ` is of 100\.00 AUD`).FindStringSubmatch(h.run(t, "review").out)
	if line == nil {
		t.Fatalf("no review: %+v", h.run(t, "review"))
	}
	if r := h.run(t, "review", "accept", line[1], "--reason", "the bank will send the rest"); r.code != 0 {
		t.Errorf("got %+v", r)
	}
	if got := word(t, h.database, payoutState); got != "paid" {
		t.Errorf("the payout is %s", got)
	}
	if r := h.run(t, "verify"); r.code != 0 {
		t.Errorf("verify: %+v", r)
	}
}

// owe has a merchant of the live realm earn money by a transfer for an invoice,
// and asks for it by hand; it returns the payout's reference.
func (h *house) owe(t *testing.T, code string, amount money.Amount) (reference string) {
	t.Helper()
	flags := map[string]string{}
	for i := 0; i < len(h.args); i += 2 {
		flags[strings.TrimPrefix(h.args[i], "--")] = h.args[i+1]
	}
	c, err := app.Load("", func(string) (string, bool) { return "", false }, flags)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), c, "https://pay.example", slog.New(slog.DiscardHandler), app.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	realm, err := realmOf(ctx, a, "Lind Media", access.Live, false)
	must(err)
	p, m, err := a.Merchants.ByCode(ctx, realm.ID, code)
	must(err)
	_, err = a.Merchants.AddAccount(ctx, realm.ID, audit.By{Actor: "test"}, m.ID, merchant.BankAccount{Region: merchant.Australia, Holder: "Kite Repairs", BankCode: "062001", Number: "12345678", Currency: "AUD"}, true)
	must(err)
	_, err = a.Settlement.SavePlan(ctx, realm.ID, operator, settlement.Plan{Merchant: m.ID, Currency: "AUD", Terms: settlement.Terms{Mode: settlement.Net, HandPayouts: true}})
	must(err)
	actor := access.Actor{Realm: realm.ID, Environment: access.Live, Kind: "operator", May: access.Everything}
	inv, _, err := a.Invoices.Add(ctx, actor, invoice.Draft{Idempotency: idempotency.Key{Surface: "test"}, Profile: p, Scheme: invoice.Mod10, Amount: amount, DueOn: "2030-01-01",
		Customer: invoice.Customer{Name: "Nora Lind"}})
	must(err)
	_, err = a.Invoices.Receive(ctx, realm.ID, invoice.Transfer{ID: "t-1", Reference: inv.Payable, Amount: amount})
	must(err)
	out, err := a.Settlement.PayOut(ctx, actor, settlement.Request{Merchant: m.ID, Amount: amount, Channels: []string{settlement.DirectEntry}, Descriptor: "by hand"})
	must(err)
	return out.Reference
}
