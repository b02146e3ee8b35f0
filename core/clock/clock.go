// Package clock names the one source of time. The core never asks the
// operating system: the app hands it time.Now, a simulation hands it its own.
package clock

import "time"

// Clock returns the wall time of the installation. A realm's own time, which
// test mode may move ahead, is what a transaction answers (store.Tx.Now).
type Clock func() time.Time

// Millis is how times are stored: milliseconds since 1970 UTC, 0 for "never".
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// FromMillis is the reverse of Millis, in UTC.
func FromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
