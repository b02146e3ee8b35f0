package surcharge

import (
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// Charged is a payment with a surcharge and what has been given back of it so
// far. Amounts are minor units of one currency.
type Charged struct {
	Total     int64 // what was paid, the surcharge in it
	Surcharge int64
	Refunded  int64 // of Total, refunds in flight too and those that failed not
	Returned  int64 // the surcharge's part of Refunded
}

// Return is how much of a refund is surcharge. It goes back in proportion to
// what is given back of the total, rounded half up over all refunds together
// and not for each: so the parts of refunds that add up to the total add up to
// the surcharge, whatever their number and order, and also after a refund has
// failed and its part was taken back out of Charged. No part is negative or
// more than its refund, and neither the surcharge nor the rest is ever given
// back more than once. Source: april sheet, section 6.6.
// Faults: invalid.amount (refund not positive, or more than is left),
// invalid.surcharge (figures that cannot be).
func (c Charged) Return(refund int64) (part int64, err error) {
	rest, back := c.Total-c.Surcharge, c.Refunded-c.Returned
	if c.Total > money.Max || c.Surcharge < 0 || rest < 0 || c.Returned < 0 || c.Returned > c.Surcharge || back < 0 || back > rest {
		return 0, fault.New("invalid.surcharge", "a surcharge is part of its total, and no more of either goes back than was paid")
	}
	if refund <= 0 || refund > c.Total-c.Refunded {
		return 0, fault.At("invalid.amount", "amount", "a refund is positive and at most what is left")
	}
	share, cut, err := money.Of(c.Surcharge, "").Share(c.Refunded+refund, c.Total)
	if err != nil {
		return 0, err
	}
	if cut >= c.Total-cut {
		share.Minor++
	}
	least := max(0, refund-(rest-back))
	most := min(refund, c.Surcharge-c.Returned)
	return min(max(share.Minor-c.Returned, least), most), nil
}
