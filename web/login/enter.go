package login

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/login"
)

// Visit is what a site brings in the address: who it is and where its page goes
// on.
type Visit struct {
	Client login.Client
	Return *url.URL
	Error  *url.URL
}

// Read reads clientId, returnUrl and errorUrl. Both addresses have to be the
// client's. Faults: not_found.client, invalid.return; both are answered by Fail
// and never by a redirect.
func (s *Site) Read(r *http.Request) (v Visit, err error) {
	q := r.URL.Query()
	if len(q["clientId"]) > 1 || len(q["returnUrl"]) > 1 || len(q["errorUrl"]) > 1 {
		return v, fault.New("invalid.return", "a parameter stands twice")
	}
	if v.Client, err = s.Login.Client(r.Context(), q.Get("clientId")); err != nil {
		return v, err
	}
	if v.Return, err = v.Client.Return(q.Get("returnUrl")); err != nil {
		return v, err
	}
	v.Error, err = v.Client.Return(q.Get("errorUrl"))
	return v, err
}

// Err leads to the errorUrl with a code of the contract and words.
func (v Visit) Err(w http.ResponseWriter, code, message string, pairs ...string) {
	Send(w, Back(v.Error, append([]string{"error", code, "errorMessage", message}, pairs...)...))
}

// enter is /login, /createUser and /register (sheet, 3.3).
func (s *Site) enter(w http.ResponseWriter, r *http.Request) {
	v, err := s.Read(r)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	q := r.URL.Query()
	creates := !strings.HasSuffix(r.URL.Path, "/login")
	g := Gate{Client: v.Client, Leads: []*url.URL{v.Return, v.Error}, Credential: q.Get("credential"), Creates: creates, CodeFirst: creates,
		Cancel: Back(v.Error, "error", "accessDenied", "errorMessage", "the reader went back")}
	if fresh := q.Get("assumeNewUser"); fresh != "" {
		g.CodeFirst = fresh == "true"
	}
	if _, _, ok := s.Pass(w, r, g); ok {
		Send(w, v.Return.String())
	}
}

// account is where whoever is signed in changes name and password (ours): /account.
// A new password ends every other session and every token.
func (s *Site) account(w http.ResponseWriter, r *http.Request) {
	v, err := s.Read(r)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	g := Gate{Client: v.Client, Leads: []*url.URL{v.Return, v.Error}, Cancel: v.Return.String(), Done: v.Return.String()}
	if _, p, ok := s.Pass(w, r, g); ok {
		s.show(w, r, g, form{step: stepWelcome, first: p.GivenName, last: p.Surname})
	}
}

// logout ends the session: GET /logout. A browser sends its cookie along when
// somebody follows a link here, and not when a foreign page loads us.
func (s *Site) logout(w http.ResponseWriter, r *http.Request) {
	v, err := s.Read(r)
	if err == nil {
		err = s.out(r, v.Client)
	}
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	s.keep(w, v.Client, "")
	Send(w, v.Return.String())
}

// check leads to returnUrl when somebody is signed in, else to errorUrl:
// GET /loginCheck.
func (s *Site) check(w http.ResponseWriter, r *http.Request) {
	v, err := s.Read(r)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	_, _, err = s.SignedIn(r, v.Client)
	switch {
	case err == nil:
		Send(w, v.Return.String())
	case fault.Is(err, fault.Unauthenticated):
		v.Err(w, "notLoggedIn", "nobody is signed in")
	default:
		s.Fail(w, r, err)
	}
}

// authorize is OAuth's page (sheet, 3.1).
func (s *Site) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	for _, values := range q {
		if len(values) > 1 {
			s.Fail(w, r, fault.New("invalid.request", "a parameter stands twice"))
			return
		}
	}
	ask, err := s.Login.Ask(r.Context(), q.Get("client_id"), q.Get("redirect_uri"), q.Get("response_type"), q.Get("scope"), q.Get("code_challenge"), q.Get("code_challenge_method"))
	to, wrong := url.Parse(ask.Redirect)
	if ask.Redirect == "" || wrong != nil {
		s.Fail(w, r, err)
		return
	}
	answer := func(pairs ...string) string {
		if q.Has("state") {
			pairs = append(pairs, "state", q.Get("state"))
		}
		return Back(to, pairs...)
	}
	if err != nil {
		s.note(r, err)
		Send(w, answer("error", word(err), "error_description", reason(err)))
		return
	}
	in, _, ok := s.Pass(w, r, Gate{Client: ask.Client, Leads: []*url.URL{to}, Credential: q.Get("login_hint"), Cancel: answer("error", "access_denied", "error_description", "the reader went back")})
	if !ok {
		return
	}
	code, err := s.Login.Authorise(r.Context(), ask, in)
	if err != nil {
		s.note(r, err)
		Send(w, answer("error", word(err), "error_description", reason(err)))
		return
	}
	Send(w, answer("code", code.Reveal()))
}

// word is what RFC 6749, 4.1.2.1 calls an error.
func word(err error) string {
	for code, word := range map[string]string{"invalid.response_type": "unsupported_response_type", "invalid.scope": "invalid_scope", "invalid.challenge": "invalid_request",
		fault.Unavailable: "temporarily_unavailable"} {
		if fault.Is(err, code) {
			return word
		}
	}
	return "server_error"
}

func reason(err error) string {
	if f, ok := err.(*fault.Error); ok && fault.Is(err, fault.Invalid) {
		return f.Msg
	}
	return "the request could not be carried out"
}
