package reconcile

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var fileTable = &store.Table{Name: "reconcile_file", Key: 5, Columns: []string{"realm", "connector", "account", "reference", "currency", "id", "version", "report",
	"merchant", "from_at", "to_at", "paid_at", "lines", "gross", "fees", "payout", "later", "hash", "receipt", "imported_at"}}

const fileColumns = `connector, account, reference, currency, id, version, report, merchant, from_at, to_at, paid_at, lines, gross, fees, payout, later, hash, receipt, imported_at`

func fileRow(tx *store.Tx, f File, version int64) []any {
	return []any{string(tx.Realm()), f.Connector, f.Account, f.Reference, string(f.Currency), string(f.ID), version, f.Report, string(f.Merchant),
		clock.Millis(f.From), clock.Millis(f.To), clock.Millis(f.PaidAt), f.Lines, f.Gross, f.Fees, f.Payout, f.Later, f.hash, f.Receipt, clock.Millis(f.ImportedAt)}
}

func addFile(tx *store.Tx, f File) { tx.Insert(fileTable, fileRow(tx, f, 1)...) }

// saveFile writes a changed file over the version it was read at.
func saveFile(tx *store.Tx, f File) { tx.Swap(fileTable, f.Version, fileRow(tx, f, f.Version+1)...) }

// files reads the files that meet a condition, in the order in which they were paid.
func files(tx *store.Tx, condition string, args ...any) (list []File, err error) {
	err = tx.All(`SELECT `+fileColumns+` FROM reconcile_file WHERE realm = $1 AND `+condition+` ORDER BY paid_at, connector, account, reference, currency`,
		append([]any{string(tx.Realm())}, args...), func(scan func(...any) error) error {
			var f File
			var from, to, paid, imported int64
			err := scan(&f.Connector, &f.Account, &f.Reference, &f.Currency, &f.ID, &f.Version, &f.Report, &f.Merchant, &from, &to, &paid, &f.Lines,
				&f.Gross, &f.Fees, &f.Payout, &f.Later, &f.hash, &f.Receipt, &imported)
			f.From, f.To, f.PaidAt, f.ImportedAt = clock.FromMillis(from), clock.FromMillis(to), clock.FromMillis(paid), clock.FromMillis(imported)
			list = append(list, f)
			return err
		})
	return list, err
}

// getFile finds the file with the names of f.
func getFile(tx *store.Tx, f File) (File, bool, error) {
	list, err := files(tx, `connector = $2 AND account = $3 AND reference = $4 AND currency = $5`, f.Connector, f.Account, f.Reference, string(f.Currency))
	if err != nil || len(list) == 0 {
		return f, false, err
	}
	return list[0], true, nil
}

// lastPaid is when the newest file of an account was paid.
func lastPaid(tx *store.Tx, connector, account string) (time.Time, error) {
	var paid int64
	_, err := tx.Get([]any{&paid}, `SELECT COALESCE(MAX(paid_at), 0) FROM reconcile_file WHERE realm = $1 AND connector = $2 AND account = $3`,
		string(tx.Realm()), connector, account)
	return clock.FromMillis(paid), err
}

var lineTable = &store.Table{Name: "reconcile_line", Key: 2, Columns: []string{"realm", "hash", "connector", "account", "settlement", "settled", "n", "kind", "reference",
	"attempt", "payment", "merchant", "method", "brand", "ours", "currency", "gross", "fee", "unpriced", "at", "paid_at", "from_at"}}

const lineColumns = `hash, connector, account, settlement, settled, n, kind, reference, attempt, payment, merchant, method, brand, ours, currency, gross, fee, unpriced, at, paid_at, from_at`

func addLine(tx *store.Tx, l Line) {
	tx.Insert(lineTable, string(tx.Realm()), l.hash, l.Connector, l.Account, l.Settlement, string(l.Settled), l.N, string(l.Kind), l.Reference, string(l.Attempt),
		string(l.Payment), string(l.Merchant), string(l.Method), l.Brand, l.Ours, string(l.Currency), l.Gross, l.Fee, l.Unpriced, clock.Millis(l.At),
		clock.Millis(l.PaidAt), clock.Millis(l.from))
}

