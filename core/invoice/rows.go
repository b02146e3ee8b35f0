package invoice

import (
	"encoding/json"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var invoiceTable = &store.Table{Name: "invoice", Key: 2, Columns: []string{
	"realm", "id", "version", "seq", "merchant", "profile", "surface", "owner", "key", "number", "reference", "order_number", "payable",
	"customer_number", "customer", "currency", "amount", "state", "paid", "refunded", "paying", "stage", "method", "source", "due_on",
	"created_at", "updated_at", "sent_at", "overdue_at", "paid_at", "ended_at", "details"}}

const invoiceColumns = `id, version, seq, merchant, profile, surface, owner, key, number, reference, order_number, payable,
	customer, currency, amount, state, paid, refunded, paying, stage, method, source, due_on,
	created_at, updated_at, sent_at, overdue_at, paid_at, ended_at, details`

func invoiceRow(tx *store.Tx, v Invoice, version int64) ([]any, error) {
	customer, err := json.Marshal(v.Customer)
	if err != nil {
		return nil, err
	}
	details, err := json.Marshal(v.Details)
	return []any{string(tx.Realm()), string(v.ID), version, v.Seq, string(v.Merchant), string(v.Profile), v.Surface, string(v.Owner), v.Key, v.Number,
		v.Reference, v.Order, v.Payable, v.Customer.Number, string(customer), string(v.Amount.Currency), v.Amount.Minor, string(v.State), v.Paid, v.Refunded,
		string(v.Paying), string(v.Stage), v.Method, string(v.Source), string(v.DueOn), clock.Millis(v.CreatedAt), clock.Millis(v.UpdatedAt),
		clock.Millis(v.SentAt), clock.Millis(v.OverdueAt), clock.Millis(v.PaidAt), clock.Millis(v.EndedAt), string(details)}, err
}

func addInvoice(tx *store.Tx, v Invoice) error {
	row, err := invoiceRow(tx, v, 1)
	if err == nil {
		tx.Insert(invoiceTable, row...)
	}
	return err
}

func saveInvoice(tx *store.Tx, v Invoice) error {
	row, err := invoiceRow(tx, v, v.Version+1)
	if err == nil {
		tx.Swap(invoiceTable, v.Version, row...)
	}
	return err
}

// scanInvoice reads invoiceColumns, and before them what more there is.
func scanInvoice(scan func(...any) error, more ...any) (v Invoice, err error) {
	var customer, details string
	var created, updated, sent, overdue, paid, ended int64
	err = scan(append(more, &v.ID, &v.Version, &v.Seq, &v.Merchant, &v.Profile, &v.Surface, &v.Owner, &v.Key, &v.Number, &v.Reference, &v.Order, &v.Payable,
		&customer, &v.Amount.Currency, &v.Amount.Minor, &v.State, &v.Paid, &v.Refunded, &v.Paying, &v.Stage, &v.Method, &v.Source, &v.DueOn,
		&created, &updated, &sent, &overdue, &paid, &ended, &details)...)
	if err != nil {
		return v, err
	}
	v.CreatedAt, v.UpdatedAt, v.SentAt = clock.FromMillis(created), clock.FromMillis(updated), clock.FromMillis(sent)
	v.OverdueAt, v.PaidAt, v.EndedAt = clock.FromMillis(overdue), clock.FromMillis(paid), clock.FromMillis(ended)
	if err := json.Unmarshal([]byte(customer), &v.Customer); err != nil {
		return v, err
	}
	return v, json.Unmarshal([]byte(details), &v.Details)
}

func one(tx *store.Tx, query string, args ...any) (v Invoice, found bool, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		found = true
		v, err = scanInvoice(scan)
		return err
	})
	return v, found, err
}

