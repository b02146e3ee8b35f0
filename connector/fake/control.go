package fake

import (
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// What a payer can do on a page.
const (
	doSuccess = "success"
	doDecline = "decline"
	doError   = "error"
	doCancel  = "cancel"
	doPay     = "pay"
	doLater   = "later"
	doSilent  = "silent"
)

// Choose does what a payer does on the page of an attempt (the bank's challenge
// or the wallet), without a browser: success, decline, error or cancel, and at a
// wallet later (it takes a minute) and silent (and says nothing in that minute).
// Like a click, one that comes too late or twice changes nothing. Faults:
// not_found.charge (there is no such page), internal.
func (p *Provider) Choose(account string, attempt ident.ID, choice string, at time.Time) error {
	var bad error
	err := p.books.do(func(w *writing) {
		c, ok := w.find(account, attempt)
		if !ok || c.Visit == nil || c.Visit.Page == pageSlip {
			bad = fault.New("not_found.charge", "no such page")
			return
		}
		p.decide(w, &c, choice, millis(at))
	})
	return either(bad, err)
}

// slipNumber is what stands on a voucher's slip: twelve digits, the last one
// checks the others.
func slipNumber(c charge) string {
	s := strconv.Itoa(int(c.N) + 1)
	return withCheckDigit("7" + strings.Repeat("0", 10-len(s)) + s)
}

// slipCharge reads a slip number back, or -1.
func slipCharge(slip string) int32 {
	if len(slip) != 12 || slip[0] != '7' || !luhn(slip) {
		return -1
	}
	n, err := strconv.ParseInt(slip[1:11], 10, 32)
	if err != nil || n < 1 {
		return -1
	}
	return int32(n - 1)
}

// Pay pays a voucher's slip at the counter, as its holder would. Slip is the
// number on it (Result.Details "slip") or the provider's reference. The amount
// may be wrong and the slip may be paid twice: the books take what comes in,
// and a callback tells. Faults: not_found.slip, invalid.amount,
// conflict.slip (it expired or was refused), internal.
func (p *Provider) Pay(slip string, amount money.Amount, at time.Time) error {
	var bad error
	err := p.books.do(func(w *writing) {
		n := max(slipCharge(slip), numberOf(slip))
		if n < 0 || int(n) >= len(w.charges) {
			bad = fault.New("not_found.slip", "no such slip")
			return
		}
		bad = p.pay(w, w.get(n), amount, millis(at))
	})
	return either(bad, err)
}

func (p *Provider) pay(w *writing, c charge, amount money.Amount, at int64) error {
	if c.Visit == nil || c.Visit.Page != pageSlip {
		return fault.New("not_found.slip", "no such slip")
	}
	n, ok := c.unit().count(amount)
	if !ok || n < 1 || amount.Currency != c.Currency {
		return fault.At("invalid.amount", "amount", "this slip is paid in %s", string(c.Currency))
	}
	if c.Due > 0 && c.Due <= at {
		p.turn(w, &c)
	}
	switch c.State {
	case connector.Pending:
		c.Amount = n
		p.settle(w, &c, c.Visit.Then.State, c.Visit.Then.Code, at)
	case connector.Approved:
		w.bank(c, connector.Debit, n, at, "paid again")
	default:
		return fault.New("conflict.slip", "the slip is no longer good")
	}
	return nil
}

// Dispute makes the payer's bank take back n minor units' worth of what an
// attempt captured; reason is one of the codes 000.100.2xx. The account hears
// of it by a callback. Faults: not_found.charge, conflict.amount (nothing or
// less than that is left), internal.
func (p *Provider) Dispute(account string, attempt ident.ID, amount money.Amount, reason string, at time.Time) error {
	return p.afterwards(account, attempt, amount, at, func(w *writing, root charge, n int64) bool {
		if n > root.refundable() {
			return false
		}
		w.dispute(root, n, millis(at), reason)
		return true
	})
}

// Represent makes the payer's bank give back what it took by a chargeback.
// Faults: not_found.charge, conflict.amount, internal.
func (p *Provider) Represent(account string, attempt ident.ID, amount money.Amount, at time.Time) error {
	return p.afterwards(account, attempt, amount, at, func(w *writing, root charge, n int64) bool {
		if n > root.Disputed {
			return false
		}
		root.Disputed -= n
		w.set(&root)
		w.bank(root, ChargebackReversal, n, millis(at), "")
		return true
	})
}

func (p *Provider) afterwards(account string, attempt ident.ID, amount money.Amount, at time.Time, act func(*writing, charge, int64) bool) error {
	var bad error
	err := p.books.do(func(w *writing) {
		p.observe(w, account, at)
		root, ok := w.original(account, attempt, "")
		if !ok {
			bad = fault.New("not_found.charge", "no such charge")
			return
		}
		n, ok := root.unit().count(amount)
		if !ok || n < 1 || amount.Currency != root.Currency || !act(w, root, n) {
			bad = fault.New("conflict.amount", "there is not that much to dispute")
		}
	})
	return either(bad, err)
}

// decide does what the payer chose on a page. A choice about something that is
// decided already changes nothing.
func (p *Provider) decide(w *writing, c *charge, choice string, at int64) {
	if c.Due > 0 && c.Due <= at {
		p.turn(w, c)
	}
	if c.State != connector.Pending || c.Visit == nil || c.decided() {
		return
	}
	yes := c.Visit.Then
	threeDS := c.Visit.Page == page3DS
	auth, code := "", ""
	switch choice {
	case doSuccess:
		auth = "Y"
	case doDecline:
		auth, code = "N", doNotHonour
		if c.Kind == connector.Authenticate {
			code = authFailed
		}
	case doError:
		auth, code = "U", authError
	case doCancel:
		if code = walletLeft; threeDS {
			code = challengeLeft
		}
	case doLater, doSilent:
		if threeDS {
			return
		}
		c.postpone(choice == doSilent, at)
		w.set(c)
		return
	default:
		return
	}
	if threeDS {
		c.Auth = auth
	}
	switch {
	case code != "":
		p.settle(w, c, connector.Refused, code, at)
	case yes.State != connector.Pending:
		p.settle(w, c, yes.State, yes.Code, at)
	default: // the payer has done it, the bank is still thinking
		c.Due, c.Turn = at+visitSeconds*1000, never
		if c.Visit.Next != nil {
			c.Due, c.Turn = at+int64(c.Visit.Seconds)*1000, *c.Visit.Next
		}
		w.set(c)
	}
}

// decided says whether the payer has made the choice on a page, even if the
// payment is still pending for another reason.
func (c *charge) decided() bool {
	return c.State != connector.Pending || c.Auth != "" || c.Visit != nil && c.Visit.Chosen
}

// postpone: the payer has done it, and the wallet's own bank takes a minute,
// in which the wallet may not answer at all.
func (c *charge) postpone(silent bool, at int64) {
	v := *c.Visit
	v.Chosen = true
	c.Due, c.Turn = at+laterSeconds*1000, v.Then
	if silent {
		v.Mute = c.Due
	}
	c.Visit = &v
}

func either(first, second error) error {
	if first != nil {
		return first
	}
	if second != nil {
		return fault.Wrap(second, "the test provider's books failed")
	}
	return nil
}
