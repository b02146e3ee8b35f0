package main

import (
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestMeasure takes the figures of docs/measurements.md about size, start and
// memory. make measure runs it; otherwise it only sees that they are sane.
func TestMeasure(t *testing.T) {
	times := 1
	if text := os.Getenv("FLORIN_MEASURE"); text != "" {
		var err error
		if times, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	var starts, again []time.Duration
	var memory []float64
	for range times {
		dir := t.TempDir()
		p, took := started(t, dir)
		starts = append(starts, took)
		time.Sleep(2 * time.Second)
		memory = append(memory, resident(t, p.cmd.Process.Pid))
		p.stop()
		p, took = started(t, dir)
		again = append(again, took)
		p.stop()
	}
	for _, list := range [][]time.Duration{starts, again} {
		slices.Sort(list)
	}
	slices.Sort(memory)
	t.Logf("%d processors; binary %.1f MB", runtime.NumCPU(), float64(info.Size())/1e6)
	t.Logf("start to first answer, empty folder: median %v of %d (%v to %v)", starts[times/2].Round(time.Millisecond), times, starts[0].Round(time.Millisecond), starts[times-1].Round(time.Millisecond))
	t.Logf("start to first answer, again: median %v of %d (%v to %v)", again[times/2].Round(time.Millisecond), times, again[0].Round(time.Millisecond), again[times-1].Round(time.Millisecond))
	t.Logf("resident two seconds later: median %.1f MB of %d (%.1f to %.1f)", memory[times/2], times, memory[0], memory[times-1])
	if info.Size() > 40e6 || memory[times-1] > 100 {
		t.Errorf("too large: binary %d bytes, memory %.1f MB", info.Size(), memory[times-1])
	}
}

// started starts florin serve and asks every 2 ms until it answers.
func started(t *testing.T, dir string) (*process, time.Duration) {
	t.Helper()
	address := unused(t)
	began := time.Now()
	p := start(t, dir, "serve", "--listen", address)
	for {
		res, err := http.Get("http://" + address + "/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return p, time.Since(began)
			}
		}
		if time.Since(began) > patience {
			t.Fatalf("no answer\n%s", p.err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// resident is a process's memory in MB.
func resident(t *testing.T, pid int) float64 {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(b)
	if found == nil {
		t.Fatalf("no VmRSS in %s", b)
	}
	kb, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb * 1024 / 1e6
}
