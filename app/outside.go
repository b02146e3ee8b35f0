package app

import (
	"net/http"
	"strings"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// What happens outside of us, played by hand in a test realm: the payer pays a
// slip at a counter, the payer's bank takes money back. The test provider does
// it in its own books and calls back, as a real one would.

// payVoucher: POST /sandbox/payments/{id}/pay [amount=92.00]
func (a *App) payVoucher(r *http.Request, actor access.Actor) (any, error) {
	out, amount, at, err := a.outside(r, actor)
	if err != nil {
		return nil, err
	}
	if err := a.Provider.Pay(out.Attempt.ProviderRef, amount, at); err != nil {
		return nil, err
	}
	return a.standing(r, actor, out.Payment.ID)
}

// chargeBack: POST /sandbox/payments/{id}/chargeback [amount=92.00] [reason=000.100.220]
func (a *App) chargeBack(r *http.Request, actor access.Actor) (any, error) {
	out, amount, at, err := a.outside(r, actor)
	if err != nil {
		return nil, err
	}
	reason := r.PostFormValue("reason")
	if reason == "" {
		reason = "000.100.200"
	}
	if err := a.Provider.Dispute(out.Payment.Details.Account, out.Payment.ID, amount, reason, at); err != nil {
		return nil, err
	}
	return a.standing(r, actor, out.Payment.ID)
}

// outside reads the payment of the path and the amount of the form (all of the
// payment without one), and the realm's time.
func (a *App) outside(r *http.Request, actor access.Actor) (out payment.Outcome, amount money.Amount, at time.Time, err error) {
	id, err := a.paymentOf(r, actor)
	if err == nil {
		out, err = a.Payments.Get(r.Context(), actor, id)
	}
	if err != nil {
		return out, amount, at, err
	}
	amount = out.Payment.Amount
	if text := r.PostFormValue("amount"); text != "" {
		if amount, err = money.ParseDecimal(text, amount.Currency); err != nil {
			return out, amount, at, err
		}
	}
	err = a.DB.View(r.Context(), actor.Realm, func(tx *store.Tx) error {
		at = tx.Now()
		return nil
	})
	return out, amount, at, err
}

// standing says how a payment stands after the callbacks have been let in.
func (a *App) standing(r *http.Request, actor access.Actor, id ident.ID) (any, error) {
	a.callbacks(r.Context())
	out, err := a.Payments.Get(r.Context(), actor, id)
	return map[string]any{"state": out.Payment.State, "captured": out.Payment.Captured, "disputed": out.Payment.Disputed}, err
}

// bearer is the token of an Authorization header.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}
