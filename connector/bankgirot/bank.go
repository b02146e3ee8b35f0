package bankgirot

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

// Bank is Sweden's way of direct debit, for those who do not care for records.
type Bank struct{}

// Name is bankgirot.
func (Bank) Name() string { return "bankgirot" }

// Currency is that of every amount.
func (Bank) Currency() money.Currency { return Currency }

// CheckCreditor refuses numbers that no file could carry: a payee's number of 6
// digits, a bankgiro number of 7 or 8 whose last digit checks the others.
// Faults: invalid.creditor.
func (Bank) CheckCreditor(c connector.Creditor) error {
	switch {
	case !number(c.Customer, 6):
		return fault.At("invalid.creditor", "customer", "a payee's number at Bankgirot has 6 digits")
	case len(c.Account) < 7 || len(c.Account) > 8 || !method.CheckKID(c.Account, method.Mod10):
		return fault.At("invalid.creditor", "account", "a bankgiro number has 7 or 8 digits, of which the last checks the others")
	case c.Agreement != "":
		return fault.At("invalid.creditor", "agreement", "Autogiro knows no number of an agreement")
	}
	return nil
}

// Reference is an OCR number of the payer, the bill and a check digit, 15 in
// all. Faults: invalid.kid.
func (Bank) Reference(payer, bill int64) (string, error) {
	if payer < 1 || payer > connector.MaxPayer || bill < 0 || bill > connector.MaxBill {
		return "", fault.At("invalid.kid", "kid", "payers are counted to %d, bills to %d", connector.MaxPayer, connector.MaxBill)
	}
	return method.KID(fmt.Sprintf("%08d%06d", payer, bill), method.Mod10)
}

// Write makes a request of a batch. Claims cannot be taken back by file here.
// Faults: invalid.bank_file.
func (Bank) Write(b connector.Batch) ([]byte, error) {
	if len(b.Withdrawn) > 0 {
		return nil, refuse("withdrawn", "claims of Autogiro are not taken back by file")
	}
	r := &Request{Head: Head{At: b.At, Customer: b.Creditor.Customer, Payee: strings.Repeat("0", max(0, 10-len(b.Creditor.Account))) + b.Creditor.Account}}
	for _, w := range b.Wishes {
		r.Wishes = append(r.Wishes, Wish{End: w.End, Payer: payer(w.Payer), Account: w.Account.Reveal(), Person: w.Person.Reveal()})
	}
	for _, c := range b.Claims {
		r.Claims = append(r.Claims, Claim{Due: c.Due, Payer: payer(c.Payer), Amount: c.Amount, Reference: c.Reference})
	}
	return Format(File{Request: r})
}

func payer(n int64) string { return fmt.Sprintf("%016d", n) }

// payerOf is one of our payers, or 0.
func payerOf(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > connector.MaxPayer {
		return 0
	}
	return n
}

// refusals are what a bank's codes mean: of a payment that was not covered, and
// of an order that was rejected.
var refusals = map[string]string{
	"1": fault.DeclinedInsufficientAccount, "2": fault.DeclinedClosedAccount, "9": fault.DeclinedInsufficientAccount,
	"01": fault.DeclinedMandateCancelled, "02": fault.DeclinedClosedAccount,
}

// Read takes an answer of Bankgirot apart. A request is refused: it is one of
// ours. Faults: invalid.bank_file.
func (Bank) Read(body []byte) (t connector.Tidings, err error) {
	f, err := Parse(body)
	switch {
	case err != nil:
		return t, err
	case f.Advice != nil:
		t = f.Advice.Head.tidings()
		for _, m := range f.Advice.Mandates {
			t.Mandates = append(t.Mandates, connector.BankMandate{Payer: payerOf(m.Payer), Stands: m.Stands(), Ended: m.Ended(), Code: m.Source + m.Status})
		}
	case f.Rejections != nil:
		t = f.Rejections.Head.tidings()
		for _, o := range f.Rejections.Orders {
			t.Refusals = append(t.Refusals, refusal(o.Payer, o.Reference, o.Amount, o.Reason))
		}
	case f.Specification != nil:
		t = f.Specification.Head.tidings()
		f.Specification.tell(&t)
	default:
		return t, refuse("line 1", "requests go out and do not come in")
	}
	return t, nil
}

func (h Head) tidings() connector.Tidings {
	return connector.Tidings{Creditor: connector.Creditor{Customer: h.Customer, Account: strings.TrimLeft(h.Payee, "0")}, At: h.At}
}

func refusal(payer, reference string, amount money.Amount, code string) connector.BankRefusal {
	word := refusals[code]
	if word == "" {
		word = fault.DeclinedDirectDebit
	}
	return connector.BankRefusal{Payer: payerOf(payer), Reference: reference, Amount: amount, Code: word, Bank: code, Again: code == "9"}
}

func (f Specification) tell(t *connector.Tidings) {
	for _, d := range f.Deposits {
		for i, p := range d.Payments {
			if p.Status != Paid {
				t.Refusals = append(t.Refusals, refusal(p.Payer, p.Reference, p.Amount, strconv.Itoa(p.Status)))
				continue
			}
			t.Payments = append(t.Payments, connector.BankPayment{ID: d.Entry.id("in", i), Reference: p.Reference, Payer: payerOf(p.Payer), Amount: p.Amount,
				Claimed: true, At: d.Date})
		}
	}
	for _, d := range f.Refunds {
		for i, p := range d.Refunds {
			t.Payments = append(t.Payments, connector.BankPayment{ID: d.Entry.id("back", i), Reference: p.Reference, Payer: payerOf(p.Payer), Amount: p.Amount,
				Back: true, Claimed: true, At: p.Refunded})
		}
	}
}

// id tells a payment from all others of the payee: entries of a day are numbered.
func (e Entry) id(way string, n int) string {
	return fmt.Sprintf("%s/%s/%s/%d", way, e.Date.Format(time.DateOnly), e.Serial, n+1)
}
