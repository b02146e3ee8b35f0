package app

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/spense"
	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/store"
	webcheckout "github.com/florinpay/florin/web/checkout"
	"github.com/florinpay/florin/web/dev"
)

// newSpense puts the contract together.
func (a *App) newSpense(door *wire.Door) (*spense.Surface, error) {
	legacy, err := a.Config.Bool("spense-legacy-auth")
	if err != nil {
		return nil, err
	}
	limit, err := a.Config.Int("spense-limit", 0)
	if err != nil {
		return nil, err
	}
	each, err := a.Config.Bool("spense-machine-readable-transactions")
	if err != nil {
		return nil, err
	}
	s := &spense.Surface{DB: a.DB, Access: a.Access, Merchants: a.Merchants, Invoices: a.Invoices, Payments: a.Payments, Checkouts: a.Checkouts,
		Reconcile: a.Reconcile, Settlement: a.Settlement, Clock: a.now, Log: a.Log, Providers: a.providerName, ReportTransactions: each,
		Door: door, BaseURL: a.BaseURL, Answers: a.answers(spense.Contract), Legacy: legacy, Limiter: wire.NewLimiter(limit, time.Minute, a.now), Allowed: a.Webhooks.CheckURL}
	s.Register(a.Jobs)
	return s, nil
}

// payLink takes a payer from the link of a payment to the page on which it is
// paid.
func (a *App) payLink(w http.ResponseWriter, r *http.Request) {
	key, err := a.Spense.Visit(r.Context(), chi.URLParam(r, "key"))
	switch {
	case err == nil:
		http.Redirect(w, r, webcheckout.PagePath("/gateway", key, ""), http.StatusSeeOther)
	case fault.Is(err, "conflict.invoice"):
		a.answered(webcheckout.ShowOver(w, r))
	case fault.Is(err, fault.NotFound):
		a.answered(webcheckout.ShowNowhere(w, r))
	default:
		a.Log.Error("the link of a payment could not be followed", "request", wire.RequestID(r), "err", err)
		a.answered(webcheckout.ShowUnread(w, r))
	}
}

// again is how long after a link went out it is not sent once more (sheet of
// Spense, 5.3).
const again = 30 * time.Second

// tellPayers writes to the payer of an invoice that is put before them: a link
// by SMS and e-mail, or a bill by e-mail. Who cannot be written to is not: the
// merchant has the link in the answer.
func (a *App) tellPayers(tx *store.Tx, e event.Event) error {
	c, ok := e.Subject.(invoice.Change)
	if !ok || c.Is.Surface != spense.Contract {
		return nil
	}
	reminder := e.Type == "invoice.reminded"
	if e.Type != "invoice.sent" && !reminder {
		return nil
	}
	inv := c.Is
	if !reminder && !c.Was.SentAt.IsZero() && inv.SentAt.Sub(c.Was.SentAt) < again && inv.Details.Channel == c.Was.Details.Channel {
		return nil
	}
	m, err := merchant.MerchantIn(tx, inv.Merchant)
	if err != nil {
		return err
	}
	ch, err := merchant.ChannelIn(tx, inv.Details.Channel.ID)
	if err != nil {
		return err
	}
	return a.write(tx, inv, a.letters(inv, m, ch.Settings.Account, reminder))
}

// letters are the messages that put an invoice before its payer. Account is the
// bank account to which a bill is paid, "" when the merchant has named none.
func (a *App) letters(inv invoice.Invoice, m merchant.Merchant, account string, reminder bool) (list []notify.Draft) {
	zone := invoice.Zone(inv.Details.Zone)
	d := notify.Draft{Merchant: inv.Merchant, Object: inv.ID, Sender: m.Name, Template: notify.PaymentLink, Locale: inv.Details.Locale,
		Words:   map[string]string{"merchant": m.Name, "name": inv.Customer.Title(), "reference": inv.Reference, "link": a.Spense.Link(inv)},
		Amounts: map[string]money.Amount{"amount": inv.Left()}, Dates: map[string]time.Time{"due": inv.DueOn.Begin(zone).In(zone)}}
	add := func(ch notify.Channel, to string) {
		if to != "" {
			d.Channel, d.To = ch, to
			list = append(list, d)
		}
	}
	switch {
	case reminder:
		d.Template = notify.Reminder
		d.Words["number"], d.Words["reference"], d.Words["account"] = inv.Number, inv.Payable, account
		add(notify.Email, inv.Customer.Email)
		add(notify.SMS, inv.Customer.Phone)
	case inv.Details.Channel.Kind == "invoice":
		d.Template = notify.Invoice
		d.Words["number"], d.Words["reference"], d.Words["account"] = inv.Number, inv.Payable, account
		d.Attachments = []notify.Attachment{{Name: "invoice-" + string(inv.ID) + ".pdf", Type: "application/pdf", Body: a.bill(inv, m, account)}}
		add(notify.Email, inv.Customer.Email)
	case inv.Details.Channel.Kind == "payment_link":
		add(notify.SMS, inv.Customer.Phone)
		add(notify.Email, inv.Customer.Email)
	}
	return list
}

