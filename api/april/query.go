package april

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/florinpay/florin/store"
)

// query are the parameters of a list. What is wrong is gathered, as in bodies.
type query struct {
	values url.Values
	bad    *badRequest
}

// The limits of a query, and of one filter's values.
const (
	maxQuery  = 16 << 10
	maxFilter = 500
)

func readQuery(r *http.Request) (query, error) {
	q := query{bad: &badRequest{}}
	raw := r.URL.RawQuery
	if len(raw) > maxQuery {
		return q, broken("", "the query is larger than %d bytes", maxQuery)
	}
	var err error
	if q.values, err = url.ParseQuery(raw); err != nil {
		return q, broken("", "the query is not percent-encoded as it should be")
	}
	for name, values := range q.values {
		for _, text := range append(values, name) {
			if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
				return q, broken("", "the query is not UTF-8, or holds a NUL character")
			}
		}
	}
	return q, nil
}

func (q query) not(name, format string, args ...any) {
	q.bad.fields = append(q.bad.fields, problem{name, fmt.Sprintf(format, args...)})
}

// one reads a parameter that may be sent once; "" counts as not sent.
func (q query) one(name string) string {
	if len(q.values[name]) > 1 {
		q.not(name, "may be sent only once")
	}
	return q.values.Get(name)
}

// list reads a parameter that may be repeated, or holds several values with
// commas in between (sheet, 1.3). A [] behind the name means the same.
func (q query) list(name string) (list []string) {
	for _, v := range append(slices.Clone(q.values[name]), q.values[name+"[]"]...) {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	}
	if len(list) > maxFilter {
		q.not(name, "has more than %d values", maxFilter)
		return list[:maxFilter]
	}
	return list
}

// truth reads an optional truth value.
func (q query) truth(name string) *bool {
	switch v := q.one(name); v {
	case "":
	case "true", "false":
		b := v == "true"
		return &b
	default:
		q.not(name, "must be true or false")
	}
	return nil
}

// word reads an optional word that is one of several.
func (q query) word(name string, words ...string) string {
	v := q.one(name)
	if v != "" && !slices.Contains(words, v) {
		q.not(name, "must be one of %s", strings.Join(words, ", "))
	}
	return v
}

// wordsOf reads a list of words that a filter knows.
func wordsOf[T ~string](q query, name string, words []T) (list []T) {
	for _, v := range q.list(name) {
		if !slices.Contains(words, T(v)) {
			q.not(name, "must be of %v", words)
			return nil
		}
		list = append(list, T(v))
	}
	return list
}

// integer reads an optional whole number.
func (q query) integer(name string) *int64 {
	v := q.one(name)
	if v == "" {
		return nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		q.not(name, "must be a whole number of 64 bits")
	}
	return &n
}

// number reads a whole number in its bounds.
func (q query) number(name string, least, most, otherwise int64) int64 {
	v := q.one(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < least || n > most {
		q.not(name, "must be a number of %d to %d", least, most)
		return otherwise
	}
	return n
}

// page reads which part of a list is wanted (sheet, 1.3). sorts are the names
// that the list may be sorted by, and what the core calls them.
func (q query) page(sorts map[string]string) (p store.Page) {
	p.Limit = q.number("limit", 1, 500, 20)
	p.Offset = (q.number("page", 1, math.MaxInt32, 1) - 1) * p.Limit
	fields := q.list("sort")
	if len(fields) > len(sorts) {
		q.not("sort", "has more fields than there are")
		return p
	}
	for _, field := range fields {
		name, backwards := strings.CutPrefix(field, "-")
		own, known := sorts[name]
		if !known {
			q.not("sort", "this list is sorted by %s", strings.Join(slices.Sorted(maps.Keys(sorts)), ", "))
			return p
		}
		if backwards {
			own = "-" + own
		}
		p.Sort = append(p.Sort, own)
	}
	return p
}

// moment reads an optional date-time. A plus that was not encoded has become
// a space on the way.
func (q query) moment(name string) time.Time {
	v := q.one(name)
	if v == "" {
		return time.Time{}
	}
	at, ok := parseTime(strings.ReplaceAll(v, " ", "+"))
	if !ok {
		q.not(name, "must be a date-time of ISO 8601 with an offset")
	}
	return at
}

// between reads a span both ends of which belong to it; span one whose end
// does not. The core counts whole milliseconds.
func (q query) between(from, to string) store.Span {
	s := q.span(from, to)
	if end := q.values.Get(to); end != "" && !s.Before.IsZero() {
		at, _ := parseTime(strings.ReplaceAll(end, " ", "+"))
		s.Before = at.Truncate(time.Millisecond).Add(time.Millisecond)
	}
	return s
}

func (q query) span(from, to string) store.Span {
	up := func(at time.Time) time.Time {
		if whole := at.Truncate(time.Millisecond); !whole.Equal(at) {
			return whole.Add(time.Millisecond)
		}
		return at
	}
	return store.Span{From: up(q.moment(from)), Before: up(q.moment(to))}
}
