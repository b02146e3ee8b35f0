package idempotency_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
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

func remember(db *store.DB, realm ident.ID, k idempotency.Key) error {
	return db.Update(context.Background(), realm, func(tx *store.Tx) error { idempotency.Remember(tx, k, object); return nil })
}

func recall(db *store.DB, realm ident.ID, k idempotency.Key) (id ident.ID, err error) {
	err = db.View(context.Background(), realm, func(tx *store.Tx) (err error) {
		id, err = idempotency.Recall(tx, k)
		return err
	})
	return id, err
}

func TestRecall(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		k := idempotency.Key{Surface: "gateway", Key: "k1", Fingerprint: "f1"}
		if err := remember(db, realmA, k); err != nil {
			t.Fatal(err)
		}
		if err := remember(db, realmA, k); !idempotency.Taken(err) {
			t.Errorf("a second memory: got %v, want it taken", err)
		}
		for _, tt := range []struct {
			name  string
			realm ident.ID
			key   idempotency.Key
			want  ident.ID
			code  string
		}{
			{"the same", realmA, k, object, ""},
			{"another body", realmA, idempotency.Key{Surface: "gateway", Key: "k1", Fingerprint: "f2"}, "", "conflict.idempotency"},
			{"another surface", realmA, idempotency.Key{Surface: "april", Key: "k1", Fingerprint: "f2"}, "", ""},
			{"another key", realmA, idempotency.Key{Surface: "gateway", Key: "K1", Fingerprint: "f1"}, "", ""},
			{"another realm", realmB, k, "", ""},
			{"no key", realmA, idempotency.Key{Surface: "gateway", Fingerprint: "f1"}, "", ""},
		} {
			if got, err := recall(db, tt.realm, tt.key); got != tt.want || fault.Code(err) != tt.code {
				t.Errorf("%s: got %q (%v), want %q (%s)", tt.name, got, err, tt.want, tt.code)
			}
		}
		if err := remember(db, realmB, idempotency.Key{Surface: "gateway"}); err != nil {
			t.Errorf("a wish without a name: %v", err)
		}
		if idempotency.Taken(nil) || idempotency.Taken(fmt.Errorf("other")) {
			t.Error("Taken knows errors that are none of its own")
		}
	})
}

// What is older than thirty days goes, a bounded number at a time, oldest first.
func TestForget(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			clock := storetest.NewClock(time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC))
			db := storetest.Open(t, engine, func(o *store.Options) { o.Clock = clock.Now })
			err := db.Update(context.Background(), realmA, func(tx *store.Tx) error {
				for n := range 1500 {
					idempotency.Remember(tx, idempotency.Key{Surface: "gateway", Key: fmt.Sprint(n)}, object)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			clock.Add(24 * time.Hour)
			if err := remember(db, realmB, idempotency.Key{Surface: "gateway", Key: "young"}); err != nil {
				t.Fatal(err)
			}
			clock.Add(idempotency.Life - time.Hour)
			left := func() (n int64) {
				err := db.View(context.Background(), store.System, func(tx *store.Tx) error {
					_, err := tx.Get([]any{&n}, `SELECT COUNT(*) FROM idempotency`)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
			for _, want := range [][2]int64{{1000, 501}, {500, 1}, {0, 1}} {
				var n int64
				err := db.Update(context.Background(), store.System, func(tx *store.Tx) (err error) {
					n, err = idempotency.Forget(tx, clock.Now())
					return err
				})
				if got := [2]int64{n, left()}; err != nil || got != want {
					t.Errorf("got %v dropped and left (%v), want %v", got, err, want)
				}
			}
		})
	}
}

func TestAReferenceIsNeverForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		once := idempotency.Key{Surface: "reference/1", Key: "order-1", Forever: true}
		wish := idempotency.Key{Surface: "gateway", Key: "order-1"}
		for _, k := range []idempotency.Key{once, wish} {
			if err := remember(db, realmA, k); err != nil {
				t.Fatal(err)
			}
		}
		err := db.Update(context.Background(), store.System, func(tx *store.Tx) error {
			_, err := idempotency.Forget(tx, time.Now().Add(idempotency.Life+24*time.Hour))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if id, err := recall(db, realmA, once); id != object || err != nil {
			t.Errorf("the reference: got %q (%v), want %q", id, err, object)
		}
		if id, err := recall(db, realmA, wish); id != "" || err != nil {
			t.Errorf("the wish: got %q (%v), want none", id, err)
		}
	})
}
