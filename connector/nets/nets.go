// Package nets reads and writes the files that Norwegian payees and banks
// exchange through Nets: AvtaleGiro claims and their withdrawals (out), the
// payers' mandates (in), and OCR giro payments (in). It is pure: a file in, a
// value out, and the other way round. Whom a file is for, and what is booked
// from it, is decided elsewhere.
//
// A file is one transmission of assignments:
//
//	10  start of the transmission
//	20    start of an assignment: claims, withdrawals, mandates or payments
//	30 31   a claim; 49 lines of its bill, when the bank shall tell the payer
//	30 31   a payment; 32 its text
//	70      a mandate
//	88    end of the assignment: how many transactions and records, their sum
//	89  end of the transmission: the same over all assignments
//
// Sources: the layout as the netsgiro library and its public example files have
// it, which in turn follow Nets' system specifications of AvtaleGiro and OCR
// giro. docs/bankfiles.md says what was checked against what.
package nets

import (
	"time"

	"github.com/florinpay/florin/core/money"
)

// Currency of every amount in these files.
const Currency money.Currency = "NOK"

// Clearing is Nets' own number as sender or recipient of a transmission.
const Clearing = "00008080"

// Limits of the bill that a bank shows the payer of a claim.
const (
	MaxBillLines   = 42
	MaxBillColumns = 80
)

// Kind is what an assignment holds.
type Kind string

// The kinds of assignments.
const (
	Claims   Kind = "claims"
	Withdraw Kind = "withdraw" // takes claims back that are not due yet
	Mandates Kind = "mandates"
	Payments Kind = "payments" // OCR giro
)

// File is one transmission.
type File struct {
	Sender      string // 8 digits
	Number      string // 7 digits, the sender's own count
	Recipient   string // 8 digits
	Date        time.Time
	Assignments []Assignment
}

// Assignment is part of a transmission: transactions of one kind for one account.
type Assignment struct {
	Kind      Kind
	Agreement string // 9 digits: the payee's agreement
	Number    string // 7 digits, the sender's own count
	Account   string // 11 digits: the payee's
	Date      time.Time

	Claims   []Claim   // of Claims and Withdraw
	Mandates []Mandate // of Mandates
	Payments []Payment // of Payments
}

// Claim asks the payer's bank for a payment under a mandate.
type Claim struct {
	Due       time.Time
	Amount    money.Amount
	KID       string
	Payer     string // at most 10 characters
	Reference string // shown to the payer, at most 25 characters
	Notify    bool   // the bank tells the payer; otherwise the payee has
	Bill      []string
}

// Mandate says what became of a payer's agreement.
type Mandate struct {
	Change Change
	KID    string
	Notify bool // the payer wants the bank to tell of each claim
}

// Change of a mandate.
type Change int

// The changes.
const (
	Stands Change = 0 // a list of all mandates that stand
	Made   Change = 1 // new, or its notification changed
	Ended  Change = 2
)

// Payment is what reached the payee's account.
type Payment struct {
	Type     int // 10 to 21, by the way it came; see AvtaleGiro and Reversal
	Date     time.Time
	Amount   money.Amount // negative when the bank takes it back
	KID      string
	Centre   string // 2 digits
	Day      int    // the day code
	Part     int    // of the settlement
	Serial   string // 5 digits, within the part
	Form     string // 10 digits
	Archive  string // 9 digits, the bank's own reference
	BankDate time.Time
	From     string // 11 digits: the payer's account, zeros when it is not told
	Text     string // at most 40 characters
}

// AvtaleGiro says whether the payment settles a claim of ours.
func (p Payment) AvtaleGiro() bool { return p.Type == 15 }

// reverses says whether a type of payment takes money back.
func reverses(kind int) bool { return kind == 18 || kind == 20 }

// totals are what the end records count.
type totals struct {
	transactions, records, sum int64
	first, last                time.Time
}

func (t *totals) see(day time.Time, minor int64) {
	t.transactions++
	t.sum += minor
	if t.first.IsZero() || day.Before(t.first) {
		t.first = day
	}
	if day.After(t.last) {
		t.last = day
	}
}

// kinds are the service and type of an assignment in its start record.
var kinds = map[Kind]string{Claims: "2100", Withdraw: "2136", Mandates: "2124", Payments: "0900"}

const day = "020106" // DDMMYY
