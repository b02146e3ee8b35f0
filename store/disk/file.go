package disk

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// file is an inode: what readers see of it, and what of that is durable.
type file struct {
	now  []byte // what readers see
	safe []byte // what a cut leaves at least

	// What was not flushed: the contents of sectors, and the file's lengths,
	// oldest first, each with the number of the operation that made it.
	sectors map[int][]content
	lengths []length

	locks locks
	index *index // shared memory of the write-ahead log's readers, nil when nobody has it
}

type content struct {
	at    int
	bytes [sector]byte
}

type length struct{ at, bytes int }

func (f *file) write(at int, offset int, p []byte) {
	if end := offset + len(p); end > len(f.now) {
		f.resize(at, end)
	}
	copy(f.now[offset:], p)
	if f.sectors == nil {
		f.sectors = map[int][]content{}
	}
	for n := offset / sector; n*sector < offset+len(p); n++ {
		f.dirty(at, n)
	}
}

// dirty notes what a sector holds now.
func (f *file) dirty(at, n int) {
	c := content{at: at}
	if n*sector < len(f.now) {
		copy(c.bytes[:], f.now[n*sector:])
	}
	f.sectors[n] = append(f.sectors[n], c)
}

// resize makes the file longer, with zeros, or shorter.
func (f *file) resize(at, size int) {
	was := len(f.now)
	if size > was {
		f.now = append(f.now, make([]byte, size-was)...)
	} else {
		f.now = f.now[:size]
		for n := size / sector; n*sector < was && f.sectors != nil; n++ {
			f.dirty(at, n)
		}
	}
	f.lengths = append(f.lengths, length{at, size})
}

// flush makes durable what readers see.
func (f *file) flush() {
	f.safe = fit(f.safe, len(f.now))
	for n := range f.sectors {
		if n*sector < len(f.now) {
			copy(f.safe[n*sector:min(len(f.now), (n+1)*sector)], f.now[n*sector:])
		}
	}
	f.clean()
}

func (f *file) clean() { f.sectors, f.lengths = nil, nil }

// settle picks, for each thing not flushed, which version of it is on the disk.
func (f *file) settle(p pick) []byte {
	size := len(f.safe)
	if n := p.version(len(f.lengths), func(i int) int { return f.lengths[i].at }); n > 0 {
		size = f.lengths[n-1].bytes
	}
	left := fit(slices.Clone(f.safe), size)
	for _, n := range slices.Sorted(maps.Keys(f.sectors)) { // in order, so that a seed repeats
		list := f.sectors[n]
		v := p.version(len(list), func(i int) int { return list[i].at })
		if v > 0 && n*sector < size {
			copy(left[n*sector:min(size, (n+1)*sector)], list[v-1].bytes[:])
		}
	}
	return left
}

// fit cuts off, or fills with zeros.
func fit(b []byte, size int) []byte {
	if size <= len(b) {
		return b[:size]
	}
	return append(b, make([]byte, size-len(b))...)
}

// pick says which version of a thing a cut leaves: 0 is the durable one, n the
// n-th that was written after it.
type pick struct {
	chance *rand.Rand
	how    fate
	until  int // the last operation that reached the disk, when they went in order
}

// fate is what becomes of all that was not flushed.
type fate int

const (
	lost     fate = iota // all of it
	kept                 // nothing
	ordered              // the disk wrote in order; the last operation is torn
	anyOrder             // each sector, length and name for itself
	fates
)

func (p pick) version(n int, at func(int) int) int {
	switch p.how {
	case kept:
		return n
	case ordered:
		v := 0
		for v < n && (at(v) < p.until || at(v) == p.until && p.chance.IntN(2) == 0) {
			v++
		}
		return v
	case anyOrder:
		return p.chance.IntN(n + 1)
	}
	return 0
}
