// Package connector is what florin asks of a payment provider: two required
// questions (Authorise, Lookup) and optional capabilities, each an interface
// of its own. Connectors import money, ident, fault and method of the core
// and nothing else of it.
//
// No answer is an answer: after a request has left, an error, a timeout or
// nonsense is Unknown, never Refused. Refused needs the provider's word (or
// the certainty that nothing was sent).
package connector

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Kind of an operation at a provider.
type Kind string

const (
	Authorise Kind = "authorise" // reserve
	Debit     Kind = "debit"     // reserve and capture in one
	Verify    Kind = "verify"    // check the account, no amount
	Credit    Kind = "credit"    // pay out without an earlier payment
	Capture   Kind = "capture"
	Refund    Kind = "refund"
	Void      Kind = "void"
	// Transfer is money that somebody sent by a bank transfer. No question of
	// ours starts it.
	Transfer Kind = "transfer"
	// Authenticate is 3-D Secure alone: no money moves.
	Authenticate Kind = "authenticate"
)

// State of a result.
type State string

const (
	Approved State = "approved"
	Pending  State = "pending"   // the payer or a bank has to act; see Redirect and CheckAfterSeconds
	Refused  State = "refused"   // a definite no, with a declined... or unavailable... code
	Unknown  State = "unknown"   // may or may not have happened
	NotFound State = "not_found" // Lookup only: the provider has never seen this attempt
)

// Card as the payer typed it. It lives in memory for one request.
type Card struct {
	Number      method.Secret // 12 to 19 digits
	CVV         method.Secret // 3 or 4 digits, or empty
	Holder      string
	ExpiryMonth int // 1 to 12
	ExpiryYear  int // four digits
	Brand       string
}

// BankAccount of a payer. Like a card it lives in memory for one request.
type BankAccount = method.BankAccount

// Payee is where a payer has to send money, and what to quote with it. All of
// it is shown to the payer.
type Payee struct {
	Reference  string `json:"reference"`
	Region     string `json:"region,omitempty"`   // as in BankAccount
	BankCode   string `json:"bankCode,omitempty"` // as in BankAccount
	BranchCode string `json:"branchCode,omitempty"`
	Number     string `json:"number"`
	Holder     string `json:"holder"`
	Alias      string `json:"alias,omitempty"` // a name or address that stands for the account, where there is such a thing
}

// Arrival is money that came by a bank transfer.
type Arrival struct {
	Reference string       // the bank's id of it, unique within the account
	Quoted    string       // what the payer wrote, as it came
	Payer     string       // the sender's name, as the bank tells it
	Amount    money.Amount // what arrived
}

// ThreeDS carries what an authentication found, in either direction.
type ThreeDS struct {
	Status           string // Y, A, N, U, R, or empty when none ran
	ECI              string
	Version          string
	VerificationID   string // CAVV/AAV, base64
	DSTransactionID  string
	ACSTransactionID string
	NotEnrolled      bool
}

// Request is an authorisation, debit, verification, credit or authentication.
type Request struct {
	Attempt   ident.ID // ours; doubles as the provider's idempotency key, for ever the same
	Account   string   // the merchant's account at the provider
	Kind      Kind
	Amount    money.Amount // zero for Verify
	Method    method.Name
	Brand     string       // VISA, PAYPAL ...
	Card      *Card        // for method card, unless Token is set
	Bank      *BankAccount // for method direct_debit
	Quote     string       // for method bank_transfer: the reference that the payer will quote
	Mandate   string       // the provider's id of an agreement that is charged, instead of Card and Bank
	Terminal  string       // for method terminal: the provider's name of the one to push to
	At        time.Time
	ReturnURL string // where the provider sends the payer's browser afterwards

	Use3DS     bool     // the payer is present and may be challenged
	ThreeDS    *ThreeDS // an authentication that the merchant brings along
	Challenge  bool     // insist on a challenge
	MIT        bool     // the merchant, not the payer, starts this (stored credentials)
	SchemeRef  string   // the scheme's id of the first payment of a series
	Locale     string
	Descriptor string

	// Simulate carries test-mode wishes from the surface (docs/sandbox.md).
	// Only the fake provider reads it; it is empty on a live realm.
	Simulate map[string]string
}

// Operation refers to an earlier attempt: a capture, refund or void.
type Operation struct {
	Attempt   ident.ID // this operation's own id and idempotency key
	Original  ident.ID // the attempt it refers to: the authorisation or debit
	Reference string   // the provider's id of Original
	Account   string
	Amount    money.Amount
	Final     bool // a capture after which nothing more will be captured
	At        time.Time
	Simulate  map[string]string
}

