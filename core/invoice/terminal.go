package invoice

import (
	"context"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// Terminal is where an invoice is pushed to.
type Terminal struct {
	Channel Channel          // as the invoice keeps it
	Profile merchant.Profile // the invoice's
	Account string           // whose the terminal is at the provider
	Name    string           // the provider's name of it
}

// Order is the payment of an amount on the terminal.
func (t Terminal) Order(inv Invoice) payment.Order {
	p := t.Profile
	p.Settings.Account = t.Account
	o := payment.Order{Idempotency: idempotency.Key{Surface: inv.Surface}, Profile: p, Kind: connector.Debit, Method: method.Terminal, Brand: "TERMINAL",
		Reference: inv.Reference, Customer: inv.Customer.ID, Details: payment.Details{Invoice: inv.ID, Locale: inv.Details.Locale, Terminal: t.Name}}
	o.Profile.Settings.Brands = nil // they say what a page offers; a terminal is a channel of its own
	return o
}

// OnTerminal says whether a terminal has the invoice now.
func (inv Invoice) OnTerminal() bool {
	return inv.Paying != "" && inv.Method == string(method.Terminal)
}

// Push puts what an invoice asks for now onto a terminal, and takes it off the
// one that has it. A push to the terminal that has it already changes nothing.
// What the payer does there comes as an event: money, or invoice.try_failed;
// a terminal that is busy or off by now is such a failed try.
//
// Faults: those of Present, conflict.invoice.paying (somebody is paying it
// elsewhere), those of payment.Service.Pay. Source: spense sheet, 5.3 and 5.7.
func (s *Service) Push(ctx context.Context, actor access.Actor, id ident.ID, t Terminal) (Invoice, error) {
	inv, err := s.Get(ctx, actor, id)
	switch {
	case err != nil:
		return inv, err
	case inv.OnTerminal() && inv.Details.Channel == t.Channel && inv.Stage != payment.Unknown:
		return inv, nil
	}
	if err := s.withdraw(ctx, actor, id); err != nil {
		return inv, err
	}
	var today Date
	inv, err = s.change(ctx, actor, access.Pay, id, "invoice.sent", func(tx *store.Tx, inv *Invoice) error {
		if inv.Paying != "" {
			return paying()
		}
		today = DateOf(tx.Now(), Zone(inv.Details.Zone))
		return present(tx, inv, t.Channel)
	})
	if err != nil {
		return inv, err
	}
	o := t.Order(inv)
	o.Amount = inv.Next(today)
	if _, err := s.Payments.Pay(ctx, actor, o); err != nil {
		return inv, err
	}
	return s.Get(ctx, actor, id)
}

// withdraw takes an invoice off the terminal that has it; others who are paying
// it are left alone. Faults: not_found.invoice, conflict.invoice.paying (it is
// too late), those of payment.Service.Cancel.
func (s *Service) withdraw(ctx context.Context, actor access.Actor, id ident.ID) error {
	inv, err := s.Get(ctx, reader(actor), id)
	if err != nil || !inv.OnTerminal() {
		return err
	}
	out, err := s.Payments.Cancel(ctx, actor, inv.Paying)
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Unavailable) || err == nil && out.Payment.State != payment.Failed {
		return paying()
	}
	return err
}

func paying() error { return fault.New("conflict.invoice.paying", "the invoice is being paid") }
