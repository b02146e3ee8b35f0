package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/florinpay/florin/bench"
	"github.com/florinpay/florin/store/storetest"
)

// TestBench: what is made beforehand, what is asked for and what verify counts
// add up. How fast it was is of no concern here.
func TestBench(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			dir, database := t.TempDir(), storetest.Database(t, engine)
			r := florin(t, dir, "bench", "debit", "inquiry", "reference", "mixed", "--database", database, "--preload", "300", "--merchants", "3",
				"--connections", "4", "--duration", "1s", "--warm-up", "100ms", "--json")
			if r.code != 0 {
				t.Fatalf("%+v", r)
			}
			lines := strings.Split(strings.TrimSpace(r.out), "\n")
			var debits int64
			for n, want := range []string{"debit", "inquiry", "reference", "mixed"} {
				var line benched
				if err := json.Unmarshal([]byte(lines[n]), &line); err != nil {
					t.Fatalf("%v\n%s", err, r.out)
				}
				if line.Scenario != want || line.Requests == 0 || line.Errors != 0 || line.Merchants != 3 || line.RSS == 0 {
					t.Errorf("%+v, want requests of %s without errors", line, want)
				}
				if want == "debit" {
					debits = line.Requests
				}
			}
			var end closing
			if err := json.Unmarshal([]byte(lines[4]), &end); err != nil || len(lines) != 5 {
				t.Fatalf("%v\n%s", err, r.out)
			}
			v := end.Verify
			if end.Preload == nil || end.Preload.Payments != 300 || end.Preload.SandboxBytes < 300*50 || v.Payments < 300+debits || v.Transfers < v.Payments || v.Postings < 2*v.Transfers {
				t.Errorf("%s: the numbers do not add up: %d debits, %+v", lines[4], debits, end)
			}
			if end.Added.Database <= 0 || end.Added.Sandbox <= 0 || end.BytesPerPayment != float64(end.Added.Database)/float64(v.Payments) {
				t.Errorf("sizes: %+v", end)
			}
			if engine == "postgres" && end.Added.Log <= end.Added.Database/2 {
				t.Errorf("PostgreSQL has written %d bytes of log for %d of database", end.Added.Log, end.Added.Database)
			}
			if engine == "sqlite" {
				if n := count(t, database, countPayments); int64(n) != v.Payments {
					t.Errorf("verify counts %d payments, there are %d", v.Payments, n)
				}
			}
			if left, err := filepath.Glob(filepath.Join(dir, "florin-bench-*")); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// TestCompare runs the whole of it for a moment.
func TestCompare(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.md")
	if err := os.WriteFile(file, []byte("before\n<!-- bench:begin -->\n<!-- bench:end -->\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, dir, "bench", "compare", "--postgres", storetest.Database(t, "postgres"), "--rounds", "1", "--duration", "200ms", "--warm-up", "50ms",
		"--scale", "1", "--write", file)
	<-p.ended // it may take longer than anything else here
	r := result{p.wait(), p.out.String(), p.err.String()}
	if r.code != 0 {
		t.Fatalf("%+v", r)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	if !strings.HasPrefix(text, "before\n<!-- bench:begin -->\n") || !strings.HasSuffix(text, "\n<!-- bench:end -->\nafter\n") || !strings.Contains(text, strings.TrimSpace(r.out)) {
		t.Errorf("the report is not in its place: %s", text)
	}
	for _, want := range []string{"| S1 |", "| S2 |", "| S3 |", "| S4 |", "| S5 |", "| S6 |", "| S8 |", "| S9 |", "| S10 |", "| S11 |", "| pgbench TPC-B | 64 |",
		"| payment as SQL by hand on PostgreSQL | 8 |", "| payment as SQL by hand on SQLite | 1 |", "| debit, one merchant, SQLite | 256 |", "| echo | 16 |", "verified in"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "florin-bench-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if r := florin(t, dir, "bench", "compare", "--postgres", "postgres://nora:geheim@127.0.0.1:1/none"); r.code != failed || strings.Contains(r.out+r.err, "geheim") {
		t.Errorf("no cluster: %+v", r)
	}
	if err := bench.Rewrite(filepath.Join(dir, "none.md"), "bench", ""); err == nil {
		t.Error("a file that is not there was rewritten")
	}
}

func TestGrowth(t *testing.T) {
	dir := t.TempDir()
	r := florin(t, dir, "bench", "growth", "--postgres", storetest.Database(t, "postgres"), "--postgres-sizes", "400", "--sqlite-sizes", "400,800",
		"--rounds", "1", "--duration", "20ms")
	if r.code != 0 || !strings.Contains(r.out, "| PostgreSQL, payments stored | 400 |\n") || !strings.Contains(r.out, "| SQLite, payments stored | 400 | 800 |\n") {
		t.Errorf("%+v", r)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if r := florin(t, dir, "bench", "--url", "127.0.0.1:1", "--preload", "5"); r.code != failed || !strings.Contains(r.err, "--preload") {
		t.Errorf("preload over HTTP: %+v", r)
	}
}
