package gateway

import (
	"net"
	"net/url"
	"strings"
	"unicode"

	"github.com/florinpay/florin/core/merchant"
)

// allowedURL says whether a url that a merchant sends may be used: https to a
// host on the entity's list, or to any host when the list is empty. A test
// realm also takes http, since a developer's shop has no certificate. An
// app's own scheme is taken when the list names it ("lindshop:"). Whatever
// browsers read in two ways is refused (reliability.md, C5).
func allowedURL(raw string, list []string, test bool) bool {
	if strings.ContainsFunc(raw, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || r == '\\' || r > unicode.MaxASCII
	}) {
		return false
	}
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" {
		return false
	}
	scheme := strings.ToLower(u.Scheme)
	for _, entry := range list {
		if app, ok := strings.CutSuffix(entry, ":"); ok && strings.EqualFold(app, scheme) && !webScheme(scheme) {
			return u.Host != "" || u.Path != ""
		}
	}
	if scheme != "https" && (scheme != "http" || !test) || u.Hostname() == "" {
		return false
	}
	if len(list) == 0 {
		return true
	}
	for _, entry := range list {
		if strings.EqualFold(entry, u.Hostname()) || strings.EqualFold(entry, net.JoinHostPort(u.Hostname(), u.Port())) {
			return true
		}
	}
	return false
}

// MayReturn says whether payers may be sent to an address after a payment:
// one that a shop's own page named, which is judged like a shopperResultUrl.
func MayReturn(address string, set merchant.Settings, test bool) bool {
	return len(address) <= 2048 && allowedURL(address, set.ReturnHosts, test)
}

// webScheme lists what no allow list can turn into an app's scheme.
func webScheme(scheme string) bool {
	switch scheme {
	case "http", "https", "javascript", "data", "vbscript", "file", "blob", "about", "ftp", "ws", "wss":
		return true
	}
	return false
}
