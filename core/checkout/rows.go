package checkout

import (
	"encoding/json"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var checkoutTable = &store.Table{Name: "checkout", Key: 2, Columns: []string{
	"realm", "id", "version", "key", "alias", "merchant", "profile", "surface", "kind", "currency", "amount", "state", "try", "payment",
	"created_at", "expires_at", "done_at", "details"}}

const checkoutColumns = `realm, id, version, key, alias, merchant, profile, surface, kind, currency, amount, state, try, payment,
	created_at, expires_at, done_at, details`

func sessionRow(s Session, version int64) ([]any, error) {
	details, err := json.Marshal(s.Details)
	return []any{string(s.Realm), string(s.ID), version, s.Key, s.Alias, string(s.Merchant), string(s.Profile), s.Surface, string(s.Kind),
		string(s.Amount.Currency), s.Amount.Minor, string(s.State), s.Try, string(s.Payment),
		clock.Millis(s.CreatedAt), clock.Millis(s.ExpiresAt), clock.Millis(s.DoneAt), string(details)}, err
}

func addSession(tx *store.Tx, s Session) error {
	row, err := sessionRow(s, 1)
	if err == nil {
		tx.Insert(checkoutTable, row...)
	}
	return err
}

func saveSession(tx *store.Tx, s Session) error {
	row, err := sessionRow(s, s.Version+1)
	if err == nil {
		tx.Swap(checkoutTable, s.Version, row...)
	}
	return err
}

func one(tx *store.Tx, query string, args ...any) (s Session, found bool, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		found = true
		var created, expires, done int64
		var details string
		if err := scan(&s.Realm, &s.ID, &s.Version, &s.Key, &s.Alias, &s.Merchant, &s.Profile, &s.Surface, &s.Kind, &s.Amount.Currency, &s.Amount.Minor,
			&s.State, &s.Try, &s.Payment, &created, &expires, &done, &details); err != nil {
			return err
		}
		s.CreatedAt, s.ExpiresAt, s.DoneAt = clock.FromMillis(created), clock.FromMillis(expires), clock.FromMillis(done)
		return json.Unmarshal([]byte(details), &s.Details)
	})
	return s, found, err
}

func unknownSession() error { return fault.New("not_found.session", "no such checkout") }

func must(s Session, found bool, err error) (Session, error) {
	if err == nil && !found {
		err = unknownSession()
	}
	return s, err
}

func getSession(tx *store.Tx, id ident.ID) (Session, error) {
	return must(one(tx, `SELECT `+checkoutColumns+` FROM checkout WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id)))
}

func byAlias(tx *store.Tx, profile ident.ID, alias string) (Session, bool, error) {
	return one(tx, `SELECT `+checkoutColumns+` FROM checkout WHERE realm = $1 AND profile = $2 AND alias = $3 AND alias <> ''`,
		string(tx.Realm()), string(profile), alias)
}

// byKey finds a session of any realm: the key is what the payer has instead of
// a credential.
func byKey(tx *store.Tx, key string) (Session, error) {
	return must(one(tx, `SELECT `+checkoutColumns+` FROM checkout WHERE key = $1`, key))
}

// find looks for a merchant's session by either of its names.
func find(tx *store.Tx, profile ident.ID, wireID string) (Session, error) {
	s, found, err := byAlias(tx, profile, wireID)
	if err != nil || found {
		return s, err
	}
	return must(one(tx, `SELECT `+checkoutColumns+` FROM checkout WHERE realm = $1 AND profile = $2 AND key = $3`,
		string(tx.Realm()), string(profile), wireID))
}
