package store

import (
	"fmt"
	"reflect"
	"slices"
)

// Table names a table to Insert and Swap. The first Key columns are its
// primary key; a table that is swapped has a column "version".
//
// Fixed columns keep for good what was inserted: a swap does not write them,
// and finds no row when it comes with another value. SQLite writes an index
// anew when any column of it is written, with the same value too, so indexed
// columns that never change belong here.
type Table struct {
	Name    string
	Key     int
	Columns []string
	Fixed   []string
}

// parts tells which columns a swap writes, and by which it finds its row.
func (t *Table) parts() (set, where []int) {
	for i, c := range t.Columns {
		if i < t.Key || slices.Contains(t.Fixed, c) {
			where = append(where, i)
		} else {
			set = append(set, i)
		}
	}
	return set, where
}

// version is the place of the version column, or -1.
func (t *Table) version() int { return slices.Index(t.Columns, "version") }

// plain turns a value into one of the four that both engines take: string,
// int64, bool, []byte. A nil slice is an empty one: columns are NOT NULL.
func plain(v any) (any, error) {
	switch x := v.(type) {
	case string, int64, bool:
		return v, nil
	case int:
		return int64(x), nil
	case []byte:
		if x == nil {
			return []byte{}, nil
		}
		return x, nil
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.String:
		return r.String(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(r.Uint()), nil
	case reflect.Bool:
		return r.Bool(), nil
	case reflect.Slice:
		if r.Type().Elem().Kind() == reflect.Uint8 {
			return append([]byte{}, r.Bytes()...), nil
		}
	}
	return nil, fmt.Errorf("a %T is no value for a column: text, a whole number, a boolean or bytes", v)
}

// plainAll is plain for a list, which stays as it is if nothing has to change.
func plainAll(list []any) ([]any, error) {
	out := list
	for i, v := range list {
		switch v.(type) {
		case string, int64, bool:
			continue
		}
		p, err := plain(v)
		if err != nil {
			return nil, fmt.Errorf("value %d: %w", i+1, err)
		}
		if &out[0] == &list[0] {
			out = slices.Clone(list)
		}
		out[i] = p
	}
	return out, nil
}

// plainInt is v as a number, -1 when it is none.
func plainInt(v any) int64 {
	p, err := plain(v)
	if n, ok := p.(int64); err == nil && ok {
		return n
	}
	return -1
}

// The kinds of values that plain lets through.
type kind byte

const (
	text kind = iota
	number
	truth
	raw
)

func (k kind) String() string { return [...]string{"text", "number", "boolean", "bytes"}[k] }

func kindOf(v any) kind {
	switch v.(type) {
	case int64:
		return number
	case bool:
		return truth
	case []byte:
		return raw
	}
	return text
}

func kindsOf(row []any) []kind {
	kinds := make([]kind, len(row))
	for i, v := range row {
		kinds[i] = kindOf(v)
	}
	return kinds
}

// fits holds a row to the kinds of the first one that was written. SQLite
// would keep text in a column of numbers.
func (w write) fits(kinds []kind) error {
	for i, v := range w.row {
		if k := kindOf(v); k != kinds[i] {
			return mismatch(w.t, "column %s gets a %v, and got a %v before", w.t.Columns[i], k, kinds[i])
		}
	}
	return nil
}
