package disk

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"

	lite "modernc.org/sqlite/lib"

	_ "modernc.org/sqlite" // the disk is for it
)

func chance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func page(b byte, sectors int) []byte { return bytes.Repeat([]byte{b}, sectors*sector) }

// drive writes an old text of four sectors, flushed, then a new one of eight
// that is not, and cuts the power.
func drive(t *testing.T, seed uint64) (left []byte, there bool) {
	t.Helper()
	d := New(t)
	f := &file{}
	d.operate()
	d.link("a", f)
	for _, step := range []func() int32{
		func() int32 { return d.writeTo(f, 0, page('o', 4)) },
		func() int32 { return d.flushOf(f, true) },
		func() int32 { return d.writeTo(f, 0, page('n', 4)) },
		func() int32 { return d.writeTo(f, 4*sector, page('n', 4)) },
	} {
		if code := step(); code != lite.SQLITE_OK {
			t.Fatalf("code %d", code)
		}
	}
	d.Restart(chance(seed))
	left, there = d.Image()["a"]
	return left, there
}

// Each fate of what was not flushed is met: all of it lost, all of it there,
// the first part of it, and a mixture. A sector is old, new or, beyond what was
// flushed, empty; never anything else.
func TestFates(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(400) {
		left, there := drive(t, seed)
		if !there {
			t.Fatal("a flushed name is gone")
		}
		if len(left) != 4*sector && len(left) != 8*sector {
			t.Fatalf("%d bytes are left", len(left))
		}
		text := ""
		for n := 0; n < len(left); n += sector {
			if !bytes.Equal(left[n:n+sector], page(left[n], 1)) {
				t.Fatal("a sector is torn")
			}
			text += map[byte]string{'o': "o", 'n': "n", 0: "-"}[left[n]]
		}
		seen[text]++
	}
	for _, want := range []string{"oooo", "nnnnnnnn"} {
		if seen[want] < 40 {
			t.Errorf("%s is left %d times of 400", want, seen[want])
		}
	}
	mixed := 0
	for text := range seen {
		if len(text) != 8 && len(text) != 4 || bytes.ContainsRune([]byte(text), '?') {
			t.Errorf("left: %q", text)
		}
		if bytes.Contains([]byte(text), []byte("on")) && bytes.Contains([]byte(text), []byte("no")) {
			mixed++
		}
	}
	if mixed < 10 {
		t.Errorf("%d mixtures of %d ends", mixed, len(seen))
	}
}

// The same seed leaves the same.
func TestSeedRepeats(t *testing.T) {
	for seed := range uint64(50) {
		a, _ := drive(t, seed)
		b, _ := drive(t, seed)
		if !bytes.Equal(a, b) {
			t.Fatalf("seed %d leaves two things", seed)
		}
	}
}

// What was flushed stays, a name that was not may go, and a name deleted
// without a flush may come back.
func TestNames(t *testing.T) {
	kept, back := 0, 0
	for seed := range uint64(200) {
		d := New(t)
		safe, fresh := &file{}, &file{}
		d.link("safe", safe)
		d.keepNames()
		d.ops++
		d.link("safe", nil)
		d.ops++
		d.link("fresh", fresh)
		d.writeTo(fresh, 0, page('f', 1))
		if code := d.flushOf(fresh, false); code != lite.SQLITE_OK {
			t.Fatal(code)
		}
		d.Restart(chance(seed))
		image := d.Image()
		if text, there := image["fresh"]; there {
			if kept++; !bytes.Equal(text, page('f', 1)) {
				t.Error("flushed content is gone")
			}
		}
		if _, there := image["safe"]; there {
			back++
		}
	}
	if kept == 0 || kept == 200 || back == 0 || back == 200 {
		t.Errorf("of 200 cuts, %d kept a new name, %d brought a deleted one back", kept, back)
	}
}

// After a flush that failed, another one does not write what the first has not.
func TestFailedFlushForgets(t *testing.T) {
	forgot := 0
	for seed := range uint64(100) {
		d := New(t)
		f := &file{}
		d.link("a", f)
		d.keepNames()
		d.ops = int(seed) // decides what the failed flush has written
		d.writeTo(f, 0, page('x', 4))
		d.FailFlush(1)
		if code := d.flushOf(f, false); code != lite.SQLITE_IOERR_FSYNC {
			t.Fatalf("code %d", code)
		}
		if !bytes.Equal(f.now, page('x', 4)) {
			t.Fatal("readers see it no more")
		}
		if code := d.flushOf(f, false); code != lite.SQLITE_OK {
			t.Fatalf("code %d", code)
		}
		d.Restart(chance(seed))
		if !bytes.Equal(d.Image()["a"], page('x', 4)) {
			forgot++
		}
	}
	if forgot < 50 {
		t.Errorf("%d of 100 disks forgot", forgot)
	}
}

