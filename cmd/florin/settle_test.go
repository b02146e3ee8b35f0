package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSettle takes in a bank statement twice, names what nothing explains, and
// refuses what cannot be read.
func TestSettle(t *testing.T) {
	dir := t.TempDir()
	if r := florin(t, dir, "key", "market", "Lind Media", "Fair"); r.code != 0 {
		t.Fatalf("got %+v", r)
	}
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("statement.csv", "date,amount,currency,reference\n2026-01-05,12.50,AUD,a gift\n")
	for _, want := range []string{"1 new lines", "0 new lines"} {
		if r := florin(t, dir, "settle", "import", "Lind Media", good); r.code != 0 || !strings.Contains(r.out, want) {
			t.Errorf("got %+v, want %q", r, want)
		}
	}
	if r := florin(t, dir, "settle", "import", "Lind Media", file("bad.csv", "date,amount\n")); r.code == 0 || !strings.Contains(r.err, "line 1") {
		t.Errorf("got %+v", r)
	}
	if r := florin(t, dir, "settle", "differences", "Lind Media", "--from", "2026-01-01", "--to", "2026-01-31"); r.code != 1 || !strings.Contains(r.out, "unknown_receipt") || !strings.Contains(r.out, "theirs 12.50 AUD") {
		t.Errorf("got %+v", r)
	}
	if r := florin(t, dir, "settle", "differences", "Lind Media", "--from", "2026-02-01", "--to", "2026-02-28"); r.code != 0 || !strings.Contains(r.out, "0 unexplained") {
		t.Errorf("got %+v", r)
	}
	out := filepath.Join(dir, "payouts.aba")
	if r := florin(t, dir, "settle", "file", "Lind Media", out, "--bank", "CBA", "--name", "Florin", "--user-id", "301500", "--bsb", "062000", "--account", "12345678"); r.code == 0 {
		t.Errorf("a file of no payouts: got %+v", r)
	}
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Errorf("an empty file is left: %v", err)
	}
}
