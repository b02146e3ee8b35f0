package ledger_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// The examples of docs/ledger.md and of testdata are the tests of the recipes.
// A block is a story in a realm of its own:
//
//	capture 60.00 EUR of 100.00     a recipe, by the kind of its transfer
//	post fee                        a transfer of the postings below it
//	reverse 2                       transfer 2 undone
//	guard merchant/shop EUR         an account made non-negative
//	debit 1.00 EUR ! conflict.x     it must fail with this code
//	stands                          how accounts stand now
//	    posted  fees  -1.20 EUR     below a verb: exactly its postings
//	    fees EUR  pending 0.00  posted -1.20
func TestBooks(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		blocks := 0
		for _, file := range append(files, "../../docs/ledger.md") {
			for _, b := range read(t, file) {
				t.Run(fmt.Sprintf("%s:%d", filepath.Base(file), b.line), func(t *testing.T) { b.run(t, db) })
				blocks++
			}
		}
		if blocks < 20 {
			t.Errorf("only %d blocks were found", blocks)
		}
	})
}

// TestChart holds the documentation to the chart of accounts.
func TestChart(t *testing.T) {
	doc, err := os.ReadFile("../../docs/ledger.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range ledger.Chart {
		per := c.Per
		if per != "" {
			per += " "
		}
		row := fmt.Sprintf("| `%s` | %s | %s| %s |", c.Name, c.Nature, per, c.Means)
		if !strings.Contains(string(doc), row) {
			t.Errorf("docs/ledger.md lacks the row %s", row)
		}
	}
}

type block struct {
	line  int // in its file
	lines []string
}

func read(t *testing.T, file string) []block {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	in := false
	for i, l := range strings.Split(string(raw), "\n") {
		switch {
		case l == "```books":
			in, blocks = true, append(blocks, block{line: i + 2})
		case strings.HasPrefix(l, "```"):
			in = false
		case in:
			b := &blocks[len(blocks)-1]
			b.lines = append(b.lines, l)
		}
	}
	return blocks
}

// story is a block while it runs.
type story struct {
	t     *testing.T
	db    *store.DB
	realm ident.ID
	deal  ledger.Deal
	ids   []ident.ID // of the transfers so far
	seen  map[ledger.Account]bool
}

func (b block) run(t *testing.T, db *store.DB) {
	s := &story{t: t, db: db, realm: newRealm(), seen: map[ledger.Account]bool{},
		deal: ledger.Deal{Object: ledger.Object{Kind: "payment", ID: newRealm()}, Connector: "acme", Merchant: "shop"}}
	for i := 0; i < len(b.lines); {
		verb, end := b.lines[i], i+1
		for end < len(b.lines) && strings.HasPrefix(b.lines[end], " ") {
			end++
		}
		if verb != "" && verb[0] != '#' {
			s.step(b.line+i, verb, b.lines[i+1:end])
		}
		i = end
	}
	s.verify()
}

func (s *story) step(line int, text string, below []string) {
	s.t.Helper()
	text, code, _ := strings.Cut(text, " ! ")
	words := strings.Fields(text)
	if words[0] == "stands" {
		for i, l := range below {
			s.stands(line+1+i, strings.Fields(l))
		}
		return
	}
	err := s.db.Update(s.t.Context(), s.realm, func(tx *store.Tx) error { return s.do(tx, words, below) })
	if fault.Code(err) != code {
		s.t.Fatalf("line %d: %s: got %v, want code %q", line, text, err, code)
	}
	if err != nil || words[0] == "guard" {
		return
	}
	s.postings(line, words[0] != "post", words, below)
}

func (s *story) do(tx *store.Tx, words, below []string) error {
	var err error
	switch words[0] {
	case "guard":
		err = ledger.Guard(tx, ledger.Account(words[1]), money.Currency(words[2]))
	case "reverse":
		n, _ := strconv.Atoi(words[1])
		_, err = ledger.Reverse(tx, s.deal.Object, s.ids[n-1], "booked by mistake")
	case "post":
		tr := ledger.Transfer{Kind: words[1], Object: s.deal.Object}
		for _, l := range below {
			w := strings.Fields(l)
			tr.Postings = append(tr.Postings, ledger.Posting{Column: ledger.Column(w[0]), Account: ledger.Account(w[1]), Amount: amount(s.t, w[2], w[3])})
		}
		_, err = ledger.Post(tx, tr)
	default:
		_, err = ledger.Post(tx, s.recipe(words))
	}
	return err
}

