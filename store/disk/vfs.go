package disk

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"modernc.org/libc"
	lite "modernc.org/sqlite/lib"
)

// SQLite calls these functions with addresses of its own memory. A disk and a
// handle go by numbers there, which two tables turn into values.

// handle is an open file.
type handle struct {
	d      *Disk
	f      *file
	name   string // "" for a file that is gone when it is closed
	life   int
	names  bool // the next flush is one of the directory too, as SQLite's own file system does for logs
	doomed bool

	level   int32
	index   *index
	sharing uint // locks of the index that it shares, a bit each
}

// cfile is the part of a handle that is in SQLite's memory.
type cfile struct {
	lite.Tsqlite3_file
	number uintptr
}

var (
	numbers atomic.Uintptr
	disks   sync.Map // number: *Disk
	handles sync.Map // number: *handle
	methods lite.Tsqlite3_io_methods
	fill    sync.Once
)

// c is a function as SQLite knows it.
func c[F any](fn F) uintptr { return *(*uintptr)(unsafe.Pointer(&fn)) }

func fillMethods() {
	methods = lite.Tsqlite3_io_methods{FiVersion: 2, FxClose: c(xClose), FxRead: c(xRead), FxWrite: c(xWrite), FxTruncate: c(xTruncate),
		FxSync: c(xSync), FxFileSize: c(xFileSize), FxLock: c(xLock), FxUnlock: c(xUnlock), FxCheckReservedLock: c(xCheckReservedLock),
		FxFileControl: c(xFileControl), FxSectorSize: c(xSectorSize), FxDeviceCharacteristics: c(xDeviceCharacteristics),
		FxShmMap: c(xShmMap), FxShmLock: c(xShmLock), FxShmBarrier: c(xShmBarrier), FxShmUnmap: c(xShmUnmap)}
}

func (d *Disk) register() error {
	fill.Do(fillMethods)
	number := numbers.Add(1)
	d.name = fmt.Sprintf("florin-disk-%d", number)
	d.tls = libc.NewTLS()
	name, err := libc.CString(d.name)
	if err != nil {
		return err
	}
	d.vfs = libc.Xcalloc(d.tls, 1, libc.Tsize_t(unsafe.Sizeof(lite.Tsqlite3_vfs{})))
	if d.vfs == 0 {
		return errors.New("no memory for a disk")
	}
	*at[lite.Tsqlite3_vfs](d.vfs) = lite.Tsqlite3_vfs{FiVersion: 2, FszOsFile: int32(unsafe.Sizeof(cfile{})), FmxPathname: 1024, FzName: name,
		FpAppData: number, FxOpen: c(xOpen), FxDelete: c(xDelete), FxAccess: c(xAccess), FxFullPathname: c(xFullPathname),
		FxRandomness: c(xRandomness), FxSleep: c(xSleep), FxCurrentTime: c(xCurrentTime), FxGetLastError: c(xGetLastError),
		FxCurrentTimeInt64: c(xCurrentTimeInt64)}
	disks.Store(number, d)
	if code := lite.Xsqlite3_vfs_register(d.tls, d.vfs, 0); code != lite.SQLITE_OK {
		return fmt.Errorf("register a disk with SQLite: %d", code)
	}
	return nil
}

func (d *Disk) unregister() {
	v := at[lite.Tsqlite3_vfs](d.vfs)
	lite.Xsqlite3_vfs_unregister(d.tls, d.vfs)
	disks.Delete(v.FpAppData)
	libc.Xfree(d.tls, v.FzName)
	libc.Xfree(d.tls, d.vfs)
	d.tls.Close()
}

func diskOf(vfs uintptr) *Disk {
	d, _ := disks.Load(at[lite.Tsqlite3_vfs](vfs).FpAppData)
	return d.(*Disk)
}

