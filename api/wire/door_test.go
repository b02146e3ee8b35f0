package wire_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/florinpay/florin/api/wire"
)

func TestDoor(t *testing.T) {
	d := wire.NewDoor(3)
	var in atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if d.Enter() {
				in.Add(1)
			}
		})
	}
	all.Wait()
	if got := in.Load(); got != 3 {
		t.Fatalf("%d came in through a door with room for 3", got)
	}
	if d.Enter() {
		t.Error("it is full")
	}
	d.Leave()
	if !d.Enter() || d.Enter() {
		t.Error("one left: one may come, and no more")
	}
	var open *wire.Door
	if !open.Enter() {
		t.Error("no door keeps nobody out")
	}
	open.Leave()
}
