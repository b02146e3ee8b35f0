package store

import (
	"cmp"
	"fmt"
	"math/bits"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A pgplan is what PostgreSQL has to be told to write rows of a table: texts
// for one, two, four ... of them, since a text that is known need not be
// planned again, and a list of values is read faster than arrays are unnested.
type pgplan struct {
	t       *Table
	rank    int
	kinds   []kind
	rows    int // how many were inserted
	inserts [sizes]string
	swaps   [sizes]string
}

// The most rows that one statement writes are 1 << (sizes - 1).
const sizes = 6

var casts = [...]string{text: "text", number: "bigint", truth: "boolean", raw: "bytea"}

// plan makes a table's plan from the first row that is written.
func (w *pgwriter) plan(r write) (*pgplan, error) {
	p := w.plans[r.t]
	if p == nil {
		p = newPlan(r)
		w.plans[r.t] = p
	}
	return p, r.fits(p.kinds)
}

func newPlan(r write) *pgplan {
	return &pgplan{t: r.t, rank: rankOf(r.t.Name), kinds: kindsOf(r.row)}
}

// places is a list of rows rows of placeholders, each with more numbers behind
// the table's own columns.
func (p *pgplan) places(rows, more int) string {
	var b strings.Builder
	n := 0
	for row := range rows {
		b.WriteString([]string{"(", ", ("}[min(row, 1)])
		for i := range len(p.kinds) + more {
			n++
			k := number
			if i < len(p.kinds) {
				k = p.kinds[i]
			}
			fmt.Fprintf(&b, "%s$%d::%s", []string{"", ", "}[min(i, 1)], n, casts[k])
		}
		b.WriteByte(')')
	}
	return b.String()
}

func (p *pgplan) insert(size int) string {
	if p.inserts[size] == "" {
		p.inserts[size] = "INSERT INTO " + p.t.Name + " (" + strings.Join(p.t.Columns, ", ") + ") VALUES " + p.places(1<<size, 0)
	}
	return p.inserts[size]
}

func (p *pgplan) swap(size int) string {
	if p.swaps[size] != "" {
		return p.swaps[size]
	}
	var set, where []string
	sets, wheres := p.t.parts()
	for _, i := range sets {
		set = append(set, p.t.Columns[i]+" = v."+p.t.Columns[i])
	}
	for _, i := range wheres {
		where = append(where, "t."+p.t.Columns[i]+" = v."+p.t.Columns[i])
	}
	p.swaps[size] = "WITH swapped AS (UPDATE " + p.t.Name + " AS t SET " + strings.Join(set, ", ") +
		" FROM (VALUES " + p.places(1<<size, 1) + ") AS v (" + strings.Join(p.t.Columns, ", ") + ", version_before)" +
		" WHERE " + strings.Join(where, " AND ") + " AND t.version = v.version_before RETURNING 1)" +
		// Fewer rows than meant make this an error, and so keep the commit
		// behind it from happening, without a round trip to count them.
		fmt.Sprintf(" SELECT 1 / (CASE WHEN (SELECT count(*) FROM swapped) = %d THEN 1 ELSE 0 END)", 1<<size)
	return p.swaps[size]
}

var createTable = regexp.MustCompile(`(?i)create\s+table\s+(\w+)`)

// ranks order tables as the migrations make them, which is the same in every
// process and never puts a row before one that it refers to.
var ranks = sync.OnceValue(func() map[string]int {
	order := map[string]int{}
	all, err := migrations()
	if err != nil {
		return order // Open has refused to go this far
	}
	for _, m := range all {
		for _, found := range createTable.FindAllStringSubmatch(m.text, -1) {
			order[found[1]] = len(order) + 1
		}
	}
	return order
})

func rankOf(table string) int {
	if n, known := ranks()[table]; known {
		return n
	}
	return len(ranks()) + 1
}

// queue adds the buffer's writes to a pipeline, and tells which of the
// statements are swaps. Rows of a table go together, new rows before
// swapped ones, tables in their rank and swaps in the order of their keys, so
// that two processes do not wait for each other. Alone, a function's writes
// keep their own order instead, in which they are certainly right.
func (w *pgwriter) queue(all []statement, buf *buffer) (_ []statement, swaps []bool) {
	writes := buf.writes
	if !w.exact && buf != &w.own {
		slices.SortStableFunc(writes, func(x, y pgwrite) int {
			switch {
			case x.swap != y.swap && y.swap:
				return -1
			case x.swap != y.swap:
				return 1
			}
			c := cmp.Or(cmp.Compare(x.plan.rank, y.plan.rank), cmp.Compare(x.t.Name, y.t.Name))
			if c == 0 && x.swap {
				c = cmp.Compare(x.key, y.key)
			}
			return c
		})
	}
	for len(writes) > 0 {
		n := 1
		for n < len(writes) && writes[n].t == writes[0].t && writes[n].swap == writes[0].swap {
			n++
		}
		swap := writes[0].swap
		if !swap {
			w.count(writes[0].plan, n)
		}
		for _, group := range chunks(writes[:n]) {
			all = append(all, statementOf(group))
			swaps = append(swaps, swap)
		}
		writes = writes[n:]
	}
	return all, swaps
}

// chunks parts rows into lengths that there are texts for.
func chunks(rows []pgwrite) (groups [][]pgwrite) {
	for size := sizes - 1; size >= 0; size-- {
		for len(rows) >= 1<<size {
			groups = append(groups, rows[:1<<size])
			rows = rows[1<<size:]
		}
	}
	return groups
}

// statementOf writes rows of the same table and sort, as many as there is a
// text for.
func statementOf(rows []pgwrite) statement {
	p, size := rows[0].plan, bits.TrailingZeros(uint(len(rows)))
	args := make([]any, 0, len(rows)*(len(p.kinds)+1))
	for i := range rows {
		args = append(args, rows[i].row...)
		if rows[i].swap {
			args = append(args, rows[i].version)
		}
	}
	if rows[0].swap {
		return statement{p.swap(size), args}
	}
	return statement{p.insert(size), args}
}
