package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBank takes files in from a folder: good ones once, malformed ones aside
// with the line and the reason, nothing booked from them; and lays files in one.
func TestBank(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	for _, folder := range []string{in, out} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	run := func(code int, want string, args ...string) {
		t.Helper()
		args = append(args, "--environment", "live")
		if r := florin(t, dir, args...); r.code != code || !strings.Contains(r.out+r.err, want) {
			t.Errorf("%q: got %+v, want status %d and %q", args, r, code, want)
		}
	}
	if r := florin(t, dir, "key", "make", "Lind Media", "--merchant", "90417722", "--entity", "LM000117", "--environment", "live"); r.code != 0 {
		t.Fatalf("got %+v", r)
	}
	run(1, "florin bank add", "bank", "out", "Lind Media", out)
	run(1, "8 digits", "bank", "add", "Lind Media", "LM000117", "--bank", "nets", "--customer", "1", "--account", "15039123451", "--agreement", "000000000")
	run(0, "creditor 00912345", "bank", "add", "Lind Media", "LM000117", "--bank", "nets", "--customer", "00912345", "--account", "15039123451", "--agreement", "000000000")
	run(0, "0 files laid", "bank", "out", "Lind Media", out)

	text, err := os.ReadFile("../../connector/nets/testdata/answers.txt")
	if err != nil {
		t.Fatal(err)
	}
	good := string(text)
	bring := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(in, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bring("1-short", good[:len(good)-20])
	bring("2-sum", strings.Replace(good, "00000000000034900", "00000000000034901", 1))
	bring("3-unknown", strings.Replace(good, "NY09153", "NY09157", 1))
	bring("4-latin", strings.Replace(good, "NY091530", "NY09\xe5530", 1))
	bring("5-good.txt", strings.ReplaceAll(good, "\n", "\r\n"))
	bring("still.part", "half")
	r := florin(t, dir, "bank", "in", "Lind Media", in, "--environment", "live")
	if r.code != 1 {
		t.Errorf("got %+v", r)
	}
	for _, want := range []string{"1 of 5: 1-short: put aside, line", "columns", "2-sum: put aside, line", "the sum is said to be", "3-unknown: put aside, line", "has no place",
		"4-latin: put aside, line", "not all digits", "5 of 5: 5-good.txt: 6 entries", "is nobody's", "5 files, 4 put aside"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("got %s, want %q", r.out, want)
		}
	}
	for _, name := range []string{"quarantined/1-short", "quarantined/2-sum", "quarantined/3-unknown", "quarantined/4-latin", "read/5-good.txt", "still.part"} {
		if _, err := os.Stat(filepath.Join(in, name)); err != nil {
			t.Error(err)
		}
	}
	bring("again.txt", strings.ReplaceAll(good, "\n", "\r\n"))
	run(0, "was taken before, nothing is booked", "bank", "in", "Lind Media", in)
	run(0, "quarantined", "bank", "list", "Lind Media")
	if r := florin(t, dir, "verify"); r.code != 0 {
		t.Errorf("got %+v", r)
	}
}

// A file is laid whole, once, and never over another.
func TestLayFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nets-1.txt")
	for range 2 {
		if err := layFile(path, []byte("NY000010")); err != nil {
			t.Error(err)
		}
	}
	if err := layFile(path, []byte("NY000089")); err == nil || !strings.Contains(err.Error(), "another file") {
		t.Errorf("over another: got %v", err)
	}
	list, err := os.ReadDir(filepath.Dir(path))
	if text, readErr := os.ReadFile(path); err != nil || readErr != nil || string(text) != "NY000010" || len(list) != 1 {
		t.Errorf("got %q among %d files (%v %v)", text, len(list), err, readErr)
	}
}
