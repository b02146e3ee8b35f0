package april

import (
	"context"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"strings"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/web/page"
)

//go:embed all:templates
var templates embed.FS

//go:embed texts
var texts embed.FS

//go:embed assets
var assets embed.FS

// Pages are the room's pages; page.Assets serves what they load.
var Pages = page.New(page.Room{
	Templates: page.Folder(templates, "templates"),
	Texts:     page.Folder(texts, "texts"),
	Assets:    page.Folder(assets, "assets"),
})

// Site answers for the pages.
type Site struct {
	// Challenge finds where the browser has to go for a challenge. Faults:
	// not_found (no such challenge, or it is over).
	Challenge func(ctx context.Context, token string) (connector.Redirect, error)
	Log       *slog.Logger
}

// Mount registers every route with a handle that takes patterns of net/http.
func (s *Site) Mount(handle func(pattern string, h http.Handler)) {
	handle("GET /april/challenge/done", http.HandlerFunc(s.done))
	handle("GET /april/challenge/{token}", http.HandlerFunc(s.challenge))
	for _, prefix := range []string{"", "/april"} {
		handle("GET "+prefix+scriptPath, http.HandlerFunc(Script))
		handle("GET "+prefix+"/april/checkout/frame", http.HandlerFunc(s.frame))
	}
}

// ancestors may frame the pages: shops that are served over https, and what a
// developer's own machine serves.
var ancestors = []string{"https:", "http://localhost:*", "http://127.0.0.1:*"}

// onward is a page that sends the browser on by itself.
type onward struct {
	Address    template.URL
	Post       bool
	Parameters []connector.Parameter
}

// challenge sends the browser to the bank, or says that there is nothing to do.
func (s *Site) challenge(w http.ResponseWriter, r *http.Request) {
	to, err := s.Challenge(r.Context(), r.PathValue("token"))
	link := page.Link(to.URL)
	if err == nil && (link == "" || page.Origin(to.URL) == "") {
		err = fault.New(fault.Internal, "the provider's redirect is no address to send a browser to")
	}
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		s.done(w, r)
		return
	}
	if err != nil {
		s.note(r, err)
		s.note(r, Pages.Fail(w, r, err, page.View{Class: "frame", Policy: page.Policy{Frames: ancestors}}))
		return
	}
	v := page.View{Language: page.Asked(r), Class: "frame theme-light", Policy: page.Policy{Frames: ancestors, Forms: []string{page.Origin(to.URL)}},
		Scripts: []string{"onward.js"}, Data: onward{Address: link, Post: strings.EqualFold(to.Method, http.MethodPost), Parameters: to.Parameters}}
	v.Title = Pages.Texts().Say(v.Language, "challenge")
	s.note(r, Pages.Render(w, r, http.StatusOK, "challenge", v))
}

// done tells the page around that the challenge is over. How it went the
// merchant's backend hears from us alone.
func (s *Site) done(w http.ResponseWriter, r *http.Request) {
	v := page.View{Language: page.Asked(r), Class: "frame theme-light", Policy: page.Policy{Frames: ancestors}, Scripts: []string{"onward.js"}}
	v.Title = Pages.Texts().Say(v.Language, "challenge.over")
	s.note(r, Pages.Render(w, r, http.StatusOK, "over", v))
}

func (s *Site) note(r *http.Request, err error) {
	if err != nil && s.Log != nil && !fault.Is(err, fault.NotFound) {
		s.Log.ErrorContext(r.Context(), "april page", "err", err)
	}
}
