package audit

import (
	"math"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/store"
)

var entryTable = &store.Table{Name: "audit", Key: 2,
	Columns: []string{"realm", "seq", "at", "actor", "origin", "action", "object", "outcome", "hash"}}

var headTable = &store.Table{Name: "audit_head", Key: 1,
	Columns: []string{"realm", "version", "seq", "hash"}}

// head is the end of a realm's chain.
type head struct {
	version int64
	seq     int64
	hash    string
}

func getHead(tx *store.Tx) (head, error) {
	var h head
	_, err := tx.Get([]any{&h.version, &h.seq, &h.hash}, `SELECT version, seq, hash FROM audit_head WHERE realm = $1`, string(tx.Realm()))
	return h, err
}

// takeHead reads the head, made if this is the realm's first entry.
func takeHead(tx *store.Tx) (head, error) {
	h, err := getHead(tx)
	if err != nil || h.version > 0 {
		return h, err
	}
	_, err = tx.Exec(`INSERT INTO audit_head (realm, version, seq, hash) VALUES ($1, 1, 0, '') ON CONFLICT (realm) DO NOTHING`, string(tx.Realm()))
	if err != nil {
		return h, err
	}
	return getHead(tx)
}

func saveHead(tx *store.Tx, h head) {
	tx.Swap(headTable, h.version, string(tx.Realm()), h.version+1, h.seq, h.hash)
}

func addEntry(tx *store.Tx, e Entry) {
	tx.Insert(entryTable, string(tx.Realm()), e.Seq, clock.Millis(e.At), e.By.Actor, e.By.Origin, e.Action, string(e.Object), e.Outcome, e.Hash)
}

const entryColumns = `seq, at, actor, origin, action, object, outcome, hash`

func entriesAbove(tx *store.Tx, seq int64, limit int) ([]Entry, error) {
	return list(tx, `SELECT `+entryColumns+` FROM audit WHERE realm = $1 AND seq > $2 ORDER BY seq LIMIT $3`, seq, limit)
}

func entriesBelow(tx *store.Tx, seq int64, limit int) ([]Entry, error) {
	if seq == 0 {
		seq = math.MaxInt64
	}
	return list(tx, `SELECT `+entryColumns+` FROM audit WHERE realm = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3`, seq, limit)
}

func list(tx *store.Tx, query string, seq int64, limit int) ([]Entry, error) {
	var out []Entry
	err := tx.All(query, []any{string(tx.Realm()), seq, int64(limit)}, func(scan func(...any) error) error {
		var e Entry
		var at int64
		err := scan(&e.Seq, &at, &e.By.Actor, &e.By.Origin, &e.Action, &e.Object, &e.Outcome, &e.Hash)
		e.At = clock.FromMillis(at)
		out = append(out, e)
		return err
	})
	return out, err
}
