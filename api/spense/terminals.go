package spense

import (
	"cmp"
	"context"
	"strings"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
)

// terminal is the method as an invoice is pushed to it.
func (s *Surface) terminal(c *call, m methodView, p merchant.Profile) invoice.Terminal {
	return invoice.Terminal{Channel: m.at(), Profile: p, Account: m.channel.TerminalAccount(c.actor.Realm, c.owner.ID), Name: cmp.Or(m.channel.Settings.Terminal, m.ID)}
}

// ready asks how a terminal is. One that is off, or of which nothing is heard,
// is an inactive method; other methods are always ready.
func (s *Surface) ready(c *call, m methodView) (busy bool, err error) {
	if m.Type != typeTerminal {
		return false, nil
	}
	err = s.Payments.TerminalReady(c.r.Context(), c.actor, s.terminal(c, m, merchant.Profile{Merchant: c.owner.ID}).Order(invoice.Invoice{}))
	if busy = fault.Is(err, fault.UnavailableTerminalBusy); err != nil && !busy {
		return false, errInactive
	}
	return busy, nil
}

// push puts a payment onto a terminal. What becomes of it there the webhooks
// tell. From here on nobody's hanging up takes it off again.
func (s *Surface) push(c *call, inv invoice.Invoice, m methodView) error {
	ctx := context.WithoutCancel(c.r.Context())
	p, _, err := s.Merchants.Get(ctx, c.actor.Realm, inv.Profile)
	if err == nil {
		_, err = s.Invoices.Push(ctx, c.actor, inv.ID, s.terminal(c, m, p))
	}
	return err
}

// pushFirst pushes a payment that was just made, or one that a request which
// was cut off has made. What keeps it from the terminal now is told by W2, not
// by the answer: the payment exists.
func (s *Surface) pushFirst(c *call, inv invoice.Invoice, m methodView) error {
	tries, err := s.Invoices.Receipts(c.r.Context(), c.actor.Realm, inv.ID)
	if err != nil || len(tries) > 0 || inv.State.Final() {
		return err
	}
	return s.push(c, inv, m)
}

// failureView is W2 (sheet, 6.3).
type failureView struct {
	ID      string  `json:"id"`
	Method  string  `json:"paymentMethodId"`
	Code    string  `json:"errorCode"`
	Message *string `json:"errorMessage"`
}

// failures say in the contract's words why a payer did not complete on a
// terminal, by the beginning of the fault's code.
var failures = []struct{ code, word, message string }{
	{fault.DeclinedCancelled, "cancelled", "Cancelled on the terminal"},
	{fault.DeclinedTimedOut, "timeout", "Nobody paid on the terminal in time"},
	{fault.UnavailableTerminalBusy, "busy", errTerminalBusy.detail},
	{fault.UnavailableTerminal, "offline", "The terminal is switched off or cannot be reached"},
	{"declined", "declined", "Declined"},
	{"", "unknown", "The terminal does not say what became of the payment"},
}

// failedOnTerminal says whether an event tells that the payer did not complete
// on a terminal, or that nobody knows. When the merchant took the payment off
// the terminal there is nothing to tell.
func failedOnTerminal(e event.Event, c invoice.Change) bool {
	if c.Is.Method != string(method.Terminal) || c.Instalment >= 0 {
		return false
	}
	silent := e.Type == "invoice.paying" && c.Is.Stage == payment.Unknown && c.Was.Stage != payment.Unknown
	return silent || e.Type == "invoice.try_failed" && c.Code != fault.DeclinedCancelledByMerchant
}

func failureOf(c invoice.Change) failureView {
	v := failureView{ID: string(c.Is.ID), Method: string(c.Is.Details.Channel.ID)}
	for _, f := range failures {
		if c.Code == f.code || f.code == "" || strings.HasPrefix(c.Code, f.code+".") {
			v.Code, v.Message = f.word, filled(translate(wireLanguage(c.Is.Details.Locale), f.message))
			break
		}
	}
	return v
}

// print is P8: a receipt of what was paid on a terminal, each time it is asked
// for.
func (s *Surface) print(c *call) (any, error) {
	ctx := c.r.Context()
	inv, err := s.payment(c, c.id("payment_id"))
	switch {
	case err != nil:
		return nil, err
	case inv.State != invoice.Paid:
		return nil, errUnpaid
	}
	list, err := s.Invoices.Receipts(ctx, c.actor.Realm, inv.ID)
	for _, r := range list {
		if r.Way == invoice.ByPayment && r.Method == string(method.Terminal) && r.In > 0 {
			return struct{}{}, s.Payments.PrintReceipt(ctx, c.actor, payment.Receipt{Payment: r.ID, Lines: s.receipt(c, inv)})
		}
	}
	if err == nil {
		err = errNoTerminal
	}
	return nil, err
}

// receipt is what is printed for a paid payment.
func (s *Surface) receipt(c *call, inv invoice.Invoice) []string {
	lang := wireLanguage(inv.Details.Locale)
	word := func(english string) string { return translate(lang, english) }
	lines := []string{c.owner.Name}
	add := func(name, value string) {
		if value != "" {
			lines = append(lines, word(name)+": "+value)
		}
	}
	add("VAT number", c.owner.Business.TaxID)
	add("Order", inv.Order)
	add("Reference", inv.Reference)
	for _, l := range inv.Details.Lines[:min(len(inv.Details.Lines), receiptItems)] {
		if sum, ok := l.Sum(); ok && l.Kind != invoice.Subtotal {
			a := inv.Amount
			a.Minor = sum
			lines = append(lines, l.Description+" "+a.Decimal(2))
		}
	}
	add("Paid", inv.Amount.Decimal(2)+" "+string(inv.Amount.Currency))
	add("Time", inv.PaidAt.In(invoice.Zone(inv.Details.Zone)).Format("2006-01-02 15:04"))
	add("Payment", string(inv.ID))
	return lines
}

// receiptItems are so many lines of a payment that fit a receipt.
const receiptItems = 40
