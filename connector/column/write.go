package column

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/florinpay/florin/core/fault"
)

// Writer collects the records of a file. Lines end with LF.
type Writer struct {
	b     bytes.Buffer
	lines int
	err   error
}

// Line writes a record of fields. Together they must fill the 80 columns: it
// is a mistake of the format's package if they do not, and Bytes says so.
func (w *Writer) Line(fields ...string) {
	text := strings.Join(fields, "")
	w.lines++
	if n := utf8.RuneCountInString(text); n != Width && w.err == nil {
		w.err = fault.New(fault.Internal, "record %d of a bank file has %d columns", w.lines, n)
	}
	w.b.Write(encode(text))
	w.b.WriteByte('\n')
}

// Lines is how many records were written.
func (w *Writer) Lines() int { return w.lines }

// Bytes is the file. Faults: internal when a value did not fit its field.
func (w *Writer) Bytes() ([]byte, error) { return w.b.Bytes(), w.err }

// Number is n with leading zeros. One that has more digits, or is negative,
// makes the record too long.
func Number(n int64, width int) string {
	s := strconv.FormatInt(n, 10)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

// Left is s, cut or filled with blanks at its end.
func Left(s string, width int) string {
	r := []rune(s)
	if len(r) > width {
		return string(r[:width])
	}
	return s + strings.Repeat(" ", width-len(r))
}

// Right is s with blanks before it. A longer s makes the record too long.
func Right(s string, width int) string {
	return strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s))) + s
}

// Date is a day, or zeros for none.
func Date(t time.Time, layout string) string {
	if t.IsZero() {
		return strings.Repeat("0", len(layout))
	}
	return t.Format(layout)
}

// Zeros and Blanks fill what a record does not use.
func Zeros(n int) string { return strings.Repeat("0", n) }

// Blanks fill what a record does not use.
func Blanks(n int) string { return strings.Repeat(" ", n) }

// Clean is s as the file will hold it: what ISO 8859-1 has no character for
// becomes a question mark, so that a name never keeps a bill from being sent.
func Clean(s string) string { return decode(encode(s)) }

func encode(s string) []byte {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r > 0xff {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return b
}
