package connector

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/ident"
)

// Terminals is for providers whose card terminals payments can be pushed to: a
// Request of method terminal names one, and is pending until the payer has paid
// there. One that is refused because the terminal is busy or switched off has not
// reached the payer.
type Terminals interface {
	// Ready says how a terminal is: Approved when it could take a payment,
	// Pending while it has one, Refused when it is switched off, NotFound when
	// the account has no such terminal.
	Ready(ctx context.Context, q TerminalQuestion) State
	// PrintReceipt prints a text on a terminal's paper. A repeat with the same ID
	// prints nothing more and answers alike.
	PrintReceipt(ctx context.Context, r Receipt) Result
}

// TerminalQuestion names a terminal.
type TerminalQuestion struct {
	Account  string // the merchant's at the provider
	Terminal string // the provider's name of it
	At       time.Time
}

// Receipt is a text for a terminal's paper.
type Receipt struct {
	ID ident.ID // ours; doubles as the provider's idempotency key
	TerminalQuestion
	Lines []string
}
