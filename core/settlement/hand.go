package settlement

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// Request is a wish for a payout by hand (april sheet, 5.9).
type Request struct {
	Merchant   ident.ID
	Amount     money.Amount // in the currency the merchant trades in
	Account    ident.ID     // one of the merchant's, the main one when empty
	Channels   []string     // tried in this order; NPP, then direct entry when empty
	Descriptor string       // 1 to 35 characters for the statement
	FeePayer   ident.ID     // another merchant of the same marketplace, or the receiver
}

// PayOut closes the merchant's open payout for an amount, and what is left is
// brought forward into the next one. Faults, in the order checked:
// forbidden.permission, not_found.merchant, conflict.no_plan, conflict.by_hand
// (the plan does not allow it), invalid.currency, invalid.amount,
// invalid.descriptor, invalid.channels, not_found.account, conflict.account
// (there is none to pay to), not_found.merchant for the payer of the fee,
// conflict.balance.
func (s *Service) PayOut(ctx context.Context, actor access.Actor, r Request) (p Payout, err error) {
	if err := actor.Need(access.Settings); err != nil {
		return Payout{}, err
	}
	if err := actor.NeedMerchant(r.Merchant); err != nil {
		return Payout{}, err
	}
	if len(r.Channels) == 0 {
		r.Channels = []string{NPP, DirectEntry}
	}
	err = s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		f, plan, err := planned(tx, r.Merchant)
		if err != nil {
			return err
		}
		if err := r.check(plan); err != nil {
			return err
		}
		if err := r.checkAccount(f); err != nil {
			return err
		}
		if err := r.charge(tx, f.Merchant, plan); err != nil {
			return err
		}
		open, err := collecting(tx, r.Merchant, plan.Currency)
		if err != nil {
			return err
		}
		p, err = s.cut(tx, open, f, wish{amount: r.Amount.Minor, account: r.Account, channels: r.Channels, descriptor: r.Descriptor, feePayer: r.FeePayer, byHand: true})
		return err
	})
	return p, err
}

// planned finds a merchant that settles here. Faults: not_found.merchant,
// conflict.no_plan.
func planned(tx *store.Tx, id ident.ID) (merchant.Found, Plan, error) {
	f, err := merchant.FindIn(tx, id)
	if err != nil {
		return f, Plan{}, err
	}
	plan, found, err := getPlan(tx, id)
	if err == nil && !found {
		err = fault.New("conflict.no_plan", "the merchant does not settle here")
	}
	return f, plan, err
}

func (r Request) check(plan Plan) error {
	text := strings.TrimSpace(r.Descriptor)
	switch {
	case !plan.Terms.HandPayouts:
		return fault.New("conflict.by_hand", "payouts by hand are not switched on for this merchant")
	case r.Amount.Currency != plan.Currency:
		return fault.At("invalid.currency", "currency", "the merchant trades in %s", string(plan.Currency))
	case r.Amount.Minor < 1 || r.Amount.Minor > money.Max:
		return fault.At("invalid.amount", "amount", "an amount above zero is needed")
	case text == "" || utf8.RuneCountInString(text) > 35 || strings.ContainsFunc(text, unicode.IsControl):
		return fault.At("invalid.descriptor", "descriptor", "say in 1 to 35 characters what the statement shows")
	case len(r.Channels) > 2 || len(r.Channels) == 2 && r.Channels[0] == r.Channels[1]:
		return fault.At("invalid.channels", "channels", "each channel once")
	}
	for _, c := range r.Channels {
		if !slices.Contains([]string{NPP, DirectEntry}, c) {
			return fault.At("invalid.channels", "channels", "direct_entry or npp")
		}
	}
	return nil
}

func (r Request) checkAccount(f merchant.Found) error {
	known := r.Account == ""
	for _, a := range f.Accounts {
		known = known || a.ID == r.Account
	}
	if !known {
		return fault.New("not_found.account", "no such bank account")
	}
	if _, pays := target(f, r.Account, r.Amount.Currency); !pays {
		return fault.New("conflict.account", "there is no bank account in %s to pay to", string(r.Amount.Currency))
	}
	return nil
}

