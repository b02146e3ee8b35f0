package connector

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// LineKind is what a line of a settlement file is about.
type LineKind string

// The kinds of lines. Gross is what the merchant is owed by it: negative for a
// refund, a credit, a chargeback or a payment that was taken back.
const (
	LinePayment            LineKind = "payment"
	LinePaymentReturn      LineKind = "payment_return" // a direct debit that was taken back
	LineRefund             LineKind = "refund"
	LineRefundReturn       LineKind = "refund_return" // a refund or credit that came back
	LineCredit             LineKind = "credit"
	LineChargeback         LineKind = "chargeback"
	LineChargebackReversal LineKind = "chargeback_reversal"
	LineFee                LineKind = "fee" // of no payment in particular
)

// Settlement is what a provider pays over for one account, currency and period:
// Payout is the sum of Gross less the sum of Fee of its lines.
type Settlement struct {
	Account   string // the merchant's at the provider
	Reference string // the provider's own, unique for the account and currency
	Report    string // the provider's number of the file
	Currency  money.Currency
	From, To  time.Time // what happened from From, before To
	PaidAt    time.Time
	Lines     []SettlementLine
	Gross     money.Amount // the sums as the provider says them
	Fees      money.Amount
	Payout    money.Amount
	Later     money.Amount // fees that it does not keep back but invoices
}

// SettlementLine is one line of a settlement.
type SettlementLine struct {
	N         int // its line in the file, from 1
	Kind      LineKind
	Reference string   // the provider's id of the charge
	Attempt   ident.ID // ours, "" when the provider does not say; of a chargeback that of the payment
	At        time.Time
	Gross     money.Amount
	Fee       money.Amount
	Unpriced  bool // the provider names no fee for the line
}

// SettlementFile is a file as the provider made it.
type SettlementFile struct {
	Name string
	Text []byte
}

// SettlementQuestion asks for the files of an account that were made from From
// on and by At.
type SettlementQuestion struct {
	Account string
	From    time.Time
	At      time.Time
}

// Settler makes settlement files.
type Settler interface {
	// Settlements lists the files, the oldest first. The same question gets the
	// same files.
	Settlements(ctx context.Context, q SettlementQuestion) ([]SettlementFile, error)
	// ReadSettlement reads a file. Fault: invalid.settlement, whose Param is the
	// line at fault.
	ReadSettlement(text []byte) (Settlement, error)
	// SettlementName is who the provider is in reports: for people, and as a
	// word in capitals for programs.
	SettlementName() (display, code string)
}
