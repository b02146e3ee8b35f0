package reconcile_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/reconcile"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// Days of trade, the provider's files, the bank's statement: nothing is left
// unexplained, and the money that is in the bank is in the books.
func TestNothingIsUnexplained(t *testing.T) {
	each(t, func(w *world) {
		w.trade()
		w.pass(2 * day)
		imported := w.fetch()
		if len(imported) < 8 {
			t.Fatalf("got %d files", len(imported))
		}
		r := w.report()
		if got := labels(r); got != "" || r.Matched != r.Lines || r.Lines < 17 || r.Unexplained() != 0 {
			t.Errorf("got %q, %d of %d lines matched: %+v", got, r.Matched, r.Lines, r.Differences)
		}
		w.bank(imported, "")
		if got := labels(w.report()); got != "" {
			t.Errorf("with the bank: got %q", got)
		}
		for _, c := range []money.Currency{"AUD", "NOK"} {
			var payout, fees int64
			for _, f := range imported {
				if f.Currency == c {
					payout, fees = payout+f.Payout, fees+f.Fees
				}
			}
			if got := w.posted(ledger.Bank, c); got != payout || payout == 0 {
				t.Errorf("%s in the bank: got %d, want %d", c, got, payout)
			}
			if got := w.posted(ledger.Cost("fake"), c); got != fees {
				t.Errorf("%s as cost: got %d, want %d", c, got, fees)
			}
			if got := w.posted(ledger.Provider("fake"), c); got != 0 {
				t.Errorf("%s still at the provider: got %d, want 0", c, got)
			}
		}
		if found, err := ledger.Verify(t.Context(), w.db, w.realm.ID, nil); err != nil || len(found) > 0 {
			t.Errorf("got %v, %v", found, err)
		}
	})
}

// bank imports a statement that pays each file; spoil names a mistake in it.
func (w *world) bank(list []reconcile.File, spoil string) {
	w.t.Helper()
	var b strings.Builder
	b.WriteString("date,amount,currency,reference,text\n")
	for i, f := range list {
		amount := f.Payout
		switch {
		case spoil == "missing" && i == 0:
			continue
		case spoil == "amount" && i == 0:
			amount--
		}
		sign := ""
		if amount < 0 {
			sign, amount = "-", -amount
		}
		fmt.Fprintf(&b, "%s,%s%s,%s,,Test Bank %s payment\n", f.PaidAt.Format(time.DateOnly), sign, money.Of(amount, f.Currency).Decimal(2), f.Currency, f.Reference)
	}
	if spoil == "unknown" {
		b.WriteString("2026-11-22,5.00,AUD,,a gift\n")
	}
	b.WriteString(w.now().Format(time.DateOnly) + ",0.01,AUD,,interest\n") // the statement goes as far as today
	if _, err := w.ImportBank(w.t.Context(), w.realm.ID, "statement.csv", []byte(b.String())); err != nil {
		w.t.Fatal(err)
	}
}

// Each mistake that is planted in a provider's file is found and called by its
// name; what it does to the file's sums is found too.
func TestPlantedFaultsAreNamed(t *testing.T) {
	each(t, func(w *world) {
		tests := []struct {
			flaw fake.SettlementFlaw
			want string
		}{
			{fake.MissingLine, "missing_line wrong_sum"},
			{fake.DoubleLine, "double_line wrong_sum"},
			{fake.FeeDrift, "fee_drift wrong_sum"},
			{fake.OtherCurrency, "wrong_currency"},
			{fake.CutOffShift, "cut_off_shift"},
		}
		var days []time.Time
		for i, tt := range tests {
			if err := w.provider.Spoil(w.account(), w.now(), tt.flaw); err != nil {
				t.Fatal(err)
			}
			days = append(days, w.now().Truncate(day))
			w.pay(12500+int64(i), "AUD", "first")
			w.pay(7000, "AUD", "second")
			w.pass(day)
			w.pay(100, "AUD", "third") // so that the day after has a file too
			w.pass(day)
		}
		w.pass(2 * day)
		w.fetch()
		for i, tt := range tests {
			r, err := w.Reconcile(t.Context(), w.realm.ID, days[i], days[i].Add(2*day))
			if got := labels(r); err != nil || got != tt.want {
				t.Errorf("%s: got %q %v, want %q", tt.flaw, got, err, tt.want)
			}
			for _, d := range r.Differences {
				if d.Connector != "fake" || d.Label != reconcile.MissingLine && d.Settlement == "" || d.Label != reconcile.WrongSum && d.Payment == "" {
					t.Errorf("%s: a difference does not say where it is: %+v", tt.flaw, d)
				}
			}
		}
		all := w.report()
		if want := "cut_off_shift double_line fee_drift missing_line wrong_currency wrong_sum wrong_sum wrong_sum"; labels(all) != want {
			t.Errorf("all at once: got %q, want %q", labels(all), want)
		}
		if got := all.Unexplained(); got != 7 { // a shift is a matter of time
			t.Errorf("unexplained: got %d, want 7", got)
		}
		if err := w.provider.Spoil(w.account(), w.now(), "nonsense"); fault.Code(err) != "invalid.flaw" {
			t.Errorf("got %v", err)
		}
	})
}

