package mandate

import (
	"encoding/json"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/store"
)

var mandateTable = &store.Table{Name: "mandate", Key: 2, Columns: []string{
	"realm", "id", "version", "seq", "merchant", "profile", "surface", "customer", "method", "brand", "state", "code", "connector", "account",
	"provider_ref", "reference", "currency", "maximum", "created_at", "updated_at", "expires_at", "details"}}

const mandateColumns = `id, version, seq, merchant, profile, surface, customer, method, brand, state, code, connector, account,
	provider_ref, reference, currency, maximum, created_at, updated_at, expires_at, details`

func mandateRow(tx *store.Tx, m Mandate, version int64) ([]any, error) {
	details, err := json.Marshal(m.Details)
	return []any{string(tx.Realm()), string(m.ID), version, m.Seq, string(m.Merchant), string(m.Profile), m.Surface, string(m.Customer), string(m.Method), m.Brand,
		string(m.State), m.Code, m.Connector, m.Account, m.ProviderRef, m.Reference, string(m.Maximum.Currency), m.Maximum.Minor,
		clock.Millis(m.CreatedAt), clock.Millis(m.UpdatedAt), clock.Millis(m.ExpiresAt), string(details)}, err
}

func addMandate(tx *store.Tx, m Mandate) error {
	row, err := mandateRow(tx, m, 1)
	if err == nil {
		tx.Insert(mandateTable, row...)
	}
	return err
}

// saveMandate writes a changed mandate over the version it was read at.
func saveMandate(tx *store.Tx, m Mandate) error {
	row, err := mandateRow(tx, m, m.Version+1)
	if err == nil {
		tx.Swap(mandateTable, m.Version, row...)
	}
	return err
}

func mandates(tx *store.Tx, query string, args ...any) (list []Mandate, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var m Mandate
		var created, updated, expires int64
		var details string
		err := scan(&m.ID, &m.Version, &m.Seq, &m.Merchant, &m.Profile, &m.Surface, &m.Customer, &m.Method, &m.Brand, &m.State, &m.Code, &m.Connector,
			&m.Account, &m.ProviderRef, &m.Reference, &m.Maximum.Currency, &m.Maximum.Minor, &created, &updated, &expires, &details)
		if err != nil {
			return err
		}
		m.CreatedAt, m.UpdatedAt, m.ExpiresAt = clock.FromMillis(created), clock.FromMillis(updated), clock.FromMillis(expires)
		err = json.Unmarshal([]byte(details), &m.Details)
		list = append(list, m)
		return err
	})
	return list, err
}

func missing() error { return fault.New("not_found.mandate", "no such agreement") }

// Find reads a mandate inside a transaction. Faults: not_found.mandate.
func Find(tx *store.Tx, id ident.ID) (Mandate, error) {
	list, err := mandates(tx, `SELECT `+mandateColumns+` FROM mandate WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		err = missing()
	}
	if err != nil {
		return Mandate{}, err
	}
	return list[0], nil
}

const ofText = `SELECT ` + mandateColumns + ` FROM mandate WHERE realm = $1 AND customer = $2 AND customer <> '' AND state IN ('active', 'suspended')
	ORDER BY created_at DESC, id DESC LIMIT $3`

func mandatesOf(tx *store.Tx, customer ident.ID, limit int) ([]Mandate, error) {
	return mandates(tx, ofText, string(tx.Realm()), string(customer), int64(limit))
}

// ByProvider finds the mandates of a connector by the provider's name of them,
// inside a transaction: several merchants' accounts may use one name.
func ByProvider(tx *store.Tx, connector, reference string) ([]Mandate, error) {
	return mandates(tx, byProviderText, string(tx.Realm()), connector, reference)
}

const byProviderText = `SELECT ` + mandateColumns + ` FROM mandate WHERE realm = $1 AND connector = $2 AND provider_ref = $3 AND provider_ref <> ''
	ORDER BY created_at, id`

// orphans finds what was asked for before the given wall time, by each realm's
// clock.
func orphans(tx *store.Tx, before time.Time, limit int) (list []job.Orphan, err error) {
	err = tx.All(`SELECT m.realm, m.id FROM mandate m LEFT JOIN clock c ON c.realm = m.realm
		WHERE m.state = 'asking' AND m.created_at <= $1 + COALESCE(c.ahead_ms, 0) ORDER BY m.created_at LIMIT $2`,
		[]any{clock.Millis(before), int64(limit)}, func(scan func(...any) error) error {
			var o job.Orphan
			err := scan(&o.Realm, &o.Object)
			list = append(list, o)
			return err
		})
	return list, err
}
