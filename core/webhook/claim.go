package webhook

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// turn lets one claimer at a time choose, and remembers where the last one
// stopped. The zero turn is ready.
type turn struct {
	once  sync.Once
	gate  chan struct{}
	bell  chan struct{}
	after ident.ID // the endpoint that was served last
}

func (t *turn) init() {
	t.once.Do(func() { t.gate, t.bell = make(chan struct{}, 1), make(chan struct{}, 1) })
}

func (t *turn) enter(ctx context.Context) error {
	t.init()
	select {
	case t.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *turn) leave() { <-t.gate }

func (t *turn) wake() {
	t.init()
	select {
	case t.bell <- struct{}{}:
	default: // rung already
	}
}

// Woken rings when something new may be due, so that a first delivery need not
// wait for the next look. What falls due with time, and what other processes
// write, does not ring.
func (s *Service) Woken() <-chan struct{} {
	s.turn.init()
	return s.turn.bell
}

// share is how many deliveries of one endpoint to take.
type share struct {
	waitingQueue
	take int
}

// Claim leases up to n deliveries that are due, for the caller alone to Deliver.
// A lease lasts two minutes, so a caller claims no more than it has hands free. The endpoints take turns, each gets at most four
// at a time from one process (one while it fails), so neither a dead nor a busy
// one keeps the others waiting.
func (s *Service) Claim(ctx context.Context, n int) ([]Delivery, error) {
	if err := s.turn.enter(ctx); err != nil {
		return nil, err
	}
	defer s.turn.leave()
	wall := s.Clock()
	var waiting []waitingQueue
	err := s.DB.View(ctx, store.System, func(tx *store.Tx) (err error) {
		waiting, err = queues(tx, wall)
		return err
	})
	if err != nil || len(waiting) == 0 { // an idle installation writes nothing
		return nil, err
	}
	var out []Delivery
	for _, realm := range realms(s.deal(waiting, n)) {
		var got []Delivery
		err := s.DB.Update(ctx, realm[0].realm, func(tx *store.Tx) (err error) {
			got, err = s.lease(tx, realm, wall)
			return err
		})
		if err != nil {
			if len(out) > 0 { // what is leased is not thrown away; the fault will show again
				return out, nil
			}
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

// deal hands out n places, one to each endpoint in turn, beginning after the
// one that was served last.
func (s *Service) deal(waiting []waitingQueue, n int) []share {
	start, _ := slices.BinarySearchFunc(waiting, s.turn.after, func(q waitingQueue, after ident.ID) int {
		if q.endpoint <= after {
			return -1
		}
		return 1
	})
	shares := make([]share, 0, len(waiting))
	for i := range waiting {
		shares = append(shares, share{waitingQueue: waiting[(start+i)%len(waiting)]})
	}
	for progress := true; n > 0 && progress; {
		progress = false
		for i := range shares {
			sh := &shares[i]
			limit := inFlight
			if sh.failing {
				limit = inFlightFailing
			}
			if n > 0 && int(sh.leased)+sh.take < limit {
				sh.take++
				n--
				progress = true
				if sh.take == 1 {
					s.turn.after = sh.endpoint
				}
			}
		}
	}
	return slices.DeleteFunc(shares, func(sh share) bool { return sh.take == 0 })
}

// realms groups shares by realm, which is what a transaction belongs to.
func realms(shares []share) [][]share {
	var out [][]share
	at := map[ident.ID]int{}
	for _, sh := range shares {
		i, ok := at[sh.realm]
		if !ok {
			i = len(out)
			at[sh.realm] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], sh)
	}
	return out
}

// buryAtOnce is how many deliveries of a disabled endpoint end per claim.
const buryAtOnce = 200

// look is how many due deliveries are looked at for each that is wanted: some
// have to let an earlier one of the same object pass.
const look = 8

func (s *Service) lease(tx *store.Tx, shares []share, wall time.Time) ([]Delivery, error) {
	var out []Delivery
	for _, sh := range shares {
		e, found, err := getEndpoint(tx, sh.endpoint)
		if err != nil {
			return nil, err
		}
		if !found || e.State == Disabled {
			if err := s.bury(tx, e, wall); err != nil {
				return nil, err
			}
			continue
		}
		list, err := due(tx, sh.endpoint, wall, sh.take*look)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			if sh.take == 0 {
				break
			}
			d := c.Delivery
			if !c.behind.IsZero() {
				// Looked at again when the earlier one's turn has come; that one's
				// success makes it due at once (release).
				d.DueAt = tx.Now().Add(min(max(c.behind.Sub(tx.Now()), time.Second), 10*time.Minute))
			} else {
				sh.take--
				d.Fence++
				d.Tries++
				d.leasedUntil = clock.FromMillis(clock.Millis(wall.Add(lease)))
				d.DueAt = tx.Now().Add(lease) // should nothing be heard of it
			}
			if err := saveDelivery(tx, &d); err != nil {
				return nil, err
			}
			if c.behind.IsZero() {
				out = append(out, d)
			}
		}
	}
	return out, nil
}

// bury ends what a disabled endpoint is owed: skipped when somebody disabled it
// by hand, dead when it failed. The notice was endpoint.disabled.
func (s *Service) bury(tx *store.Tx, e Endpoint, wall time.Time) error {
	list, err := waitingFor(tx, e.ID, wall, buryAtOnce)
	if err != nil {
		return err
	}
	for i := range list {
		d := &list[i]
		d.State, d.Error, d.leasedUntil = Dead, "endpoint disabled: "+e.Reason, time.Time{}
		if e.Reason == byHand {
			d.State = Skipped
		}
		if err := saveDelivery(tx, d); err != nil {
			return err
		}
	}
	return nil
}
