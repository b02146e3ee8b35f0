package ledger

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

var (
	headTable = &store.Table{Name: "ledger_head", Key: 1,
		Columns: []string{"realm", "seq", "hash", "at", "version"}}
	accountTable = &store.Table{Name: "account", Key: 3,
		Columns: []string{"realm", "id", "currency", "pending", "posted", "nonnegative", "version"}}
	transferTable = &store.Table{Name: "transfer", Key: 2,
		Columns: []string{"realm", "seq", "id", "at", "kind", "object_kind", "object_id", "reverses", "memo", "hash"}}
	postingTable = &store.Table{Name: "posting", Key: 3,
		Columns: []string{"realm", "seq", "n", "account", "currency", "phase", "amount", "at", "pending", "posted"}}
)

// head is the newest link of a realm's chain.
type head struct {
	seq     int64
	hash    []byte
	at      int64
	version int64
}

// lockHead reads the head and keeps other processes off it until the commit:
// a plain read would let two of them choose the same seq. It makes the row
// when the realm posts for the first time.
func lockHead(tx *store.Tx) (head, error) {
	const lock = `UPDATE ledger_head SET version = version + 1 WHERE realm = $1 RETURNING seq, hash, at, version`
	var h head
	dest := []any{&h.seq, &h.hash, &h.at, &h.version}
	ok, err := tx.Get(dest, lock, string(tx.Realm()))
	if err != nil || ok {
		return h, err
	}
	if _, err := tx.Exec(`INSERT INTO ledger_head (realm, seq, hash, at, version) VALUES ($1, 0, $2, 0, 0)
		ON CONFLICT (realm) DO NOTHING`, string(tx.Realm()), genesis); err != nil {
		return h, err
	}
	_, err = tx.Get(dest, lock, string(tx.Realm()))
	return h, err
}

func saveHead(tx *store.Tx, h head) {
	tx.Swap(headTable, h.version, string(tx.Realm()), h.seq, h.hash, h.at, h.version+1)
}

func readHead(tx *store.Tx) (head, error) {
	h := head{hash: genesis}
	_, err := tx.Get([]any{&h.seq, &h.hash, &h.at, &h.version},
		`SELECT seq, hash, at, version FROM ledger_head WHERE realm = $1`, string(tx.Realm()))
	return h, err
}

// A statement over a list of values is prepared for lists of 1, 2, 4 ... and
// maxList values, and a list is filled up to the next of these by repeating
// its first, so that few texts have to be prepared.
const maxList = 512

const accountsText = `SELECT id, currency, pending, posted, nonnegative, version FROM account`

const accountsNamed, accountsOrder = accountsText + ` WHERE realm = $1 AND id IN (`, `) ORDER BY id, currency`

const postingsOf, postingsOrder = `SELECT seq, n, account, currency, phase, amount, at, pending, posted FROM posting
	WHERE realm = $1 AND seq IN (`, `) ORDER BY seq, n`

var (
	accountTexts = listTexts(accountsNamed, accountsOrder)
	postingTexts = listTexts(postingsOf, postingsOrder)
)

func listTexts(before, after string) map[int]string {
	texts := map[int]string{}
	for n := 1; n <= maxList; n *= 2 {
		var b strings.Builder
		b.WriteString(before)
		for i := range n {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString("$" + strconv.Itoa(i+2))
		}
		b.WriteString(after)
		texts[n] = b.String()
	}
	return texts
}

// allOf reads the rows of each value of list with one of texts.
func allOf(tx *store.Tx, texts map[int]string, list []any, each func(scan func(...any) error) error) error {
	for len(list) > 0 {
		part := list[:min(len(list), maxList)]
		list = list[len(part):]
		size := 1
		for size < len(part) {
			size *= 2
		}
		args := append(make([]any, 0, size+1), string(tx.Realm()))
		args = append(args, part...)
		for len(args) < size+1 {
			args = append(args, part[0])
		}
		if err := tx.All(texts[size], args, each); err != nil {
			return err
		}
	}
	return nil
}

// loadAccounts reads the accounts of names in all their currencies.
func loadAccounts(tx *store.Tx, names []any, each func(*standing)) error {
	return allOf(tx, accountTexts, names, standings(each))
}

// standings hands each account row to each.
func standings(each func(*standing)) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		s, err := scanAccount(scan)
		if err == nil {
			each(s)
		}
		return err
	}
}

func scanAccount(scan func(...any) error) (*standing, error) {
	var id, currency string
	s := &standing{}
	err := scan(&id, &currency, &s.pending, &s.posted, &s.nonnegative, &s.version)
	s.book = book{Account(id), money.Currency(currency)}
	return s, err
}