// What the bank has and has not.
func TestBankDifferences(t *testing.T) {
	for _, tt := range []struct{ spoil, want string }{
		{"", "unknown_receipt"}, // the cent of interest, which nobody has announced
		{"missing", "not_received unknown_receipt"},
		{"amount", "unknown_receipt wrong_receipt"},
		{"unknown", "unknown_receipt unknown_receipt"},
	} {
		w := newWorld(t, storetest.Engines[0])
		w.pay(12500, "AUD", "A-1")
		w.pass(day)
		w.pay(500, "AUD", "A-2")
		w.pass(7 * day)
		w.bank(w.fetch(), tt.spoil)
		r, err := w.Reconcile(t.Context(), w.realm.ID, start.Truncate(day), w.now().Truncate(day).Add(day))
		if got := labels(r); err != nil || got != tt.want {
			t.Errorf("%q: got %q %v, want %q", tt.spoil, got, err, tt.want)
		}
	}
}

// An attempt that never got its answer explains its line: the difference says
// that it waits, and nothing is called missing.
func TestUnansweredAttempts(t *testing.T) {
	w := newWorld(t, storetest.Engines[0])
	o := payment.Operation{Payment: w.pay(12500, "AUD", "A-1").ID, Amount: money.Of(500, "AUD"), Simulate: map[string]string{"fault": "lookup_down:8640000"}}
	o.Idempotency.Surface = "test"
	if out, err := w.payments.Refund(t.Context(), w.actor(), o); err != nil || out.Attempt.State != payment.AttemptUnknown {
		t.Fatalf("got %s, %v", out.Attempt.State, err)
	}
	w.pass(3 * day)
	w.fetch()
	r := w.report()
	if got := labels(r); got != "unanswered" || r.Unexplained() != 0 {
		t.Errorf("got %q, %d unexplained", got, r.Unexplained())
	}
}

