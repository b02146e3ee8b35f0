package surcharge

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// Service keeps rules and makes quotes.
type Service struct {
	DB *store.DB
	// Key is the secret of the quotes' tokens: vault.Keys.Pepper("surcharge
	// quote"). It is the same on every node of an installation.
	Key []byte
}

// Life is how long a quote holds (april sheet, section 6.3).
const Life = 15 * time.Minute

// AddRule makes a rule of its owner. Faults: forbidden.permission,
// invalid.surcharge_rule, not_found.merchant, not_found.marketplace (an actor
// who may act for some merchants only has no say over a marketplace).
func (s *Service) AddRule(ctx context.Context, actor access.Actor, by audit.By, r Rule) (Rule, error) {
	if err := mayChange(actor, r); err != nil {
		return Rule{}, err
	}
	err := s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		if r.Owner.Kind == Merchant {
			if _, err := merchant.MerchantIn(tx, r.Owner.ID); err != nil {
				return err
			}
		}
		r.ID, r.Version, r.CreatedAt, r.DroppedAt = tx.NewID(), 1, tx.Now(), time.Time{}
		audit.Add(tx, by, "surcharge_rule.add", r.ID, "ok")
		return addRule(tx, r)
	})
	return r, err
}

// SaveRule gives the rule with r's ID another priority, conditions and rate;
// the owner stays. Faults: as AddRule, not_found.surcharge_rule,
// conflict.surcharge_rule (dropped, or changed since r.Version).
func (s *Service) SaveRule(ctx context.Context, actor access.Actor, by audit.By, r Rule) (Rule, error) {
	return s.change(ctx, actor, by, r.ID, "surcharge_rule.save", func(tx *store.Tx, now *Rule) error {
		if now.Version != r.Version {
			return fault.New("conflict.surcharge_rule", "somebody else has changed this rule")
		}
		now.Priority, now.If, now.Rate = r.Priority, r.If, r.Rate
		return now.Check()
	})
}

// Replace drops all rules of an owner and makes others in their place, all or
// none. Faults: as AddRule.
func (s *Service) Replace(ctx context.Context, actor access.Actor, by audit.By, o Owner, rules []Rule) ([]Rule, error) {
	if err := actor.Need(access.Settings); err != nil {
		return nil, err
	}
	if err := mayTouch(actor, o); err != nil {
		return nil, err
	}
	for _, r := range rules {
		if err := r.Check(); err != nil {
			return nil, err
		}
	}
	out := make([]Rule, len(rules))
	err := s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		if o.Kind == Merchant {
			if _, err := merchant.MerchantIn(tx, o.ID); err != nil {
				return err
			}
		}
		old, err := rulesOf(tx, o)
		if err != nil {
			return err
		}
		for i := range old {
			old[i].DroppedAt = tx.Now()
			if err := saveRule(tx, &old[i]); err != nil {
				return err
			}
		}
		for i, r := range rules {
			r.ID, r.Owner, r.Version, r.CreatedAt, r.DroppedAt = tx.NewID(), o, 1, tx.Now(), time.Time{}
			if err := addRule(tx, r); err != nil {
				return err
			}
			out[i] = r
		}
		audit.Add(tx, by, "surcharge_rule.replace", o.ID, "ok")
		return nil
	})
	return out, err
}

// DropRule takes a rule out of force. The row stays, for the quotes that name
// it. Faults: forbidden.permission, not_found.surcharge_rule,
// conflict.surcharge_rule (dropped already).
func (s *Service) DropRule(ctx context.Context, actor access.Actor, by audit.By, id ident.ID) (Rule, error) {
	return s.change(ctx, actor, by, id, "surcharge_rule.drop", func(tx *store.Tx, now *Rule) error {
		now.DroppedAt = tx.Now()
		return nil
	})
}

func (s *Service) change(ctx context.Context, actor access.Actor, by audit.By, id ident.ID, act string, f func(tx *store.Tx, now *Rule) error) (r Rule, err error) {
	if err := actor.Need(access.Settings); err != nil {
		return Rule{}, err
	}
	err = s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		if r, err = getRule(tx, id); err != nil {
			return err
		}
		if mayTouch(actor, r.Owner) != nil {
			return fault.New("not_found.surcharge_rule", "no such surcharge rule")
		}
		if !r.DroppedAt.IsZero() {
			return fault.New("conflict.surcharge_rule", "this rule is no longer in force")
		}
		if err := f(tx, &r); err != nil {
			return err
		}
		audit.Add(tx, by, act, r.ID, "ok")
		return saveRule(tx, &r)
	})
	return r, err
}

func mayChange(actor access.Actor, r Rule) error {
	if err := actor.Need(access.Settings); err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return err
	}
	return mayTouch(actor, r.Owner)
}

func mayTouch(actor access.Actor, o Owner) error {
	if o.Kind == Merchant {
		return actor.NeedMerchant(o.ID)
	}
	if len(actor.Merchants) > 0 {
		return fault.New("not_found.marketplace", "no such marketplace")
	}
	return nil
}

// Rules lists an owner's rules in force, oldest first. Faults:
// forbidden.permission, not_found.merchant, not_found.marketplace.
func (s *Service) Rules(ctx context.Context, actor access.Actor, o Owner) (list []Rule, err error) {
	if err := actor.Need(access.Settings); err != nil {
		return nil, err
	}
	if err := mayTouch(actor, o); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		list, err = rulesOf(tx, o)
		return err
	})
	return list, err
}

// Offer is a rule in the words that payers read.
type Offer struct {
	Rule    Rule
	Summary string
}

