package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/disk"
)

var silent = slog.New(slog.DiscardHandler)

// TestPowerCuts cuts the power at random moments of opening, writing,
// checkpointing and closing, and looks each time whether all that was
// acknowledged is there, nothing is there by half, and the file is whole.
// FLORIN_POWER_CUTS says how often; a few times without it.
func TestPowerCuts(t *testing.T) {
	c := cutting(t, cuts(t, 30), false)
	t.Log(c)
	if c.lost+c.halves+c.corrupt+c.refused > 0 {
		t.Error("a power cut did harm")
	}
	if c.acknowledged == 0 || c.gone == 0 {
		t.Error("the cuts were none")
	}
}

// TestPowerCutsNoticed is the same on SQLite with synchronous=NORMAL, which
// does lose what it acknowledged: the test above would notice.
func TestPowerCutsNoticed(t *testing.T) {
	c := cutting(t, cuts(t, 30)/5+10, true)
	t.Log("with synchronous=NORMAL: ", c)
	if c.lost == 0 {
		t.Error("nothing was lost where something must be")
	}
	if c.halves+c.corrupt > 0 {
		t.Error("NORMAL loses, but tears nothing")
	}
}

func cuts(t *testing.T, usual int) int {
	t.Helper()
	if text := os.Getenv("FLORIN_POWER_CUTS"); text != "" {
		n, err := strconv.Atoi(text)
		must(t, err)
		return n
	}
	return usual
}

// cut counts what a number of power cuts came to.
type cut struct {
	cuts, acknowledged, unknown, open, gone int
	lost, halves, corrupt, refused          int
	took                                    time.Duration
}

func (c cut) String() string {
	return fmt.Sprintf("%d power cuts in %v, %d acknowledged, %d unknown; %d sectors, lengths and names not flushed, %d of them gone; lost %d, halves %d, corrupt files %d, refused but there %d",
		c.cuts, c.took.Round(time.Millisecond), c.acknowledged, c.unknown, c.open, c.gone, c.lost, c.halves, c.corrupt, c.refused)
}

// cutting makes n cuts, forty on each disk: what one has left is where the
// next one strikes.
func cutting(t *testing.T, n int, weak bool) (c cut) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 1))
	began := time.Now()
	d, empty := notesDisk(t)
	if weak {
		d.Weaken()
	}
	for c.cuts < n || weak && c.lost == 0 && c.cuts < 500 {
		d.Load(empty)
		said := map[string]string{}
		for life := 0; life < 40 && (weak || c.cuts < n); life++ {
			c.live(t, d, chance, fmt.Sprint(c.cuts), said)
			if c.corrupt > 0 {
				return c
			}
		}
	}
	c.took = time.Since(began)
	return c
}

// notesDisk makes a disk with an empty table on it.
func notesDisk(t *testing.T) (*disk.Disk, disk.Image) {
	t.Helper()
	d := disk.New(t)
	db := openOn(t, d.Name())
	makeNotes(t, db)
	must(t, db.Close())
	return d, d.Image()
}

func openOn(t *testing.T, vfs string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Database: "/florin.db", VFS: vfs, Log: silent})
	must(t, err)
	return db
}

// live writes until the power goes, and looks at what is left.
func (c *cut) live(t *testing.T, d *disk.Disk, chance *rand.Rand, life string, said map[string]string) {
	t.Helper()
	switch chance.IntN(3) {
	case 0:
		d.CutAt(1 + chance.IntN(30))
	case 1:
		d.CutAt(1 + chance.IntN(200))
	default:
		d.CutAt(1 + chance.IntN(2000))
	}
	writes := 1 + chance.IntN(40)
	if chance.IntN(12) == 0 { // long enough for the log to be moved into the file, and to start over
		d.CutAt(1 + chance.IntN(20000))
		writes = 1200
	}
	db, err := store.Open(t.Context(), store.Options{Database: "/florin.db", VFS: d.Name(), Log: silent})
	if err == nil {
		c.write(db, d.Off(), life, writes, said)
		if err := db.Close(); err != nil && !dark(d) {
			t.Errorf("close: %v", err)
		}
	} else if !dark(d) {
		t.Fatalf("open: %v", err)
	}
	c.restart(d, chance)
	db, err = store.Open(t.Context(), store.Options{Database: "/florin.db", VFS: d.Name(), Log: silent})
	if err != nil {
		t.Errorf("open after a cut: %v", err)
		c.corrupt++
		return
	}
	c.judge(t, db, said)
	if chance.IntN(2) == 0 { // the log goes on from here, or starts over
		d.Cut()
	}
	if err := db.Close(); err != nil && !dark(d) {
		t.Errorf("close: %v", err)
	}
	if dark(d) {
		c.restart(d, chance)
	}
}

func (c *cut) restart(d *disk.Disk, chance *rand.Rand) {
	open, gone := d.Restart(chance)
	c.cuts, c.open, c.gone = c.cuts+1, c.open+open, c.gone+gone
}

func dark(d *disk.Disk) bool {
	select {
	case <-d.Off():
		return true
	default:
		return false
	}
}

