package app

import (
	"errors"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// write sends what an invoice's payer is told. Who cannot be written to is not,
// and nothing fails by it.
func (a *App) write(tx *store.Tx, inv invoice.Invoice, list []notify.Draft) error {
	for _, d := range list {
		if _, err := a.Notify.Send(tx, d); err != nil {
			var f *fault.Error
			if !errors.As(err, &f) || fault.Is(err, fault.Internal) {
				return err
			}
			a.Log.Warn("the payer was not written to", "payment", inv.ID, "channel", d.Channel, "code", f.Code)
		}
	}
	return nil
}

// tellReaders writes to subscribers: of a bill that they pay by hand, by e-mail
// with the invoice, and of a reminder by SMS too. What is charged or claimed by
// itself needs no letter, until that fails: then there is a reminder.
func (a *App) tellReaders(tx *store.Tx, e event.Event) error {
	c, ok := e.Subject.(invoice.Change)
	reminder := e.Type == "invoice.reminded"
	if !ok || c.Is.Surface != subscription.Surface || e.Type != "invoice.sent" && !reminder {
		return nil
	}
	inv := c.Is
	b, found, err := subscription.BillOf(tx, inv.ID)
	if err != nil || !found || !reminder && b.Method != subscription.ByInvoice {
		return err
	}
	m, err := merchant.MerchantIn(tx, inv.Merchant)
	if err != nil {
		return err
	}
	bank, _, err := a.Banks.For(tx, inv.Merchant, inv.Amount.Currency)
	if err != nil {
		return err
	}
	zone := invoice.Zone(inv.Details.Zone)
	d := notify.Draft{Merchant: inv.Merchant, Object: inv.ID, Sender: m.Name, Template: notify.Invoice, Locale: inv.Details.Locale, Channel: notify.Email, To: inv.Customer.Email,
		Words:       map[string]string{"merchant": m.Name, "name": inv.Customer.Title(), "number": inv.Number, "reference": inv.Payable, "account": bank.Account},
		Amounts:     map[string]money.Amount{"amount": inv.Left()},
		Dates:       map[string]time.Time{"due": inv.DueOn.Begin(zone).In(zone)},
		Attachments: []notify.Attachment{{Name: "invoice-" + inv.Number + ".pdf", Type: "application/pdf", Body: invoicePaper(m.Name, inv).Bytes()}}}
	var list []notify.Draft
	if reminder {
		d.Template = notify.Reminder
	}
	if inv.Customer.Email != "" {
		list = append(list, d)
	}
	if reminder && inv.Customer.Phone != "" {
		d.Channel, d.To, d.Attachments = notify.SMS, inv.Customer.Phone, nil
		list = append(list, d)
	}
	return a.write(tx, inv, list)
}
