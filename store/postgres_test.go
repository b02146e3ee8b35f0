package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func portText(port uint16) string { return strconv.Itoa(int(port)) }

// Wherever the connection breaks, what was acknowledged is there once, and
// what was refused is not there.
func TestCutAnywhere(t *testing.T) {
	db, p := proxied(t, func(o *store.Options) { store.Hasten(o, 30*time.Second, 30*time.Second, 30*time.Second, time.Minute) }) // no cut is a matter of time
	makeNotes(t, db)
	must(t, update(db, func(tx *store.Tx) error { addNote(tx, "x", 0, ""); return nil }))
	want, refused := int64(0), 0
	for _, deliver := range []bool{true, false} {
		p.deliver.Store(deliver)
		for cut := int64(1); cut <= 14; cut++ {
			p.pieces.Store(0)
			p.cutAt.Store(cut)
			for range 14 { // enough for the cut to come
				err := update(db, func(tx *store.Tx) error {
					addNote(tx, string(tx.NewID()), 1, "")
					return bump(tx, "x")
				})
				switch {
				case err == nil:
					want++
				case errors.Is(err, store.ErrUnavailable):
					refused++
				default:
					t.Fatalf("cut at %d: %v", cut, err)
				}
			}
			if p.pieces.Load() < cut {
				t.Fatalf("the cut at %d did not come", cut)
			}
			p.cutAt.Store(0)
			if got := noteOf(t, db, realmA, "x"); got != want {
				t.Fatalf("cut at %d (passed on: %v): %d acknowledged, %d done", cut, deliver, want, got)
			}
		}
	}
	t.Logf("28 cuts, %d acknowledged, %d refused", want, refused)
	if refused > 0 {
		t.Errorf("%d refused: the store can always find out", refused)
	}
}

// A transaction that was given up for lost and reaches the server afterwards
// is shut out: what was done again instead is done once.
func TestLateArrival(t *testing.T) {
	db, p := proxied(t, nil)
	makeNotes(t, db)
	write := func() error {
		return update(db, func(tx *store.Tx) error { addNote(tx, string(tx.NewID()), 1, ""); return nil })
	}
	must(t, write()) // the connection is there and knows the texts: the next one is one piece
	p.late, p.over = make(chan struct{}), make(chan struct{})
	p.cutAt.Store(p.pieces.Load() + 1)
	must(t, write())
	close(p.late)
	<-p.over
	var rows int64
	must(t, db.View(t.Context(), realmA, func(tx *store.Tx) error {
		_, err := tx.Get([]any{&rows}, `SELECT count(*) FROM note WHERE realm = $1`, string(realmA))
		return err
	}))
	if rows != 2 {
		t.Errorf("%d rows after two writes, one of which came once late and once again", rows)
	}
}

