// Package event is the record of what happened, written in the transaction in
// which it happened: numbered without gap per object, never changed. Those who
// must act on an event listen: a listener runs in the same transaction, so
// that what it writes (a delivery, a job) stands or falls with the event.
package event

import (
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Event says that something happened to an object.
type Event struct {
	ID       ident.ID
	Object   ident.ID // the payment, source ...
	Seq      int64    // 1, 2, 3 ... per object; the object's row holds the last one
	Type     string   // payment.captured ...: the noun, a dot, what became of it
	Merchant ident.ID
	At       time.Time
	Data     string // small JSON for readers of the log; never card data

	// Subject is the object as it is after the event, for listeners in the
	// same transaction; it is not stored.
	Subject any
}

// Listener acts on an event in the event's own transaction. An error undoes
// the event too.
type Listener func(tx *store.Tx, e Event) error

// Log writes events and tells the listeners. Listeners are added while the
// app is put together, before the first event.
type Log struct{ listeners []Listener }

// Listen adds a listener.
func (l *Log) Listen(f Listener) { l.listeners = append(l.listeners, f) }

// Add writes e, whose Object, Seq, Type and Merchant are set, and tells the
// listeners in the order in which they were added. A Seq that is taken already
// makes the transaction fail: two writers decided on the same state.
func (l *Log) Add(tx *store.Tx, e Event) error {
	e.ID, e.At = tx.NewID(), tx.Now()
	tx.Insert(eventTable, string(tx.Realm()), string(e.Object), e.Seq, string(e.ID), e.Type, string(e.Merchant), clock.Millis(e.At), e.Data)
	for _, f := range l.listeners {
		if err := f(tx, e); err != nil {
			return err
		}
	}
	return nil
}
