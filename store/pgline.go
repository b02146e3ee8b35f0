package store

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// A pgline sends many texts in one go on a connection. It writes values out
// itself, as most of what a lane does is that, and remembers what the server
// has prepared.
type pgline struct {
	conn     *pgconn.PgConn
	prepared map[string]*pgconn.StatementDescription
	names    int    // how many were ever given
	room     []byte // the values of one text, written out
	values   [][]byte
	formats  []int16
}

// run sends all statements and waits for all of them. If one fails, at says
// which; those behind it have no effect.
func (l *pgline) run(ctx context.Context, all []statement) (at int, err error) {
	if at, err = l.prepare(ctx, all); err != nil {
		return at, err
	}
	p := l.conn.StartPipeline(ctx)
	for _, s := range all {
		l.write(s.args)
		p.SendQueryStatement(l.prepared[s.text], l.values, l.formats, nil)
	}
	if err := p.Sync(); err != nil {
		return 0, closed(p, err)
	}
	for n := range all {
		if _, err := result(p); err != nil {
			return n, closed(p, err)
		}
	}
	return 0, p.Close()
}

// prepare has the server plan what it has not been told before.
func (l *pgline) prepare(ctx context.Context, all []statement) (at int, err error) {
	var fresh []int
	for n, s := range all {
		if _, known := l.prepared[s.text]; !known {
			l.prepared[s.text] = nil
			fresh = append(fresh, n)
		}
	}
	if fresh == nil {
		return 0, nil
	}
	p := l.conn.StartPipeline(ctx)
	for _, n := range fresh {
		l.names++
		p.SendPrepare(nameOf(l.names), all[n].text, nil)
	}
	err = p.Sync()
	for i, n := range fresh {
		var d any
		if err == nil {
			at = n
			d, err = p.GetResults()
		}
		if err != nil {
			delete(l.prepared, all[n].text)
			continue
		}
		s := d.(*pgconn.StatementDescription)
		s.Name = nameOf(l.names - len(fresh) + 1 + i)
		l.prepared[all[n].text] = s
	}
	return at, closed(p, err)
}

func nameOf(n int) string { return "line" + strconv.Itoa(n) }

// result is what became of the next statement.
func result(p *pgconn.Pipeline) (pgconn.CommandTag, error) {
	r, err := p.GetResults()
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	return r.(*pgconn.ResultReader).Close()
}

// closed ends the pipeline, whose own error is but the first one once more.
func closed(p *pgconn.Pipeline, err error) error {
	if closing := p.Close(); err == nil {
		return closing
	}
	return err
}

// write writes values out as text, but bytes as they are.
func (l *pgline) write(args []any) {
	l.room, l.values, l.formats = l.room[:0], l.values[:0], l.formats[:0]
	for _, a := range args {
		start, format := len(l.room), int16(pgText)
		switch v := a.(type) {
		case string:
			l.room = append(l.room, v...)
		case int64:
			l.room = strconv.AppendInt(l.room, v, 10)
		case bool:
			l.room = strconv.AppendBool(l.room, v)
		case []byte:
			format = pgBinary
			l.room = append(l.room, v...)
		}
		l.values = append(l.values, l.room[start:len(l.room):len(l.room)])
		l.formats = append(l.formats, format)
	}
}

const (
	pgText   = 0
	pgBinary = 1
)
