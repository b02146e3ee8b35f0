package settlement

import (
	"encoding/json"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var planTable = &store.Table{Name: "settlement_plan", Key: 2, Columns: []string{"realm", "merchant", "version", "currency", "terms", "created_at", "updated_at"}}

// savePlan writes a plan over the version it was made from; 0 is a first one.
func savePlan(tx *store.Tx, p Plan) error {
	terms, err := json.Marshal(p.Terms)
	if err != nil {
		return err
	}
	row := []any{string(tx.Realm()), string(p.Merchant), p.Version + 1, string(p.Currency), string(terms), clock.Millis(p.CreatedAt), clock.Millis(p.UpdatedAt)}
	if p.Version == 0 {
		tx.Insert(planTable, row...)
	} else {
		tx.Swap(planTable, p.Version, row...)
	}
	return nil
}

func getPlan(tx *store.Tx, merchant ident.ID) (p Plan, found bool, err error) {
	var terms string
	var created, updated int64
	found, err = tx.Get([]any{&p.Merchant, &p.Version, &p.Currency, &terms, &created, &updated},
		`SELECT merchant, version, currency, terms, created_at, updated_at FROM settlement_plan WHERE realm = $1 AND merchant = $2`,
		string(tx.Realm()), string(merchant))
	if err != nil || !found {
		return p, false, err
	}
	p.CreatedAt, p.UpdatedAt = clock.FromMillis(created), clock.FromMillis(updated)
	return p, true, json.Unmarshal([]byte(terms), &p.Terms)
}

var entryTable = &store.Table{Name: "settlement_entry", Key: 2, Columns: []string{"realm", "id", "merchant", "kind", "currency", "amount", "gross", "fee",
	"tax", "owed", "payment", "attempt", "method", "brand", "reference", "source", "payout", "invoice", "at", "available_at"}}

const entryColumns = `id, merchant, kind, currency, amount, gross, fee, tax, owed, payment, attempt, method, brand, reference, source, payout, invoice, at, available_at`

func addEntry(tx *store.Tx, e Entry) {
	tx.Insert(entryTable, string(tx.Realm()), string(e.ID), string(e.Merchant), string(e.Kind), string(e.Currency), e.Amount, e.Gross, e.Fee, e.Tax, e.Owed,
		string(e.Payment), string(e.Attempt), string(e.Method), e.Brand, e.Reference, string(e.Source), string(e.Payout), string(e.Invoice),
		clock.Millis(e.At), clock.Millis(e.AvailableAt))
}

func scanEntry(scan func(...any) error) (e Entry, err error) {
	var at, available int64
	err = scan(&e.ID, &e.Merchant, &e.Kind, &e.Currency, &e.Amount, &e.Gross, &e.Fee, &e.Tax, &e.Owed, &e.Payment, &e.Attempt, &e.Method, &e.Brand,
		&e.Reference, &e.Source, &e.Payout, &e.Invoice, &at, &available)
	e.At, e.AvailableAt = clock.FromMillis(at), clock.FromMillis(available)
	return e, err
}

const paymentText = `SELECT ` + entryColumns + ` FROM settlement_entry WHERE realm = $1 AND payment = $2 AND payment <> ''`

// entriesOf reads the entries of a payment, oldest first.
func entriesOf(tx *store.Tx, payment ident.ID) (list []Entry, err error) {
	err = tx.All(paymentText+` ORDER BY at, id`, []any{string(tx.Realm()), string(payment)}, func(scan func(...any) error) error {
		e, err := scanEntry(scan)
		list = append(list, e)
		return err
	})
	return list, err
}

var shareTable = &store.Table{Name: "settlement_share", Key: 3, Columns: []string{"realm", "payment", "n", "version", "payee", "marketplace",
	"basis_points", "fixed", "amount", "refunded", "disputed"}}

// saveShare writes a part over the version it was read at; 0 is a new one.
func saveShare(tx *store.Tx, payment ident.ID, s share) {
	row := []any{string(tx.Realm()), string(payment), s.n, s.version + 1, string(s.Payee), s.Marketplace, s.BasisPoints, s.Fixed, s.amount, s.refunded, s.disputed}
	if s.version == 0 {
		tx.Insert(shareTable, row...)
	} else {
		tx.Swap(shareTable, s.version, row...)
	}
}

// sharesOf reads the parts of a payment in their order.
func sharesOf(tx *store.Tx, payment ident.ID) (list []share, err error) {
	err = tx.All(`SELECT n, version, payee, marketplace, basis_points, fixed, amount, refunded, disputed FROM settlement_share
		WHERE realm = $1 AND payment = $2 ORDER BY n`, []any{string(tx.Realm()), string(payment)}, func(scan func(...any) error) error {
		var s share
		err := scan(&s.n, &s.version, &s.Payee, &s.Marketplace, &s.BasisPoints, &s.Fixed, &s.amount, &s.refunded, &s.disputed)
		list = append(list, s)
		return err
	})
	return list, err
}
