package vault

import (
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
)

// State of a source:
//
//	pending ──Activate──> active ──Delete──> deleted
//	   └───────────────Delete─────────────────^
//
// A pending source was kept for a payment that is not over yet; nobody can pay
// with it on its own. Deleted is for ever, and its sealed number is gone.
type State string

const (
	Pending State = "pending"
	Active  State = "active"
	Deleted State = "deleted"
)

// How long sources are kept. A card's number is wiped this many months after
// the card has expired (contract sheet, section 13); a source that never
// became active is wiped after the longest time for which a payment can pend.
const (
	keepMonths   = 14
	extendMonths = 24
	pendingDays  = 30
)

// Source is a way to pay that is kept: its ID is the token. It holds what may
// be shown; the number itself is sealed and comes out through Reveal alone.
type Source struct {
	ID          ident.ID
	Version     int64
	Merchant    ident.ID
	Customer    ident.ID // or ""
	Method      method.Name
	Brand       string
	BIN         string // a card's first six digits; a bank account's bank and branch code
	Last4       string // of a bank account, see method.BankAccount.Last4
	Holder      string
	ExpiryMonth int    // 1 to 12, 0 when the method has none
	ExpiryYear  int    // four digits
	Fingerprint string // equal numbers of a realm have equal ones; "" without a number
	State       State
	KeyVersion  int64  // of the data key that sealed the number, 0 without one
	SchemeRef   string // the scheme's id of the first payment of a series
	ExpiresAt   time.Time
	CreatedAt   time.Time
	UpdatedAt   time.Time // zero when never changed
	Events      int64     // number of the last event
	Keeping

	sealed []byte
}

// Card is a number as Reveal gives it back. There is no CVV: none was kept.
type Card struct {
	Number      method.Secret
	Holder      string
	ExpiryMonth int
	ExpiryYear  int
	Brand       string
}

// Draft is what a new source is made of.
type Draft struct {
	Merchant  ident.ID
	Customer  ident.ID
	Method    method.Name
	Card      Card                // Number empty for methods without one
	Bank      *method.BankAccount // for direct debits, instead of Card
	SchemeRef string
	Keeping
	Active bool // usable at once; otherwise pending until Activate
}

// check looks at what the vault itself relies on; whether a number passes
// Luhn or a brand is taken is decided before.
func (d Draft) check() error {
	if d.Merchant == "" {
		return fault.At("invalid.source", "merchant", "a source belongs to a merchant")
	}
	if d.Method == "" {
		return fault.At("invalid.source", "method", "a source has a method")
	}
	if d.Bank != nil || d.Method == method.DirectDebit {
		if d.Bank == nil || d.Method != method.DirectDebit || !d.Card.Number.Empty() {
			return fault.At("invalid.source", "method", "a direct debit has a bank account, and nothing else has")
		}
		return d.Bank.Check()
	}
	if d.Card.Number.Empty() {
		if d.Method == method.Card {
			return fault.At("invalid.card", "number", "a card has a number")
		}
		return nil
	}
	n := d.Card.Number.Reveal()
	if len(n) < 12 || len(n) > 19 {
		return fault.At("invalid.card", "number", "a card number has 12 to 19 digits")
	}
	for i := range len(n) {
		if n[i] < '0' || n[i] > '9' {
			return fault.At("invalid.card", "number", "a card number has digits only")
		}
	}
	if d.Card.ExpiryMonth < 1 || d.Card.ExpiryMonth > 12 || d.Card.ExpiryYear < 1900 || d.Card.ExpiryYear > 9999 {
		return fault.At("invalid.card", "expiry", "a card expires in a month of a year")
	}
	return nil
}

// life is when a source of that card is wiped: some months after the last
// moment of the card's last month, or after since for methods without expiry.
func life(month, year int, since time.Time, months int) time.Time {
	if month == 0 {
		return since.AddDate(0, months, 0)
	}
	return time.Date(year, time.Month(month)+1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, months, 0)
}
