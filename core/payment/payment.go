// Package payment owns the life of a payment: the payment itself and its
// attempts, which are the operations asked of a provider (the first one that
// authorises or debits, then captures, refunds and voids).
//
// States of a payment:
//
//	                  ┌───────────────> failed ──(late success)──> review
//	                  │                   ^
//	processing ──┬────┴──> pending ───────┤
//	             │           │            │
//	             ├──────> unknown ────────┤        (only with proof)
//	             │           │            │
//	             v           v            │
//	     authorised | captured | verified | credited | authenticated
//	          │
//	          ├──> captured  (in part or whole; see Captured)
//	          ├──> voided    (nothing was captured, the hold is released)
//	          └──> expired   (the hold ran out)
//	     captured ──> voided (before settlement, all of it)
//	     captured ──> failed (the payer's bank took a direct debit back)
//	     credited ──> failed (the payee's bank sent it back)
//
// pending ──> unknown ──> pending: a terminal fell silent, and answers again.
//
// processing: the intent is committed and the provider is being asked. It has
// no event. pending: the payer or a bank has to act. unknown: the provider's
// answer is missing; it becomes failed only with proof that nothing happened.
// review: what the provider says cannot be squared with what we know; a human
// decides. How much is captured, refunded or disputed are amounts, not states.
//
// States of an attempt:
//
//	sent ──> approved | refused | pending | unknown
//	pending, unknown ──> approved | refused | review
//	refused ──> late_success  (the provider changed its mind to yes)
//	review ──> approved | refused           (a human has decided)
//	late_success ──> approved | failed_late (a human has decided)
//	approved ──> failed_late  (a refund, a credit or a direct debit: the bank gave
//	                          the money back)
//
// Money that leaves or enters is reserved before the provider is asked
// (Capturing, Refunding, Voiding), so that racing operations can never exceed
// what there is.
package payment

