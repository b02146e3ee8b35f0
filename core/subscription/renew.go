package subscription

import (
	"context"
	"fmt"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// own is how this package acts: for one merchant, by its own jobs.
func own(realm ident.ID, env access.Environment, merchant ident.ID) access.Actor {
	return access.Actor{Realm: realm, Environment: env, Kind: "subscription", May: []access.Permission{access.Pay, access.Read}, Merchants: []ident.ID{merchant}}
}

var byJob = audit.By{Actor: "subscription", Origin: "job"}

// renew is the job of a subscription: on the first day that was not billed, the
// next period is.
func (s *Service) renew(ctx context.Context, j job.Job) error {
	env, err := s.Environment(ctx, j.Realm)
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		sub, err := getSubscription(tx, j.Object)
		if err != nil {
			return err
		}
		if sub.State != Active {
			return job.Done(tx, j)
		}
		m, err := merchant.MerchantIn(tx, sub.Merchant)
		if err != nil {
			return err
		}
		zone := invoice.Zone(m.Business.TimeZone)
		if at := sub.NextOn.Begin(zone); at.After(tx.Now()) {
			return job.Again(tx, j, at)
		}
		if err := s.bill(tx, own(j.Realm, env, sub.Merchant), &sub, zone); err != nil {
			return err
		}
		return job.Again(tx, j, sub.NextOn.Begin(zone))
	})
}

// bill makes the bill of the next period: an invoice, and what gets it paid. A
// period that costs nothing has none.
func (s *Service) bill(tx *store.Tx, actor access.Actor, sub *Subscription, zone *time.Location) error {
	h, err := hold(tx, *sub)
	if err != nil {
		return err
	}
	next := h.Coupon.period(sub.StartOn, sub.Periods+1)
	if h.Coupon.Price == 0 {
		sub.Periods, sub.NextOn, sub.PaidUntil = sub.Periods+1, next, next.Add(-1)
		return s.save(tx, sub, "subscription.paid_until")
	}
	b := Bill{Version: 1, Subscription: sub.ID, FromOn: sub.NextOn, ToOn: next.Add(-1), Method: sub.Method, State: Open}
	profile, err := merchant.ProfileIn(tx, h.Product.Profile)
	if err != nil {
		return err
	}
	d := draft(h, b, invoice.DateOf(tx.Now(), zone))
	d.Profile = profile
	creditor, mandate, banked, err := s.bank(tx, h)
	if err != nil {
		return err
	}
	if banked {
		if d.Payable, err = s.Banks.NextReference(tx, creditor, &mandate); err != nil {
			return err
		}
	}
	inv, _, err := s.Invoices.AddIn(tx, actor, d)
	if err != nil {
		return err
	}
	b.Invoice = inv.ID
	if b.Method == ByBank && !banked {
		b.Method = ByInvoice
	}
	addBill(tx, b)
	// Who hears that the invoice is sent finds the bill that it was made for.
	if inv, err = s.Invoices.PresentIn(tx, inv, invoice.Channel{Kind: "invoice"}); err != nil {
		return err
	}
	switch {
	case b.Method.Stored():
		job.Add(tx, "subscription.charge", inv.ID, tx.Now())
	case banked:
		if _, err := s.Banks.Claim(tx, creditor, mandate, inv, inv.DueOn, claimDetails(h, b)); err != nil {
			return err
		}
	}
	job.Add(tx, "subscription.suspend", inv.ID, inv.DueOn.Add(suspendDays).Begin(zone))
	sub.Periods, sub.NextOn = sub.Periods+1, next
	return s.save(tx, sub, "subscription.billed")
}

// bank is the creditor and the mandate by which a subscription is debited, when
// it is and the mandate is good.
func (s *Service) bank(tx *store.Tx, h Held) (c bankfile.Creditor, m bankfile.Mandate, good bool, err error) {
	if h.Method != ByBank {
		return c, m, false, nil
	}
	c, found, err := s.Banks.For(tx, h.Merchant, h.Product.Currency)
	if err != nil || !found {
		return c, m, false, err
	}
	m, found, err = bankfile.MandateOf(tx, c.ID, h.ID)
	return c, m, found && m.State == bankfile.Active, err
}

