package invoice

import (
	"time"

	"github.com/florinpay/florin/core/fault"
)

// Instalment is a part of an invoice that is due on a day of its own. Money
// fills instalments in their order, whichever it was meant for.
type Instalment struct {
	DueOn     Date      `json:"dueOn"`
	Amount    int64     `json:"amount"`
	Reference string    `json:"reference,omitempty"`
	Paid      int64     `json:"paid,omitempty"`
	PaidAt    time.Time `json:"paidAt,omitzero"`
	Tries     int       `json:"tries,omitempty"`  // charges that were refused
	Failed    bool      `json:"failed,omitempty"` // no further charge is made by itself
	Told      bool      `json:"told,omitempty"`   // it was said that it is due and nobody is charged
}

// Open is what is still to come for the instalment, minor units.
func (in Instalment) Open() int64 { return in.Amount - in.Paid }

// retryDays are the pauses, in days, after a charge that was refused; then the
// payer has to act.
var retryDays = []int{1, 3, 5}

// checkInstalments: in the order of their days, above zero, and together the
// whole amount.
func checkInstalments(list []Instalment, amount int64) error {
	sum := int64(0)
	for i, in := range list {
		if _, err := ParseDate(string(in.DueOn)); err != nil {
			return err
		}
		if in.Amount < 1 || in.Amount > amount {
			return fault.At("invalid.instalments", "instalments", "an instalment is above zero and no more than the whole")
		}
		if i > 0 && in.DueOn < list[i-1].DueOn {
			return fault.At("invalid.instalments.order", "instalments", "instalments stand in the order of their days")
		}
		sum += in.Amount // at most MaxInstalments times money.Max, which an int64 holds
	}
	if len(list) > 0 && sum != amount {
		return fault.At("invalid.instalments.sum", "instalments", "the instalments do not add up to the amount")
	}
	return nil
}

// fill spreads what has come in over the instalments and says which of them
// became paid by it.
func (inv *Invoice) fill(at time.Time) (done []int) {
	if len(inv.Details.Instalments) == 0 {
		return nil
	}
	list := append([]Instalment(nil), inv.Details.Instalments...) // the old invoice keeps its own
	left := inv.Paid
	for i := range list {
		in := &list[i]
		was := in.Open()
		in.Paid = min(left, in.Amount)
		left -= in.Paid
		switch {
		case in.Open() == 0 && was > 0:
			in.PaidAt = at
			done = append(done, i)
		case in.Open() > 0:
			in.PaidAt = time.Time{}
		}
	}
	inv.Details.Instalments = list
	return done
}

// instalment changes one instalment of the invoice, and of no copy of it.
func (inv *Invoice) instalment(i int, f func(in *Instalment)) {
	list := append([]Instalment(nil), inv.Details.Instalments...)
	f(&list[i])
	inv.Details.Instalments = list
}

// due is the first instalment that is not paid, and the moment from which it
// is due.
func (inv Invoice) due() (i int, at time.Time, found bool) {
	for i, in := range inv.Details.Instalments {
		if in.Open() > 0 {
			return i, in.DueOn.Begin(Zone(inv.Details.Zone)), true
		}
	}
	return 0, time.Time{}, false
}
