package login

import (
	"strings"
	"testing"
)

var site = Client{Hosts: []string{"site.example", "shop.example:8443", "127.0.0.1", "[::1]", "nordshop:"}}

// The corpus of reliability.md, C5: whatever one program reads as our host and
// another as somebody else's leads nowhere.
func TestReturn(t *testing.T) {
	for _, good := range []string{"https://site.example", "https://SITE.example/mine?tab=2#x", "https://site.example:443/", "https://shop.example:8443/a",
		"http://127.0.0.1:3000/back", "http://127.0.0.1/", "https://127.0.0.1:8443/", "http://[::1]:3000/", "nordshop://back", "https://site.example/" + strings.Repeat("a", 2027)} {
		if u, err := site.Return(good); err != nil || u.String() == "" {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "/mine", "//site.example", "//evil.example", `\\evil.example`, `/\evil.example`, "https:site.example", "https:/site.example", "https:///site.example",
		"http://site.example/", "https://site.example:8443/", "https://shop.example/", "https://evil.example/", "https://site.example.evil.example/", "https://evilsite.example/",
		"https://site.example@evil.example/", "https://site.example:443@evil.example/", "https://user:pw@site.example/", "https://evil.example#@site.example/", "https://evil.example?@site.example",
		`https://evil.example\@site.example/`, `https://site.example\.evil.example/`, "https://site.example%2eevil.example/", "https://site.example%00.evil.example/", "https://site。example/", "https://ѕite.example/",
		"https://site.example/%0d%0aSet-Cookie:a=b", "https://site.example/%0D%0A", "https://site.example/\r\nX: y", "https://site.example/\t", " https://site.example/", "https://site.example/ x",
		"javascript:alert(1)", "JavaScript://site.example/%0aalert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:https://site.example/x", "about:blank", "ftp://site.example/",
		"othershop://back", "nordshop:", "http://127.0.0.2:3000/", "http://localhost:3000/", "http://0x7f.1/", "http://2130706433/", "http://127.1/", "https://[::1%25eth0]/", "https://site.example:0/", "https://site.example:99999/", "https://site.example:/",
		"https://site.example/" + strings.Repeat("a", 2028), "https://.site.example/", "https://site..example/", "https://site.example./"} {
		if u, err := site.Return(bad); err == nil {
			t.Errorf("%q leads to %s", bad, u)
		}
	}
}

func TestRedirectsAreExact(t *testing.T) {
	c := Client{Redirects: []string{"https://site.example/back"}}
	for raw, want := range map[string]bool{"https://site.example/back": true, "https://site.example/back/": false, "https://site.example/back?x=1": false, "https://SITE.example/back": false,
		"https://site.example/": false, "": false} {
		if got := c.redirects(raw); got != want {
			t.Errorf("%q: got %t", raw, got)
		}
	}
}

func TestClientsAreChecked(t *testing.T) {
	for what, c := range map[string]Client{
		"code": {Code: "a b", Name: "x"}, "name": {Code: "no.lind"}, "fragment": {Code: "no.lind", Name: "x", Redirects: []string{"https://site.example/#x"}},
		"redirect": {Code: "no.lind", Name: "x", Redirects: []string{"/back"}}, "scheme": {Code: "no.lind", Name: "x", Hosts: []string{"javascript:"}},
		"host": {Code: "no.lind", Name: "x", Hosts: []string{"site.example/path"}}, "star": {Code: "no.lind", Name: "x", Hosts: []string{"*.example"}},
		"param": {Code: "no.lind", Name: "x", ResultParam: "a&b"}, "scope": {Code: "no.lind", Name: "x", Scopes: []string{"admin"}},
	} {
		if c.check() == nil {
			t.Errorf("%s: taken", what)
		}
	}
}

func TestRead(t *testing.T) {
	for raw, want := range map[string]string{"Ola@Example.COM": "email:ola@example.com", "+47 900 00 001": "phone:+4790000001", "0047 90000001": "phone:+4790000001"} {
		if c, err := Read(raw); err != nil || c.String() != want {
			t.Errorf("%q: got %s, %v", raw, c, err)
		}
	}
	for _, raw := range []string{"", "ola", "90000001", "ola@", "a@b.c\r\nd"} {
		if c, err := Read(raw); err == nil {
			t.Errorf("%q: got %s", raw, c)
		}
	}
}