func scanLine(scan func(...any) error) (l Line, err error) {
	var at, paid, from int64
	err = scan(&l.hash, &l.Connector, &l.Account, &l.Settlement, &l.Settled, &l.N, &l.Kind, &l.Reference, &l.Attempt, &l.Payment, &l.Merchant, &l.Method, &l.Brand,
		&l.Ours, &l.Currency, &l.Gross, &l.Fee, &l.Unpriced, &at, &paid, &from)
	l.At, l.PaidAt, l.from = clock.FromMillis(at), clock.FromMillis(paid), clock.FromMillis(from)
	return l, err
}

// lineTaken says whether err means that a line was written by somebody else.
func lineTaken(err error) bool { return taken(err, lineTable) }

func bankTaken(err error) bool { return taken(err, bankTable) }

func taken(err error, t *store.Table) bool {
	var exists *store.Exists
	return errors.As(err, &exists) && exists.Table == t.Name
}

// known finds which hashes a table has.
func known(tx *store.Tx, query string, hashes []string) (map[string]bool, error) {
	found := make(map[string]bool)
	for len(hashes) > 0 {
		part := hashes[:min(len(hashes), 400)]
		hashes = hashes[len(part):]
		args, places := []any{string(tx.Realm())}, make([]string, len(part))
		for i, h := range part {
			args, places[i] = append(args, h), "$"+strconv.Itoa(i+2)
		}
		err := tx.All(query+strings.Join(places, ", ")+`)`, args, func(scan func(...any) error) error {
			var h string
			err := scan(&h)
			found[h] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func knownLines(tx *store.Tx, lines []Line) (map[string]bool, error) {
	hashes := make([]string, len(lines))
	for i, l := range lines {
		hashes[i] = l.hash
	}
	return known(tx, `SELECT hash FROM reconcile_line WHERE realm = $1 AND hash IN (`, hashes)
}

func knownBank(tx *store.Tx, lines []BankLine) (map[string]bool, error) {
	hashes := make([]string, len(lines))
	for i, l := range lines {
		hashes[i] = l.hash
	}
	return known(tx, `SELECT hash FROM reconcile_bank WHERE realm = $1 AND hash IN (`, hashes)
}

const pageText = `SELECT ` + lineColumns + ` FROM reconcile_line WHERE realm = $1 AND from_at >= $2 AND from_at < $3 AND (from_at, settlement, n, hash) > ($4, $5, $6, $7)
	ORDER BY from_at, settlement, n, hash LIMIT $8`

// lineplace is where a page of lines begins.
type lineplace struct {
	from       int64
	settlement string
	n          int64
	hash       string
}

// pageLines reads lines of files that are about a span of time, in the order of
// the files.
func pageLines(tx *store.Tx, from, to int64, after lineplace, limit int) (list []Line, err error) {
	err = tx.All(pageText, []any{string(tx.Realm()), from, to, after.from, after.settlement, after.n, after.hash, int64(limit)}, func(scan func(...any) error) error {
		l, err := scanLine(scan)
		list = append(list, l)
		return err
	})
	return list, err
}

// ownLines gives lines of a file that name no payment of ours to whom the file
// belongs.
func ownLines(tx *store.Tx, f File) error {
	if f.Merchant == "" {
		return nil
	}
	_, err := tx.Exec(`UPDATE reconcile_line SET merchant = $2 WHERE realm = $1 AND from_at = $3 AND settlement = $4 AND connector = $5 AND account = $6
		AND settled = $7 AND merchant = ''`, string(tx.Realm()), string(f.Merchant), clock.Millis(f.From), f.Reference, f.Connector, f.Account, string(f.Currency))
	return err
}

const paidText = `SELECT ` + lineColumns + ` FROM reconcile_line WHERE realm = $1 AND merchant = $2 AND paid_at >= $3 AND paid_at < $4
	ORDER BY paid_at, connector, settlement, n, hash`

// paidLines reads a merchant's lines of files that were paid in a span of time.
func paidLines(tx *store.Tx, merchant ident.ID, from, before time.Time, each func(Line)) error {
	return tx.All(paidText, []any{string(tx.Realm()), string(merchant), clock.Millis(from), clock.Millis(before)}, func(scan func(...any) error) error {
		l, err := scanLine(scan)
		if err == nil {
			each(l)
		}
		return err
	})
}

// lineOf says whether any file has a line about a movement.
func lineOf(tx *store.Tx, k key) (bool, error) {
	var n int64
	_, err := tx.Get([]any{&n}, `SELECT COUNT(*) FROM reconcile_line WHERE realm = $1 AND reference = $2 AND connector = $3 AND kind = $4`,
		string(tx.Realm()), k.reference, k.connector, string(k.kind))
	return n > 0, err
}

// keepAside writes a refused file; the same one again stays as it is.
func keepAside(tx *store.Tx, r Refused) error {
	_, err := tx.Exec(`INSERT INTO reconcile_refused (realm, id, connector, name, line, reason, text, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (realm, id) DO NOTHING`, string(tx.Realm()), r.ID, r.Connector, r.Name, r.Line, r.Reason, r.Text, clock.Millis(r.At))
	return err
}

func refused(tx *store.Tx) (list []Refused, err error) {
	err = tx.All(`SELECT id, connector, name, line, reason, at FROM reconcile_refused WHERE realm = $1 ORDER BY at DESC, id LIMIT 500`,
		[]any{string(tx.Realm())}, func(scan func(...any) error) error {
			var r Refused
			var at int64
			err := scan(&r.ID, &r.Connector, &r.Name, &r.Line, &r.Reason, &at)
			r.At = clock.FromMillis(at)
			list = append(list, r)
			return err
		})
	return list, err
}

var bankTable = &store.Table{Name: "reconcile_bank", Key: 2, Columns: []string{"realm", "hash", "version", "account", "currency", "amount", "booked_on", "reference",
	"text", "matched", "matched_by", "imported_at", "expected", "expected_currency"}}

const bankColumns = `hash, version, account, currency, amount, booked_on, reference, text, matched, matched_by, imported_at, expected, expected_currency`

func bankRow(tx *store.Tx, l BankLine, version int64) []any {
	return []any{string(tx.Realm()), l.hash, version, l.Account, string(l.Currency), l.Amount, l.BookedOn, l.Reference, l.Text, l.Match, l.Of, clock.Millis(l.ImportedAt),
		l.Expected.Minor, string(l.Expected.Currency)}
}

func addBank(tx *store.Tx, l BankLine) { tx.Insert(bankTable, bankRow(tx, l, 1)...) }

// saveBank writes a changed line over the version it was read at.
func saveBank(tx *store.Tx, l BankLine) {
	tx.Swap(bankTable, l.Version, bankRow(tx, l, l.Version+1)...)
}

// matchBank writes what explains a line.
func matchBank(tx *store.Tx, l BankLine, match, of string) {
	l.Match, l.Of = match, of
	saveBank(tx, l)
}

func bankLinesWhere(tx *store.Tx, condition string, args ...any) (list []BankLine, err error) {
	err = tx.All(`SELECT `+bankColumns+` FROM reconcile_bank WHERE realm = $1 AND `+condition+` ORDER BY booked_on, hash`,
		append([]any{string(tx.Realm())}, args...), func(scan func(...any) error) error {
			var l BankLine
			var imported int64
			err := scan(&l.hash, &l.Version, &l.Account, &l.Currency, &l.Amount, &l.BookedOn, &l.Reference, &l.Text, &l.Match, &l.Of, &imported, &l.Expected.Minor, &l.Expected.Currency)
			l.ImportedAt = clock.FromMillis(imported)
			list = append(list, l)
			return err
		})
	return list, err
}

// bankBetween reads the lines booked between two days, both in it.
func bankBetween(tx *store.Tx, from, to string) ([]BankLine, error) {
	return bankLinesWhere(tx, `booked_on >= $2 AND booked_on <= $3`, from, to)
}

// unmatched reads the lines that nothing explains.
func unmatched(tx *store.Tx) ([]BankLine, error) { return bankLinesWhere(tx, `matched = ''`) }

// matchedBy reads the lines that one thing explains.
func matchedBy(tx *store.Tx, match, of string) ([]BankLine, error) {
	return bankLinesWhere(tx, `matched = $2 AND matched_by = $3`, match, of)
}

// getBank reads a line by its hash.
func getBank(tx *store.Tx, hash string) (l BankLine, found bool, err error) {
	list, err := bankLinesWhere(tx, `hash = $2`, hash)
	if len(list) > 0 {
		l, found = list[0], true
	}
	return l, found, err
}