func (s *story) recipe(words []string) ledger.Transfer {
	a := amount(s.t, words[1], words[2])
	if words[0] == "capture" {
		return s.deal.Capture(a, amount(s.t, words[4], words[2]))
	}
	if words[0] == "late.captured" {
		return s.deal.LateCaptured(a, amount(s.t, words[4], words[2]))
	}
	if words[0] == "transfer.received" {
		return s.received(words)
	}
	due := ledger.Due{Object: s.deal.Object, Owner: ledger.Merchant(s.deal.Merchant)}
	if fee := map[string]func(fee, tax money.Amount, country string) ledger.Transfer{
		"fee": due.Fee, "fee.return": due.FeeReturned, "fee.accrue": due.FeeAccrued, "fee.accrue.return": due.FeeAccruedReturned,
	}[words[0]]; fee != nil {
		return fee(a, amount(s.t, words[4], words[2]), words[5])
	}
	if words[0] == "receipt" {
		return ledger.Receipt(s.deal.Object, s.deal.Connector, a, amount(s.t, words[4], words[2]))
	}
	if part := map[string]func(to ledger.Account, a money.Amount) ledger.Transfer{"split": due.Split, "split.return": due.SplitReturned, "fee.collected": due.FeeCollected}[words[0]]; part != nil {
		return part(ledger.Account(words[3]), a)
	}
	d, bank := s.deal, s.deal
	bank.Connector = ""
	make := map[string]func(money.Amount) ledger.Transfer{
		"authorise": d.Authorise, "void": d.Void, "expire": d.Expire, "debit": d.Debit, "debit.return": d.ReturnDebit,
		"transfer": d.Arrive, "transfer.matched": d.Matched, "transfer.returned": d.SentBack,
		"refund.reserve": d.ReserveRefund, "refund": d.Refund, "refund.release": d.ReleaseRefund, "refund.return": d.ReturnRefund,
		"credit.reserve": d.ReserveCredit, "credit": d.Credit, "credit.release": d.ReleaseCredit, "credit.return": d.ReturnCredit,
		"chargeback": d.Chargeback, "chargeback.reversed": d.ChargebackReversed,
		"chargeback.lost": d.ChargebackLost, "chargeback.returned": d.ChargebackReturned,
		"late": d.Late, "late.accepted": d.LateAccepted, "late.returned": d.LateReturned,
		"outside":        func(a money.Amount) ledger.Transfer { return d.Outside(words[4], a) },
		"payout.reserve": due.ReservePayout, "payout": due.Payout, "payout.release": due.ReleasePayout, "payout.return": due.ReturnPayout,
		"fee.paid": due.FeePaid, "transfer.taken_back": bank.TakenBack, "transfer.unexplained": bank.Unexplained, "transfer.taken_unexplained": bank.TakenUnexplained,
		"late.out": d.LateOut, "late.out.accepted": d.LateOutAccepted, "late.out.returned": d.LateOutReturned,
	}[words[0]]
	if make == nil {
		s.t.Fatalf("no recipe %q", words[0])
	}
	return make(a)
}

// received reads "transfer.received 120.00 EUR asked 100.00": the rest is too much.
func (s *story) received(words []string) ledger.Transfer {
	all, mine := amount(s.t, words[1], words[2]), amount(s.t, words[4], words[2])
	d := s.deal
	d.Connector = ""
	return d.Received(mine, money.Of(all.Minor-mine.Minor, all.Currency))
}

// postings compares the newest transfer with the lines below its verb.
func (s *story) postings(line int, compare bool, words, below []string) {
	s.t.Helper()
	var entries []ledger.Entry
	s.view(func(tx *store.Tx) (err error) { entries, err = ledger.ByObject(tx, s.deal.Object); return err })
	if len(entries) != len(s.ids)+1 {
		s.t.Fatalf("line %d: got %d transfers, want %d", line, len(entries), len(s.ids)+1)
	}
	e := entries[len(entries)-1]
	s.ids = append(s.ids, e.ID)
	if compare && len(e.Postings) != len(below) {
		s.t.Fatalf("line %d: got %d postings %v, want %d", line, len(e.Postings), e.Postings, len(below))
	}
	if kind := words[0]; compare && e.Kind != kind {
		s.t.Errorf("line %d: got kind %q, want %q", line, e.Kind, kind)
	}
	for i, p := range e.Postings {
		s.seen[p.Account] = true
		w := strings.Fields(below[i])
		got := fmt.Sprint(p.Column, " ", p.Account, " ", p.Amount.Minor)
		want := fmt.Sprint(w[0], " ", w[1], " ", amount(s.t, w[2], string(p.Amount.Currency)).Minor)
		if got != want {
			s.t.Errorf("line %d: got %s, want %s", line+1+i, got, want)
		}
	}
}

func (s *story) stands(line int, w []string) {
	s.t.Helper()
	if len(w) != 6 || w[2] != "pending" || w[4] != "posted" {
		s.t.Fatalf("line %d: %v is no standing", line, w)
	}
	want := [2]int64{amount(s.t, w[3], w[1]).Minor, amount(s.t, w[5], w[1]).Minor}
	var got [2]int64
	s.view(func(tx *store.Tx) error {
		all, err := ledger.Balance(tx, ledger.Account(w[0]))
		for _, b := range all {
			if b.Posted.Currency == money.Currency(w[1]) {
				got = [2]int64{b.Pending.Minor, b.Posted.Minor}
			}
		}
		return err
	})
	if got != want {
		s.t.Errorf("line %d: %s %s: got %v, want %v (pending, posted)", line, w[0], w[1], got, want)
	}
}

func (s *story) view(fn func(tx *store.Tx) error) {
	s.t.Helper()
	if err := s.db.View(s.t.Context(), s.realm, fn); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) verify() {
	s.t.Helper()
	found, err := ledger.Verify(s.t.Context(), s.db, s.realm, nil)
	if err != nil || len(found) > 0 {
		s.t.Errorf("verify: got %v, %v, want nothing", found, err)
	}
}

var exponents = map[string]int{"EUR": 2, "JPY": 0, "KWD": 3}

func amount(t *testing.T, s, currency string) money.Amount {
	t.Helper()
	exponent, known := exponents[currency]
	whole, fraction, _ := strings.Cut(s, ".")
	minor, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || !known || len(fraction) != exponent {
		t.Fatalf("%s %s is no amount", s, currency)
	}
	return money.Of(minor, money.Currency(currency))
}
