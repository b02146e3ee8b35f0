package spense

import (
	"context"
	"fmt"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/payment"
)

// Visit opens the checkout of a payment's link, or finds the one that an
// earlier visit opened, and returns its key. The checkout lives as long as the
// link does; another amount, after a part was paid, is another checkout.
// Faults: not_found.invoice, conflict.invoice.final (it was cancelled, or its
// time is over; or paid without a checkout), those of checkout.Create.
func (s *Surface) Visit(ctx context.Context, key string) (string, error) {
	inv, realm, now, err := s.Invoices.ByKey(ctx, key)
	if err != nil {
		return "", err
	}
	profile, _, err := s.Merchants.Get(ctx, realm, inv.Profile)
	if err != nil {
		return "", err
	}
	env, err := s.Access.Environment(ctx, realm)
	if err != nil {
		return "", err
	}
	actor := access.Actor{Realm: realm, Environment: env, Kind: Contract, May: rights, Merchants: []ident.ID{inv.Merchant}}
	paid := inv.Paid
	if inv.State == invoice.Paid && inv.Details.Instalments == nil { // the page that it was paid on
		paid = 0
	}
	alias := fmt.Sprintf("invoice-%s-%d", inv.ID, paid)
	if sess, _, err := s.Checkouts.Find(ctx, actor, profile.ID, alias); !fault.Is(err, fault.NotFound) {
		if err == nil && inv.State.Final() && sess.State != checkout.Paid {
			err = fault.New("conflict.invoice.final", "nothing can be paid any more")
		}
		return sess.Key, err
	}
	if inv.State.Final() {
		return "", fault.New("conflict.invoice.final", "nothing can be paid any more")
	}
	w := session(inv, profile, alias, now)
	if env == access.Test {
		r := rehearsals[w.Amount.Minor%100]
		w.Details.Simulate, w.Details.Once = r.simulate, r.once
	}
	sess, _, err := s.Checkouts.Create(ctx, actor, w)
	return sess.Key, err
}

// session is the checkout of an invoice.
func session(inv invoice.Invoice, p merchant.Profile, alias string, now time.Time) checkout.Wish {
	zone := invoice.Zone(inv.Details.Zone)
	end := inv.DueOn.Add(inv.Details.ExpireDays).End(zone)
	p.Settings.SessionMinutes = max(int(end.Sub(now)/time.Minute), 1)
	return checkout.Wish{Idempotency: idempotency.Key{Surface: Contract}, Profile: p, Alias: alias, Kind: connector.Debit, Amount: inv.Next(invoice.DateOf(now, zone)),
		Details: checkout.Details{Keep: len(inv.Details.Instalments) > 1 && !inv.Details.Manual, Reference: inv.Reference, Customer: inv.Customer.ID,
			Payment: payment.Details{Invoice: inv.ID, Locale: inv.Details.Locale}}}
}
