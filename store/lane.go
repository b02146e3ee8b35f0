package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/florinpay/florin/core/ident"
)

// A writer is the one connection that a lane writes through.
type writer interface {
	session
	// begin opens the batch's transaction and tells how far ahead its realms
	// are; for SQLite, which knows, nothing.
	begin(calls int, realms []ident.ID) (ahead map[ident.ID]int64, err error)
	// mark, keep and undo stand around each function.
	mark() error
	keep() error
	undo() error
	// write buffers or writes a row.
	write(tx *Tx, w write) error
	// flush writes what earlier functions of the batch have buffered.
	flush() error
	// broken tells why the whole batch is lost, if it is.
	broken() error
	commit() error
	rollback()
	// moved tells how far ahead realms are since the last commit.
	moved(ahead map[ident.ID]int64)
	// confirm commits something of our own, so that an answer that rests on
	// what others have committed is not given before theirs is safe.
	confirm() error
	close()
}

// A call is one Update on its way.
type call struct {
	ctx   context.Context
	realm ident.ID
	fn    func(tx *Tx) error
	state atomic.Int32
	done  chan struct{}

	// What it came to, the caller's once done is closed.
	answered  bool
	err       error
	committed []func()
}

// The states of a call. Who moves it away from waiting has it.
const (
	waiting int32 = iota
	started
	gone
)

// A lane runs calls in batches, one batch after the other.
type lane struct {
	db    *DB
	w     writer
	queue chan *call

	mu     sync.Mutex // guards sending against closing; when inline, the writer
	closed bool

	down     error // why the last batch could not even begin
	memories map[subject]any
	cautious int // batches to go without a memory
}

// inline runs a call in its caller.
func (l *lane) inline(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		c.err = errClosed
		return
	}
	l.settle([]*call{c})
}

// wait queues a call and waits for its end. ctx takes back a call that was not
// begun.
func (l *lane) wait(ctx context.Context, c *call) error {
	c.done = make(chan struct{})
	if err := l.send(c); err != nil {
		return err
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		if c.state.CompareAndSwap(waiting, gone) {
			return ctx.Err()
		}
	}
	<-c.done
	return nil
}

func (l *lane) send(c *call) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	select {
	case l.queue <- c:
		return nil
	default:
		return ErrUnavailable
	}
}

// close lets the lane end once its queue is empty.
func (l *lane) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	if l.queue != nil {
		close(l.queue)
	} else {
		l.w.close()
	}
}

func (l *lane) loop() {
	var calls []*call
	ended := false
	defer func() {
		if !ended { // a function left its goroutine, and took this one along
			go l.resume(calls)
		}
	}()
	for {
		calls = l.take()
		if calls == nil {
			break
		}
		l.settle(calls)
		if l.down != nil {
			l.refuse()
		}
	}
	ended = true
	l.w.close()
	l.db.working.Done()
}

// refuse answers all who wait, when the database is away: each batch of them
// would else wait in turn to find that out.
func (l *lane) refuse() {
	for len(l.queue) > 0 {
		c, open := <-l.queue
		if open && c.state.CompareAndSwap(waiting, started) {
			c.err = l.down
			l.answer(c)
		}
	}
	l.down = nil
}

// resume answers the call that left its goroutine, settles those that shared
// its batch, and goes on.
func (l *lane) resume(calls []*call) {
	var rest []*call
	for _, c := range calls {
		switch {
		case c.answered:
		case c.err == errExited:
			l.answer(c)
		default:
			rest = append(rest, c)
		}
	}
	for _, c := range rest { // each alone, since they were in bad company
		l.settle([]*call{c})
	}
	l.loop()
}

// take waits for a call and adds those that are queued behind it, but never
// waits for more. It returns nil when the lane is closed.
func (l *lane) take() []*call {
	var calls []*call
	for first := range l.queue {
		if first.state.CompareAndSwap(waiting, started) {
			calls = append(calls, first)
			break
		}
	}
	if calls == nil {
		return nil
	}
	for len(calls) < batchLength {
		select {
		case c, open := <-l.queue:
			if !open {
				return calls
			}
			if c.state.CompareAndSwap(waiting, started) {
				calls = append(calls, c)
			}
		default:
			return calls
		}
	}
	return calls
}

// settle runs calls until each has its answer. When a batch is lost through
// one of its members, halves of it find out through which; a member alone is
// run again as long as it merely collides with others.
func (l *lane) settle(calls []*call) {
	err := l.try(calls)
	if len(calls) == 1 {
		for n := 0; n < retries && judge(err) == again; n++ {
			time.Sleep(time.Duration(rand.Int64N(int64(time.Millisecond) << n)))
			err = l.try(calls)
		}
	}
	switch judge(err) {
	case committed:
		for _, c := range calls {
			l.answer(c)
		}
		return
	case again, split:
		if half := len(calls) / 2; half > 0 {
			l.settle(calls[:half])
			l.settle(calls[half:])
			return
		}
		switch {
		case errors.Is(err, errLost):
			err = unavailable(err)
		case errors.Is(err, errStale):
			err = ErrConflict
		}
		if e := l.w.confirm(); e != nil {
			err = e
		}
	}
	for _, c := range calls {
		c.err = err
		l.answer(c)
	}
}