// SandboxSpense are the credentials of the Spense contract.
type SandboxSpense struct {
	Base                string   `json:"base"`
	ClientID            string   `json:"clientId"`
	ClientSecret        string   `json:"clientSecret"`
	OrganizationID      string   `json:"organizationId"`
	ProfileIDs          []string `json:"profileIds"`
	PartnerClientID     string   `json:"partnerClientId"`
	PartnerClientSecret string   `json:"partnerClientSecret"`
	// Terminals are the organisation's, with the pages on which a test cashier works them.
	Terminals []SandboxTerminal `json:"terminals"`
}

// SandboxTerminal is a terminal of the sandbox.
type SandboxTerminal struct {
	ID   string `json:"id"` // as a payment method
	Name string `json:"name"`
	Page string `json:"page"`
}

// devOrganisations are the organisations of the sandbox: the single key's, and
// another that only the partner reaches.
var devOrganisations = []struct {
	merchant merchant.Merchant
	profiles []merchant.Profile
	desks    []merchant.Channel // terminals
}{
	{merchant.Merchant{Code: "FJORD", Name: "Fjord Bil AS", Country: "NO", Business: merchant.Business{TaxID: "NO919191919MVA", TimeZone: "Europe/Oslo"}}, []merchant.Profile{
		{Code: "fjord-cars", Name: "Car sales", Settings: merchant.Settings{Department: "car-sales", NotifyHosts: devHosts, Brands: []string{"VIPPS", "BANKTRANSFER", "DIRECTDEBIT_NO"},
			ThreeDS: true, Look: merchant.Look{Name: "Fjord Bil", Colour: "#0b4a7a", Night: "#8cc8ff"}}},
		{Code: "fjord-parts", Name: "Workshop and parts", Settings: merchant.Settings{Department: "parts", Main: true, NotifyHosts: devHosts, ThreeDS: true,
			Brands: []string{"VIPPS", "VISA", "MASTER"}}}},
		[]merchant.Channel{{Name: "Front desk terminal", Settings: merchant.ChannelSettings{Terminal: "front-desk"}}, {Name: "Workshop terminal", Settings: merchant.ChannelSettings{Terminal: "workshop"}}}},
	{merchant.Merchant{Code: "NORDLYS", Name: "Nordlys Verksted AS", Country: "NO", Business: merchant.Business{TimeZone: "Europe/Oslo"}}, []merchant.Profile{
		{Code: "nordlys-cars", Name: "Cars", Settings: merchant.Settings{Department: "car-sales", NotifyHosts: devHosts, ThreeDS: true, Brands: []string{"SWISH", "VIPPS", "VISA", "MASTER"}}},
		{Code: "nordlys-workshop", Name: "Workshop", Settings: merchant.Settings{Department: "workshop", NotifyHosts: devHosts}}}, nil},
}

// devHosts are where the sandbox's webhooks may go.
var devHosts = []string{"localhost:*", "127.0.0.1:*"}

// furnishSpense gives the sandbox two organisations, a key for the first and a
// partner's key for both, or finds the organisations of an earlier start.
func (a *App) furnishSpense(ctx context.Context, realm access.Realm) (out SandboxSpense, err error) {
	out.Base = a.BaseURL
	var owners []merchant.Merchant
	for _, o := range devOrganisations {
		m, profiles, err := a.devOrganisation(ctx, realm, o.merchant, o.profiles)
		if err != nil {
			return out, err
		}
		if owners = append(owners, m); len(owners) == 1 {
			out.OrganizationID = string(m.ID)
			for _, p := range profiles {
				out.ProfileIDs = append(out.ProfileIDs, string(p.ID))
			}
			if out.Terminals, err = a.devTerminals(ctx, realm.ID, m.ID, o.desks); err != nil {
				return out, err
			}
		}
	}
	single, err := a.Spense.MakeKey(ctx, realm, devBy, "florin dev", "", owners[0].ID)
	if err != nil {
		return out, err
	}
	partner, err := a.Spense.MakeKey(ctx, realm, devBy, "florin dev, partner", "", owners[0].ID, owners[1].ID)
	out.ClientID, out.ClientSecret = single.ClientID, single.ClientSecret.Reveal()
	out.PartnerClientID, out.PartnerClientSecret = partner.ClientID, partner.ClientSecret.Reveal()
	return out, err
}

