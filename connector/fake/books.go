package fake

import (
	"errors"
	"slices"
	"sync"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
)

// Books are what the provider believes. All changes go through do, one at a
// time, in this process and in any other that shares the file.
type Books struct {
	mu       sync.Mutex
	journal  *journal // nil: memory only
	flaws    map[string]SettlementFlaw
	doubtful bool             // the journal failed: what is in memory may not be in it, so it is read again
	moved    map[string]int64 // by owner of accounts: how far its time was moved ahead of the clock, ms
	shelf
}

// shelf is what the books know.
type shelf struct {
	words      words
	charges    []packed
	attempts   map[[12]byte]int32 // the newest charge of an attempt
	due        map[word]*agenda   // by account
	calls      []call             // callbacks not taken yet, oldest first
	called     int                // how many callbacks there ever were
	seen       map[word]int64     // by account: the latest moment we were told, ms
	ahead      map[word]int64     // by account: how far that was ahead of the clock
	quotes     map[string]int32   // the newest bank transfer that waits for a reference
	arrived    map[int32][]int32  // what came for it
	payouts    []payout
	agreements []agreement
	agreed     map[ident.ID]int // the place of an agreement, by mandate
	terminals  []terminal
	tills      map[string]int   // the place of a terminal, by account and name
	paid       map[ident.ID]int // the place of a payout, by attempt
	flows      map[word][]flow  // by account: money that moved, for settlement files
}

func newShelf() shelf {
	return shelf{attempts: map[[12]byte]int32{}, due: map[word]*agenda{}, seen: map[word]int64{}, ahead: map[word]int64{},
		quotes: map[string]int32{}, arrived: map[int32][]int32{}, paid: map[ident.ID]int{}, agreed: map[ident.ID]int{}, tills: map[string]int{},
		flows: map[word][]flow{}}
}

// do runs one change. fn sees all that happened before, here and elsewhere,
// and what it writes is in the journal when do returns nil.
func (b *Books) do(fn func(w *writing)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := &writing{Books: b}
	if b.journal == nil {
		fn(w)
		return nil
	}
	if b.doubtful {
		b.shelf = newShelf()
		b.journal.read = 0
	}
	b.doubtful = true // until it is written; a panic leaves it so
	err := b.journal.locked(b.apply, func() []entry {
		fn(w)
		return w.entries
	})
	b.doubtful = err != nil
	return err
}

// writing is one change in the making. What it sets counts at once.
type writing struct {
	*Books
	entries []entry
}

// add takes a new charge in and numbers it.
func (w *writing) add(c *charge) {
	c.N = int32(len(w.charges))
	w.set(c)
}

func (w *writing) set(c *charge) {
	w.put(c)
	if w.journal != nil {
		w.entries = append(w.entries, entryOf(c))
	}
}

// call queues a callback about c.
func (w *writing) call(c call) {
	w.called++
	if c.ID == 0 {
		c.ID = w.called
	}
	w.calls = append(w.calls, c)
	if w.journal != nil {
		w.entries = append(w.entries, entry{Call: &c})
	}
}

// took drops the callbacks of the given places in the queue, in order.
func (w *writing) took(places []int) {
	w.drop(places)
	if w.journal != nil {
		w.entries = append(w.entries, entry{Took: places})
	}
}

// put writes a charge into memory.
func (b *Books) put(c *charge) {
	p, before := pack(&b.words, c), connector.State("")
	if int(c.N) < len(b.charges) {
		before = connector.State(b.words.list[b.charges[c.N].state])
	}
	if int(c.N) == len(b.charges) {
		b.charges = append(b.charges, p)
		if !c.Bank {
			b.attempts[p.attempt] = c.N
		}
		switch {
		case c.Kind == connector.Transfer && c.Root >= 0:
			b.arrived[c.Root] = append(b.arrived[c.Root], c.N)
		case c.Method == method.BankTransfer && c.Visit != nil && c.Root < 0 && !c.Bank:
			b.quotes[c.Visit.Quote] = c.N
		}
	} else {
		b.charges[c.N] = p
	}
	if c.Due > 0 {
		a := b.due[p.account]
		if a == nil {
			a = &agenda{}
			b.due[p.account] = a
		}
		a.add(appointment{c.Due, c.N})
	}
	b.seen[p.account] = max(b.seen[p.account], c.At)
	b.track(c, before)
}

