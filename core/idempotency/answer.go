package idempotency

import (
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Answer is what a surface said to a request under a key, for contracts that
// promise the same status and body again. A surface writes it down before it
// acts and once it has acted; in between the answer has no status.
type Answer struct {
	Key
	ID          ident.ID
	Version     int64
	Status      int    // of HTTP, 0 while the first request is under way
	Sealed      []byte // the body, which the surface has sealed: there may be secrets in it
	SealVersion int64
	StartedAt   time.Time
}

// AnswerLife is how long an answer is given again; Lease how long a request
// may be under way until a repeat of it may act in its place: longer than any
// request is served.
const (
	AnswerLife = 24 * time.Hour
	Lease      = 2 * time.Minute
)

// Begin writes down that a request is acted upon. An answer with a status is
// to be given again, nothing else done. Faults, in the order checked:
// conflict.idempotency (the key was used for another request),
// conflict.idempotency.busy (the first request is under way).
func Begin(tx *store.Tx, k Key) (a Answer, err error) {
	a, found, err := getAnswer(tx, k)
	if err != nil {
		return a, err
	}
	now := tx.Now()
	fresh := Answer{Key: k, ID: tx.NewID(), Version: 1, StartedAt: now}
	switch {
	case !found:
		putAnswer(tx, fresh, 0)
		return fresh, nil
	case now.Sub(a.StartedAt) >= AnswerLife:
	case a.Fingerprint != k.Fingerprint:
		return a, fault.At("conflict.idempotency", "Idempotency-Key", "this key was used for another request")
	case a.Status != 0:
		return a, nil
	case now.Sub(a.StartedAt) < Lease:
		return a, fault.At("conflict.idempotency.busy", "Idempotency-Key", "the first request with this key is under way")
	}
	fresh.Version = a.Version + 1
	putAnswer(tx, fresh, a.Version)
	return fresh, nil
}

// Finish writes down what was said. When another request has acted in this
// one's place by then, its answer is the one that stays.
func Finish(tx *store.Tx, a Answer) error {
	now, found, err := getAnswer(tx, a.Key)
	if err != nil || !found || now.Version != a.Version {
		return err
	}
	a.Version++
	putAnswer(tx, a, now.Version)
	return nil
}

// Release forgets a request that changed nothing: it may be said again, and
// otherwise.
func Release(tx *store.Tx, a Answer) error { return dropAnswer(tx, a) }
