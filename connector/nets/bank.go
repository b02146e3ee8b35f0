package nets

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Bank is Norway's way of direct debit, for those who do not care for records.
type Bank struct{}

// Name is nets.
func (Bank) Name() string { return "nets" }

// Currency is that of every amount.
func (Bank) Currency() money.Currency { return Currency }

// CheckCreditor refuses numbers that no transmission could carry: a customer
// unit of 8 digits, an account of 11, an agreement of 9.
// Faults: invalid.creditor.
func (Bank) CheckCreditor(c connector.Creditor) error {
	switch {
	case !number(c.Customer, 8):
		return fault.At("invalid.creditor", "customer", "a customer unit at Nets has 8 digits")
	case !number(c.Account, 11):
		return fault.At("invalid.creditor", "account", "an account has 11 digits")
	case !number(c.Agreement, 9):
		return fault.At("invalid.creditor", "agreement", "an agreement has 9 digits")
	}
	return nil
}

// Reference is a KID of 8 digits for the payer, 6 for the bill, and a check
// digit: the first eight tell whose mandate it is. Faults: invalid.kid.
func (Bank) Reference(payer, bill int64) (string, error) {
	if payer < 1 || payer > connector.MaxPayer || bill < 0 || bill > connector.MaxBill {
		return "", fault.At("invalid.kid", "kid", "payers are counted to %d, bills to %d", connector.MaxPayer, connector.MaxBill)
	}
	return method.KID(fmt.Sprintf("%08d%06d", payer, bill), method.Mod10)
}

// payerOf is the payer in a KID of ours, or 0.
func payerOf(kid string) int64 {
	if len(kid) != 15 || !method.CheckKID(kid, method.Mod10) {
		return 0
	}
	n, _ := strconv.ParseInt(kid[:8], 10, 64)
	return n
}

// Write makes a transmission of a batch. Mandates are made at the payer's own
// bank, so there is nothing to wish for. Faults: invalid.bank_file.
func (Bank) Write(b connector.Batch) ([]byte, error) {
	if len(b.Wishes) > 0 {
		return nil, refuse("wishes", "mandates of AvtaleGiro are made and ended at the payer's bank")
	}
	f := File{Sender: b.Creditor.Customer, Number: fmt.Sprintf("%07d", b.Number%10_000_000), Recipient: Clearing}
	for _, part := range []struct {
		kind Kind
		list []connector.BankClaim
	}{{Claims, b.Claims}, {Withdraw, b.Withdrawn}} {
		if len(part.list) == 0 {
			continue
		}
		a := Assignment{Kind: part.kind, Agreement: b.Creditor.Agreement, Account: b.Creditor.Account,
			Number: fmt.Sprintf("%07d", (2*b.Number+int64(len(f.Assignments)))%10_000_000)}
		for _, c := range part.list {
			claim := Claim{Due: c.Due, Amount: c.Amount, KID: c.Reference, Payer: strings.ToUpper(c.Name), Reference: c.Text, Notify: c.Notify && part.kind == Claims}
			if claim.Notify {
				claim.Bill = c.Bill
			}
			if f.Date.IsZero() || c.Due.Before(f.Date) {
				f.Date = c.Due
			}
			a.Claims = append(a.Claims, claim)
		}
		f.Assignments = append(f.Assignments, a)
	}
	return Format(f)
}

// Read takes a transmission from Nets apart. A file of claims is refused: it
// is one of ours. Faults: invalid.bank_file.
func (Bank) Read(body []byte) (connector.Tidings, error) {
	f, err := Parse(body)
	if err != nil {
		return connector.Tidings{}, err
	}
	t := connector.Tidings{Creditor: connector.Creditor{Customer: f.Recipient}, Number: f.Number, At: f.Date}
	for _, a := range f.Assignments {
		if a.Kind == Claims || a.Kind == Withdraw {
			return connector.Tidings{}, refuse("line 2", "claims go out and do not come in")
		}
		if t.Creditor.Account != "" && t.Creditor.Account != a.Account {
			return connector.Tidings{}, refuse("file", "the file is for two accounts")
		}
		t.Creditor.Account = a.Account
		for _, m := range a.Mandates {
			t.Mandates = append(t.Mandates, connector.BankMandate{Payer: payerOf(m.KID), Stands: m.Change != Ended, Ended: m.Change == Ended,
				Notify: m.Notify, Code: strconv.Itoa(int(m.Change))})
		}
		for _, p := range a.Payments {
			t.Payments = append(t.Payments, p.tidings(f.Number+"/"+a.Number))
		}
	}
	return t, nil
}

func (p Payment) tidings(assignment string) connector.BankPayment {
	size := p.Amount
	if size.Minor < 0 {
		size = size.Neg()
	}
	// Within an assignment, the day, part and serial number tell payments apart.
	id := fmt.Sprintf("%s/%s/%02d%d%s", assignment, p.Date.Format(time.DateOnly), p.Day, p.Part, p.Serial)
	return connector.BankPayment{ID: id, Reference: p.KID, Payer: payerOf(p.KID), Amount: size, Back: p.Amount.Minor < 0, Claimed: p.AvtaleGiro(), At: p.Date}
}
