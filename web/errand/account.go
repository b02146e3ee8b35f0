package errand

import (
	"embed"
	"errors"
	"net/http"
	"net/url"

	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/fault"
	weblogin "github.com/florinpay/florin/web/login"
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

// The steps of the account's page, as its form names them.
const (
	stepAccount = "account"
	stepLeave   = "leave"
)

// form is what was typed, and what is wrong with it. The holder's own number is
// never written back.
type form struct{ Clearing, Number, At string }

// account takes a form of the account's page: false when the form is another
// one's, the sign-in page's.
func (s *Site) account(w http.ResponseWriter, r *http.Request, v weblogin.Visit, d door, number int64) bool {
	in, err := s.SignIn.Form(w, r)
	if err != nil {
		s.SignIn.Fail(w, r, err)
		return true
	}
	what := in.Get("step")
	if what != stepAccount && what != stepLeave {
		return false
	}
	session, p, err := s.SignIn.SignedIn(r, v.Client)
	if fault.Is(err, fault.Unauthenticated) { // the session has ended meanwhile: sign in, and type it again
		return false
	}
	if err != nil {
		s.SignIn.Fail(w, r, err)
		return true
	}
	o := errand.Owner{Realm: session.Realm, Client: v.Client.ID, Code: v.Client.Code, Person: p.ID}
	if what == stepLeave {
		step, err := s.Errands.Leave(r.Context(), o, number)
		s.lead(w, r, v, d, step, err)
		return true
	}
	a, err := bankfile.SwedishAccount(in.Get("clearing"), in.Get("number"), in.Get("person"))
	var f *fault.Error
	if errors.As(err, &f) {
		s.show(w, r, v, form{in.Get("clearing"), in.Get("number"), f.Param})
		return true
	}
	step, err := s.Errands.GiveAccount(r.Context(), o, number, a)
	s.lead(w, r, v, d, step, err)
	return true
}

// show shows the account's page.
func (s *Site) show(w http.ResponseWriter, r *http.Request, v weblogin.Visit, f form) {
	lang, status := page.Asked(r), http.StatusOK
	view := page.View{Language: lang, Class: "plain", Title: Pages.Texts().Say(lang, "title", v.Client.Name), Data: struct {
		form
		Client string
	}{f, v.Client.Name}}
	if f.At != "" {
		status = http.StatusUnprocessableEntity
		view.Title = Pages.Texts().Say(lang, "title.problem", view.Title)
	}
	for _, u := range []*url.URL{v.Return, v.Error} {
		view.Policy.Forms = append(view.Policy.Forms, weblogin.Source(u))
	}
	if err := Pages.Render(w, r, status, "account", view); err != nil && s.Log != nil {
		s.Log.ErrorContext(r.Context(), "errand page", "path", r.URL.Path, "err", err)
	}
}
