package store

import "github.com/florinpay/florin/core/ident"

// A gathering is what a batch has for one gatherer and realm.
type gathering struct {
	g      *Gatherer
	by     *call // the first who gathered; what the flush wants run after the commit is run with it
	items  []any
	memory any
}

func (b *batch) gathering(g *Gatherer, c *call) *gathering {
	for _, old := range b.gatherers {
		if old.g == g && old.by.realm == c.realm {
			return old
		}
	}
	b.gatherers = append(b.gatherers, &gathering{g: g, by: c})
	return b.gatherers[len(b.gatherers)-1]
}

func (g *gathering) add(value any) { g.items = append(g.items, value) }

// gather runs a gatherer's flush. Whatever goes wrong is the whole batch's
// until the member at fault is found.
func (l *lane) gather(b *batch, g *gathering) error {
	tx, err, lost := l.run(b, g.by.ctx, g.by.realm, true, func(tx *Tx) (err error) {
		defer func() { err = caught(err, recover(), g.by) }()
		g.by.err = errExited // unless it returns or panics
		tx.memory = l.memories[subject{g.g, g.by.realm}]
		err = g.g.Flush(tx, g.items)
		g.by.err = nil
		return err
	})
	if lost != nil {
		return lost
	}
	if err == nil {
		g.by.committed = append(g.by.committed, tx.committed...)
		g.memory = tx.memory
	}
	return err
}

// A subject is what a lane has a memory of: a realm, as a gatherer sees it.
type subject struct {
	g     *Gatherer
	realm ident.ID
}

const (
	// After a batch that failed, so many go without a memory: whoever else
	// writes to these rows is not done yet.
	caution = 16
	// The most subjects that a lane remembers.
	maxMemories = 1000
)

// remember keeps what the batch's gatherers leave for the next one.
func (l *lane) remember(b *batch, whole bool) {
	for _, g := range b.gatherers {
		key := subject{g.g, g.by.realm}
		switch {
		case !whole:
			delete(l.memories, key)
			l.cautious = caution
		case l.cautious > 0:
			l.cautious--
		case g.memory != nil:
			if len(l.memories) >= maxMemories {
				clear(l.memories)
			}
			l.memories[key] = g.memory
		}
	}
}
