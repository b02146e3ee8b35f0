// Package ident makes the ids of florin: 12 bytes (seconds, process, counter)
// written as 24 lower-case hex digits, so that text order is time order on
// SQLite and on PostgreSQL alike. An id is a name, never a secret: whatever
// must not be guessed carries a random token of its own.
package ident

import (
	"encoding/hex"
	"sync/atomic"
	"time"
)

// ID is 24 lower-case hex digits, or empty for "none".
type ID string

// Length is the number of digits of an ID.
const Length = 24

// Valid says whether id has the form of an ID: 24 lower-case hex digits.
func (id ID) Valid() bool {
	if len(id) != Length {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Bytes returns the 12 bytes of a valid id, or nil.
func (id ID) Bytes() []byte {
	if !id.Valid() {
		return nil
	}
	b, _ := hex.DecodeString(string(id))
	return b
}

// Source makes ids that are unique within an installation as long as no two
// processes share the five process bytes. It is safe for concurrent use.
type Source struct {
	process [5]byte
	counter atomic.Uint32
}

// NewSource starts a source. The caller draws process (and start) at random,
// or from a seed where runs must repeat.
func NewSource(process [5]byte, start uint32) *Source {
	s := &Source{process: process}
	s.counter.Store(start)
	return s
}

// New returns the next id, dated at.
func (s *Source) New(at time.Time) ID {
	n := s.counter.Add(1)
	sec := uint32(at.Unix())
	raw := [12]byte{
		byte(sec >> 24), byte(sec >> 16), byte(sec >> 8), byte(sec),
		s.process[0], s.process[1], s.process[2], s.process[3], s.process[4],
		byte(n >> 16), byte(n >> 8), byte(n),
	}
	return ID(hex.EncodeToString(raw[:]))
}
