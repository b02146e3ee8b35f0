package login

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/web/page"
)

// Gate is what stands before a page that needs somebody signed in.
type Gate struct {
	Client     login.Client
	Leads      []*url.URL // where the page may lead: browsers are told, since forms come by there
	Cancel     string     // where whoever goes back is led, or ""
	Done       string     // where name and password lead that were changed, or "": to the page itself
	Credential string     // of whom the site expects, or ""
	Creates    bool       // the site wants an account to be there
	CodeFirst  bool       // a code is sent; else the password is asked for first
}

// Pass lets through who is signed in. Everybody else is shown the sign-in page,
// whose forms come to the same address, by POST: then ok is false and the
// answer is written. A page mounts itself under both methods.
func (s *Site) Pass(w http.ResponseWriter, r *http.Request, g Gate) (in login.Session, p login.Person, ok bool) {
	if r.Method == http.MethodPost {
		s.take(w, r, g)
		return in, p, false
	}
	in, p, err := s.SignedIn(r, g.Client)
	if err != nil && !fault.Is(err, fault.Unauthenticated) {
		s.Fail(w, r, err)
		return in, p, false
	}
	if err == nil && g.Credential != "" {
		same, err := s.expected(r, g, p)
		if err != nil {
			s.Fail(w, r, err)
			return in, p, false
		}
		if !same && g.Creates { // signed out first (sheet, 3.3)
			if err := s.out(r, g.Client); err != nil {
				s.Fail(w, r, err)
				return in, p, false
			}
			s.keep(w, g.Client, "")
		}
		if !same {
			s.show(w, r, g, form{})
			return in, p, false
		}
	}
	switch {
	case err != nil:
		s.show(w, r, g, form{})
	case r.URL.Query().Get("step") == stepWelcome:
		s.show(w, r, g, form{step: stepWelcome, first: p.GivenName, last: p.Surname})
	default:
		return in, p, true
	}
	return in, p, false
}

// expected says whether a person is who the site expects.
func (s *Site) expected(r *http.Request, g Gate, p login.Person) (bool, error) {
	want, err := login.Read(g.Credential)
	if err != nil {
		return true, nil // not a credential, so it says nothing
	}
	list, err := s.Login.Credentials(r.Context(), g.Client.Realm, p.ID)
	for _, c := range list {
		if c.String() == want.String() {
			return true, err
		}
	}
	return false, err
}

// The steps of signing in, as forms name them.
const (
	stepPassword = "password"
	stepSend     = "send" // a code
	stepCode     = "code"
	stepWelcome  = "welcome"
	stepCancel   = "cancel"
	stepSkip     = "skip"
)

// form is what was typed, and what is wrong with it.
type form struct {
	step       string // that is shown: "", stepCode or stepWelcome
	credential string
	first      string
	last       string
	problem    string // the key of a text, "" for none
	at         string // the field it is about
	status     int
}

const formLimit = 16 << 10 // bytes

// Form reads a form of one of our own pages. Faults, in the order checked:
// forbidden.origin (another site's page sent it), invalid.form.
func (s *Site) Form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if err := s.origin.Check(r); err != nil {
		return nil, fault.New("forbidden.origin", "a form of another site")
	}
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		return nil, fault.New("invalid.form", "the form cannot be read")
	}
	return r.PostForm, nil
}

// take takes a form of the sign-in page.
func (s *Site) take(w http.ResponseWriter, r *http.Request, g Gate) {
	in, err := s.Form(w, r)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	switch in.Get("step") {
	case stepCancel:
		if g.Cancel != "" {
			w.Header().Set("Location", g.Cancel)
			w.WriteHeader(http.StatusSeeOther)
			return
		}
	case stepWelcome, stepSkip:
		s.takeWelcome(w, r, g, in)
		return
	case stepPassword, stepSend, stepCode:
		s.takeCredential(w, r, g, in)
		return
	}
	s.show(w, r, g, form{})
}

// takeCredential takes a credential with a password, with a code, or for a code
// to be sent.
func (s *Site) takeCredential(w http.ResponseWriter, r *http.Request, g Gate, in url.Values) {
	f := form{credential: in.Get("credential"), status: http.StatusUnprocessableEntity}
	c, err := login.Read(f.credential)
	if err != nil {
		f.problem, f.at = "problem.credential", "credential"
		s.show(w, r, g, f)
		return
	}
	made := false
	var p login.Person
	switch in.Get("step") {
	case stepSend:
		if err = s.Login.SendCode(r.Context(), g.Client, c, string(page.Asked(r))); err == nil {
			s.show(w, r, g, form{step: stepCode, credential: f.credential})
			return
		}
	case stepCode:
		f.step, f.at = stepCode, "code"
		digits := strings.NewReplacer(" ", "", "\u00a0", "", "-", "").Replace(in.Get("code"))
		p, made, err = s.Login.ByCode(r.Context(), g.Client.Realm, c, digits)
	default:
		f.at = "password"
		p, err = s.Login.ByPassword(r.Context(), g.Client.Realm, c, in.Get("password"))
	}
	if err == nil {
		err = s.sign(w, r, g.Client, p, c)
	}
	if err != nil {
		s.refuse(w, r, g, f, err)
		return
	}
	again(w, r, made)
}

