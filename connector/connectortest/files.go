package connectortest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
)

// Files are a bank's files of one format: F is one that was taken apart.
type Files[F any] struct {
	Parse  func(text []byte) (F, error)
	Format func(F) ([]byte, error)
	Show   func(F) string // all that the format has a place for
	// Loses says that Format may refuse what Parse has taken.
	Loses bool
}

// Text writes a file.
func (x Files[F]) Text(t *testing.T, f F) string {
	t.Helper()
	text, err := x.Format(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// LookLike writes files as those of the same names in testdata, and reads them
// back, with either line end and without the last one.
func (x Files[F]) LookLike(t *testing.T, files map[string]F) {
	t.Helper()
	for name, f := range files {
		want, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Text(t, f); got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
		for end, body := range map[string]string{"LF": string(want), "CRLF": strings.ReplaceAll(string(want), "\n", "\r\n"), "no last end": strings.TrimSuffix(string(want), "\n")} {
			got, err := x.Parse([]byte(body))
			if err != nil || x.Show(got) != x.Show(f) {
				t.Errorf("%s, %s: got\n%s (%v)\nwant\n%s", name, end, x.Show(got), err, x.Show(f))
			}
		}
	}
}

// Broken is a file that must be refused, where, and in which words: text, place
// and reason.
type Broken [3]string

// Refuse has each broken file refused with its place and the reason, and
// nothing given back of it.
func (x Files[F]) Refuse(t *testing.T, files map[string]Broken) {
	t.Helper()
	var none F
	for name, c := range files {
		text, place, reason := c[0], c[1], c[2]
		got, err := x.Parse([]byte(text))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != "invalid.bank_file" || f.Param != place || !strings.Contains(f.Msg, reason) {
			t.Errorf("%s: got %v, want %s: %s", name, err, place, reason)
		}
		if x.Show(got) != x.Show(none) {
			t.Errorf("%s: got %s beside a fault", name, x.Show(got))
		}
	}
}

// HoldNot has what no file could hold refused when it is written, param by
// param: of the files of a name, one at least, and only for that reason.
func (x Files[F]) HoldNot(t *testing.T, cases map[string][]F) {
	t.Helper()
	for name, files := range cases {
		found := false
		for _, f := range files {
			_, err := x.Format(f)
			var bad *fault.Error
			if errors.As(err, &bad) && bad.Code == "invalid.bank_file" && bad.Param == name {
				found = true
			} else if err != nil {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if !found {
			t.Errorf("%s: nothing was refused", name)
		}
	}
}

// Fuzz: whatever is taken can be written again and means the same; what is
// refused is refused with a place.
func (x Files[F]) Fuzz(f *testing.F, seeds ...F) {
	for _, file := range seeds {
		b, err := x.Format(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := x.Parse(body)
		if err != nil {
			var bad *fault.Error
			if !errors.As(err, &bad) || bad.Code != "invalid.bank_file" || bad.Param == "" {
				t.Errorf("got %v", err)
			}
			return
		}
		again, err := x.Format(got)
		if err != nil {
			if !x.Loses || !fault.Is(err, "invalid.bank_file") {
				t.Fatalf("%s: %v", x.Show(got), err)
			}
			return
		}
		back, err := x.Parse(again)
		if err != nil || x.Show(back) != x.Show(got) {
			t.Errorf("got %s (%v), want %s", x.Show(back), err, x.Show(got))
		}
	})
}

// Swap changes one place of a file's text, which has to be there.
func Swap(t *testing.T, body, from, to string) string {
	t.Helper()
	if !strings.Contains(body, from) {
		t.Fatalf("%q is not in the file", from)
	}
	return strings.Replace(body, from, to, 1)
}

// Drop leaves a line out of a file's text, counted from 1.
func Drop(body string, n int) string {
	lines := strings.SplitAfter(body, "\n")
	return strings.Join(append(lines[:n-1:n-1], lines[n:]...), "")
}
