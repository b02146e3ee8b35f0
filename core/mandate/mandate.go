// Package mandate keeps payers' agreements to be charged again: a Vipps
// agreement, a Klarna token, a PayEx card, a Nexi subscription, a PayTo
// agreement. The provider holds what is charged; we hold its name for it, what
// may be shown of it, and how it stands. The charges themselves belong to
// package payment.
//
//	asking ──> unknown ──┬──> pending ──┬──> active <──> suspended
//	   └────────────────>┘      │       │      │            │
//	                            │       │      └─────┬──────┘
//	                            v       │            v
//	                         refused    │    cancelled | revoked | expired
//	                                    └──────────────^
//
// asking: the intent is committed and the provider is being asked. It has no
// event. unknown: the answer is missing; it becomes refused only with proof that
// nothing happened. pending: the payer has to agree. cancelled: the merchant
// ended it; revoked: the payer did, or the bank in the payer's name; expired: its
// time, or the payer's time to agree, is over. The last four are for ever.
package mandate

import (
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// State of a mandate.
type State string

const (
	Asking    State = "asking"
	Unknown   State = "unknown"
	Pending   State = "pending"
	Active    State = "active"
	Suspended State = "suspended"
	Refused   State = "refused"
	Cancelled State = "cancelled"
	Revoked   State = "revoked"
	Expired   State = "expired"
)

// Mandate is one agreement.
type Mandate struct {
	ID      ident.ID
	Version int64
	Seq     int64 // number of its last event

	Merchant    ident.ID
	Profile     ident.ID
	Surface     string // the contract it was made through
	Customer    ident.ID
	Method      method.Name
	Brand       string // VIPPS, KLARNA, PAYEX, NEXI, PAYTO
	State       State
	Code        string // why it was refused or has ended, a fault code; of a pending one "unavailable.provider" while its provider does not answer
	Connector   string
	Account     string       // the merchant's at the provider
	ProviderRef string       // the provider's name of it, which charges carry
	Reference   string       // the merchant's own
	Maximum     money.Amount // of one charge; no currency: any amount

	CreatedAt time.Time
	UpdatedAt time.Time
	ExpiresAt time.Time // of the agreement, or while it is pending of the payer's time to agree; zero: never
	Details   Details
}

// Details are facts of a mandate that nobody searches by.
type Details struct {
	ReturnURL  string                `json:"returnUrl,omitempty"`
	Descriptor string                `json:"descriptor,omitempty"`
	Locale     string                `json:"locale,omitempty"`
	Redirect   *connector.Redirect   `json:"redirect,omitempty"`
	Card       *connector.CardFace   `json:"card,omitempty"`  // behind it, masked
	Phone      string                `json:"phone,omitempty"` // masked
	Until      int64                 `json:"until,omitempty"` // ms: when an agreement that is active expires, 0 for never
	Cancelling bool                  `json:"cancelling,omitempty"`
	Echo       []connector.Parameter `json:"echo,omitempty"` // what the surface gives back as it came, in order
}

// open says whether the provider's answer to the payer's question is still to
// come.
func (m Mandate) open() bool { return m.State == Asking || m.State == Unknown || m.State == Pending }

// Ended says whether the mandate will never be charged again.
func (m Mandate) Ended() bool {
	return m.State == Refused || m.State == Cancelled || m.State == Revoked || m.State == Expired
}

// Charge checks whether amount can be charged now. Faults, in the order checked:
// conflict.mandate (it is not active, or about to be cancelled),
// conflict.mandate.expired, invalid.currency.differs,
// invalid.amount.above_mandate.
func (m Mandate) Charge(amount money.Amount, at time.Time) error {
	switch {
	case m.State != Active || m.Details.Cancelling:
		return fault.New("conflict.mandate", "the payer's agreement is not in force")
	case !m.ExpiresAt.IsZero() && !at.Before(m.ExpiresAt):
		return fault.New("conflict.mandate.expired", "the payer's agreement has run out")
	case m.Maximum.Currency == "":
		return nil
	case m.Maximum.Currency != amount.Currency:
		return fault.At("invalid.currency.differs", "currency", "the payer has agreed to charges in %s", m.Maximum.Currency)
	case amount.Minor > m.Maximum.Minor:
		return fault.At("invalid.amount.above_mandate", "amount", "the payer has agreed to charges of at most %d minor units", m.Maximum.Minor)
	}
	return nil
}

// Ending says how the payer's visit to the page of the agreement ended, as far as
// it is known.
func (m Mandate) Ending() method.Ending {
	switch m.State {
	case Active, Suspended:
		return method.Finished
	case Pending:
		if m.Code == "" {
			return method.Initiated
		}
	case Refused:
		return method.EndingOf(m.Code)
	case Cancelled, Expired, Revoked:
		return method.Left
	}
	return method.Unsure
}
