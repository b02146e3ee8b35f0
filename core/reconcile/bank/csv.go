package bank

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
)

// The columns of the CSV form, by their names in the first line, in any order.
// account, id, reference and text may be left out.
var columns = []string{"account", "date", "amount", "currency", "id", "reference", "text"}

// readCSV reads a statement with a heading. Amounts are decimal text with a dot;
// a minus is money that left.
func readCSV(text []byte) ([]Statement, error) {
	r := csv.NewReader(bytes.NewReader(text))
	heading, err := r.Read()
	if err != nil {
		return nil, bad(1, "this is neither camt.053 nor CSV with a heading")
	}
	at := map[string]int{}
	for i, name := range heading {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(columns, name) {
			return nil, bad(1, "the column %.40q is not known", name)
		}
		at[name] = i
	}
	for _, name := range []string{"date", "amount", "currency"} {
		if _, has := at[name]; !has {
			return nil, bad(1, "the column %q is missing", name)
		}
	}
	var list []Statement
	place := map[string]int{}
	for n := 2; ; n++ {
		row, err := r.Read()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			var syntax *csv.ParseError
			if errors.As(err, &syntax) {
				n = syntax.Line
			}
			return nil, bad(n, "the line has another number of fields, or a quote that is not closed")
		}
		if n > MaxEntries+1 {
			return nil, bad(n, "more than %d entries", MaxEntries)
		}
		field := func(name string) string {
			if i, has := at[name]; has {
				return row[i]
			}
			return ""
		}
		e, err := readRow(n, field)
		if err != nil {
			return nil, err
		}
		account := plain(field("account"))
		if _, known := place[account]; !known {
			place[account] = len(list)
			list = append(list, Statement{Account: account})
		}
		st := &list[place[account]]
		st.Entries = append(st.Entries, e)
	}
}

func readRow(n int, field func(name string) string) (Entry, error) {
	text, sign := strings.TrimSpace(field("amount")), int64(1)
	if rest, minus := strings.CutPrefix(text, "-"); minus {
		text, sign = rest, -1
	}
	currency := strings.TrimSpace(field("currency"))
	a, err := amount(text, currency, sign)
	on, dated := day(field("date"))
	switch {
	case err != nil:
		return Entry{}, bad(n, "%.40q is no amount in %.8q", field("amount"), currency)
	case !dated:
		return Entry{}, bad(n, "%.40q is no date", field("date"))
	}
	return Entry{ID: plain(field("id")), Amount: a, BookedOn: on, Reference: plain(field("reference")), Text: plain(field("text"))}, nil
}
