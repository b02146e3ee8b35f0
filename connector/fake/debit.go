package fake

import (
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
)

// A direct debit is sent to the payer's bank at midnight (UTC) after it was
// asked for, and until then it can be withdrawn. Two banking days later it has
// cleared, or the bank says that it does not honour it. Even after that the bank
// may take it back. What is given back by bank takes as long.

// debitSeconds is how long a direct debit may stay pending: it takes five days at
// most, over a weekend.
const debitSeconds = 6 * 86400

// unpaidBSB and unpaidEnd are the bank and the last digits of accounts whose
// debits are not honoured (april sheet, section 6.11).
const (
	unpaidBSB = "062000"
	unpaidEnd = "0000"
)

// sentAt is when a direct debit of a moment goes to the bank.
func sentAt(at int64) int64 {
	return time.UnixMilli(at).UTC().Truncate(24 * time.Hour).Add(24 * time.Hour).UnixMilli()
}

// clearsAt is when it has cleared: two banking days after it was sent.
func clearsAt(at int64) int64 {
	t := time.UnixMilli(sentAt(at)).UTC()
	for left := 2; left > 0; t = t.Add(24 * time.Hour) {
		if d := t.Weekday(); d != time.Saturday && d != time.Sunday {
			left--
		}
	}
	return t.UnixMilli()
}

// judgeDebit: the money is taken in one go. A wish for a refusal is granted when
// the bank has had its time, as banks do.
func judgeDebit(req connector.Request) verdict {
	switch {
	case req.Kind != connector.Debit:
		return no(noOperation)
	case req.Bank == nil:
		return no(invalidAccount)
	}
	end := turn{State: connector.Approved}
	if req.Bank.BankCode == unpaidBSB && strings.HasSuffix(req.Bank.Number.Reveal(), unpaidEnd) {
		end = turn{State: connector.Refused, Code: noCover}
	}
	if wished, ok := forced(req); ok {
		switch {
		case strings.HasPrefix(wished.code, "unavailable"):
			return wished
		case wished.state != connector.Pending:
			end = turn{State: wished.state, Code: wished.code}
		}
	}
	at := millis(req.At)
	return held(int((clearsAt(at)-at)/1000), end)
}

// Clear lets a pending direct debit clear at once. Faults: not_found.charge (no
// direct debit of the account), conflict.charge (it is not pending), internal.
func (p *Provider) Clear(account string, attempt ident.ID, at time.Time) error {
	return p.ended(account, attempt, at, (*charge).debit, func(w *writing, c *charge) bool {
		if c.State != connector.Pending {
			return false
		}
		p.settle(w, c, connector.Approved, "", millis(at))
		return true
	})
}

// Dishonour lets the payer's bank say no to a direct debit, as code (insufficient
// funds without one): a pending one fails, and of one that cleared the money is
// taken back. Faults: as Clear, and invalid.code (code is no refusal).
func (p *Provider) Dishonour(account string, attempt ident.ID, code string, at time.Time) error {
	if code == "" {
		code = noCover
	}
	if !isCode(code) || !strings.HasPrefix(code, "declined") {
		return fault.At("invalid.code", "code", "a refusal is called declined, a dot and why")
	}
	return p.ended(account, attempt, at, (*charge).debit, func(w *writing, c *charge) bool {
		if c.State != connector.Pending && c.State != connector.Approved {
			return false
		}
		p.settle(w, c, connector.Refused, code, millis(at))
		return true
	})
}

// Return lets a bank send back what a refund paid, or say no to one that is
// pending, as code (a closed account without one). Faults: not_found.charge (no
// refund of the account), conflict.charge (it has come back, or was refused),
// invalid.code, internal.
func (p *Provider) Return(account string, attempt ident.ID, code string, at time.Time) error {
	if code == "" {
		code = refundReturned
	}
	if !isCode(code) || !strings.HasPrefix(code, "declined") {
		return fault.At("invalid.code", "code", "a refusal is called declined, a dot and why")
	}
	return p.ended(account, attempt, at, func(c *charge) bool { return c.Kind == connector.Refund }, func(w *writing, c *charge) bool {
		if c.State != connector.Pending && c.State != connector.Approved {
			return false
		}
		p.settle(w, c, connector.Refused, code, millis(at))
		return true
	})
}

// ended acts at a moment on a charge of some kind, unless it has ended already.
func (p *Provider) ended(account string, attempt ident.ID, at time.Time, kind func(*charge) bool, act func(*writing, *charge) bool) error {
	var bad error
	err := p.books.do(func(w *writing) {
		p.observe(w, account, at)
		c, ok := w.find(account, attempt)
		switch {
		case !ok || !kind(&c):
			bad = fault.New("not_found.charge", "the bank knows of no such charge")
		case !act(w, &c):
			bad = fault.New("conflict.charge", "the bank has said no already")
		}
	})
	return either(bad, err)
}

// debit says whether the charge is a direct debit itself, not an operation on one.
func (c *charge) debit() bool {
	return c.Method == method.DirectDebit && c.Kind == connector.Debit && c.Root < 0 && !c.Bank
}
