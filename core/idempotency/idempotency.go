// Package idempotency remembers what a client's wish led to, so that saying it
// twice does it once. The row is written in the transaction of the wish's
// first effect; it belongs to a realm, a surface and a key.
package idempotency

import (
	"errors"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Key names a client's wish.
type Key struct {
	Surface     string // the contract, and whatever else parts one key space from another
	Key         string // "" for a wish without a name, which is never remembered
	Fingerprint string // keyed hash of everything that was asked for
	Forever     bool   // never forgotten: a reference that may be used once
}

// Life is how long a client may repeat itself under the same key.
const Life = 30 * 24 * time.Hour

// Recall finds the object that a key led to, "" when the key is new or empty.
// Faults: conflict.idempotency when it was used for something else.
func Recall(tx *store.Tx, k Key) (object ident.ID, err error) {
	if k.Key == "" {
		return "", nil
	}
	fingerprint, object, err := get(tx, k)
	if err == nil && object != "" && fingerprint != k.Fingerprint {
		return "", fault.At("conflict.idempotency", "Idempotency-Key", "this key was used for another request")
	}
	return object, err
}

// Remember writes down what a key led to. When somebody says the same at the
// same moment, one of the two transactions fails with an error that Taken
// knows; run again, it recalls.
func Remember(tx *store.Tx, k Key, object ident.ID) {
	if k.Key != "" {
		add(tx, k, object)
	}
}

// Taken says whether err means that another transaction remembered the same
// key first.
func Taken(err error) bool {
	var exists *store.Exists
	return errors.As(err, &exists) && (exists.Table == table.Name || exists.Table == answers.Name)
}

// Batch is how many keys, and how many answers, one Forget drops at most.
const Batch = 1000

// Forget drops keys that are older than Life and answers that are older than
// AnswerLife, up to Batch of each, in every realm, and says how many of the
// more numerous. now is the wall time. A full batch means that there may be
// more.
func Forget(tx *store.Tx, now time.Time) (int64, error) {
	keys, err := forget(tx, now.Add(-Life))
	if err != nil {
		return keys, err
	}
	kept, err := forgetAnswers(tx, now.Add(-AnswerLife))
	return max(keys, kept), err
}
