package wire

import "sync/atomic"

// Door lets so many requests in at a time. Those that it turns away cost next
// to nothing, so that those inside keep their pace when far more come than can
// be served. A nil Door is always open.
type Door struct {
	room int64
	in   atomic.Int64
}

// NewDoor makes a door with room for n.
func NewDoor(n int) *Door { return &Door{room: int64(n)} }

// Enter says whether there is room. Whoever entered must Leave.
func (d *Door) Enter() bool {
	if d == nil || d.in.Add(1) <= d.room {
		return true
	}
	d.in.Add(-1)
	return false
}

// Leave makes room.
func (d *Door) Leave() {
	if d != nil {
		d.in.Add(-1)
	}
}
