package surcharge

import (
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// Mode is how a rule comes to its amount.
type Mode string

// The modes.
const (
	None        Mode = "none"         // nothing is added
	Explicit    Mode = "explicit"     // BasisPoints of the amount, and Fixed
	PlatformFee Mode = "platform_fee" // just what the platform takes of the total
)

// Rate is what a rule adds. A basis point is a hundredth of a percent.
type Rate struct {
	Mode           Mode
	BasisPoints    int64 // of the amount before the surcharge
	Fixed          int64 // minor units of the payment's currency, which is then a condition of the rule
	CapBasisPoints int64 // the most that is added, as a share of the amount; 0 for no limit
}

// Fee is what the platform takes of a payment: BasisPoints of it and Fixed
// minor units of its currency, and TaxBasisPoints on top of the two.
type Fee struct {
	BasisPoints    int64
	Fixed          int64
	TaxBasisPoints int64
}

const whole = 10_000 // basis points

// mostPoints bounds a share, so that a fee on a fee comes to an end quickly.
const mostPoints = whole / 2

func (r Rate) check(c Conditions) error {
	bad := func(param, msg string) error { return fault.At("invalid.surcharge_rule", param, "%s", msg) }
	switch {
	case r.Mode != None && r.Mode != Explicit && r.Mode != PlatformFee:
		return bad("mode", "none, explicit or platform_fee")
	case r.BasisPoints < 0 || r.BasisPoints > mostPoints:
		return bad("basisPoints", "from 0 to 5000")
	case r.Fixed < 0 || r.Fixed > money.Max:
		return bad("fixed", "0 or more minor units")
	case r.CapBasisPoints < 0 || r.CapBasisPoints > whole:
		return bad("capBasisPoints", "from 0 to 10000")
	case r.Mode != Explicit && (r.BasisPoints != 0 || r.Fixed != 0):
		return bad("mode", "only an explicit rate has parts of its own")
	case r.Mode == None && r.CapBasisPoints != 0:
		return bad("capBasisPoints", "nothing needs no limit")
	case r.Fixed > 0 && c.Currency == "":
		return bad("currency", "a fixed part is in a currency: make it a condition")
	}
	return nil
}

// Of is what the rate adds to an amount: the explicit share is rounded half up
// and the fixed part comes on top; the platform's fee is the least surcharge
// that pays for the fee of the total; the limit is rounded down, so that it
// holds. Faults: invalid.amount (not positive, or beyond what can be handled),
// invalid.surcharge_fee.
func (r Rate) Of(amount money.Amount, fee Fee) (money.Amount, error) {
	if amount.Minor <= 0 {
		return money.Amount{}, fault.At("invalid.amount", "amount", "a surcharge is added to a positive amount")
	}
	added := money.Of(0, amount.Currency)
	var err error
	switch r.Mode {
	case Explicit:
		if added, err = halfUp(amount, r.BasisPoints); err == nil {
			added, err = added.Add(money.Of(r.Fixed, amount.Currency))
		}
	case PlatformFee:
		added, err = grossUp(amount, fee)
	}
	if err != nil || r.CapBasisPoints == 0 {
		return added, err
	}
	most, _, err := amount.Share(r.CapBasisPoints, whole)
	if err != nil {
		return money.Amount{}, err
	}
	return money.Of(min(added.Minor, most.Minor), amount.Currency), nil
}

// On is the fee for an amount, its tax in it, each part rounded half up.
// Faults: invalid.surcharge_fee, invalid.amount.
func (f Fee) On(amount money.Amount) (money.Amount, error) {
	if f.BasisPoints < 0 || f.BasisPoints > mostPoints || f.TaxBasisPoints < 0 || f.TaxBasisPoints > mostPoints || f.Fixed < 0 || f.Fixed > money.Max {
		return money.Amount{}, fault.At("invalid.surcharge_fee", "fee", "a fee's shares lie between 0 and 5000 basis points")
	}
	variable, err := halfUp(amount, f.BasisPoints)
	if err != nil {
		return money.Amount{}, err
	}
	net, err := variable.Add(money.Of(f.Fixed, amount.Currency))
	if err != nil {
		return money.Amount{}, err
	}
	tax, err := halfUp(net, f.TaxBasisPoints)
	if err != nil {
		return money.Amount{}, err
	}
	return net.Add(tax)
}

// grossUp is the least s with s >= fee(amount + s). The fee never falls when
// the amount grows, so going from the fee of the amount up to the fee of that
// total, and again, stops at the least one. Shares of at most a half, taxed at
// most by a half, shrink the way that is left by a quarter each time.
func grossUp(amount money.Amount, fee Fee) (money.Amount, error) {
	s := money.Of(0, amount.Currency)
	for {
		total, err := amount.Add(s)
		if err != nil {
			return money.Amount{}, err
		}
		next, err := fee.On(total)
		if err != nil || next.Minor <= s.Minor {
			return s, err
		}
		s = next
	}
}

// halfUp is points basis points of a, halves rounded up.
func halfUp(a money.Amount, points int64) (money.Amount, error) {
	share, rest, err := a.Share(points, whole)
	if err == nil && 2*rest >= whole {
		share.Minor++
	}
	return share, err
}
