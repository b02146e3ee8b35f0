package method

import "github.com/florinpay/florin/core/fault"

// Ending is how a payer's visit to another page ended, in the words that contracts
// with such pages share (media sheet, section 5).
type Ending string

const (
	Finished  Ending = "finished"
	Left      Ending = "cancelled" // the payer cancelled, or let the time pass
	Broken    Ending = "failed"
	Unsure    Ending = "unknown"   // the provider does not say
	Initiated Ending = "initiated" // the payer has done it, or may still; the provider takes its time
)

// EndingOf says how a visit ended that came to nothing, by the code of why.
func EndingOf(code string) Ending {
	for _, left := range []string{fault.DeclinedCancelled, fault.DeclinedChallengeCancelled, fault.DeclinedTimedOut, fault.DeclinedTermsRefused, fault.DeclinedCancelledByMerchant} {
		if fault.Under(code, left) {
			return Left
		}
	}
	return Broken
}
