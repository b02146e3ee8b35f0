package app

import (
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// countDeclines tells the vault of card payments that were declined, so that
// cards which should not be tried again are blocked. Payments whose surface
// does not say which card it was are not counted.
func (a *App) countDeclines(tx *store.Tx, e event.Event) error {
	out, ok := e.Subject.(payment.Outcome)
	if !ok || out.Payment.Method != method.Card || out.Payment.State != payment.Failed || out.Payment.Details.Fingerprint == "" || out.Attempt.ID != out.Payment.ID {
		return nil
	}
	p, face := out.Payment, vault.Face{Brand: out.Payment.Brand, Fingerprint: out.Payment.Details.Fingerprint}
	if c := p.Details.Card; c != nil {
		face.BIN, face.Last4, face.ExpiryMonth, face.ExpiryYear = c.BIN, c.Last4, c.ExpiryMonth, c.ExpiryYear
	}
	return a.Vault.Declined(tx, vault.Decline{Merchant: p.Merchant, Customer: p.Customer, Payment: p.ID, Code: p.Code, Face: face})
}
