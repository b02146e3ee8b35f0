package ledger

import (
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// gatherer writes the transfers of all members of a batch at once: the head
// of the chain and each account are read once and written once, however many
// transfers touch them, so a busy merchant is no hot row.
var gatherer = &store.Gatherer{Name: "ledger", Flush: flush}

// book names an account row: an account in one currency.
type book struct {
	account  Account
	currency money.Currency
}

// standing is an account row while a batch adds to it.
type standing struct {
	book
	pending, posted int64
	nonnegative     bool
	version         int64 // 0 while there is no row yet
	touched         bool
}

// batch is the state of one flush.
type batch struct {
	tx    *store.Tx
	head  head
	books map[book]*standing
	order []*standing // in the order first met, so that runs repeat exactly
	text  []byte
}

// flush locks the head first: from there on no other process writes in this
// realm's books, so what it reads next is still true at the commit.
func flush(tx *store.Tx, items []any) error {
	h, err := lockHead(tx)
	if err != nil {
		return err
	}
	b := &batch{tx: tx, head: h, books: map[book]*standing{}}
	if err := b.load(items); err != nil {
		return err
	}
	for _, item := range items {
		switch it := item.(type) {
		case booking:
			err = b.post(it)
		case guard:
			s := b.at(book(it))
			s.nonnegative, s.touched = true, true
			err = s.check()
		}
		if err != nil {
			return err
		}
	}
	for _, s := range b.order {
		if s.touched {
			saveAccount(tx, s)
		}
	}
	saveHead(tx, b.head)
	return nil
}

// load reads every account that items name, in all its currencies.
func (b *batch) load(items []any) error {
	seen := map[Account]bool{}
	var names []any
	name := func(a Account) {
		if !seen[a] {
			seen[a] = true
			names = append(names, string(a))
		}
	}
	for _, item := range items {
		switch it := item.(type) {
		case booking:
			for i := range it.Postings {
				name(it.Postings[i].Account)
			}
		case guard:
			name(it.account)
		}
	}
	return loadAccounts(b.tx, names, func(s *standing) {
		b.books[s.book] = s
		b.order = append(b.order, s)
	})
}

// at returns the standing of k, opening the account if it is new.
func (b *batch) at(k book) *standing {
	s := b.books[k]
	if s == nil {
		s = &standing{book: k}
		b.books[k] = s
		b.order = append(b.order, s)
	}
	return s
}

// post gives a booking its place in the chain and adds up its postings.
func (b *batch) post(k booking) error {
	e := Entry{Transfer: k.Transfer, Seq: b.head.seq + 1, ID: k.id}
	// The wall clock may step back; the books' time never does.
	at := max(k.at, b.head.at)
	e.At = clock.FromMillis(at)
	b.text = text(b.text[:0], b.tx.Realm(), &e)
	hash := link(b.head.hash, b.text)
	e.Hash = hash[:]
	addTransfer(b.tx, &e, at)
	for n := range e.Postings {
		p := &e.Postings[n]
		s := b.at(book{p.Account, p.Amount.Currency})
		if !s.add(p) {
			return fault.New("conflict.overflow", "the balance of %s would be larger than the books hold", s.account)
		}
		addPosting(b.tx, e.Seq, n, at, p, s)
	}
	for i := range e.Postings {
		if err := b.at(book{e.Postings[i].Account, e.Postings[i].Amount.Currency}).check(); err != nil {
			return err
		}
	}
	b.head.seq, b.head.hash, b.head.at = e.Seq, e.Hash, at
	return nil
}

// add adds p to its column, false when the balance would not fit.
func (s *standing) add(p *Posting) bool {
	column := &s.posted
	if p.Column == Pending {
		column = &s.pending
	}
	sum, ok := add(*column, p.Amount.Minor)
	if !ok {
		return false
	}
	*column, s.touched = sum, true
	// Both columns together are what a guard looks at.
	_, ok = add(s.pending, s.posted)
	return ok
}

// check holds a non-negative account to its word.
func (s *standing) check() error {
	side := s.account.normal()
	if s.nonnegative && (side*s.posted < 0 || side*(s.posted+s.pending) < 0) {
		return fault.New("conflict.balance", "%s may not go below zero in %s", s.account, s.currency)
	}
	return nil
}
