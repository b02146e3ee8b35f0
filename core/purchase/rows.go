package purchase

import (
	"encoding/json"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var purchaseTable = &store.Table{Name: "purchase", Key: 2, Columns: []string{"realm", "id", "version", "seq", "number", "client", "merchant", "person", "customer", "reference",
	"way", "method", "means", "currency", "amount", "state", "token", "invoice", "created_at", "done_at", "details"}}

const purchaseColumns = `id, version, seq, number, client, merchant, person, customer, reference, way, method, means, currency, amount, state, token, invoice, created_at, done_at, details`

func purchaseRow(tx *store.Tx, p Purchase, version int64) ([]any, error) {
	details, err := json.Marshal(p.Details)
	return []any{string(tx.Realm()), string(p.ID), version, p.Seq, p.Number, string(p.Client), string(p.Merchant), string(p.Person), p.Customer, p.Reference,
		string(p.Way), string(p.Method), string(p.Means), string(p.Amount.Currency), p.Amount.Minor, string(p.State), string(p.Token), string(p.Invoice),
		clock.Millis(p.CreatedAt), clock.Millis(p.DoneAt), string(details)}, err
}

func addPurchase(tx *store.Tx, p Purchase) error {
	row, err := purchaseRow(tx, p, 1)
	if err == nil {
		tx.Insert(purchaseTable, row...)
	}
	return err
}

func savePurchase(tx *store.Tx, p *Purchase) error {
	row, err := purchaseRow(tx, *p, p.Version+1)
	if err == nil {
		tx.Swap(purchaseTable, p.Version, row...)
		p.Version++
	}
	return err
}

func purchases(tx *store.Tx, query string, args ...any) (list []Purchase, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var p Purchase
		var created, done int64
		var details string
		if err := scan(&p.ID, &p.Version, &p.Seq, &p.Number, &p.Client, &p.Merchant, &p.Person, &p.Customer, &p.Reference, &p.Way, &p.Method, &p.Means,
			&p.Amount.Currency, &p.Amount.Minor, &p.State, &p.Token, &p.Invoice, &created, &done, &details); err != nil {
			return err
		}
		p.CreatedAt, p.DoneAt = clock.FromMillis(created), clock.FromMillis(done)
		err := json.Unmarshal([]byte(details), &p.Details)
		list = append(list, p)
		return err
	})
	return list, err
}

// one is the only row of a query. Faults: not_found.purchase.
func one(tx *store.Tx, query string, args ...any) (Purchase, error) {
	list, err := purchases(tx, query, args...)
	if err == nil && len(list) == 0 {
		err = missing()
	}
	if err != nil {
		return Purchase{}, err
	}
	return list[0], nil
}

func getPurchase(tx *store.Tx, id ident.ID) (Purchase, error) {
	return one(tx, `SELECT `+purchaseColumns+` FROM purchase WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
}

func byNumber(tx *store.Tx, number int64) (Purchase, error) {
	return one(tx, `SELECT `+purchaseColumns+` FROM purchase WHERE realm = $1 AND number = $2`, string(tx.Realm()), number)
}

func byReference(tx *store.Tx, client ident.ID, reference string) (Purchase, error) {
	return one(tx, `SELECT `+purchaseColumns+` FROM purchase WHERE realm = $1 AND client = $2 AND reference = $3 AND reference <> ''`, string(tx.Realm()), string(client), reference)
}

// byInvoice is the order that an invoice was made for beforehand.
func byInvoice(tx *store.Tx, inv ident.ID) (Purchase, error) {
	return one(tx, `SELECT `+purchaseColumns+` FROM purchase WHERE realm = $1 AND invoice = $2 AND invoice <> ''`, string(tx.Realm()), string(inv))
}

// confirmed lists the orders that have not begun yet, oldest first.
func confirmed(tx *store.Tx) ([]Purchase, error) {
	return purchases(tx, `SELECT `+purchaseColumns+` FROM purchase WHERE realm = $1 AND state = 'confirmed' ORDER BY id`, string(tx.Realm()))
}

// ofPerson lists a person's orders, newest first, up to limit.
func ofPerson(tx *store.Tx, person ident.ID, limit int) ([]Purchase, error) {
	return purchases(tx, `SELECT `+purchaseColumns+` FROM purchase WHERE realm = $1 AND person = $2 ORDER BY id DESC LIMIT $3`, string(tx.Realm()), string(person), int64(limit))
}

// count draws the next number, from 30,001.
func count(tx *store.Tx) (n int64, err error) {
	_, err = tx.Get([]any{&n}, `INSERT INTO purchase_count (realm, last) VALUES ($1, 30001)
		ON CONFLICT (realm) DO UPDATE SET last = purchase_count.last + 1 RETURNING last`, string(tx.Realm()))
	return n, err
}
