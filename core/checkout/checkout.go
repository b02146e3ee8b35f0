// Package checkout keeps sessions: an invitation to a payer to pay a certain
// amount, in certain ways, until a certain moment. The payer knows a session
// by its random key alone; whoever holds the key may pay and nothing else.
// The payments themselves belong to package payment.
//
//	open ──(payment starts)──> paying ──> paid
//	  ^                          │
//	  └──────(it failed)─────────┘        open, paying ──(time)──> expired
package checkout

import (
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// State of a session as stored; expiry follows from the time.
type State string

const (
	Open   State = "open"
	Paying State = "paying"
	Paid   State = "paid"
)

// Session is one checkout.
type Session struct {
	Realm   ident.ID
	ID      ident.ID
	Version int64
	Key     string // random, unguessable, in the page's address: the id that contracts show
	Alias   string // the merchant's own name, or ""; it finds the session for the merchant alone, as it may be guessed

	Merchant ident.ID
	Profile  ident.ID
	Surface  string
	Kind     connector.Kind // debit, authorise, or verify when only a source is to be kept
	Amount   money.Amount
	State    State
	Try      int64    // which try the page is at; a form posted twice carries the same
	Payment  ident.ID // the latest

	CreatedAt time.Time
	ExpiresAt time.Time
	DoneAt    time.Time // when it was paid
	Details   Details
}

// Details are facts of a session that nobody searches by.
type Details struct {
	Brands    []string          `json:"brands,omitempty"` // none: all of the profile
	Keep      bool              `json:"keep,omitempty"`   // keep the card as a source
	Sources   []ident.ID        `json:"sources,omitempty"`
	Reference string            `json:"reference,omitempty"`
	Customer  ident.ID          `json:"customer,omitempty"`
	Simulate  map[string]string `json:"simulate,omitempty"`
	Once      bool              `json:"once,omitempty"` // Simulate is for the first try alone
	Challenge bool              `json:"challenge,omitempty"`
	Payment   payment.Details   `json:"payment"` // ReturnURL, NotifyURL, Echo ... of its payments
}

// Expired says whether nothing can be paid any more, at the given moment.
func (s Session) Expired(at time.Time) bool { return s.State != Paid && !at.Before(s.ExpiresAt) }
