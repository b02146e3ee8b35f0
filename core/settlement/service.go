package settlement

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
)

// Service keeps plans and what follows from them.
type Service struct {
	DB     *store.DB
	Events *event.Log
	Clock  clock.Clock
	Log    *slog.Logger

	// Connectors are asked to pay out, those that can.
	Connectors map[string]connector.Connector
	// Environment tells which environment a realm is in.
	Environment func(ctx context.Context, realm ident.ID) (access.Environment, error)
	// Country tells where a card was issued by its first digits, "" when it is
	// not known; nil knows none.
	Country func(bin string) string

	plans sync.Map // realm + "/" + merchant -> *known
}

// known is a merchant's plan as it was read a moment ago, or that there is none.
type known struct {
	plan   Plan
	found  bool
	zone   *time.Location
	readAt time.Time
}

// A plan that was read less than this long ago is believed, so that payments
// of merchants without one cost nothing; a changed plan is in force within
// this time on every node, and at once on the node that changed it.
const planAge = 5 * time.Second

// SavePlan gives a merchant its plan, or another one: what was entered before
// stays as it is. Version is that of the plan it is made from, 0 for a first
// one. Without a TaxCountry it is the merchant's, and a part of the marketplace
// that names none is of the merchant's own.
//
// Faults, in the order checked: not_found.merchant, invalid.plan,
// invalid.split, conflict.plan (there is one already, or it was changed since).
func (s *Service) SavePlan(ctx context.Context, realm ident.ID, by audit.By, p Plan) (Plan, error) {
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		m, err := merchant.MerchantIn(tx, p.Merchant)
		if err != nil {
			return err
		}
		for _, country := range []string{m.Business.TaxCountry, m.Country} {
			if p.Terms.TaxCountry == "" {
				p.Terms.TaxCountry = country
			}
		}
		p.Terms.Shares = slices.Clone(p.Terms.Shares)
		for n, part := range p.Terms.Shares {
			if part.Marketplace && part.Payee == "" {
				p.Terms.Shares[n].Payee = m.Marketplace
			}
		}
		if err := p.Check(); err != nil {
			return err
		}
		for _, part := range p.Terms.Shares {
			if err := payable(tx, m, part); err != nil {
				return err
			}
			if part.Marketplace {
				if _, err := s.own(tx, part.Payee, m, p); err != nil {
					return err
				}
			}
		}
		old, found, err := getPlan(tx, p.Merchant)
		if err != nil {
			return err
		}
		if found && old.Version != p.Version || !found && p.Version != 0 {
			return fault.New("conflict.plan", "the merchant has another plan by now")
		}
		p.CreatedAt, p.UpdatedAt = tx.Now(), tx.Now()
		if found {
			p.CreatedAt = old.CreatedAt
		}
		if !found {
			if err := s.begin(tx, m, p); err != nil {
				return err
			}
		}
		if p.Terms.Mode == Gross {
			if err := s.draft(tx, m, p); err != nil {
				return err
			}
		}
		audit.Add(tx, by, "settlement_plan.save", p.Merchant, "ok")
		tx.Committed(func() { s.plans.Delete(string(realm) + "/" + string(p.Merchant)) })
		return savePlan(tx, p)
	})
	if err != nil {
		return Plan{}, err
	}
	p.Version++
	return p, nil
}

// Plan finds a merchant's plan. Faults: not_found.plan.
func (s *Service) Plan(ctx context.Context, realm, merchant ident.ID) (p Plan, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		var found bool
		if p, found, err = getPlan(tx, merchant); err == nil && !found {
			err = fault.New("not_found.plan", "the merchant does not settle here")
		}
		return err
	})
	return p, err
}

// known finds a merchant's plan, from memory if it was read a moment ago.
func (s *Service) known(tx *store.Tx, id ident.ID) (*known, error) {
	key, now := string(tx.Realm())+"/"+string(id), s.Clock()
	if v, ok := s.plans.Load(key); ok {
		if k := v.(*known); now.Sub(k.readAt).Abs() < planAge {
			return k, nil
		}
	}
	k := &known{readAt: now, zone: time.UTC}
	var err error
	if k.plan, k.found, err = getPlan(tx, id); err != nil {
		return nil, err
	}
	if k.found {
		m, err := merchant.MerchantIn(tx, id)
		if err != nil {
			return nil, err
		}
		k.zone = zoneOf(m)
	}
	s.plans.Store(key, k)
	return k, nil
}

// zoneOf is a merchant's time zone, UTC unless it has told one that exists.
func zoneOf(m merchant.Merchant) *time.Location {
	if zone, err := time.LoadLocation(m.Business.TimeZone); err == nil && m.Business.TimeZone != "Local" {
		return zone
	}
	return time.UTC
}

// Entries lists the entries of a payment, oldest first.
func (s *Service) Entries(ctx context.Context, realm, payment ident.ID) (list []Entry, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = entriesOf(tx, payment)
		return err
	})
	return list, err
}
