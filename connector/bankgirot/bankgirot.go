// Package bankgirot reads and writes the files of Swedish Autogiro: mandates
// and claims (out), and what Bankgirot answers: advice on mandates, the
// specification of payments, and orders that were rejected (in). It is pure: a
// file in, a value out, and the other way round.
//
// Files out are sections, each opened by a record 01; they have no end:
//
//	01  opening: the day, the payee's numbers
//	04  a mandate to be made; 03 one to be ended
//	82  a claim on a payer
//
// Files in name their contents in the opening, and count in record 09:
//
//	AG-MEDAVI             73  what became of a mandate
//	BET. SPEC & STOPP TK  15 82  a deposit and its payments; 17 77 a withdrawal and its refunds
//	AVVISADE BET UPPDR    82  an order that is not carried out
//
// Sources: the layout of Bankgirot's technical manual as public parsers of it
// have it, and Bankgirot's own example files, which they reprint.
// docs/bankfiles.md says what was checked against what.
package bankgirot

import (
	"strings"
	"time"

	"github.com/florinpay/florin/core/money"
)

// Currency of every amount in these files.
const Currency money.Currency = "SEK"

// Head names the payee of a file.
type Head struct {
	At       time.Time // to the day, in a specification to the second
	Customer string    // 6 digits: the payee's number at Bankgirot
	Payee    string    // 10 digits: the payee's bankgiro number, zeros before it
}

// File is what a file holds: a Request, or one of the three answers.
type File struct {
	Request       *Request
	Advice        *Advice
	Specification *Specification
	Rejections    *Rejections
}

// Request asks for mandates and payments.
type Request struct {
	Head
	Wishes []Wish
	Claims []Claim
}

// Wish is for a mandate to be made, or ended.
type Wish struct {
	End     bool
	Payer   string // 16 digits: the payee's name for the payer
	Account string // 16 digits: clearing number and account; none when the payer is a bankgiro number
	Person  string // 12 digits: the account holder's own number, or none
}

// Claim asks for a payment under a mandate.
type Claim struct {
	Due       time.Time // zero: as soon as can be
	Payer     string    // 16 digits
	Amount    money.Amount
	Reference string // at most 16 characters
}

// Advice tells what became of mandates.
type Advice struct {
	Head
	Mandates []Mandate
}

// Mandate is one that was made, ended or refused.
type Mandate struct {
	Payer   string // 16 digits
	Account string // 16 digits, or none
	Person  string // 12 digits, or none
	Source  string // 2 digits: who caused it
	Status  string // 2 digits: see Stands and Ended
	Date    time.Time
}

// Stands says whether the mandate is in force from now on.
func (m Mandate) Stands() bool { return m.Status == "32" }

// Ended says whether a mandate that was in force is no longer. What neither
// Stands nor has Ended was refused, or changes nothing.
func (m Mandate) Ended() bool {
	switch m.Status {
	case "01", "02", "06", "07", "33", "98":
		return true
	}
	return false
}

// Specification lists what was paid, and what was not for want of cover.
type Specification struct {
	Head
	Deposits []Deposit
	Refunds  []Withdrawal
}

// Deposit is one entry on the payee's account, and the payments it is made of.
// Its payments that failed are no part of it.
type Deposit struct {
	Entry
	Payments []Payment
}

// Withdrawal is one entry on the payee's account, and the refunds it is made of.
type Withdrawal struct {
	Entry
	Refunds []Refund
}

// Entry is on the payee's account.
type Entry struct {
	Account string // 35 digits
	Date    time.Time
	Serial  string // 5 digits
}

// Payment is the answer to a claim.
type Payment struct {
	Date      time.Time
	Payer     string // 16 digits
	Amount    money.Amount
	Reference string
	Status    int // 0 paid, 1 no cover, 2 the account is closed, 9 no cover but tried again
}

// The statuses of a payment.
const (
	Paid    = 0
	NoCover = 1
	Closed  = 2
	Again   = 9
)

// Refund takes back what was paid before.
type Refund struct {
	Payment
	Refunded time.Time
	Reason   string // 2 digits
}

// Rejections are orders that are not carried out.
type Rejections struct {
	Head
	Orders []Rejection
}

// Rejection is a claim and why it is not carried out.
type Rejection struct {
	Due       time.Time
	Payer     string
	Amount    money.Amount
	Reference string
	Reason    string // 2 digits: 01 no mandate, 02 account closed or unfit, 03 ...
}

// What files in call themselves, in columns 45 to 64 of their opening.
const (
	advice         = "AG-MEDAVI"
	specification  = "BET. SPEC & STOPP TK"
	rejections     = "AVVISADE BET UPPDR"
	clearing       = "9900"
	day            = "20060102"
	moment         = "20060102150405"
	immediately    = "GENAST"
	maxReference   = 16
	accountDigits  = 35
	columnContents = 45
)

// blank makes zeros or blanks, which mean that nothing is told, nothing.
func blank(s string) string {
	if strings.Trim(s, "0 ") == "" {
		return ""
	}
	return s
}
