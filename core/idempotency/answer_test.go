package idempotency_test

import (
	"context"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestAnswersAreGivenAgain(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			clock := storetest.NewClock(time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC))
			db := storetest.Open(t, engine, func(o *store.Options) { o.Clock = clock.Now })
			update := func(f func(tx *store.Tx) error) error { return db.Update(context.Background(), realmA, f) }
			k := idempotency.Key{Surface: "april", Key: "m/k1", Fingerprint: "f1"}
			other := k
			other.Fingerprint = "f2"
			begin := func(k idempotency.Key) (a idempotency.Answer, code string) {
				err := update(func(tx *store.Tx) (err error) { a, err = idempotency.Begin(tx, k); return err })
				return a, fault.Code(err)
			}
			step := func(name string, k idempotency.Key, status int, code string) idempotency.Answer {
				t.Helper()
				a, got := begin(k)
				if got != code || code == "" && a.Status != status {
					t.Errorf("%s: got %d %q, want %d %q", name, a.Status, got, status, code)
				}
				return a
			}
			first := step("new", k, 0, "")
			step("under way", k, 0, "conflict.idempotency.busy")
			step("otherwise", other, 0, "conflict.idempotency")
			finish := func(a idempotency.Answer, status int) {
				t.Helper()
				a.Status, a.Sealed, a.SealVersion = status, []byte("sealed"), 3
				if err := update(func(tx *store.Tx) error { return idempotency.Finish(tx, a) }); err != nil {
					t.Fatal(err)
				}
			}
			clock.Add(idempotency.Lease)
			second := step("after the lease", k, 0, "") // whoever began first was lost
			finish(second, 200)
			finish(first, 500) // or was not: too late
			if kept := step("finished", k, 200, ""); string(kept.Sealed) != "sealed" || kept.SealVersion != 3 || kept.ID != second.ID {
				t.Errorf("got %+v", kept)
			}
			clock.Add(idempotency.AnswerLife)
			third := step("a day later", other, 0, "")
			if err := update(func(tx *store.Tx) error { return idempotency.Release(tx, third) }); err != nil {
				t.Fatal(err)
			}
			step("released", k, 0, "")
			forget := func() int64 {
				if err := db.Update(context.Background(), store.System, func(tx *store.Tx) error { _, err := idempotency.Forget(tx, clock.Now()); return err }); err != nil {
					t.Fatal(err)
				}
				return storetest.Rows(t, db, "kept_answer")["kept_answer"]
			}
			if n := forget(); n != 1 {
				t.Errorf("at once: %d are kept, want 1", n)
			}
			clock.Add(idempotency.AnswerLife + time.Millisecond)
			if n := forget(); n != 0 {
				t.Errorf("a day later: %d are kept, want 0", n)
			}
		})
	}
}
