package connector

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// The ways in which a payout reaches a bank account (april sheet, section 4).
const (
	DirectEntry = "direct_entry" // collected by the banks, there the next day or so
	NPP         = "npp"          // at once
)

// Payout is money that goes from our account to a merchant's.
type Payout struct {
	Attempt    ident.ID // ours; doubles as the provider's idempotency key
	Account    string   // whose payout it is, in the provider's terms
	Channel    string
	Amount     money.Amount
	To         Beneficiary
	Descriptor string // what the receiver reads on the statement
	At         time.Time
}

// Beneficiary is a bank account that is paid.
type Beneficiary struct {
	Holder     string
	Region     string // au, nz, hk, hkusd, sg
	BankCode   string
	BranchCode string
	Number     method.Secret
}

// Payer can pay out to bank accounts.
type Payer interface {
	// Payout sends money: Approved when it has arrived, Pending while it is on
	// its way. A repeat with the same Attempt has no further effect.
	Payout(ctx context.Context, p Payout) Result
	// LookupPayout tells what became of a payout; NotFound only when the
	// provider is certain. One that was approved and comes back is Refused.
	LookupPayout(ctx context.Context, q Question) Result
}