// The same files in any order, and more than once, come to the same rows and
// the same report.
func TestImportInAnyOrder(t *testing.T) {
	each(t, func(w *world) {
		w.trade()
		w.pass(2 * day)
		files := w.files()
		take := func(realm ident.ID, list []connector.SettlementFile) {
			for _, f := range list {
				if _, err := w.Import(t.Context(), realm, "fake", f); err != nil {
					t.Fatal(err)
				}
			}
		}
		take(w.realm.ID, files)
		first, rows := w.report(), storetest.Rows(t, w.db, "reconcile_file", "reconcile_line")
		take(w.realm.ID, files)
		w.fetch()
		if got := storetest.Rows(t, w.db, "reconcile_file", "reconcile_line"); fmt.Sprint(got) != fmt.Sprint(rows) {
			t.Errorf("imported again: got %v, want %v", got, rows)
		}
		if err := w.db.Update(t.Context(), w.realm.ID, func(tx *store.Tx) error {
			if _, err := tx.Exec(`DELETE FROM reconcile_file`); err != nil {
				return err
			}
			_, err := tx.Exec(`DELETE FROM reconcile_line`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		again := slices.Clone(files)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		take(w.realm.ID, again)
		if second := w.report(); fmt.Sprintf("%+v", second) != fmt.Sprintf("%+v", first) {
			t.Errorf("in another order: got %+v, want %+v", second, first)
		}
	})
}

// A file that cannot be read is refused with its line and reason, and kept
// aside once; nothing else is written.
func TestMalformedFiles(t *testing.T) {
	each(t, func(w *world) {
		w.pay(12500, "AUD", "A-1")
		w.pass(2 * day)
		good := string(w.files()[0].Text)
		lines := strings.SplitAfter(good, "\n")
		for name, tt := range map[string]struct{ text, line string }{
			"empty":              {"", "line 1"},
			"no CSV":             {"\"H", "line 1"},
			"broken off":         {lines[0] + lines[1], "line 3"},
			"a line missing":     {lines[0] + lines[2], "line 2"},
			"no head":            {lines[1] + lines[2], "line 1"},
			"a version":          {strings.Replace(good, "H,1,", "H,2,", 1), "line 1"},
			"an amount":          {strings.Replace(good, "125.00", "125.001", 1), "line 2"},
			"a currency":         {strings.Replace(good, "AUD,125.00", "XXX,125.00", 1), "line 2"},
			"a kind":             {strings.Replace(good, "L,payment", "L,present", 1), "line 2"},
			"fields":             {strings.Replace(good, "L,payment", "L,payment,x", 1), "line 2"},
			"a moment":           {strings.Replace(good, "T09:14:00Z", "T25:14:00Z", 1), "line 2"},
			"the sums":           {strings.Replace(good, "T,1,125.00", "T,1,126.00", 1), "line 3"},
			"the count":          {strings.Replace(good, "T,1,", "T,2,", 1), "line 3"},
			"something after it": {good + lines[1], "line 4"},
		} {
			_, err := w.Import(t.Context(), w.realm.ID, "fake", connector.SettlementFile{Name: name, Text: []byte(tt.text)})
			f, ok := err.(*fault.Error)
			if !ok || f.Code != "invalid.settlement" || f.Param != tt.line || f.Msg == "" {
				t.Errorf("%s: got %v, want invalid.settlement at %s", name, err, tt.line)
			}
		}
		if _, err := w.Import(t.Context(), w.realm.ID, "nobody", connector.SettlementFile{}); fault.Code(err) != "not_found.connector" {
			t.Errorf("got %v", err)
		}
		if _, err := w.ImportBank(t.Context(), w.realm.ID, "bank.xml", []byte("<a/>")); fault.Code(err) != "invalid.statement" {
			t.Errorf("got %v", err)
		}
		if _, err := w.ImportBank(t.Context(), w.realm.ID, "bank.xml", []byte("<a/>")); fault.Code(err) != "invalid.statement" {
			t.Errorf("again: got %v", err)
		}
		aside, err := w.Aside(t.Context(), w.realm.ID)
		if err != nil || len(aside) != 15 {
			t.Errorf("got %d files aside, %v, want 15", len(aside), err)
		}
		if got := storetest.Rows(t, w.db, "reconcile_file", "reconcile_line", "reconcile_bank"); fmt.Sprint(got) != "map[reconcile_bank:0 reconcile_file:0 reconcile_line:0]" {
			t.Errorf("got %v", got)
		}
		w.fetch()
		changed := strings.Replace(good, "T09:14:00Z", "T09:14:01Z", 1)
		if _, err := w.Import(t.Context(), w.realm.ID, "fake", connector.SettlementFile{Name: "changed", Text: []byte(changed)}); fault.Code(err) != "conflict.file" {
			t.Errorf("another file of the same reference: got %v", err)
		}
		if got := storetest.Rows(t, w.db, "reconcile_line"); got["reconcile_line"] != 1 {
			t.Errorf("got %v", got)
		}
	})
}

// The job fetches by itself, once an hour: the test provider pays at 03:00 of the
// day after. Where a clock was moved, another one fetches at once.
func TestFilesAreFetched(t *testing.T) {
	each(t, func(w *world) {
		if err := w.jobs.Every(t.Context(), reconcile.FetchJob); err != nil {
			t.Fatal(err)
		}
		w.pay(12500, "AUD", "A-1")
		w.work()
		for i, tt := range []struct {
			ahead time.Duration
			soon  bool
			want  int64
		}{{17*time.Hour + 30*time.Minute, false, 0}, {time.Hour, false, 1}, {time.Minute, false, 1}, {day, true, 2}} { // 02:55, 04:06, 04:18
			if _, err := w.access.Advance(t.Context(), w.realm.ID, tt.ahead); err != nil {
				t.Fatal(err)
			}
			if tt.soon {
				if err := w.db.Update(t.Context(), w.realm.ID, func(tx *store.Tx) error { reconcile.FetchSoon(tx); return nil }); err != nil {
					t.Fatal(err)
				}
			} else {
				w.wall.Add(11 * time.Minute)
			}
			w.work()
			if got := storetest.Rows(t, w.db, "reconcile_file")["reconcile_file"]; got != tt.want {
				t.Errorf("%d: got %d files, want %d", i, got, tt.want)
			}
			if i == 2 {
				w.pay(500, "AUD", "A-2")
			}
		}
	})
}

func TestSpans(t *testing.T) {
	w := newWorld(t, storetest.Engines[0])
	for _, d := range []time.Duration{0, -day, 401 * day} {
		if _, err := w.Reconcile(t.Context(), w.realm.ID, start, start.Add(d)); fault.Code(err) != "invalid.span" {
			t.Errorf("%v: got %v", d, err)
		}
	}
}
