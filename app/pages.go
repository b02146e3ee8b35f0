package app

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/api/gateway"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	webapril "github.com/florinpay/florin/web/april"
	webcheckout "github.com/florinpay/florin/web/checkout"
	"github.com/florinpay/florin/web/page"
)

// pages mounts what payers see apart from the contracts' own addresses.
func (a *App) pages(r chi.Router) {
	r.Get("/return/{token}", a.back)
	r.Post("/return/{token}", a.back)
	r.Get("/invoice/view/{key}", a.invoiceView)
	r.Handle("/assets/*", page.Assets(a.rooms()...))
	site := &webcheckout.Site{Desk: a.desk(), Log: a.Log}
	site.Mount(func(pattern string, h http.Handler) { r.Handle(pattern, h) })
	a.links(r)
	(&webapril.Site{Challenge: a.findChallenge, Log: a.Log}).Mount(func(pattern string, h http.Handler) { r.Handle(pattern, h) })
}

// desk answers the checkout page's questions.
func (a *App) desk() webcheckout.Desk {
	return webcheckout.Desk{Find: a.findSession, Pay: a.payInSession, Cancel: a.leaveSession, Change: a.Checkouts.Change}
}

func (a *App) findSession(ctx context.Context, key string) (webcheckout.Session, error) {
	sess, now, err := a.Checkouts.ByKey(ctx, key)
	if err != nil {
		return webcheckout.Session{}, err
	}
	profile, owner, err := a.Merchants.Get(ctx, sess.Realm, sess.Profile)
	if err != nil {
		return webcheckout.Session{}, err
	}
	env, err := a.Access.Environment(ctx, sess.Realm)
	if err != nil {
		return webcheckout.Session{}, err
	}
	v := webcheckout.Session{Key: sess.Key, Merchant: cmp.Or(profile.Settings.Look.Name, owner.Name), Look: profile.Settings.Look, Amount: sess.Amount, Locale: sess.Details.Payment.Locale, Reference: sess.Details.Reference,
		State: webcheckout.Open, Attempt: strconv.FormatInt(sess.Try, 10), TestMode: env == access.Test, RegistrationOnly: sess.Kind == connector.Verify,
		ReturnURL: a.Gateway.SessionURL(sess), Now: now, ExpiresAt: sess.ExpiresAt, PaidAt: sess.DoneAt}
	v.Brands = sess.Details.Brands
	if len(v.Brands) == 0 {
		v.Brands = profile.Settings.Brands
	}
	if len(v.Brands) == 0 {
		v.Brands = usualBrands
	}
	if sess.Expired(now) {
		v.State = webcheckout.Expired
	}
	if err := a.addPayment(ctx, sess, &v); err != nil {
		return v, err
	}
	for _, id := range sess.Details.Sources {
		src, err := a.Vault.Get(ctx, sess.Realm, id)
		if err != nil || src.State != vault.Active || src.Merchant != sess.Merchant {
			continue // the page offers what can be used
		}
		v.Stored = append(v.Stored, webcheckout.StoredCard{ID: string(id), Brand: src.Brand, Last4: src.Last4, Month: src.ExpiryMonth, Year: src.ExpiryYear})
	}
	return v, nil
}

// usualBrands are offered when neither the checkout nor the profile names any.
var usualBrands = []string{"VISA", "MASTER", "AMEX", "PAYPAL", "BOLETO"}

