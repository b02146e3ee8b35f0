package app

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	webcheckout "github.com/florinpay/florin/web/checkout"
)

// The page on which an order is paid by its link (contract sheet april, 5.7) is
// the checkout page at another address. There is no session beside the order:
// the order's own row says what may still happen, whichever way it is paid.

// links mounts the pages of orders' links.
func (a *App) links(r chi.Router) {
	site := &webcheckout.Site{Desk: webcheckout.Desk{Find: a.findLinked, Pay: a.payLinked, Cancel: a.leaveLinked}, Log: a.Log}
	site.MountAt(april.LinkPath+"{key}/", func(pattern string, h http.Handler) { r.Handle(pattern, h) })
	r.Get(april.LinkPath+"{key}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, linkPage(chi.URLParam(r, "key")), http.StatusSeeOther)
	})
}

func linkPage(key string) string { return april.LinkPath + url.PathEscape(key) + "/page" }

// linked is an order by link, with all that its page needs.
type linked struct {
	order.Order
	realm access.Realm
	owner merchant.Found
	now   time.Time // of the realm
}

// payer is the actor that a link makes of whoever holds it.
func (l linked) payer() access.Actor {
	return access.Actor{Realm: l.realm.ID, Environment: l.realm.Environment, Kind: "payer", May: []access.Permission{access.Pay, access.Read, access.Register}, Merchants: []ident.ID{l.Merchant}}
}

// try names the next try to pay: the payment that came before it.
func (l linked) try() string {
	if l.Payment == "" {
		return "first"
	}
	return string(l.Payment)
}

// linked finds the order of a link. Faults: not_found.order.
func (a *App) linked(ctx context.Context, key string) (l linked, err error) {
	realm, id, ok := a.April.Linked(key)
	if !ok {
		return l, fault.New("not_found.order", "no such payment link")
	}
	l.realm.ID = realm
	err = a.DB.View(ctx, realm, func(tx *store.Tx) error {
		l.now = tx.Now()
		found, err := order.In(tx, id)
		l.Order = found[id]
		return err
	})
	if err == nil && !l.Linked() {
		err = fault.New("not_found.order", "no such payment link")
	}
	if err != nil {
		return l, err
	}
	if l.realm.Environment, err = a.Access.Environment(ctx, realm); err != nil {
		return l, err
	}
	l.owner, err = a.Merchants.Find(ctx, realm, l.Merchant)
	return l, err
}

// linkBrands are offered where the merchant's profile names none.
var linkBrands = []string{"VISA", "MASTER", "AMEX", "PAYPAL"}

func (a *App) findLinked(ctx context.Context, key string) (webcheckout.Session, error) {
	l, err := a.linked(ctx, key)
	if err != nil {
		return webcheckout.Session{}, err
	}
	profile, err := a.Merchants.Outlet(ctx, l.realm.ID, l.Merchant)
	if err != nil {
		return webcheckout.Session{}, err
	}
	v := webcheckout.Session{Key: key, Merchant: l.owner.Name, Amount: l.Amount, Reference: l.Reference, About: l.Details.Description, State: webcheckout.Open, Attempt: l.try(),
		TestMode: l.realm.Environment == access.Test, ReturnURL: l.Details.Link.Redirect, Now: l.now, ExpiresAt: l.ExpiresAt, PaidAt: l.PaidAt, Brands: profile.Settings.Brands}
	if len(v.Brands) == 0 {
		v.Brands = linkBrands
	}
	switch {
	case l.State == order.Paid:
		v.State, v.Amount.Minor = webcheckout.Paid, l.Amount.Minor+l.Surcharge
	case l.State == order.Cancelled:
		v.State = webcheckout.Cancelled
	case l.State == order.Pending:
		v.State = webcheckout.Paying
	case l.State == order.Expired || l.Over(l.now):
		v.State = webcheckout.Expired
	}
	return v, a.addLinked(ctx, l, &v)
}

// addLinked tells how the order's latest payment stands.
func (a *App) addLinked(ctx context.Context, l linked, v *webcheckout.Session) error {
	if l.Payment == "" {
		return nil
	}
	out, err := a.Payments.Get(ctx, l.payer(), l.Payment)
	if err != nil {
		return err
	}
	p := out.Payment
	switch {
	case v.State == webcheckout.Open && p.State == payment.Failed:
		v.Failure = p.Code
	case v.State == webcheckout.Paying && (p.Method == method.Voucher || p.Method.ByBank() || p.State == payment.Authorised): // the payer has done all
		v.State = webcheckout.Pending
	}
	if p.State == payment.Pending {
		v.Resume = p.Details.Redirect
	}
	v.PaidWith = p.Brand
	if p.Details.Card != nil {
		v.PaidLast4 = p.Details.Card.Last4
	}
	return nil
}