// Rates lists the rules that may decide payments of a type of customer in a
// currency, in the order in which Pick prefers them. a's Means and Amount.Minor
// are not looked at. Faults: not_found.merchant, invalid.currency.
func (s *Service) Rates(ctx context.Context, actor access.Actor, a Ask) (list []Offer, err error) {
	if err := actor.NeedMerchant(a.Merchant); err != nil {
		return nil, err
	}
	c := a.Amount.Currency
	if !c.Known() {
		return nil, unknownCurrency()
	}
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		if _, err := merchant.MerchantIn(tx, a.Merchant); err != nil {
			return err
		}
		rules, err := rulesFor(tx, a.Merchant, a.Marketplace)
		if err != nil {
			return err
		}
		list = nil
		for _, r := range sorted(rules) {
			if wants(r.If.CustomerType, a.CustomerType) && wants(r.If.Currency, c) {
				list = append(list, Offer{r, r.Summary(c, a.Fee)})
			}
		}
		return nil
	})
	return list, err
}

// Quote makes a quote. It writes nothing: the token carries all of it. Without
// a rule that speaks of the payment the surcharge is zero.
// Faults: not_found.merchant, invalid.currency, invalid.amount,
// invalid.surcharge_ask (no such type of customer or form, no method),
// invalid.surcharge_fee.
func (s *Service) Quote(ctx context.Context, actor access.Actor, a Ask) (q Quote, err error) {
	if err := actor.NeedMerchant(a.Merchant); err != nil {
		return Quote{}, err
	}
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		if q, err = decide(tx, a); err != nil {
			return err
		}
		q.ID, q.ExpiresAt = tx.NewID(), tx.Now().Add(Life)
		return q.sign(s.Key, tx.Realm(), a.Means)
	})
	return q, err
}

// decide finds the rule and the surcharge of a payment.
func decide(tx *store.Tx, a Ask) (Quote, error) {
	switch {
	case !a.Amount.Currency.Known():
		return Quote{}, unknownCurrency()
	case a.Amount.Minor <= 0:
		return Quote{}, fault.At("invalid.amount", "amount", "a surcharge is added to a positive amount")
	case a.CustomerType != Consumer && a.CustomerType != Organisation:
		return Quote{}, fault.At("invalid.surcharge_ask", "customerType", "consumer or organisation")
	case a.Form != InFull && a.Form != PayPlan:
		return Quote{}, fault.At("invalid.surcharge_ask", "form", "full or plan")
	case a.Means.Method == "":
		return Quote{}, fault.At("invalid.surcharge_ask", "method", "a method is needed")
	}
	m, err := merchant.MerchantIn(tx, a.Merchant)
	if err != nil {
		return Quote{}, err
	}
	rules, err := rulesFor(tx, a.Merchant, a.Marketplace)
	if err != nil {
		return Quote{}, err
	}
	q := Quote{Merchant: a.Merchant, CustomerType: a.CustomerType, Form: a.Form, Amount: a.Amount,
		Surcharge: money.Of(0, a.Amount.Currency), Summary: noRule}
	if r, found := Pick(rules, a, m.Country); found {
		q.Rule, q.Summary = r.ID, r.Summary(a.Amount.Currency, a.Fee)
		if q.Surcharge, err = r.Rate.Of(a.Amount, a.Fee); err != nil {
			return Quote{}, err
		}
	}
	q.Total, err = a.Amount.Add(q.Surcharge)
	return q, err
}

func unknownCurrency() error {
	return fault.At("invalid.currency", "currency", "no currency that can be paid in")
}

// Redeem uses a quote up, in the transaction of what it is used for, and gives
// it back without its Summary. Of two who redeem one quote at the same time,
// one wins; the same Object may do so again and gets the same.
//
// Faults, in the order checked: invalid.surcharge_quote (not made here, for
// this realm), invalid.surcharge_quote.expired, invalid.surcharge_quote with
// Param merchant, currency, amount, customerType, form or method (made for
// another), conflict.surcharge_quote (used before).
func (s *Service) Redeem(tx *store.Tx, token string, u Use) (Quote, error) {
	if u.Object == "" {
		return Quote{}, fault.New(fault.Internal, "a quote is used up by something")
	}
	c, err := read(s.Key, tx.Realm(), token)
	if err != nil {
		return Quote{}, err
	}
	if err := c.fits(s.Key, u, tx.Now()); err != nil {
		return Quote{}, err
	}
	taken, err := useQuote(tx, c, u.Object)
	if err != nil {
		return Quote{}, err
	}
	if taken {
		return Quote{}, fault.At("conflict.surcharge_quote", "token", "the surcharge quote was used before; ask for a new one")
	}
	return c.quote(token)
}

// Specified is the quote, without a token, of a surcharge that a merchant's
// server works out by itself: it must be what the rules give now.
// Faults: as Quote, then invalid.surcharge.
func (s *Service) Specified(tx *store.Tx, a Ask, surcharge int64) (Quote, error) {
	q, err := decide(tx, a)
	if err == nil && q.Surcharge.Minor != surcharge {
		return Quote{}, fault.At("invalid.surcharge", "surchargeAmount", "the rates in force give another surcharge")
	}
	return q, err
}

// Sweep forgets up to limit uses of quotes that expired a day ago and are
// refused for that. It says how many it did.
func (s *Service) Sweep(ctx context.Context, realm ident.ID, limit int) (done int, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		n, err := forgetUses(tx, tx.Now().Add(-24*time.Hour).UnixMilli(), limit)
		done = int(n)
		return err
	})
	return done, err
}