// with calls fn under the disk's lock, unless the power is off or has been
// since the file was opened: then it answers with dead.
func with(file uintptr, dead int32, fn func(h *handle) int32) int32 {
	v, _ := handles.Load(at[cfile](file).number)
	h := v.(*handle)
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if h.d.dark || h.life != h.d.life {
		return dead
	}
	return fn(h)
}

// memory is n bytes of SQLite's.
func memory(p uintptr, n int32) []byte { return unsafe.Slice(at[byte](p), n) }

func xOpen(_ *libc.TLS, vfs, zName, file uintptr, flags int32, outFlags uintptr) int32 {
	d := diskOf(vfs)
	*at[cfile](file) = cfile{}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dark {
		return lite.SQLITE_CANTOPEN
	}
	h := &handle{d: d, life: d.life, doomed: zName == 0 || flags&lite.SQLITE_OPEN_DELETEONCLOSE != 0}
	h.names = flags&(lite.SQLITE_OPEN_WAL|lite.SQLITE_OPEN_MAIN_JOURNAL|lite.SQLITE_OPEN_SUPER_JOURNAL) != 0
	if zName != 0 {
		h.name = libc.GoString(zName)
		h.f = d.names[h.name]
	}
	if h.f == nil {
		if flags&lite.SQLITE_OPEN_CREATE == 0 || h.name != "" && !d.operate() {
			return lite.SQLITE_CANTOPEN
		}
		h.f = new(inode)
		if h.name != "" {
			d.link(h.name, h.f)
		}
	}
	if outFlags != 0 {
		*at[int32](outFlags) = flags
	}
	number := numbers.Add(1)
	handles.Store(number, h)
	at[cfile](file).number = number
	at[cfile](file).FpMethods = uintptr(unsafe.Pointer(&methods))
	return lite.SQLITE_OK
}

// inode is file where a parameter has its name.
type inode = file

func xDelete(_ *libc.TLS, vfs, zName uintptr, flush int32) int32 {
	d := diskOf(vfs)
	name := libc.GoString(zName)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dark {
		return lite.SQLITE_IOERR_DELETE
	}
	if d.names[name] == nil {
		return lite.SQLITE_IOERR_DELETE_NOENT
	}
	alive := d.operate()
	d.link(name, nil)
	switch {
	case !alive:
		return lite.SQLITE_IOERR_DELETE
	case flush != 0:
		d.keepNames()
	}
	return lite.SQLITE_OK
}

func xAccess(_ *libc.TLS, vfs, zName uintptr, _ int32, result uintptr) int32 {
	d := diskOf(vfs)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dark {
		return lite.SQLITE_IOERR_ACCESS
	}
	*at[int32](result) = 0
	if d.names[libc.GoString(zName)] != nil {
		*at[int32](result) = 1
	}
	return lite.SQLITE_OK
}

func xFullPathname(_ *libc.TLS, _, zName uintptr, n int32, out uintptr) int32 {
	name := libc.GoString(zName)
	if len(name) >= int(n) {
		return lite.SQLITE_CANTOPEN
	}
	copy(memory(out, n), name+"\x00")
	return lite.SQLITE_OK
}

func xRandomness(_ *libc.TLS, _ uintptr, n int32, out uintptr) int32 {
	rand.Read(memory(out, n)) // it never fails
	return n
}

func xSleep(_ *libc.TLS, _ uintptr, micros int32) int32 {
	time.Sleep(time.Duration(micros) * time.Microsecond)
	return micros
}

const (
	julian = 210866760000000 // the first of January 1970, in milliseconds of SQLite's
	day    = 86400000
)

func xCurrentTime(_ *libc.TLS, _, out uintptr) int32 {
	*at[float64](out) = float64(time.Now().UnixMilli()+julian) / day
	return lite.SQLITE_OK
}

func xCurrentTimeInt64(_ *libc.TLS, _, out uintptr) int32 {
	*at[int64](out) = time.Now().UnixMilli() + julian
	return lite.SQLITE_OK
}

func xGetLastError(*libc.TLS, uintptr, int32, uintptr) int32 { return 0 }