// draft is the invoice of a bill.
func draft(h Held, b Bill, today invoice.Date) invoice.Draft {
	gross, rate := h.Coupon.Price, h.Product.TaxRate
	net := gross - Offer{h.Product, h.Coupon}.Tax()
	text := fmt.Sprintf("%s, %s to %s", h.Product.Name, b.FromOn, b.ToOn)
	return invoice.Draft{
		Idempotency: idempotency.Key{Surface: Surface, Key: fmt.Sprintf("subscription/%s/%d", h.ID, h.Periods), Forever: true},
		Owner:       h.ID, Reference: h.Details.Reference, Scheme: invoice.Mod10, Customer: h.Details.Customer, Amount: money.Of(gross, h.Product.Currency),
		DueOn: today.Add(dueDays),
		Details: invoice.Details{Net: net, RemindDays: remindDays, Locale: h.Details.Locale,
			Lines: []invoice.Line{{Kind: invoice.Regular, Description: text, Quantity: invoice.Million, Gross: gross, Net: net, Tax: gross - net, TaxRate: rate}},
			Extra: map[string]string{"product": h.Product.Code, "productName": h.Product.Name, "from": string(b.FromOn), "to": string(b.ToOn)}},
	}
}

func claimDetails(h Held, b Bill) bankfile.ClaimDetails {
	return bankfile.ClaimDetails{Name: h.Details.Customer.Title(), Text: h.Product.Name,
		Bill: []string{h.Product.Name, fmt.Sprintf("%s - %s", b.FromOn, b.ToOn)}}
}

// suspend is the job of a bill whose time is up: what has not been paid for is
// not delivered any longer.
func (s *Service) suspend(ctx context.Context, j job.Job) error {
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		b, found, err := getBill(tx, j.Object)
		if err != nil || !found {
			return err
		}
		inv, err := invoice.GetIn(tx, j.Object)
		if err != nil {
			return err
		}
		if b.State == Open || b.State == Left {
			if at, err := s.patience(tx, b, inv); err != nil || !at.IsZero() {
				if err == nil {
					err = job.Again(tx, j, at)
				}
				return err
			}
			sub, err := getSubscription(tx, b.Subscription)
			if err != nil {
				return err
			}
			if sub.State == Active {
				sub.State = Suspended
				if err := s.save(tx, &sub, "subscription.suspended"); err != nil {
					return err
				}
			}
		}
		return job.Done(tx, j)
	})
}

// patience is when to look again at a bill whose time is up; zero: not again. A
// payment, or a bank, that is under way decides; and whoever was first told when
// the bank had been asked in vain has fourteen days from then.
func (s *Service) patience(tx *store.Tx, b Bill, inv invoice.Invoice) (at time.Time, err error) {
	if inv.Paying != "" {
		return tx.Now().Add(time.Hour), nil
	}
	asked, err := s.Banks.Asked(tx, inv)
	if err != nil || asked {
		return tx.Now().AddDate(0, 0, 1), err
	}
	if told := inv.Details.Reminders; b.State == Left && len(told) > 0 {
		if until := told[0].At.AddDate(0, 0, dueDays); tx.Now().Before(until) {
			return until, nil
		}
	}
	return at, nil
}

// resume opens a suspended subscription again, once nothing is owed for it. The
// time it was shut is not billed.
func (s *Service) resume(tx *store.Tx, sub *Subscription) error {
	h, err := hold(tx, *sub)
	if err != nil || sub.State != Suspended || h.Unpaid {
		return err
	}
	m, err := merchant.MerchantIn(tx, sub.Merchant)
	if err != nil {
		return err
	}
	zone := invoice.Zone(m.Business.TimeZone)
	sub.State = Active
	if today := invoice.DateOf(tx.Now(), zone); sub.NextOn < today {
		sub.StartOn, sub.NextOn, sub.Periods = today, today, 0
	}
	job.Add(tx, "subscription.renew", sub.ID, sub.NextOn.Begin(zone))
	return s.save(tx, sub, "subscription.resumed")
}

// fallBack makes a subscription one that is paid by invoice, because what paid
// for it does no longer. Bills that are open are left to be paid by hand, and
// the payer is reminded of them.
func (s *Service) fallBack(tx *store.Tx, sub *Subscription) error {
	if sub.Method != ByInvoice {
		sub.Method, sub.Token = ByInvoice, ""
		if err := s.save(tx, sub, "subscription.fell_back"); err != nil {
			return err
		}
	}
	bills, err := billsOf(tx, sub.ID)
	if err != nil {
		return err
	}
	for _, b := range bills {
		if b.State != Open || b.Method == ByInvoice {
			continue
		}
		b.State, b.Method = Left, ByInvoice
		saveBill(tx, &b)
		if _, err := s.Invoices.RemindIn(tx, b.Invoice, "reminder"); err != nil && !fault.Is(err, "conflict.invoice.final") {
			return err
		}
	}
	return nil
}
