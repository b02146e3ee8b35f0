package subscription

import (
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/store"
)

// OnEvent follows what subscriptions depend on, in the transaction in which it
// happens: their invoices, their banks' claims and mandates.
func (s *Service) OnEvent(tx *store.Tx, e event.Event) error {
	switch about := e.Subject.(type) {
	case invoice.Change:
		return s.onInvoice(tx, about)
	case bankfile.Claim:
		if e.Type == "bank_claim.refused" || e.Type == "bank_claim.lapsed" {
			return s.onRefusal(tx, about)
		}
	case bankfile.Mandate:
		return s.onMandate(tx, e.Type, about)
	case mandate.Mandate:
		t, found, err := tokenByMandate(tx, about.ID)
		if err == nil && found && about.Ended() {
			err = s.endToken(tx, audit.By{Actor: "provider", Origin: "agreement"}, &t)
		}
		return err
	}
	return nil
}

func (s *Service) onInvoice(tx *store.Tx, c invoice.Change) error {
	if c.Is.Owner == "" {
		return nil
	}
	b, found, err := getBill(tx, c.Is.ID)
	if err != nil || !found {
		return err
	}
	state := b.State
	switch c.Is.State {
	case invoice.Paid:
		state = Paid
	case invoice.Cancelled, invoice.Credited, invoice.Expired:
		state = Void
	default:
		if b.State == Paid { // the money went back
			state = Left
		}
	}
	if state == b.State {
		return nil
	}
	reopened := b.State == Paid
	b.State = state
	saveBill(tx, &b)
	sub, err := getSubscription(tx, b.Subscription)
	if err != nil {
		return err
	}
	if state == Paid || state == Void {
		if err := s.Banks.Recall(tx, b.Invoice); err != nil {
			return err
		}
	}
	if reopened {
		job.Add(tx, "subscription.suspend", b.Invoice, tx.Now().AddDate(0, 0, suspendDays))
	}
	if err := s.paidUntil(tx, &sub); err != nil {
		return err
	}
	return s.resume(tx, &sub)
}

// paidUntil works out anew how far a subscription is paid for.
func (s *Service) paidUntil(tx *store.Tx, sub *Subscription) error {
	bills, err := billsOf(tx, sub.ID)
	if err != nil {
		return err
	}
	until := invoice.Date("")
	for _, b := range bills {
		if b.State == Paid && b.ToOn > until {
			until = b.ToOn
		}
	}
	if until == sub.PaidUntil {
		return nil
	}
	sub.PaidUntil = until
	return s.save(tx, sub, "subscription.paid_until")
}

// onRefusal claims a bill once more, a week later, or gives up on the bank.
func (s *Service) onRefusal(tx *store.Tx, c bankfile.Claim) error {
	b, found, err := getBill(tx, c.Invoice)
	if err != nil || !found || b.State != Open {
		return err
	}
	b.Tries++
	saveBill(tx, &b)
	h, err := getHeld(tx, b.Subscription)
	if err != nil {
		return err
	}
	sub := h.Subscription
	if err := s.save(tx, &sub, "subscription.charge_failed"); err != nil {
		return err
	}
	creditor, mandate, good, err := s.bank(tx, h)
	if err != nil {
		return err
	}
	if b.Tries >= maxTries || hopeless(c.Code) || !good {
		if err := s.fallBack(tx, &sub); err != nil || creditor.ID == "" {
			return err
		}
		return s.Banks.Leave(tx, creditor, sub.ID)
	}
	inv, err := invoice.GetIn(tx, b.Invoice)
	if err != nil {
		return err
	}
	due := invoice.DateOf(tx.Now(), time.UTC).Add(againDays)
	_, err = s.Banks.Claim(tx, creditor, mandate, inv, due, claimDetails(h, b))
	return err
}

// onMandate lets a change to direct debit take place once the bank has agreed,
// and ends it when the mandate does.
func (s *Service) onMandate(tx *store.Tx, typ string, m bankfile.Mandate) error {
	sub, err := getSubscription(tx, m.Owner)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case typ == "bank_mandate.active" && sub.Pending == ByBank && sub.State != Stopped:
		return s.switchTo(tx, audit.By{Actor: "bank", Origin: "bank file"}, &sub, ByBank, "")
	case (typ == "bank_mandate.refused" || typ == "bank_mandate.ended") && sub.Pending == ByBank:
		sub.Pending = ""
		return s.save(tx, &sub, "subscription.change_failed")
	case typ == "bank_mandate.ended" && sub.Method == ByBank && sub.State != Stopped:
		return s.fallBack(tx, &sub)
	}
	return nil
}

// switchTo changes what a subscription is paid by, and ends what paid before.
func (s *Service) switchTo(tx *store.Tx, by audit.By, sub *Subscription, m Method, token ident.ID) error {
	was, old := sub.Method, sub.Token
	sub.Method, sub.Token, sub.Pending = m, token, ""
	if err := s.save(tx, sub, "subscription.method_changed"); err != nil {
		return err
	}
	return s.endOld(tx, by, sub, was, old)
}

// endOld ends what paid for a subscription before: the agreement with the bank,
// or the token, unless it pays for another one or still pays for this.
func (s *Service) endOld(tx *store.Tx, by audit.By, sub *Subscription, was Method, old ident.ID) error {
	if was == ByBank && sub.Method != ByBank {
		p, err := getProduct(tx, sub.Product)
		if err != nil {
			return err
		}
		c, found, err := s.Banks.For(tx, sub.Merchant, p.Currency)
		if err != nil || !found {
			return err
		}
		return s.Banks.Leave(tx, c, sub.ID)
	}
	if old == "" || old == sub.Token {
		return nil
	}
	return s.ReleaseToken(tx, by, old)
}

// leave ends whatever pays for a subscription that is stopped.
func (s *Service) leave(tx *store.Tx, by audit.By, sub *Subscription) error {
	was, old := sub.Method, sub.Token
	sub.Method, sub.Token = ByInvoice, ""
	if err := s.save(tx, sub, "subscription.left"); err != nil {
		return err
	}
	return s.endOld(tx, by, sub, was, old)
}