// payLinked pays an order as its payer chose: with a card as the contract does,
// by a token, so that a blocked card is refused here too.
func (a *App) payLinked(ctx context.Context, key string, f webcheckout.PayForm) (webcheckout.Outcome, error) {
	l, err := a.linked(ctx, key)
	if err != nil {
		return webcheckout.Outcome{}, err
	}
	if f.Attempt != l.try() { // it was posted before; what came of it, the page shows
		return a.replayed(ctx, l)
	}
	if !l.owner.Enabled || l.owner.State == merchant.Suspended || l.owner.State == merchant.Closed {
		return webcheckout.Outcome{}, fault.New("forbidden.merchant", "the merchant is suspended or closed")
	}
	if _, err := a.Orders.Payable(ctx, l.realm.ID, l.ID); err != nil {
		return webcheckout.Outcome{}, err
	}
	profile, err := a.Merchants.Outlet(ctx, l.realm.ID, l.Merchant)
	if err != nil {
		return webcheckout.Outcome{}, err
	}
	back := a.BaseURL + linkPage(key) + "?step=" + string(webcheckout.Done)
	if f.Locale != "" {
		back += "&locale=" + url.QueryEscape(f.Locale)
	}
	wish := payment.Order{Idempotency: idempotency.Key{Surface: april.Contract, Key: "link/" + string(l.ID) + "/" + f.Attempt}, Profile: profile, Kind: connector.Debit,
		Brand: f.Brand, Method: method.OfBrand(f.Brand), Amount: l.Amount, Reference: l.Reference, Customer: l.Customer, Order: l.ID,
		Details: payment.Details{ReturnURL: back, Descriptor: l.owner.Business.Statement, Locale: f.Locale}}
	if f.Brand == "" {
		if wish, err = a.byCard(ctx, l, wish, f); err != nil {
			return refusedCard(err)
		}
	}
	out, err := a.Payments.Pay(ctx, l.payer(), wish)
	if errors.Is(err, store.ErrConflict) {
		err = fault.New("conflict.order.busy", "another payment of this order is under way")
	}
	if err != nil {
		return refusedCard(err)
	}
	return webcheckout.Outcome{Step: nextStep(out.Payment)}, nil
}

// byCard makes a wish one to pay with the card of a form.
func (a *App) byCard(ctx context.Context, l linked, w payment.Order, f webcheckout.PayForm) (payment.Order, error) {
	facts := a.Payments.Describe(ctx, l.realm.Environment, w.Profile, f.Number.Reveal())
	token, err := a.Vault.Tokenise(ctx, l.payer(), audit.By{Actor: "payer", Origin: april.Contract}, vault.TokenDraft{Merchant: l.Merchant, Customer: l.Customer, Kind: vault.OfCard,
		Amount: l.Amount, CVV: f.CVV, Facts: facts, Card: vault.Card{Number: f.Number, Holder: f.Holder, ExpiryMonth: f.Month, ExpiryYear: f.Year}})
	w.Method, w.Use3DS = "", true
	w.Tender = &payment.Tender{Token: token.ID, For: vault.TokenUse{Merchant: l.Merchant, Customer: l.Customer, Amount: l.Amount, Order: l.ID, Cards: true}}
	return w, err
}

// refusedCard is what a form is answered whose card is not taken.
func refusedCard(err error) (webcheckout.Outcome, error) {
	if fault.Is(err, fault.DeclinedBlockedCard) || fault.Is(err, "invalid.method") {
		return webcheckout.Outcome{Problems: []webcheckout.Problem{webcheckout.NumberBrand}}, nil
	}
	return webcheckout.Outcome{}, err
}

// replayed is the answer to a form that was posted before.
func (a *App) replayed(ctx context.Context, l linked) (webcheckout.Outcome, error) {
	if l.Payment == "" {
		return webcheckout.Outcome{}, fault.New("conflict.session", "this page is out of date")
	}
	out, err := a.Payments.Get(ctx, l.payer(), l.Payment)
	return webcheckout.Outcome{Step: nextStep(out.Payment)}, err
}

func (a *App) leaveLinked(ctx context.Context, key string) (string, error) {
	l, err := a.linked(ctx, key)
	if err != nil {
		return "", err
	}
	return l.Details.Link.Redirect, nil
}

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
	send := func(ch notify.Channel, wanted bool, to string) bool {
		if !wanted || err != nil {
			return false
		}
		d.Channel, d.To = ch, to
		_, bad := a.Notify.Send(tx, d)
		var f *fault.Error
		switch {
		case bad == nil:
			return true
		case !errors.As(bad, &f) || fault.Is(bad, fault.Internal):
			err = bad
		default:
			a.Log.Warn("the payer was not written to", "order", o.ID, "channel", ch, "code", f.Code)
		}
		return false
	}
	l := o.Details.Link
	return send(notify.Email, l.SendEmail, l.Email), send(notify.SMS, l.SendSMS, l.Phone), err
}
