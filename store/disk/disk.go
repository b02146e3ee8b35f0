package disk

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"modernc.org/libc"
	lite "modernc.org/sqlite/lib"
)

// Disk is one disk. Several stores may be opened on it, one after the other or
// at once.
type Disk struct {
	name string // under which SQLite knows it
	vfs  uintptr
	tls  *libc.TLS

	mu     sync.Mutex
	names  map[string]*file
	safe   map[string]*file // names that a cut leaves
	moved  map[string][]entry
	life   int  // how often the power came back: handles of an earlier life are dead
	dark   bool // the power is off
	off    chan struct{}
	weak   bool
	ops    int // everything that changes the disk, counted
	cut    int // the operation at which the power goes
	flush  int // the flush that fails, counted down
	write  int // the write that fails, counted down
	limit  int // bytes that fit
	failed bool
}

// entry is what a name stood for after an operation, nil for nothing.
type entry struct {
	at int
	f  *file
}

const never = math.MaxInt

// New makes an empty disk. It is unregistered when the test ends; stores on it
// must be closed by then.
func New(t testing.TB) *Disk {
	t.Helper()
	d := &Disk{names: map[string]*file{}, safe: map[string]*file{}, moved: map[string][]entry{}, off: make(chan struct{}),
		cut: never, flush: never, write: never, limit: never}
	if err := d.register(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.unregister)
	return d
}

// Image is what readers see of a disk.
type Image map[string][]byte

// Image copies what readers see.
func (d *Disk) Image() Image {
	d.mu.Lock()
	defer d.mu.Unlock()
	image := Image{}
	for name, f := range d.names {
		image[name] = slices.Clone(f.now)
	}
	return image
}

// Load puts an image on the disk, all of it durable, in place of what is
// there. The power is on afterwards, and nothing is to fail.
func (d *Disk) Load(image Image) {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := map[string]*file{}
	for name, bytes := range image {
		names[name] = &file{now: slices.Clone(bytes), safe: slices.Clone(bytes)}
	}
	d.begin(names)
	d.limit = never
}

// Name is what goes into store.Options.VFS.
func (d *Disk) Name() string { return d.name }

// Weaken makes SQLite run with synchronous=NORMAL on this disk and say that it
// runs with FULL: a test that finds nothing lost then finds nothing at all.
func (d *Disk) Weaken() { d.do(func() { d.weak = true }) }

// CutAt cuts the power at the n-th operation from now that changes the disk
// (write, truncate, flush, a name made or deleted). Everything fails from then
// on, until Restart.
func (d *Disk) CutAt(n int) { d.do(func() { d.cut = d.ops + max(n, 1) }) }

// Cut cuts the power now.
func (d *Disk) Cut() { d.do(d.darken) }

// Off is closed when the power goes.
func (d *Disk) Off() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}

// Operations counts what has changed the disk so far.
func (d *Disk) Operations() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// FailFlush makes the n-th flush from now fail: what it should have written is
// on the disk in part, and no later flush writes it.
func (d *Disk) FailFlush(n int) { d.do(func() { d.flush, d.failed = n, false }) }

// FailWrite makes the n-th write from now fail, half done.
func (d *Disk) FailWrite(n int) { d.do(func() { d.write, d.failed = n, false }) }

// Failed says whether the flush or the write that was to fail has failed.
func (d *Disk) Failed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// Limit lets no file grow once all of them have so many bytes; 0 lifts it.
func (d *Disk) Limit(bytes int) {
	d.do(func() {
		if d.limit = bytes; bytes <= 0 {
			d.limit = never
		}
	})
}

// Size is how many bytes all files have.
func (d *Disk) Size() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used()
}

// Restart cuts the power, if it is on, and brings it back: chance decides what
// is left of all that was not flushed. It returns how many sectors, lengths
// and names were not, and how many of them are not on the disk as they were
// last written. Stores that are still open on the disk find it failing.
func (d *Disk) Restart(chance *rand.Rand) (open, gone int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.darken()
	p := pick{chance: chance, how: fate(chance.IntN(int(fates)))}
	if first := d.first(); first < d.ops {
		p.until = first + chance.IntN(d.ops-first+1)
	}
	counting := pick{chance: chance, how: p.how, until: p.until}
	names := map[string]*file{}
	fresh := map[*file]*file{}
	for _, name := range slices.Sorted(maps.Keys(d.all())) {
		f, list := d.safe[name], d.moved[name]
		if v := counting.version(len(list), func(i int) int { return list[i].at }); v > 0 {
			f = list[v-1].f
		}
		if len(list) > 0 {
			open++
			if f != d.names[name] {
				gone++
			}
		}
		if f == nil {
			continue
		}
		if fresh[f] == nil {
			left := f.settle(p)
			open += len(f.sectors) + len(f.lengths)
			gone += f.differs(left)
			fresh[f] = &file{now: left, safe: slices.Clone(left)}
		}
		names[name] = fresh[f]
	}
	d.begin(names)
	return open, gone
}

