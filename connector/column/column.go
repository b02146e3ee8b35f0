// Package column reads and writes the text files that banks exchange: records
// of 80 columns, one to a line, each column one byte of ISO 8859-1. It knows
// lines, fields and sums, and leaves to the packages of the formats what they
// mean.
//
// Whatever is wrong with a file is said as invalid.bank_file, with the line as
// the fault's Param ("line 12") and the reason as its Msg. Nothing of a file is
// guessed: a line of another length is refused rather than filled up, since an
// amount that lost its last digits looks like a smaller amount.
package column

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// Width is how many columns a record has.
const Width = 80

// MaxBytes is how long a file may be: about a hundred thousand records.
const MaxBytes = 8 << 20

// Refuse says what is wrong with a line of a file, counted from 1; 0 is the
// file as a whole.
func Refuse(line int, format string, args ...any) error {
	place := "file"
	if line > 0 {
		place = "line " + strconv.Itoa(line)
	}
	return fault.At("invalid.bank_file", place, format, args...)
}

// A Record is one line. Columns are counted from 1, both ends included, as the
// banks' manuals count them. The first thing that is wrong with a field is kept
// and comes out of Err; what is read then is a zero value.
type Record struct {
	Line int
	text []byte
	err  error
}

// Split cuts a file into its records. Lines end with LF or CRLF; blank lines
// may follow the last record and stand nowhere else. Faults:
// invalid.bank_file for a file that is empty or too long, and for a line that
// has not 80 columns or holds a control character.
func Split(body []byte) ([]*Record, error) {
	if len(body) > MaxBytes {
		return nil, Refuse(0, "the file is longer than %d bytes", MaxBytes)
	}
	var list []*Record
	blank := 0
	for n := 1; len(body) > 0; n++ {
		var text []byte
		text, body, _ = bytes.Cut(body, []byte("\n"))
		text = bytes.TrimSuffix(text, []byte("\r"))
		if len(bytes.TrimRight(text, " ")) == 0 {
			blank = n
			continue
		}
		if blank > 0 {
			return nil, Refuse(blank, "a blank line among the records")
		}
		if at := bytes.IndexFunc(text, func(r rune) bool { return r < ' ' }); at >= 0 {
			return nil, Refuse(n, "a control character in column %d", at+1)
		}
		if len(text) != Width {
			return nil, Refuse(n, "%d columns, a record has %d%s", len(text), Width, hint(text))
		}
		if at := control(text); at >= 0 {
			return nil, Refuse(n, "a control character in column %d", at+1)
		}
		list = append(list, &Record{Line: n, text: text})
	}
	if len(list) == 0 {
		return nil, Refuse(0, "the file is empty")
	}
	return list, nil
}

// hint tells the commonest way in which a line comes to be too long.
func hint(text []byte) string {
	if len(text) > Width && len([]rune(string(text))) == Width {
		return "; it seems to be UTF-8, and ISO 8859-1 is expected"
	}
	return ""
}

// control finds a byte that is no character of ISO 8859-1.
func control(text []byte) int {
	for i, b := range text {
		if b < ' ' || b >= 0x7f && b < 0xa0 {
			return i
		}
	}
	return -1
}

// Wrong keeps a reason why the record is refused, unless there is one already.
func (r *Record) Wrong(format string, args ...any) {
	if r.err == nil {
		r.err = Refuse(r.Line, format, args...)
	}
}

// Err is what is wrong with the record, as far as it was read.
func (r *Record) Err() error { return r.err }

// Raw is what stands in the columns, byte for byte.
func (r *Record) Raw(from, to int) string { return string(r.text[from-1 : to]) }

// Is says whether exactly want stands from a column on.
func (r *Record) Is(from int, want string) bool {
	return from-1+len(want) <= Width && r.Raw(from, from-1+len(want)) == want
}

// Text is what stands in the columns as text, without the blanks at its end.
func (r *Record) Text(from, to int) string {
	return strings.TrimRight(decode(r.text[from-1:to]), " ")
}

// Digits is a number of fixed length that is a name: leading zeros stay.
func (r *Record) Digits(from, to int, what string) string {
	s := r.Raw(from, to)
	if !isDigits(s) {
		r.Wrong("%s (columns %d to %d) is not all digits", what, from, to)
		return ""
	}
	return s
}

// Number is a whole number with leading zeros.
func (r *Record) Number(from, to int, what string) int64 {
	s := r.Digits(from, to, what)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		r.Wrong("%s (columns %d to %d) is too large", what, from, to)
	}
	return n
}

// Amount is minor units of c. It refuses more than the books hold.
func (r *Record) Amount(from, to int, c money.Currency, what string) money.Amount {
	n := r.Number(from, to, what)
	if n > money.Max {
		r.Wrong("%s (columns %d to %d) is too large", what, from, to)
		return money.Amount{}
	}
	return money.Of(n, c)
}

// Date is a day written in the layout of package time, digits only. All zeros,
// or all blanks, are no day: the zero time.
func (r *Record) Date(from, to int, layout, what string) time.Time {
	s := r.Raw(from, to)
	if strings.Trim(s, "0") == "" || strings.TrimSpace(s) == "" {
		return time.Time{}
	}
	t, err := time.Parse(layout, s)
	if err != nil || !isDigits(s) {
		r.Wrong("%s (columns %d to %d) is no date", what, from, to)
		return time.Time{}
	}
	return t
}

// Day is a Date that must be there.
func (r *Record) Day(from, to int, layout, what string) time.Time {
	t := r.Date(from, to, layout, what)
	if t.IsZero() {
		r.Wrong("%s (columns %d to %d) is missing", what, from, to)
	}
	return t
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func decode(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}
