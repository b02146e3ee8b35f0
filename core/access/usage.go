package access

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Usage is how often a key called an operation on a day, by the name that its
// software gave itself.
type Usage struct {
	Day       string // 2026-12-05, of the realm
	Key       ident.ID
	Operation string
	Agent     string
	Calls     int64
	Faults    int64 // of Calls, what was refused or failed
	Old       int64 // of Calls, what signed in in a way that is deprecated
	LastAt    time.Time
}

// Meter counts calls in memory until they are written down, so that a call
// pays for no write. What a process has counted and not written when it is
// killed is lost: these are figures for people, not for bills.
type Meter struct {
	mu     sync.Mutex
	counts map[meterKey]*Usage
}

type meterKey struct {
	realm, key       ident.ID
	operation, agent string
}

// manyCounts bounds the memory of a meter: what comes beyond is counted under
// one agent.
const manyCounts = 10_000

// Count counts one call.
func (m *Meter) Count(actor Actor, operation, agent string, failed, old bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = map[meterKey]*Usage{}
	}
	k := meterKey{actor.Realm, actor.Key, operation, agent}
	if len(m.counts) >= manyCounts && m.counts[k] == nil {
		k.agent = "(others)"
	}
	u := m.counts[k]
	if u == nil {
		u = &Usage{Key: k.key, Operation: k.operation, Agent: k.agent}
		m.counts[k] = u
	}
	u.Calls++
	if failed {
		u.Faults++
	}
	if old {
		u.Old++
	}
}

// Flush writes down what was counted, a transaction for each realm. What could
// not be written is counted on.
func (s *Service) Flush(ctx context.Context, m *Meter) error {
	m.mu.Lock()
	taken := m.counts
	m.counts = nil
	m.mu.Unlock()
	byRealm := map[ident.ID][]*Usage{}
	for k, u := range taken {
		byRealm[k.realm] = append(byRealm[k.realm], u)
	}
	var failed error
	for realm, list := range byRealm {
		err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
			for _, u := range list {
				row := *u
				row.Day, row.LastAt = tx.Now().Format(time.DateOnly), tx.Now()
				if err := addUsage(tx, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			m.giveBack(realm, list)
			failed = err
		}
	}
	return failed
}

func (m *Meter) giveBack(realm ident.ID, list []*Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = map[meterKey]*Usage{}
	}
	for _, u := range list {
		k := meterKey{realm, u.Key, u.Operation, u.Agent}
		if now := m.counts[k]; now != nil {
			now.Calls, now.Faults, now.Old = now.Calls+u.Calls, now.Faults+u.Faults, now.Old+u.Old
			continue
		}
		m.counts[k] = u
	}
}

// Usages lists what was counted in the last days of a realm, newest day first.
func (s *Service) Usages(ctx context.Context, realm ident.ID, days int) (list []Usage, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = usageSince(tx, tx.Now().AddDate(0, 0, 1-max(days, 1)).Format(time.DateOnly))
		return err
	})
	return list, err
}

// Unusual is something about a day's usage that the operator should look at.
type Unusual struct {
	Day  string
	Key  ident.ID
	What string
}

// busyDay is from how many new payments a day a merchant's integrator and the
// operator should talk (contract sheet of Spense, 2.5).
const busyDay = 10_000

// Judge finds what is unusual in a list of usage: an agent that a known key
// has not used before, more than a tenth of at least 50 calls that fail, more
// than 10,000 calls a day of an operation that makes payments.
func Judge(list []Usage, makes func(operation string) bool) (out []Unusual) {
	type place struct {
		day string
		key ident.ID
	}
	calls, faults, made := map[place]int64{}, map[place]int64{}, map[place]int64{}
	firstDay, firstSeen := map[ident.ID]string{}, map[[2]string]string{}
	var order []place
	for i := len(list) - 1; i >= 0; i-- { // oldest first
		u := list[i]
		p := place{u.Day, u.Key}
		if calls[p] == 0 {
			order = append(order, p)
		}
		calls[p] += u.Calls
		faults[p] += u.Faults
		if makes(u.Operation) {
			made[p] += u.Calls
		}
		if firstDay[u.Key] == "" {
			firstDay[u.Key] = u.Day
		}
		if agent := [2]string{string(u.Key), u.Agent}; firstSeen[agent] == "" {
			firstSeen[agent] = u.Day
			if u.Day > firstDay[u.Key] {
				out = append(out, Unusual{u.Day, u.Key, fmt.Sprintf("a new agent: %q", u.Agent)})
			}
		}
	}
	for _, p := range order {
		if calls[p] >= 50 && faults[p]*10 > calls[p] {
			out = append(out, Unusual{p.day, p.key, fmt.Sprintf("%d of %d calls failed", faults[p], calls[p])})
		}
		if made[p] > busyDay {
			out = append(out, Unusual{p.day, p.key, fmt.Sprintf("%d payments in a day", made[p])})
		}
	}
	return out
}
