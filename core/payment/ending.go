package payment

import (
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
)

// Ending says how the payer's visit to another page ended, as far as it is known:
// o's attempt is the payment's own. A payment that a human has to look at counts
// as unknown.
func (o Outcome) Ending() method.Ending {
	switch p := o.Payment; {
	case p.Succeeded():
		return method.Finished
	case p.State == Failed:
		return method.EndingOf(p.Code)
	case p.State == Pending && o.Attempt.Code != fault.UnavailableProvider:
		return method.Initiated
	}
	return method.Unsure
}
