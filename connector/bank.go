package connector

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// BankFormat is how a country's banks are asked for direct debits, and answer:
// in files. It is pure; who carries the files is a Courier's matter.
type BankFormat interface {
	Name() string // nets, bankgirot
	Currency() money.Currency
	// CheckCreditor refuses a creditor whose numbers no file could carry.
	// Faults: invalid.creditor.
	CheckCreditor(c Creditor) error
	// Reference is the payment reference of a payer's bill: at most
	// MaxPayer and MaxBill count both. Faults: invalid.kid.
	Reference(payer, bill int64) (string, error)
	// Write makes the file of a batch. Faults: invalid.bank_file.
	Write(b Batch) ([]byte, error)
	// Read takes a file apart, whole or not at all. Faults:
	// invalid.bank_file, with the line as Param and the reason as Msg.
	Read(body []byte) (Tidings, error)
}

// The most that payers and their bills may be numbered, so that every format's
// reference holds them.
const (
	MaxPayer = 99_999_999
	MaxBill  = 999_999
)

// Creditor is a merchant as the banks know it.
type Creditor struct {
	Customer  string // the number that the clearing house gave
	Account   string // where the money goes: an account, a bankgiro number
	Agreement string // of claims, where the format has one
}

// Batch is what goes out in one file.
type Batch struct {
	Number    int64 // counted per creditor, from 1
	Creditor  Creditor
	At        time.Time
	Claims    []BankClaim
	Withdrawn []BankClaim
	Wishes    []BankWish
}

// BankClaim asks a payer's bank for a payment.
type BankClaim struct {
	Payer     int64
	Reference string // as Reference makes it
	Due       time.Time
	Amount    money.Amount
	Name      string // the payer's
	Text      string // what it is for, a line
	Notify    bool   // the bank shows the payer the bill
	Bill      []string
}

// BankWish is for a mandate to be made or ended, where the creditor asks for it.
type BankWish struct {
	Payer   int64
	End     bool
	Account method.Secret // clearing number and account
	Person  method.Secret // the account holder's own number
}

// Tidings are what came in with one file.
type Tidings struct {
	Creditor Creditor
	Number   string // what the sender calls the file, or ""
	At       time.Time
	Mandates []BankMandate
	Payments []BankPayment
	Refusals []BankRefusal
}

// BankMandate says what became of a payer's mandate. One that neither Stands
// nor has Ended was refused.
type BankMandate struct {
	Payer  int64
	Stands bool
	Ended  bool
	Notify bool
	Code   string // the bank's own
}

// BankPayment is money on the creditor's account, or taken from it.
type BankPayment struct {
	ID        string // the bank's own, unique for the creditor
	Reference string
	Payer     int64        // 0 when it is not told apart
	Amount    money.Amount // always positive
	Back      bool         // the bank took it back
	Claimed   bool         // it settles a claim
	At        time.Time
}

// BankRefusal is a claim that was not paid.
type BankRefusal struct {
	Payer     int64
	Reference string
	Amount    money.Amount
	Code      string // a declined... code
	Bank      string // the bank's own code
	Again     bool   // the bank itself will try once more
}

// Courier carries files to a bank and fetches its own. Files have names, which
// are never used twice; a file that is sent or fetched again is the same one.
type Courier interface {
	SendFile(ctx context.Context, bank string, f BankFile, at time.Time) error
	// FetchFiles lists what the bank has put out for a creditor after the
	// file of that name, oldest first; "" for all.
	FetchFiles(ctx context.Context, bank, customer, after string, at time.Time) ([]BankFile, error)
}

// BankFile is a file on its way.
type BankFile struct {
	Customer string // the creditor's number at the clearing house
	Name     string
	Body     []byte
}

// Consenter is a Courier of test mode that plays the payers, who go to their
// banks and agree to be debited under a reference. A repeat changes nothing.
type Consenter interface {
	Consent(ctx context.Context, bank string, c Creditor, reference string, at time.Time) error
}
