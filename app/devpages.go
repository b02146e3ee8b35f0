package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/gateway"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/store"
	webcheckout "github.com/florinpay/florin/web/checkout"
	"github.com/florinpay/florin/web/dev"
	"github.com/florinpay/florin/web/docs"
	"github.com/florinpay/florin/web/gallery"
	"github.com/florinpay/florin/web/page"
)

// rooms are the pages whose assets are served.
func (a *App) rooms() []*page.Set { return []*page.Set{webcheckout.Pages, dev.Pages} }

var devLinks = dev.Links{{Title: "Start", Path: "/"}, {Title: "Webhook inbox", Path: "/inbox"}, {Title: "Sandbox", Path: "/sandbox"},
	{Title: "Gateway reference", Path: "/docs/gateway"}}

// devPages mounts the pages for developers. They show test credentials and
// exist in a sandbox alone.
func (a *App) devPages(r chi.Router, s Sandbox) {
	r.Get("/", a.shown(func(w http.ResponseWriter, r *http.Request) error { return a.showStart(w, r, s) }))
	r.Get("/inbox", a.shown(a.showInbox))
	r.Get("/sandbox", a.shown(showSandbox))
	r.Get("/docs/gateway", a.shown(showReference))
	r.Get("/openapi/gateway.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
		_, _ = w.Write(gateway.OpenAPI()) // a client that hung up needs no answer
	})
	r.Post("/clock", a.pressClock)
	r.Handle(gallery.Prefix+"*", gallery.Handler())
}

func (a *App) shown(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			a.Log.Error("page not shown", "path", r.URL.Path, "err", err)
			http.Error(w, "this page cannot be shown", http.StatusInternalServerError)
		}
	}
}

func (a *App) showStart(w http.ResponseWriter, r *http.Request, s Sandbox) error {
	now, ahead, err := a.devClock(r.Context())
	if err != nil {
		return err
	}
	g := s.Gateway
	return dev.ShowStart(w, r, devLinks, dev.Start{
		Version: Version, Database: a.Config.Get("database"), Clock: dev.Clock{Now: now, Ahead: ahead, Action: "/clock"},
		Docs: []dev.Link{{Title: "OpenAPI document of the gateway", Path: "/openapi/gateway.yaml"}, {Title: "Every page, with made-up data", Path: gallery.Prefix}},
		Contracts: []dev.Contract{{
			Name: "Gateway", About: "The v3/payments card gateway: form bodies, ddd.ddd.ddd result codes.", Base: g.Base, Docs: "/docs/gateway",
			Values: []dev.Value{{Name: "Access token", Value: g.Token, Help: "in the Authorization header, after Bearer"}, {Name: "entityId", Value: g.EntityID},
				{Name: "entityType", Value: g.EntityType}, {Name: "merchant.id", Value: g.MerchantID},
				{Name: "Webhook secret", Value: g.WebhookSecret, Help: "signs what goes to a payment's notificationUrl"}},
			Samples: samples(s),
		}},
	})
}

