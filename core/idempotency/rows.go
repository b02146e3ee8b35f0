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

func forget(tx *store.Tx, before time.Time) (int64, error) {
	return tx.Exec(`DELETE FROM idempotency WHERE (realm, surface, key) IN
		(SELECT realm, surface, key FROM idempotency WHERE created_at > 0 AND created_at < $1 ORDER BY created_at LIMIT $2)`, clock.Millis(before), int64(Batch))
}
