package app_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/florinpay/florin/web/browsertest"
)

// signs is the address of a login page that leads back to the shop.
func (c counter) signs(path string, pairs ...string) string {
	q := url.Values{"clientId": {c.Media.ClientID}, "returnUrl": {c.shop.URL + "/done?tab=2"}, "errorUrl": {c.shop.URL + "/oops"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return c.URL + path + "?" + q.Encode()
}

// code reads the digits that were sent last to an address.
func (c counter) code(t *testing.T, to string) string {
	t.Helper()
	got := c.control(t, "GET", "/outbox", "to="+to)
	digits := regexp.MustCompile(`\b\d{6}\b`).FindString(got.at("messages.0.text"))
	if digits == "" {
		t.Fatalf("no code came to %s: %s", to, got.raw)
	}
	return digits
}

// A reader makes an account with a code, is known to the site by OAuth, signs
// out, and comes back with the password: in a browser, without scripts of ours.
func TestReaders(t *testing.T) {
	c := counter{dev(t, "--ephemeral"), openShop(t), browsertest.Start(t)}
	for n, window := range browsertest.Looks() {
		t.Run(window.Name, func(t *testing.T) {
			c.b.Resize(t, window)
			who := fmt.Sprintf("kari%d@example.com", n)
			hosts := []string{host(t, c.URL), host(t, c.shop.URL)}
			see := func(name string) {
				t.Helper()
				c.b.Run(t, chromedp.WaitReady("body", chromedp.ByQuery))
				c.b.Inspect(t, hosts...)
				c.b.Shot(t, "reader-"+name+"."+window.Name)
			}
			c.b.Open(t, c.signs("/login/createUser"))
			see("create")
			fill(t, c.b, [][2]string{{"credential", who}})
			press(t, c.b, `[value="send"]`)
			c.b.Await(t, `document.title.startsWith("Enter the code")`)
			see("code")
			fill(t, c.b, [][2]string{{"code", c.code(t, who)}})
			press(t, c.b, `[value="code"]`)
			c.b.Await(t, `document.title.startsWith("Welcome")`)
			see("welcome")
			fill(t, c.b, [][2]string{{"first", "Kari"}, {"last", "Moe"}, {"password", "fem-gule-bananer"}})
			press(t, c.b, `[value="welcome"]`)
			c.b.Await(t, `location.pathname === "/done" && location.search === "?tab=2"`)

			c.b.Open(t, c.URL+"/login/oauth/authorize?"+url.Values{"client_id": {c.Media.ClientID}, "response_type": {"code"}, "redirect_uri": {c.Media.RedirectURI}, "state": {"x1"}}.Encode())
			c.b.Await(t, `location.pathname === "/try/signed-in" && location.search.startsWith("?code=flc_") && location.search.endsWith("&state=x1")`)
			c.b.Open(t, c.signs("/login/logout"))
			c.b.Await(t, `location.pathname === "/done"`)

			c.b.Open(t, c.signs("/login/login"))
			see("signin")
			fill(t, c.b, [][2]string{{"credential", who}, {"password", "tre-gule-bananer"}})
			press(t, c.b, `[value="password"]`)
			c.b.Await(t, `document.title.startsWith("Please check")`)
			c.b.Forget() // browsers log the status of a refusal
			see("wrong")
			fill(t, c.b, [][2]string{{"password", "fem-gule-bananer"}})
			press(t, c.b, `[value="password"]`)
			c.b.Await(t, `location.pathname === "/done" && location.search === "?tab=2"`)
			if cookies := browsertest.Eval[string](t, c.b, `document.cookie`); strings.Contains(cookies, "florin") {
				t.Errorf("scripts see the session: %s", cookies)
			}
			c.b.Open(t, c.signs("/login/login", "returnUrl", "https://evil.example/"))
			c.b.Forget()
			see("refused")
			c.b.Open(t, c.signs("/login/logout"))
			c.b.Open(t, c.signs("/login/login", "locale", "nb"))
			c.b.Await(t, `document.documentElement.lang === "nb" && document.title.startsWith("Logg inn")`)
			press(t, c.b, `[value="cancel"]`)
			c.b.Await(t, `location.pathname === "/oops" && location.search.startsWith("?error=accessDenied")`)
		})
	}
}
