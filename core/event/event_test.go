package event_test

import (
	"context"
	"errors"
	"testing"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const (
	realmA ident.ID = "aaaaaaaaaaaaaaaaaaaaaaaa"
	realmB ident.ID = "bbbbbbbbbbbbbbbbbbbbbbbb"
	object ident.ID = "65a000000000000000000001"
)

func add(db *store.DB, log *event.Log, realm ident.ID, seq int64) error {
	return db.Update(context.Background(), realm, func(tx *store.Tx) error {
		return log.Add(tx, event.Event{Object: object, Seq: seq, Type: "payment.captured", Merchant: "m1", Data: `{"state":"captured"}`})
	})
}

func of(t *testing.T, db *store.DB, realm ident.ID) (list []event.Event) {
	t.Helper()
	err := db.View(context.Background(), realm, func(tx *store.Tx) (err error) {
		list, err = event.Of(tx, object)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Two writers who decided on the same state cannot both be right.
func TestANumberIsTakenOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		log := &event.Log{}
		for _, seq := range []int64{1, 2} {
			if err := add(db, log, realmA, seq); err != nil {
				t.Fatal(err)
			}
		}
		var exists *store.Exists
		if err := add(db, log, realmA, 2); !errors.As(err, &exists) || exists.Table != "event" {
			t.Errorf("got %v, want the event to exist", err)
		}
		if err := add(db, log, realmB, 1); err != nil {
			t.Errorf("another realm's object: %v", err)
		}
		list := of(t, db, realmA)
		if len(list) != 2 || list[0].Seq != 1 || list[1].Seq != 2 || list[0].At.IsZero() || list[0].ID == list[1].ID {
			t.Errorf("got %+v", list)
		}
	})
}

// A listener stands or falls with the event, in the order of its registration.
func TestAListenersErrorUndoesTheEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		log := &event.Log{}
		var heard []string
		refuse := errors.New("no")
		log.Listen(func(_ *store.Tx, e event.Event) error { heard = append(heard, "first"); return nil })
		log.Listen(func(tx *store.Tx, e event.Event) error {
			heard = append(heard, "second")
			if e.Seq == 2 {
				return refuse
			}
			return nil
		})
		if err := add(db, log, realmA, 1); err != nil {
			t.Fatal(err)
		}
		if len(heard) < 2 || heard[0] != "first" || heard[1] != "second" {
			t.Errorf("heard %v", heard)
		}
		if err := add(db, log, realmA, 2); !errors.Is(err, refuse) {
			t.Errorf("got %v, want the listener's error", err)
		}
		if got := of(t, db, realmA); len(got) != 1 {
			t.Errorf("got %d events, want the first alone", len(got))
		}
	})
}
