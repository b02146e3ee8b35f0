package settlement

import (
	"context"
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

// DirectEntryFile makes a file of the payouts that wait for one: those in AUD
// to Australian accounts that nobody sends by himself. They are in transit from
// then on, and end with Conclude, when the bank has said what became of them.
// Nothing is paid twice: a payout is in one file. Faults: conflict.nothing
// (none waits), those of aba.Write.
func (s *Service) DirectEntryFile(ctx context.Context, realm ident.ID, by audit.By, payer aba.Payer, day time.Time) (f FileOut, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		f = FileOut{Name: "direct-entry-" + day.Format("20060102") + "-" + string(tx.NewID()) + ".aba"}
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
			text := p.Reference
			payments = append(payments, aba.Payment{BSB: to.BankCode, Account: to.Number, Title: to.Holder, Amount: p.money(), Reference: text})
			p.State, p.Attempt, p.SentAt = InTransit, tx.NewID(), tx.Now()
			p.Details.Channel, p.Details.File = DirectEntry, f.Name
			if err := s.save(tx, &p, "in_transit"); err != nil {
				return err
			}
			f.Payouts = append(f.Payouts, p)
		}
		if len(payments) == 0 {
			return fault.New("conflict.nothing", "no payout waits for a file")
		}
		audit.Add(tx, by, "settlement_file.make", f.Payouts[0].ID, "ok")
		f.Text, err = aba.Write(payer, "PAYOUTS", day, payments)
		return err
	})
	return f, err
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