func (b *Books) drop(places []int) {
	next, kept := 0, b.calls[:0]
	for i, c := range b.calls {
		if next < len(places) && places[next] == i {
			next++
			continue
		}
		kept = append(kept, c)
	}
	clear(b.calls[len(kept):])
	b.calls = kept
}

// apply replays an entry that this process, or another one, wrote before.
func (b *Books) apply(l entry) error {
	switch {
	case l.Call != nil:
		if n := l.Call.N; l.Call.Agreement == nil && (n < 0 || int(n) >= len(b.charges)) {
			return errors.New("a callback about no charge")
		}
		if n := l.Call.Agreement; n != nil && (*n < 0 || *n >= len(b.agreements)) {
			return errors.New("a callback about no agreement")
		}
		b.called++
		b.calls = append(b.calls, *l.Call)
	case l.Payout != nil:
		n, known := b.paid[l.Payout.Attempt]
		if !known {
			n = len(b.payouts)
		}
		b.putPayout(n, *l.Payout)
	case l.Terminal != nil:
		b.putTerminal(*l.Terminal)
	case l.Agreement != nil:
		n, known := b.agreed[l.Agreement.Mandate]
		if !known {
			n = len(b.agreements)
		}
		b.putAgreement(n, *l.Agreement)
	case len(l.Took) > 0:
		if !slices.IsSorted(l.Took) || l.Took[0] < 0 || l.Took[len(l.Took)-1] >= len(b.calls) {
			return errors.New("callbacks taken that were never queued")
		}
		b.drop(l.Took)
	default:
		c, err := l.charge(int32(len(b.charges)))
		if err != nil {
			return err
		}
		b.put(&c)
	}
	return nil
}

func (b *Books) get(n int32) charge { return b.charges[n].unpack(&b.words, n) }

// find is the newest charge of an attempt, for the account that owns it.
func (b *Books) find(account string, attempt ident.ID) (charge, bool) {
	raw := attempt.Bytes()
	if raw == nil {
		return charge{}, false
	}
	n, ok := b.attempts[[12]byte(raw)]
	if !ok || b.words.list[b.charges[n].account] != account {
		return charge{}, false
	}
	return b.get(n), true
}

// numbered is the charge of a reference, for the account that owns it.
func (b *Books) numbered(account, reference string) (charge, bool) {
	n := numberOf(reference)
	if n < 0 || int(n) >= len(b.charges) || b.words.list[b.charges[n].account] != account {
		return charge{}, false
	}
	return b.get(n), true
}

// root follows an operation to the authorisation or debit below it.
func (b *Books) root(c charge) charge {
	for c.Root >= 0 {
		c = b.get(c.Root)
	}
	return c
}

// Close lets go of the file. Books in a file cannot be asked afterwards.
func (b *Books) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.journal == nil {
		return nil
	}
	return b.journal.f.Close()
}

// agenda is a heap of what falls due for one account. Appointments that a
// charge no longer keeps are skipped when they come up.
type agenda struct{ list []appointment }

type appointment struct {
	due int64
	n   int32
}

func (a *agenda) before(i, j int) bool {
	x, y := a.list[i], a.list[j]
	return x.due < y.due || x.due == y.due && x.n < y.n
}

func (a *agenda) add(x appointment) {
	a.list = append(a.list, x)
	for i := len(a.list) - 1; i > 0 && a.before(i, (i-1)/2); i = (i - 1) / 2 {
		a.list[i], a.list[(i-1)/2] = a.list[(i-1)/2], a.list[i]
	}
}

// next takes the first appointment that is due at the moment, if any.
func (a *agenda) next(at int64) (appointment, bool) {
	if len(a.list) == 0 || a.list[0].due > at {
		return appointment{}, false
	}
	first, last := a.list[0], len(a.list)-1
	a.list[0] = a.list[last]
	a.list = a.list[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if a.before(child, least) {
				least = child
			}
		}
		if least == i {
			return first, true
		}
		a.list[i], a.list[least] = a.list[least], a.list[i]
		i = least
	}
}
