package app

import (
	"errors"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
	webcheckout "github.com/florinpay/florin/web/checkout"
)

// What is written to the payer of an order by link: the link, and the receipt.

// invite writes to the payer of an order by link. Who cannot be written to is
// not: the merchant has the link in the answer.
func (a *App) invite(tx *store.Tx, o order.Order) (email, sms bool, err error) {
	m, err := merchant.MerchantIn(tx, o.Merchant)
	if err != nil {
		return false, false, err
	}
	d := notify.Draft{Merchant: o.Merchant, Object: o.ID, Sender: m.Name, Template: notify.PaymentLink, Until: o.ExpiresAt,
		Words:   map[string]string{"merchant": m.Name, "name": o.Name, "reference": o.Reference, "link": a.April.Link(tx.Realm(), o.ID)},
		Amounts: map[string]money.Amount{"amount": o.Amount}, Dates: map[string]time.Time{"due": o.ExpiresAt}}
	if due, bad := time.Parse(time.DateOnly, o.Details.DueOn); bad == nil {
		d.Template = notify.Invoice
		d.Words["number"], d.Dates["due"] = o.Reference, due
		delete(d.Words, "reference") // it is the number
	}
	send := func(ch notify.Channel, wanted bool, to string) (taken bool) {
		if wanted && err == nil {
			d.Channel, d.To = ch, to
			taken, err = a.writeTo(tx, o.ID, d)
		}
		return taken
	}
	l := o.Details.Link
	email, sms = send(notify.Email, l.SendEmail, l.Email), send(notify.SMS, l.SendSMS, l.Phone)
	return email, sms, err
}

// receipt writes to the payer of an order by link that its payment has come, if
// the link went out by e-mail.
func (a *App) receipt(tx *store.Tx, e event.Event) error {
	o, ok := e.Subject.(order.Order)
	if !ok || e.Type != "order.paid" || !o.Linked() || !o.Details.Link.SentEmail {
		return nil
	}
	m, err := merchant.MerchantIn(tx, o.Merchant)
	if err != nil {
		return err
	}
	paid, err := payment.Around(tx, []ident.ID{o.Payment})
	if err != nil || len(paid) != 1 {
		return err
	}
	_, err = a.writeTo(tx, o.ID, notify.Draft{Merchant: o.Merchant, Object: o.ID, Sender: m.Name, Template: notify.Receipt, Channel: notify.Email, To: o.Details.Link.Email,
		Words:   map[string]string{"merchant": m.Name, "name": o.Name, "reference": o.Reference, "method": webcheckout.BrandName(paid[0].Payment.Brand), "link": a.April.Link(tx.Realm(), o.ID)},
		Amounts: map[string]money.Amount{"amount": paid[0].Payment.Amount}, Dates: map[string]time.Time{"date": o.PaidAt}})
	return err
}

// writeTo sends a message about an object; false when it was not taken, which
// stops nothing.
func (a *App) writeTo(tx *store.Tx, about ident.ID, d notify.Draft) (bool, error) {
	_, err := a.Notify.Send(tx, d)
	var f *fault.Error
	switch {
	case err == nil:
		return true, nil
	case !errors.As(err, &f) || fault.Is(err, fault.Internal):
		return false, err
	}
	a.Log.Warn("a message was not taken", "about", about, "channel", d.Channel, "code", f.Code)
	return false, nil
}
