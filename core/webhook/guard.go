package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/florinpay/florin/core/fault"
)

// Guard says where messages may go. The zero Guard allows https to port 443 of
// public addresses. It is configured once, before use.
type Guard struct {
	Ports    []uint16       // further ports
	AnyPort  bool           // every port: development and tests only
	Plain    bool           // http too: development and tests only
	Allowed  []netip.Prefix // denied ranges that are open after all: 127.0.0.0/8 in development
	Denied   []netip.Prefix // closed besides the table: own listeners, database hosts
	Resolver *net.Resolver  // nil: the system's
}

// denied are the ranges that no message reaches: this host, private networks,
// link-local (cloud metadata), documentation, multicast and reserved space,
// and IPv6 forms that carry an IPv4 address somewhere else (NAT64, Teredo,
// 6to4), whatever address they carry.
var denied = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
	"fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8")

// public is all that IPv6 hands out to the open internet.
var public = netip.MustParsePrefix("2000::/3")

func prefixes(text ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(text))
	for i, t := range text {
		out[i] = netip.MustParsePrefix(t)
	}
	return out
}

// errAddress is why a dial was refused; the address itself is not for the
// merchant's eyes.
var errAddress = errors.New("address not allowed")

// Addr judges an address that is about to be dialled. An IPv4 address in IPv6
// clothes (::ffff:a.b.c.d) is judged as the IPv4 address it is.
func (g Guard) Addr(ap netip.AddrPort) error {
	a := ap.Addr().Unmap()
	if a.Zone() != "" || !a.IsValid() {
		return fmt.Errorf("%w: %s", errAddress, a)
	}
	if !g.portAllowed(ap.Port()) {
		return fmt.Errorf("%w: port %d", errAddress, ap.Port())
	}
	if within(g.Denied, a) {
		return fmt.Errorf("%w: %s", errAddress, a)
	}
	if within(g.Allowed, a) {
		return nil
	}
	if within(denied, a) || (a.Is6() && !public.Contains(a)) {
		return fmt.Errorf("%w: %s", errAddress, a)
	}
	return nil
}

func within(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (g Guard) portAllowed(port uint16) bool {
	return g.AnyPort && port != 0 || port == 443 || slices.Contains(g.Ports, port)
}

// control is the dialer's hook: it runs after the name was looked up, for each
// address, before the connection is opened.
func (g Guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: network %s", errAddress, network)
	}
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %v", errAddress, err)
	}
	return g.Addr(ap)
}

// URL checks where a merchant wants messages to go: 6 to 2048 characters, an
// absolute https address without user name, on an allowed port, whose host is
// a name or a public address. Names are judged again when they are dialled.
// Faults: invalid.url.
func (g Guard) URL(raw string) (*url.URL, error) {
	refuse := func(why string) (*url.URL, error) { return nil, fault.At("invalid.url", "url", "%s", why) }
	if len(raw) < 6 || len(raw) > 2048 {
		return refuse("a URL has 6 to 2048 characters")
	}
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] >= 0x7f || raw[i] == '\\' {
			return refuse("a URL is written in visible ASCII characters, without backslash")
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.Host == "" {
		return refuse("not an absolute URL")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !g.Plain) {
		return refuse("a URL starts with https://")
	}
	if u.User != nil {
		return refuse("a URL carries no user name or password")
	}
	port, err := portOf(u)
	if err != nil || !g.portAllowed(port) {
		return refuse("this port is not allowed")
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		if g.Addr(netip.AddrPortFrom(a, port)) != nil {
			return refuse("this address is not allowed")
		}
		return u, nil
	}
	if !plausibleName(u.Hostname()) {
		return refuse("not a host name")
	}
	return u, nil
}

func portOf(u *url.URL) (uint16, error) {
	switch {
	case u.Port() != "":
		p, err := strconv.ParseUint(u.Port(), 10, 16)
		return uint16(p), err
	case u.Scheme == "http":
		return 80, nil
	}
	return 443, nil
}

// plausibleName refuses what some resolvers take for an address written in
// another way (2130706433, 0x7f.1, 127.1): a host's last label is no number.
func plausibleName(host string) bool {
	if len(host) > 253 {
		return false
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 {
			return false
		}
		for i := range len(l) {
			c := l[i]
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	last := strings.ToLower(labels[len(labels)-1])
	return strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x")
}

// origin is scheme, host and port of a URL: what shares one server and so one
// queue and one state of health.
func origin(u *url.URL) string {
	port, _ := portOf(u) // checked by Guard.URL
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + strconv.Itoa(int(port))
}
