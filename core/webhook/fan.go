package webhook

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
)

// Render says what a contract has to say about an event; a message without a
// body is nothing. It is called at most once per contract, inside the event's
// transaction.
type Render func(contract string) (Message, error)

// Fan writes, in the event's own transaction, one delivery for every endpoint
// that wants the event, and one for each target that the object itself names,
// or counts that such a target must not be called.
// A target that is a subscribed endpoint's URL too gets the message once.
func (s *Service) Fan(tx *store.Tx, e event.Event, render Render, targets ...Target) error {
	list, err := s.subscribers(tx)
	if err != nil {
		return err
	}
	f := fan{s: s, e: e, render: render, said: map[string]Message{}}
	market := marketOf(tx, e.Merchant)
	for _, ep := range list {
		wanted, err := ep.wants(e.Type, e.Merchant, market)
		if err == nil && wanted {
			err = f.owe(tx, ep, ep.URL)
		}
		if err != nil {
			return err
		}
	}
	for _, t := range targets {
		if t.Unlisted != "" {
			if err := countUnlisted(tx, e.Merchant, t.Unlisted); err != nil {
				return err
			}
		}
		if t.URL == "" || slices.Contains(f.urls, t.URL) {
			continue
		}
		ep, err := s.implicit(tx, e.Merchant, t)
		if err != nil {
			return err
		}
		if err := f.owe(tx, ep, t.URL); err != nil {
			return err
		}
	}
	if len(f.urls) > 0 {
		tx.Committed(s.turn.wake)
	}
	return nil
}

// marketOf tells a merchant's marketplace, which is looked up once and only if
// somebody asks. What belongs to a marketplace itself bears its id.
func marketOf(tx *store.Tx, id ident.ID) func() (ident.ID, error) {
	return sync.OnceValues(func() (ident.ID, error) {
		m, err := merchant.MerchantIn(tx, id)
		if fault.Is(err, fault.NotFound) {
			return id, nil
		}
		return m.Marketplace, err
	})
}

// fan is one event on its way to all who hear of it.
type fan struct {
	s      *Service
	e      event.Event
	render Render
	said   map[string]Message
	urls   []string
}

func (f *fan) owe(tx *store.Tx, ep Endpoint, url string) error {
	m, ok := f.said[ep.Contract]
	if !ok {
		var err error
		if m, err = f.render(ep.Contract); err != nil {
			return err
		}
		f.said[ep.Contract] = m
	}
	if wrap := f.s.Manners[ep.Contract].Wrap; wrap != nil && len(m.Body) > 0 {
		var err error
		if m, err = wrap(tx, ep, f.e, m); err != nil {
			return err
		}
	}
	if len(m.Body) == 0 {
		return nil
	}
	if m.ContentType == "" {
		m.ContentType = "application/json; charset=utf-8"
	}
	f.urls = append(f.urls, url)
	now := tx.Now()
	return addDelivery(tx, Delivery{ID: tx.NewID(), Endpoint: ep.ID, Event: f.e.ID, EventType: f.e.Type, Object: f.e.Object, Seq: f.e.Seq, URL: url,
		Message: m, State: Waiting, Ordered: ep.Ordered, DueAt: now, Since: now, CreatedAt: now})
}

// implicit finds or makes the endpoint that stands for a target's server.
func (s *Service) implicit(tx *store.Tx, owner ident.ID, t Target) (Endpoint, error) {
	server := t.URL
	if u, err := s.Sender.guard.URL(t.URL); err == nil {
		server = origin(u)
	} // otherwise the message is written all the same and ends as a dead letter
	e := Endpoint{ID: derivedID(tx.Realm(), owner, Implicit, t.Contract+" "+server), Version: 1, Kind: Implicit, Merchant: owner, URL: server,
		Contract: t.Contract, Mode: Plain, Ordered: !s.Manners[t.Contract].Unordered, State: Active, CreatedAt: tx.Now()}
	if s.known.exists(e.ID) {
		return e, nil
	}
	if err := offerEndpoint(tx, e); err != nil {
		return e, err
	}
	tx.Committed(func() { s.known.remember(e.ID) })
	return e, nil
}

// subscribers are the realm's active subscribed endpoints, from memory when
// they were read less than a second ago: a payment does not pay for a query,
// and a change in another process is in force within a second.
func (s *Service) subscribers(tx *store.Tx) ([]Endpoint, error) {
	realm, now := tx.Realm(), s.Clock()
	list, generation, ok := s.known.get(realm, now)
	if ok {
		return list, nil
	}
	list, err := subscribers(tx)
	if err == nil {
		tx.Committed(func() { s.known.put(realm, list, now, generation) })
	}
	return list, err
}

const knownAge = time.Second

// subscriptions remembers who hears of what, and which implicit endpoints
// there are. Only what is committed gets in.
type subscriptions struct {
	mu     sync.RWMutex
	realms map[ident.ID]subscribed
	made   map[ident.ID]bool
}

type subscribed struct {
	list       []Endpoint
	readAt     time.Time
	generation int // counts changes, so that a list read before one is not kept after it
}

// manyMade bounds the memory of implicit endpoints; past it all are forgotten
// and looked up again.
const manyMade = 100_000

func (k *subscriptions) get(realm ident.ID, now time.Time) (list []Endpoint, generation int, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	known := k.realms[realm]
	fresh := !known.readAt.IsZero() && now.Sub(known.readAt).Abs() < knownAge
	return known.list, known.generation, fresh
}

func (k *subscriptions) put(realm ident.ID, list []Endpoint, readAt time.Time, generation int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.realms == nil {
		k.realms = map[ident.ID]subscribed{}
	}
	if k.realms[realm].generation == generation {
		k.realms[realm] = subscribed{list: list, readAt: readAt, generation: generation}
	}
}

func (k *subscriptions) forget(realm ident.ID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.realms == nil {
		k.realms = map[ident.ID]subscribed{}
	}
	k.realms[realm] = subscribed{generation: k.realms[realm].generation + 1}
}

func (k *subscriptions) exists(id ident.ID) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.made[id]
}

func (k *subscriptions) remember(id ident.ID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.made == nil || len(k.made) >= manyMade {
		k.made = map[ident.ID]bool{}
	}
	k.made[id] = true
}

// permanent says whether an error will be the same at every further try.
func permanent(err string) bool { return strings.HasPrefix(err, "url not") }
