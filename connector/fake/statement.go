package fake

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// The test provider's settlement files are CSV: a line H with the account, the
// settlement's reference, the report's number, the currency, the period and when
// it is paid; a line L for each movement; a line T with the number of lines, the
// gross sum, the fees and the payout.

// ReadSettlement reads a file of ours. Fault: invalid.settlement with the line.
func (p *Provider) ReadSettlement(text []byte) (connector.Settlement, error) {
	r := &reader{rows: csv.NewReader(bytes.NewReader(text))}
	r.rows.FieldsPerRecord, r.rows.ReuseRecord = -1, true
	for !r.ended || r.bad == nil {
		row, err := r.rows.Read()
		if err == io.EOF {
			break
		}
		r.n++
		if err != nil {
			r.fail("this is no CSV")
		}
		if r.bad != nil {
			break
		}
		r.row(row)
	}
	if r.bad == nil && !r.ended {
		r.n++
		r.fail("the file breaks off: its last line is missing")
	}
	if r.bad != nil {
		return connector.Settlement{}, r.bad
	}
	return r.s, nil
}

// reader is a file on its way to becoming a Settlement.
type reader struct {
	rows  *csv.Reader
	s     connector.Settlement
	n     int // of the line, from 1
	ended bool
	bad   error
}

func (r *reader) fail(format string, args ...any) {
	if r.bad == nil {
		r.bad = fault.At("invalid.settlement", fmt.Sprintf("line %d", r.n), format, args...)
	}
}

var fields = map[string]int{"H": 9, "L": 8, "T": 5}

func (r *reader) row(row []string) {
	kind := row[0]
	switch {
	case fields[kind] == 0:
		r.fail("a line begins with H, L or T")
	case len(row) != fields[kind]:
		r.fail("a line %s has %d fields, not %d", kind, fields[kind], len(row))
	case (kind == "H") != (r.n == 1):
		r.fail("the first line is H, and no other")
	case r.ended:
		r.fail("something follows the last line")
	case kind == "H":
		r.head(row)
	case kind == "L":
		r.line(row)
	default:
		r.total(row)
	}
}

func (r *reader) head(row []string) {
	r.s = connector.Settlement{Account: row[2], Reference: row[3], Report: row[4], Currency: money.Currency(row[5]),
		From: r.time(row[6]), To: r.time(row[7]), PaidAt: r.time(row[8])}
	switch {
	case row[1] != "1":
		r.fail("version %.8q of the file is not known", row[1])
	case r.s.Account == "" || r.s.Reference == "" || len(r.s.Account) > 200 || len(r.s.Reference) > 64 || len(r.s.Report) > 64:
		r.fail("the account or the reference is missing, or too long")
	case digitsOf(r.s.Currency) < 0:
		r.fail("%.8q is no currency", row[5])
	}
}

func (r *reader) line(row []string) {
	l := connector.SettlementLine{N: r.n, Kind: connector.LineKind(row[1]), Reference: row[2], Attempt: ident.ID(row[3]), At: r.time(row[4])}
	c := money.Currency(row[5])
	l.Gross, l.Fee = r.amount(row[6], c), r.amount(row[7], c)
	known := l.Kind == connector.LineFee
	for _, kinds := range lineKinds {
		known = known || l.Kind == kinds[0] || l.Kind == kinds[1]
	}
	switch {
	case !known:
		r.fail("%.32q is no kind of movement", row[1])
	case l.Reference == "" || len(l.Reference) > 64 || l.Attempt != "" && !l.Attempt.Valid():
		r.fail("a reference is missing, too long, or of another form")
	}
	r.s.Lines = append(r.s.Lines, l)
}

func (r *reader) total(row []string) {
	r.ended = true
	if n, err := strconv.Atoi(row[1]); err != nil || n != len(r.s.Lines) {
		r.fail("the file has %d lines, and says %.12q", len(r.s.Lines), row[1])
	}
	c := r.s.Currency
	r.s.Gross, r.s.Fees, r.s.Payout = r.amount(row[2], c), r.amount(row[3], c), r.amount(row[4], c)
	r.s.Later = money.Of(0, c)
	if r.bad == nil && r.s.Gross.Minor-r.s.Fees.Minor != r.s.Payout.Minor {
		r.fail("gross less fees is not the payout")
	}
}

func (r *reader) time(s string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || at.Year() < 1970 || at.Year() > 9000 {
		r.fail("%.40q is no moment", s)
	}
	return at.UTC()
}

// amount reads decimal text of a currency: its decimals, no more and no fewer.
func (r *reader) amount(s string, c money.Currency) money.Amount {
	digits := digitsOf(c)
	if digits < 0 {
		r.fail("%.8q is no currency", string(c))
		return money.Amount{}
	}
	n, ok := readMajor(s)
	if !ok || n%power(4-digits) != 0 || writeMajor(n/power(4-digits), digits) != s {
		r.fail("%.40q is no amount in %s", s, string(c))
		return money.Amount{}
	}
	a := money.Of(n/power(4-digits), c)
	if a.Minor > money.Max || a.Minor < -money.Max {
		r.fail("%.40q is beyond what can be handled", s)
	}
	return a
}
