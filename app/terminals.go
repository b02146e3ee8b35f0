package app

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
)

// readTerminals: GET /sandbox/terminals lists the terminals of the realm that
// somebody has used, with the pages on which a test cashier works them.
func (a *App) readTerminals(_ *http.Request, actor access.Actor) (any, error) {
	type terminal struct {
		Account string `json:"account"`
		Name    string `json:"name"`
		Page    string `json:"page"`
		On      bool   `json:"on"`
		ByHand  bool   `json:"byHand"`
	}
	list := []terminal{}
	tills, err := a.Provider.Tills()
	for _, t := range tills {
		if strings.HasPrefix(t.Account, string(actor.Realm)+".") {
			list = append(list, terminal{t.Account, t.Name, t.Page, !t.Off, t.ByHand})
		}
	}
	return map[string]any{"terminals": list}, err
}

// switchTerminal: POST /sandbox/terminals/{name} entityId=LM000117 state=on|off|cashier
func (a *App) switchTerminal(r *http.Request, actor access.Actor) (any, error) {
	in, err := input(r)
	if err != nil {
		return nil, err
	}
	state := in["state"]
	if state != "on" && state != "off" && state != "cashier" {
		return nil, fault.At("invalid.state", "state", "on, off or cashier")
	}
	profile, _, err := a.Merchants.ByCode(r.Context(), actor.Realm, in["entityId"])
	if err != nil {
		return nil, err
	}
	if err := actor.NeedMerchant(profile.Merchant); err != nil {
		return nil, err
	}
	name, err := url.PathUnescape(chi.URLParam(r, "name"))
	if err != nil {
		return nil, fault.At("invalid.terminal", "name", "no name of a terminal")
	}
	at, err := a.timeOf(r, actor)
	if err != nil {
		return nil, err
	}
	account := profile.Settings.Account
	if account == "" {
		account = string(actor.Realm) + "." + profile.Code
	}
	if err := a.Provider.Switch(account, name, state == "off", state == "cashier", at); err != nil {
		return nil, err
	}
	a.callbacks(r.Context())
	return a.readTerminals(r, actor)
}
