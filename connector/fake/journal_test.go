package fake

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

func TestRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books")
	p := open(t, Config{Path: path})
	ctx := context.Background()
	hold := cardRequest(visa, connector.Authorise, money.Of(1000, "EUR"))
	hold.Simulate = map[string]string{"fault": string(CallbackDuplicate)}
	first := p.Authorise(ctx, hold)
	challenge := cardRequest("4200000000000042", connector.Debit, money.Of(1000, "EUR"))
	challenge.Use3DS = true
	waiting := p.Authorise(ctx, challenge)
	again := open(t, Config{Path: path})
	if r := again.Authorise(ctx, hold); r.Reference != first.Reference || r.AuthCode != first.AuthCode || r.SchemeRef != first.SchemeRef {
		t.Errorf("after a restart the repeat says %+v, want %+v", r, first)
	}
	if w := submit(again, waiting, "choice=success"); w.Code != 303 {
		t.Errorf("after a restart the page answers %d", w.Code)
	}
	// the first process sees what the second wrote, callbacks taken too
	if n := len(callbacks(t, again, noon)); n != 4 {
		t.Errorf("%d callbacks, want 4", n)
	}
	if n := len(callbacks(t, p, noon)); n != 0 {
		t.Errorf("%d callbacks are delivered twice", n)
	}
	if r := p.Lookup(ctx, connector.Question{Attempt: challenge.Attempt, Account: shop, At: noon}); r.State != approved || r.ThreeDS.ECI != "05" {
		t.Errorf("the other process says %+v", r)
	}
}