func saveAccount(tx *store.Tx, s *standing) {
	row := []any{string(tx.Realm()), string(s.account), string(s.currency), s.pending, s.posted, s.nonnegative, s.version + 1}
	if s.version == 0 {
		tx.Insert(accountTable, row...)
		return
	}
	tx.Swap(accountTable, s.version, row...)
}

func addTransfer(tx *store.Tx, e *Entry, at int64) {
	tx.Insert(transferTable, string(tx.Realm()), e.Seq, string(e.ID), at, e.Kind, e.Object.Kind, string(e.Object.ID),
		string(e.Reverses), e.Memo, e.Hash)
}

func addPosting(tx *store.Tx, seq int64, n int, at int64, p *Posting, s *standing) {
	tx.Insert(postingTable, string(tx.Realm()), seq, int64(n), string(p.Account), string(p.Amount.Currency),
		string(p.Column), p.Amount.Minor, at, s.pending, s.posted)
}

const accountsPage = accountsText + `
	WHERE realm = $1 AND (id, currency) > ($2, $3) ORDER BY id, currency LIMIT $4`

// pageAccounts walks the accounts in the engine's own order of text: by byte
// or by locale, but the same in the comparison as in the order.
func pageAccounts(tx *store.Tx, after book, limit int, each func(*standing)) error {
	args := []any{string(tx.Realm()), string(after.account), string(after.currency), int64(limit)}
	return tx.All(accountsPage, args, standings(each))
}

const balanceAtText = `SELECT pending, posted FROM posting
	WHERE realm = $1 AND account = $2 AND currency = $3 AND at <= $4
	ORDER BY at DESC, seq DESC, n DESC LIMIT 1`

// balanceAt reads the last posting of k up to at: one look into posting_account.
func balanceAt(tx *store.Tx, k book, at int64) (pending, posted int64, err error) {
	_, err = tx.Get([]any{&pending, &posted}, balanceAtText, string(tx.Realm()), string(k.account), string(k.currency), at)
	return pending, posted, err
}

const linesText = `SELECT p.at, p.seq, p.n, p.phase, p.amount, p.pending, p.posted,
		t.id, t.kind, t.object_kind, t.object_id, t.reverses, t.memo
	FROM (SELECT realm, at, seq, n, phase, amount, pending, posted FROM posting
		WHERE realm = $1 AND account = $2 AND currency = $3 AND (at, seq, n) < ($4, $5, $6)
		ORDER BY at DESC, seq DESC, n DESC LIMIT $7) p
	JOIN transfer t ON t.realm = p.realm AND t.seq = p.seq
	ORDER BY p.at DESC, p.seq DESC, p.n DESC`

// listLines reads a statement's page, newest first. The postings are cut to
// the page before they meet their transfers, so that the plan is the same
// whatever the statistics say.
func listLines(tx *store.Tx, k book, before place, limit int) ([]Line, error) {
	var lines []Line
	err := tx.All(linesText,
		[]any{string(tx.Realm()), string(k.account), string(k.currency), before.at, before.seq, before.n, int64(limit)},
		func(scan func(...any) error) error {
			var l Line
			var at, n int64
			var phase, id, object, reverses string
			if err := scan(&at, &l.Seq, &n, &phase, &l.Amount.Minor, &l.Pending.Minor, &l.Posted.Minor,
				&id, &l.Kind, &l.Object.Kind, &object, &reverses, &l.Memo); err != nil {
				return err
			}
			l.At, l.N, l.Column = clock.FromMillis(at), int(n), Column(phase)
			l.Transfer, l.Object.ID, l.Reverses = ident.ID(id), ident.ID(object), ident.ID(reverses)
			l.Amount.Currency, l.Pending.Currency, l.Posted.Currency = k.currency, k.currency, k.currency
			lines = append(lines, l)
			return nil
		})
	return lines, err
}

const transferColumns = `seq, id, at, kind, object_kind, object_id, reverses, memo, hash`

func scanEntry(scan func(...any) error) (Entry, error) {
	var e Entry
	var at int64
	var id, object, reverses string
	err := scan(&e.Seq, &id, &at, &e.Kind, &e.Object.Kind, &object, &reverses, &e.Memo, &e.Hash)
	e.ID, e.Object.ID, e.Reverses, e.At = ident.ID(id), ident.ID(object), ident.ID(reverses), clock.FromMillis(at)
	return e, err
}

const entriesText = `SELECT ` + transferColumns + ` FROM transfer
	WHERE realm = $1 AND object_id = $2 AND object_kind = $3`

