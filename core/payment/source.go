package payment

import (
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// means is what the provider is told to pay with.
type means struct {
	card  *connector.Card
	bank  *connector.BankAccount
	quote string
}

// source does what an order wants of the vault: it fetches the stored card or
// bank account that pays, or seals the typed one to be kept if the payment
// succeeds.
func (s *Service) source(tx *store.Tx, actor access.Actor, o Order, p *Payment) (means, error) {
	by := audit.By{Actor: string(actor.Key), Origin: p.Surface}
	if o.Source == "" {
		with := means{card: o.Card, bank: o.Bank}
		p.Details.Coded = o.Card != nil && !o.Card.CVV.Empty()
		if o.Card == nil && o.Bank == nil || !o.Keep {
			return with, nil
		}
		draft := vault.Draft{Merchant: p.Merchant, Customer: p.Customer, Method: p.Method, Bank: o.Bank, Keeping: o.Keeping}
		if c := o.Card; c != nil {
			draft.Card = vault.Card{Number: c.Number, Holder: c.Holder, ExpiryMonth: c.ExpiryMonth, ExpiryYear: c.ExpiryYear, Brand: o.Brand}
		}
		kept, err := s.Vault.Add(tx, by, draft)
		p.Source = kept.ID
		return with, err
	}
	src, err := vault.Find(tx, o.Source)
	if err != nil {
		return means{}, err
	}
	if src.Merchant != p.Merchant && (src.Scope != vault.ByBilling || o.Billing != src.Merchant) {
		return means{}, fault.New("not_found.source", "no such payment source")
	}
	if src.State != vault.Active {
		return means{}, fault.New("conflict.source", "the payment source is deleted or was never confirmed")
	}
	p.Source, p.Method, p.Brand = src.ID, src.Method, src.Brand
	if !o.Profile.Settings.TakesBrand(p.Brand) {
		return means{}, fault.At("invalid.method.not_set_up", "brand", "this brand is not set up")
	}
	if series := p.Details.Series; series != nil && series.SchemeRef == "" {
		known := *series
		known.SchemeRef = src.SchemeRef
		p.Details.Series = &known
	}
	if src.Method == method.DirectDebit {
		account, err := s.Vault.RevealBank(tx, by, o.Source)
		p.Details.Bank = bankFace(account)
		return means{bank: &account}, err
	}
	stored, err := s.Vault.Reveal(tx, by, o.Source)
	card := &connector.Card{Number: stored.Number, CVV: o.CVV, Holder: stored.Holder, ExpiryMonth: stored.ExpiryMonth,
		ExpiryYear: stored.ExpiryYear, Brand: stored.Brand}
	p.Details.Card, p.Details.Coded = face(*card), !o.CVV.Empty()
	return means{card: card}, err
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
