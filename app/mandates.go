package app

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/web/page"

	webcheckout "github.com/florinpay/florin/web/checkout"
)

// wireMandates puts the payers' agreements together: payments charge them and tell
// them of refusals.
func (a *App) wireMandates(events *event.Log, connectors map[string]connector.Connector) {
	a.Mandates = &mandate.Service{DB: a.DB, Events: events, Connectors: connectors, Log: a.Log, ReturnURL: a.returnURL}
	a.Payments.Mandates = a.Mandates
	a.Mandates.Register(a.Jobs, a.now)
}

// backAgreed takes a payer back from the page of an agreement: the provider is
// asked how it stands, then the payer goes on to where the agreement was begun.
func (a *App) backAgreed(ctx context.Context, w http.ResponseWriter, r *http.Request, realm, id ident.ID) {
	m, err := a.Mandates.Look(ctx, realm, id)
	if err != nil {
		a.Log.Error("payer came back, agreement not read", "err", err)
		a.answered(webcheckout.ShowUnread(w, r))
		return
	}
	to := m.Details.ReturnURL
	if page.Origin(to) == "" { // an app's own scheme, or nothing
		a.answered(webcheckout.ShowBack(w, r, to, m.Details.Locale))
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// moves are the words of the sandbox for what a payer, or the payer's bank, does
// with an agreement.
var moves = map[string]connector.State{"active": connector.Approved, "refused": connector.Refused, "suspended": connector.Suspended,
	"revoked": connector.Revoked, "expired": connector.Lapsed}

// moveMandate: POST /sandbox/mandates/{id} state=active|refused|suspended|revoked|expired
// The id may be that of a reader's token, which a contract knows it by.
func (a *App) moveMandate(r *http.Request, actor access.Actor) (any, error) {
	in, err := input(r)
	if err != nil {
		return nil, err
	}
	to, ok := moves[in["state"]]
	if !ok {
		return nil, fault.At("invalid.state", "state", "active, refused, suspended, revoked or expired")
	}
	id, err := a.Subscriptions.Agreed(r.Context(), actor.Realm, ident.ID(chi.URLParam(r, "id")))
	if err != nil {
		return nil, err
	}
	m, err := a.Mandates.Get(r.Context(), actor, id)
	if err != nil {
		return nil, err
	}
	at, err := a.timeOf(r, actor)
	if err != nil {
		return nil, err
	}
	if err := a.Provider.Settle(m.Account, m.ID, to, at); err != nil {
		return nil, err
	}
	a.callbacks(r.Context())
	m, err = a.Mandates.Get(r.Context(), actor, m.ID)
	return map[string]any{"state": m.State, "code": m.Code}, err
}
