package sim

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestDebug(t *testing.T) {
	seed, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	if err != nil {
		t.Skip()
	}
	r, err := Run(context.Background(), Plan{Seed: seed, Steps: 500, Trace: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range r.Trace {
		if strings.Contains(l, os.Getenv("GREP")) {
			t.Log(l)
		}
	}
}
