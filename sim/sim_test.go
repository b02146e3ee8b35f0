package sim

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func play(t *testing.T, p Plan) *Result {
	t.Helper()
	r, err := Run(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A few seeds in every run of the tests; FLORIN_SIM_SEEDS for more.
func TestSeeds(t *testing.T) {
	seeds := uint64(6)
	if n, err := strconv.ParseUint(os.Getenv("FLORIN_SIM_SEEDS"), 10, 64); err == nil {
		seeds = n
	}
	if testing.Short() {
		seeds = 2
	}
	all := &Result{}
	for seed := range seeds {
		p := Plan{Seed: seed, Steps: 400}
		r := play(t, p)
		all.Add(r)
		if r.Violation == nil {
			continue
		}
		short, again, err := Shrink(context.Background(), p, r.Violation, 100)
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("seed %d: %v\nonly %v, calm %v:\n%s", seed, r.Violation, short.Only, short.Calm, strings.Join(again.Trace, "\n"))
	}
	if all.Operations < int64(seeds)*400 || all.Faults < all.Operations/10 {
		t.Errorf("%d operations with %d faults in %d seeds are too few to show anything", all.Operations, all.Faults, seeds)
	}
	if never := all.Never(); seeds >= 40 && len(never) > 0 {
		t.Errorf("never happened: %v", never)
	} else if len(never) > len(Wanted())/4 {
		t.Errorf("most of this never happened: %v", never)
	}
	t.Logf("%d operations, %d faults", all.Operations, all.Faults)
}

// The same seed twice is the same trace, byte for byte; another seed, or another
// set of steps, is another.
func TestARunRepeats(t *testing.T) {
	for _, seed := range []uint64{3, 7} { // every eighth runs each transaction twice
		p := Plan{Seed: seed, Steps: 120, Trace: true}
		one, two := play(t, p), play(t, p)
		if len(one.Trace) < 120 {
			t.Errorf("seed %d: %d lines of a trace are too few to compare", seed, len(one.Trace))
		}
		if !slices.Equal(one.Trace, two.Trace) || one.Digest != two.Digest || one.Operations != two.Operations {
			for i := range min(len(one.Trace), len(two.Trace)) {
				if one.Trace[i] != two.Trace[i] {
					t.Fatalf("seed %d, line %d:\n%s\n%s", seed, i, one.Trace[i], two.Trace[i])
				}
			}
			t.Errorf("seed %d: %d lines and %d, %s and %s", seed, len(one.Trace), len(two.Trace), one.Digest, two.Digest)
		}
		p.Trace = false
		if silent := play(t, p); silent.Digest != one.Digest {
			t.Errorf("seed %d: another run without keeping its trace", seed)
		}
		p.Seed++
		if other := play(t, p); other.Digest == one.Digest {
			t.Errorf("seeds %d and %d are the same", seed, p.Seed)
		}
	}
}

// Leaving steps out leaves the luck of the others alone, and a step without bad
// luck has none.
func TestStepsStandAlone(t *testing.T) {
	whole := play(t, Plan{Seed: 5, Steps: 40, Trace: true})
	first := whole.Trace[slices.IndexFunc(whole.Trace, func(l string) bool { return strings.Contains(l, "asks:") })]
	_, wish, _ := strings.Cut(first, "asks: ")
	step, err := strconv.Atoi(strings.Fields(first)[0])
	if err != nil {
		t.Fatal(err)
	}
	alone := play(t, Plan{Seed: 5, Only: []int{step}, Trace: true})
	if !strings.Contains(strings.Join(alone.Trace, "\n"), wish[:20]) {
		t.Errorf("step %d alone does not ask %q:\n%s", step, wish, strings.Join(alone.Trace, "\n"))
	}
	var all []int
	for n := range 200 {
		all = append(all, n)
	}
	calm := play(t, Plan{Seed: 5, Only: all, Calm: all})
	if calm.Faults != 0 || calm.Operations < 200 || calm.Violation != nil {
		t.Errorf("200 calm steps: %d operations, %d faults, %v", calm.Operations, calm.Faults, calm.Violation)
	}
}

// A process that dies takes what it has in hand along, and nothing that was
// committed.
func TestADeadProcess(t *testing.T) {
	w, err := newWorld(context.Background(), Plan{Seed: 1, Trace: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.db.Close()
	reached := false
	for dies, sales := 1, 0; dies <= 5; dies++ {
		w.luck.step(1, dies)
		w.quiet, w.dieIn = false, dies
		whole := w.live(func() {
			x := &wish{house: w.houses[0], kind: "debit", method: "card", brand: "VISA", card: goodCard, currency: currencies[0], minor: 100}
			w.ask(x)
			reached = true
		})
		if whole != reached || dies == 1 && whole {
			t.Errorf("dying at the %d. boundary: whole %v, reached the end %v", dies, whole, reached)
		}
		w.live(w.reboot)
		w.live(func() {
			if n := len(w.all(w.houses[0])); n < sales || n > sales+1 || dies == 1 && n != 0 || dies == 2 && n != 1 {
				t.Errorf("after dying at the %d. boundary there are %d payments, before there were %d", dies, n, sales)
			} else {
				sales = n
			}
		})
		if w.violation != nil {
			t.Fatal(w.violation)
		}
		reached = false
	}
}

// The oracle objects to rows that cannot be: a check that cannot fail is none.
func TestGraphs(t *testing.T) {
	for _, tt := range []struct {
		graph    map[string]map[string]bool
		from, to string
		want     bool
	}{
		{paymentEdges, "processing", "voided", true}, {paymentEdges, "expired", "captured", false}, {paymentEdges, "review", "captured", false},
		{paymentEdges, "failed", "captured", false}, {paymentEdges, "failed", "review", true}, {paymentEdges, "captured", "captured", true},
		{attemptEdges, "approved", "refused", false}, {attemptEdges, "refused", "approved", false}, {attemptEdges, "sent", "late_success", true},
	} {
		if got := reaches(tt.graph, tt.from, tt.to); got != tt.want {
			t.Errorf("%s to %s: got %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
}
