package ledger

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// Finding is one thing wrong with the books: Where names the row ("transfer
// 12", "posting 12.1", "account merchant/... EUR", "head"), What says what is
// wrong with it.
type Finding struct {
	Where string
	What  string
}

func (f Finding) String() string { return f.Where + ": " + f.What }

// maxFindings bounds what Verify remembers; the last Finding then says how
// many more there were.
const maxFindings = 1000

// audit is one run of Verify over a realm.
type audit struct {
	found    []Finding
	more     int64
	head     head
	chain    chain
	books    map[book]*tally
	reversed map[ident.ID]int64 // by which seq
	space    []Posting          // of the transfer at hand
}

// tally is what the postings of one account say.
type tally struct {
	row             *standing // as stored; nil when there is no row
	pending, posted int64     // the sum of the amounts
	after           [2]int64  // what the last posting says: pending, posted
}

// Verify recomputes the books of realm as they stand at its start: the chain
// of hashes, a seq without gaps, times that never step back, the rules of
// Check for each transfer, the balances that postings carry, account rows
// against the sum of their postings, reversals. It changes nothing, holds no
// long transaction, and its memory grows with the number of accounts and
// reversals, not with that of postings. progress, if not nil, is told now
// and then how many transfers of how many are done.
//
// An error means that the check could not be done. Whoever rewrites the whole
// chain from some place on is found out only by comparing Head with a copy
// kept elsewhere. (reliability.md L1 to L6)
func Verify(ctx context.Context, db *store.DB, realm ident.ID, progress func(done, total int64)) ([]Finding, error) {
	a := &audit{chain: chain{realm: realm, previous: genesis}}
	if err := a.start(ctx, db); err != nil {
		return nil, err
	}
	transfers := &pages[Entry]{fetch: func(last *Entry, to []Entry) ([]Entry, error) {
		after := int64(math.MinInt64)
		if last != nil {
			after = last.Seq
		}
		if progress != nil {
			progress(max(after, 0), a.head.seq)
		}
		err := db.View(ctx, realm, func(tx *store.Tx) error {
			to = to[:0]
			return pageTransfers(tx, after, a.head.seq, pageSize, func(e Entry) { to = append(to, e) })
		})
		return to, err
	}}
	postings := &pages[record]{fetch: func(last *record, to []record) ([]record, error) {
		seq, n := int64(math.MinInt64), int64(math.MinInt64)
		if last != nil {
			seq, n = last.seq, last.n
		}
		err := db.View(ctx, realm, func(tx *store.Tx) error {
			to = to[:0]
			return pagePostings(tx, seq, n, a.head.seq, pageSize, func(r record) { to = append(to, r) })
		})
		return to, err
	}}
	if err := a.walk(ctx, db, realm, transfers, postings); err != nil {
		return nil, err
	}
	a.finish()
	if progress != nil {
		progress(a.head.seq, a.head.seq)
	}
	return a.found, nil
}

// start reads the head and every account at one moment. What is posted later
// is left to the next run; rows below the head never change by themselves.
func (a *audit) start(ctx context.Context, db *store.DB) error {
	var transfer, posting int64
	err := db.Snapshot(ctx, a.chain.realm, func(tx *store.Tx) error {
		a.books, a.reversed = map[book]*tally{}, map[ident.ID]int64{}
		var err error
		if a.head, err = readHead(tx); err != nil {
			return err
		}
		if transfer, posting, err = beyond(tx); err != nil {
			return err
		}
		return allAccounts(tx, func(s *standing) { a.books[s.book] = &tally{row: s} })
	})
	if err != nil {
		return err
	}
	if transfer > a.head.seq {
		a.find(seqName(transfer), "stands after the head, which is at %d", a.head.seq)
	}
	if posting > a.head.seq {
		a.find(fmt.Sprintf("posting %d", posting), "stands after the head, which is at %d", a.head.seq)
	}
	return nil
}

// walk meets each transfer with its postings, both in the order of seq.
func (a *audit) walk(ctx context.Context, db *store.DB, realm ident.ID, transfers *pages[Entry], postings *pages[record]) error {
	var rows []record
	for {
		e, err := transfers.next()
		if err != nil || e == nil {
			if err == nil {
				err = a.orphans(postings, a.head.seq+1)
			}
			return err
		}
		if err := a.orphans(postings, e.Seq); err != nil {
			return err
		}
		if rows, err = take(postings, e.Seq, rows[:0]); err != nil {
			return err
		}
		a.transfer(e, rows)
		if e.Reverses == "" {
			continue
		}
		if err := db.View(ctx, realm, func(tx *store.Tx) error { return a.reversal(tx, e) }); err != nil {
			return err
		}
	}
}

// orphans reports postings before transfer seq, which have none of their own.
// They still count in the account's sum, as its row may say.
func (a *audit) orphans(postings *pages[record], seq int64) error {
	for {
		r, err := postings.peek()
		if err != nil || r == nil || r.seq >= seq {
			return err
		}
		a.find(r.name(), "belongs to no transfer")
		a.posting(r)
		postings.i++
	}
}

