package page

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// View is one page to show.
type View struct {
	Language Language // empty: as the request asks for
	Title    string
	Class    string // of the body element
	Policy   Policy
	Sheet    string       // address of a further style sheet, or ""
	Only     []Language   // the languages that are offered; none: all
	Scripts  []string     // names of assets, run when the page is read
	Forward  template.URL // where the browser goes by itself at once (see Link)
	Data     any
}

// scope is what a template's dot is: the view and the words for it.
type scope struct {
	View
	set   *Set
	query url.Values
}

// T says a text, with its placeholders filled.
func (s scope) T(key string, args ...any) string { return s.set.texts.Say(s.Language, key, args...) }

// Has says whether there is a text for key.
func (s scope) Has(key string) bool { return s.set.texts.Has(s.Language, key) }

// Money writes an amount.
func (s scope) Money(a money.Amount) string { return Money(s.Language, a) }

// Moment writes day and time.
func (s scope) Moment(t time.Time) string { return Moment(s.Language, t) }

// Offer is a language that the page can be read in, and its address.
type Offer struct {
	Language
	Address string
	Current bool
}

// Offers are all languages; the addresses keep the other parameters.
func (s scope) Offers() []Offer {
	var out []Offer
	for _, l := range Languages {
		if len(s.Only) > 0 && !slices.Contains(s.Only, l) {
			continue
		}
		q := url.Values{}
		for k, v := range s.query {
			q[k] = v
		}
		q.Set("locale", string(l))
		out = append(out, Offer{l, "?" + q.Encode(), l == s.Language})
	}
	return out
}

// Render answers with a page of the set and all security headers. The page is
// made in memory first, so a broken one is a clean 500 and never half a page.
func (s *Set) Render(w http.ResponseWriter, r *http.Request, status int, name string, v View) error {
	if v.Language == "" {
		v.Language = Asked(r)
	}
	v.Policy.Write(w)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(v.Language))
	h.Set("Vary", "Accept-Language")
	t, ok := s.pages[name]
	if !ok {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return fault.New(fault.Internal, "there is no page %q", name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", scope{v, s, r.URL.Query()}); err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return fault.Wrap(err, "page %s", name)
	}
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := b.WriteTo(w)
	return err
}

// Link makes an address safe to follow: absolute, of a scheme that opens a
// page or an app, without credentials or control characters. Anything else is
// "", which templates show as no link. (html/template's own rule would refuse
// the schemes of apps.)
func Link(raw string) template.URL {
	for _, c := range raw {
		if c < ' ' || c == 0x7f {
			return ""
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" || u.User != nil || u.Opaque != "" {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "javascript", "data", "vbscript", "blob", "file", "filesystem", "about", "view-source":
		return ""
	case "http", "https":
		if u.Host == "" {
			return ""
		}
	}
	return template.URL(u.String())
}
