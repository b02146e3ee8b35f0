package errand

import (
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var errandTable = &store.Table{Name: "errand", Key: 2, Columns: []string{"realm", "number", "version", "seq", "id", "kind", "client", "merchant", "person", "product",
	"invoice", "means", "method", "state", "payment", "session", "mandate", "return_url", "error_url", "created_at", "expires_at", "done_at", "purchase"}}

const errandColumns = `number, version, seq, id, kind, client, merchant, person, product, invoice, means, method, state, payment, session, mandate, return_url, error_url,
	created_at, expires_at, done_at, purchase`

func errandRow(tx *store.Tx, e Errand, version int64) []any {
	return []any{string(tx.Realm()), e.Number, version, e.Seq, string(e.ID), string(e.Kind), string(e.Client), string(e.Merchant), string(e.Person), e.Product,
		string(e.Invoice), string(e.Means), string(e.Method), string(e.State), string(e.Payment), string(e.Session), string(e.Mandate), e.ReturnURL, e.ErrorURL,
		clock.Millis(e.CreatedAt), clock.Millis(e.ExpiresAt), clock.Millis(e.DoneAt), string(e.Purchase)}
}

func addErrand(tx *store.Tx, e Errand) { tx.Insert(errandTable, errandRow(tx, e, 1)...) }

func saveErrand(tx *store.Tx, e *Errand) {
	tx.Swap(errandTable, e.Version, errandRow(tx, *e, e.Version+1)...)
	e.Version++
}

func list(tx *store.Tx, query string, args ...any) (all []Errand, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var e Errand
		var created, expires, done int64
		err := scan(&e.Number, &e.Version, &e.Seq, &e.ID, &e.Kind, &e.Client, &e.Merchant, &e.Person, &e.Product, &e.Invoice, &e.Means, &e.Method, &e.State, &e.Payment,
			&e.Session, &e.Mandate, &e.ReturnURL, &e.ErrorURL, &created, &expires, &done, &e.Purchase)
		e.CreatedAt, e.ExpiresAt, e.DoneAt = clock.FromMillis(created), clock.FromMillis(expires), clock.FromMillis(done)
		all = append(all, e)
		return err
	})
	return all, err
}

func get(tx *store.Tx, number int64) (Errand, bool, error) {
	all, err := list(tx, `SELECT `+errandColumns+` FROM errand WHERE realm = $1 AND number = $2`, string(tx.Realm()), number)
	if err != nil || len(all) == 0 {
		return Errand{}, false, err
	}
	return all[0], true, nil
}

// ofInvoice lists the errands to pay an invoice, oldest first.
func ofInvoice(tx *store.Tx, inv ident.ID) ([]Errand, error) {
	return list(tx, `SELECT `+errandColumns+` FROM errand WHERE realm = $1 AND invoice = $2 ORDER BY id`, string(tx.Realm()), string(inv))
}

// ofMandate lists the errands that wait for an agreement, oldest first.
func ofMandate(tx *store.Tx, mandate ident.ID) ([]Errand, error) {
	return list(tx, `SELECT `+errandColumns+` FROM errand WHERE realm = $1 AND mandate = $2 ORDER BY id`, string(tx.Realm()), string(mandate))
}

// ofPurchase lists the errands of an order, oldest first.
func ofPurchase(tx *store.Tx, purchase ident.ID) ([]Errand, error) {
	return list(tx, `SELECT `+errandColumns+` FROM errand WHERE realm = $1 AND purchase = $2 ORDER BY id`, string(tx.Realm()), string(purchase))
}
