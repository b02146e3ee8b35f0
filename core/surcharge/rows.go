package surcharge

import (
	"encoding/json"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var ruleTable = &store.Table{Name: "surcharge_rule", Key: 2, Columns: []string{"realm", "id", "version", "owner_kind", "owner", "priority",
	"conditions", "mode", "basis_points", "fixed", "cap_basis_points", "created_at", "dropped_at"}}

const ruleColumns = `id, version, owner_kind, owner, priority, conditions, mode, basis_points, fixed, cap_basis_points, created_at, dropped_at`

func ruleRow(tx *store.Tx, r Rule, version int64) ([]any, error) {
	conditions, err := json.Marshal(r.If)
	return []any{string(tx.Realm()), string(r.ID), version, string(r.Owner.Kind), string(r.Owner.ID), r.Priority, string(conditions),
		string(r.Rate.Mode), r.Rate.BasisPoints, r.Rate.Fixed, r.Rate.CapBasisPoints, clock.Millis(r.CreatedAt), clock.Millis(r.DroppedAt)}, err
}

func addRule(tx *store.Tx, r Rule) error {
	row, err := ruleRow(tx, r, 1)
	if err == nil {
		tx.Insert(ruleTable, row...)
	}
	return err
}

// saveRule writes r, which was read at r.Version, and counts the version up.
func saveRule(tx *store.Tx, r *Rule) error {
	row, err := ruleRow(tx, *r, r.Version+1)
	if err == nil {
		tx.Swap(ruleTable, r.Version, row...)
		r.Version++
	}
	return err
}

func listRules(tx *store.Tx, query string, args ...any) ([]Rule, error) {
	var out []Rule
	err := tx.All(query, args, func(scan func(...any) error) error {
		var r Rule
		var conditions string
		var created, dropped int64
		if err := scan(&r.ID, &r.Version, &r.Owner.Kind, &r.Owner.ID, &r.Priority, &conditions, &r.Rate.Mode, &r.Rate.BasisPoints, &r.Rate.Fixed,
			&r.Rate.CapBasisPoints, &created, &dropped); err != nil {
			return err
		}
		r.CreatedAt, r.DroppedAt = clock.FromMillis(created), clock.FromMillis(dropped)
		err := json.Unmarshal([]byte(conditions), &r.If)
		out = append(out, r)
		return err
	})
	return out, err
}

func getRule(tx *store.Tx, id ident.ID) (Rule, error) {
	list, err := listRules(tx, `SELECT `+ruleColumns+` FROM surcharge_rule WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err != nil {
		return Rule{}, err
	}
	if len(list) == 0 {
		return Rule{}, fault.New("not_found.surcharge_rule", "no such surcharge rule")
	}
	return list[0], nil
}

// rulesFor lists the rules in force for a merchant in a marketplace.
func rulesFor(tx *store.Tx, merchant, marketplace ident.ID) ([]Rule, error) {
	return listRules(tx, `SELECT `+ruleColumns+` FROM surcharge_rule WHERE realm = $1 AND dropped_at = 0
		AND ((owner_kind = 'merchant' AND owner = $2) OR (owner_kind = 'marketplace' AND owner = $3)) ORDER BY id`,
		string(tx.Realm()), string(merchant), string(marketplace))
}

// rulesOf lists an owner's rules in force.
func rulesOf(tx *store.Tx, o Owner) ([]Rule, error) {
	return listRules(tx, `SELECT `+ruleColumns+` FROM surcharge_rule WHERE realm = $1 AND dropped_at = 0 AND owner_kind = $2 AND owner = $3 ORDER BY id`,
		string(tx.Realm()), string(o.Kind), string(o.ID))
}

// useQuote writes that a quote is used up by an object. It waits for others who
// do the same at the same time, and says whether one of them, or anyone before,
// was faster with another object.
func useQuote(tx *store.Tx, c claims, object ident.ID) (taken bool, err error) {
	n, err := tx.Exec(`INSERT INTO surcharge_use (realm, quote, object, used_at, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (realm, quote) DO NOTHING`, string(tx.Realm()), string(c.ID), string(object), clock.Millis(tx.Now()), c.Expires)
	if err != nil || n == 1 {
		return false, err
	}
	var before ident.ID
	_, err = tx.Get([]any{&before}, `SELECT object FROM surcharge_use WHERE realm = $1 AND quote = $2`, string(tx.Realm()), string(c.ID))
	return before != object, err
}

// forgetUses drops up to limit uses of quotes that expired before a moment, in milliseconds.
func forgetUses(tx *store.Tx, before int64, limit int) (int64, error) {
	return tx.Exec(`DELETE FROM surcharge_use WHERE realm = $1 AND quote IN
		(SELECT quote FROM surcharge_use WHERE realm = $1 AND expires_at < $2 ORDER BY expires_at LIMIT $3)`, string(tx.Realm()), before, int64(limit))
}