// charge enters the fee of a payout by hand, before it is closed: the receiver
// pays it out of the same money.
func (r Request) charge(tx *store.Tx, m merchant.Merchant, plan Plan) error {
	if r.FeePayer != "" && r.FeePayer != m.ID {
		payer, other, err := planned(tx, r.FeePayer)
		if err != nil || m.Marketplace == "" || payer.Marketplace != m.Marketplace {
			return fault.New("not_found.merchant", "no such merchant to pay the fee")
		}
		m, plan.Merchant, plan.Terms.Mode = payer.Merchant, payer.ID, other.Terms.Mode
	}
	c, err := plan.Terms.charge(money.Of(0, plan.Currency), 0, plan.Terms.PayoutFee)
	if err != nil || c.Total() == 0 {
		return err
	}
	_, err = add(tx, plan, Entry{ID: tx.NewID(), Merchant: m.ID, Kind: PayoutFee, Currency: plan.Currency, At: tx.Now(), AvailableAt: tx.Now()}, c)
	return err
}

// Balance is what of a merchant's money no payout has taken in, minor units of
// one currency.
type Balance struct {
	Available int64 // may be paid out now
	Waiting   int64 // becomes available later
}

// Balance says what a merchant could be paid out. Faults: not_found.merchant.
func (s *Service) Balance(ctx context.Context, realm, id ident.ID, c money.Currency) (b Balance, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		if _, err := merchant.MerchantIn(tx, id); err != nil {
			return err
		}
		p, err := collecting(tx, id, c)
		if err != nil {
			return err
		}
		b.Available, b.Waiting, err = waiting(tx, id, c, tx.Now())
		b.Available += p.Opening
		return err
	})
	return b, err
}

// Outcomes that test mode can give a payout.
const (
	SimulatePaid     = "paid"
	SimulateFailed   = "failed"
	SimulateReversed = "reversed"
)

// Simulate gives the merchant's payout an end in test mode, whatever the bank
// would say: the newest that is on its way, or was paid where it is to be
// reversed, else the open one, which is closed now (april sheet, 5.8). Faults:
// forbidden.live, invalid.outcome, not_found.merchant, conflict.no_plan,
// conflict.nothing (there is nothing to pay out).
func (s *Service) Simulate(ctx context.Context, realm, id ident.ID, outcome string) (p Payout, err error) {
	env, err := s.Environment(ctx, realm)
	if err != nil {
		return p, err
	}
	if env != access.Test {
		return p, fault.New("forbidden.live", "only a test realm's payouts can be simulated")
	}
	if !slices.Contains([]string{SimulatePaid, SimulateFailed, SimulateReversed}, outcome) {
		return p, fault.At("invalid.outcome", "outcome", "paid, failed or reversed")
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		f, plan, err := planned(tx, id)
		if err != nil {
			return err
		}
		found := false
		if p, found, err = latestPayout(tx, id); err != nil {
			return err
		}
		if !found || !p.Open() && (outcome != SimulateReversed || p.State != Paid || p.Amount == 0) {
			open, err := collecting(tx, id, plan.Currency)
			if err != nil {
				return err
			}
			if p, err = s.cut(tx, open, f, wish{}); err != nil {
				return err
			}
		}
		return s.end(tx, &p, outcome)
	})
	return p, err
}

// end forces a payout to its end. The attempt gets a new id, so that an answer
// that is still on its way finds nobody.
func (s *Service) end(tx *store.Tx, p *Payout, outcome string) error {
	if p.Amount == 0 {
		return fault.New("conflict.nothing", "there is nothing to pay out")
	}
	if p.State != Paid {
		p.Attempt, p.SentAt = tx.NewID(), latest(p.SentAt, tx.Now())
		if p.Details.Channel == "" && len(p.Details.Channels) > 0 {
			p.Details.Channel = p.Details.Channels[0]
		}
	}
	if outcome == SimulateFailed {
		return s.owedAgain(tx, p, Failed, fault.DeclinedClosedAccount)
	}
	if p.State != Paid {
		if err := s.arrived(tx, p); err != nil {
			return err
		}
	}
	if outcome == SimulateReversed {
		return s.owedAgain(tx, p, Reversed, fault.DeclinedClosedAccount)
	}
	return nil
}