// Backends that are killed under load lose nothing and double nothing.
func TestTerminate(t *testing.T) {
	var o store.Options
	db := storetest.Open(t, "postgres", func(given *store.Options) { o = *given })
	makeNotes(t, db)
	must(t, update(db, func(tx *store.Tx) error { addNote(tx, "x", 0, ""); return nil }))
	killer := direct(t, o.Database)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var want, refused atomic.Int64
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				switch err := update(db, func(tx *store.Tx) error { addNote(tx, string(tx.NewID()), 1, ""); return bump(tx, "x") }); {
				case err == nil:
					want.Add(1)
				case errors.Is(err, store.ErrUnavailable):
					refused.Add(1)
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	kills := 0
	for range 60 {
		time.Sleep(25 * time.Millisecond)
		tag, err := killer.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		must(t, err)
		kills += int(tag.RowsAffected())
	}
	close(stop)
	wg.Wait()
	got := noteOf(t, db, realmA, "x")
	t.Logf("%d kills, %d acknowledged, %d refused", kills, want.Load(), refused.Load())
	if got != want.Load() || got == 0 {
		t.Errorf("%d acknowledged, %d done", want.Load(), got)
	}
}

// A primary whose machine is gone does not even refuse: the next host in the
// address is reached all the same.
func TestSilentHost(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer silent.Close()
	db := storetest.Open(t, "postgres", func(o *store.Options) {
		config, err := pgx.ParseConfig(o.Database)
		must(t, err)
		u, err := url.Parse(o.Database)
		must(t, err)
		q := u.Query()
		q.Set("host", "127.0.0.1,"+config.Host)
		q.Set("port", portText(uint16(silent.Addr().(*net.TCPAddr).Port))+","+portText(config.Port))
		q.Set("target_session_attrs", "read-write")
		u.RawQuery, u.Host = q.Encode(), ""
		o.Database = u.String()
		store.Hasten(o, 5*time.Second, 30*time.Second, 30*time.Second, time.Minute)
	})
	makeNotes(t, db)
	must(t, update(db, func(tx *store.Tx) error { addNote(tx, "x", 1, ""); return nil }))
	if got := noteOf(t, db, realmA, "x"); got != 1 {
		t.Errorf("got %d, want 1", got)
	}
}

// While the database is away, callers hear so soon; when it is back, all goes
// on.
func TestAway(t *testing.T) {
	db, p := proxied(t, func(o *store.Options) { store.Hasten(o, 3*time.Second, time.Second, time.Second, time.Second) })
	makeNotes(t, db)
	must(t, db.Ready(t.Context()))
	for name, broken := range map[string]*atomic.Bool{"refuses": &p.away, "hangs": &p.silent} {
		t.Run(name, func(t *testing.T) {
			broken.Store(true)
			if name == "refuses" {
				p.hangUp()
			}
			began := time.Now()
			var wg sync.WaitGroup
			for i := range 600 { // more than two batches
				wg.Go(func() {
					err := update(db, func(tx *store.Tx) error { addNote(tx, fmt.Sprint(name, i), 1, ""); return nil })
					if !errors.Is(err, store.ErrUnavailable) {
						t.Errorf("Update: %v, want ErrUnavailable", err)
					}
				})
			}
			wg.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := db.Ready(ctx); err == nil {
				t.Error("ready without a database")
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %v to say so", took)
			}
			broken.Store(false)
			var err error
			for range 50 { // connections that hang are found out one by one
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				if err = db.Ready(ctx); err == nil {
					err = update(db, func(tx *store.Tx) error { addNote(tx, name, 1, ""); return nil })
				}
				cancel()
				if err == nil {
					break
				}
			}
			must(t, err)
			if got := noteOf(t, db, realmA, name+"7"); got != -1 {
				t.Error("what was refused is there")
			}
		})
	}
}

// Two writers that wait for each other: one gives way and runs again.
func TestDeadlock(t *testing.T) {
	var o store.Options
	first := storetest.Open(t, "postgres", func(given *store.Options) { o = *given })
	second, err := store.Open(t.Context(), o)
	must(t, err)
	defer second.Close()
	makeNotes(t, first)
	must(t, update(first, func(tx *store.Tx) error { addNote(tx, "x", 0, ""); addNote(tx, "y", 0, ""); return nil }))
	var wg sync.WaitGroup
	var met sync.WaitGroup
	met.Add(2)
	for db, order := range map[*store.DB][]string{first: {"x", "y"}, second: {"y", "x"}} {
		wg.Go(func() {
			runs := 0
			err := update(db, func(tx *store.Tx) error {
				runs++
				for i, id := range order {
					if _, err := tx.Exec(`UPDATE note SET n = n + 1 WHERE realm = $1 AND id = $2`, tx.Realm(), id); err != nil {
						return err
					}
					if i == 0 && runs == 1 && !twice() {
						met.Done()
						met.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if x, y := noteOf(t, first, realmA, "x"), noteOf(t, first, realmA, "y"); x != 2 || y != 2 {
		t.Errorf("got %d and %d, want 2 and 2", x, y)
	}
}

// A server that forgets is refused, one that merely does not wait is told to.
func TestServerSettings(t *testing.T) {
	own, admin := ownCluster(t)
	set := func(name, value string) {
		t.Helper()
		for _, text := range []string{"ALTER SYSTEM SET " + name + " = " + value, "SELECT pg_reload_conf()"} {
			_, err := admin.Exec(t.Context(), text)
			must(t, err)
		}
		for now := ""; now != strings.Trim(value, "'"); {
			must(t, admin.QueryRow(t.Context(), "SHOW "+name).Scan(&now))
		}
	}
	for _, name := range []string{"fsync", "full_page_writes"} {
		set(name, "off")
		if db, err := store.Open(t.Context(), store.Options{Database: own}); err == nil || !strings.Contains(err.Error(), name+"=off") {
			t.Errorf("with %s off: %v", name, err)
			if err == nil {
				db.Close()
			}
		}
		set(name, "on")
	}
	for set1, want := range map[string]string{"off": "on", "local": "on", "on": "on", "remote_apply": "remote_apply", "remote_write": "remote_write"} {
		set("synchronous_commit", set1)
		db, err := store.Open(t.Context(), store.Options{Database: own})
		must(t, err)
		var got string
		must(t, update(db, func(tx *store.Tx) error { _, err := tx.Get([]any{&got}, `SHOW synchronous_commit`); return err }))
		if got != want {
			t.Errorf("synchronous_commit=%s: lanes run with %s, want %s", set1, got, want)
		}
		must(t, db.Close())
	}
	standby(t, own, set)
}

// standby: a standby that never answers keeps the store from acknowledging.
func standby(t *testing.T, own string, set func(name, value string)) {
	t.Helper()
	o := store.Options{Database: own}
	store.Hasten(&o, time.Second, time.Second, 300*time.Millisecond, 700*time.Millisecond)
	db, err := store.Open(t.Context(), o)
	must(t, err)
	defer db.Close()
	makeNotes(t, db)
	must(t, update(db, func(tx *store.Tx) error { addNote(tx, "old", 1, ""); return nil }))
	set("synchronous_standby_names", "'ghost'")
	time.Sleep(200 * time.Millisecond) // backends read it between statements
	err = update(db, func(tx *store.Tx) error { addNote(tx, "x", 1, ""); return nil })
	if !errors.Is(err, store.ErrUnknown) {
		t.Errorf("without a standby: %v, want ErrUnknown", err)
	}
	// A repeat finds the row, and still may not say so.
	err = update(db, func(tx *store.Tx) error { addNote(tx, "x", 1, ""); return nil })
	if !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrUnknown) {
		t.Errorf("a repeat without a standby: %v", err)
	}
	set("synchronous_standby_names", "''")
	for range 20 {
		if err = update(db, func(tx *store.Tx) error { addNote(tx, "x", 1, ""); return nil }); !errors.Is(err, store.ErrUnavailable) {
			break
		}
	}
	var exists *store.Exists
	if err != nil && !errors.As(err, &exists) {
		t.Errorf("with the standby out of the way: %v", err)
	}
	if got := noteOf(t, db, realmA, "x"); got != 1 {
		t.Errorf("got %d, want 1", got)
	}
}

// A table that grows while nobody takes statistics is still written through
// its key.
func TestPlans(t *testing.T) {
	var o store.Options
	db := storetest.Open(t, "postgres", func(given *store.Options) { o = *given })
	makeNotes(t, db)
	var wg sync.WaitGroup
	for w := range 32 {
		wg.Go(func() {
			for i := range 20 {
				id := fmt.Sprint(w, "-", i)
				must(t, update(db, func(tx *store.Tx) error { addNote(tx, id, 1, ""); return nil }))
				must(t, update(db, func(tx *store.Tx) error { return bump(tx, id) }))
				noteOf(t, db, realmA, id)
			}
		})
	}
	wg.Wait()
	must(t, db.Close()) // backends hand in their counts when they end
	conn := direct(t, o.Database)
	var whole, byKey int64
	for range 100 {
		must(t, conn.QueryRow(t.Context(), `SELECT seq_scan, idx_scan FROM pg_stat_user_tables WHERE relname = 'note'`).Scan(&whole, &byKey))
		if byKey >= 1900 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if whole > 2 || byKey < 1900 { // making its two indexes reads the table twice
		t.Errorf("the table was read whole %d times, through a key %d times", whole, byKey)
	}
}

// ownCluster starts a cluster for tests that change its settings.
func ownCluster(t *testing.T) (address string, admin *pgx.Conn) {
	t.Helper()
	address, stop, err := storetest.Start("")
	must(t, err)
	t.Cleanup(func() { must(t, stop()) })
	return address, direct(t, address)
}

// A table that has grown has statistics at once, which autovacuum takes once a
// minute: plans that were made without them are made anew.
func TestStatistics(t *testing.T) {
	db := storetest.Open(t, "postgres", nil)
	makeNotes(t, db)
	known := func() (rows int64) {
		t.Helper()
		must(t, db.View(t.Context(), realmA, func(tx *store.Tx) error {
			_, err := tx.Get([]any{&rows}, `SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE relname = 'note'`)
			return err
		}))
		return rows
	}
	add := func(from, to int) {
		t.Helper()
		must(t, update(db, func(tx *store.Tx) error {
			for n := from; n < to; n++ {
				addNote(tx, fmt.Sprint(n), int64(n), "")
			}
			return nil
		}))
	}
	add(0, 30)
	if got := known(); got != -1 {
		t.Errorf("got %d rows known of 30, want none (-1)", got)
	}
	add(30, 80)
	for deadline := time.Now().Add(20 * time.Second); known() < 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("80 rows, and nothing is known of them")
		}
	}
}
