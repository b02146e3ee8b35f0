package webhook

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
)

// One address from each end of each range of the deny list, and the ways in
// which IPv6 hides an IPv4 address.
var inside = []string{
	"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255",
	"169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255",
	"192.88.99.0", "192.88.99.255", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.0", "198.51.100.255",
	"203.0.113.0", "203.0.113.255", "224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255",
	"::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254", "::ffff:0.0.0.0",
	"64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::808:808", "64:ff9b:1::1", "100::", "100::1", "2001::1", "2001:0:ffff::1", "2001:db8::", "2001:db8:ffff::1",
	"2002::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::", "3fff:fff::1", "5f00::1", "fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1", "ff00::1", "ff02::1",
	"4000::1", "1::1",
}

var outside = []string{
	"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
	"172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.114.0", "223.255.255.255",
	"::ffff:8.8.8.8", "2001:200::1", "2001:4860:4860::8888", "2606:4700:4700::1111", "2003::1", "2a00:1450::1",
}

func TestGuardAddr(t *testing.T) {
	var g Guard
	for _, a := range inside {
		if err := g.Addr(netip.AddrPortFrom(netip.MustParseAddr(a), 443)); err == nil {
			t.Errorf("%s: let through", a)
		}
	}
	for _, a := range outside {
		if err := g.Addr(netip.AddrPortFrom(netip.MustParseAddr(a), 443)); err != nil {
			t.Errorf("%s: got %v", a, err)
		}
	}
	for _, p := range []uint16{0, 22, 80, 444, 5432, 8443} {
		if err := g.Addr(netip.AddrPortFrom(netip.MustParseAddr("1.1.1.1"), p)); err == nil {
			t.Errorf("port %d: let through", p)
		}
	}
	if err := g.Addr(netip.AddrPort{}); err == nil {
		t.Error("no address at all: let through")
	}
	if err := g.Addr(netip.AddrPortFrom(netip.MustParseAddr("2606:4700::1%eth0"), 443)); err == nil {
		t.Error("a zone: let through")
	}
}

func TestGuardSettings(t *testing.T) {
	g := Guard{Ports: []uint16{8443}, Allowed: prefixes("127.0.0.0/8", "10.1.0.0/16"), Denied: prefixes("10.1.9.0/24", "8.8.8.8/32", "2606:4700::/32")}
	for text, want := range map[string]bool{
		"127.0.0.1:443": true, "[::ffff:127.0.0.1]:8443": true, "10.1.2.3:443": true, "10.2.2.3:443": false, "10.1.9.1:443": false,
		"8.8.8.8:443": false, "[::ffff:8.8.8.8]:443": false, "8.8.4.4:8443": true, "8.8.4.4:80": false, "[2606:4700::1]:443": false, "[::1]:443": false,
		"[64:ff9b::7f00:1]:443": false, "[2002:7f00:1::]:443": false,
	} {
		if err := g.Addr(netip.MustParseAddrPort(text)); (err == nil) != want {
			t.Errorf("%s: got %v, want let through: %v", text, err, want)
		}
	}
}

func TestGuardURL(t *testing.T) {
	long := "https://example.com/"
	long += strings.Repeat("a", 2048-len(long))
	good := []string{"https://example.com", "https://example.com/a?b=c#d", "https://example.com:443/", "https://EXAMPLE.com./x", long,
		"https://1.1.1.1/", "https://[2606:4700:4700::1111]/x", "https://xn--bcher-kva.example/", "https://a_b.example/%20?q=%0d%0a", "https://0x7f.example/"}
	bad := []string{"", "a", "https", "http://example.com/", "ftp://example.com/", "//example.com/", "https:/example.com", "https:example.com", "example.com/path",
		"javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "gopher://example.com/", long + "a", "https://", "https:///path", "https://:443/",
		"https://user@example.com/", "https://user:pw@example.com/", "https://example.com@evil.example/",
		"https://example.com:80/", "https://example.com:22/", "https://example.com:0/", "https://example.com:99999/", "https://example.com:x/",
		"https://example.com/ x", "https://example.com/\r\nX: y", "https://exa\tmple.com/", "https://example.com\\@evil.example/", "https://ex\u00e4mple.com/", "https://\u2488example/", "https://example\u3002com/",
		"https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f.1/", "https://0x7f000001/", "https://017700000001/", "https://1.2.3.4.5/", "https://0/",
		"https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/", "https://[64:ff9b::10.0.0.1]/", "https://[2002:a00:1::]/", "https://169.254.169.254/latest/meta-data",
		"https://a..example/", "https://.example/", "https://" + strings.Repeat("a", 64) + ".example/", "https://exa*mple.com/", "https://%31%32%37.0.0.1/",
	}
	var g Guard
	for _, u := range good {
		if _, err := g.URL(u); err != nil {
			t.Errorf("%q: got %v", u, err)
		}
	}
	for _, u := range bad {
		if _, err := g.URL(u); !fault.Is(err, "invalid.url") {
			t.Errorf("%q: got %v, want invalid.url", u, err)
		}
	}
	g = Guard{Plain: true, Ports: []uint16{80, 8080}, Allowed: prefixes("127.0.0.0/8")}
	for _, u := range []string{"http://example.com/", "http://127.0.0.1:8080/x", "https://127.0.0.1/"} {
		if _, err := g.URL(u); err != nil {
			t.Errorf("%q: got %v", u, err)
		}
	}
	g = Guard{Plain: true, AnyPort: true, Allowed: prefixes("127.0.0.0/8")}
	for u, want := range map[string]bool{"http://127.0.0.1:3999/x": true, "http://localhost:1/": true, "http://127.0.0.1:0/": false, "http://10.0.0.1:3999/": false} {
		if _, err := g.URL(u); (err == nil) != want {
			t.Errorf("any port, %q: got %v, want let through: %v", u, err, want)
		}
	}
}

func TestOrigin(t *testing.T) {
	var g Guard
	for raw, want := range map[string]string{
		"https://Shop.example/a?b=c": "https://shop.example:443", "https://shop.example:443": "https://shop.example:443", "https://[2606:4700::1]/": "https://2606:4700::1:443",
	} {
		u, err := g.URL(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := origin(u); got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
}

func FuzzGuardURL(f *testing.F) {
	for _, s := range []string{"https://example.com/", "https://127.0.0.1/", "https://[::ffff:1.2.3.4]:443/", "https://0x7f.1/", "https://a@b/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := Guard{}.URL(raw)
		if err != nil {
			return
		}
		if u.Scheme != "https" || u.User != nil || u.Hostname() == "" || len(raw) > 2048 {
			t.Errorf("%q: let through as %v", raw, u)
		}
		if a, err := netip.ParseAddr(u.Hostname()); err == nil && (Guard{}).Addr(netip.AddrPortFrom(a, 443)) != nil {
			t.Errorf("%q: let through with the address %v", raw, a)
		}
	})
}

func FuzzGuardAddr(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1})
	f.Add(netip.MustParseAddr("64:ff9b::7f00:1").AsSlice())
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, ok := netip.AddrFromSlice(raw)
		if !ok || (Guard{}).Addr(netip.AddrPortFrom(a, 443)) != nil {
			return
		}
		a = a.Unmap()
		if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || !a.IsGlobalUnicast() {
			t.Errorf("%v: let through", a)
		}
	})
}
