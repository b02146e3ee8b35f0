// Package bank reads the statements of a bank account: camt.053 (ISO 20022) and
// a plain CSV. It takes no document type, no entities of its own, and no more
// lines, depth or bytes than it says; a statement whose lines do not come to its
// closing balance is refused. What the lines mean is core/reconcile's business.
package bank

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// Limits of a file.
const (
	MaxBytes   = 64 << 20
	MaxEntries = 200_000
	maxDepth   = 32
	maxText    = 500 // characters of a reference or text that are kept
)

// Statement is what a bank says about one account.
type Statement struct {
	ID      string
	Account string // IBAN, or the bank's own number
	Entries []Entry
}

// Entry is one booked line: what came in is positive.
type Entry struct {
	ID        string // the bank's own, "" when it gives none
	Amount    money.Amount
	BookedOn  string // YYYY-MM-DD
	Reference string // what the other side has given as a reference
	Text      string
}

// Read reads a file in either form. Fault: invalid.statement, whose Param is
// the line at fault.
func Read(text []byte) ([]Statement, error) {
	switch text := bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")); {
	case len(text) > MaxBytes:
		return nil, bad(1, "the file is larger than %d MiB", MaxBytes>>20)
	case !utf8.Valid(text):
		return nil, bad(1, "the file is not UTF-8")
	case bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("<")):
		return readXML(text)
	default:
		return readCSV(text)
	}
}

func bad(line int, format string, args ...any) error {
	return fault.At("invalid.statement", fmt.Sprintf("line %d", line), format, args...)
}

// day reads a date, or a date with a time, as the day it names.
func day(s string) (string, bool) {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "T")
	if len(s) > len(time.DateOnly) { // a zone behind the date
		s = s[:len(time.DateOnly)]
	}
	on, err := time.Parse(time.DateOnly, s)
	return s, err == nil && on.Year() >= 1970 && on.Year() <= 9000
}

// amount reads a decimal amount of a currency, its sign apart.
func amount(s, currency string, sign int64) (money.Amount, error) {
	a, err := money.ParseDecimal(strings.TrimSpace(s), money.Currency(currency))
	a.Minor *= sign
	return a, err
}

// plain joins texts into one line: control characters become spaces, runs of
// spaces one, and what is longer than a line may be is cut.
func plain(parts ...string) string {
	text := strings.Join(strings.FieldsFunc(strings.Join(parts, " "), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if r := []rune(text); len(r) > maxText {
		return string(r[:maxText])
	}
	return text
}
