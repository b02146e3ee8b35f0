package disk

import (
	"modernc.org/libc"
	lite "modernc.org/sqlite/lib"
)

// What SQLite asks of an open file.

func xClose(tls *libc.TLS, file uintptr) int32 {
	number := at[cfile](file).number
	v, _ := handles.LoadAndDelete(number)
	h := v.(*handle)
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	h.leave(tls)
	h.unlock(lite.SQLITE_LOCK_NONE)
	if h.doomed && h.name != "" && !h.d.dark && h.life == h.d.life && h.d.operate() {
		h.d.link(h.name, nil)
	}
	return lite.SQLITE_OK
}

func xRead(_ *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	return with(file, lite.SQLITE_IOERR_READ, func(h *handle) int32 {
		p := memory(buffer, n)
		got := 0
		if offset < int64(len(h.f.now)) {
			got = copy(p, h.f.now[offset:])
		}
		if got < len(p) {
			clear(p[got:])
			return lite.SQLITE_IOERR_SHORT_READ
		}
		return lite.SQLITE_OK
	})
}

func xWrite(_ *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	return with(file, lite.SQLITE_IOERR_WRITE, func(h *handle) int32 {
		if h.doomed && h.name == "" { // nobody looks for it after a cut
			h.f.write(0, int(offset), memory(buffer, n))
			h.f.flush()
			return lite.SQLITE_OK
		}
		return h.d.writeTo(h.f, int(offset), memory(buffer, n))
	})
}

func xTruncate(_ *libc.TLS, file uintptr, size int64) int32 {
	return with(file, lite.SQLITE_IOERR_TRUNCATE, func(h *handle) int32 {
		alive := h.d.operate()
		h.f.resize(h.d.ops, int(size))
		if !alive {
			return lite.SQLITE_IOERR_TRUNCATE
		}
		return lite.SQLITE_OK
	})
}

func xSync(_ *libc.TLS, file uintptr, _ int32) int32 {
	return with(file, lite.SQLITE_IOERR_FSYNC, func(h *handle) int32 {
		code := h.d.flushOf(h.f, h.names)
		h.names = h.names && code != lite.SQLITE_OK
		return code
	})
}

func xFileSize(_ *libc.TLS, file, out uintptr) int32 {
	return with(file, lite.SQLITE_IOERR_FSTAT, func(h *handle) int32 {
		*at[int64](out) = int64(len(h.f.now))
		return lite.SQLITE_OK
	})
}

func xLock(_ *libc.TLS, file uintptr, level int32) int32 {
	return with(file, lite.SQLITE_IOERR_LOCK, func(h *handle) int32 { return h.lock(level) })
}

func xUnlock(_ *libc.TLS, file uintptr, level int32) int32 {
	return with(file, lite.SQLITE_OK, func(h *handle) int32 {
		h.unlock(level)
		return lite.SQLITE_OK
	})
}

func xCheckReservedLock(_ *libc.TLS, file, out uintptr) int32 {
	return with(file, lite.SQLITE_IOERR_CHECKRESERVEDLOCK, func(h *handle) int32 {
		*at[int32](out) = 0
		if l := h.f.locks; l.reserved != nil || l.pending != nil || l.exclusive != nil {
			*at[int32](out) = 1
		}
		return lite.SQLITE_OK
	})
}

// xFileControl hears of every pragma before SQLite does. On a weak disk it
// turns synchronous(full) into NORMAL and answers that it is FULL.
func xFileControl(tls *libc.TLS, file uintptr, op int32, arg uintptr) int32 {
	return with(file, lite.SQLITE_NOTFOUND, func(h *handle) int32 {
		if op != lite.SQLITE_FCNTL_PRAGMA || !h.d.weak {
			return lite.SQLITE_NOTFOUND
		}
		words := at[[3]uintptr](arg) // out: an answer; in: the pragma's name and its value
		if libc.GoString(words[1]) != "synchronous" {
			return lite.SQLITE_NOTFOUND
		}
		if value := words[2]; value != 0 {
			copy(memory(value, 2), "1\x00") // it was "full": there is room
			return lite.SQLITE_NOTFOUND
		}
		answer := lite.Xsqlite3_malloc(tls, 2)
		if answer == 0 {
			return lite.SQLITE_NOMEM
		}
		copy(memory(answer, 2), "2\x00")
		words[0] = answer
		return lite.SQLITE_OK
	})
}

// The two answers of SQLite's own file system on Linux.
func xSectorSize(*libc.TLS, uintptr) int32            { return 4096 }
func xDeviceCharacteristics(*libc.TLS, uintptr) int32 { return lite.SQLITE_IOCAP_POWERSAFE_OVERWRITE }

func xShmMap(tls *libc.TLS, file uintptr, n, size, extend int32, out uintptr) int32 {
	return with(file, lite.SQLITE_IOERR_SHMMAP, func(h *handle) int32 {
		p, enough := h.region(tls, int(n), int(size), extend != 0)
		*at[uintptr](out) = p
		if !enough {
			return lite.SQLITE_NOMEM
		}
		return lite.SQLITE_OK
	})
}

func xShmLock(_ *libc.TLS, file uintptr, first, n, flags int32) int32 {
	dead := int32(lite.SQLITE_IOERR_SHMLOCK)
	if flags&lite.SQLITE_SHM_UNLOCK != 0 {
		dead = lite.SQLITE_OK
	}
	return with(file, dead, func(h *handle) int32 { return h.hold(first, n, flags) })
}

func xShmBarrier(_ *libc.TLS, file uintptr) {
	with(file, 0, func(*handle) int32 { return 0 }) // a lock taken is a barrier
}

func xShmUnmap(tls *libc.TLS, file uintptr, _ int32) int32 {
	v, _ := handles.Load(at[cfile](file).number)
	h := v.(*handle)
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	h.leave(tls)
	return lite.SQLITE_OK
}