func (l *lane) answer(c *call) {
	c.answered = true
	if c.done != nil {
		close(c.done)
	}
}

// A batch is what shares one commit.
type batch struct {
	ahead     map[ident.ID]int64 // how far realms are ahead, if the writer said
	moved     map[ident.ID]int64 // and those that this batch has moved
	gatherers []*gathering
}

// try runs calls as one batch. Each has its own result if the error is nil. An
// error that may come of a memory out of date is none before the batch has
// failed without one.
func (l *lane) try(calls []*call) error {
	relied, err := l.attempt(calls)
	if relied && err != nil && judge(err) != over {
		_, err = l.attempt(calls)
	}
	return err
}

func (l *lane) attempt(calls []*call) (relied bool, err error) {
	whole := false
	defer func() {
		if !whole { // also when a function has left the goroutine
			l.w.rollback()
		}
	}()
	select {
	case <-l.db.failed:
		return false, errFailed
	default:
	}
	b := &batch{}
	defer func() { l.remember(b, whole) }()
	if b.ahead, err = l.w.begin(len(calls), realmsOf(calls)); err != nil {
		l.down = err
		return false, err
	}
	for _, c := range calls {
		if err := l.member(b, c); err != nil {
			return false, err
		}
	}
	for _, g := range b.gatherers {
		relied = relied || l.memories[subject{g.g, g.by.realm}] != nil
		if err := l.gather(b, g); err != nil {
			return relied, err
		}
	}
	if err := l.db.boundary(Before); err != nil {
		return relied, unavailable(err)
	}
	if err := l.w.commit(); err != nil {
		return relied, err
	}
	whole = true
	if b.moved != nil {
		l.w.moved(b.moved)
	}
	return relied, nil
}

func realmsOf(calls []*call) []ident.ID {
	realms := make([]ident.ID, 0, 4)
	seen := map[ident.ID]bool{}
	for _, c := range calls {
		if !seen[c.realm] {
			seen[c.realm] = true
			realms = append(realms, c.realm)
		}
	}
	return realms
}

// member runs one call's function. The error is the whole batch's.
func (l *lane) member(b *batch, c *call) error {
	c.committed = nil
	fn := func(tx *Tx) (err error) {
		defer func() { err = caught(err, recover(), c) }()
		c.err = errExited // unless it returns or panics
		err = c.fn(tx)
		c.err = nil
		return err
	}
	var tx *Tx
	var lost error
	tx, c.err, lost = l.run(b, c.ctx, c.realm, false, fn)
	if lost != nil || c.err != nil {
		return lost
	}
	c.committed = tx.committed
	for _, it := range tx.items {
		b.gathering(it.g, c).add(it.value)
	}
	return nil
}

// caught turns a panic of c's function into an error. A function that leaves
// its goroutine shows neither.
func caught(err error, value any, c *call) error {
	if value == nil {
		return err
	}
	c.err = nil
	return &panicked{value, debug.Stack()}
}

// run calls fn and keeps its effects or undoes them. err is fn's own, lost is
// the whole batch's. It runs fn again when the rows that fn read have changed.
func (l *lane) run(b *batch, ctx context.Context, realm ident.ID, flushes bool, fn func(*Tx) error) (tx *Tx, err, lost error) {
	for n := 0; ; n++ {
		if l.db.o.Twice {
			if tx, err, lost = l.once(b, ctx, realm, flushes, false, fn); lost != nil {
				return tx, err, lost
			}
		}
		tx, err, lost = l.once(b, ctx, realm, flushes, true, fn)
		if lost != nil || err != errStale && err != errHeld {
			return tx, err, lost
		}
		if err == errHeld {
			if lost = l.w.flush(); lost != nil {
				return tx, nil, lost
			}
		}
		if n == retries {
			return tx, ErrConflict, nil
		}
	}
}

// once calls fn a single time between a mark and its keep or undo.
func (l *lane) once(b *batch, ctx context.Context, realm ident.ID, flushes, keep bool, fn func(*Tx) error) (tx *Tx, err, lost error) {
	tx = &Tx{db: l.db, ctx: ctx, realm: realm, s: l.w, w: l.w, flushes: flushes}
	tx.ahead = l.aheadOf(b, realm)
	tx.now = l.db.moment(tx.ahead)
	if lost = l.w.mark(); lost != nil {
		return tx, nil, lost
	}
	err = tx.outcome(fn(tx))
	if lost = l.w.broken(); lost != nil {
		return tx, nil, lost
	}
	if err != nil || !keep {
		return tx, err, l.w.undo()
	}
	if tx.moved {
		if b.moved == nil {
			b.moved = map[ident.ID]int64{}
		}
		b.moved[realm] = tx.ahead
	}
	return tx, nil, l.w.keep()
}

func (l *lane) aheadOf(b *batch, realm ident.ID) int64 {
	if ms, moved := b.moved[realm]; moved {
		return ms
	}
	if l.db.clocks != nil {
		return l.db.clocks.get(realm)
	}
	return b.ahead[realm]
}
