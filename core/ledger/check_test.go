package ledger_test

import (
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
)

const someID ident.ID = "6560a1b2c3d4e5f601234567"

func TestCheck(t *testing.T) {
	p := func(a ledger.Account, minor int64, c money.Currency, col ledger.Column) ledger.Posting {
		return ledger.Posting{Account: a, Amount: money.Of(minor, c), Column: col}
	}
	with := func(postings ...ledger.Posting) ledger.Transfer {
		return ledger.Transfer{Kind: "debit", Object: ledger.Object{Kind: "payment", ID: someID}, Postings: postings}
	}
	good := func(change func(*ledger.Transfer)) ledger.Transfer {
		tr := with(p("bank", 5, "EUR", ledger.Posted), p("fees", -5, "EUR", ledger.Posted))
		change(&tr)
		return tr
	}
	many := make([]ledger.Posting, ledger.MaxPostings+1)
	for i := range many {
		many[i] = p("bank", 1-int64(i%2)*2, "EUR", ledger.Posted)
	}
	tests := []struct {
		name string
		tr   ledger.Transfer
		code string
	}{
		{"good", good(func(*ledger.Transfer) {}), ""},
		{"most postings", with(many[:ledger.MaxPostings]...), ""},
		{"no kind", good(func(tr *ledger.Transfer) { tr.Kind = "" }), "internal.books.kind"},
		{"kind of two words", good(func(tr *ledger.Transfer) { tr.Kind = "a b" }), "internal.books.kind"},
		{"kind of two lines", good(func(tr *ledger.Transfer) { tr.Kind = "a\nb" }), "internal.books.kind"},
		{"no object", good(func(tr *ledger.Transfer) { tr.Object.Kind = "" }), "internal.books.object"},
		{"object of no id", good(func(tr *ledger.Transfer) { tr.Object.ID = "7" }), "internal.books.object"},
		{"reverses nothing", good(func(tr *ledger.Transfer) { tr.Reverses = "7" }), "internal.books.reverses"},
		{"memo", good(func(tr *ledger.Transfer) { tr.Memo = "1 EUR = 161.00 JPY, “mid”" }), ""},
		{"memo too long", good(func(tr *ledger.Transfer) { tr.Memo = strings.Repeat("x", ledger.MaxMemo+1) }), "internal.books.memo"},
		{"memo of two lines", good(func(tr *ledger.Transfer) { tr.Memo = "a\nb" }), "internal.books.memo"},
		{"memo that is no text", good(func(tr *ledger.Transfer) { tr.Memo = "\xff" }), "internal.books.memo"},
		{"no postings", with(), "internal.books.postings"},
		{"one posting", with(p("bank", 5, "EUR", ledger.Posted)), "internal.books.postings"},
		{"too many postings", with(many...), "internal.books.postings"},
		{"unknown account", with(p("till", 5, "EUR", ledger.Posted), p("fees", -5, "EUR", ledger.Posted)), "internal.books.account"},
		{"account lacks its name", with(p("merchant", 5, "EUR", ledger.Posted), p("fees", -5, "EUR", ledger.Posted)), "internal.books.account"},
		{"account lacks its name after the slash", with(p("merchant/", 5, "EUR", ledger.Posted), p("fees", -5, "EUR", ledger.Posted)), "internal.books.account"},
		{"account with a name too many", with(p("bank/x", 5, "EUR", ledger.Posted), p("fees", -5, "EUR", ledger.Posted)), "internal.books.account"},
		{"account with two names", with(p("merchant/x/y", 5, "EUR", ledger.Posted), p("fees", -5, "EUR", ledger.Posted)), "internal.books.account"},
		{"no currency", with(p("bank", 5, "", ledger.Posted), p("fees", -5, "", ledger.Posted)), "internal.books.currency"},
		{"currency in small letters", with(p("bank", 5, "eur", ledger.Posted), p("fees", -5, "eur", ledger.Posted)), "internal.books.currency"},
		{"unknown column", with(p("bank", 5, "EUR", "due"), p("fees", -5, "EUR", "due")), "internal.books.column"},
		{"posting of nothing", with(p("bank", 0, "EUR", ledger.Posted), p("fees", 0, "EUR", ledger.Posted)), "internal.books.zero"},
		{"above the cap", with(p("bank", ledger.MaxAmount+1, "EUR", ledger.Posted), p("fees", -ledger.MaxAmount-1, "EUR", ledger.Posted)), "invalid.amount"},
		{"least int64", with(p("bank", -1<<63, "EUR", ledger.Posted), p("fees", -1<<63, "EUR", ledger.Posted)), "invalid.amount"},
		{"off by one", with(p("bank", 5, "EUR", ledger.Posted), p("fees", -4, "EUR", ledger.Posted)), "internal.books.sum"},
		{"zero over two columns", with(p("bank", 5, "EUR", ledger.Posted), p("fees", -5, "EUR", ledger.Pending)), "internal.books.sum"},
		{"zero over two currencies", with(p("bank", 5, "EUR", ledger.Posted), p("fees", -5, "USD", ledger.Posted)), "internal.books.sum"},
		{"second currency off", with(p("bank", 5, "EUR", ledger.Posted), p("fees", -5, "EUR", ledger.Posted),
			p("bank", 5, "USD", ledger.Posted), p("fees", -6, "USD", ledger.Posted)), "internal.books.sum"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := fault.Code(ledger.Check(test.tr)); got != test.code {
				t.Errorf("got %q, want %q", got, test.code)
			}
		})
	}
}