// samples are commands that work as they stand.
func samples(s Sandbox) []dev.Sample {
	g := s.Gateway
	curl := func(path string, params ...string) string {
		line := fmt.Sprintf("curl %s%s -H 'Authorization: Bearer %s' \\\n  -d entityId=%s", g.Base, path, g.Token, g.EntityID)
		for _, p := range params {
			line += " -d '" + p + "'"
		}
		return line
	}
	card := []string{"card.number=4200000000000000", "card.holder=Nora Lind", "card.expiryMonth=08", "card.expiryYear=2032", "card.cvv=321"}
	return []dev.Sample{
		{Title: "Pay at once", Command: curl("/v3/payments", append([]string{"amount=92.00", "currency=EUR", "paymentType=DB", "merchantTransactionId=order-0001"}, card...)...)},
		{Title: "Reserve", Command: curl("/v3/payments", append([]string{"amount=148.50", "currency=EUR", "paymentType=PA"}, card...)...)},
		{Title: "Capture a part of it", Command: "ID=...   # the id of the answer above\n" + quoted(curl("/v3/payments/$ID", "amount=40.00", "currency=EUR", "paymentType=CP"))},
		{Title: "Refund", Command: "ID=...   # the id of a payment that was captured\n" + quoted(curl("/v3/payments/$ID", "amount=10.00", "currency=EUR", "paymentType=RF"))},
		{Title: "Open a checkout page; send the payer to redirect.url", Command: curl("/v3/checkouts", "amount=62.00", "currency=NOK", "paymentType=DB", "shopperResultUrl="+s.URL+"/inbox")},
		{Title: "Read a payment", Command: fmt.Sprintf("curl \"%s/v3/payments/$ID?entityId=%s\" -H 'Authorization: Bearer %s'", g.Base, g.EntityID, g.Token)},
		{Title: "Move the clock seven days", Command: fmt.Sprintf("curl %s/sandbox/clock -H 'Authorization: Bearer %s' -d advanceSeconds=604800", s.URL, g.Token)},
	}
}

// quoted lets the shell fill in $ID: it stands in the address, outside of
// single quotes.
func quoted(line string) string { return line }

func (a *App) showInbox(w http.ResponseWriter, r *http.Request) error {
	list, _ := a.inbox.since(-1)
	in := dev.Inbox{Address: a.BaseURL + "/inbox/hook"}
	for _, got := range slices.Backward(list) {
		m := dev.Message{ID: got.Headers["X-Event-Id"], At: got.At, Path: got.Path, Body: Pretty(got.Body), Answered: http.StatusOK,
			Signature: map[string]dev.Signature{"ok": dev.Good, "wrong": dev.Bad, "none": dev.Missing}[got.Signature]}
		for _, name := range inboxHeaders {
			if v := got.Headers[name]; v != "" {
				m.Headers = append(m.Headers, dev.Value{Name: name, Value: v})
			}
		}
		in.Messages = append(in.Messages, m)
	}
	return dev.ShowInbox(w, r, devLinks, in)
}

func showSandbox(w http.ResponseWriter, r *http.Request) error {
	faults := dev.Group{Title: "Faults on demand", About: "Send the name as customParameters[florin_fault], or pay with the card.",
		Columns: []string{"Name", "Card", "What happens"}}
	for _, t := range fake.Catalogue {
		faults.Rows = append(faults.Rows, []string{string(t.Fault), t.Number(), t.Does + "; answer: " + t.Answer + "; " + t.After})
	}
	cards := dev.Group{Title: "Test cards", About: "Any expiry in the future, any security code.", Columns: []string{"Number", "Brand", "3-D Secure"}}
	for _, c := range fake.Cards {
		cards.Rows = append(cards.Rows, []string{c.Number, c.Brand, string(c.Flow)})
	}
	return dev.ShowSandbox(w, r, devLinks, dev.Sandbox{Groups: []dev.Group{cards, faults}})
}

func showReference(w http.ResponseWriter, r *http.Request) error {
	ref, err := docs.Parse(gateway.OpenAPI())
	if err != nil {
		return err
	}
	return dev.ShowDocs(w, r, devLinks, ref)
}

// pressClock takes the clock form of the start page.
func (a *App) pressClock(w http.ResponseWriter, r *http.Request) {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		http.Error(w, "a form of another site", http.StatusForbidden)
		return
	}
	if err := a.AdvanceSandbox(r.Context(), r.PostFormValue("advance")); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *App) devClock(ctx context.Context) (now time.Time, ahead time.Duration, err error) {
	realm, err := a.devRealm(ctx)
	if err != nil {
		return now, 0, err
	}
	err = a.DB.View(ctx, realm.ID, func(tx *store.Tx) error {
		now = tx.Now()
		return nil
	})
	if ahead = now.Sub(a.now()).Round(time.Second); ahead < 2*time.Second {
		ahead = 0
	}
	return now, ahead, err
}
