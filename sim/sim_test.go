package sim

import (
	"context"
	"testing"
)

func TestSmoke(t *testing.T) {
	for seed := range uint64(5) {
		r, err := Run(context.Background(), Plan{Seed: seed, Steps: 500, Trace: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(seed, r.Operations, r.Faults, r.Digest[:12], r.Violation)
		if r.Violation != nil {
			for _, l := range r.Trace[max(0, len(r.Trace)-40):] {
				t.Log(l)
			}
			t.FailNow()
		}
	}
}
