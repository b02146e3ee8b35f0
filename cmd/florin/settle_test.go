package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
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
	list := florin(t, dir, "review")
	line := regexp.MustCompile(`Lind Media +test +([0-9a-f]{32}) +bank 12\.50 AUD +- +2026-01-05 +nothing explains it: "a gift"`).FindStringSubmatch(list.out)
	if list.code != 0 || line == nil {
		t.Fatalf("got %+v", list)
	}
	refused(t, florin(t, dir, "review", "accept", line[1], "--reason", "card 4200000000000000"), failed, "must not hold a card number")
	refused(t, florin(t, dir, "review", "accept", line[1], "--reason", "of Nora", "--for", "1000000018"), failed, "not_found.invoice")
	for _, step := range [][2]string{{"accept", "accepted: the line of 2026-01-05 over 12.50 AUD\n"}, {"accept", "was accepted before; nothing changed: the line"}, {"return", "it was decided otherwise before"}} {
		if r := florin(t, dir, "review", step[0], line[1], "--reason", "a birthday"); !strings.Contains(r.out+r.err, step[1]) {
			t.Errorf("%s: got %+v", step[0], r)
		}
	}
	refused(t, florin(t, dir, "review", "return", strings.Repeat("f", 32), "--reason", "x"), failed, "no line of a statement")
	if r := florin(t, dir, "review"); r.code != 0 || strings.Count(r.out, "\n") != 1 {
		t.Errorf("something waits still: %+v", r)
	}
	if r := florin(t, dir, "settle", "differences", "Lind Media", "--from", "2026-02-01", "--to", "2026-02-28"); r.code != 0 || !strings.Contains(r.out, "0 unexplained") {
		t.Errorf("got %+v", r)
	}
	out := file("payouts.aba.part", "what a run left that was cut off before anything was marked")
	out = strings.TrimSuffix(out, ".part")
	if r := florin(t, dir, "settle", "file", "Lind Media", out, "--bank", "CBA", "--name", "Florin", "--user-id", "301500", "--bsb", "062000", "--account", "12345678"); r.code == 0 {
		t.Errorf("a file of no payouts: got %+v", r)
	}
	for _, path := range []string{out, out + ".part"} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", path, err)
		}
	}
}

// A file is on disk, whole, before anything is marked, and has its name only
// afterwards, so that a crash loses none and leaves none that could be sent.
func TestFilesAreLaidBeforeTheyAreMarked(t *testing.T) {
	out := filepath.Join(t.TempDir(), "payouts.aba")
	has := func(path, want string) {
		t.Helper()
		text, err := os.ReadFile(path)
		if want == "" && !os.IsNotExist(err) || want != "" && string(text) != want {
			t.Errorf("%s: got %q (%v), want %q", filepath.Base(path), text, err, want)
		}
	}
	for _, tt := range []struct {
		fault error
		left  string // under the name that nobody sends
	}{{fault.New("conflict.payout", "it was cancelled"), ""}, {errors.New("the connection is gone"), "0 payouts\r\n"}} {
		err := layMarked(out, []byte("0 payouts\r\n"), func() error {
			has(out, "")
			has(out+".part", "0 payouts\r\n")
			return tt.fault
		})
		if !errors.Is(err, tt.fault) {
			t.Errorf("got %v", err)
		}
		has(out, "")
		has(out+".part", tt.left)
	}
	if err := os.Remove(out + ".part"); err != nil {
		t.Fatal(err)
	}
	marked := false
	if err := layMarked(out, []byte("1 payout\r\n"), func() error { marked = true; return nil }); err != nil || !marked {
		t.Errorf("marked %t, %v", marked, err)
	}
	has(out, "1 payout\r\n")
	has(out+".part", "")
}
