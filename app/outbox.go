package app

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/web/dev"
	"github.com/florinpay/florin/web/page"
)

// outbox is how many messages a page or an answer shows.
const outbox = 100

// newNotify makes the service that writes to people, with the carriers that
// the settings name.
func (a *App) newNotify(events *event.Log) (*notify.Service, error) {
	limits, err := readLimits(a.Config.Get("message-limits"))
	if err != nil {
		return nil, a.Config.wrong("message-limits", err.Error())
	}
	s := &notify.Service{DB: a.DB, Events: events, Vault: a.Vault, Allowed: a.Config.List("message-allowed"), Prefixes: a.Config.List("sms-prefixes"), Limits: limits,
		Money: func(locale string, amount money.Amount) string { return page.Money(page.Language(locale), amount) },
		Date:  func(locale string, t time.Time) string { return page.Date(page.Language(locale), t) }}
	if raw := a.Config.Get("smtp-url"); raw != "" {
		server, err := readMailServer(raw, a.Config.Get("mail-from"))
		if err != nil {
			return nil, a.Config.wrong("smtp-url", err.Error())
		}
		s.Email = server.carry
	}
	if raw := a.Config.Get("sms-url"); raw != "" {
		gate, err := readSMSGate(raw, a.Config.Get("sms-from"), a.reportURL)
		if err != nil {
			return nil, a.Config.wrong("sms-url", err.Error())
		}
		s.SMS = gate.carry
	}
	return s, nil
}

// readLimits reads four numbers: to one address or number an hour and a day,
// for one merchant an hour and a day.
func readLimits(text string) (l notify.Limits, err error) {
	parts := items(text)
	if len(parts) != 4 {
		return l, fmt.Errorf("four numbers are needed: to one address an hour and a day, for one merchant an hour and a day")
	}
	for i, n := range []*int64{&l.AddressHour, &l.AddressDay, &l.MerchantHour, &l.MerchantDay} {
		if *n, err = strconv.ParseInt(parts[i], 10, 32); err != nil || *n < 1 {
			return l, fmt.Errorf("%q is no number of at least 1", parts[i])
		}
	}
	return l, nil
}

// readOutbox: GET /sandbox/outbox?to=&object=&below=
func (a *App) readOutbox(r *http.Request, actor access.Actor) (any, error) {
	type file struct {
		Name string `json:"name"`
		Type string `json:"type"`
		Size int    `json:"size"`
		URL  string `json:"url"`
	}
	type message struct {
		ID          string   `json:"id"`
		At          string   `json:"at"`
		Channel     string   `json:"channel"`
		To          string   `json:"to"`
		Sender      string   `json:"sender"`
		Template    string   `json:"template"`
		Locale      string   `json:"locale"`
		State       string   `json:"state"`
		Reason      string   `json:"reason,omitempty"`
		Object      string   `json:"object"`
		Subject     string   `json:"subject"`
		Text        string   `json:"text"`
		HTML        string   `json:"html"`
		Links       []string `json:"links"`
		Attachments []file   `json:"attachments"`
	}
	q := r.URL.Query()
	list, err := a.Notify.List(r.Context(), actor.Realm, notify.Filter{To: q.Get("to"), Object: ident.ID(q.Get("object")), Below: ident.ID(q.Get("below"))}, outbox)
	out := []message{}
	for _, k := range list {
		if actor.NeedMerchant(k.Merchant) != nil {
			continue
		}
		m := message{string(k.ID), k.CreatedAt.Format(time.RFC3339), string(k.Channel), k.To, k.Sender, string(k.Template), k.Locale, string(k.State), k.Reason,
			string(k.Object), k.Subject, k.Text, k.HTML, append([]string{}, k.Links()...), []file{}}
		for i, f := range k.Attachments {
			m.Attachments = append(m.Attachments, file{f.Name, f.Type, len(f.Body), fmt.Sprintf("%s/sandbox/outbox/%s/%d", a.BaseURL, k.ID, i)})
		}
		out = append(out, m)
	}
	return map[string]any{"messages": out}, err
}

// readAttachment: GET /sandbox/outbox/{id}/{n}
func (a *App) readAttachment(w http.ResponseWriter, r *http.Request) {
	actor, err := a.testActor(r)
	var k notify.Kept
	if err == nil {
		k, err = a.Notify.Get(r.Context(), actor.Realm, ident.ID(chi.URLParam(r, "id")))
	}
	if err == nil {
		err = actor.NeedMerchant(k.Merchant)
	}
	if err == nil {
		err = sendAttachment(w, k, chi.URLParam(r, "n"))
	}
	if err != nil {
		a.sandboxFault(w, r, err)
	}
}

func sendAttachment(w http.ResponseWriter, k notify.Kept, n string) error {
	i, err := strconv.Atoi(n)
	if err != nil || i < 0 || i >= len(k.Attachments) {
		return fault.New("not_found.attachment", "no such attachment")
	}
	f := k.Attachments[i]
	w.Header().Set("Content-Type", f.Type)
	w.Header().Set("Content-Disposition", `attachment; filename="`+f.Name+`"`)
	_, _ = w.Write(f.Body) // a reader that hung up needs no file
	return nil
}

// showOutbox is the page of what the sandbox would have sent.
func (a *App) showOutbox(w http.ResponseWriter, r *http.Request) error {
	realm, err := a.devRealm(r.Context())
	if err != nil {
		return err
	}
	list, err := a.Notify.List(r.Context(), realm.ID, notify.Filter{To: r.URL.Query().Get("to")}, outbox)
	if err != nil {
		return err
	}
	var out dev.Outbox
	for _, k := range list {
		l := dev.Letter{ID: string(k.ID), At: k.CreatedAt, Channel: string(k.Channel), To: k.To, Subject: k.Subject, Text: k.Text, State: string(k.State), Links: k.Links()}
		for i, f := range k.Attachments {
			l.Files = append(l.Files, dev.Link{Title: f.Name, Path: fmt.Sprintf("/outbox/%s/%d", k.ID, i)})
		}
		out.Letters = append(out.Letters, l)
	}
	return dev.ShowOutbox(w, r, devLinks, out)
}

// devAttachment: GET /outbox/{id}/{n}, of the page for developers.
func (a *App) devAttachment(w http.ResponseWriter, r *http.Request) {
	realm, err := a.devRealm(r.Context())
	var k notify.Kept
	if err == nil {
		k, err = a.Notify.Get(r.Context(), realm.ID, ident.ID(chi.URLParam(r, "id")))
	}
	if err == nil {
		err = sendAttachment(w, k, chi.URLParam(r, "n"))
	}
	if err != nil {
		a.sandboxFault(w, r, err)
	}
}
