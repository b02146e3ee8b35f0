package connector

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Agreement is the kind of a Notice about an agreement to charge again.
const Agreement Kind = "agreement"

// States that an agreement alone can be in, beside Pending, Refused, Unknown and
// NotFound. Approved means that it can be charged.
const (
	Suspended State = "suspended" // the payer has stopped it for a while
	Revoked   State = "revoked"   // the payer has ended it
	Cancelled State = "cancelled" // the merchant has
	Lapsed    State = "expired"   // its time is up
)

// Terms is what a payer is asked to agree to: to be charged again without being
// there.
type Terms struct {
	Mandate    ident.ID // ours; doubles as the provider's idempotency key, for ever the same
	Account    string   // the merchant's account at the provider
	Method     method.Name
	Brand      string
	Maximum    money.Amount // of one charge; no currency: any amount
	Phone      string       // E.164, where the payer is asked by phone; ""
	ExpiresAt  time.Time    // zero: until somebody ends it
	At         time.Time
	ReturnURL  string // where the provider sends the payer's browser afterwards
	Locale     string
	Descriptor string            // whose it is, as the payer reads it
	Simulate   map[string]string // as in Request
}

// Consent is what the provider says of an agreement.
type Consent struct {
	State     State
	Code      string // why refused
	Provider  string // the provider's own code, verbatim, for support
	Reference string // the provider's id of the agreement: charges name it
	Redirect  *Redirect
	Card      *CardFace // what may be shown of the card behind it, if there is one
	Phone     string    // masked, if there is one
	// CheckAfterSeconds says when a pending or unknown one is worth a look.
	CheckAfterSeconds int
	// ExpiresAfterSeconds says how long a pending one may stay so.
	ExpiresAfterSeconds int
}

// CardFace is what may be shown of a card that the provider holds.
type CardFace struct {
	Brand       string `json:"brand,omitempty"`
	Last4       string `json:"last4"`
	ExpiryMonth int    `json:"month,omitempty"`
	ExpiryYear  int    `json:"year,omitempty"` // four digits
}

// Inquiry asks about an agreement.
type Inquiry struct {
	Mandate   ident.ID
	Account   string
	Reference string // the provider's id, if it ever told us
	At        time.Time
}

// Mandater can make agreements to charge again. A Request with a Mandate charges
// one: the merchant starts it, and the payer is not asked.
type Mandater interface {
	// Agree asks the payer. A repeat with the same Mandate has no further effect
	// and answers alike.
	Agree(ctx context.Context, t Terms) Consent
	// LookupMandate tells how an agreement stands; NotFound only when the
	// provider is certain.
	LookupMandate(ctx context.Context, q Inquiry) Consent
	// Revoke ends an agreement for the merchant, and then tells how it stands:
	// Cancelled, or what had become of it before. A repeat answers alike.
	Revoke(ctx context.Context, q Inquiry) Consent
}
