package checkout

import (
	"embed"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

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

// Site answers for the checkout pages.
type Site struct {
	Desk   Desk
	Log    *slog.Logger // nil: silent
	origin http.CrossOriginProtection
}

// Mount registers every route, under "" and "/gateway", with a handle that
// takes patterns of net/http such as "GET /v3/checkouts/{key}/page".
func (s *Site) Mount(handle func(pattern string, h http.Handler)) {
	for _, prefix := range []string{"", "/gateway"} {
		at := prefix + "/v3/checkouts/{key}/"
		s.MountAt(at, handle)
		handle("GET "+at+"look.css", http.HandlerFunc(s.Look))
		handle("GET "+at+"logo", http.HandlerFunc(s.Logo))
		handle("GET "+at+"frame", http.HandlerFunc(s.Page))
		handle("POST "+at+"frame", http.HandlerFunc(s.Pay))
		handle("GET "+prefix+"/v3/paymentWidgets.js", http.HandlerFunc(Script))
	}
}

// MountAt registers the page and what its forms are posted to below an address,
// which ends in "{key}/": whatever the Desk finds by a key is paid there.
func (s *Site) MountAt(at string, handle func(pattern string, h http.Handler)) {
	handle("GET "+at+"page", http.HandlerFunc(s.Page))
	handle("POST "+at+"page", http.HandlerFunc(s.Pay))
	handle("POST "+at+"cancel", http.HandlerFunc(s.Cancel))
	handle("POST "+at+"change", http.HandlerFunc(s.Change))
}

// PagePath is the path of a session's page under a prefix ("" or "/gateway");
// with step Done it goes on to the merchant by itself when all is over.
func PagePath(prefix, key string, step Step) string {
	p := prefix + "/v3/checkouts/" + url.PathEscape(key) + "/page"
	if step != "" {
		p += "?step=" + string(step)
	}
	return p
}

// Page shows the session as it stands: GET .../page and GET .../frame.
func (s *Site) Page(w http.ResponseWriter, r *http.Request) {
	sess, ok := s.find(w, r)
	if ok {
		s.show(w, r, sess, typed{}, nil, http.StatusOK)
	}
}

func (s *Site) find(w http.ResponseWriter, r *http.Request) (Session, bool) {
	sess, err := s.Desk.Find(r.Context(), r.PathValue("key"))
	if err == nil {
		return sess, true
	}
	if !framed(r) {
		s.fail(w, r, err, "")
		return Session{}, false
	}
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		s.failFrame(w, r, err, http.StatusNotFound, "InvalidCheckoutIdError")
	} else {
		s.failFrame(w, r, err, http.StatusServiceUnavailable, "WidgetError")
	}
	return Session{}, false
}

