package aba_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/settlement/aba"
)

var (
	payer = aba.Payer{Bank: "CBA", Name: "Florin Pay Pty Ltd", UserID: "301500", BSB: "062000", Account: "12345678", Remitter: "Florin"}
	day   = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
)

// at cuts columns first to last, counted from 1 as the layout counts them.
func at(record string, first, last int) string { return record[first-1 : last] }

// Each field stands in the columns that the layout gives it.
func TestLayout(t *testing.T) {
	file, err := aba.Write(payer, "PAYOUTS", day, []aba.Payment{
		{BSB: "082001", Account: "1234", Title: "Kite Repairs", Amount: money.Of(9726, "AUD"), Reference: "FP6560A1B2000001"},
		{BSB: "733123", Account: "987654321", Title: "Zoë & Söhne, a title that is longer than its column", Amount: money.Of(1, "AUD"), Reference: "FP6560A1B2000002 and more than fits"},
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(file), "\r\n"), "\r\n")
	if len(lines) != 4 {
		t.Fatalf("got %d records, want 4", len(lines))
	}
	for _, tt := range []struct {
		line, first, last int
		want              string
	}{
		{0, 1, 1, "0"}, {0, 2, 18, strings.Repeat(" ", 17)}, {0, 19, 20, "01"}, {0, 21, 23, "CBA"}, {0, 24, 30, "       "},
		{0, 31, 56, "Florin Pay Pty Ltd        "}, {0, 57, 62, "301500"}, {0, 63, 74, "PAYOUTS     "}, {0, 75, 80, "241126"}, {0, 81, 120, strings.Repeat(" ", 40)},
		{1, 1, 1, "1"}, {1, 2, 8, "082-001"}, {1, 9, 17, "     1234"}, {1, 18, 18, " "}, {1, 19, 20, "50"}, {1, 21, 30, "0000009726"},
		{1, 31, 62, "Kite Repairs                    "}, {1, 63, 80, "FP6560A1B2000001  "}, {1, 81, 87, "062-000"}, {1, 88, 96, " 12345678"},
		{1, 97, 112, "Florin          "}, {1, 113, 120, "00000000"},
		{2, 9, 17, "987654321"}, {2, 31, 62, "Zo  & S hne, a title that is lon"}, {2, 63, 80, "FP6560A1B2000002 a"},
		{3, 1, 1, "7"}, {3, 2, 8, "999-999"}, {3, 9, 20, strings.Repeat(" ", 12)}, {3, 21, 30, "0000009727"}, {3, 31, 40, "0000009727"}, {3, 41, 50, "0000000000"},
		{3, 51, 74, strings.Repeat(" ", 24)}, {3, 75, 80, "000002"}, {3, 81, 120, strings.Repeat(" ", 40)},
	} {
		if got := at(lines[tt.line], tt.first, tt.last); got != tt.want {
			t.Errorf("record %d, columns %d to %d: got %q, want %q", tt.line+1, tt.first, tt.last, got, tt.want)
		}
	}
}

// Whatever is paid: every record has 120 characters, and the totals are those
// of the records.
func TestTotals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := payer
		p.Balanced = rapid.Bool().Draw(t, "balanced")
		var list []aba.Payment
		for range rapid.IntRange(1, 40).Draw(t, "payments") {
			list = append(list, aba.Payment{BSB: rapid.StringMatching(`\d{6}`).Draw(t, "bsb"), Account: rapid.StringMatching(`\d{1,9}`).Draw(t, "account"),
				Title: "T" + rapid.String().Draw(t, "title"), Amount: money.Of(rapid.Int64Range(1, 99_999_999).Draw(t, "amount"), "AUD"), Reference: rapid.String().Draw(t, "reference")})
		}
		file, err := aba.Write(p, rapid.String().Draw(t, "what"), day, list)
		if err != nil {
			t.Fatal(err)
		}
		sums, records := map[string]int64{}, 0
		var last string
		for line := range strings.SplitSeq(strings.TrimSuffix(string(file), "\r\n"), "\r\n") {
			if len(line) != 120 {
				t.Fatalf("a record of %d characters: %q", len(line), line)
			}
			if last = line; line[0] == '1' {
				n, _ := strconv.ParseInt(at(line, 21, 30), 10, 64)
				sums[at(line, 19, 20)] += n
				records++
			}
		}
		number := func(first, last_ int) int64 { n, _ := strconv.ParseInt(at(last, first, last_), 10, 64); return n }
		if number(31, 40) != sums["50"] || number(41, 50) != sums["13"] || number(21, 30) != sums["50"]-sums["13"] || int(number(75, 80)) != records {
			t.Fatalf("totals %q of %v in %d records", last, sums, records)
		}
		if p.Balanced && number(21, 30) != 0 {
			t.Fatalf("a balanced file is %d", number(21, 30))
		}
	})
}

func TestRefusals(t *testing.T) {
	good := aba.Payment{BSB: "082001", Account: "1234", Title: "Kite", Amount: money.Of(1, "AUD")}
	for name, tt := range map[string]struct {
		change func(p *aba.Payer, l *[]aba.Payment)
		want   string
	}{
		"no payments":     {func(_ *aba.Payer, l *[]aba.Payment) { *l = nil }, "invalid.file"},
		"user id":         {func(p *aba.Payer, _ *[]aba.Payment) { p.UserID = "30150" }, "invalid.payer"},
		"bank":            {func(p *aba.Payer, _ *[]aba.Payment) { p.Bank = "CB" }, "invalid.payer"},
		"bsb":             {func(_ *aba.Payer, l *[]aba.Payment) { (*l)[1].BSB = "08200" }, "invalid.payment"},
		"account":         {func(_ *aba.Payer, l *[]aba.Payment) { (*l)[1].Account = "1234567890" }, "invalid.payment"},
		"title":           {func(_ *aba.Payer, l *[]aba.Payment) { (*l)[1].Title = "漢字" }, "invalid.payment"},
		"currency":        {func(_ *aba.Payer, l *[]aba.Payment) { (*l)[1].Amount.Currency = "NZD" }, "invalid.payment"},
		"nothing":         {func(_ *aba.Payer, l *[]aba.Payment) { (*l)[1].Amount.Minor = 0 }, "invalid.payment"},
		"one too large":   {func(_ *aba.Payer, l *[]aba.Payment) { (*l)[1].Amount.Minor = 10_000_000_000 }, "invalid.payment"},
		"too much in all": {func(_ *aba.Payer, l *[]aba.Payment) { (*l)[1].Amount.Minor = 9_999_999_999 }, "invalid.amount"},
	} {
		p, list := payer, []aba.Payment{good, good}
		tt.change(&p, &list)
		if _, err := aba.Write(p, "PAYOUTS", day, list); fault.Code(err) != tt.want {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}
