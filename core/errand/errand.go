// Package errand keeps what a reader is sent to a page of ours for: to pay an
// invoice, to change what a product is paid by, to store a way to pay. The
// contract's transactionId and paymentChangeId are numbers of errands.
//
// States of an errand:
//
//	created ──> initiated ──> finished | cancelled | failed
//	   │            └──> unknown ──> finished | failed
//	   └────────────┴──(30 minutes)──> expired
//
// An errand belongs to the person for whom, and the client by which, it was
// made; nobody else learns that there is one. Its number cannot be guessed.
// What a browser says of how it went is never believed: the payment is looked
// up, at the provider if need be.
//
// Source: contract sheet media, sections 4 to 6 and 11.
package errand

import (
	"strings"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/subscription"
)

// Life is how long an errand can be begun, and carried through.
const Life = 30 * time.Minute

// Kind is what an errand is for.
type Kind string

// The kinds of errands.
const (
	Pay    Kind = "pay"    // an invoice
	Change Kind = "change" // what a product is paid by
	Add    Kind = "add"    // a stored way to pay
)

// Means is how an invoice is paid at a page.
type Means string

// The means.
const (
	PayEx  Means = "payex" // by card
	Nexi   Means = "nexi"  // by card
	Vipps  Means = "vipps"
	Swish  Means = "swish"
	Klarna Means = "klarna"
)

// brands are the brands that wallets' means are paid with; cards are asked for
// on our own page.
var brands = map[Means]string{Vipps: "VIPPS", Swish: "SWISH", Klarna: "KLARNA"}

// cardBrands are taken on our own page.
var cardBrands = []string{"VISA", "MASTER", "AMEX"}

// State of an errand.
type State string

// The states of an errand.
const (
	Created   State = "created"
	Initiated State = "initiated"
	Finished  State = "finished"
	Cancelled State = "cancelled"
	Failed    State = "failed"
	Unknown   State = "unknown"
	Expired   State = "expired"
)

// Final says whether the errand is over.
func (s State) Final() bool {
	return s == Finished || s == Cancelled || s == Failed || s == Expired
}

// Errand is one.
type Errand struct {
	Number    int64
	Version   int64
	Seq       int64
	ID        ident.ID // of its events
	Kind      Kind
	Client    ident.ID // of package login
	Merchant  ident.ID
	Person    ident.ID
	Product   string // its code
	Invoice   ident.ID
	Means     Means               // of Pay
	Method    subscription.Method // of Change and Add
	State     State
	Payment   ident.ID // the latest
	Session   ident.ID // the checkout, for cards
	Mandate   ident.ID
	Purchase  ident.ID // the order that is paid, or agreed to be, or ""
	ReturnURL string   // as it was when the page was opened
	ErrorURL  string
	CreatedAt time.Time
	ExpiresAt time.Time
	DoneAt    time.Time
}

// Result is the word that a client's page is told.
func (e Errand) Result() string {
	switch e.State {
	case Created, Initiated:
		return "initiated"
	case Expired:
		return "cancelled"
	}
	return string(e.State)
}

// Owner is for whom, and by which client, errands are made.
type Owner struct {
	Realm  ident.ID
	Client ident.ID
	Code   string // the client's, as it calls itself
	Person ident.ID
}

func missing() error { return fault.New("not_found.errand", "no such transaction") }

// judge is what a payment's outcome makes of an errand's state. A session's
// payer may try again after a refusal, so there it decides nothing.
func judge(e Errand, p payment.Payment) State {
	switch {
	case p.State == payment.Failed && e.Session != "":
		return e.State
	case p.State == payment.Failed && left(p.Code):
		return Cancelled
	case p.State == payment.Failed:
		return Failed
	case p.Captured > 0:
		return Finished
	case p.State == payment.Unknown || p.State == payment.Review:
		return Unknown
	}
	return e.State
}

// left says whether a code means that the payer went away.
func left(code string) bool {
	return fault.Under(code, fault.DeclinedCancelled) || fault.Under(code, fault.DeclinedChallengeCancelled) || fault.Under(code, fault.DeclinedTimedOut)
}

// A forced end of test mode: invoices whose number ends so go this way (sheet,
// section 11).
var forced = map[string]map[string]string{
	"90": {"outcome": fault.DeclinedDoNotHonour},
	"91": {"outcome": fault.DeclinedCancelled},
	"92": {"outcome": "approved", "fault": "lost_answer"},
	"93": {"outcome": "pending"},
	"94": {"outcome": fault.UnavailableProvider},
}

func force(number string) map[string]string {
	for end, wish := range forced {
		if strings.HasSuffix(number, end) {
			return wish
		}
	}
	return nil
}