// addPayment tells how the checkout's latest payment stands.
func (a *App) addPayment(ctx context.Context, sess checkout.Session, v *webcheckout.Session) error {
	if sess.Payment == "" {
		return nil
	}
	out, err := a.Payments.Get(ctx, payerOf(sess), sess.Payment)
	if err != nil {
		return err
	}
	p := out.Payment
	switch {
	case sess.State == checkout.Paid:
		v.State = webcheckout.Paid
	case sess.State == checkout.Paying && (p.Method == method.Voucher || p.Method.ByBank() && p.State == payment.Pending):
		v.State = webcheckout.Pending
	case sess.State == checkout.Paying:
		v.State = webcheckout.Paying
	case p.State == payment.Failed:
		v.Failure = p.Code
	}
	if v.ReturnURL == "" { // a widget's form named it
		v.ReturnURL = a.Gateway.ReturnURL(p, &sess)
	}
	if p.State == payment.Pending {
		v.Resume, v.Payee = p.Details.Redirect, webcheckout.PayeeOf(p.Details.Payee)
	}
	v.PaidWith = p.Brand
	if p.Details.Card != nil {
		v.PaidLast4 = p.Details.Card.Last4
	}
	return nil
}

func payerOf(sess checkout.Session) access.Actor {
	return access.Actor{Realm: sess.Realm, Kind: "payer", May: []access.Permission{access.Read}, Merchants: []ident.ID{sess.Merchant}}
}

func (a *App) payInSession(ctx context.Context, key string, f webcheckout.PayForm) (webcheckout.Outcome, error) {
	try, err := strconv.ParseInt(f.Attempt, 10, 64)
	if err != nil {
		return webcheckout.Outcome{}, fault.New("conflict.session", "this page is out of date")
	}
	c := checkout.Choice{Try: try, Brand: f.Brand, Keep: f.Keep, CVV: f.CVV}
	c.Locale = f.Locale
	if f.ReturnURL != "" {
		if c.ReturnURL, err = a.shopsPage(ctx, key, f.ReturnURL); err != nil {
			return webcheckout.Outcome{}, err
		}
	}
	switch {
	case f.Offer != "": // nothing is offered here
		return webcheckout.Outcome{}, fault.New("conflict.session", "this page is out of date")
	case f.Stored != "":
		c.Source, c.Method = ident.ID(f.Stored), method.Card
	case f.Debit != nil:
		c.Method, c.Bank = method.DirectDebit, f.Debit
	case f.Brand != "":
		c.Method = method.OfBrand(f.Brand)
	default:
		c.Method, c.Brand = method.Card, method.BrandOf("", f.Number.Reveal())
		c.Card = &connector.Card{Number: f.Number, CVV: f.CVV, Holder: f.Holder, ExpiryMonth: f.Month, ExpiryYear: f.Year, Brand: c.Brand}
	}
	out, err := a.Checkouts.Pay(ctx, key, c)
	if fault.Is(err, "not_found.source") || fault.Is(err, "conflict.source") {
		return webcheckout.Outcome{Problems: []webcheckout.Problem{webcheckout.StoredGone}}, nil
	}
	if fault.Is(err, "invalid.method") && c.Card != nil {
		return webcheckout.Outcome{Problems: []webcheckout.Problem{webcheckout.NumberBrand}}, nil
	}
	if err != nil {
		return webcheckout.Outcome{}, err
	}
	return webcheckout.Outcome{Step: nextStep(out.Payment)}, nil
}

// nextStep is where a payer goes once a payment was made.
func nextStep(p payment.Payment) webcheckout.Step {
	switch {
	case p.State == payment.Pending && p.Details.Redirect != nil && p.Method != method.Voucher:
		return webcheckout.Go
	case p.State == payment.Failed, p.State == payment.Pending && (p.Method == method.Voucher || p.Method.ByBank()): // the page has more to say
		return webcheckout.Again
	}
	return webcheckout.Done
}

// shopsPage is the address that a shop's own page named, as a widget's form
// does, if the merchant may be returned to there; else "".
func (a *App) shopsPage(ctx context.Context, key, address string) (string, error) {
	sess, _, err := a.Checkouts.ByKey(ctx, key)
	if err != nil {
		return "", err
	}
	profile, _, err := a.Merchants.Get(ctx, sess.Realm, sess.Profile)
	if err != nil {
		return "", err
	}
	env, err := a.Access.Environment(ctx, sess.Realm)
	if err != nil || !gateway.MayReturn(address, profile.Settings, env == access.Test) {
		return "", err
	}
	return address, nil
}

