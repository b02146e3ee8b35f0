package store

import (
	"time"

	"github.com/florinpay/florin/core/ident"
)

// Waiting tells how many Updates wait for the realm's lane.
func (db *DB) Waiting(realm ident.ID) int { return len(db.lanes[laneOf(realm, len(db.lanes))].queue) }

// QueueLength is how many may.
const QueueLength = queueLength

// Hasten makes the store give up sooner.
func Hasten(o *Options, connect, statement, commit, resolve time.Duration) {
	o.limits = limits{connect, statement, commit, resolve}
}
