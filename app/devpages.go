package app

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/api/gateway"
	"github.com/florinpay/florin/api/media"
	"github.com/florinpay/florin/api/spense"
	"github.com/florinpay/florin/store"
	webapril "github.com/florinpay/florin/web/april"
	webcheckout "github.com/florinpay/florin/web/checkout"
	"github.com/florinpay/florin/web/dev"
	"github.com/florinpay/florin/web/docs"
	weberrand "github.com/florinpay/florin/web/errand"
	"github.com/florinpay/florin/web/gallery"
	weblogin "github.com/florinpay/florin/web/login"
	"github.com/florinpay/florin/web/page"
)

// rooms are the pages whose assets are served.
func (a *App) rooms() []*page.Set {
	return []*page.Set{webcheckout.Pages, webapril.Pages, dev.Pages, weblogin.Pages, weberrand.Pages}
}

// devLinks are the pages that each page for developers leads to.
var devLinks = append(dev.Links{{Title: "Start", Path: "/"}, {Title: "Inbox", Path: "/inbox"}, {Title: "Outbox", Path: "/outbox"}, {Title: "Sandbox", Path: "/sandbox"}},
	referenceLinks()...)

// devPages mounts the pages for developers. They show test credentials and
// exist in a sandbox alone.
func (a *App) devPages(r chi.Router, s Sandbox) {
	r.Get("/", a.shown(func(w http.ResponseWriter, r *http.Request) error { return a.showStart(w, r, s) }))
	r.Get("/inbox", a.shown(a.showInbox))
	r.Get("/outbox", a.shown(a.showOutbox))
	r.Get("/outbox/{id}/{n}", a.devAttachment)
	r.Get("/sandbox", a.shown(showSandbox))
	a.documents(r, devLinks)
	r.Post("/clock", a.pressClock)
	r.Post("/try", a.try)
	r.Get("/try/back", a.shown(func(w http.ResponseWriter, r *http.Request) error { return showReturned(w, r, s) }))
	r.Get(mediaBack, a.shown(func(w http.ResponseWriter, r *http.Request) error { return showSignedIn(w, r, s) }))
	r.Handle(gallery.Prefix+"*", gallery.Handler())
}

// documented are the contracts that have a document and a page.
var documented = []struct {
	name, title string
	text        func() []byte
}{{"gateway", "Gateway", gateway.OpenAPI}, {"april", "April", april.OpenAPI}, {"media", "Media", media.OpenAPI},
	{"spense-partner", "Spense partner", spense.PartnerAPI}, {"spense-payments", "Spense payments", spense.PaymentsAPI}}

func referenceLinks() (links dev.Links) {
	for _, d := range documented {
		links = append(links, dev.Link{Title: d.title, Path: "/docs/" + d.name})
	}
	return append(links, dev.Link{Title: "Changes", Path: "/docs/changes"})
}

// openAPILinks lead to the documents themselves.
func openAPILinks() (links []dev.Link) {
	for _, d := range documented {
		links = append(links, dev.Link{Title: "OpenAPI document: " + d.title, Path: "/openapi/" + d.name + ".yaml"})
	}
	return links
}

// references mounts the contracts' documents and their pages, in production
// too.
func (a *App) references(r chi.Router) {
	for _, d := range documented {
		r.Get("/openapi/"+d.name+".yaml", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
			_, _ = w.Write(d.text()) // a client that hung up needs no answer
		})
	}
	a.documents(r, referenceLinks())
}

// documents mounts the pages of the contracts' documents. What a page shows is
// read from its document once, at the first request: that takes 30 ms.
func (a *App) documents(r chi.Router, links dev.Links) {
	for _, d := range documented {
		reference := sync.OnceValues(func() (docs.Reference, error) { return docs.Parse(d.text()) })
		r.Get("/docs/"+d.name, a.shown(func(w http.ResponseWriter, r *http.Request) error {
			ref, err := reference()
			if err != nil {
				return err
			}
			return dev.ShowDocs(w, r, links, ref)
		}))
	}
	changes := sync.OnceValues(readChanges)
	r.Get("/docs/changes", a.shown(func(w http.ResponseWriter, r *http.Request) error {
		all, err := changes()
		if err != nil {
			return err
		}
		return dev.ShowChanges(w, r, links, all)
	}))
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
		Version: Version, Database: a.Config.Get("database"), Clock: dev.Clock{Now: now, Ahead: ahead, Action: "/clock"}, Try: "/try",
		Docs: append(openAPILinks(), dev.Link{Title: "Every page, with made-up data", Path: gallery.Prefix}),
		Contracts: []dev.Contract{{
			Name: "Gateway", About: "The v3/payments card gateway: form bodies, ddd.ddd.ddd result codes.", Base: g.Base, Docs: "/docs/gateway",
			Values: []dev.Value{{Name: "Access token", Value: g.Token, Help: "in the Authorization header, after Bearer"}, {Name: "entityId", Value: g.EntityID},
				{Name: "entityType", Value: g.EntityType}, {Name: "merchant.id", Value: g.MerchantID},
				{Name: "Webhook secret", Value: g.WebhookSecret, Help: "signs what goes to a payment's notificationUrl"}},
			Samples: samples(s),
		}, aprilContract(s), mediaContract(s), spenseContract(s)},
	})
}

func (a *App) showInbox(w http.ResponseWriter, r *http.Request) error {
	list, _ := a.inbox.since(-1)
	in := dev.Inbox{Address: a.BaseURL + "/inbox/hook"}
	for _, got := range slices.Backward(list) {
		m := dev.Message{ID: strconv.FormatInt(got.Seq, 10), At: got.At, Path: got.Path, Summary: gist(got.Body), Body: Pretty(got.Body), Answered: http.StatusOK,
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

// readChanges reads the days that the documents bear.
func readChanges() (all dev.Changes, err error) {
	for _, d := range documented {
		list, err := docs.Changes(d.text())
		if err != nil {
			return all, err
		}
		all.Documents = append(all.Documents, dev.Changed{Title: d.title, Path: "/docs/" + d.name, List: list})
	}
	return all, nil
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