// take returns the postings of transfer seq, one more than a transfer may
// have at the most: the rest are then orphans.
func take(postings *pages[record], seq int64, rows []record) ([]record, error) {
	for len(rows) <= MaxPostings {
		r, err := postings.peek()
		if err != nil || r == nil || r.seq != seq {
			return rows, err
		}
		rows = append(rows, *r)
		postings.i++
	}
	return rows, nil
}

// transfer checks one transfer with its postings.
func (a *audit) transfer(e *Entry, rows []record) {
	name, at := seqName(e.Seq), clock.Millis(e.At)
	e.Postings = a.space[:0]
	for i := range rows {
		r := &rows[i]
		e.Postings = append(e.Postings, r.posting())
		if r.n != int64(i) {
			a.find(r.name(), "stands in place %d of its transfer", i)
		}
		if r.at != at {
			a.find(r.name(), "has another time than its transfer")
		}
		a.posting(r)
	}
	a.space = e.Postings
	if err := Check(e.Transfer); err != nil {
		a.find(name, "breaks a rule: %v", err)
	}
	for _, f := range a.chain.add(e) {
		a.find(f.Where, "%s", f.What)
	}
}

// posting adds r to its account and checks the balances it carries. After a
// mistake the next posting is judged by what this one says, so that one
// mistake is one finding.
func (a *audit) posting(r *record) {
	k := book{Account(r.account), money.Currency(r.currency)}
	t := a.books[k]
	if t == nil {
		t = &tally{}
		a.books[k] = t
	}
	want := t.after
	if Column(r.phase) == Pending {
		t.pending += r.amount
		want[0] += r.amount
	} else {
		t.posted += r.amount
		want[1] += r.amount
	}
	t.after = [2]int64{r.pending, r.posted}
	if t.after != want {
		a.find(r.name(), "says that %s %s stands at %d pending, %d posted after it; by the posting before it is %d pending, %d posted",
			r.account, r.currency, r.pending, r.posted, want[0], want[1])
	}
}

// reversal checks that e undoes what it says it undoes, and does so first.
func (a *audit) reversal(tx *store.Tx, e *Entry) error {
	origin, ok, err := find(tx, e.Object, e.Reverses)
	if err != nil {
		return err
	}
	name := seqName(e.Seq)
	switch before := a.reversed[e.Reverses]; {
	case before != 0:
		a.find(name, "reverses %s, which transfer %d has reversed already", e.Reverses, before)
	case !ok || origin.Seq >= e.Seq:
		a.find(name, "reverses %s, which is no earlier transfer of the same object", e.Reverses)
	case !slices.Equal(negated(origin.Postings), e.Postings):
		a.find(name, "reverses transfer %d, but its postings are not the opposite", origin.Seq)
	}
	if a.reversed[e.Reverses] == 0 {
		a.reversed[e.Reverses] = e.Seq
	}
	return nil
}

// finish checks the end of the chain, the account rows and the totals.
func (a *audit) finish() {
	for _, f := range a.chain.end(a.head) {
		a.find(f.Where, "%s", f.What)
	}
	keys := make([]book, 0, len(a.books))
	for k := range a.books {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y book) int {
		if c := strings.Compare(string(x.account), string(y.account)); c != 0 {
			return c
		}
		return strings.Compare(string(x.currency), string(y.currency))
	})
	totals := map[money.Currency][2]int64{}
	var currencies []money.Currency
	for _, k := range keys {
		a.account(k, a.books[k])
		row := a.books[k].row
		if row == nil {
			continue
		}
		sum, met := totals[k.currency]
		if !met {
			currencies = append(currencies, k.currency)
		}
		totals[k.currency] = [2]int64{sum[0] + row.pending, sum[1] + row.posted}
	}
	for _, c := range currencies {
		if t := totals[c]; t != [2]int64{} {
			a.find("currency "+string(c), "all accounts together stand at %d pending, %d posted, not 0", t[0], t[1])
		}
	}
	if a.more > 0 {
		a.found = append(a.found, Finding{"verify", fmt.Sprintf("%d more findings are not listed", a.more)})
	}
}

func (a *audit) account(k book, t *tally) {
	name := fmt.Sprintf("account %s %s", k.account, k.currency)
	if t.row == nil {
		a.find(name, "has postings but no row")
		return
	}
	if t.row.pending != t.pending || t.row.posted != t.posted {
		a.find(name, "its row says %d pending, %d posted; its postings sum to %d and %d",
			t.row.pending, t.row.posted, t.pending, t.posted)
	}
	if err := t.row.check(); err != nil {
		a.find(name, "is non-negative and stands below zero")
	}
}

func (a *audit) find(where, what string, args ...any) {
	if len(a.found) >= maxFindings {
		a.more++
		return
	}
	a.found = append(a.found, Finding{where, fmt.Sprintf(what, args...)})
}

func (r *record) name() string { return fmt.Sprintf("posting %d.%d", r.seq, r.n) }
func seqName(seq int64) string { return fmt.Sprintf("transfer %d", seq) }
