package ledger

import (
	"slices"

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
	m     *memory
	head  head
	books map[book]*standing
	order []*standing // in the order first met, so that runs repeat exactly
	text  []byte
}

// flush goes on from what it remembers of the books. If another process has
// written in them since, the head has another version, the batch is run again,
// and the head is locked first: from there on nobody else writes, so what is
// read next is still true at the commit.
func flush(tx *store.Tx, items []any) error {
	b := &batch{tx: tx, books: map[book]*standing{}}
	err := b.open()
	if err == nil {
		err = b.load(items)
	}
	if err != nil {
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
			s.version, s.touched = s.version+1, false
		}
	}
	saveHead(tx, b.head)
	b.head.version++
	b.m.head, b.m.news = b.head, b.order
	tx.Remember(b.m)
	return nil
}

// A memory is what the books of a realm looked like after the last batch, so
// that the next one need not read them again. It is never changed by a flush
// that may yet fail, but by the next: news is what that has to take over.
type memory struct {
	head  head
	books map[Account][]*standing // by currency; with no row too
	news  []*standing
}

// The most accounts of a realm that are remembered.
const maxMemory = 4096

// open takes the books as the last batch left them, or reads where they end.
func (b *batch) open() (err error) {
	b.m, _ = b.tx.Remembered().(*memory)
	if b.m == nil {
		b.head, err = lockHead(b.tx)
		b.m = &memory{books: map[Account][]*standing{}}
		return err
	}
	for _, s := range b.m.news {
		b.m.keep(s)
	}
	b.head, b.m = b.m.head, &memory{books: b.m.books}
	return nil
}

func (m *memory) keep(s *standing) {
	list := m.books[s.account]
	if i := slices.IndexFunc(list, func(old *standing) bool { return old.currency == s.currency }); i >= 0 {
		list[i] = s
		return
	}
	m.books[s.account] = append(list, s)
}

// load takes every account that items name, in all its currencies, out of the
// memory or reads it.
func (b *batch) load(items []any) error {
	if len(b.m.books) > maxMemory {
		b.m.books = map[Account][]*standing{}
	}
	seen := map[Account]bool{}
	var missing []any
	name := func(a Account) {
		if seen[a] {
			return
		}
		seen[a] = true
		list, known := b.m.books[a]
		if !known {
			missing = append(missing, string(a))
		}
		for _, s := range list {
			b.use(*s)
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
	if missing == nil {
		return nil
	}
	return loadAccounts(b.tx, missing, func(s *standing) { b.use(*s) })
}

// use takes a standing of which nobody else has this copy.
func (b *batch) use(s standing) *standing {
	b.books[s.book] = &s
	b.order = append(b.order, &s)
	return &s
}

// at returns the standing of k, opening the account if it is new.
func (b *batch) at(k book) *standing {
	if s := b.books[k]; s != nil {
		return s
	}
	return b.use(standing{book: k})
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
