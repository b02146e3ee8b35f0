package ledger

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// MaxPage is the most that one page of a list holds.
const MaxPage = 500

// Standing is how an account stands in one currency: debit positive, credit
// negative, so a merchant to whom we owe 10.50 EUR stands at -1050.
type Standing struct {
	Account     Account
	Pending     money.Amount
	Posted      money.Amount
	Nonnegative bool
}

func (s *standing) public() Standing {
	return Standing{s.account, money.Of(s.pending, s.currency), money.Of(s.posted, s.currency), s.nonnegative}
}

// Balance returns how account stands now, one Standing for each currency it
// was ever used in, in the order of currencies; none for an unknown account.
func Balance(tx *store.Tx, account Account) ([]Standing, error) {
	var all []Standing
	err := loadAccounts(tx, []any{string(account)}, func(s *standing) { all = append(all, s.public()) })
	return all, err
}

// BalanceAt returns how account stood at the end of the millisecond at, in
// the currencies Balance knows; zero before its first posting.
func BalanceAt(tx *store.Tx, account Account, at time.Time) ([]Standing, error) {
	all, err := Balance(tx, account)
	if err != nil {
		return nil, err
	}
	for i := range all {
		s := &all[i]
		s.Pending.Minor, s.Posted.Minor, err = balanceAt(tx, book{account, s.Posted.Currency}, clock.Millis(at))
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Cursor is where the next page of a list starts; empty is the first page,
// and as an answer the end of the list.
type Cursor string

// place is what a statement's cursor says: the last line of the page before.
type place struct{ at, seq, n int64 }

func (c Cursor) place() (p place, ok bool) {
	words := strings.Split(string(c), ".")
	if len(words) != 3 {
		return p, false
	}
	for i, to := range []*int64{&p.at, &p.seq, &p.n} {
		var err error
		if *to, err = strconv.ParseInt(words[i], 10, 64); err != nil {
			return p, false
		}
	}
	return p, true
}

func errCursor() error {
	return fault.At("invalid.cursor", "cursor", "the cursor is not one of this list")
}

// Line is a posting on an account's statement, with the account's balances
// after it and the transfer it belongs to.
type Line struct {
	At       time.Time
	Seq      int64
	N        int // the posting's place in its transfer, from 0
	Column   Column
	Amount   money.Amount
	Pending  money.Amount // of the account, after this posting
	Posted   money.Amount
	Transfer ident.ID
	Kind     string
	Object   Object
	Reverses ident.ID
	Memo     string
}

// Statement returns up to limit postings (1 to MaxPage, others are brought
// into it) on account in currency, newest first, and the next page's cursor.
// Fault: invalid.cursor.
func Statement(tx *store.Tx, account Account, currency money.Currency, from Cursor, limit int) ([]Line, Cursor, error) {
	before := place{math.MaxInt64, math.MaxInt64, math.MaxInt64}
	if from != "" {
		var ok bool
		if before, ok = from.place(); !ok {
			return nil, "", errCursor()
		}
	}
	limit = page(limit)
	lines, err := listLines(tx, book{account, currency}, before, limit+1)
	if err != nil || len(lines) <= limit {
		return lines, "", err
	}
	l := lines[limit-1]
	return lines[:limit], Cursor(fmt.Sprintf("%d.%d.%d", clock.Millis(l.At), l.Seq, l.N)), nil
}

// Accounts returns up to limit account rows (1 to MaxPage) of the realm by
// name and currency, and the next page's cursor. Fault: invalid.cursor.
func Accounts(tx *store.Tx, from Cursor, limit int) ([]Standing, Cursor, error) {
	var after book
	if from != "" {
		account, currency, _ := strings.Cut(string(from), " ")
		after = book{Account(account), money.Currency(currency)}
		if after.account.class() == nil || !isCurrency(after.currency) {
			return nil, "", errCursor()
		}
	}
	limit = page(limit)
	var all []Standing
	err := pageAccounts(tx, after, limit+1, func(s *standing) { all = append(all, s.public()) })
	if err != nil || len(all) <= limit {
		return all, "", err
	}
	s := all[limit-1]
	return all[:limit], Cursor(string(s.Account) + " " + string(s.Posted.Currency)), nil
}

func page(limit int) int { return min(max(limit, 1), MaxPage) }

// ByObject returns every transfer that belongs to of with its postings, in
// the order of the books: a payment's whole history.
func ByObject(tx *store.Tx, of Object) ([]Entry, error) { return listEntries(tx, of) }

// Head returns the newest link of the realm's chain: seq 0 and 32 zero bytes
// when nothing was ever posted. Whoever keeps a copy of it elsewhere can
// prove later that nothing before it was rewritten.
func Head(tx *store.Tx) (seq int64, hash []byte, err error) {
	h, err := readHead(tx)
	return h.seq, h.hash, err
}

// PostedOf tells of every posting of the objects of a kind between two ids, in
// no order. It is how other rows are compared with the books.
func PostedOf(tx *store.Tx, kind string, from, to ident.ID, each func(object ident.ID, account Account, column Column, amount int64)) error {
	return partsBetween(tx, kind, from, to, each)
}
