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
	Columns: []string{"realm", "id", "version", "kind", "label", "hash", "may", "merchants", "created_at", "expires_at", "revoked_at",
		"marketplace", "customer", "shown", "made_by", "disabled_at", "updated_at"}}

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

const keyColumns = `realm, id, version, kind, label, hash, may, merchants, created_at, expires_at, revoked_at,
	marketplace, customer, shown, made_by, disabled_at, updated_at`

func keyRow(k Key, version int64) []any {
	return []any{string(k.Realm), string(k.ID), version, k.Kind, k.Label, k.hash, joinPermissions(k.May), joinIDs(k.Merchants),
		clock.Millis(k.CreatedAt), clock.Millis(k.ExpiresAt), clock.Millis(k.RevokedAt),
		string(k.Marketplace), string(k.Customer), k.Shown, k.MadeBy, clock.Millis(k.DisabledAt), clock.Millis(k.UpdatedAt)}
}

func addKey(tx *store.Tx, k Key)  { tx.Insert(keyTable, keyRow(k, 1)...) }
func saveKey(tx *store.Tx, k Key) { tx.Swap(keyTable, k.Version, keyRow(k, k.Version+1)...) }

func scanKey(scan func(...any) error) (Key, error) {
	var k Key
	var may, merchants string
	var created, expires, revoked, disabled, updated int64
	err := scan(&k.Realm, &k.ID, &k.Version, &k.Kind, &k.Label, &k.hash, &may, &merchants, &created, &expires, &revoked,
		&k.Marketplace, &k.Customer, &k.Shown, &k.MadeBy, &disabled, &updated)
	k.May, k.Merchants = splitPermissions(may), splitIDs(merchants)
	k.CreatedAt, k.ExpiresAt, k.RevokedAt = clock.FromMillis(created), clock.FromMillis(expires), clock.FromMillis(revoked)
	k.DisabledAt, k.UpdatedAt = clock.FromMillis(disabled), clock.FromMillis(updated)
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

// keySorts are what a search may be sorted by.
var keySorts = map[string]string{"id": "id", "createdAt": "created_at", "updatedAt": "updated_at", "expiresAt": "expires_at", "label": "label", "kind": "kind"}

// searchKeys finds the keys that f asks for, a page of them, and how many there are.
func searchKeys(tx *store.Tx, f Filter) (list []Key, total int64, err error) {
	q := store.Search{Table: keyTable.Name, Columns: keyColumns, Sorts: keySorts, Page: f.Page}
	q.Where(`realm = ?`, string(tx.Realm()))
	q.Where(`revoked_at = ?`, int64(0))
	store.In(&q, `kind`, f.Kinds)
	if f.Owners != nil {
		store.Any(&q, map[string][]ident.ID{`merchants`: f.Owners.Merchants, `marketplace`: f.Owners.Marketplaces})
	}
	if f.Disabled != nil && *f.Disabled {
		q.Where(`disabled_at > ?`, int64(0))
	} else if f.Disabled != nil {
		q.Where(`disabled_at = ?`, int64(0))
	}
	now := clock.Millis(f.At)
	if f.Expired != nil && *f.Expired {
		q.Where(`expires_at > ? AND expires_at <= ?`, int64(0), now)
	} else if f.Expired != nil {
		q.Where(`(expires_at = ? OR expires_at > ?)`, int64(0), now)
	}
	q.Span(`created_at`, f.Created)
	if !f.Expires.From.IsZero() || !f.Expires.Before.IsZero() {
		q.Where(`expires_at > ?`, int64(0))
		q.Span(`expires_at`, f.Expires)
	}
	total, err = tx.Search(q, func(scan func(...any) error) error {
		k, err := scanKey(scan)
		list = append(list, k)
		return err
	})
	return list, total, err
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

var passTable = &store.Table{Name: "access_pass", Key: 2, Columns: []string{"realm", "hash", "key", "expires_at"}}

func addPass(tx *store.Tx, hash string, p Pass) {
	tx.Insert(passTable, string(tx.Realm()), hash, string(p.Key), clock.Millis(p.ExpiresAt))
}

// getPass finds a pass by its hash alone: it is what tells the realm.
func getPass(tx *store.Tx, hash string) (p Pass, realm ident.ID, found bool, err error) {
	var expires int64
	found, err = tx.Get([]any{&realm, &p.Key, &expires}, `SELECT realm, key, expires_at FROM access_pass WHERE hash = $1`, hash)
	p.ExpiresAt = clock.FromMillis(expires)
	return p, realm, found, err
}

func sweepPasses(tx *store.Tx, limit int) (int64, error) {
	return tx.Exec(`DELETE FROM access_pass WHERE realm = $1 AND hash IN
		(SELECT hash FROM access_pass WHERE realm = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT $3)`,
		string(tx.Realm()), clock.Millis(tx.Now()), int64(limit))
}

// addUsage adds to what was counted of a day.
func addUsage(tx *store.Tx, u Usage) error {
	_, err := tx.Exec(`INSERT INTO access_usage (realm, day, key, operation, agent, calls, faults, old, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (realm, day, key, operation, agent) DO UPDATE SET calls = access_usage.calls + excluded.calls, faults = access_usage.faults + excluded.faults,
		old = access_usage.old + excluded.old, last_at = excluded.last_at`,
		string(tx.Realm()), u.Day, string(u.Key), u.Operation, u.Agent, u.Calls, u.Faults, u.Old, clock.Millis(u.LastAt))
	return err
}

// usageSince reads what was counted from a day on, newest day first.
func usageSince(tx *store.Tx, day string) (list []Usage, err error) {
	err = tx.All(`SELECT day, key, operation, agent, calls, faults, old, last_at FROM access_usage WHERE realm = $1 AND day >= $2
		ORDER BY day DESC, key, operation, agent`, []any{string(tx.Realm()), day}, func(scan func(...any) error) error {
		var u Usage
		var last int64
		err := scan(&u.Day, &u.Key, &u.Operation, &u.Agent, &u.Calls, &u.Faults, &u.Old, &last)
		u.LastAt = clock.FromMillis(last)
		list = append(list, u)
		return err
	})
	return list, err
}
