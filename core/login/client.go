package login

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
)

// Client is a site or an app that asks for people, or acts for itself.
type Client struct {
	Realm       ident.ID
	ID          ident.ID
	Version     int64
	Code        string // no.publisher.site: unique in the installation, since it tells the realm
	Name        string // as people read it
	Merchant    ident.ID
	Redirects   []string // where codes go, each as it is, letter by letter
	Hosts       []string // where pages may lead back to: site.example, site.example:8443, app:
	Scopes      []string
	ResultParam string        // the name of the parameter that carries a result; "status" unless set
	AccessLife  time.Duration // of access tokens; 12 hours unless set
	Remember    bool          // its readers stay signed in when their browser is closed
	DisabledAt  time.Time
	CreatedAt   time.Time

	hash string // of its secret; "" for a client that cannot keep one
}

// Public says whether the client has no secret, and so has to prove by PKCE
// that it is the one that began.
func (c Client) Public() bool { return c.hash == "" }

// Result is the name of the parameter that carries a result back.
func (c Client) Result() string {
	if c.ResultParam == "" {
		return "status"
	}
	return c.ResultParam
}

// Scopes that clients may have.
const (
	ReadScope  = "read"
	WriteScope = "write"
)

// check refuses a client that makes no sense. Faults: invalid.client.
func (c Client) check() error {
	wrong := func(param, why string) error { return fault.At("invalid.client", param, "%s", why) }
	switch {
	case len(c.Code) < 3 || len(c.Code) > 64 || strings.Trim(c.Code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != "":
		return wrong("clientId", "a client id has 3 to 64 letters, digits, dots, dashes and underscores")
	case c.Name == "" || len(c.Name) > 100:
		return wrong("name", "a name of 1 to 100 characters is needed")
	case c.ResultParam != "" && strings.Trim(c.ResultParam, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "":
		return wrong("resultParam", "letters, digits and underscores")
	case c.AccessLife < 0 || c.AccessLife > 30*24*time.Hour:
		return wrong("accessLife", "at most 30 days")
	}
	for _, s := range c.Scopes {
		if s != ReadScope && s != WriteScope {
			return wrong("scopes", "read and write are the scopes there are")
		}
	}
	for _, raw := range c.Redirects {
		if u, ok := plainURL(raw); !ok || u.Fragment != "" || strings.Contains(raw, "#") {
			return wrong("redirects", "a redirect address is absolute, without fragment")
		}
	}
	for _, h := range c.Hosts {
		if !isHost(h) {
			return wrong("hosts", "a host is a name, a name with a port, or an app's scheme with a colon")
		}
	}
	return nil
}

// redirects is an exact comparison: whoever may change one letter of where
// a code goes may have it.
func (c Client) redirects(raw string) bool { return slices.Contains(c.Redirects, raw) }

// Grants says whether the client may have all of the scopes; none asked for
// means all that it has. Faults: invalid.scope.
func (c Client) Grants(asked string) (scopes []string, err error) {
	scopes = strings.Fields(asked)
	if len(scopes) == 0 {
		return c.Scopes, nil
	}
	for _, s := range scopes {
		if !slices.Contains(c.Scopes, s) {
			return nil, fault.At("invalid.scope", "scope", "this client has no such scope")
		}
	}
	slices.Sort(scopes)
	return slices.Compact(scopes), nil
}

// Return judges an address that a page is asked to lead back to: https, on a
// host that is registered for the client, and of a form that every browser
// reads alike. Plain http is for this machine alone; an app's own scheme has to
// be registered. Faults: invalid.return (source: contract sheet media, 3.3; the
// page then shows an error and leads nowhere).
func (c Client) Return(raw string) (*url.URL, error) {
	refuse := fault.At("invalid.return", "returnUrl", "this address is not registered for the client")
	u, ok := plainURL(raw)
	if !ok {
		return nil, refuse
	}
	for _, h := range c.Hosts {
		app, isApp := strings.CutSuffix(h, ":")
		if isApp && !webSchemes[u.Scheme] && strings.EqualFold(app, u.Scheme) ||
			!isApp && webSchemes[u.Scheme] && hostIs(u, h) && (u.Scheme == "https" || loopback(u.Hostname())) {
			return u, nil
		}
	}
	return nil, refuse
}

// hostIs compares a host with a registered one. Without a port the scheme's own
// is meant, but on this machine, where every port is the developer's.
func hostIs(u *url.URL, registered string) bool {
	port := u.Port()
	anyPort := loopback(u.Hostname()) && !strings.Contains(registered[strings.LastIndexByte(registered, ']')+1:], ":")
	if anyPort || port == map[string]string{"https": "443", "http": "80"}[u.Scheme] {
		port = ""
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return strings.EqualFold(host, registered)
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// webSchemes are those whose addresses have a host that is looked at.
var webSchemes = map[string]bool{"http": true, "https": true}

// dangerous are schemes that no registration makes safe.
var dangerous = []string{"javascript", "data", "vbscript", "file", "blob", "about", "ftp", "ws", "wss", "filesystem", "view-source"}

// plainURL reads an absolute address that everybody reads alike: at most 2,048
// visible ASCII characters, no backslash, no user name, a host of letters,
// digits and hyphens or an IP address as it is usually written.
func plainURL(raw string) (*url.URL, bool) {
	if len(raw) > 2048 || strings.ContainsFunc(raw, func(c rune) bool { return c <= ' ' || c >= unicode.MaxASCII || c == '\\' }) {
		return nil, false
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" || u.User != nil || u.Opaque != "" || slices.Contains(dangerous, u.Scheme) || strings.Contains(u.Host, "%") {
		return nil, false
	}
	if lower := strings.ToLower(raw); strings.Contains(lower, "%0d") || strings.Contains(lower, "%0a") || strings.Contains(lower, "%00") {
		return nil, false
	}
	if !webSchemes[u.Scheme] {
		return u, u.Host != "" || u.Path != ""
	}
	return u, plainHost(u)
}

func plainHost(u *url.URL) bool {
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(strings.ToLower(l), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	last := strings.ToLower(labels[len(labels)-1])
	return strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x")
}

// isHost says whether a text may stand in Client.Hosts.
func isHost(text string) bool {
	if app, ok := strings.CutSuffix(text, ":"); ok {
		return app != "" && !webSchemes[strings.ToLower(app)] && !slices.Contains(dangerous, strings.ToLower(app)) &&
			strings.Trim(strings.ToLower(app), "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
	}
	u, err := url.Parse("https://" + text)
	return err == nil && u.Host == text && plainHost(u)
}