// Question asks what became of an attempt.
type Question struct {
	Attempt   ident.ID
	Kind      Kind
	Account   string
	Reference string // the provider's id, if it ever told us
	At        time.Time
}

// Redirect is where the payer's browser has to go.
type Redirect struct {
	URL        string
	Method     string // GET or POST
	Parameters []Parameter
}

// Parameter is one name and value of a redirect, in order.
type Parameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Result is the provider's answer.
type Result struct {
	State     State
	Code      string       // why refused: declined.insufficient_funds, unavailable.provider ...
	Provider  string       // the provider's own code, verbatim, for support
	Reference string       // the provider's id of this attempt
	Amount    money.Amount // what the provider says it handled; the core compares it
	AuthCode  string
	SchemeRef string
	Redirect  *Redirect
	ThreeDS   *ThreeDS
	Risk      string // "", "review" or "reject"
	// Payee is where the money of a pending bank transfer has to go.
	Payee *Payee
	// Arrivals is the money that has come for a bank transfer so far: in a
	// Lookup all of it, in a Notice of kind Transfer the one that it tells of.
	Arrivals []Arrival
	// CheckAfterSeconds says when a pending or unknown attempt is worth a Lookup.
	CheckAfterSeconds int
	// ExpiresAfterSeconds says how long a pending attempt may stay so.
	ExpiresAfterSeconds int
	Details             map[string]string
}

// Connector is one provider.
type Connector interface {
	Spec() Spec
	// Authorise starts the operation req.Kind. A repeat with the same Attempt
	// inside Spec().WindowSeconds has no further effect and answers alike.
	Authorise(ctx context.Context, req Request) Result
	// Lookup tells what became of an attempt; NotFound only when the provider
	// is certain.
	Lookup(ctx context.Context, q Question) Result
}

// Capturer can capture a part or all of an authorisation.
type Capturer interface {
	Capture(ctx context.Context, op Operation) Result
}

// Voider can release what an authorisation still holds, or cancel an
// unsettled debit.
type Voider interface {
	Void(ctx context.Context, op Operation) Result
}

// Refunder can give back captured money.
type Refunder interface {
	Refund(ctx context.Context, op Operation) Result
}

// Canceller can withdraw an attempt that is pending: a direct debit that was
// not sent yet, a bank transfer nobody has paid, a wallet's page.
type Canceller interface {
	// Cancel withdraws the attempt if it still can, and then tells what became
	// of it, as Lookup does: Refused with declined.cancelled_by_merchant when it
	// will never take money, Pending when it is too late to withdraw it. A
	// repeat has no further effect and answers alike.
	Cancel(ctx context.Context, q Question) Result
}

// Describer can tell what is known of cards, by the first six to eight digits
// of their numbers.
type Describer interface {
	// Describe asks nobody for longer than a payer waits; false when nothing is
	// known, for whatever reason.
	Describe(ctx context.Context, bin string) (method.Facts, bool)
}

// Notice is a provider's callback, its signature already checked.
type Notice struct {
	ID      string   // unique per callback, for the replay table
	Attempt ident.ID // "" for a Transfer
	Account string
	Kind    Kind
	Result  Result
	Consent *Consent // of kind Agreement, instead of Result; Attempt is the mandate then
}

// Notifier can read callbacks.
type Notifier interface {
	// ParseNotice checks the signature over the raw body, then decodes it.
	// Faults: unauthenticated.signature, invalid.callback.
	ParseNotice(header func(name string) string, body []byte, at time.Time) (Notice, error)
}

// Patience is how long an attempt has from when it was written down until its
// answer is no longer waited for. The context of a request ends with it.
const Patience = 25 * time.Second

// Spec describes a connector to the portal, the docs and the config check.
type Spec struct {
	Name    string
	Methods []method.Name
	Options []Option
	// WindowSeconds is how long the provider honours an idempotency key.
	// After it an attempt is never resent, only looked up.
	WindowSeconds int
	// SettleSeconds is how long after an attempt was written down a Lookup's
	// NotFound becomes proof: Patience, after which nobody of ours sends, and how
	// long the provider may sit on a request that it has received.
	SettleSeconds int
	// ReturnSeconds are the ages, ascending, at which a refund or a credit that
	// was approved is worth another Lookup: a bank may send the money back days
	// later, and the callback that says so may be lost. None: it never comes back.
	ReturnSeconds []int
	TestOnly      bool
}

// Option is one setting of a connector.
type Option struct {
	Name   string
	Help   string
	Secret bool
}