func TestLocks(t *testing.T) {
	f := &file{}
	a, b := &handle{f: f}, &handle{f: f}
	steps := []struct {
		h    *handle
		to   int32
		up   bool
		want int32
	}{
		{a, lite.SQLITE_LOCK_SHARED, true, lite.SQLITE_OK}, {b, lite.SQLITE_LOCK_SHARED, true, lite.SQLITE_OK},
		{a, lite.SQLITE_LOCK_RESERVED, true, lite.SQLITE_OK}, {b, lite.SQLITE_LOCK_RESERVED, true, lite.SQLITE_BUSY},
		{a, lite.SQLITE_LOCK_EXCLUSIVE, true, lite.SQLITE_BUSY}, {b, lite.SQLITE_LOCK_NONE, false, lite.SQLITE_OK},
		{b, lite.SQLITE_LOCK_SHARED, true, lite.SQLITE_BUSY}, {a, lite.SQLITE_LOCK_EXCLUSIVE, true, lite.SQLITE_OK},
		{b, lite.SQLITE_LOCK_SHARED, true, lite.SQLITE_BUSY}, {a, lite.SQLITE_LOCK_NONE, false, lite.SQLITE_OK},
		{b, lite.SQLITE_LOCK_EXCLUSIVE, true, lite.SQLITE_OK},
	}
	for n, s := range steps {
		got := int32(lite.SQLITE_OK)
		if s.up {
			got = s.h.lock(s.to)
		} else {
			s.h.unlock(s.to)
		}
		if got != s.want {
			t.Fatalf("step %d: got %d, want %d", n, got, s.want)
		}
	}
	index := &index{}
	a, b = &handle{f: f, index: index}, &handle{f: f, index: index}
	const share, whole, lock, unlock = lite.SQLITE_SHM_SHARED, lite.SQLITE_SHM_EXCLUSIVE, lite.SQLITE_SHM_LOCK, lite.SQLITE_SHM_UNLOCK
	for n, got := range []int32{a.hold(3, 1, share|lock), b.hold(3, 1, share|lock), a.hold(2, 2, whole|lock), a.hold(2, 1, whole|lock),
		b.hold(2, 1, share|lock), b.hold(3, 1, share|unlock), a.hold(3, 1, whole|lock), a.hold(2, 2, whole|unlock), b.hold(0, 8, whole|lock)} {
		want := int32(lite.SQLITE_OK)
		if n == 2 || n == 4 {
			want = lite.SQLITE_BUSY
		}
		if got != want {
			t.Errorf("index lock %d: got %d, want %d", n, got, want)
		}
	}
}

// SQLite on the disk: connections beside each other, in both journal modes.
// With a rollback journal it takes synchronous=EXTRA to keep the last
// transaction: FULL deletes the journal without flushing the directory, and
// this disk then brings it back.
func TestSQLite(t *testing.T) {
	for _, mode := range []string{"wal", "delete"} {
		t.Run(mode, func(t *testing.T) {
			d := New(t)
			open := func() *sql.DB {
				db, err := sql.Open("sqlite", fmt.Sprintf("file:/a.db?vfs=%s&_pragma=busy_timeout(10000)&_pragma=journal_mode(%s)&_pragma=synchronous(extra)&_txlock=immediate", d.Name(), mode))
				if err != nil {
					t.Fatal(err)
				}
				return db
			}
			db := open()
			if _, err := db.Exec(`CREATE TABLE a (n INTEGER)`); err != nil {
				t.Fatal(err)
			}
			done := make(chan error)
			for range 4 {
				go func() {
					for range 25 {
						if _, err := db.Exec(`INSERT INTO a VALUES (1)`); err != nil {
							done <- err
							return
						}
					}
					done <- nil
				}()
			}
			for range 4 {
				if err := <-done; err != nil {
					t.Fatal(err)
				}
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			d.Restart(chance(1))
			db = open()
			defer db.Close()
			var n int
			var verdict string
			if err := db.QueryRow(`SELECT count(*) FROM a`).Scan(&n); err != nil || n != 100 {
				t.Errorf("%d rows are there, want 100: %v", n, err)
			}
			if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
				t.Errorf("%s, %v", verdict, err)
			}
		})
	}
}
