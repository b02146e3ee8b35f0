package customer

import (
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var customerTable = &store.Table{Name: "customer", Key: 2,
	Columns: []string{"realm", "id", "version", "merchant", "reference", "given_name", "surname", "company", "email", "phone", "created_at"}}

const customerColumns = `id, version, merchant, reference, given_name, surname, company, email, phone, created_at`

func row(tx *store.Tx, c Customer, version int64) []any {
	return []any{string(tx.Realm()), string(c.ID), version, string(c.Merchant), c.Reference, c.GivenName, c.Surname, c.Company, c.Email, c.Phone, clock.Millis(c.CreatedAt)}
}

func addCustomer(tx *store.Tx, c Customer) { tx.Insert(customerTable, row(tx, c, 1)...) }
func saveCustomer(tx *store.Tx, c Customer) {
	tx.Swap(customerTable, c.Version, row(tx, c, c.Version+1)...)
}

func byReference(tx *store.Tx, merchant ident.ID, reference string) (Customer, bool, error) {
	return one(tx, `SELECT `+customerColumns+` FROM customer WHERE realm = $1 AND merchant = $2 AND reference = $3`,
		string(tx.Realm()), string(merchant), reference)
}

func getCustomer(tx *store.Tx, id ident.ID) (Customer, error) {
	c, found, err := one(tx, `SELECT `+customerColumns+` FROM customer WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && !found {
		err = fault.New("not_found.customer", "no such customer")
	}
	return c, err
}

func one(tx *store.Tx, query string, args ...any) (Customer, bool, error) {
	var c Customer
	var created int64
	found, err := tx.Get([]any{&c.ID, &c.Version, &c.Merchant, &c.Reference, &c.GivenName, &c.Surname, &c.Company, &c.Email, &c.Phone, &created}, query, args...)
	c.CreatedAt = clock.FromMillis(created)
	return c, found, err
}
