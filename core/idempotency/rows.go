package idempotency

import (
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var table = &store.Table{Name: "idempotency", Key: 3, Columns: []string{"realm", "surface", "key", "fingerprint", "object", "created_at"}}

func add(tx *store.Tx, k Key, object ident.ID) {
	at := clock.Millis(tx.Now())
	if k.Forever { // older than everything, and so left out of what is forgotten
		at = 0
	}
	tx.Insert(table, string(tx.Realm()), k.Surface, k.Key, k.Fingerprint, string(object), at)
}

func get(tx *store.Tx, k Key) (fingerprint string, object ident.ID, err error) {
	_, err = tx.Get([]any{&fingerprint, &object},
		`SELECT fingerprint, object FROM idempotency WHERE realm = $1 AND surface = $2 AND key = $3`, string(tx.Realm()), k.Surface, k.Key)
	return fingerprint, object, err
}

var answers = &store.Table{Name: "kept_answer", Key: 3,
	Columns: []string{"realm", "surface", "key", "version", "id", "fingerprint", "status", "sealed", "seal_version", "started_at"}}

// putAnswer writes an answer, over the version that was there if any.
func putAnswer(tx *store.Tx, a Answer, over int64) {
	row := []any{string(tx.Realm()), a.Surface, a.Key.Key, a.Version, string(a.ID), a.Fingerprint, a.Status, a.Sealed, a.SealVersion, clock.Millis(a.StartedAt)}
	if over == 0 {
		tx.Insert(answers, row...)
		return
	}
	tx.Swap(answers, over, row...)
}

func getAnswer(tx *store.Tx, k Key) (a Answer, found bool, err error) {
	a.Surface, a.Key.Key = k.Surface, k.Key
	var started int64
	found, err = tx.Get([]any{&a.Version, &a.ID, &a.Fingerprint, &a.Status, &a.Sealed, &a.SealVersion, &started},
		`SELECT version, id, fingerprint, status, sealed, seal_version, started_at FROM kept_answer WHERE realm = $1 AND surface = $2 AND key = $3`,
		string(tx.Realm()), k.Surface, k.Key)
	a.StartedAt = clock.FromMillis(started)
	return a, found, err
}

func dropAnswer(tx *store.Tx, a Answer) error {
	_, err := tx.Exec(`DELETE FROM kept_answer WHERE realm = $1 AND surface = $2 AND key = $3 AND version = $4`,
		string(tx.Realm()), a.Surface, a.Key.Key, a.Version)
	return err
}

// forgetAnswers drops what was begun before a moment, some at a time. A realm's
// clock may be ahead, never behind.
func forgetAnswers(tx *store.Tx, before time.Time) (int64, error) {
	return tx.Exec(`DELETE FROM kept_answer WHERE (realm, surface, key) IN
		(SELECT realm, surface, key FROM kept_answer WHERE started_at < $1 ORDER BY started_at LIMIT $2)`, clock.Millis(before), int64(Batch))
}

func forget(tx *store.Tx, before time.Time) (int64, error) {
	return tx.Exec(`DELETE FROM idempotency WHERE (realm, surface, key) IN
		(SELECT realm, surface, key FROM idempotency WHERE created_at > 0 AND created_at < $1 ORDER BY created_at LIMIT $2)`, clock.Millis(before), int64(Batch))
}