func framed(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/frame") }

func (s *Site) show(w http.ResponseWriter, r *http.Request, sess Session, t typed, wrong []Problem, status int) {
	if framed(r) {
		s.showFrame(w, r, sess, t, wrong, status)
		return
	}
	lang := s.language(r, sess)
	step := Step(r.URL.Query().Get("step"))
	v := dressed(page.View{Language: lang, Scripts: []string{"checkout.js"}}, sess)
	name := "result"
	switch {
	case sess.State == Open:
		name = "pay"
		v.Title = s.say(lang, "title.pay", sess.Merchant)
		if sess.RegistrationOnly {
			v.Title = s.say(lang, "title.store", sess.Merchant)
		}
		if len(wrong) > 0 {
			v.Title = s.say(lang, "title.problem", v.Title)
		}
		v.Data = newPayView(sess, t, wrong, nil)
	case step == Go && sess.State == Paying && sess.Resume != nil:
		g, ok := newGoView(sess, true)
		if !ok {
			s.fail(w, r, fault.New(fault.Internal, "the provider's redirect is no address to send a browser to"), lang)
			return
		}
		name, v.Title, v.Data = "go", s.say(lang, "title.go"), g
		s.aim(&v, g)
	default:
		res := newResultView(sess)
		v.Title = s.say(lang, "result."+res.Result)
		// Who comes back from the slip has seen it; before, the desk gives no step.
		if step == Done && (sess.State == Paid || sess.State == Failed || sess.State == Pending) {
			v.Forward = res.Return
		}
		if res.Resume != nil {
			v.Policy.Forms = forms(*res.Resume)
		}
		v.Data = res
	}
	s.render(w, r, status, name, v)
}

// aim makes a page send the browser on by itself: a link by a refresh, a form
// by the script (or by its button, without one).
func (s *Site) aim(v *page.View, g goView) {
	if !g.Post {
		v.Forward = g.Address
	}
	v.Policy.Forms = forms(g)
}

func forms(g goView) []string {
	if !g.Post {
		return nil
	}
	return []string{page.Origin(string(g.Address))}
}

// Pay takes a form: POST .../page and POST .../frame.
func (s *Site) Pay(w http.ResponseWriter, r *http.Request) {
	if err := s.origin.Check(r); err != nil {
		s.fail(w, r, fault.New("forbidden.origin", "a form of another site"), "")
		return
	}
	sess, ok := s.find(w, r)
	if !ok {
		return
	}
	lang := s.language(r, sess)
	frame := readFrame(r.URL.Query())
	form, echo, wrong, err := readForm(w, r, sess.Now, !framed(r) || frame.CVV)
	if err != nil {
		s.fail(w, r, err, lang)
		return
	}
	if len(wrong) > 0 && sess.State == Open {
		s.show(w, r, sess, echo, wrong, http.StatusUnprocessableEntity)
		return
	}
	if framed(r) {
		form.ReturnURL = frame.Return
	}
	if r.URL.Query().Get("locale") != "" {
		form.Locale = string(lang)
	}
	out, err := s.Desk.Pay(r.Context(), sess.Key, form)
	if p := problemOf(err); p != "" {
		out, err = Outcome{Problems: []Problem{p}}, nil
	}
	switch {
	case fault.Is(err, fault.Conflict):
		s.again(w, r, Again) // the page tells how the session stands
	case fault.Is(err, fault.Unavailable):
		s.note(r, err)
		sess.Failure = fault.Unavailable
		s.show(w, r, sess, echo, nil, http.StatusServiceUnavailable)
	case err != nil:
		s.fail(w, r, err, lang)
	case len(out.Problems) > 0:
		s.show(w, r, sess, echo, out.Problems, http.StatusUnprocessableEntity)
	case out.Offer != nil:
		v := dressed(page.View{Language: lang, Scripts: []string{"checkout.js"}, Title: s.say(lang, "title.pay", sess.Merchant)}, sess)
		v.Data = newOfferView(sess, *out.Offer)
		s.render(w, r, http.StatusOK, "offer", v)
	default:
		s.again(w, r, out.Step)
	}
}

// again sends the browser from the form it posted to the page, so that no
// reload and no way back posts it once more. The address is relative, to hold
// behind any proxy.
func (s *Site) again(w http.ResponseWriter, r *http.Request, step Step) {
	q := r.URL.Query()
	q.Del("step")
	if step != "" {
		q.Set("step", string(step))
	}
	last := "page"
	if framed(r) {
		last = "frame"
	}
	page.Policy{}.Write(w)
	w.Header().Set("Location", last+"?"+q.Encode())
	w.WriteHeader(http.StatusSeeOther)
}

// Cancel leaves without paying: POST .../cancel. The answer is a page that
// forwards, not a redirect, because form-action forbids a form's redirect to
// lead elsewhere.
func (s *Site) Cancel(w http.ResponseWriter, r *http.Request) {
	if err := s.origin.Check(r); err != nil {
		s.fail(w, r, fault.New("forbidden.origin", "a form of another site"), "")
		return
	}
	sess, ok := s.find(w, r)
	if !ok {
		return
	}
	back, err := s.Desk.Cancel(r.Context(), sess.Key)
	link := page.Link(back)
	if err == nil && link == "" || fault.Is(err, fault.Conflict) {
		s.again(w, r, Again)
		return
	}
	lang := s.language(r, sess)
	if err != nil {
		s.fail(w, r, err, lang)
		return
	}
	s.render(w, r, http.StatusOK, "go", page.View{Language: lang, Title: s.say(lang, "title.back", sess.Merchant), Forward: link,
		Scripts: []string{"checkout.js"}, Data: goView{Session: sess, Address: link, Auto: true}})
}

// Change lets the payer choose another way in place of a bank transfer: POST
// .../change.
func (s *Site) Change(w http.ResponseWriter, r *http.Request) {
	if err := s.origin.Check(r); err != nil {
		s.fail(w, r, fault.New("forbidden.origin", "a form of another site"), "")
		return
	}
	sess, ok := s.find(w, r)
	if !ok {
		return
	}
	if s.Desk.Change == nil { // this desk takes no transfers
		s.again(w, r, Again)
		return
	}
	if err := s.Desk.Change(r.Context(), sess.Key); err != nil && !fault.Is(err, fault.Conflict) {
		s.fail(w, r, err, s.language(r, sess))
		return
	}
	s.again(w, r, Again)
}

func (s *Site) say(lang page.Language, key string, args ...any) string {
	return Pages.Texts().Say(lang, key, args...)
}

func (s *Site) render(w http.ResponseWriter, r *http.Request, status int, name string, v page.View) {
	s.note(r, Pages.Render(w, r, status, name, v))
}

func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error, lang page.Language) {
	s.note(r, err)
	v := page.View{Language: lang}
	if framed(r) {
		v.Class, v.Policy.Frames = readFrame(r.URL.Query()).class(), ancestors(true)
	}
	s.note(r, Pages.Fail(w, r, err, v))
}

// note logs what is our fault. The path holds the session's key, which opens
// the page to anyone, so it is left out.
func (s *Site) note(r *http.Request, err error) {
	if s.Log == nil || err == nil {
		return
	}
	if fault.Is(err, fault.Internal) || fault.Is(err, fault.Unavailable) {
		s.Log.ErrorContext(r.Context(), "checkout page", "err", err)
	}
}
