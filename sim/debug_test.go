package sim

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// go test -run Debug with FROM, SEEDS, STEPS, GREP.
func TestDebug(t *testing.T) {
	num := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
		return otherwise
	}
	if os.Getenv("FROM") == "" {
		t.Skip()
	}
	total := &Result{}
	for seed := num("FROM", 0); seed < num("FROM", 0)+num("SEEDS", 1); seed++ {
		r, err := Run(context.Background(), Plan{Seed: uint64(seed), Steps: num("STEPS", 500), Trace: os.Getenv("GREP") != ""})
		if err != nil {
			t.Fatal(err)
		}
		total.Add(r)
		if r.Violation != nil {
			fmt.Println("seed", seed, r.Violation)
		}
		re := regexp.MustCompile(os.Getenv("GREP"))
		for _, l := range r.Trace {
			if re.MatchString(l) {
				fmt.Println(l)
			}
		}
	}
	fmt.Println(total.Operations, total.Faults)
	if os.Getenv("SOME") != "" {
		for _, k := range names(total.Sometimes) {
			fmt.Println(total.Sometimes[k], k)
		}
	}
}

func (w *World) dump(s *sale) {
	for _, id := range s.attempts {
		a := s.states[id]
		w.say("dump %s %s %s %v orig %s ref %s code %s", a.ID, a.Kind, a.State, a.Amount, a.Original, a.ProviderRef, a.Code)
	}
}
