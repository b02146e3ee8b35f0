package order

import (
	"encoding/json"
	"strings"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var orderTable = &store.Table{Name: "merchant_order", Key: 2, Columns: []string{"realm", "id", "version", "seq", "merchant", "type", "reference", "currency", "amount",
	"surcharge", "state", "payment", "customer", "email", "email_key", "phone", "name", "created_at", "updated_at", "expires_at", "paid_at", "details"}}

const orderColumns = `id, version, seq, merchant, type, reference, currency, amount, surcharge, state, payment, customer, email, phone, name,
	created_at, updated_at, expires_at, paid_at, details`

func orderRow(tx *store.Tx, o Order, version int64) ([]any, error) {
	details, err := json.Marshal(o.Details)
	return []any{string(tx.Realm()), string(o.ID), version, o.Seq, string(o.Merchant), string(o.Type), o.Reference, string(o.Amount.Currency), o.Amount.Minor,
		o.Surcharge, string(o.State), string(o.Payment), string(o.Customer), o.Email, emailKey(o.Email), o.Phone, o.Name,
		clock.Millis(o.CreatedAt), clock.Millis(o.UpdatedAt), clock.Millis(o.ExpiresAt), clock.Millis(o.PaidAt), string(details)}, err
}

// emailKey is what an address is searched by, whatever its case.
func emailKey(address string) string { return strings.ToLower(address) }

func addOrder(tx *store.Tx, o Order) error {
	row, err := orderRow(tx, o, 1)
	if err == nil {
		tx.Insert(orderTable, row...)
	}
	return err
}

func saveOrder(tx *store.Tx, o Order) error {
	row, err := orderRow(tx, o, o.Version+1)
	if err == nil {
		tx.Swap(orderTable, o.Version, row...)
	}
	return err
}

func scanOrder(scan func(...any) error) (o Order, err error) {
	var created, updated, expires, paid int64
	var details string
	err = scan(&o.ID, &o.Version, &o.Seq, &o.Merchant, &o.Type, &o.Reference, &o.Amount.Currency, &o.Amount.Minor, &o.Surcharge, &o.State, &o.Payment,
		&o.Customer, &o.Email, &o.Phone, &o.Name, &created, &updated, &expires, &paid, &details)
	if err != nil {
		return o, err
	}
	o.CreatedAt, o.UpdatedAt = clock.FromMillis(created), clock.FromMillis(updated)
	o.ExpiresAt, o.PaidAt = clock.FromMillis(expires), clock.FromMillis(paid)
	return o, json.Unmarshal([]byte(details), &o.Details)
}

func missing() error { return fault.New("not_found.order", "no such order") }

func getOrder(tx *store.Tx, id ident.ID) (o Order, err error) {
	found := false
	err = tx.All(`SELECT `+orderColumns+` FROM merchant_order WHERE realm = $1 AND id = $2`, []any{string(tx.Realm()), string(id)}, func(scan func(...any) error) (err error) {
		found = true
		o, err = scanOrder(scan)
		return err
	})
	if err == nil && !found {
		err = missing()
	}
	return o, err
}

func byIDs(tx *store.Tx, ids []ident.ID) (map[ident.ID]Order, error) {
	out := map[ident.ID]Order{}
	if len(ids) == 0 {
		return out, nil
	}
	q := store.Search{Table: orderTable.Name, Columns: orderColumns, Sorts: orderSorts, Page: store.Page{Limit: int64(len(ids))}}
	q.Where(`realm = ?`, string(tx.Realm()))
	store.In(&q, `id`, ids)
	_, err := tx.Search(q, func(scan func(...any) error) error {
		o, err := scanOrder(scan)
		out[o.ID] = o
		return err
	})
	return out, err
}

// orderSorts are what a search may be sorted by.
var orderSorts = map[string]string{"id": "id", "createdAt": "created_at", "updatedAt": "updated_at", "amount": "amount", "reference": "reference",
	"state": "state", "email": "email_key"}

func searchOrders(tx *store.Tx, f Filter) (list []Order, total int64, err error) {
	q := store.Search{Table: orderTable.Name, Columns: orderColumns, Sorts: orderSorts, Page: f.Page}
	q.Where(`realm = ?`, string(tx.Realm()))
	store.In(&q, `id`, f.IDs)
	store.In(&q, `merchant`, f.Merchants)
	if f.Marketplace != "" {
		q.Where(`merchant IN (SELECT m.id FROM merchant m WHERE m.realm = ? AND m.marketplace = ?)`, string(tx.Realm()), string(f.Marketplace))
	}
	store.In(&q, `customer`, f.Customers)
	store.In(&q, `reference`, f.References)
	if f.Email != "" {
		q.Where(`email_key = ?`, emailKey(f.Email))
	}
	store.In(&q, `type`, f.Types)
	store.In(&q, `state`, f.States)
	if f.Amount != nil {
		q.Where(`amount = ?`, *f.Amount)
	}
	q.Span(`created_at`, f.Created)
	total, err = tx.Search(q, func(scan func(...any) error) error {
		o, err := scanOrder(scan)
		list = append(list, o)
		return err
	})
	return list, total, err
}
