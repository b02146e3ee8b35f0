package settlement

import (
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// Kind of an entry.
type Kind string

// The kinds of entries. What the merchant did not earn is negative.
const (
	Payment         Kind = "payment"
	PaymentReturn   Kind = "payment_return" // a direct debit that the payer's bank took back
	Refund          Kind = "refund"
	RefundReturn    Kind = "refund_return" // a refund that came back
	Dispute         Kind = "dispute"
	DisputeReversal Kind = "dispute_reversal"
	DisputeFee      Kind = "dispute_fee"
	Credit          Kind = "credit" // paid to a payer without a payment before it
	CreditReturn    Kind = "credit_return"
	Share           Kind = "share"        // a part of a payment, given to another or got from one
	ShareReturn     Kind = "share_return" // and back
	PayoutFee       Kind = "payout_fee"
	PayoutReversal  Kind = "payout_reversal" // what a payout that failed or came back is owed again
)

// Entry is one line of a merchant's balance, never changed but for the payout
// that has taken it in and the invoice that has asked for its fee. Amounts are
// minor units of Currency; what lowers the balance is negative.
type Entry struct {
	ID          ident.ID
	Merchant    ident.ID
	Kind        Kind
	Currency    money.Currency
	Amount      int64 // what the balance changes by: Gross, less Fee unless it is invoiced
	Gross       int64
	Fee         int64 // its tax in it
	Tax         int64
	Owed        int64 // the part of Fee that is invoiced
	Unit        int64 // the fixed part of Fee, without tax
	Payment     ident.ID
	Attempt     ident.ID // the capture, refund ... that it comes from
	Method      method.Name
	Brand       string
	Reference   string   // the merchant's own, of the payment
	Source      ident.ID // of a part: who gave it, or whom it went to; of a payout's entry: the payout; of a transfer: what it paid for
	Payout      ident.ID // that has taken it in, or ""
	Invoice     ident.ID // that has asked for Owed, or ""
	At          time.Time
	AvailableAt time.Time
}

// move is what an event does to a merchant's balance.
type move struct {
	kind   Kind
	minor  int64
	undoes bool // of something that was entered before, by the same attempt
}

// moveOf reads the move out of an event of a payment; false when no money of
// the merchant's moved. A dispute counts against the merchant from its opening
// (april sheet, 6.6), so losing it changes nothing.
func moveOf(event string, out payment.Outcome) (move, bool) {
	a, n := out.Attempt, out.Attempt.Amount.Minor
	back := a.Kind == connector.Refund || a.Kind == connector.Void && undoesCapture(out)
	late := a.State == payment.FailedLate
	switch event {
	case "payment.captured":
		return move{kind: Payment, minor: n}, true
	case "payment.refunded", "payment.voided":
		return move{kind: Refund, minor: -n}, back
	case "payment.refund_failed", "payment.void_failed":
		return move{kind: RefundReturn, minor: n, undoes: true}, back && late
	case "payment.returned":
		return move{kind: PaymentReturn, minor: -n, undoes: true}, a.Kind == connector.Debit && late
	case "payment.charged_back":
		return move{kind: Dispute, minor: -n}, true
	case "payment.chargeback_reversed":
		return move{kind: DisputeReversal, minor: n}, true
	case "payment.credited":
		return move{kind: Credit, minor: -n}, true
	case "payment.failed":
		return move{kind: CreditReturn, minor: n, undoes: true}, a.Kind == connector.Credit && late
	}
	return move{}, false
}

// undoesCapture says whether a void takes back money that was captured, not a
// hold that was never captured.
func undoesCapture(out payment.Outcome) bool {
	return out.Payment.Kind == connector.Debit || out.Attempt.Original != out.Payment.ID
}