// write has four writers write pairs until the power goes.
func (c *cut) write(db *store.DB, off <-chan struct{}, life string, writes int, said map[string]string) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for n := range writes {
				id := fmt.Sprint(life, "-", w, "-", n)
				err := pair(db, id)
				mu.Lock()
				said[id], _, _ = strings.Cut(outcome(id, err), " ")
				mu.Unlock()
				select {
				case <-off:
					return
				default:
				}
			}
		})
	}
	all.Wait()
}

// judge holds what is there to what was said. What was unknown or refused may
// be written later by nobody: it is as it is now for good.
func (c *cut) judge(t *testing.T, db *store.DB, said map[string]string) {
	t.Helper()
	there := map[string]bool{}
	verdict := ""
	err := db.View(t.Context(), realmA, func(tx *store.Tx) error {
		if _, err := tx.Get([]any{&verdict}, `PRAGMA integrity_check`); err != nil {
			return err
		}
		return tx.All(`SELECT id FROM note WHERE realm = $1`, []any{realmA}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			there[id] = true
			return err
		})
	})
	if err != nil || verdict != "ok" {
		t.Errorf("after a cut: %v, integrity check %q", err, verdict)
		c.corrupt++
		return
	}
	for id := range there {
		if plain := strings.TrimSuffix(id, "b"); !there[plain] || !there[plain+"b"] {
			c.halves++
		}
	}
	for id, word := range said {
		switch {
		case word == "yes" && there[id], word == "counted" && there[id]:
		case word == "yes", word == "counted":
			c.lost++
		case word == "no" && there[id]:
			c.refused++
		}
		switch word {
		case "yes":
			c.acknowledged++
			said[id] = "counted"
		case "unknown":
			c.unknown++
			fallthrough
		default:
			delete(said, id)
		}
		if !there[id] {
			delete(said, id)
		}
	}
}

// After a flush that fails nothing more is acknowledged, and what was before
// is there: a process that went on would take the disk's word for pages that
// the disk has forgotten.
func TestFlushFails(t *testing.T) { failing(t, (*disk.Disk).FailFlush, 60) }

// The same with a write that fails half done.
func TestWriteFails(t *testing.T) { failing(t, (*disk.Disk).FailWrite, 600) }

func failing(t *testing.T, fail func(d *disk.Disk, n int), among int) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 1))
	d, empty := notesDisk(t)
	var c cut
	failures := 0
	for life := range cuts(t, 12) {
		d.Load(empty)
		said := map[string]string{}
		db := openOn(t, d.Name())
		fail(d, 1+chance.IntN(among))
		c.write(db, db.Failed(), fmt.Sprint(life), 100, said)
		if d.Failed() {
			failures++
			select {
			case <-db.Failed():
			default:
				t.Errorf("life %d: the store did not notice", life)
			}
			if err := pair(db, "later"); err == nil || errors.Is(err, store.ErrUnknown) {
				t.Errorf("life %d: after the failure it said %v", life, err)
			}
		}
		d.Cut()        // the process ends; nothing more is flushed,
		_ = db.Close() // not even by closing, which may say so or not
		c.restart(d, chance)
		db = openOn(t, d.Name())
		c.judge(t, db, said)
		must(t, db.Close())
	}
	t.Logf("%d failures: %s", failures, c)
	if c.lost+c.halves+c.corrupt+c.refused > 0 {
		t.Error("a failure did harm")
	}
	if failures == 0 || c.acknowledged == 0 {
		t.Error("nothing failed, or everything did")
	}
}

// A full disk refuses and forgets nothing; with room again the store goes on
// by itself, and a cut afterwards finds all of it.
func TestFullDiskThenCut(t *testing.T) {
	chance := rand.New(rand.NewPCG(7, 1))
	d := disk.New(t)
	db := openOn(t, d.Name())
	makeNotes(t, db)
	var c cut
	said := map[string]string{}
	refused := func() (n int) {
		for _, word := range said {
			if word == "no" {
				n++
			}
		}
		return n
	}
	for round := range 5 {
		d.Limit(d.Size() + 100<<10)
		before := refused()
		c.write(db, nil, fmt.Sprint("full", round), 100, said)
		if refused() == before {
			t.Fatal("the disk was never full")
		}
		d.Limit(0)
		must(t, db.Update(context.Background(), realmA, func(tx *store.Tx) error {
			addNote(tx, fmt.Sprint("again", round), 1, "")
			addNote(tx, fmt.Sprint("again", round, "b"), 1, "")
			return nil
		}))
		said[fmt.Sprint("again", round)] = "yes"
	}
	select {
	case <-db.Failed():
		t.Error("a full disk is no reason to end")
	default:
	}
	d.Cut()
	_ = db.Close() // without power, of which it may complain
	c.restart(d, chance)
	db = openOn(t, d.Name())
	defer func() { must(t, db.Close()) }()
	c.judge(t, db, said)
	t.Log(c)
	if c.lost+c.halves+c.corrupt+c.refused > 0 || c.acknowledged < 10 {
		t.Error("a full disk did harm")
	}
}
