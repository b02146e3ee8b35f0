package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// A plant is a mistake that platforms have made, as a change of florin's
// sources that is only ever built in a test.
type plant struct {
	name    string
	oracles []string          // the rules that may find it
	files   map[string]string // changed sources, by path from the root
}

func plants(t *testing.T) (list []plant) {
	t.Helper()
	paths, err := filepath.Glob("planted/*.txtar")
	if err != nil || len(paths) < 12 {
		t.Fatalf("%d plants (%v), want 12 and more", len(paths), err)
	}
	for _, path := range paths {
		list = append(list, read(t, path))
	}
	return list
}

// read applies a plant: each text that it changes stands in the source once.
func read(t *testing.T, path string) plant {
	t.Helper()
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p := plant{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), files: map[string]string{}}
	if len(strings.Fields(string(a.Comment))) < 8 {
		t.Errorf("%s does not say what was done wrong, and where that happened", p.name)
	}
	var before string
	for _, f := range a.Files {
		name, side, _ := strings.Cut(f.Name, " ")
		switch side {
		case "":
			p.oracles = strings.Split(strings.TrimSpace(string(f.Data)), ", ")
		case "before":
			before = string(f.Data)
		case "after":
			if p.files[name] == "" {
				text, err := os.ReadFile(filepath.Join("..", name))
				if err != nil {
					t.Fatal(err)
				}
				p.files[name] = string(text)
			}
			if n := strings.Count(p.files[name], before); n != 1 || before == "" {
				t.Errorf("%s: what it changes in %s stands there %d times, want once", p.name, name, n)
			}
			p.files[name] = strings.Replace(p.files[name], before, string(f.Data), 1)
		}
	}
	if len(p.oracles) == 0 || len(p.files) == 0 {
		t.Errorf("%s changes nothing, or names no oracle", p.name)
	}
	return p
}

// Every plant still fits the sources.
func TestPlantsApply(t *testing.T) { plants(t) }

// quick are the plants that every run of the tests looks for.
var quick = []string{"03-unknown-is-failed", "09-key-outside", "12-sent-too-early"}

// The simulator finds what is planted, by the rule that is meant to find it.
// FLORIN_PLANTED=all looks for all of them.
func TestPlanted(t *testing.T) {
	if testing.Short() || os.Getenv(hunting) != "" {
		t.Skip("builds the core anew for each plant")
	}
	for _, p := range plants(t) {
		if os.Getenv("FLORIN_PLANTED") != "all" && !slices.Contains(quick, p.name) {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			got := p.hunt(t)
			if !slices.Contains(p.oracles, got.Oracle) {
				t.Errorf("found by %q in seed %d (%s), want one of %v", got.Oracle, got.Seed, got.What, p.oracles)
			}
			t.Logf("found in seed %d after %d operations and %.1f CPU seconds by %q; the short trace has %d steps: %s", got.Seed, got.Operations, got.Seconds,
				got.Oracle, got.Short, got.What)
		})
	}
}

// hunting is set in the process that hunts, to where it writes its find.
const hunting = "FLORIN_HUNT"

type find struct {
	Seed       uint64
	Oracle     string
	What       string
	Operations int64
	Seconds    float64
	Short      int
}

// hunt builds this package's test over the changed sources and runs seeds in it.
func (p plant) hunt(t *testing.T) (got find) {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{}
	for name, text := range p.files {
		path := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, name)] = path
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", filepath.Join(dir, "overlay.json"), "-count=1", "-run", "^TestHunt$", ".")
	cmd.Env = append(os.Environ(), hunting+"="+filepath.Join(dir, "found.json"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "found.json"))
	if err != nil {
		t.Fatal("nothing was found")
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// budget is how many seeds a hunt takes at most. Time to find counts from the
// first.
const budget = 200

// TestHunt is the process of a hunt.
func TestHunt(t *testing.T) {
	path := os.Getenv(hunting)
	if path == "" {
		t.Skip("run by TestPlanted")
	}
	began := used(t)
	var done int64
	for seed := range uint64(budget) {
		plan := Plan{Seed: seed, Steps: 400}
		r, err := Run(context.Background(), plan)
		if err != nil {
			t.Fatal(err)
		}
		done += r.Operations
		if r.Violation == nil {
			continue
		}
		f := find{Seed: seed, Oracle: r.Violation.Oracle, What: r.Violation.What, Operations: done, Seconds: (used(t) - began).Seconds()}
		short, _, err := Shrink(context.Background(), plan, r.Violation, 150)
		if err != nil {
			t.Fatal(err)
		}
		f.Short = len(short.Only)
		text, err := json.Marshal(f)
		if err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Log(fmt.Sprint("nothing in ", budget, " seeds"))
}

// used is this process's CPU time.
func used(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
