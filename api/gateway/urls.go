package gateway

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
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
	if scheme != "https" && (scheme != "http" || !test) || !plainHost(u) {
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

// plainHost says whether everybody reads a web address's host and port alike:
// a name of letters, digits, hyphens and underscores, or an IP address as it
// is usually written (browsers take 0x7f.1 and 2130706433 for one, too).
func plainHost(u *url.URL) bool {
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return !strings.Contains(host, "%")
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	last := host[strings.LastIndexByte(strings.TrimSuffix(host, "."), '.')+1:]
	return strings.Trim(last, "0123456789.") != "" && !strings.HasPrefix(strings.ToLower(last), "0x")
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
