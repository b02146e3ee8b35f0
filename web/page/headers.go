package page

import (
	"net/http"
	"net/url"
	"strings"
)

// Policy is what a page needs beyond "nothing": the zero Policy lets a
// document load our own style sheets, scripts and images, post its forms to
// us, and be framed by nobody.
type Policy struct {
	Forms   []string // further origins that forms may be posted to
	Frames  []string // who may frame the page, as CSP sources; none: nobody
	Connect bool     // scripts may fetch from us
}

// Write sets every security header of a response. no-store is the default,
// since most pages show what one payer alone should see; assets overrule it.
func (p Policy) Write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", p.csp())
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), usb=()")
	// A page's address may hold the key of a session: no other site hears of
	// it. same-origin rather than no-referrer, because browsers that know no
	// Sec-Fetch-Site would then send "Origin: null" with our own forms.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("X-Content-Type-Options", "nosniff")
	if len(p.Frames) == 0 {
		h.Set("X-Frame-Options", "DENY")
	} else {
		h.Del("X-Frame-Options") // that an outer handler has set
	}
}

func (p Policy) csp() string {
	frames, connect := "'none'", ""
	if len(p.Frames) > 0 {
		frames = strings.Join(p.Frames, " ")
	}
	if p.Connect {
		connect = "connect-src 'self'; "
	}
	forms := strings.Join(append([]string{"'self'"}, p.Forms...), " ")
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " + connect +
		"form-action " + forms + "; frame-ancestors " + frames + "; base-uri 'none'; object-src 'none'"
}

// Secure sets the headers of the zero Policy on every answer of next,
// whatever it is; pages then write their own over them.
func Secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Policy{}.Write(w)
		next.ServeHTTP(w, r)
	})
}

// Origin is the scheme and host of an absolute http or https URL, as a CSP
// source, or "" for anything else.
func Origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(u.Host, " ;,'\"*") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
