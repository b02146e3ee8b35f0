package payment

import (
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/store"
)

// mandated gives an order that charges a mandate what that says: the method, the
// brand, who carries it, the customer. The merchant starts the payment, and the
// payer is not asked. Faults: not_found.mandate (another merchant's too),
// those of mandate.Mandate.Charge.
func (s *Service) mandated(tx *store.Tx, o Order) (Order, error) {
	if o.Mandate == "" {
		return o, nil
	}
	m, err := mandate.Find(tx, o.Mandate)
	if err != nil {
		return o, err
	}
	if m.Merchant != o.Profile.Merchant {
		return o, fault.New("not_found.mandate", "no such agreement")
	}
	if err := m.Charge(o.Amount, tx.Now()); err != nil {
		return o, err
	}
	o.Method, o.Brand, o.Card, o.Bank, o.Source, o.Use3DS = m.Method, m.Brand, nil, nil, "", false
	if o.Customer == "" {
		o.Customer = m.Customer
	}
	o.Details.Mandate = m.ID
	if o.Details.Series == nil {
		o.Details.Series = &Series{Initiator: "MIT", Mode: "REPEATED", Type: "UNSCHEDULED"}
	}
	if c := m.Details.Card; c != nil {
		o.Details.Card = &Face{Last4: c.Last4, ExpiryMonth: c.ExpiryMonth, ExpiryYear: c.ExpiryYear}
	}
	o.charged = &m
	return o, nil
}

// follow tells a mandate what the refusal of its charge says about it.
func (s *Service) follow(tx *store.Tx, c change) error {
	if c.p.Details.Mandate == "" || !c.first() || c.a.State != Refused || s.Mandates == nil {
		return nil
	}
	return s.Mandates.Follow(tx, c.p.Details.Mandate, c.a.Code)
}
