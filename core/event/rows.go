package event

import (
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var eventTable = &store.Table{Name: "event", Key: 3,
	Columns: []string{"realm", "object", "seq", "id", "type", "merchant", "at", "data"}}

// Of lists the events of an object, oldest first.
func Of(tx *store.Tx, object ident.ID) ([]Event, error) {
	var out []Event
	err := tx.All(`SELECT object, seq, id, type, merchant, at, data FROM event WHERE realm = $1 AND object = $2 ORDER BY seq`,
		[]any{string(tx.Realm()), string(object)}, func(scan func(...any) error) error {
			var e Event
			var at int64
			err := scan(&e.Object, &e.Seq, &e.ID, &e.Type, &e.Merchant, &at, &e.Data)
			e.At = clock.FromMillis(at)
			out = append(out, e)
			return err
		})
	return out, err
}
