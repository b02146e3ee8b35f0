package store

import (
	"errors"
	"fmt"

	"github.com/florinpay/florin/core/fault"
)

// What Update, View and Snapshot return besides the errors of the functions
// they are given. Test with errors.Is.
var (
	// ErrConflict: the rows were changed by others each time, five times over.
	// Nothing has happened.
	ErrConflict error = fault.New("conflict.version", "somebody else changed this at the same time")
	// ErrUnavailable: the queue or the disk is full, or the database is away.
	// Nothing has happened; the same call may work later.
	ErrUnavailable error = fault.New("unavailable.store", "the database cannot take this now; try again later")
	// ErrUnknown: the commit was sent and it cannot be told whether it took
	// effect. Whoever gets this reads it back by a key of its own.
	ErrUnknown error = fault.New("internal.unknown", "it cannot be told whether this was written")
)

// Exists says that a row with the same key, or the same value of a unique
// index, is there already. It is a conflict.exists fault to those who do not
// ask further.
type Exists struct{ Table string }

func (e *Exists) Error() string { return "a row with this key exists in " + e.Table }

func (e *Exists) Unwrap() error {
	return fault.New("conflict.exists", "this exists already")
}

// How the parts of the store speak to each other about a failed try.
var (
	// errStale: a row has another version than the one it was to be written
	// over, or the database chose this transaction to give way. Run again.
	errStale = errors.New("the row has changed meanwhile")
	// errMoved: a realm's clock is not where it was thought to be. Run the
	// whole batch again.
	errMoved = fmt.Errorf("%w: a clock was moved", errStale)
	// errLost: the connection broke, and nothing was committed. Run again.
	errLost = errors.New("the connection was lost")
	// errHeld: the row is held in a buffer of the same batch. Flush, run again.
	errHeld = errors.New("the row is in this batch's buffer")
	// errExited: the function left its goroutine instead of returning.
	errExited = errors.New("the function called runtime.Goexit")
	errReads  = errors.New("a View writes nothing")
	errClosed = fmt.Errorf("%w: the store is closed", ErrUnavailable)
	errFailed = fmt.Errorf("%w: the store has failed and must be restarted", ErrUnavailable)
)

func unavailable(err error) error { return fmt.Errorf("%w: %w", ErrUnavailable, err) }

func unknown(err error) error { return fmt.Errorf("%w: %w", ErrUnknown, err) }

// A verdict is what becomes of a batch that could not be committed.
type verdict int

const (
	committed verdict = iota
	over              // nobody's fault; all members get the error
	again             // it may work the next time
	split             // a member is at fault; find out which
)

func judge(err error) verdict {
	switch {
	case err == nil:
		return committed
	case errors.Is(err, ErrUnavailable), errors.Is(err, ErrUnknown):
		return over
	case errors.Is(err, errStale), errors.Is(err, errLost):
		return again
	}
	return split
}

// A panicked holds a panic until it can go on in the goroutine of the caller.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("%v\n\n%s", p.value, p.stack) }

func (p *panicked) Unwrap() error {
	err, _ := p.value.(error)
	return err
}