func getInvoice(tx *store.Tx, id ident.ID) (Invoice, error) {
	v, found, err := one(tx, `SELECT `+invoiceColumns+` FROM invoice WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && !found {
		err = missing()
	}
	return v, err
}

func byPayable(tx *store.Tx, payable string) (Invoice, bool, error) {
	return one(tx, `SELECT `+invoiceColumns+` FROM invoice WHERE realm = $1 AND payable = $2 AND payable <> ''`, string(tx.Realm()), payable)
}

// byKey finds an invoice of any realm: the key is what the payer has instead
// of a credential.
func byKey(tx *store.Tx, key string) (v Invoice, realm ident.ID, err error) {
	found := false
	err = tx.All(`SELECT realm, `+invoiceColumns+` FROM invoice WHERE key = $1`, []any{key}, func(scan func(...any) error) error {
		found = true
		v, err = scanInvoice(scan, &realm)
		return err
	})
	if err == nil && !found {
		err = missing()
	}
	return v, realm, err
}

// findInvoices reads a page, newest first, and whether another follows.
func findInvoices(tx *store.Tx, f Filter) (list []Invoice, more bool, err error) {
	q := store.Search{Table: invoiceTable.Name, Columns: invoiceColumns, Sorts: map[string]string{"id": "id"},
		Page: store.Page{Limit: int64(f.Limit) + 1, Sort: []string{"-id"}}}
	q.Where(`realm = ?`, string(tx.Realm()))
	store.In(&q, `id`, f.IDs)
	store.In(&q, `merchant`, f.Merchants)
	store.In(&q, `state`, f.States)
	for _, c := range []struct{ text, value string }{{`owner = ?`, string(f.Owner)}, {`customer_number = ?`, f.Customer}, {`number = ?`, f.Number},
		{`reference = ?`, f.Reference}, {`order_number = ?`, f.Order}, {`due_on >= ?`, string(f.DueOn[0])}, {`due_on <= ?`, string(f.DueOn[1])},
		{`id < ?`, string(f.Before)}} {
		if c.value != "" {
			q.Where(c.text, c.value)
		}
	}
	q.Span(`created_at`, f.Created)
	err = tx.Page(q, func(scan func(...any) error) error {
		v, err := scanInvoice(scan)
		list = append(list, v)
		return err
	})
	if more = len(list) > f.Limit; more {
		list = list[:f.Limit]
	}
	return list, more, err
}

var receiptTable = &store.Table{Name: "invoice_receipt", Key: 3, Columns: []string{
	"realm", "invoice", "id", "version", "way", "method", "state", "received", "returned", "memo", "at"}}

const receiptColumns = `invoice, id, version, way, method, state, received, returned, memo, at`

// putReceipt writes a receipt over the version before, 0 for a new one.
func putReceipt(tx *store.Tx, r Receipt, before int64) {
	row := []any{string(tx.Realm()), string(r.Invoice), string(r.ID), before + 1, string(r.Way), r.Method, string(r.State), r.In, r.Back, r.Memo, clock.Millis(r.At)}
	if before == 0 {
		tx.Insert(receiptTable, row...)
		return
	}
	tx.Swap(receiptTable, before, row...)
}

func receipts(tx *store.Tx, query string, args ...any) (list []Receipt, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var r Receipt
		var at int64
		err := scan(&r.Invoice, &r.ID, &r.Version, &r.Way, &r.Method, &r.State, &r.In, &r.Back, &r.Memo, &at)
		r.At = clock.FromMillis(at)
		list = append(list, r)
		return err
	})
	return list, err
}

func getReceipt(tx *store.Tx, invoice, id ident.ID) (r Receipt, found bool, err error) {
	list, err := receipts(tx, `SELECT `+receiptColumns+` FROM invoice_receipt WHERE realm = $1 AND invoice = $2 AND id = $3`,
		string(tx.Realm()), string(invoice), string(id))
	if err != nil || len(list) == 0 {
		return r, false, err
	}
	return list[0], true, nil
}

func receiptsOf(tx *store.Tx, invoice ident.ID) ([]Receipt, error) {
	return receipts(tx, `SELECT `+receiptColumns+` FROM invoice_receipt WHERE realm = $1 AND invoice = $2 ORDER BY at, id`, string(tx.Realm()), string(invoice))
}

// count draws the next number of a series of the realm, from 1.
func count(tx *store.Tx, series string) (n int64, err error) {
	_, err = tx.Get([]any{&n}, `INSERT INTO invoice_count (realm, series, last) VALUES ($1, $2, 1)
		ON CONFLICT (realm, series) DO UPDATE SET last = invoice_count.last + 1 RETURNING last`, string(tx.Realm()), series)
	return n, err
}
