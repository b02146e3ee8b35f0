// Package bankfile asks banks for direct debits by file, and takes in what they
// answer: creditors as banks know them, payers' mandates, claims for invoices,
// and every file that went out or came in. It books what came in on the
// invoices that a file names; when a bill is made, and what follows when it is
// not paid, is decided above.
//
// States of a mandate:
//
//	wanted ──(file)──> asked ──> active ──> ending ──> ended
//	   └──(the payer agreed at the bank)──^    └────────^
//	asked ──> refused;   ended, refused ──> wanted, active
//
// States of a claim:
//
//	waiting ──(file)──> sent ──> paid | refused | lapsed
//	   └──> recalled       └──> recalling ──(file)──> recalled
//
// lapsed: the bank has not said a word, and will not any more. A payment that
// comes after all is booked like any other.
//
// States of a file:
//
//	out:  made ──> sent
//	in:   taken ──> read;   quarantined
//
// A file that comes in is taken whole or put aside, with the line and the
// reason: nothing is booked from a file in which anything is wrong. One that is
// taken is read entry by entry, each once, however often the work begins anew.
package bankfile

import (
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/money"
)

// Creditor is a merchant as one bank, or clearing house, knows it.
type Creditor struct {
	ID       ident.ID
	Version  int64
	Merchant ident.ID
	Bank     string // the format's name: nets, bankgirot
	connector.Creditor
	Payers    int64  // the newest payer's number; payers are counted in the realm
	Files     int64  // the last file's number
	Fetched   string // the last file that was fetched
	CreatedAt time.Time
}

// MandateState is the state of a mandate.
type MandateState string

// The states of a mandate.
const (
	Wanted  MandateState = "wanted"
	Asked   MandateState = "asked"
	Active  MandateState = "active"
	Ending  MandateState = "ending"
	Ended   MandateState = "ended"
	Refused MandateState = "refused"
)

// Mandate lets a creditor debit a payer's bank account. There is one for each
// owner, a subscription for example; it ends and begins anew.
type Mandate struct {
	ID        ident.ID
	Version   int64
	Seq       int64
	Creditor  ident.ID
	Merchant  ident.ID
	Owner     ident.ID
	Payer     int64  // the payer's number, by which the bank knows the mandate
	Bills     int64  // the last bill's number
	Reference string // a reference of the payer's, which they give their bank to agree (Norway)
	State     MandateState
	Notify    bool // the payer wants the bank to tell of each claim
	Code      string
	CreatedAt time.Time
	ChangedAt time.Time

	sealed     []byte // the account, until it has been asked
	keyVersion int64
}

// ClaimState is the state of a claim.
type ClaimState string

// The states of a claim.
const (
	Waiting   ClaimState = "waiting"
	Sent      ClaimState = "sent"
	Paid      ClaimState = "paid"
	NotPaid   ClaimState = "refused"
	Lapsed    ClaimState = "lapsed"
	Recalling ClaimState = "recalling"
	Recalled  ClaimState = "recalled"
)

// open says whether money may still come by the claim.
func (s ClaimState) open() bool { return s == Waiting || s == Sent || s == Recalling }

// Claim asks a payer's bank to pay an invoice on a day.
type Claim struct {
	ID        ident.ID
	Version   int64
	Seq       int64
	Creditor  ident.ID
	Merchant  ident.ID
	Mandate   ident.ID
	Invoice   ident.ID
	Reference string
	DueOn     invoice.Date
	Amount    money.Amount
	State     ClaimState
	Code      string   // why it was not paid: a declined... code
	File      ident.ID // that it went out with
	Details   ClaimDetails
	CreatedAt time.Time
	ChangedAt time.Time
}

// ClaimDetails are what the payer reads.
type ClaimDetails struct {
	Payer  int64    `json:"payer"`
	Name   string   `json:"name,omitempty"`
	Text   string   `json:"text,omitempty"`
	Notify bool     `json:"notify,omitempty"`
	Bill   []string `json:"bill,omitempty"`
}

// lapseDays is how long after its day a claim may still be told of.
const lapseDays = 7

// FileState is the state of a file.
type FileState string

// The states of a file.
const (
	Made        FileState = "made"
	Delivered   FileState = "sent"
	Taken       FileState = "taken"
	Read        FileState = "read"
	Quarantined FileState = "quarantined"
)

// Way is which way a file goes.
type Way string

// The ways.
const (
	Out Way = "out"
	In  Way = "in"
)

// File is one file. Its text is sealed: it names payers and what they owe.
type File struct {
	ID        ident.ID
	Version   int64
	Seq       int64
	Creditor  ident.ID
	Merchant  ident.ID
	Way       Way
	Name      string
	Number    string // the sender's own
	Hash      string // of the text, SHA-256 in hex
	State     FileState
	Place     string // what is wrong with it: "line 12"
	Reason    string
	Entries   int64 // how many claims, wishes or tidings it holds
	CreatedAt time.Time
	DoneAt    time.Time // when it was sent, or read

	sealed     []byte
	keyVersion int64
}

// EntryState is the state of an entry.
type EntryState string

// The states of an entry.
const (
	New       EntryState = "new"
	Done      EntryState = "done"
	Unmatched EntryState = "unmatched" // it names nothing of ours; a human looks
)

// Entry is one thing that a file told: exactly one of its three parts is set.
type Entry struct {
	File    ident.ID
	N       int64
	Version int64
	State   EntryState
	Reason  string
	Mandate *connector.BankMandate
	Payment *connector.BankPayment
	Refusal *connector.BankRefusal
}

// decideMandate is what a bank's word makes of a mandate. told is false when it
// changes nothing.
func decideMandate(m Mandate, word connector.BankMandate) (next Mandate, event string) {
	next = m
	next.Notify, next.Code = word.Notify, word.Code
	switch {
	case word.Stands && m.State == Ending: // it crossed our wish to end it
		return m, ""
	case word.Stands:
		next.State, event = Active, "bank_mandate.active"
	case word.Ended:
		next.State, event = Ended, "bank_mandate.ended"
	case m.State == Asked || m.State == Wanted:
		next.State, event = Refused, "bank_mandate.refused"
	default:
		return m, ""
	}
	if next.State == m.State && next.Notify == m.Notify {
		return m, ""
	}
	return next, event
}
