package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// The WAL is moved into the file once it has so many pages that were not moved
// before, and is begun anew once it has grown to the second number. It is
// looked at after a commit, though not more often than the pause allows.
const (
	checkpointPages = 1000
	restartPages    = 4000
	checkpointPause = 20 * time.Millisecond
)

// checkpointer moves the WAL into the file beside the writer: copying and
// flushing to disk is what would otherwise make one commit in a thousand slow.
// The writer itself does only what remains, and that when the WAL is to start
// over, for which nobody else may write.
type checkpointer struct {
	db      *DB
	s       *litesession
	signal  chan struct{}
	quit    chan struct{}
	done    sync.WaitGroup
	restart atomic.Bool
}

func newCheckpointer(db *DB, s *litesession) *checkpointer {
	c := &checkpointer{db: db, s: s, signal: make(chan struct{}, 1), quit: make(chan struct{})}
	c.done.Add(1)
	go c.loop()
	return c
}

// wake says that something was committed.
func (c *checkpointer) wake() {
	select {
	case c.signal <- struct{}{}:
	default:
	}
}

func (c *checkpointer) stop() {
	close(c.quit)
	c.done.Wait()
}

func (c *checkpointer) loop() {
	defer c.done.Done()
	for {
		select {
		case <-c.quit:
			return
		case <-c.signal:
		}
		c.look()
		select {
		case <-c.quit:
			return
		case <-time.After(checkpointPause):
		}
	}
}

// look checkpoints if there is enough to move.
func (c *checkpointer) look() {
	pages, moved, err := c.checkpoint(c.s, "PRAGMA wal_checkpoint(noop)")
	if err != nil || pages-moved < checkpointPages {
		return
	}
	pages, moved, err = c.checkpoint(c.s, "PRAGMA wal_checkpoint(passive)")
	if err == nil && pages >= restartPages && pages-moved < checkpointPages {
		c.restart.Store(true)
	}
}

// finish lets the writer, between two batches, move the rest and have the WAL
// start over. It waits but shortly for readers that still need the old one.
func (c *checkpointer) finish(w *litewriter) {
	if !c.restart.CompareAndSwap(true, false) {
		return
	}
	for _, text := range []string{"PRAGMA busy_timeout = 20", "PRAGMA wal_checkpoint(restart)", "PRAGMA busy_timeout = 5000"} {
		if _, _, err := c.checkpoint(w.litesession, text); err != nil {
			return
		}
	}
}

// checkpoint runs one of the pragmas and returns the pages in the WAL and
// those of them that are in the file. A full disk or a busy file is met again
// at the next look; an error of the disk ends the store.
func (c *checkpointer) checkpoint(s *litesession, text string) (pages, moved int, err error) {
	st, err := s.prepare(text)
	if err == nil {
		var busy int
		dest := []any{&busy, &pages, &moved}
		row := st.QueryRowContext(context.Background())
		if len(text) > 0 && text[len(text)-1] != ')' {
			dest = dest[:1]
		}
		err = row.Scan(dest...)
	}
	if err != nil {
		err, _ = s.sort(err)
		c.db.o.Log.Warn("the write-ahead log was not moved into the database", "err", err)
	}
	return pages, moved, err
}