// begin is the moment the power comes back.
func (d *Disk) begin(names map[string]*file) {
	d.darken()
	d.names, d.safe, d.moved = names, maps.Clone(names), map[string][]entry{}
	d.life++
	d.dark, d.off = false, make(chan struct{})
	d.cut, d.flush, d.write, d.failed = never, never, never, false
}

// differs counts the unflushed things that left does not have as they were.
func (f *file) differs(left []byte) (n int) {
	if len(f.lengths) > 0 && len(left) != len(f.now) {
		n++
	}
	part := func(b []byte, n int) string {
		return string(b[min(len(b), n*sector):min(len(b), (n+1)*sector)])
	}
	for s := range f.sectors {
		if part(left, s) != part(f.now, s) {
			n++
		}
	}
	return n
}

// all are the names that a cut may leave.
func (d *Disk) all() map[string]bool {
	all := map[string]bool{}
	for name := range d.safe {
		all[name] = true
	}
	for name := range d.moved {
		all[name] = true
	}
	return all
}

// first is the oldest operation of which something is not flushed.
func (d *Disk) first() int {
	first := d.ops
	for _, list := range d.moved {
		first = min(first, list[0].at)
	}
	for _, f := range d.names {
		for _, list := range f.sectors {
			first = min(first, list[0].at)
		}
		if len(f.lengths) > 0 {
			first = min(first, f.lengths[0].at)
		}
	}
	return first
}

func (d *Disk) do(fn func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn()
}

func (d *Disk) darken() {
	if !d.dark {
		d.dark = true
		close(d.off)
	}
}

// operate counts an operation; false says that the power goes with it.
func (d *Disk) operate() bool {
	if d.ops++; d.ops >= d.cut {
		d.darken()
	}
	return !d.dark
}

func (d *Disk) used() (bytes int) {
	for _, f := range d.names {
		bytes += len(f.now)
	}
	return bytes
}

// link puts a file under a name, or nothing there.
func (d *Disk) link(name string, f *file) {
	if f == nil {
		delete(d.names, name)
	} else {
		d.names[name] = f
	}
	d.moved[name] = append(d.moved[name], entry{d.ops, f})
}

// keepNames flushes the directory.
func (d *Disk) keepNames() { d.safe, d.moved = maps.Clone(d.names), map[string][]entry{} }

// writeTo writes to a file. Faults, as SQLite's codes: the power, a write that
// was to fail, no room.
func (d *Disk) writeTo(f *file, offset int, p []byte) int32 {
	if grow := offset + len(p) - len(f.now); grow > 0 && d.limit != never && d.used()+grow > d.limit {
		return lite.SQLITE_FULL
	}
	alive := d.operate()
	if d.write != never {
		if d.write--; d.write <= 0 {
			d.write, d.failed = never, true
			f.write(d.ops, offset, p[:len(p)/2])
			return lite.SQLITE_IOERR_WRITE
		}
	}
	f.write(d.ops, offset, p)
	if !alive { // it was on its way: any part of it may be there
		return lite.SQLITE_IOERR_WRITE
	}
	return lite.SQLITE_OK
}

// flushOf flushes a file, and with names set the directory.
func (d *Disk) flushOf(f *file, names bool) int32 {
	if !d.operate() {
		return lite.SQLITE_IOERR_FSYNC
	}
	if d.flush != never {
		if d.flush--; d.flush <= 0 {
			d.flush, d.failed = never, true
			// Readers go on seeing what was written, and nothing says any more
			// that it is not durable.
			f.safe = f.settle(pick{chance: rand.New(rand.NewPCG(uint64(d.ops), 1)), how: anyOrder})
			f.clean()
			return lite.SQLITE_IOERR_FSYNC
		}
	}
	f.flush()
	if names {
		d.keepNames()
	}
	return lite.SQLITE_OK
}

func (d *Disk) String() string { return fmt.Sprintf("disk %s, %d files", d.name, len(d.names)) }
