package merchant

import (
	"encoding/json"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var merchantTable = &store.Table{Name: "merchant", Key: 2,
	Columns: []string{"realm", "id", "version", "code", "name", "country", "enabled", "created_at"}}

var profileTable = &store.Table{Name: "profile", Key: 2,
	Columns: []string{"realm", "id", "version", "merchant", "code", "name", "enabled", "settings", "created_at"}}

func addMerchant(tx *store.Tx, m Merchant) {
	tx.Insert(merchantTable, string(tx.Realm()), string(m.ID), int64(1), m.Code, m.Name, m.Country, m.Enabled, clock.Millis(m.CreatedAt))
}

// MerchantIn reads a merchant inside a transaction. Faults: not_found.merchant.
func MerchantIn(tx *store.Tx, id ident.ID) (Merchant, error) { return getMerchant(tx, id) }

// ProfileIn reads a profile inside a transaction. Faults: not_found.profile.
func ProfileIn(tx *store.Tx, id ident.ID) (Profile, error) { return getProfile(tx, `id`, string(id)) }

func getMerchant(tx *store.Tx, id ident.ID) (Merchant, error) {
	m := Merchant{ID: id}
	var created int64
	found, err := tx.Get([]any{&m.Version, &m.Code, &m.Name, &m.Country, &m.Enabled, &created},
		`SELECT version, code, name, country, enabled, created_at FROM merchant WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && !found {
		err = fault.New("not_found.merchant", "no such merchant")
	}
	m.CreatedAt = clock.FromMillis(created)
	return m, err
}

func profileRow(tx *store.Tx, p Profile, version int64) ([]any, error) {
	settings, err := json.Marshal(p.Settings)
	return []any{string(tx.Realm()), string(p.ID), version, string(p.Merchant), p.Code, p.Name, p.Enabled, string(settings), clock.Millis(p.CreatedAt)}, err
}

func addProfile(tx *store.Tx, p Profile) error {
	row, err := profileRow(tx, p, 1)
	if err == nil {
		tx.Insert(profileTable, row...)
	}
	return err
}

func saveProfile(tx *store.Tx, p Profile) error {
	row, err := profileRow(tx, p, p.Version+1)
	if err == nil {
		tx.Swap(profileTable, p.Version, row...)
	}
	return err
}

const profileColumns = `id, version, merchant, code, name, enabled, settings, created_at`

func scanProfile(tx *store.Tx, scan func(...any) error) (Profile, error) {
	p := Profile{Realm: tx.Realm()}
	var settings string
	var created int64
	if err := scan(&p.ID, &p.Version, &p.Merchant, &p.Code, &p.Name, &p.Enabled, &settings, &created); err != nil {
		return p, err
	}
	p.CreatedAt = clock.FromMillis(created)
	return p, json.Unmarshal([]byte(settings), &p.Settings)
}

// getProfile reads a profile by one of its two unique columns, id or code.
func getProfile(tx *store.Tx, column, value string) (p Profile, err error) {
	query := map[string]string{
		`id`:   `SELECT ` + profileColumns + ` FROM profile WHERE realm = $1 AND id = $2`,
		`code`: `SELECT ` + profileColumns + ` FROM profile WHERE realm = $1 AND code = $2`,
	}[column]
	found := false
	err = tx.All(query, []any{string(tx.Realm()), value}, func(scan func(...any) error) error {
		found = true
		p, err = scanProfile(tx, scan)
		return err
	})
	if err == nil && !found {
		err = fault.New("not_found.profile", "no such profile")
	}
	return p, err
}

func listProfiles(tx *store.Tx) ([]Profile, error) {
	var out []Profile
	err := tx.All(`SELECT `+profileColumns+` FROM profile WHERE realm = $1 ORDER BY id`, []any{string(tx.Realm())},
		func(scan func(...any) error) error {
			p, err := scanProfile(tx, scan)
			out = append(out, p)
			return err
		})
	return out, err
}
