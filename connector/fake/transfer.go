package fake

import (
	"slices"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// A merchant has an account at the test bank, to which anybody can send money. A
// bank transfer that is asked for waits until what was sent with its reference
// adds up to its amount; the bank tells of each sum that comes, whatever it is
// for.

// transferSeconds is how long money is waited for.
const transferSeconds = 14 * 86400

// judgeTransfer: money comes as it comes, so there is nothing to reserve.
func judgeTransfer(req connector.Request) verdict {
	if req.Kind != connector.Debit || req.Quote == "" {
		return no(noOperation)
	}
	if end, wished := forced(req); wished && end.state == connector.Refused {
		return end
	}
	v := held(transferSeconds, never)
	v.visit = &visit{Descriptor: req.Descriptor, Quote: req.Quote}
	return v
}

// payee is the merchant's account at the test bank: a BSB of its own and a number
// that belongs to the account's name.
func payee(c charge) *connector.Payee {
	holder := c.Visit.Descriptor
	if holder == "" {
		holder = "Test merchant"
	}
	digits := strings.Map(func(r rune) rune { return '0' + r%10 }, derive("account", charge{Account: c.Account})[:8])
	return &connector.Payee{Reference: c.Visit.Quote, Region: "au", BankCode: "999000", Number: digits, Holder: holder, Alias: digits + "@bank.test"}
}

// Sending is money that somebody sends to a merchant's account.
type Sending struct {
	Account string // the merchant's, or "" for the one that waits for the quoted reference
	Quoted  string // what the payer writes
	Payer   string
	Amount  money.Amount
	At      time.Time
}

// Send lets money arrive at a merchant's account, as its sender's bank would: any
// amount, any reference, as often as one likes. Faults: not_found.reference (no
// account was named, and nobody waits for the reference), invalid.amount,
// internal.
func (p *Provider) Send(s Sending) error {
	var bad error
	err := p.books.do(func(w *writing) { bad = p.send(w, s) })
	return either(bad, err)
}

func (p *Provider) send(w *writing, s Sending) error {
	at := millis(s.At)
	target, waited := w.waits(s)
	if s.Account == "" && !waited {
		return fault.New("not_found.reference", "nobody waits for this reference")
	}
	c := charge{Root: -1, Account: s.Account, Kind: connector.Transfer, Method: method.BankTransfer, Brand: "BANKTRANSFER", State: connector.Approved,
		Currency: s.Amount.Currency, Bank: true, At: at, Visit: &visit{Quote: s.Quoted, Payer: s.Payer}}
	n, ok := c.unit().count(s.Amount)
	if !ok || n < 1 {
		return fault.At("invalid.amount", "amount", "an amount above zero is needed")
	}
	c.Amount, c.Captured = n, n
	if waited {
		if target.Due > 0 && target.Due <= at {
			p.turn(w, &target)
		}
		c.Root, c.Attempt, c.Account = target.N, target.Attempt, target.Account
	}
	p.observe(w, c.Account, s.At)
	w.add(&c)
	w.tellArrival(c, target.Fault)
	if waited {
		w.match(target)
	}
	return nil
}

// waits finds the bank transfer that waits, or has waited, for what is sent.
func (b *Books) waits(s Sending) (charge, bool) {
	for _, text := range append([]string{s.Quoted}, strings.Fields(s.Quoted)...) {
		n, ok := b.quotes[plainQuote(text)]
		if !ok {
			continue
		}
		c := b.get(n)
		return c, (s.Account == "" || s.Account == c.Account) && s.Amount.Currency == c.Currency
	}
	return charge{}, false
}

// plainQuote leaves out what banks add and drop in a reference.
func plainQuote(text string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ".", "").Replace(text))
}

// tellArrival queues the callback about money that came.
func (w *writing) tellArrival(c charge, f Fault) {
	k := call{N: c.N, Kind: c.Kind, State: c.State, Amount: c.Amount, Due: c.At}
	t, _ := f.trouble()
	switch t.Fault {
	case CallbackLost:
		return
	case CallbackLate:
		k.Due += t.ms()
	case CallbackDuplicate:
		w.call(k)
		k.ID = w.called
		w.call(k)
	}
	w.call(k)
}

// match gives a bank transfer that waits what has come for it, once that is
// enough. What is over stays with the arrival that brought it.
func (w *writing) match(c charge) {
	sum := int64(0)
	for _, n := range w.arrived[c.N] {
		sum += w.get(n).Captured
	}
	if c.State != connector.Pending || sum < c.Amount {
		return
	}
	w.payWith(c, slices.Clone(w.arrived[c.N]))
}

// payWith takes a bank transfer's amount out of what came.
func (w *writing) payWith(c charge, came []int32) {
	c.become(connector.Approved, "")
	w.set(&c)
	rest := c.Amount
	for _, n := range came {
		a := w.get(n)
		take := min(rest, a.Captured)
		a.Captured, rest = a.Captured-take, rest-take
		w.set(&a)
	}
}

// arrivals is what came for a bank transfer.
func (b *Books) arrivals(c charge) (list []connector.Arrival) {
	if c.Method != method.BankTransfer || c.Kind != connector.Debit || c.Root >= 0 {
		return nil
	}
	for _, n := range b.arrived[c.N] {
		a := b.get(n)
		list = append(list, connector.Arrival{Reference: a.reference(), Quoted: a.Visit.Quote, Payer: a.Visit.Payer, Amount: a.money(a.Amount)})
	}
	return list
}

// SendBack sends what is left of money that came, by the provider's reference of
// it, back to its sender, as the merchant would order it at the bank. Faults:
// not_found.charge (no such money came to the account), internal.
func (p *Provider) SendBack(account, reference string, at time.Time) error {
	var bad error
	err := p.books.do(func(w *writing) {
		c, ok := w.numbered(account, reference)
		if !ok || c.Kind != connector.Transfer {
			bad = fault.New("not_found.charge", "no such money has come")
			return
		}
		p.observe(w, account, at)
		c.Refunded = c.Captured
		w.set(&c)
	})
	return either(bad, err)
}

// Assign tells the bank by hand which money an attempt was paid with, where the
// payers' references did not: the provider's references of what came. Faults:
// not_found.charge (no such bank transfer, or no such money), conflict.amount (it
// is not enough), internal.
func (p *Provider) Assign(account string, attempt ident.ID, references []string, at time.Time) error {
	var bad error
	err := p.books.do(func(w *writing) {
		c, ok := w.find(account, attempt)
		if !ok || c.Method != method.BankTransfer || c.Kind != connector.Debit {
			bad = fault.New("not_found.charge", "no such bank transfer")
			return
		}
		p.observe(w, account, at)
		var came []int32
		sum := int64(0)
		for _, reference := range references {
			a, ok := w.numbered(account, reference)
			if !ok || a.Kind != connector.Transfer || a.Currency != c.Currency {
				bad = fault.New("not_found.charge", "no such money has come")
				return
			}
			came, sum = append(came, a.N), sum+a.Captured
		}
		if c.State == connector.Approved {
			return
		}
		if sum < c.Amount {
			bad = fault.New("conflict.amount", "not enough has come")
			return
		}
		w.payWith(c, came)
	})
	return either(bad, err)
}
