package sim

import "math/rand/v2"

// chance is a world's luck, in streams of its own for what happens, what goes
// wrong, how long it takes and who comes first. Every step draws anew from
// (seed, step): leaving steps out does not change the luck of the others, which
// is what lets a trace be shortened.
type chance struct {
	load, faults, latency, ties stream
}

type stream struct {
	source *rand.PCG
	*rand.Rand
}

func newStream() stream {
	source := rand.NewPCG(0, 0)
	return stream{source, rand.New(source)}
}

func newChance() *chance { return &chance{newStream(), newStream(), newStream(), newStream()} }

// step deals the luck of one step.
func (c *chance) step(seed uint64, n int) {
	for i, s := range []stream{c.load, c.faults, c.latency, c.ties} {
		s.source.Seed(seed*0x9e3779b97f4a7c15+uint64(i), uint64(n)*0xbf58476d1ce4e5b9+uint64(i)+1)
	}
}

// in says yes in n of thousand cases.
func (s stream) in(n int) bool { return s.IntN(1000) < n }

// among draws from a list that is not empty.
func among[T any](s stream, list []T) T { return list[s.IntN(len(list))] }

// recent draws from a list, the later entries more often.
func recent[T any](s stream, list []T) (t T, ok bool) {
	if len(list) == 0 {
		return t, false
	}
	if near := min(len(list), 6); s.in(750) {
		return list[len(list)-1-s.IntN(near)], true
	}
	return among(s, list), true
}

// Read fills p, for those who want randomness to repeat.
func (s stream) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s.Uint64())
	}
	return len(p), nil
}
