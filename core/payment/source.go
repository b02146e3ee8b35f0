package payment

import (
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// source does what an order wants of the vault: it fetches the stored card
// that pays, or seals the typed one to be kept if the payment succeeds.
func (s *Service) source(tx *store.Tx, actor access.Actor, o Order, p *Payment) (*connector.Card, error) {
	by := audit.By{Actor: string(actor.Key), Origin: p.Surface}
	if o.Source == "" {
		if o.Card == nil || !o.Keep {
			return o.Card, nil
		}
		kept, err := s.Vault.Add(tx, by, vault.Draft{Merchant: p.Merchant, Customer: p.Customer, Method: p.Method, Keeping: o.Keeping,
			Card: vault.Card{Number: o.Card.Number, Holder: o.Card.Holder, ExpiryMonth: o.Card.ExpiryMonth, ExpiryYear: o.Card.ExpiryYear, Brand: o.Brand}})
		p.Source = kept.ID
		return o.Card, err
	}
	src, err := vault.Find(tx, o.Source)
	if err != nil {
		return nil, err
	}
	if src.Merchant != p.Merchant {
		return nil, fault.New("not_found.source", "no such payment source")
	}
	if src.State != vault.Active {
		return nil, fault.New("conflict.source", "the payment source is deleted or was never confirmed")
	}
	stored, err := s.Vault.Reveal(tx, by, o.Source)
	if err != nil {
		return nil, err
	}
	card := &connector.Card{Number: stored.Number, CVV: o.CVV, Holder: stored.Holder, ExpiryMonth: stored.ExpiryMonth,
		ExpiryYear: stored.ExpiryYear, Brand: stored.Brand}
	p.Source, p.Method, p.Brand, p.Details.Card = src.ID, src.Method, src.Brand, face(*card)
	if !o.Profile.Settings.TakesBrand(p.Brand) {
		return nil, fault.At("invalid.method.not_set_up", "brand", "this brand is not set up")
	}
	if series := p.Details.Series; series != nil && series.SchemeRef == "" {
		known := *series
		known.SchemeRef = src.SchemeRef
		p.Details.Series = &known
	}
	return card, nil
}

// keepSource settles what becomes of a card that was to be kept: usable once
// its payment has succeeded, wiped when it has failed.
func (s *Service) keepSource(tx *store.Tx, c *change) error {
	if c.p.Source == "" || !c.first() || !c.p.Final() {
		return nil
	}
	src, err := vault.Find(tx, c.p.Source)
	if err != nil || src.State != vault.Pending {
		return err
	}
	by := audit.By{Actor: "payment " + string(c.p.ID), Origin: c.p.Surface}
	if c.p.State == Failed {
		_, err = s.Vault.Delete(tx, by, src.ID)
		return err
	}
	ref := ""
	if c.p.Details.Series != nil {
		ref = c.p.Details.Series.SchemeRef
	}
	_, err = s.Vault.Activate(tx, by, src.ID, ref)
	return err
}
