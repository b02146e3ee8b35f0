package settlement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/settlement/aba"
	"github.com/florinpay/florin/store"
)

// FileOut is a direct-entry file and the payouts that it carries.
type FileOut struct {
	Name    string
	Text    []byte
	Payouts []Payout
}

// DirectEntry makes a file of the payouts that wait for one: those in AUD to
// Australian accounts that nobody sends by himself. Nothing is changed by it:
// whoever has put the file where it cannot be lost says so with Carry. Faults:
// conflict.nothing (none waits), those of aba.Write.
func (s *Service) DirectEntry(ctx context.Context, realm ident.ID, payer aba.Payer, day time.Time) (f FileOut, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		f = FileOut{}
		waiting, err := inState(tx, "", Created)
		if err != nil {
			return err
		}
		var payments []aba.Payment
		for _, p := range waiting {
			owner, err := merchant.FindIn(tx, p.Merchant)
			if err != nil {
				return err
			}
			to, pays := target(owner, p.Details.Account, p.Currency)
			if !pays || p.Currency != "AUD" || to.Region != merchant.Australia || !slices.Contains(p.Details.Channels, DirectEntry) {
				continue
			}
			payments = append(payments, aba.Payment{BSB: to.BankCode, Account: to.Number, Title: to.Holder, Amount: p.money(), Reference: p.Reference})
			f.Payouts = append(f.Payouts, p)
		}
		if len(payments) == 0 {
			return fault.New("conflict.nothing", "no payout waits for a file")
		}
		f.Text, err = aba.Write(payer, "PAYOUTS", day, payments)
		f.Name = fileName(f.Text)
		return err
	})
	return f, err
}

// fileName is by what a direct-entry file is known: payouts that it carries bear
// it, and nobody can tell two files of the same text apart.
func fileName(text []byte) string {
	sum := sha256.Sum256(text)
	return "direct-entry-" + hex.EncodeToString(sum[:12]) + ".aba"
}

// Carry marks the payouts of a file as in transit: from now on they are in that
// file and in no other, and end with Conclude, when the bank has said what
// became of them. Fault: conflict.payout (one of them was cancelled, changed or
// put into another file meanwhile; nothing is marked).
func (s *Service) Carry(ctx context.Context, realm ident.ID, by audit.By, f FileOut) (carried []Payout, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		carried = nil
		for _, as := range f.Payouts {
			p, err := getPayout(tx, as.ID)
			if err != nil {
				return err
			}
			if p.State != Created || p.Version != as.Version {
				return fault.New("conflict.payout", "payout %s is no longer as the file has it", p.Reference)
			}
			p.State, p.Attempt, p.SentAt = InTransit, tx.NewID(), tx.Now()
			p.Details.Channel, p.Details.File = DirectEntry, f.Name
			if err := s.save(tx, &p, "in_transit"); err != nil {
				return err
			}
			carried = append(carried, p)
		}
		if len(carried) > 0 {
			audit.Add(tx, by, "settlement_file.make", carried[0].ID, "ok")
		}
		return nil
	})
	return carried, err
}

// Carried lists the payouts in transit that a file of this text carries: none
// when it was never said to.
func (s *Service) Carried(ctx context.Context, realm ident.ID, text []byte) (list []Payout, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = inState(tx, "", InTransit)
		list = slices.DeleteFunc(list, func(p Payout) bool { return p.Details.File != fileName(text) })
		return err
	})
	return list, err
}

// Conclude ends a payout that a file carries, as the bank's statement says:
// paid, failed or reversed. A repeat changes nothing. Faults: invalid.outcome,
// not_found.payout, conflict.payout (no file carries it, or it has ended
// otherwise).
func (s *Service) Conclude(ctx context.Context, realm ident.ID, by audit.By, id ident.ID, state State) (p Payout, err error) {
	if state != Paid && state != Failed && state != Reversed {
		return p, fault.At("invalid.outcome", "outcome", "paid, failed or reversed")
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if p, err = getPayout(tx, id); err != nil || p.State == state {
			return err
		}
		audit.Add(tx, by, "settlement_payout."+string(state), id, "ok")
		switch {
		case p.Details.File == "":
		case state == Paid && p.State == InTransit:
			return s.arrived(tx, &p)
		case state == Failed && p.State == InTransit, state == Reversed && p.State == Paid:
			return s.owedAgain(tx, &p, state, "declined")
		}
		return fault.New("conflict.payout", "the payout is %s", string(p.State))
	})
	return p, err
}
