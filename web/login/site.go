package login

import (
	"embed"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/login"
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

// Site answers for the login pages.
type Site struct {
	Login  *login.Service
	Secure bool // served over https: cookies say so
	Log    *slog.Logger
	Outbox string // the page that shows what a sandbox sends, or ""

	origin http.CrossOriginProtection
}

// Mount registers every page below a path such as /login, with a handle that
// takes patterns of net/http.
func (s *Site) Mount(handle func(pattern string, h http.Handler)) {
	for _, path := range []string{"/oauth/authorize", "/login", "/createUser", "/register"} {
		serve := http.HandlerFunc(s.enter)
		if path == "/oauth/authorize" {
			serve = s.authorize
		}
		handle("GET "+path, serve)
		handle("POST "+path, serve)
	}
	for _, method := range []string{"GET", "POST"} {
		handle(method+" /account", http.HandlerFunc(s.account))
	}
	handle("GET /logout", http.HandlerFunc(s.logout))
	handle("GET /loginCheck", http.HandlerFunc(s.check))
}

// cookie is the name of a realm's session cookie. Several organisations may
// share the host.
func (s *Site) cookie(c login.Client) string {
	name := "florin-" + string(c.Realm)
	if s.Secure {
		name = "__Host-" + name
	}
	return name
}

// SignedIn finds who is signed in in this browser, in the client's realm.
// Faults: unauthenticated.session.
func (s *Site) SignedIn(r *http.Request, c login.Client) (login.Session, login.Person, error) {
	token := ""
	if k, err := r.Cookie(s.cookie(c)); err == nil {
		token = k.Value
	}
	return s.Login.Session(r.Context(), c.Realm, token)
}

// keep lays the session down in the browser, or takes it away when there is no
// token.
func (s *Site) keep(w http.ResponseWriter, c login.Client, token string) {
	k := &http.Cookie{Name: s.cookie(c), Value: token, Path: "/", Secure: s.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	switch {
	case token == "":
		k.MaxAge = -1
	case c.Remember:
		k.MaxAge = 30 * 24 * 60 * 60
	}
	http.SetCookie(w, k)
}

// sign signs a person in: a new session, whatever there was before.
func (s *Site) sign(w http.ResponseWriter, r *http.Request, c login.Client, p login.Person, by login.Credential) error {
	if err := s.out(r, c); err != nil {
		return err
	}
	token, _, err := s.Login.Begin(r.Context(), c, p, by)
	if err == nil {
		s.keep(w, c, token.Reveal())
	}
	return err
}

// out ends the browser's session.
func (s *Site) out(r *http.Request, c login.Client) error {
	k, err := r.Cookie(s.cookie(c))
	if err != nil {
		return nil // there is none
	}
	return s.Login.End(r.Context(), k.Value)
}

// Back is an address with more parameters behind its own, which stay as they
// are. Parameters come in pairs.
func Back(u *url.URL, pairs ...string) string {
	out := *u
	var more strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if more.Len() > 0 || out.RawQuery != "" {
			more.WriteByte('&')
		}
		more.WriteString(url.QueryEscape(pairs[i]) + "=" + url.QueryEscape(pairs[i+1]))
	}
	out.RawQuery += more.String()
	return out.String()
}

// Send leads the browser to an address that was found to be the client's.
func Send(w http.ResponseWriter, address string) {
	page.Policy{}.Write(w)
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusFound)
}

// Source is an address as a source of form-action: forms that lead there by
// redirects are blocked by browsers otherwise.
func Source(u *url.URL) string {
	if origin := page.Origin(u.String()); origin != "" {
		return origin
	}
	return u.Scheme + ":"
}

func (s *Site) say(lang page.Language, key string, args ...any) string {
	return Pages.Texts().Say(lang, key, args...)
}

// Fail answers with an error page that leads nowhere.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) {
	s.note(r, err)
	if fault.Is(err, fault.NotFound) { // an unknown client is as wrong as an address that is not its own
		err = fault.New(fault.Invalid, "unknown client")
	}
	s.note(r, Pages.Fail(w, r, err, page.View{Class: "plain"}))
}

// note logs what is our fault. The query may hold what is nobody's business, so
// it is left out.
func (s *Site) note(r *http.Request, err error) {
	if s.Log == nil || err == nil {
		return
	}
	if fault.Is(err, fault.Internal) || fault.Is(err, fault.Unavailable) {
		s.Log.ErrorContext(r.Context(), "login page", "path", r.URL.Path, "err", err)
	}
}
