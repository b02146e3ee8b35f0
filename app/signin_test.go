package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/notify"
)

// reader is somebody's browser before a florin: it keeps cookies and follows
// redirects by hand.
type reader struct {
	*App
	t    *testing.T
	box  Sandbox
	http *http.Client
}

func openReader(t *testing.T) *reader {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	r := &reader{t: t}
	r.App, r.box = indoorsAt(t, "http://"+srv.Listener.Addr().String())
	srv.Config.Handler = r.DevHandler(r.box)
	srv.Start()
	t.Cleanup(srv.Close)
	return r.again()
}

// again is the same with another browser.
func (r *reader) again() *reader {
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	out := *r
	out.http = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &out
}

// seen is an answer as a reader sees it.
type sight struct {
	status int
	to     string // where it leads, absolute
	body   string
	header http.Header
}

func (r *reader) do(req *http.Request) sight {
	r.t.Helper()
	res, err := r.http.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	s := sight{status: res.StatusCode, body: string(body), header: res.Header}
	if to, err := res.Location(); err == nil {
		s.to = to.String()
	}
	return s
}

func (r *reader) get(address string) sight {
	r.t.Helper()
	req, err := http.NewRequest("GET", address, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.do(req)
}

// post sends a form. Pairs are names and values; headers follow after "".
func (r *reader) post(address string, pairs ...string) sight {
	r.t.Helper()
	form := url.Values{}
	i := 0
	for ; i+1 < len(pairs) && pairs[i] != ""; i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i++; i+1 < len(pairs); i += 2 {
		req.Header.Set(pairs[i], pairs[i+1])
	}
	return r.do(req)
}

// visit is the address of a page for the sandbox's site.
func (r *reader) visit(path string, pairs ...string) string {
	q := url.Values{"clientId": {devClient}, "returnUrl": {"https://site.example/mine?tab=2"}, "errorUrl": {"https://site.example/oops"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return r.BaseURL + path + "?" + q.Encode()
}

// digits reads the code that was sent last to an address.
func (r *reader) digits(to string) string {
	r.t.Helper()
	realm, err := r.devRealm(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	list, err := r.Notify.List(context.Background(), realm.ID, notify.Filter{To: to}, 1)
	if err != nil || len(list) != 1 {
		r.t.Fatalf("no code came to %s: %v", to, err)
	}
	return regexp.MustCompile(`\b\d{6}\b`).FindString(list[0].Text)
}

const mine, oops = "https://site.example/mine?tab=2", "https://site.example/oops"

// An OAuth client that is none of ours goes the whole way, on both mounts.
func TestAnIndependentClient(t *testing.T) {
	r := openReader(t)
	for _, mount := range []string{"/login", "/user"} {
		r := r.again()
		ctx := t.Context()
		provider, err := oidc.NewProvider(ctx, r.BaseURL+mount)
		if err != nil {
			t.Fatal(err)
		}
		m := r.box.Media
		conf := oauth2.Config{ClientID: m.ClientID, ClientSecret: m.ClientSecret, RedirectURL: m.RedirectURI, Endpoint: provider.Endpoint(), Scopes: []string{"read"}}
		verifier := oauth2.GenerateVerifier()
		page := conf.AuthCodeURL("x1", oauth2.S256ChallengeOption(verifier))
		if s := r.get(page); s.status != 200 || !strings.Contains(s.body, `name="credential"`) || strings.Contains(s.body, "<script") {
			t.Fatalf("got %d %s", s.status, s.body)
		}
		s := r.post(page, "credential", m.Username, "password", m.Password, "step", "password")
		if s.status != http.StatusSeeOther || !strings.HasPrefix(s.to, r.BaseURL+mount+"/oauth/authorize?") {
			t.Fatalf("got %d to %s", s.status, s.to)
		}
		s = r.get(s.to)
		back, err := url.Parse(s.to)
		if err != nil || s.status != http.StatusFound || !strings.HasPrefix(s.to, m.RedirectURI+"?code=") || back.Query().Get("state") != "x1" {
			t.Fatalf("got %d to %s, %v", s.status, s.to, err)
		}
		tokens, err := conf.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
		if err != nil || tokens.RefreshToken == "" || tokens.TokenType != "bearer" || time.Until(tokens.Expiry) < 11*time.Hour {
			t.Fatalf("got %+v, %v", tokens, err)
		}
		if got := r.profile(conf.Client(ctx, tokens)); !strings.Contains(got, m.Username) {
			t.Errorf("got %s", got)
		}
		old := *tokens
		old.Expiry = time.Now().Add(-time.Minute)
		fresh, err := conf.TokenSource(ctx, &old).Token()
		if err != nil || fresh.AccessToken == tokens.AccessToken || fresh.RefreshToken == tokens.RefreshToken {
			t.Errorf("got %+v, %v", fresh, err)
		}
		if again := r.get(conf.AuthCodeURL("x2")); again.status != http.StatusFound || !strings.Contains(again.to, "state=x2") {
			t.Errorf("signed in already: got %d to %s", again.status, again.to)
		}
		for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
			own := clientcredentials.Config{ClientID: m.ClientID, ClientSecret: m.ClientSecret, TokenURL: provider.Endpoint().TokenURL, AuthStyle: style}
			if token, err := own.Token(ctx); err != nil || token.AccessToken == "" || token.RefreshToken != "" {
				t.Errorf("got %+v, %v", token, err)
			}
		}
	}
}

func (r *reader) profile(c *http.Client) string {
	r.t.Helper()
	res, err := c.Get(r.BaseURL + "/capi/v1/customer/profile")
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(body)
}

// What is wrong with a request to the authorisation page: told to the client
// where the address is its own, else to the reader alone.
func TestAuthorizeRefuses(t *testing.T) {
	r := openReader(t)
	m := r.box.Media
	at := func(change ...string) string {
		q := url.Values{"client_id": {m.ClientID}, "response_type": {"code"}, "redirect_uri": {m.RedirectURI}, "state": {"x1"}}
		for i := 0; i+1 < len(change); i += 2 {
			q.Set(change[i], change[i+1])
		}
		return r.BaseURL + "/login/oauth/authorize?" + q.Encode()
	}
	for want, address := range map[string]string{
		"unsupported_response_type": at("response_type", "token"), "invalid_scope": at("scope", "admin"),
		"invalid_request": at("code_challenge", strings.Repeat("a", 43), "code_challenge_method", "plain"),
	} {
		s := r.get(address)
		if s.status != http.StatusFound || !strings.HasPrefix(s.to, m.RedirectURI+"?error="+want+"&") || !strings.HasSuffix(s.to, "&state=x1") {
			t.Errorf("%s: got %d to %s", want, s.status, s.to)
		}
	}
	if s := r.post(at(), "step", "cancel"); s.status != http.StatusSeeOther || !strings.Contains(s.to, "error=access_denied") {
		t.Errorf("cancel: got %d to %s", s.status, s.to)
	}
	for _, address := range []string{at("client_id", "no.such"), at("redirect_uri", m.RedirectURI+"/"), at("redirect_uri", "https://evil.example/"), at("redirect_uri", ""),
		at() + "&redirect_uri=" + url.QueryEscape(m.RedirectURI), r.BaseURL + "/login/oauth/authorize"} {
		if s := r.get(address); s.status != http.StatusBadRequest || s.to != "" {
			t.Errorf("%s: got %d to %s", address, s.status, s.to)
		}
	}
}

func TestSigningIn(t *testing.T) {
	r := openReader(t)
	m := r.box.Media
	check := func(what string, s sight, status int, to string) {
		t.Helper()
		if s.status != status || s.to != to {
			t.Errorf("%s: got %d to %q, want %d to %q", what, s.status, s.to, status, to)
		}
	}
	check("check", r.get(r.visit("/login/loginCheck")), 302, oops+"?error=notLoggedIn&errorMessage=nobody+is+signed+in")
	wrong := r.post(r.visit("/login/login"), "credential", m.Username, "password", "not it at all", "step", "password")
	if wrong.status != 422 || !strings.Contains(wrong.body, "That did not work") || strings.Contains(wrong.body, "not it at all") {
		t.Errorf("got %d %s", wrong.status, wrong.body)
	}
	in := r.post(r.visit("/login/login"), "credential", "READER@example.com", "password", m.Password, "step", "password")
	check("sign in", in, 303, r.visit("/login/login"))
	cookie := in.header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "florin-") || !strings.Contains(cookie, "; Path=/; HttpOnly; SameSite=Lax") || strings.Contains(cookie, "Domain") {
		t.Errorf("got cookie %s", cookie)
	}
	check("signed in", r.get(r.visit("/login/login")), 302, mine)
	check("signed in, as expected", r.get(r.visit("/user/login", "credential", m.Username)), 302, mine)
	check("check", r.get(r.visit("/login/loginCheck")), 302, mine)
	check("as another", r.get(r.visit("/login/login", "credential", "other@example.com")), 200, "")
	check("still signed in", r.get(r.visit("/login/login")), 302, mine)
	check("create another", r.get(r.visit("/login/createUser", "credential", "other@example.com")), 200, "")
	check("signed out first", r.get(r.visit("/login/loginCheck")), 302, oops+"?error=notLoggedIn&errorMessage=nobody+is+signed+in")

	sent := r.post(r.visit("/login/register"), "credential", "new@example.com", "step", "send")
	if sent.status != 200 || !strings.Contains(sent.body, `name="code"`) {
		t.Fatalf("got %d %s", sent.status, sent.body)
	}
	check("wrong code", r.post(r.visit("/login/register"), "credential", "new@example.com", "code", "000000x", "step", "code"), 422, "")
	digits := r.digits("new@example.com")
	first := r.post(r.visit("/login/register"), "credential", "new@example.com", "code", digits[:3]+" "+digits[3:], "step", "code")
	check("new", first, 303, r.visit("/login/register", "step", "welcome"))
	if s := r.get(first.to); s.status != 200 || !strings.Contains(s.body, `autocomplete="given-name"`) {
		t.Errorf("got %d %s", s.status, s.body)
	}
	check("weak", r.post(first.to, "first", "Kari", "password", "password1234", "step", "welcome"), 422, "")
	check("named", r.post(first.to, "first", "Kari", "last", "Moe", "password", "fem-gule-bananer", "step", "welcome"), 303, r.visit("/login/register"))
	check("back", r.get(r.visit("/login/register")), 302, mine)
	check("out", r.get(r.visit("/login/logout")), 302, mine)
	check("check", r.get(r.visit("/login/loginCheck")), 302, oops+"?error=notLoggedIn&errorMessage=nobody+is+signed+in")
	check("with the password", r.post(r.visit("/login/createUser", "assumeNewUser", "false"), "credential", "new@example.com", "password", "fem-gule-bananer", "step", "password"), 303, r.visit("/login/createUser", "assumeNewUser", "false"))
	for range 101 {
		sent = r.post(r.visit("/login/register"), "credential", "flood@example.com", "step", "send")
	}
	if sent.status != 429 || !strings.Contains(sent.body, "Too many codes") {
		t.Errorf("flood: got %d", sent.status)
	}
}

// Over https the cookie is tied to the host and to encryption.
func TestSessionCookieIsTied(t *testing.T) {
	a, box := indoorsAt(t, "https://pay.example")
	q := url.Values{"clientId": {devClient}, "returnUrl": {mine}, "errorUrl": {oops}}
	w := knock(a.DevHandler(box), "POST", "/login/login?"+q.Encode(), url.Values{"credential": {devReader}, "password": {devPassword}, "step": {"password"}}.Encode())
	cookie := w.Header().Get("Set-Cookie")
	if w.Code != 303 || !strings.HasPrefix(cookie, "__Host-florin-") || !strings.HasSuffix(cookie, "; Path=/; HttpOnly; Secure; SameSite=Lax") {
		t.Errorf("got %d, cookie %s", w.Code, cookie)
	}
}

// leads finds what would take a reader elsewhere: the page's own links begin
// with ? or /.
var leads = regexp.MustCompile(`(href|src|action)="(https?:|//|\\|javascript:|data:)|http-equiv="refresh"`)

// The corpus of reliability.md, C5, at every page, as returnUrl and as errorUrl:
// an error page, and no way from it.
func TestLoginLeadsNowhereElse(t *testing.T) {
	r := openReader(t)
	r.post(r.visit("/login/login"), "credential", devReader, "password", devPassword, "step", "password") // a session makes redirects tempting
	corpus := []string{"", "/mine", "//evil.example", `\\evil.example`, `/\evil.example`, "https:site.example", "https:///evil.example", "http://site.example/", "https://evil.example/",
		"https://site.example.evil.example/", "https://site.example@evil.example/", "https://evil.example#@site.example", `https://evil.example\@site.example/`, "https://site.example%2eevil.example/",
		"https://site。example/", "https://ѕite.example/", "https://site.example/%0d%0aSet-Cookie:a=b", "https://site.example/\r\nX: y", "javascript:alert(1)", "data:text/html,x", "othershop://x",
		"https://site.example/" + strings.Repeat("a", 2028), "http://0x7f.1/", "http://2130706433/"}
	for _, path := range []string{"/login/login", "/user/createUser", "/login/register", "/login/logout", "/login/loginCheck"} {
		for _, name := range []string{"returnUrl", "errorUrl"} {
			for _, evil := range corpus {
				s := r.get(r.visit(path, name, evil))
				if s.status != http.StatusBadRequest || s.to != "" || len(s.header["Set-Cookie"]) > 0 || leads.MatchString(s.body) || strings.Contains(s.header.Get("Content-Security-Policy"), "example") {
					t.Errorf("%s %s=%q: got %d to %q", path, name, evil, s.status, s.to)
				}
			}
		}
		if s := r.get(r.visit(path, "clientId", "no.such")); s.status != http.StatusBadRequest || s.to != "" {
			t.Errorf("%s of an unknown client: got %d to %q", path, s.status, s.to)
		}
		if s := r.get(r.visit(path) + "&returnUrl=https://evil.example/"); s.status != http.StatusBadRequest || s.to != "" {
			t.Errorf("%s with two addresses: got %d to %q", path, s.status, s.to)
		}
	}
	if s := r.get(r.visit("/login/loginCheck")); s.to != mine {
		t.Errorf("the session ended on the way: %s", s.to)
	}
}

// A foreign page's form neither signs in nor sends codes.
func TestForeignLoginForms(t *testing.T) {
	r := openReader(t)
	for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		for _, form := range [][]string{{"credential", devReader, "password", devPassword, "step", "password"}, {"credential", "victim@example.com", "step", "send"}} {
			s := r.post(r.visit("/login/login"), slices.Concat(form, []string{""}, from)...)
			if s.status != http.StatusForbidden || len(s.header["Set-Cookie"]) > 0 {
				t.Errorf("%v: got %d", from, s.status)
			}
		}
	}
	realm, err := r.devRealm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if list, err := r.Notify.List(t.Context(), realm.ID, notify.Filter{To: "victim@example.com"}, 1); err != nil || len(list) != 0 {
		t.Errorf("a foreign form sent a code (%v)", err)
	}
	own := r.post(r.visit("/login/login"), "credential", devReader, "password", devPassword, "step", "password", "", "Sec-Fetch-Site", "same-origin", "Origin", r.BaseURL)
	if own.status != http.StatusSeeOther {
		t.Errorf("our own form: got %d", own.status)
	}
}

// Whoever is known and whoever is not get the same words, the same status, and
// wait as long (reliability.md, B6).
func TestNobodyLearnsWhoIsKnown(t *testing.T) {
	r := openReader(t)
	realm, err := r.devRealm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client, err := r.Login.Client(t.Context(), devClient)
	if err != nil {
		t.Fatal(err)
	}
	const tries = 24
	who := func(i, n int) string { return fmt.Sprintf("%s%02d@example.com", [2]string{"known", "other"}[i], n) }
	for n := range tries {
		if _, _, err := r.Login.ByCode(t.Context(), realm.ID, credential(t, who(0, n)), r.sent(client.Code, who(0, n))); err != nil {
			t.Fatal(err)
		}
	}
	least := [2]time.Duration{time.Hour, time.Hour} // what else a machine does makes tries longer and never shorter
	for n := range tries {
		var bodies [2]string
		for _, i := range [2]int{n % 2, 1 - n%2} {
			page := r.visit("/login/login")
			start := time.Now()
			s := r.post(page, "credential", who(i, n), "password", "something long enough", "step", "password")
			least[i] = min(least[i], time.Since(start))
			if bodies[i] = strings.ReplaceAll(s.body, who(i, n), "<who>"); s.status != 422 {
				t.Errorf("%s: got %d", who(i, n), s.status)
			}
		}
		if bodies[0] != bodies[1] {
			t.Fatalf("got\n%s\nand\n%s", bodies[0], bodies[1])
		}
	}
	if ratio := float64(least[0]) / float64(least[1]); ratio < 0.6 || ratio > 1.67 {
		t.Errorf("the shortest of %d tries took %v and %v", tries, least[0], least[1])
	}
}

func credential(t *testing.T, raw string) login.Credential {
	t.Helper()
	c, err := login.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sent has a code sent to an address and reads it.
func (r *reader) sent(client, to string) string {
	r.t.Helper()
	c, err := r.Login.Client(context.Background(), client)
	if err == nil {
		err = r.Login.SendCode(context.Background(), c, credential(r.t, to), "en")
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return r.digits(to)
}
