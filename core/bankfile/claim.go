package bankfile

import (
	"slices"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/store"
)

// Claim asks for an invoice to be paid under a mandate, on a day. The invoice
// carries a reference that NextReference made. Faults, in the order checked:
// conflict.bank_mandate (it is not active), conflict.bank_claim (one is open for
// the invoice), invalid.bank_file (no file could hold it).
func (s *Service) Claim(tx *store.Tx, c Creditor, m Mandate, inv invoice.Invoice, due invoice.Date, d ClaimDetails) (Claim, error) {
	if m.State != Active || m.Creditor != c.ID {
		return Claim{}, fault.New("conflict.bank_mandate", "the mandate is not active")
	}
	before, err := claimsOf(tx, inv.ID)
	if err != nil {
		return Claim{}, err
	}
	for _, b := range before {
		if b.State.open() {
			return b, fault.New("conflict.bank_claim", "the bank has been asked already")
		}
	}
	d.Payer, d.Notify = m.Payer, m.Notify
	claim := Claim{ID: tx.NewID(), Version: 1, Seq: 1, Creditor: c.ID, Merchant: c.Merchant, Mandate: m.ID, Invoice: inv.ID, Reference: inv.Payable,
		DueOn: due, Amount: inv.Left(), State: Waiting, Details: d, CreatedAt: tx.Now(), ChangedAt: tx.Now()}
	if _, err := s.Formats[c.Bank].Write(connector.Batch{Number: 1, Creditor: c.Creditor, At: tx.Now(), Claims: []connector.BankClaim{claim.out()}}); err != nil {
		return Claim{}, err
	}
	if err := addClaim(tx, claim); err != nil {
		return Claim{}, err
	}
	return claim, s.tell(tx, claim.ID, claim.Seq, claim.Merchant, "bank_claim.made", map[string]string{"invoice": string(inv.ID)}, claim)
}

// out is a claim in a format's words.
func (c Claim) out() connector.BankClaim {
	return connector.BankClaim{Payer: c.Details.Payer, Reference: c.Reference, Due: c.DueOn.Begin(time.UTC), Amount: c.Amount, Name: c.Details.Name,
		Text: c.Details.Text, Notify: c.Details.Notify, Bill: c.Details.Bill}
}

// ClaimsOf lists the claims for an invoice, oldest first.
func ClaimsOf(tx *store.Tx, inv ident.ID) ([]Claim, error) { return claimsOf(tx, inv) }

// Asked says whether a bank has been, or is to be, asked for an invoice and may
// still pay it.
func (s *Service) Asked(tx *store.Tx, inv invoice.Invoice) (bool, error) {
	list, err := claimsOf(tx, inv.ID)
	return slices.ContainsFunc(list, func(c Claim) bool { return c.State.open() }), err
}

// Recall takes back the claims that are open for an invoice: those that have
// not gone out, and, where the format knows how, those that have and are not
// due. What has been asked and cannot be taken back may still be paid.
func (s *Service) Recall(tx *store.Tx, inv ident.ID) error {
	list, err := claimsOf(tx, inv)
	if err != nil {
		return err
	}
	for _, c := range list {
		switch creditor, err := getCreditor(tx, c.Creditor); {
		case err != nil:
			return err
		case c.State == Waiting:
			c.State = Recalled
		case c.State == Sent && creditor.Bank == "nets" && c.DueOn > invoice.DateOf(tx.Now(), time.UTC):
			c.State = Recalling
		default:
			continue
		}
		if err := s.saveClaim(tx, &c, "bank_claim.recalled"); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) saveClaim(tx *store.Tx, c *Claim, typ string) error {
	c.Seq++
	c.ChangedAt = tx.Now()
	if err := saveClaim(tx, c); err != nil {
		return err
	}
	return s.tell(tx, c.ID, c.Seq, c.Merchant, typ, map[string]string{"invoice": string(c.Invoice), "state": string(c.State), "code": c.Code}, *c)
}

// refuse takes in that a claim was not paid: false when it is none of ours.
func (s *Service) refuse(tx *store.Tx, creditor ident.ID, r connector.BankRefusal) (bool, error) {
	list, err := claimsFor(tx, creditor, r.Reference)
	if err != nil {
		return false, err
	}
	for _, c := range list {
		if c.Amount != r.Amount || !c.State.open() && c.State != NotPaid {
			continue
		}
		if r.Again || c.State == NotPaid { // the bank tries once more; or we have heard
			return true, nil
		}
		c.State, c.Code = NotPaid, r.Code
		return true, s.saveClaim(tx, &c, "bank_claim.refused")
	}
	return false, nil
}

// settle marks the claim that a payment belongs to, if there is one.
func (s *Service) settle(tx *store.Tx, creditor ident.ID, p connector.BankPayment) error {
	list, err := claimsFor(tx, creditor, p.Reference)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.Amount == p.Amount && c.State != Paid && c.State != Recalled {
			c.State, c.Code = Paid, ""
			return s.saveClaim(tx, &c, "bank_claim.paid")
		}
	}
	return nil
}

// lapse gives up claims of which the bank has said nothing for a week after
// their day.
func (s *Service) lapse(tx *store.Tx, creditor ident.ID) error {
	before := invoice.DateOf(tx.Now().AddDate(0, 0, -lapseDays), time.UTC)
	for _, state := range []ClaimState{Sent, Recalling} {
		list, err := claimsIn(tx, creditor, state, string(before), batchClaims)
		if err != nil {
			return err
		}
		for _, c := range list {
			c.State, c.Code = Lapsed, fault.DeclinedTimedOut
			if err := s.saveClaim(tx, &c, "bank_claim.lapsed"); err != nil {
				return err
			}
		}
	}
	return nil
}