// listEntries reads the transfers of an object with their postings, oldest
// first. Asked to sort them, or to join the postings in their order, SQLite
// walks the whole realm in the order of seq rather than sort a few rows.
func listEntries(tx *store.Tx, of Object) ([]Entry, error) {
	var entries []Entry
	err := tx.All(entriesText, []any{string(tx.Realm()), string(of.ID), of.Kind},
		func(scan func(...any) error) error {
			e, err := scanEntry(scan)
			entries = append(entries, e)
			return err
		})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	seqs, place := make([]any, len(entries)), make(map[int64]int, len(entries))
	for i := range entries {
		seqs[i], place[entries[i].Seq] = entries[i].Seq, i
	}
	err = allOf(tx, postingTexts, seqs, func(scan func(...any) error) error {
		var r record
		err := r.scan(scan)
		e := &entries[place[r.seq]]
		e.Postings = append(e.Postings, r.posting())
		return err
	})
	return entries, err
}

// find reads one transfer of an object by its id.
func find(tx *store.Tx, of Object, id ident.ID) (Entry, bool, error) {
	entries, err := listEntries(tx, of)
	for _, e := range entries {
		if e.ID == id {
			return e, err == nil, err
		}
	}
	return Entry{}, false, err
}

const reversalText = `SELECT id FROM transfer WHERE realm = $1 AND reverses = $2 AND reverses <> ''`

// reversalOf returns the transfer that reverses id, or "". The second
// condition lets the engines use the partial index.
func reversalOf(tx *store.Tx, id ident.ID) (ident.ID, error) {
	var by string
	_, err := tx.Get([]any{&by}, reversalText, string(tx.Realm()), string(id))
	return ident.ID(by), err
}

// record is a posting row as it is stored.
type record struct {
	seq, n                   int64
	account, currency, phase string
	amount, at               int64
	pending, posted          int64
}

func (r *record) scan(scan func(...any) error) error {
	return scan(&r.seq, &r.n, &r.account, &r.currency, &r.phase, &r.amount, &r.at, &r.pending, &r.posted)
}

func (r *record) posting() Posting {
	return Posting{Account(r.account), money.Amount{Minor: r.amount, Currency: money.Currency(r.currency)}, Column(r.phase)}
}

// beyond returns the highest seq in transfer and posting, which should be the head's.
func beyond(tx *store.Tx) (transfer, posting int64, err error) {
	_, err = tx.Get([]any{&transfer, &posting}, `SELECT
		COALESCE((SELECT seq FROM transfer WHERE realm = $1 ORDER BY seq DESC LIMIT 1), 0),
		COALESCE((SELECT seq FROM posting WHERE realm = $1 ORDER BY seq DESC, n DESC LIMIT 1), 0)`, string(tx.Realm()))
	return transfer, posting, err
}

func allAccounts(tx *store.Tx, each func(*standing)) error {
	return tx.All(accountsText+` WHERE realm = $1`, []any{string(tx.Realm())}, standings(each))
}

const transfersPage = `SELECT ` + transferColumns + ` FROM transfer
	WHERE realm = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4`

func pageTransfers(tx *store.Tx, after, last int64, limit int, each func(Entry)) error {
	return tx.All(transfersPage,
		[]any{string(tx.Realm()), after, last, int64(limit)}, func(scan func(...any) error) error {
			e, err := scanEntry(scan)
			if err == nil {
				each(e)
			}
			return err
		})
}

const postingsPage = `SELECT seq, n, account, currency, phase, amount, at, pending, posted FROM posting
	WHERE realm = $1 AND (seq, n) > ($2, $3) AND seq <= $4 ORDER BY seq, n LIMIT $5`

func pagePostings(tx *store.Tx, seq, n, last int64, limit int, each func(record)) error {
	var r record
	return tx.All(postingsPage,
		[]any{string(tx.Realm()), seq, n, last, int64(limit)}, func(scan func(...any) error) error {
			err := r.scan(scan)
			if err == nil {
				each(r)
			}
			return err
		})
}

// partsText reads the postings of the objects between two ids.
const partsText = `SELECT t.object_id, p.account, p.phase, p.amount
	FROM transfer t JOIN posting p ON p.realm = t.realm AND p.seq = t.seq
	WHERE t.realm = $1 AND t.object_id >= $2 AND t.object_id <= $3 AND t.object_kind = $4`

func partsBetween(tx *store.Tx, kind string, from, to ident.ID, each func(ident.ID, Account, Column, int64)) error {
	return tx.All(partsText, []any{string(tx.Realm()), string(from), string(to), kind}, func(scan func(...any) error) error {
		var id, account, phase string
		var amount int64
		err := scan(&id, &account, &phase, &amount)
		if err == nil {
			each(ident.ID(id), Account(account), Column(phase), amount)
		}
		return err
	})
}