func TestJournalHoldsNoCard(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books")
	p := open(t, Config{Path: path})
	for _, c := range Cards {
		req := cardRequest(c.Number, connector.Debit, money.Of(1000, "EUR"))
		req.Use3DS = true
		p.Authorise(context.Background(), req)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Cards {
		if bytes.Contains(text, []byte(c.Number)) {
			t.Errorf("%s is in the file", c.Number)
		}
	}
	for _, no := range []string{"739", "Nora", testKey.Reveal()} {
		if bytes.Contains(text, []byte(`"`+no)) {
			t.Errorf("%q is in the file", no)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestTornEnd cuts the journal at every byte: what is left is whole changes,
// and the books go on from there.
func TestTornEnd(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "books")
	p := open(t, Config{Path: path})
	ctx := context.Background()
	hold := cardRequest(visa, connector.Authorise, money.Of(1000, "EUR"))
	p.Authorise(ctx, hold)
	op := connector.Operation{Attempt: newID(), Original: hold.Attempt, Account: shop, Amount: money.Of(400, "EUR"), At: noon}
	p.Capture(ctx, op) // one change of two charges
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(whole, []byte("\n")); n != 2 {
		t.Fatalf("%d lines, want one per change", n)
	}
	first := bytes.IndexByte(whole, '\n') + 1
	for size := range len(whole) {
		cut := filepath.Join(dir, "cut")
		if err := os.WriteFile(cut, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		c := open(t, Config{Path: cut})
		want := 0
		if size >= first {
			want = 1
		}
		if list := entries(t, c); len(list) != want {
			t.Fatalf("cut at byte %d: %d entries, want %d", size, len(list), want)
		}
		if want == 1 {
			if r := c.Capture(ctx, op); r.State != approved {
				t.Fatalf("cut at byte %d: the capture is %s", size, r.State)
			}
			if r := open(t, Config{Path: cut}).Lookup(ctx, connector.Question{Attempt: op.Attempt, Account: shop, At: noon}); r.State != approved {
				t.Fatalf("cut at byte %d: after another start it is %s", size, r.State)
			}
		}
	}
}

func TestDamagedJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books")
	p := open(t, Config{Path: path})
	req := cardRequest(visa, connector.Debit, money.Of(1000, "EUR"))
	p.Authorise(context.Background(), req)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"nonsense": "hello\n", "a gap": `[{"n":7}]` + "\n", "a circle": `[{"n":1,"root":1}]` + "\n",
		"an amount": `[{"n":1,"amount":"ten"}]` + "\n", "places": `[{"took":[-1]}]` + "\n", "a call": `[{"call":{"id":1,"n":9}}]` + "\n"} {
		if err := os.WriteFile(path, append(bytes.Clone(whole), text...), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{Path: path, Keys: p.keys}); err == nil {
			t.Errorf("%s is read", name)
		}
		if r := p.Authorise(context.Background(), req); r.State != unsure {
			t.Errorf("%s: with damaged books the answer is %s, want unknown", name, r.State)
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil { // repaired: it goes on by itself
		t.Fatal(err)
	}
	if r := p.Authorise(context.Background(), req); r.State != approved {
		t.Errorf("after the repair it is %s (%s)", r.State, r.Provider)
	}
}

// TestFullDisk: what could not be written has not happened.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books")
	p := open(t, Config{Path: path})
	ro, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	rw := p.books.journal.f
	p.books.journal.f = ro
	req := cardRequest(visa, connector.Debit, money.Of(1000, "EUR"))
	if r := p.Authorise(context.Background(), req); r.State != unsure {
		t.Errorf("without a disk it is %s, want unknown", r.State)
	}
	p.books.journal.f = rw
	if r := p.Lookup(context.Background(), connector.Question{Attempt: req.Attempt, Account: shop, At: noon}); r.State != missing {
		t.Errorf("Lookup says %s, want not_found", r.State)
	}
	if err := ro.Close(); err != nil {
		t.Error(err)
	}
}

// TestProcesses lets processes share the books and be killed while they write:
// every answer that one gave is in the books, and no capture goes too far.
func TestProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books")
	p := open(t, Config{Path: path})
	ctx := context.Background()
	hold := cardRequest(visa, connector.Authorise, money.Of(1_000_000, "EUR"))
	p.Authorise(ctx, hold)
	var mu sync.Mutex
	answered := map[string]string{}
	for round := range 4 {
		var running sync.WaitGroup
		for worker := range 3 {
			cmd := exec.Command(os.Args[0], "-test.run=^TestWorker$")
			cmd.Env = append(os.Environ(), "FAKE_BOOKS="+path, "FAKE_HOLD="+string(hold.Attempt), fmt.Sprintf("FAKE_WORKER=%d", round*3+worker))
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			running.Go(func() {
				in := bufio.NewScanner(out)
				for n := 0; in.Scan(); n++ {
					if id, state, ok := strings.Cut(in.Text(), " "); ok {
						mu.Lock()
						answered[id] = state
						mu.Unlock()
					}
					if n == 150 {
						if err := cmd.Process.Kill(); err != nil {
							t.Error(err)
						}
					}
				}
				if err := cmd.Wait(); err == nil {
					t.Error("a worker ended by itself")
				}
			})
		}
		running.Wait()
	}
	booked, sum := map[string]string{}, int64(0)
	for _, e := range entries(t, p) {
		booked[string(e.Attempt)] = string(e.State)
		if e.Kind == connector.Capture && e.State == approved {
			sum += e.Money.Minor
		}
	}
	for id, state := range answered {
		if booked[id] != state {
			t.Errorf("%s was answered with %s, the books say %q", id, state, booked[id])
		}
	}
	t.Logf("%d answers of 12 killed processes, %d entries, %d captured", len(answered), len(booked), sum)
	if len(answered) < 12*100 || sum == 0 || sum > 1_000_000 {
		t.Errorf("%d answers, %d captured", len(answered), sum)
	}
	sound(t, p)
}

// TestWorker is a process of TestProcesses.
func TestWorker(t *testing.T) {
	path := os.Getenv("FAKE_BOOKS")
	if path == "" {
		t.Skip("it is a part of TestProcesses")
	}
	worker, err := strconv.Atoi(os.Getenv("FAKE_WORKER"))
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, Config{Path: path})
	for n := range 100_000 {
		op := connector.Operation{Attempt: ident.ID(fmt.Sprintf("%016x%02x%06x", noon.Unix(), worker, n)), Account: shop,
			Original: ident.ID(os.Getenv("FAKE_HOLD")), Amount: money.Of(700, "EUR"), At: noon}
		r := p.Capture(context.Background(), op)
		fmt.Printf("%s %s\n", op.Attempt, r.State)
	}
}