// refuse shows the form again with what is wrong, in words that say the same to
// whoever is known and whoever is not.
func (s *Site) refuse(w http.ResponseWriter, r *http.Request, g Gate, f form, err error) {
	switch {
	case fault.Is(err, fault.Unauthenticated) && f.step == stepCode:
		f.problem = "problem.code"
	case fault.Is(err, fault.Unauthenticated):
		f.problem = "problem.wrong"
	case fault.Is(err, fault.Limited):
		f.problem, f.at, f.status = "problem.limited", "credential", http.StatusTooManyRequests
	case fault.Is(err, "unavailable.channel"), fault.Is(err, "forbidden.country"), fault.Is(err, fault.Invalid):
		f.problem, f.at = "problem.channel", "credential"
	default:
		s.Fail(w, r, err)
		return
	}
	s.show(w, r, g, f)
}

// takeWelcome takes what somebody new tells of himself; all of it may be left out.
func (s *Site) takeWelcome(w http.ResponseWriter, r *http.Request, g Gate, in url.Values) {
	session, p, err := s.SignedIn(r, g.Client)
	if fault.Is(err, fault.Unauthenticated) {
		s.show(w, r, g, form{})
		return
	}
	if err == nil && in.Get("step") == stepWelcome {
		f := form{step: stepWelcome, first: strings.TrimSpace(in.Get("first")), last: strings.TrimSpace(in.Get("last")), status: http.StatusUnprocessableEntity}
		_, err = s.Login.Rename(r.Context(), g.Client.Realm, p.ID, login.Names{GivenName: f.first, Middle: p.Middle, Surname: f.last, Company: p.Company, Locale: string(page.Asked(r))})
		if err == nil && in.Get("password") != "" {
			k, cookieErr := r.Cookie(s.cookie(g.Client))
			if err = cookieErr; err == nil {
				err = s.Login.SetPassword(r.Context(), g.Client.Realm, p.ID, session.Credential, in.Get("password"), k.Value)
			}
		}
		switch {
		case fault.Is(err, "invalid.name"):
			f.problem, f.at = "problem.name", "first"
		case fault.Is(err, "invalid.password.weak"):
			f.problem, f.at = "problem.weak", "password"
		case fault.Is(err, "invalid.password"):
			f.problem, f.at = "problem.password", "password"
		}
		if f.problem != "" {
			s.show(w, r, g, f)
			return
		}
	}
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	if g.Done != "" {
		w.Header().Set("Location", g.Done)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	again(w, r, false)
}

// again sends the browser from the form it posted to the page, so that no
// reload posts it once more. The address is relative, to hold behind any proxy.
func again(w http.ResponseWriter, r *http.Request, welcome bool) {
	q := r.URL.Query()
	q.Del("step")
	if welcome {
		q.Set("step", stepWelcome)
	}
	path := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	w.Header().Set("Location", path+"?"+q.Encode())
	w.WriteHeader(http.StatusSeeOther)
}

// view is what the templates see.
type view struct {
	Client, Credential, First, Last string
	Problem, At                     string
	CodeFirst, Creates, CanCancel   bool
	Account                         bool // name and password are changed, not given for the first time
	Outbox                          string
	Least, Minutes                  int
}

// show shows the sign-in page at a step.
func (s *Site) show(w http.ResponseWriter, r *http.Request, g Gate, f form) {
	lang := page.Asked(r)
	v := page.View{Language: lang, Class: "plain"}
	name, title := "signin", "title.signin"
	switch {
	case f.step == stepCode:
		name, title = "code", "title.code"
	case f.step == stepWelcome && g.Done != "":
		name, title = "welcome", "title.create"
	case f.step == stepWelcome:
		name, title = "welcome", "title.welcome"
	case g.Creates:
		title = "title.create"
	}
	if f.credential == "" {
		f.credential = g.Credential
	}
	v.Title = s.say(lang, title, g.Client.Name)
	d := view{Client: g.Client.Name, Credential: f.credential, First: f.first, Last: f.last, At: f.at, CodeFirst: g.CodeFirst, Creates: g.Creates, CanCancel: g.Cancel != "", Account: g.Done != "",
		Outbox: s.Outbox, Least: login.PasswordMin, Minutes: login.CodeMinutes}
	if f.problem != "" {
		d.Problem = s.say(lang, f.problem)
		v.Title = s.say(lang, "title.problem", v.Title)
	}
	for _, u := range g.Leads {
		v.Policy.Forms = append(v.Policy.Forms, Source(u))
	}
	v.Data = d
	if f.status == 0 {
		f.status = http.StatusOK
	}
	s.note(r, Pages.Render(w, r, f.status, name, v))
}
