package column

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// line is a record of 80 columns that begins with text.
func line(text string) string { return text + strings.Repeat("0", Width-len(text)) }

func TestSplit(t *testing.T) {
	good := line("NY") + "\r\n" + line("Br\xe5ten") + "\n\n  \r\n"
	list, err := Split([]byte(good))
	if err != nil || len(list) != 2 || list[1].Text(1, 6) != "Bråten" || list[1].Line != 2 || !list[0].Is(1, "NY") {
		t.Fatalf("got %d records (%v)", len(list), err)
	}
	for name, c := range map[string]struct{ body, place, reason string }{
		"nothing":          {"", "file", "empty"},
		"blank lines":      {"\n\r\n  ", "file", "empty"},
		"a short line":     {line("a") + "\n" + line("b")[:79] + "\n", "line 2", "79 columns"},
		"a long line":      {line("a") + "0\n", "line 1", "81 columns"},
		"UTF-8":            {line("Bråten")[:80] + "0\n", "line 1", "seems to be UTF-8"},
		"a blank among":    {line("a") + "\n\n" + line("b"), "line 2", "blank"},
		"a tab":            {strings.Replace(line("a"), "0", "\t", 1), "line 1", "control character in column 2"},
		"a lone CR":        {line("a") + "\r" + line("b"), "line 1", "control character in column 81"},
		"a C1 control":     {strings.Replace(line("a"), "0", "\x85", 1), "line 1", "control character in column 2"},
		"a NUL":            {strings.Replace(line("a"), "0", "\x00", 1), "line 1", "control character"},
		"more than enough": {strings.Repeat(line("a")+"\n", MaxBytes/81+1), "file", "longer than"},
	} {
		list, err := Split([]byte(c.body))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != "invalid.bank_file" || f.Param != c.place || !strings.Contains(f.Msg, c.reason) || list != nil {
			t.Errorf("%s: got %v, want %s: %s", name, err, c.place, c.reason)
		}
	}
}

func TestFields(t *testing.T) {
	body := line("0042x 311226000000999999999999999999     ")
	read := func(f func(r *Record)) string {
		list, err := Split([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		f(list[0])
		if err := list[0].Err(); err != nil {
			return err.(*fault.Error).Msg
		}
		return ""
	}
	for name, c := range map[string]struct {
		f    func(r *Record)
		want string
	}{
		"digits stay":   {func(r *Record) { check(t, r.Digits(1, 4, "n"), "0042") }, ""},
		"a number":      {func(r *Record) { check(t, r.Number(1, 4, "n"), int64(42)) }, ""},
		"no digits":     {func(r *Record) { check(t, r.Number(4, 5, "the count"), int64(0)) }, "the count (columns 4 to 5) is not all digits"},
		"blank digits":  {func(r *Record) { r.Number(5, 6, "the count") }, "the count (columns 5 to 6) is not all digits"},
		"a day":         {func(r *Record) { check(t, r.Day(7, 12, "020106", "d"), time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)) }, ""},
		"no day":        {func(r *Record) { check(t, r.Date(13, 18, "020106", "d"), time.Time{}) }, ""},
		"a day needed":  {func(r *Record) { r.Day(13, 18, "020106", "the day") }, "the day (columns 13 to 18) is missing"},
		"a wrong day":   {func(r *Record) { r.Date(19, 24, "020106", "the day") }, "the day (columns 19 to 24) is no date"},
		"too much":      {func(r *Record) { check(t, r.Amount(19, 36, "NOK", "the sum"), money.Amount{}) }, "the sum (columns 19 to 36) is too large"},
		"first reason":  {func(r *Record) { r.Wrong("first"); r.Wrong("second") }, "first"},
		"a text":        {func(r *Record) { check(t, r.Text(1, 6), "0042x") }, ""},
		"beyond column": {func(r *Record) { check(t, r.Is(80, "00"), false) }, ""},
	} {
		if got := read(c.f); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func check[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWriter(t *testing.T) {
	w := &Writer{}
	w.Line("NY", Number(42, 6), Left("Bråten og sønner", 6), Right("7", 4), Date(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), "020106"), Date(time.Time{}, "020106"), Blanks(10), Zeros(40))
	got, err := w.Bytes()
	want := "NY000042Br\xe5ten   7311226000000" + strings.Repeat(" ", 10) + strings.Repeat("0", 40) + "\n"
	if err != nil || !bytes.Equal(got, []byte(want)) {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	for _, field := range []string{Number(1234567, 6), Number(-1, 2), Right("12345", 4), Left("", 79)} {
		w := &Writer{}
		w.Line(field, Zeros(Width-len(field)-1))
		if _, err := w.Bytes(); fault.Code(err) != fault.Internal {
			t.Errorf("%q: got %v", field, err)
		}
	}
	if got := Clean("Łukasz Ås\n€"); got != "?ukasz Ås??" {
		t.Errorf("got %q", got)
	}
}

// FuzzSplit: whatever comes in, what is taken are whole records.
func FuzzSplit(f *testing.F) {
	f.Add([]byte(line("NY") + "\r\n" + line("b")))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := Split(body)
		if err != nil {
			if fault.Code(err) != "invalid.bank_file" {
				t.Errorf("got %v", err)
			}
			return
		}
		for _, r := range list {
			if len(r.Raw(1, Width)) != Width || r.Line < 1 {
				t.Errorf("got %+v", r)
			}
		}
	})
}