func (a *App) devOrganisation(ctx context.Context, realm access.Realm, m merchant.Merchant, want []merchant.Profile) (merchant.Merchant, []merchant.Profile, error) {
	_, known, err := a.Merchants.ByCode(ctx, realm.ID, want[0].Code)
	if err == nil {
		m = known
	} else if fault.Is(err, fault.NotFound) {
		m, err = a.Merchants.Add(ctx, realm.ID, devBy, m)
	}
	var out []merchant.Profile
	for _, p := range want {
		if err != nil {
			break
		}
		var have merchant.Profile
		if have, _, err = a.Merchants.ByCode(ctx, realm.ID, p.Code); fault.Is(err, fault.NotFound) {
			p.Merchant = m.ID
			have, err = a.Merchants.AddProfile(ctx, realm.ID, devBy, p)
		}
		out = append(out, have)
	}
	return m, out, err
}

// devTerminals gives an organisation its terminals, or finds those of an
// earlier start; the one that every test organisation has comes first.
func (a *App) devTerminals(ctx context.Context, realm, owner ident.ID, want []merchant.Channel) (out []SandboxTerminal, err error) {
	have, err := a.Merchants.Channels(ctx, realm, owner)
	list := []merchant.Channel{{ID: spense.TestTerminal, Name: "Test terminal", Settings: merchant.ChannelSettings{Terminal: string(spense.TestTerminal)}}}
	for _, ch := range want {
		if err != nil {
			return nil, err
		}
		if n := slices.IndexFunc(have, func(h merchant.Channel) bool { return h.Settings.Terminal == ch.Settings.Terminal }); n >= 0 {
			ch = have[n]
		} else {
			ch.Merchant, ch.Kind, ch.Active = owner, merchant.TerminalChannel, true
			ch, err = a.Merchants.AddChannel(ctx, realm, devBy, ch)
		}
		list = append(list, ch)
	}
	for _, ch := range list {
		if err != nil {
			return nil, err
		}
		till, lost := a.Provider.Till(ch.TerminalAccount(realm, owner), ch.Settings.Terminal)
		err = lost
		out = append(out, SandboxTerminal{string(ch.ID), ch.Name, till.Page})
	}
	return out, err
}

// spenseContract is the contract's part of the start page.
func spenseContract(s Sandbox) dev.Contract {
	c := s.Spense
	call := func(method, path, body string) string {
		line := "TOKEN=...   # the access_token of the first command\ncurl -X " + method + " " + c.Base + path + " \\\n  -H \"Authorization: Bearer $TOKEN\""
		if body != "" {
			line += " \\\n  -H 'Content-Type: application/json' \\\n  -d '" + body + "'"
		}
		return line
	}
	var tills []dev.Link
	for _, t := range c.Terminals {
		tills = append(tills, dev.Link{Title: t.Name + ": the cashier's page", Path: t.Page})
	}
	return dev.Contract{Name: "Spense", Pages: tills, About: "Organisations, payment profiles, payment links, terminals and bills: the partner API and the older payment API.",
		Base: c.Base, Docs: "/docs/spense-payments",
		Values: []dev.Value{{Name: "clientId", Value: c.ClientID, Help: "of one organisation"}, {Name: "clientSecret", Value: c.ClientSecret},
			{Name: "partnerClientId", Value: c.PartnerClientID, Help: "reaches two organisations; names one in X-Organization-Id"}, {Name: "partnerClientSecret", Value: c.PartnerClientSecret},
			{Name: "organizationId", Value: c.OrganizationID}, {Name: "profileId", Value: c.ProfileIDs[0]}},
		Samples: []dev.Sample{
			{Title: "Get a token", Command: "curl " + c.Base + "/partner/auth/token \\\n  -d grant_type=client_credentials \\\n  -d client_id=" + c.ClientID + " \\\n  -d client_secret=" + c.ClientSecret},
			{Title: "Send a payment link; it lands in the outbox", Command: call("POST", "/api/payments", `{"customer":{"type":"person","firstName":"Nora","lastName":"Lind","phone":{"countryCode":"+47","number":"40000000"}},`+
				`"order":{"orderNumber":"WO-20417"},"payment":{"currency":"NOK","totalGrossAmount":1249.00,"totalNetAmount":999.20,"dueDate":"2030-12-05","paymentRef":"20417","profileId":"`+c.ProfileIDs[0]+`"}}`)},
			{Title: "List the payment methods", Command: call("GET", "/partner/payment-methods", "")},
			{Title: "Push a payment to a terminal; work it on the cashier's page", Command: call("POST", "/api/payments", `{"customer":{"type":"person","firstName":"Nora","lastName":"Lind"},`+
				`"order":{"orderNumber":"WO-20418"},"payment":{"currency":"NOK","totalGrossAmount":349.00,"totalNetAmount":279.20,"dueDate":"2030-12-05","profileId":"`+c.ProfileIDs[0]+`"},"paymentMethodId":"`+c.Terminals[1].ID+`"}`)},
		}}
}
