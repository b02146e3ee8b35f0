package app

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
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
	site := &webcheckout.Site{Desk: webcheckout.Desk{Find: a.findLinked, Pay: a.payLinked, Cancel: a.leaveLinked, Change: a.changeLinked}, Log: a.Log}
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
	v.Brands = slices.DeleteFunc(slices.Clone(v.Brands), func(brand string) bool { return method.OfBrand(brand) == method.DirectDebit }) // a link gives nobody's account away
	if v.Surcharges, err = a.April.Surcharging(ctx, l.payer(), l.owner, l.Amount.Currency); err != nil {
		return v, err
	}
	switch {
	case l.State == order.Paid:
		v.State = webcheckout.Paid
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
		v.Resume, v.Payee = p.Details.Redirect, webcheckout.PayeeOf(p.Details.Payee)
	}
	if v.State != webcheckout.Open {
		v.Amount, v.Surcharge = p.Amount, money.Of(p.Details.Surcharge, p.Amount.Currency)
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
		Reference: l.Reference, Customer: l.Customer, Order: l.ID, Details: payment.Details{ReturnURL: back, Descriptor: l.owner.Business.Statement, Locale: f.Locale}}
	switch token, offered := a.April.Offered(l.ID, f.Offer); {
	case offered:
		wish = l.tender(wish, token)
	case f.Offer != "":
		return webcheckout.Outcome{}, fault.New("conflict.session", "this page is out of date")
	case f.Brand != "" && method.OfBrand(f.Brand) != method.BankTransfer: // a wallet, which no rule of surcharges knows
		wish.Brand, wish.Method, wish.Amount = f.Brand, method.OfBrand(f.Brand), l.Amount
	default:
		o, err := a.offerLinked(ctx, l, f)
		if err != nil {
			return refusedCard(err)
		}
		if o.Token.Surcharge.Minor > 0 {
			return webcheckout.Outcome{Offer: offerOf(l, f, o)}, nil
		}
		wish = l.tender(wish, o.Token.ID)
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

// offerLinked makes a token of what a form pays with: a card as the contract has
// it, so that a blocked card is refused here too, or a bank transfer.
func (a *App) offerLinked(ctx context.Context, l linked, f webcheckout.PayForm) (april.Offer, error) {
	d := vault.TokenDraft{Kind: vault.OfTransfer}
	if f.Brand == "" {
		d = vault.TokenDraft{Kind: vault.OfCard, CVV: f.CVV, Card: vault.Card{Number: f.Number, Holder: f.Holder, ExpiryMonth: f.Month, ExpiryYear: f.Year}}
	}
	return a.April.Offer(ctx, l.payer(), l.owner, l.Order, d)
}

// offerOf is an offer as the page shows it.
func offerOf(l linked, f webcheckout.PayForm, o april.Offer) *webcheckout.Offer {
	t := o.Token
	return &webcheckout.Offer{Key: o.Key, Surcharge: t.Surcharge, Total: money.Of(l.Amount.Minor+t.Surcharge.Minor, l.Amount.Currency), Summary: o.Summary,
		Brand: cmp.Or(f.Brand, t.Face.Brand), Last4: t.Face.Last4}
}

// tender makes a wish one to pay with a token.
func (l linked) tender(w payment.Order, token ident.ID) payment.Order {
	w.Use3DS = true
	w.Tender = &payment.Tender{Token: token, For: vault.TokenUse{Merchant: l.Merchant, Customer: l.Customer, Amount: l.Amount, Order: l.ID}}
	return w
}

// changeLinked withdraws a bank transfer that nobody has sent yet, so that the
// order can be paid in another way. Faults: not_found.order, conflict (too late,
// or there is none).
func (a *App) changeLinked(ctx context.Context, key string) error {
	l, err := a.linked(ctx, key)
	if err != nil {
		return err
	}
	if l.State != order.Pending {
		return fault.New("conflict.session", "no payment is under way")
	}
	out, err := a.Payments.Get(ctx, l.payer(), l.Payment)
	if err != nil {
		return err
	}
	if out.Payment.Method != method.BankTransfer {
		return fault.New("conflict.session", "only a bank transfer is given up here")
	}
	_, err = a.Payments.Cancel(ctx, l.payer(), l.Payment)
	return err
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
