package settlement

import (
	"context"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// Part is what of a payment belongs to another: a share of each capture or a
// fixed amount of the first, never both.
type Part struct {
	Payee       ident.ID `json:"payee"`
	Marketplace bool     `json:"marketplace,omitempty"` // the payee is the marketplace, not one of its sellers
	BasisPoints int64    `json:"basisPoints,omitempty"`
	Fixed       int64    `json:"fixed,omitempty"` // minor units of the payment's currency
}

// maxParts is how many parts a payment may have.
const maxParts = 20

func checkParts(parts []Part) error {
	bad := func(msg string) error { return fault.At("invalid.split", "parts", "%s", msg) }
	if len(parts) > maxParts {
		return bad("at most 20 parts")
	}
	var points int64
	seen := map[ident.ID]bool{}
	for _, p := range parts {
		switch {
		case seen[p.Payee]:
			return bad("each payee has one part")
		case !p.Payee.Valid():
			return bad("a part belongs to somebody")
		case p.BasisPoints < 0 || p.Fixed < 0 || p.Fixed > money.Max || (p.BasisPoints == 0) == (p.Fixed == 0):
			return bad("a part is either basis points or a fixed amount")
		}
		points += p.BasisPoints
		seen[p.Payee] = true
	}
	if points > whole {
		return bad("the parts are more than the payment")
	}
	return nil
}

// share is a part of one payment with what has become of it so far.
type share struct {
	Part
	owner    ident.ID // whose balance it goes to, once it is asked for
	n        int64
	version  int64 // 0: not stored yet
	amount   int64 // of all captures
	refunded int64
	disputed int64
}

func (s share) rest() int64 { return s.amount - s.refunded - s.disputed }

// allot gives the parts of a captured amount: shares by the largest remainder,
// then fixed parts in their order, as far as there is money; what is left is
// the merchant's. Fixed parts are taken once, of the first capture.
func allot(shares []share, a money.Amount) ([]int64, error) {
	weights, first := make([]int64, len(shares)+1), true
	weights[len(shares)] = whole
	for i, s := range shares {
		weights[i] = s.BasisPoints
		weights[len(shares)] -= s.BasisPoints
		first = first && s.amount == 0
	}
	got, err := spread(a, weights)
	if err != nil {
		return nil, err
	}
	rest := got[len(shares)]
	for i, s := range shares {
		if s.Fixed > 0 && first {
			got[i] = min(s.Fixed, rest)
			rest -= got[i]
		}
	}
	return got[:len(shares)], nil
}

// backed gives what each part gives back of an amount that goes back to the
// payer: in proportion to what each still has, the merchant among them (own is
// what it has), by the largest remainder. Weighing by what is left makes any
// sequence of partial refunds exact: no part gives more than it has, and when
// all of the payment has gone back, so has all of each part.
// Faults: invalid.amount (more goes back than there is).
func backed(have []int64, own int64, a money.Amount) ([]int64, error) {
	weights, sum := append([]int64(nil), have...), own
	for _, n := range have {
		sum += n
	}
	if a.Minor > sum || own < 0 {
		return nil, fault.At("invalid.amount", "amount", "more goes back than there is")
	}
	got, err := spread(a, append(weights, own))
	if err != nil {
		return nil, err
	}
	return got[:len(have)], nil
}

func spread(a money.Amount, weights []int64) ([]int64, error) {
	if a.Minor == 0 {
		return make([]int64, len(weights)), nil
	}
	parts, err := a.Split(weights...)
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(parts))
	for i, p := range parts {
		out[i] = p.Minor
	}
	return out, nil
}

// Split says in the caller's transaction which parts of a payment belong to
// others, in place of those of the merchant's plan. It is said before anything
// of the payment is captured. Faults, in the order checked: invalid.split,
// not_found.merchant, conflict.no_plan (the merchant does not settle here),
// conflict.split (said before).
func (s *Service) Split(tx *store.Tx, owner, payment ident.ID, parts []Part) error {
	if err := checkParts(parts); err != nil {
		return err
	}
	m, err := merchant.MerchantIn(tx, owner)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := payable(tx, m, p); err != nil {
			return err
		}
	}
	plan, found, err := getPlan(tx, owner)
	if err != nil {
		return err
	}
	if !found {
		return fault.New("conflict.no_plan", "the merchant does not settle here, so its payments have no parts")
	}
	known, err := sharesOf(tx, payment)
	if err != nil {
		return err
	}
	if len(known) > 0 {
		return fault.New("conflict.split", "the payment is split already")
	}
	shares := make([]share, len(parts))
	for i, p := range parts {
		shares[i] = share{Part: p, n: int64(i)}
		saveShare(tx, payment, shares[i])
	}
	return s.payees(tx, owner, plan, shares)
}

// payable says whether m's money may go to a part's payee: its marketplace, or
// another merchant of it.
func payable(tx *store.Tx, m merchant.Merchant, p Part) error {
	if m.Marketplace == "" {
		return fault.At("invalid.split", "parts", "a merchant that stands alone shares with nobody")
	}
	if p.Marketplace {
		if p.Payee != m.Marketplace {
			return fault.At("invalid.split", "parts", "a part goes to the merchant's own marketplace")
		}
		return nil
	}
	other, err := merchant.MerchantIn(tx, p.Payee)
	if err != nil || other.Marketplace != m.Marketplace || other.ID == m.ID {
		return fault.At("invalid.split", "parts", "a part goes to another merchant of the same marketplace")
	}
	return nil
}

// PartOf is what one payee has got of a payment and still has.
type PartOf struct {
	Part
	Amount int64 // of all captures
	Rest   int64 // after refunds and disputes
}

// Parts lists the parts of a payment, none when it is not split.
func (s *Service) Parts(ctx context.Context, realm, payment ident.ID) (list []PartOf, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		shares, err := sharesOf(tx, payment)
		list = make([]PartOf, 0, len(shares))
		for _, sh := range shares {
			list = append(list, PartOf{Part: sh.Part, Amount: sh.amount, Rest: sh.rest()})
		}
		return err
	})
	return list, err
}
