package app

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
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

// terminalAccount is whose a terminal is at the test provider: an entity's, or
// the one that an organisation's profiles share.
func (a *App) terminalAccount(r *http.Request, actor access.Actor, in map[string]string) (string, error) {
	if id := ident.ID(strings.ToLower(in["organizationId"])); id != "" {
		return merchant.Channel{}.TerminalAccount(actor.Realm, id), actor.NeedMerchant(id)
	}
	profile, _, err := a.Merchants.ByCode(r.Context(), actor.Realm, in["entityId"])
	if err != nil {
		return "", err
	}
	return cmp.Or(profile.Settings.Account, string(actor.Realm)+"."+profile.Code), actor.NeedMerchant(profile.Merchant)
}

// switchTerminal: POST /sandbox/terminals/{name} entityId=LM000117 (or organizationId=...) state=on|off|cashier
func (a *App) switchTerminal(r *http.Request, actor access.Actor) (any, error) {
	in, err := input(r)
	if err != nil {
		return nil, err
	}
	state := in["state"]
	if state != "on" && state != "off" && state != "cashier" {
		return nil, fault.At("invalid.state", "state", "on, off or cashier")
	}
	account, err := a.terminalAccount(r, actor, in)
	if err != nil {
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
	if err := a.Provider.Switch(account, name, state == "off", state == "cashier", at); err != nil {
		return nil, err
	}
	a.callbacks(r.Context())
	return a.readTerminals(r, actor)
}
