package access

import (
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var realmTable = &store.Table{Name: "realm", Key: 1,
	Columns: []string{"realm", "organisation", "environment", "created_at"}}

var keyTable = &store.Table{Name: "api_key", Key: 2,
	Columns: []string{"realm", "id", "version", "kind", "label", "hash", "may", "merchants", "created_at", "expires_at", "revoked_at"}}

func addRealm(tx *store.Tx, r Realm) {
	tx.Insert(realmTable, string(r.ID), r.Organisation, string(r.Environment), clock.Millis(r.CreatedAt))
}

func getRealm(tx *store.Tx, id ident.ID) (Realm, error) {
	r := Realm{ID: id}
	var created int64
	found, err := tx.Get([]any{&r.Organisation, &r.Environment, &created},
		`SELECT organisation, environment, created_at FROM realm WHERE realm = $1`, string(id))
	if err == nil && !found {
		err = fault.New("not_found.realm", "no such realm")
	}
	r.CreatedAt = clock.FromMillis(created)
	return r, err
}

// EnvironmentIn tells, inside a transaction, which environment its realm is in.
// Faults: not_found.realm.
func EnvironmentIn(tx *store.Tx) (Environment, error) {
	r, err := getRealm(tx, tx.Realm())
	return r.Environment, err
}

func listRealms(tx *store.Tx) ([]Realm, error) {
	var out []Realm
	err := tx.All(`SELECT realm, organisation, environment, created_at FROM realm ORDER BY realm`, nil,
		func(scan func(...any) error) error {
			var r Realm
			var created int64
			err := scan(&r.ID, &r.Organisation, &r.Environment, &created)
			r.CreatedAt = clock.FromMillis(created)
			out = append(out, r)
			return err
		})
	return out, err
}

const keyColumns = `realm, id, version, kind, label, hash, may, merchants, created_at, expires_at, revoked_at`

func keyRow(k Key, version int64) []any {
	return []any{string(k.Realm), string(k.ID), version, k.Kind, k.Label, k.hash, joinPermissions(k.May), joinIDs(k.Merchants),
		clock.Millis(k.CreatedAt), clock.Millis(k.ExpiresAt), clock.Millis(k.RevokedAt)}
}

func addKey(tx *store.Tx, k Key)  { tx.Insert(keyTable, keyRow(k, 1)...) }
func saveKey(tx *store.Tx, k Key) { tx.Swap(keyTable, k.Version, keyRow(k, k.Version+1)...) }

func scanKey(scan func(...any) error) (Key, error) {
	var k Key
	var may, merchants string
	var created, expires, revoked int64
	err := scan(&k.Realm, &k.ID, &k.Version, &k.Kind, &k.Label, &k.hash, &may, &merchants, &created, &expires, &revoked)
	k.May, k.Merchants = splitPermissions(may), splitIDs(merchants)
	k.CreatedAt, k.ExpiresAt, k.RevokedAt = clock.FromMillis(created), clock.FromMillis(expires), clock.FromMillis(revoked)
	return k, err
}

// getKey reads a key by its id alone: the token is what tells the realm.
func getKey(tx *store.Tx, id ident.ID) (k Key, found bool, err error) {
	err = tx.All(`SELECT `+keyColumns+` FROM api_key WHERE id = $1`, []any{string(id)},
		func(scan func(...any) error) error {
			found = true
			k, err = scanKey(scan)
			return err
		})
	return k, found, err
}

func listKeys(tx *store.Tx) ([]Key, error) {
	var out []Key
	err := tx.All(`SELECT `+keyColumns+` FROM api_key WHERE realm = $1 ORDER BY id DESC`, []any{string(tx.Realm())},
		func(scan func(...any) error) error {
			k, err := scanKey(scan)
			out = append(out, k)
			return err
		})
	return out, err
}
