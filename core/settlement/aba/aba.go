// Package aba writes direct-entry files, as the Australian banks take them for
// payments to many accounts (the Cemtex layout): records of 120 characters,
// one that describes the file, one for each payment, one with the totals. What
// is paid to whom is decided elsewhere.
package aba

import (
	"fmt"
	"strings"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// The transaction codes that are written.
const (
	credit = "50"
	debit  = "13"
)

// The most that a file, and a record of it, can carry.
const (
	maxCents   = 9_999_999_999
	maxRecords = 999_998
)

// Payer is whose money it is: the account that pays.
type Payer struct {
	Bank     string // the bank's three letters, CBA
	Name     string // up to 26 characters
	UserID   string // six digits that the bank has given
	BSB      string // of the account, six digits
	Account  string // up to nine digits
	Remitter string // who the receivers see, up to 16 characters; Name when empty
	Balanced bool   // the bank wants the sum as a debit of its own
}

// Payment is one credit.
type Payment struct {
	BSB       string
	Account   string
	Title     string // the account's holder, up to 32 characters
	Amount    money.Amount
	Reference string // what the receiver reads, up to 18 characters
}

// Write makes a file of payments to be made on a day; what says what they are
// in up to 12 characters. Names are cut to their columns, and characters that
// banks do not take become spaces. Faults, in the order checked: invalid.payer,
// invalid.file (no payments, or too many), invalid.payment with the number of
// the one at fault, invalid.amount (the sum does not fit).
func Write(p Payer, what string, day time.Time, payments []Payment) ([]byte, error) {
	if len(p.Bank) != 3 || !digits(p.UserID, 6, 6) || !digits(p.BSB, 6, 6) || !digits(p.Account, 1, 9) || strings.TrimSpace(p.Name) == "" {
		return nil, fault.New("invalid.payer", "the paying account needs a bank of three letters, a name, a user id and a BSB of six digits, and a number of up to nine")
	}
	if len(payments) == 0 || len(payments) > maxRecords {
		return nil, fault.New("invalid.file", "a file has 1 to %d payments", maxRecords)
	}
	if p.Remitter == "" {
		p.Remitter = p.Name
	}
	var b strings.Builder
	b.WriteString(header(p, what, day))
	var sum int64
	for i, pay := range payments {
		if err := pay.check(i + 1); err != nil {
			return nil, err
		}
		sum += pay.Amount.Minor
		if sum > maxCents {
			return nil, fault.At("invalid.amount", "amount", "the payments come to more than a file carries")
		}
		b.WriteString(detail(p, pay, credit))
	}
	debits, records := int64(0), len(payments)
	if p.Balanced {
		own := Payment{BSB: p.BSB, Account: p.Account, Title: p.Name, Amount: money.Of(sum, "AUD"), Reference: what}
		b.WriteString(detail(p, own, debit))
		debits, records = sum, records+1
	}
	b.WriteString(total(sum, debits, records))
	return []byte(b.String()), nil
}

func (p Payment) check(n int) error {
	bad := func(msg string) error { return fault.At("invalid.payment", "payment", "payment %d: %s", n, msg) }
	switch {
	case !digits(p.BSB, 6, 6):
		return bad("a BSB has six digits")
	case !digits(p.Account, 1, 9):
		return bad("an account number has up to nine digits")
	case strings.Trim(plain(p.Title), " ") == "":
		return bad("the account needs a title")
	case p.Amount.Currency != "AUD":
		return bad("direct entry is in AUD")
	case p.Amount.Minor < 1 || p.Amount.Minor > maxCents:
		return bad("an amount of 0.01 to 99,999,999.99")
	}
	return nil
}

// header is the record of type 0, which describes the file.
func header(p Payer, what string, day time.Time) string {
	return record("0" + left("", 17) + "01" + left(p.Bank, 3) + left("", 7) + left(p.Name, 26) + p.UserID + left(what, 12) + day.Format("020106") + left("", 40))
}

// detail is the record of type 1: one payment.
func detail(p Payer, pay Payment, code string) string {
	return record("1" + bsb(pay.BSB) + right(pay.Account, 9) + " " + code + fmt.Sprintf("%010d", pay.Amount.Minor) + left(pay.Title, 32) +
		left(pay.Reference, 18) + bsb(p.BSB) + right(p.Account, 9) + left(p.Remitter, 16) + "00000000")
}

// total is the record of type 7: what the file comes to.
func total(credits, debits int64, records int) string {
	return record("7999-999" + left("", 12) + fmt.Sprintf("%010d%010d%010d", credits-debits, credits, debits) + left("", 24) + fmt.Sprintf("%06d", records) + left("", 40))
}

func record(text string) string { return text + "\r\n" }

func bsb(six string) string { return six[:3] + "-" + six[3:] }

// left puts text at the left of a column, right at its right.
func left(text string, n int) string {
	text = plain(text)
	return text[:min(len(text), n)] + strings.Repeat(" ", max(n-len(text), 0))
}

func right(text string, n int) string { return strings.Repeat(" ", max(n-len(text), 0)) + text }

// plain keeps what the layout allows: ASCII letters, digits and some marks.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" +-/.,:()&'?", r) {
			return r
		}
		return ' '
	}, text)
}

func digits(s string, least, most int) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
