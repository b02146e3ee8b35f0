package audit

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

const realm ident.ID = "aaaaaaaaaaaaaaaaaaaaaaaa"

func fill(t *testing.T, db *store.DB, realm ident.ID, n int) {
	t.Helper()
	for i := range n {
		err := db.Update(context.Background(), realm, func(tx *store.Tx) error {
			Add(tx, By{Actor: "key1", Origin: "test"}, "source.reveal", ident.ID(fmt.Sprint(i)), "ok")
			Add(tx, By{Actor: "key1"}, "source.delete", ident.ID(fmt.Sprint(i)), "ok")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTrail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		if wrong, err := Verify(ctx, db, realm); wrong != "" || err != nil {
			t.Errorf("empty: got %q, %v", wrong, err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { fill(t, db, realm, 5) })
		}
		wg.Wait()
		fill(t, db, "bbbbbbbbbbbbbbbbbbbbbbbb", 1)
		if wrong, err := Verify(ctx, db, realm); wrong != "" || err != nil {
			t.Errorf("got %q, %v", wrong, err)
		}
		var got []Entry
		for below := int64(0); ; {
			page, err := List(ctx, db, realm, below, 7)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			below = page[len(page)-1].Seq
		}
		if len(got) != 80 || got[0].Seq != 80 || got[79].Seq != 1 {
			t.Errorf("got %d entries", len(got))
		}
	})
}

func TestNothingOfAnUndoneTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		undone := fmt.Errorf("undone")
		err := db.Update(context.Background(), realm, func(tx *store.Tx) error {
			Add(tx, By{}, "source.reveal", "x", "ok")
			return undone
		})
		if err == nil {
			t.Error("got no error")
		}
		if list, err := List(context.Background(), db, realm, 0, 10); len(list) != 0 || err != nil {
			t.Errorf("got %v, %v", list, err)
		}
	})
}

func TestTamper(t *testing.T) {
	for name, c := range map[string]struct{ statement, want string }{
		"changed":        {`UPDATE audit SET object = 'other' WHERE realm = $1 AND seq = 3`, "entry 3 was changed"},
		"actor changed":  {`UPDATE audit SET actor = '' WHERE realm = $1 AND seq = 1`, "entry 1 was changed"},
		"shifted fields": {`UPDATE audit SET actor = 'key', origin = '1test' WHERE realm = $1 AND seq = 1`, "entry 1 was changed"},
		"dropped":        {`DELETE FROM audit WHERE realm = $1 AND seq = 4`, "entry 4 is missing"},
		"end cut off":    {`DELETE FROM audit WHERE realm = $1 AND seq > 4`, "the trail ends at entry 4, but its head says 6"},
		"head moved":     {`UPDATE audit_head SET seq = 5 WHERE realm = $1`, "the trail ends at entry 6, but its head says 5"},
		"slipped in":     {`INSERT INTO audit (realm, seq, at, actor, origin, action, object, outcome, hash) VALUES ($1, 7, 0, '', '', '', '', '', '')`, "entry 7 was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				fill(t, db, realm, 3)
				err := db.Update(context.Background(), realm, func(tx *store.Tx) error {
					n, err := tx.Exec(c.statement, string(realm))
					if n == 0 {
						t.Error("nothing was tampered with")
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				wrong, err := Verify(context.Background(), db, realm)
				if err != nil || !strings.Contains(wrong, c.want) {
					t.Errorf("got %q, %v, want %q", wrong, err, c.want)
				}
			})
		})
	}
}
