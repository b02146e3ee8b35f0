package ledger

import (
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// Column is the half of an account that a posting belongs to. Money that is
// only reserved is pending; money that has moved is posted. The two are never
// added up by the ledger and never feed each other but by postings.
type Column string

const (
	Pending Column = "pending"
	Posted  Column = "posted"
)

// Limits of one transfer.
const (
	MaxAmount   = 1_000_000_000_000_000 // 10^15 minor units, either way
	MaxPostings = 1000
	MaxMemo     = 200 // bytes
	maxWord     = 80  // bytes of an account, kind or object
)

// Object is what a transfer is about: a payment, a dispute, a payout.
type Object struct {
	Kind string
	ID   ident.ID
}

// Posting adds Amount to one column of an account: a debit is positive, a
// credit negative.
type Posting struct {
	Account Account
	Amount  money.Amount
	Column  Column
}

// Transfer is what is posted: two or more postings that sum to zero in each
// currency and column, or nothing at all. Reverses is the transfer that this
// one undoes; only Reverse sets it. Memo is for people and must name no
// person: it stays for ever.
type Transfer struct {
	Kind     string
	Object   Object
	Postings []Posting
	Reverses ident.ID
	Memo     string
}

// Entry is a transfer as it stands in the books: its place in the realm's
// chain, the realm's time when it was written, and its hash (32 bytes).
type Entry struct {
	Transfer
	Seq  int64
	ID   ident.ID
	At   time.Time
	Hash []byte
}

// side is one currency of one column, in which a transfer must sum to zero.
type side struct {
	currency money.Currency
	column   Column
}

// Check says whether t may stand in the books, by t alone. Faults, in the
// order checked: internal.books.kind, .object, .reverses, .memo and .postings
// (fewer than 2, more than MaxPostings); for each posting .account, .currency,
// .column, .zero, and invalid.amount above MaxAmount; then internal.books.sum.
// All but the amount are mistakes of the caller's code. (reliability.md L1, L5, L6)
func Check(t Transfer) error {
	switch {
	case !word(t.Kind):
		return fault.New("internal.books.kind", "%q is no kind of transfer", t.Kind)
	case !word(t.Object.Kind) || !t.Object.ID.Valid():
		return fault.New("internal.books.object", "a transfer belongs to an object: %q %q", t.Object.Kind, t.Object.ID)
	case t.Reverses != "" && !t.Reverses.Valid():
		return fault.New("internal.books.reverses", "%q is no transfer", t.Reverses)
	case !plain(t.Memo):
		return fault.New("internal.books.memo", "a memo is at most %d bytes of printable text", MaxMemo)
	case len(t.Postings) < 2 || len(t.Postings) > MaxPostings:
		return fault.New("internal.books.postings", "%d postings: a transfer has 2 to %d", len(t.Postings), MaxPostings)
	}
	sums := make(map[side]int64, 2)
	for n, p := range t.Postings {
		if err := p.check(n); err != nil {
			return err
		}
		// At most MaxPostings times MaxAmount, which an int64 holds.
		sums[side{p.Amount.Currency, p.Column}] += p.Amount.Minor
	}
	for _, p := range t.Postings {
		s := side{p.Amount.Currency, p.Column}
		if sums[s] != 0 {
			return fault.New("internal.books.sum", "%s in %s sums to %d, not 0", s.column, s.currency, sums[s])
		}
	}
	return nil
}

func (p Posting) check(n int) error {
	switch {
	case p.Account.class() == nil:
		return fault.New("internal.books.account", "posting %d: %q is not in the chart of accounts", n, p.Account)
	case !isCurrency(p.Amount.Currency):
		return fault.New("internal.books.currency", "posting %d: %q is no currency", n, p.Amount.Currency)
	case p.Column != Pending && p.Column != Posted:
		return fault.New("internal.books.column", "posting %d: %q is no column", n, p.Column)
	case p.Amount.Minor == 0:
		return fault.New("internal.books.zero", "posting %d moves nothing", n)
	case p.Amount.Minor > MaxAmount || p.Amount.Minor < -MaxAmount:
		return fault.At("invalid.amount", "amount", "the amount is larger than the books hold")
	}
	return nil
}

// add is checked addition: false when the sum does not fit.
func add(a, b int64) (int64, bool) {
	s := a + b
	return s, (s > a) == (b > 0)
}

// word says whether s is a lower-case name: it stands unquoted in the text
// that is hashed, so it holds no space and no line end.
func word(s string) bool {
	if s == "" || len(s) > maxWord {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func isCurrency(c money.Currency) bool {
	return len(c) == 3 && c[0] >= 'A' && c[0] <= 'Z' && c[1] >= 'A' && c[1] <= 'Z' && c[2] >= 'A' && c[2] <= 'Z'
}

func plain(s string) bool {
	if len(s) > MaxMemo || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
