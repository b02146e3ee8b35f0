package settlement

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// The jobs of settlement. cutJob looks at a merchant's cut-off once a day,
// sendJob carries one payout to its end.
const (
	cutJob  = "settlement.cut"
	sendJob = "settlement.send"
)

// Register names the handlers of settlement's jobs.
func (s *Service) Register(q *job.Queue) {
	q.Handle(cutJob, s.cutOff)
	q.Handle(sendJob, s.send)
	q.Handle(invoiceJob, s.overdue)
}

// begin opens a merchant's first payout and has its cut-offs watched.
func (s *Service) begin(tx *store.Tx, m merchant.Merchant, p Plan) error {
	if err := openPayout(tx, Payout{Merchant: m.ID, Currency: p.Currency, Number: 1, From: tx.Now()}); err != nil {
		return err
	}
	at, _ := nextCut(tx.Now(), "daily", zoneOf(m), p.Terms.CutOff)
	job.Add(tx, cutJob, m.ID, at)
	return nil
}

// openPayout makes the payout that collects from now on.
func openPayout(tx *store.Tx, p Payout) error {
	p.ID, p.Version, p.State, p.Collects, p.CreatedAt = tx.NewID(), 1, Created, true, tx.Now()
	p.Reference = referenceOf(p.ID)
	return addPayout(tx, p)
}

// cutOff is the daily job of a merchant: what its schedule closes now is closed
// and sent, what was suspended goes on if there is an account by now, and on
// the first of the month the invoice for fees is issued.
func (s *Service) cutOff(ctx context.Context, j job.Job) error {
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		plan, found, err := getPlan(tx, j.Object)
		if err != nil || !found {
			return err
		}
		f, err := merchant.FindIn(tx, j.Object)
		if err != nil {
			return err
		}
		zone := zoneOf(f.Merchant)
		if err := s.resume(tx, f); err != nil {
			return err
		}
		due, scheduled := nextCut(j.DueAt.Add(-time.Millisecond), f.Payouts.Schedule, zone, plan.Terms.CutOff)
		if scheduled && !due.After(tx.Now()) && !f.Payouts.Manual {
			if err := s.cutAll(tx, f, plan); err != nil {
				return err
			}
		}
		if err := s.issue(tx, f.Merchant, plan, zone); err != nil {
			return err
		}
		next, _ := nextCut(tx.Now(), "daily", zone, plan.Terms.CutOff)
		return job.Again(tx, j, next)
	})
}

// cutAll closes the open payout of each currency that has something in it.
func (s *Service) cutAll(tx *store.Tx, f merchant.Found, plan Plan) error {
	currencies, err := openCurrencies(tx, f.ID)
	if err != nil {
		return err
	}
	for _, c := range currencies {
		p, err := collecting(tx, f.ID, c)
		if err != nil {
			return err
		}
		if p.ID == "" { // the first money in a currency that the merchant does not trade in
			if err := openPayout(tx, Payout{Merchant: f.ID, Currency: c, Number: 1, From: tx.Now()}); err != nil {
				return err
			}
			if p, err = collecting(tx, f.ID, c); err != nil {
				return err
			}
		}
		if _, err := s.cut(tx, p, f, wish{}); err != nil {
			return err
		}
	}
	return nil
}

// wish is what somebody wants of a payout; zero is the schedule's own.
type wish struct {
	amount     int64 // 0: all there is
	account    ident.ID
	channels   []string
	descriptor string
	feePayer   ident.ID
	byHand     bool
}

// cut closes the open payout p: it takes in what is available, and what comes
// to more than nothing is reserved and sent. With nothing new in it it goes on
// collecting, and cut answers it unchanged. Fault: conflict.balance when more
// is wished for than there is.
func (s *Service) cut(tx *store.Tx, p Payout, f merchant.Found, w wish) (Payout, error) {
	var err error
	if p.Credited, p.Entries, err = collect(tx, p, tx.Now()); err != nil {
		return p, err
	}
	balance := p.Opening + p.Credited
	switch {
	case w.amount > 0 && w.amount > balance:
		return p, fault.At("conflict.balance", "amount", "there is less than that to pay out")
	case w.amount > 0:
		p.Amount = w.amount
	case p.Entries == 0 && balance <= 0:
		return p, nil
	default:
		p.Amount = max(balance, 0)
	}
	p.Closing = balance - p.Amount
	p.Collects, p.To = false, tx.Now()
	p.Details = Details{ByHand: w.byHand, Account: w.account, Channels: w.channels, Descriptor: w.descriptor, FeePayer: w.feePayer}
	if len(p.Details.Channels) == 0 {
		p.Details.Channels = []string{DirectEntry}
	}
	if err := s.closed(tx, &p, f); err != nil {
		return p, err
	}
	next := Payout{Merchant: p.Merchant, Currency: p.Currency, Number: p.Number + 1, Opening: p.Closing, From: tx.Now()}
	if err := openPayout(tx, next); err != nil {
		return p, err
	}
	return p, opens(tx, p)
}