func (a *App) leaveSession(ctx context.Context, key string) (string, error) {
	sess, _, err := a.Checkouts.ByKey(ctx, key)
	if err != nil {
		return "", err
	}
	return a.Gateway.SessionURL(sess), nil
}

// returnURL is where a provider sends the payer's browser back. The address
// carries a check, so that nobody can make us ask a provider about payments at
// random.
func (a *App) returnURL(realm, payment ident.ID) string {
	return a.BaseURL + "/return/" + a.named("return addresses", realm, payment)
}

// named is a payment in an address of some purpose, with the check.
func (a *App) named(purpose string, realm, payment ident.ID) string {
	mac := hmac.New(sha256.New, a.Keys.Pepper(purpose))
	mac.Write([]byte(string(realm) + "/" + string(payment)))
	return string(realm) + string(payment) + hex.EncodeToString(mac.Sum(nil)[:16])
}

// unnamed finds the payment in an address; false when it is none of ours.
func (a *App) unnamed(purpose, token string) (realm, payment ident.ID, ok bool) {
	if len(token) != 2*ident.Length+32 {
		return "", "", false
	}
	realm, payment = ident.ID(token[:ident.Length]), ident.ID(token[ident.Length:2*ident.Length])
	return realm, payment, hmac.Equal([]byte(token), []byte(a.named(purpose, realm, payment)))
}

// back takes the payer from the provider: the provider is asked what became of
// the payment (what the browser says about it is not believed), then the payer
// goes on to the checkout page or to the merchant.
func (a *App) back(w http.ResponseWriter, r *http.Request) {
	realm, id, ok := a.unnamed("return addresses", chi.URLParam(r, "token"))
	if !ok {
		a.answered(webcheckout.ShowNowhere(w, r))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 20*time.Second)
	defer cancel()
	out, err := a.Payments.Look(ctx, realm, id)
	if fault.Is(err, fault.NotFound) {
		a.backAgreed(ctx, w, r, realm, id)
		return
	}
	if err != nil {
		a.Log.Error("payer came back, payment not read", "err", err)
		a.answered(webcheckout.ShowUnread(w, r))
		return
	}
	to, err := a.onward(ctx, out.Payment, realm)
	a.answered(err)
	if err != nil || to == "" {
		a.answered(webcheckout.ShowOver(w, r))
		return
	}
	if !strings.HasPrefix(to, "/") && page.Origin(to) == "" { // an app's own scheme: a bank's form-action may forbid to be redirected there
		a.answered(webcheckout.ShowBack(w, r, to, out.Payment.Details.Locale))
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// answered notes that a page could not be written.
func (a *App) answered(err error) {
	if err != nil {
		a.Log.Error("page", "err", err)
	}
}

// nowhere answers addresses that no contract knows: people get a page, in the
// sandbox and out of it, programs what the contract says of unknown paths.
func (a *App) nowhere(contract http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v3/") || strings.HasPrefix(r.URL.Path, "/gateway/") || !strings.Contains(r.Header.Get("Accept"), "text/html") {
			contract(w, r)
			return
		}
		a.answered(webcheckout.ShowNowhere(w, r))
	}
}

func (a *App) onward(ctx context.Context, p payment.Payment, realm ident.ID) (string, error) {
	if p.Surface == april.Contract { // its pages need not be told which payment it was
		return p.Details.ReturnURL, nil
	}
	if p.Session == "" {
		return a.Gateway.ReturnURL(p, nil), nil
	}
	sess, err := a.Checkouts.Get(ctx, realm, p.Session)
	to := webcheckout.PagePath("/gateway", sess.Key, webcheckout.Done)
	if lang := p.Details.Locale; lang != "" { // the payer goes on reading what was read before the bank's page
		to += "&locale=" + url.QueryEscape(lang)
	}
	return to, err
}
