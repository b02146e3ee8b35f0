package checkout

import (
	"context"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// State of a session as its page sees it.
type State string

// The states there are.
const (
	Open    State = "open"    // waits for the payer
	Paying  State = "paying"  // the payer is at the bank, or its answer is awaited for moments
	Pending State = "pending" // the payer has done all; the money comes in days (a voucher, a transfer)
	Paid    State = "paid"    // done; also when a card was to be stored and is
	Failed  State = "failed"  // over without success; no further try
	Expired State = "expired" // the time is over

	Cancelled State = "cancelled" // the merchant no longer asks for it
)

// Session is what the page shows.
type Session struct {
	Key      string
	Merchant string // the name payers know
	Amount   money.Amount
	Brands   []string // VISA, PAYPAL ...; in this order
	Locale   string   // the merchant's wish, or ""
	// Reference is the merchant's own, which a payer may recognise.
	Reference string
	About     string // what is paid for, in the merchant's words, or ""
	State     State
	// Attempt is the number of the try that the page is at. The form carries
	// it, so a form posted twice is known.
	Attempt string
	// Failure is the fault code of the last try, if it failed and another may follow.
	Failure string
	// Resume is where the payer still has to go while Paying, or the slip
	// while Pending.
	Resume           *connector.Redirect
	TestMode         bool
	Stored           []StoredCard
	OfferKeep        bool   // the payer may choose to have the card stored
	RegistrationOnly bool   // a card is stored, nothing is paid
	ReturnURL        string // the merchant's page, parameters and all
	Now              time.Time
	ExpiresAt        time.Time // zero: never
	PaidAt           time.Time
	PaidWith         string       // brand
	PaidLast4        string       // "" for other methods than cards
	Surcharge        money.Amount // in Amount, for the way that was paid; zero without one
	Surcharges       bool         // some ways to pay cost more, and the payer sees it first
	Payee            *Payee       // where the payer sends the money while Pending, for a bank transfer
	Look             merchant.Look
}

// StoredCard is a card the merchant holds a token of.
type StoredCard struct {
	ID    string
	Brand string
	Last4 string
	Month int
	Year  int // four digits
}

// PayForm is a form as the payer filled it. Exactly one of Brand, Stored and
// Number says what is paid with.
type PayForm struct {
	Attempt string
	Brand   string // of a wallet or voucher; for a new card ""
	Stored  string // id of a stored card
	Holder  string
	Number  method.Secret // digits alone
	CVV     method.Secret
	Month   int // 1 to 12
	Year    int // four digits
	Keep    bool
	// ReturnURL is set by a frame alone: the address that the shop's form
	// names. It must pass the merchant's allow list before it is believed.
	ReturnURL string
	Locale    string                 // the language that the payer chose on the page, or ""
	Debit     *connector.BankAccount // the account of a direct debit, whose Brand is given
	Offer     string                 // what the payer agrees to: the Key of an earlier Outcome's Offer, and nothing else is given
}

// Step is what comes after a form.
type Step string

// The steps there are.
const (
	Go    Step = "go"   // to the bank: the session is Paying and has a Resume
	Done  Step = "done" // the payment is over, for better or worse
	Again Step = ""     // declined, another try is open; or see the page
)

// Problem is one mistake in a form: the field, a dot and what is wrong.
type Problem string

// The problems there are.
const (
	HolderEmpty   Problem = "holder.empty"
	HolderInvalid Problem = "holder.invalid"
	NumberEmpty   Problem = "number.empty"
	NumberInvalid Problem = "number.invalid"
	NumberBrand   Problem = "number.brand" // a card that the merchant does not take
	ExpiryEmpty   Problem = "expiry.empty"
	ExpiryInvalid Problem = "expiry.invalid"
	ExpiryPast    Problem = "expiry.past"
	CVVEmpty      Problem = "cvv.empty"
	CVVInvalid    Problem = "cvv.invalid"
	StoredGone    Problem = "stored.gone"

	BankInvalid    Problem = "bank.invalid"
	BranchInvalid  Problem = "branch.invalid"
	AccountInvalid Problem = "account.invalid"
	OwnerInvalid   Problem = "owner.invalid"
)

// Problems are all of them.
var Problems = []Problem{HolderEmpty, HolderInvalid, NumberEmpty, NumberInvalid, NumberBrand, ExpiryEmpty, ExpiryInvalid,
	ExpiryPast, CVVEmpty, CVVInvalid, StoredGone, BankInvalid, BranchInvalid, AccountInvalid, OwnerInvalid}

// Field is the name of the field.
func (p Problem) Field() string {
	field, _, _ := strings.Cut(string(p), ".")
	return field
}

// problemOf is the problem that a fault of the core's own check of a card
// (method.Typed) tells the payer, or "".
func problemOf(err error) Problem {
	for _, p := range []struct {
		code    string
		problem Problem
	}{
		{"invalid.card.brand", NumberBrand}, {"invalid.card.expired", ExpiryPast}, {"invalid.card.cvv_missing", CVVEmpty}, {"invalid.card.cvv", CVVInvalid},
		{"invalid.card", NumberInvalid},
	} {
		if fault.Is(err, p.code) {
			return p.problem
		}
	}
	return debitProblem(err)
}

// Outcome is what became of a form: problems or an offer, in which case nothing
// has happened, or a step.
type Outcome struct {
	Problems []Problem
	Offer    *Offer
	Step     Step
}

// Offer is what a way to pay costs when it costs more than the amount: the payer
// has to agree first.
type Offer struct {
	Key       string
	Surcharge money.Amount
	Total     money.Amount
	Summary   string // how the surcharge comes about, in the merchant's words
	Brand     string
	Last4     string // of a card
}

// Desk is where the page asks.
type Desk struct {
	// Find gives the session. Faults: not_found.session.
	Find func(ctx context.Context, key string) (Session, error)
	// Pay pays. A form whose Attempt was posted already has no further effect
	// and answers as the first did. Faults: not_found.session,
	// conflict.session (see the page), invalid.card (shown as a problem of the
	// form), unavailable (nothing has happened).
	Pay func(ctx context.Context, key string, form PayForm) (Outcome, error)
	// Cancel says where the payer goes without paying, or "". A session that
	// is being paid or was paid is left as it is.
	Cancel func(ctx context.Context, key string) (returnURL string, err error)
	// Change withdraws a bank transfer that nobody has sent yet, so that the
	// payer may pay in another way. Faults: not_found.session, conflict (too
	// late, or there is none; see the page).
	Change func(ctx context.Context, key string) error
}
