package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
)

// Page is which part of a list is wanted, and in which order.
type Page struct {
	Limit, Offset int64
	Sort          []string // names of the list's own, a "-" in front reverses; empty: newest first
}

// Span is a part of time: from From, before Before; zero leaves that end open.
type Span struct{ From, Before time.Time }

// Search is a SELECT over one table that is put together from the conditions
// somebody asked for. Its texts come from a noun's rows.go; what comes from
// outside is an argument, always, or a name that Sorts knows.
type Search struct {
	Table   string
	Columns string
	Sorts   map[string]string // from the list's names to columns
	Tie     string            // the column that orders what is alike else; id when empty
	Page    Page

	where []string
	args  []any
}

// Where adds a condition; each ? in it stands for an argument.
func (s *Search) Where(condition string, args ...any) {
	parts := strings.Split(condition, "?")
	var b strings.Builder
	for i, part := range parts {
		b.WriteString(part)
		if i < len(parts)-1 {
			b.WriteString("$" + strconv.Itoa(len(s.args)+i+1))
		}
	}
	s.where, s.args = append(s.where, b.String()), append(s.args, args...)
}

// Span asks that a column of milliseconds lies in the span.
func (s *Search) Span(column string, span Span) {
	if !span.From.IsZero() {
		s.Where(column+` >= ?`, clock.Millis(span.From))
	}
	if !span.Before.IsZero() {
		s.Where(column+` < ?`, clock.Millis(span.Before))
	}
}

// In asks that a column has one of the values; none of them asks for nothing.
func In[T ~string](s *Search, column string, values []T) {
	if len(values) > 0 {
		s.Where(oneOf(column, len(values)), texts(values)...)
	}
}

// Any asks that at least one of the columns has one of its values. Without
// any value nothing is found.
func Any[T ~string](s *Search, columns map[string][]T) {
	var terms []string
	var args []any
	for _, column := range sortedKeys(columns) {
		if values := columns[column]; len(values) > 0 {
			terms, args = append(terms, oneOf(column, len(values))), append(args, texts(values)...)
		}
	}
	if len(terms) == 0 {
		terms = []string{`1 = 0`}
	}
	s.Where(`(`+strings.Join(terms, ` OR `)+`)`, args...)
}

// Like asks that one of the columns holds one of the texts, whatever its case;
// no text asks for nothing. Case beyond ASCII is the engine's business.
func (s *Search) Like(texts []string, columns ...string) {
	var terms []string
	var args []any
	for _, text := range texts {
		pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(text)) + "%"
		for _, column := range columns {
			terms, args = append(terms, `lower(`+column+`) LIKE ? ESCAPE '\'`), append(args, pattern)
		}
	}
	if len(terms) > 0 {
		s.Where(`(`+strings.Join(terms, ` OR `)+`)`, args...)
	}
}

func oneOf(column string, n int) string {
	return column + ` IN (?` + strings.Repeat(`, ?`, n-1) + `)`
}

func texts[T ~string](values []T) (args []any) {
	for _, v := range values {
		args = append(args, string(v))
	}
	return args
}

func sortedKeys[V any](m map[string]V) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// order writes the ORDER BY. A unique column comes last, so that pages do not
// overlap.
func (s *Search) order() (string, error) {
	sort, tie := s.Page.Sort, s.Tie
	if len(sort) == 0 {
		sort = []string{"-id"}
	}
	if tie == "" {
		tie = "id"
	}
	var terms []string
	last := " DESC"
	for _, name := range sort {
		column, known := s.Sorts[strings.TrimPrefix(name, "-")]
		if !known {
			return "", fault.At("invalid.sort", "sort", "this list is sorted by %s", strings.Join(sortedKeys(s.Sorts), ", "))
		}
		last = ""
		if strings.HasPrefix(name, "-") {
			last = " DESC"
		}
		terms = append(terms, column+last)
	}
	return strings.Join(append(terms, tie+last), ", "), nil
}

// Page runs a search that does not count: for lists that go on from the last
// row of the page before. Faults: invalid.sort.
func (tx *Tx) Page(s Search, each func(scan func(dest ...any) error) error) error {
	order, err := s.order()
	if err != nil {
		return err
	}
	rows := fmt.Sprintf(` FROM %s WHERE %s ORDER BY %s LIMIT $%d`, s.Table, strings.Join(s.where, ` AND `), order, len(s.args)+1)
	return tx.All(`SELECT `+s.Columns+rows, append(slices.Clone(s.args), s.Page.Limit), each)
}

// Total reads what all rows that a search finds come to: its columns are sums
// and counts, and the page does not matter.
func (tx *Tx) Total(s Search, dest ...any) error {
	_, err := tx.Get(dest, `SELECT `+s.Columns+` FROM `+s.Table+` WHERE `+strings.Join(s.where, ` AND `), s.args...)
	return err
}

// Search runs a search: each is called for every row of the page; total says
// how many rows there are on all pages. Faults: invalid.sort.
func (tx *Tx) Search(s Search, each func(scan func(dest ...any) error) error) (total int64, err error) {
	order, err := s.order()
	if err != nil {
		return 0, err
	}
	from := ` FROM ` + s.Table + ` WHERE ` + strings.Join(s.where, ` AND `)
	if _, err := tx.Get([]any{&total}, `SELECT count(*)`+from, s.args...); err != nil || total <= s.Page.Offset {
		return total, err
	}
	n := len(s.args)
	rows := fmt.Sprintf(` ORDER BY %s LIMIT $%d OFFSET $%d`, order, n+1, n+2)
	return total, tx.All(`SELECT `+s.Columns+from+rows, append(slices.Clone(s.args), s.Page.Limit, s.Page.Offset), each)
}
