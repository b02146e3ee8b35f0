package payment

import (
	"context"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Tender is a payment token and what it is handed over for.
type Tender struct {
	Token ident.ID
	For   vault.TokenUse
}

// With is the order with what a payment token pays with in it: the amount and
// the surcharge, the method, the brand, the card or the source, the customer.
// What the order says about them before does not matter.
func (o Order) With(m vault.Means) Order {
	o.Amount, o.Method, o.Brand, o.Card, o.Source, o.CVV, o.Keep = m.Total, m.Token.Method, m.Token.Face.Brand, m.Card, m.Source, m.CVV, m.Token.Keep
	o.Bank, o.Quote, o.Surcharge = m.Bank, m.Token.Reference, m.Token.Surcharge.Minor
	if o.Customer == "" {
		o.Customer = m.Token.Customer
	}
	o.Details.Token, o.Details.Fingerprint = m.Token.ID, m.Token.Face.Fingerprint
	switch m.Token.Kind {
	case vault.OfApple:
		o.Details.Wallet = "applepay"
	case vault.OfGoogle:
		o.Details.Wallet = "googlepay"
	}
	if facts := m.Token.Face.Facts; facts != (method.Facts{}) {
		o.Details.Facts = &facts
	}
	o.Keeping = vault.Keeping{Delegate: m.Token.Delegate, About: vault.About{Facts: m.Token.Face.Facts}}
	if m.ThreeDS != nil { // who pays was made sure of on the device
		o.Details.ThreeDS, o.Use3DS, o.Challenge = m.ThreeDS, false, false
	}
	if m.Token.Unattended && m.Token.OfACard() && o.Details.Series == nil {
		o.Details.Series = &Series{Initiator: "MIT", Mode: "REPEATED", Type: "UNSCHEDULED"}
	}
	return o
}

// tender uses up the token that an order is paid with, if it is, and gives the
// order what it pays with. Faults: those of vault.Use.
func (s *Service) tender(tx *store.Tx, actor access.Actor, o Order) (Order, error) {
	if o.Tender == nil {
		return o, nil
	}
	m, err := s.Vault.Use(tx, audit.By{Actor: string(actor.Key), Origin: o.Idempotency.Surface}, o.Tender.Token, o.Tender.For)
	if err != nil {
		return o, err
	}
	return o.With(m), nil
}

// waived says that a card's security code cannot be asked for: the merchant
// starts the payment, or a token pays, which was made when the payer was there.
func (o Order) waived() bool {
	return o.Details.Series != nil && o.Details.Series.Initiator == "MIT" || o.Tender != nil && o.Card.CVV.Empty()
}

// Describe tells what the provider that would carry a profile's card payments
// knows of a card, by the first digits of its number; nothing, when it keeps no
// directory of issuers. The facts decide surcharges, so the same digits have to
// be asked about whenever one is worked out: six.
func (s *Service) Describe(ctx context.Context, env access.Environment, profile merchant.Profile, bin string) method.Facts {
	conn, err := s.connector(s.route(Order{Profile: profile, Method: method.Card}, env), env)
	if err != nil {
		return method.Facts{}
	}
	d, ok := conn.(connector.Describer)
	if !ok {
		return method.Facts{}
	}
	facts, _ := d.Describe(ctx, bin[:min(6, len(bin))])
	return facts
}