import (
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// State of a payment.
type State string

const (
	Processing    State = "processing"
	Pending       State = "pending"
	Unknown       State = "unknown"
	Authorised    State = "authorised"
	Captured      State = "captured"
	Verified      State = "verified"
	Credited      State = "credited"
	Authenticated State = "authenticated"
	Voided        State = "voided"
	Expired       State = "expired"
	Failed        State = "failed"
	Review        State = "review"
)

// Risk verdicts on a payment.
const (
	RiskReview   = "review" // accepted, but a human should look
	RiskAccepted = "accept"
	RiskRejected = "reject"
)

// Payment is one payment. Amounts without a currency are minor units of
// Amount's currency.
type Payment struct {
	ID      ident.ID
	Version int64
	Seq     int64 // number of its last event

	Merchant  ident.ID
	Profile   ident.ID
	Surface   string // the contract that took it
	Kind      connector.Kind
	Method    method.Name
	Brand     string
	Amount    money.Amount // zero for a verification
	State     State
	Code      string // why it failed, a fault code
	Risk      string
	Connector string
	Reference string   // the merchant's own
	Session   ident.ID // the checkout it came from
	Order     ident.ID // the order that it pays
	Source    ident.ID // the stored payment source it used or made
	Customer  ident.ID

	Captured  int64
	Capturing int64 // asked for, not answered
	Refunded  int64
	Refunding int64
	Voided    int64
	Voiding   int64
	Disputed  int64
	Lost      int64 // taken back for good: disputes that were lost or accepted

	CreatedAt  time.Time
	UpdatedAt  time.Time
	CapturedAt time.Time // the first capture; refund window and cut-off count from it
	ExpiresAt  time.Time // of the hold, or of the payer's time to act
	PaidOutAt  time.Time // when its money reached the merchant's bank; zero: it has not
	Details    Details
}

// Details are facts of a payment that nobody searches by.
type Details struct {
	Card       *Face                 `json:"card,omitempty"`
	Facts      *method.Facts         `json:"facts,omitempty"`  // what was known of the card beyond its face
	Coded      bool                  `json:"coded,omitempty"`  // the card's security code went with it
	Wallet     string                `json:"wallet,omitempty"` // applepay or googlepay: whose packet the card came in
	Bank       *BankFace             `json:"bank,omitempty"`
	Payee      *connector.Payee      `json:"payee,omitempty"`    // where a bank transfer has to go
	Terminal   string                `json:"terminal,omitempty"` // the provider's name of the terminal it is pushed to
	Mandate    ident.ID              `json:"mandate,omitempty"`  // the agreement that was charged
	Received   int64                 `json:"received,omitempty"` // what has come by bank transfer, more or less than the amount
	Returned   int64                 `json:"returned,omitempty"` // what the payer's bank took back of a direct debit
	Account    string                `json:"account,omitempty"`  // the merchant's at the provider
	ReturnURL  string                `json:"returnUrl,omitempty"`
	NotifyURL  string                `json:"notifyUrl,omitempty"`
	Descriptor string                `json:"descriptor,omitempty"`
	Surcharge  int64                 `json:"surcharge,omitempty"` // the part of Amount that was added for the method
	Locale     string                `json:"locale,omitempty"`
	Series     *Series               `json:"series,omitempty"`
	ThreeDS    *connector.ThreeDS    `json:"threeDs,omitempty"`
	Redirect   *connector.Redirect   `json:"redirect,omitempty"`
	Echo       []connector.Parameter `json:"echo,omitempty"` // what the surface gives back as it came, in order
	RefundDays int                   `json:"refundDays,omitempty"`
	HoldDays   int                   `json:"holdDays,omitempty"`
	Token      ident.ID              `json:"token,omitempty"` // the payment token it was made with
	// Fingerprint tells the card from others of the realm, where its declines
	// are counted.
	Fingerprint string   `json:"fingerprint,omitempty"`
	Final       ident.ID `json:"final,omitempty"`   // the last capture: what it leaves over is released with it
	Invoice     ident.ID `json:"invoice,omitempty"` // what it pays, or ""
}

// Face is what may be shown of a card.
type Face struct {
	BIN         string `json:"bin"`
	Last4       string `json:"last4"`
	Holder      string `json:"holder,omitempty"`
	ExpiryMonth int    `json:"month,omitempty"`
	ExpiryYear  int    `json:"year,omitempty"`
}

// BankFace is what may be shown of a bank account.
type BankFace struct {
	Region     string `json:"region"`
	BankCode   string `json:"bankCode,omitempty"`
	BranchCode string `json:"branchCode,omitempty"`
	Last4      string `json:"last4"`
	Holder     string `json:"holder,omitempty"`
}

// Series says that a payment is one of several agreed with the payer.
type Series struct {
	Initiator string `json:"initiator,omitempty"` // CIT or MIT
	Mode      string `json:"mode,omitempty"`      // INITIAL or REPEATED
	Type      string `json:"type,omitempty"`      // RECURRING, INSTALLMENT, UNSCHEDULED
	SchemeRef string `json:"schemeRef,omitempty"` // the scheme's id of the first payment
}

// AttemptState is the state of an attempt.
type AttemptState string

const (
	Sent           AttemptState = "sent"
	Approved       AttemptState = "approved"
	Refused        AttemptState = "refused"
	AttemptPending AttemptState = "pending"
	AttemptUnknown AttemptState = "unknown"
	AttemptReview  AttemptState = "review"
	FailedLate     AttemptState = "failed_late"
	LateSuccess    AttemptState = "late_success"
)

// Kinds of attempts that no call of ours starts: the bank does.
const (
	Chargeback         connector.Kind = "chargeback"
	ChargebackReversal connector.Kind = "chargeback_reversal"
)

// Attempt is one operation at a provider. The first attempt of a payment has
// the payment's id; the provider knows an attempt by its id, which is also its
// idempotency key there.
type Attempt struct {
	ID           ident.ID
	Payment      ident.ID
	Version      int64
	Kind         connector.Kind
	State        AttemptState
	Amount       money.Amount
	Original     ident.ID // the attempt it refers to, or ""
	Reference    string   // the merchant's own
	ProviderRef  string
	Code         string // why refused, a fault code; of a pending one unavailable.provider while its provider does not answer
	ProviderCode string // the provider's own words, or the proof that nothing happened
	AuthCode     string
	SentAt       time.Time
	DoneAt       time.Time
	Echo         []connector.Parameter
	Surcharge    int64 // of a refund: how much of it is surcharge
}

// open says whether the provider's last word on the attempt is still to come.
func (a Attempt) open() bool {
	return a.State == Sent || a.State == AttemptPending || a.State == AttemptUnknown
}

// Open is how much of an authorisation can still be captured or voided.
func (p Payment) Open() int64 {
	if p.State != Authorised && p.State != Captured || p.Kind != connector.Authorise || p.Details.Final != "" {
		return 0
	}
	return p.held()
}

// held is what an authorisation holds that nobody has asked for.
func (p Payment) held() int64 {
	return p.Amount.Minor - p.Captured - p.Capturing - p.Voided - p.Voiding
}

// Refundable is how much can still be given back.
func (p Payment) Refundable() int64 {
	return p.Captured - p.Refunded - p.Refunding - p.Disputed - p.Lost - p.Details.Returned
}

// takes says whether the payment takes money from a payer, now or later.
func (p Payment) takes() bool { return p.Kind == connector.Authorise || p.Kind == connector.Debit }

// Final says whether nothing more happens to the payment by itself.
func (p Payment) Final() bool {
	switch p.State {
	case Processing, Pending, Unknown:
		return false
	}
	return true
}

// Succeeded says whether the payment reached what it was made for.
func (p Payment) Succeeded() bool {
	switch p.State {
	case Authorised, Captured, Verified, Credited, Authenticated, Voided, Expired:
		return true
	}
	return false
}

// Outcome is a payment and the attempt that was asked about.
type Outcome struct {
	Payment  Payment
	Attempt  Attempt
	Replayed bool // answered from memory: the idempotency key was known
}