// closed gives a payout that has its amount its state.
func (s *Service) closed(tx *store.Tx, p *Payout, f merchant.Found) error {
	if p.Amount == 0 {
		p.State, p.PaidAt = Paid, tx.Now()
		return s.save(tx, p, "paid")
	}
	to, pays := target(f, p.Details.Account, p.Currency)
	p.Details.Account = to.ID
	if !pays {
		p.State = Suspended
		return s.save(tx, p, "suspended", p.due().ReservePayout(p.money()))
	}
	job.Add(tx, sendJob, p.ID, tx.Now())
	return s.save(tx, p, "created", p.due().ReservePayout(p.money()))
}

// target is the account that a payout goes to: the one that was wished for, or
// the main one. False while the merchant's payouts are disabled.
func target(f merchant.Found, account ident.ID, c money.Currency) (merchant.BankAccount, bool) {
	for _, a := range f.Accounts {
		if (a.ID == account || account == "" && a.Main) && a.Currency == c {
			return a, f.State == merchant.Active || f.State == merchant.Pending
		}
	}
	return merchant.BankAccount{}, false
}

// opens checks that a payout is the sum of its lines, to the minor unit.
// Fault: internal.payout (a mistake of ours: nothing is written).
func opens(tx *store.Tx, p Payout) error {
	lines, err := linesOf(tx, p)
	if err != nil {
		return err
	}
	var sum int64
	for _, l := range lines {
		sum += l.Amount
	}
	if sum != p.Amount+p.Closing {
		return fault.New("internal.payout", "payout %s is %d, and its lines come to %d", p.ID, p.Amount+p.Closing, sum)
	}
	return nil
}

// resume sends what was suspended, once the merchant has an account.
func (s *Service) resume(tx *store.Tx, f merchant.Found) error {
	list, err := inState(tx, f.ID, Suspended)
	if err != nil {
		return err
	}
	for _, p := range list {
		to, pays := target(f, p.Details.Account, p.Currency)
		if !pays {
			continue
		}
		p.State, p.Details.Account = Created, to.ID
		job.Add(tx, sendJob, p.ID, tx.Now())
		if err := s.save(tx, &p, "resumed"); err != nil {
			return err
		}
	}
	return nil
}

// Line is a line that a payout opens into.
type Line struct {
	Kind   string // of entries, platform_fee, or brought_forward
	Count  int64
	Amount int64 // minor units
}

// The kinds of lines that are no kinds of entries.
const (
	PlatformFee    = "platform_fee"
	BroughtForward = "brought_forward"
)

// linesOf are the lines of a payout: what was brought forward, its entries by
// kind before their fees, and the fees. They come to Amount and Closing.
func linesOf(tx *store.Tx, p Payout) ([]Line, error) {
	var lines []Line
	if p.Opening != 0 {
		lines = append(lines, Line{BroughtForward, 1, p.Opening})
	}
	sums, err := sumsOf(tx, p.ID)
	if err != nil {
		return nil, err
	}
	fees := Line{Kind: PlatformFee}
	for _, l := range sums {
		if l.kind == DisputeFee || l.kind == PayoutFee { // fees with a line of their own
			lines = append(lines, Line{string(l.kind), l.count, l.amount})
			continue
		}
		lines = append(lines, Line{string(l.kind), l.count, l.gross})
		if fee := l.amount - l.gross; fee != 0 {
			fees.Count, fees.Amount = fees.Count+l.fees, fees.Amount+fee
		}
	}
	if fees.Amount != 0 {
		lines = append(lines, fees)
	}
	return lines, nil
}
