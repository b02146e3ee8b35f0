package payment

import "github.com/florinpay/florin/core/method"

// Stage is where a payment stands in its merchant's eyes: one word for its
// state, its amounts and its method together.
type Stage string

// The stages there are, in the order in which Payment.Stage asks for them.
const (
	StageDisputed       Stage = "disputed"        // the payer's bank has questioned it, and it is not decided
	StageCancelled      Stage = "cancelled"       // its hold was let go, or it was taken back before settlement
	StageRefunded       Stage = "refunded"        // all that was taken went back, by refunds or lost disputes
	StagePartlyRefunded Stage = "partly_refunded" // a part of it did
	StagePaidOut        Stage = "paid_out"        // money was taken, and the merchant has been paid out
	StageTaken          Stage = "taken"           // money was taken, and is on its way to the merchant
	StageHeld           Stage = "held"            // authorised, nothing captured
	StageFailed         Stage = "failed"
	StageWaiting        Stage = "waiting" // for the payer, who has yet to finish on a page
	StagePending        Stage = "pending" // for a bank, for money that is on its way, for an answer, or for a decision
)

// Stages are all of them.
var Stages = []Stage{StageDisputed, StageCancelled, StageRefunded, StagePartlyRefunded, StagePaidOut, StageTaken, StageHeld, StageFailed, StageWaiting, StagePending}

// Stage is total: every payment has one. What money did comes before the state,
// since a payment under review may have been captured long ago.
func (p Payment) Stage() Stage {
	back := p.Refunded + p.Lost
	switch {
	case p.Disputed > 0:
		return StageDisputed
	case p.State == Voided:
		return StageCancelled
	case p.State == Failed: // a direct debit that came back has been captured before
		return StageFailed
	case p.Captured > 0 && back == p.Captured:
		return StageRefunded
	case p.Captured > 0 && back > 0:
		return StagePartlyRefunded
	case p.Captured > 0 && !p.PaidOutAt.IsZero():
		return StagePaidOut
	case p.Captured > 0:
		return StageTaken
	}
	switch p.State {
	case Authorised:
		return StageHeld
	case Expired:
		return StageCancelled
	case Verified, Authenticated, Credited, Captured:
		return StageTaken
	case Pending:
		if p.Method == method.Card || p.Method == method.Wallet {
			return StageWaiting
		}
	}
	return StagePending
}
