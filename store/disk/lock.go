package disk

import (
	"unsafe"

	"modernc.org/libc"
	lite "modernc.org/sqlite/lib"
)

// locks are a file's, of all its handles.
type locks struct {
	shared                       int
	reserved, pending, exclusive *handle
}

// lock raises a handle to a level of SQLite's.
func (h *handle) lock(level int32) int32 {
	l := &h.f.locks
	other := func(holder *handle) bool { return holder != nil && holder != h }
	if h.level >= level {
		return lite.SQLITE_OK
	}
	if other(l.exclusive) || other(l.pending) {
		return lite.SQLITE_BUSY
	}
	if h.level < lite.SQLITE_LOCK_SHARED {
		l.shared++
		h.level = lite.SQLITE_LOCK_SHARED
	}
	if level >= lite.SQLITE_LOCK_RESERVED {
		if other(l.reserved) {
			return lite.SQLITE_BUSY
		}
	}
	if level == lite.SQLITE_LOCK_RESERVED {
		l.reserved, h.level = h, level
	}
	if level >= lite.SQLITE_LOCK_PENDING {
		l.pending, h.level = h, lite.SQLITE_LOCK_PENDING
	}
	if level == lite.SQLITE_LOCK_EXCLUSIVE {
		if l.shared > 1 {
			return lite.SQLITE_BUSY
		}
		l.exclusive, h.level = h, level
	}
	return lite.SQLITE_OK
}

// unlock lowers a handle to a level.
func (h *handle) unlock(level int32) {
	l := &h.f.locks
	if h.level <= level {
		return
	}
	for _, held := range []**handle{&l.reserved, &l.pending, &l.exclusive} {
		if *held == h {
			*held = nil
		}
	}
	if level == lite.SQLITE_LOCK_NONE {
		l.shared--
	}
	h.level = level
}

// index is the shared memory of a write-ahead log with its eight locks. It
// holds nothing durable.
type index struct {
	regions []uintptr
	users   int
	shared  [lite.SQLITE_SHM_NLOCK]int
	whole   [lite.SQLITE_SHM_NLOCK]*handle
}

// region returns the n-th part of the shared memory, 0 if there is none and
// none is to be made.
func (h *handle) region(tls *libc.TLS, n int, size int, make bool) (p uintptr, enough bool) {
	if h.index == nil {
		if h.f.index == nil {
			h.f.index = &index{}
		}
		h.index = h.f.index
		h.index.users++
	}
	for len(h.index.regions) <= n {
		if !make {
			return 0, true
		}
		// The memory of SQLite's own, which Go does not move and whose races,
		// which SQLite means, its race detector does not see.
		p := libc.Xcalloc(tls, 1, libc.Tsize_t(size))
		if p == 0 {
			return 0, false
		}
		h.index.regions = append(h.index.regions, p)
	}
	return h.index.regions[n], true
}

// hold takes or gives back locks of the index.
func (h *handle) hold(first, n, flags int32) int32 {
	x := h.index
	if x == nil {
		return lite.SQLITE_IOERR_SHMLOCK
	}
	for i := first; i < first+n; i++ {
		bit := uint(1) << i
		switch {
		case flags&lite.SQLITE_SHM_UNLOCK != 0:
			if h.sharing&bit != 0 {
				x.shared[i]--
			}
			if x.whole[i] == h {
				x.whole[i] = nil
			}
			h.sharing &^= bit
			continue
		case x.whole[i] != nil && x.whole[i] != h:
			return lite.SQLITE_BUSY
		case flags&lite.SQLITE_SHM_EXCLUSIVE != 0 && x.shared[i] > int(h.sharing>>i&1):
			return lite.SQLITE_BUSY
		}
	}
	if flags&lite.SQLITE_SHM_UNLOCK != 0 {
		return lite.SQLITE_OK
	}
	for i := first; i < first+n; i++ { // all of them or none
		bit := uint(1) << i
		if flags&lite.SQLITE_SHM_EXCLUSIVE != 0 {
			x.whole[i] = h
		} else if h.sharing&bit == 0 {
			x.shared[i]++
			h.sharing |= bit
		}
	}
	return lite.SQLITE_OK
}

// leave lets go of the shared memory; the last one clears it away.
func (h *handle) leave(tls *libc.TLS) {
	x := h.index
	if x == nil {
		return
	}
	h.hold(0, lite.SQLITE_SHM_NLOCK, lite.SQLITE_SHM_UNLOCK)
	h.index = nil
	if x.users--; x.users > 0 {
		return
	}
	for _, p := range x.regions {
		libc.Xfree(tls, p)
	}
	if h.f.index == x {
		h.f.index = nil
	}
}

// at reads an address of SQLite's memory as a T.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }
