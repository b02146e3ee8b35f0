package sim

import (
	"context"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"runtime"
	"slices"
	"sort"
	"time"
)

// Plan says what to run. Two runs of one plan are the same, byte for byte.
type Plan struct {
	Seed  uint64
	Steps int   // how many steps from the seed, when Only is nil
	Only  []int // these steps alone, in order
	Calm  []int // of them, those in which nothing goes wrong
	Trace bool  // keep the trace
}

// Violation is what the oracle objects to.
type Violation struct {
	Oracle string // which rule
	What   string
	Step   int // the step that showed it, Steps when it was the end
}

func (v *Violation) String() string {
	return fmt.Sprintf("%s (step %d): %s", v.Oracle, v.Step, v.What)
}

// Result is what came of a run.
type Result struct {
	Seed       uint64
	Steps      int   // steps taken
	Operations int64 // what merchants, payers, workers and time did
	Faults     int64 // what went wrong on purpose
	Sometimes  map[string]int64
	Digest     string // of the trace, also when it is not kept
	Trace      []string
	Violation  *Violation
}

// Run plays a plan to its end, or to the first violation. An error is the
// simulator's own: the world could not be made.
func Run(ctx context.Context, p Plan) (*Result, error) {
	if p.Only == nil {
		p.Only = make([]int, p.Steps)
		for i := range p.Only {
			p.Only[i] = i
		}
	}
	w, err := newWorld(ctx, p)
	if err != nil {
		return nil, err
	}
	defer w.db.Close()
	calm := map[int]bool{}
	for _, n := range p.Calm {
		calm[n] = true
	}
	for next := 0; next < len(p.Only) && w.violation == nil && ctx.Err() == nil; {
		whole := w.live(func() {
			for next < len(p.Only) && w.violation == nil && ctx.Err() == nil {
				n := p.Only[next]
				next++
				w.begin(n, calm[n])
				w.act()
				w.examine()
			}
		})
		if !whole && w.violation == nil {
			w.live(w.reboot)
		}
	}
	if w.violation == nil && ctx.Err() == nil {
		w.at = len(p.Only)
		w.live(w.end)
	}
	w.book.Steps = len(p.Only)
	w.book.Digest = hex.EncodeToString(w.digest.Sum(nil))
	return w.book, ctx.Err()
}

// live runs fn as the life of a process and says whether it came to its end. A
// process that dies takes all calls in hand along; so does a violation, after
// which nothing more is to happen.
func (w *World) live(fn func()) (whole bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				w.note("panic", fmt.Sprint(p))
			}
		}()
		fn()
		whole = true
	}()
	<-done
	return whole
}

// die ends the process where it stands: nothing after it runs.
func (w *World) die() { runtime.Goexit() }

// object ends the run with a violation.
func (w *World) object(oracle, what string, args ...any) {
	w.note(oracle, fmt.Sprintf(what, args...))
	runtime.Goexit()
}

func (w *World) note(oracle, what string) {
	if w.violation == nil {
		w.violation = &Violation{Oracle: oracle, What: what, Step: w.at}
		w.book.Violation = w.violation
		w.say("VIOLATION %s: %s", oracle, what)
	}
}

// say adds a line to the trace.
func (w *World) say(what string, args ...any) {
	line := fmt.Sprintf("%4d %s %*s", w.at, w.wall.Format("02T15:04:05.000"), 2*w.depth, "") + fmt.Sprintf(what, args...)
	w.digest.Write([]byte(line))
	w.digest.Write([]byte{'\n'})
	if w.plan.Trace {
		w.book.Trace = append(w.book.Trace, line)
	}
}

// did counts an operation, wrong a fault, seen anything worth knowing that it
// sometimes happens.
func (w *World) did(what string) {
	w.book.Operations++
	w.seen(what)
}

func (w *World) wrong(what string) {
	w.book.Faults++
	w.seen("fault " + what)
}

func (w *World) seen(what string) { w.book.Sometimes[what]++ }

// Add joins what another run has seen.
func (r *Result) Add(other *Result) {
	if r.Sometimes == nil {
		r.Sometimes = map[string]int64{}
	}
	r.Steps += other.Steps
	r.Operations += other.Operations
	r.Faults += other.Faults
	for what, n := range other.Sometimes {
		r.Sometimes[what] += n
	}
}

// Never lists what a run of some length has to have seen and has not.
func (r *Result) Never() (missing []string) {
	for _, what := range Wanted() {
		if r.Sometimes[what] == 0 {
			missing = append(missing, what)
		}
	}
	sort.Strings(missing)
	return missing
}

// names lists a set in order: nothing here may depend on a map's.
func names[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// The digest of a trace.
type digest = hash.Hash

// epoch is when every world begins.
var epoch = time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC)
