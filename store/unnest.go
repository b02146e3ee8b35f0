package store

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// A pgplan is what PostgreSQL has to be told to write many rows of a table in
// one statement: each column goes over as an array.
type pgplan struct {
	rank         int
	kinds        []kind
	insert, swap string
}

var arrays = [...]string{text: "text[]", number: "bigint[]", truth: "boolean[]", raw: "bytea[]"}

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
	t := r.t
	p := &pgplan{rank: rankOf(t.Name), kinds: kindsOf(r.row)}
	var params, set, where []string
	for i := range r.row {
		params = append(params, fmt.Sprintf("$%d::%s", i+1, arrays[p.kinds[i]]))
		equal := fmt.Sprintf("%[1]s = v.%[1]s", t.Columns[i])
		if i < t.Key {
			where = append(where, "t."+equal)
		} else {
			set = append(set, equal)
		}
	}
	columns := strings.Join(t.Columns, ", ")
	p.insert = "INSERT INTO " + t.Name + " (" + columns + ") SELECT * FROM unnest(" + strings.Join(params, ", ") + ")"
	n := len(t.Columns)
	p.swap = "WITH swapped AS (UPDATE " + t.Name + " AS t SET " + strings.Join(set, ", ") +
		" FROM unnest(" + strings.Join(params, ", ") + fmt.Sprintf(", $%d::bigint[]) AS v (", n+1) + columns + ", version_before)" +
		" WHERE " + strings.Join(where, " AND ") + " AND t.version = v.version_before RETURNING 1)" +
		// Fewer rows than meant make this an error, and so keep the commit
		// behind it from happening, without a round trip to count them.
		fmt.Sprintf(" SELECT 1 / (CASE WHEN (SELECT count(*) FROM swapped) = $%d::bigint THEN 1 ELSE 0 END)", n+2)
	return p
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
// statements are swaps. Rows of a table go in one statement, new rows before
// swapped ones, tables in their rank and swaps in the order of their keys, so
// that two processes do not wait for each other. Alone, a function's writes
// keep their own order instead, in which they are certainly right.
func (w *pgwriter) queue(b *pgx.Batch, buf *buffer) (swaps []bool) {
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
		queueRows(b, writes[:n])
		swaps = append(swaps, writes[0].swap)
		writes = writes[n:]
	}
	return swaps
}

// queueRows makes one statement of rows of the same table and sort.
func queueRows(b *pgx.Batch, rows []pgwrite) {
	p := rows[0].plan
	args := make([]any, 0, len(p.kinds)+2)
	for i, k := range p.kinds {
		switch k {
		case text:
			args = append(args, column[string](rows, i))
		case number:
			args = append(args, column[int64](rows, i))
		case truth:
			args = append(args, column[bool](rows, i))
		case raw:
			args = append(args, column[[]byte](rows, i))
		}
	}
	if !rows[0].swap {
		b.Queue(p.insert, args...)
		return
	}
	before := make([]int64, len(rows))
	for i := range rows {
		before[i] = rows[i].version
	}
	b.Queue(p.swap, append(args, before, int64(len(rows)))...)
}

func column[T any](rows []pgwrite, i int) []T {
	list := make([]T, len(rows))
	for n := range rows {
		list[n] = rows[n].row[i].(T)
	}
	return list
}
