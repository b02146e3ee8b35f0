package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/login"
)

// Who sends the login server too much is told to wait, in the contract's words
// or on a page, and others are not.
func TestLoginIsPaced(t *testing.T) {
	r := openReader(t)
	token := func() sight {
		return r.post(r.BaseURL+"/login/oauth/token", "grant_type", "client_credentials", "client_id", devClient, "client_secret", "guessed")
	}
	for range 700 { // more than two minutes' worth: one may end on the way
		if s := token(); s.status == http.StatusTooManyRequests {
			break
		}
	}
	s := token()
	if s.status != http.StatusTooManyRequests || !strings.Contains(s.body, `"exceptionType":"TooManyRequestsException"`) || s.header.Get("Retry-After") == "" {
		t.Errorf("got %d %s", s.status, s.body)
	}
	if s := r.post(r.visit("/login/login"), "credential", devReader, "password", devPassword, "step", "password"); s.status != http.StatusTooManyRequests || s.header.Get("Retry-After") == "" || s.to != "" {
		t.Errorf("the login's form: got %d to %s", s.status, s.to)
	}
	if s := r.get(r.visit("/login/login")); s.status != http.StatusOK {
		t.Errorf("reading: got %d", s.status)
	}
}

// A password that is changed lets nobody in with the old one, ends the other
// browsers' sessions and all tokens, and leaves this browser signed in.
func TestPasswordIsChanged(t *testing.T) {
	r := openReader(t)
	in := func(r *reader, password string) int {
		return r.post(r.visit("/login/login"), "credential", devReader, "password", password, "step", "password").status
	}
	other := r.again()
	if in(r, devPassword) != 303 || in(other, devPassword) != 303 {
		t.Fatal("nobody is signed in")
	}
	page := r.visit("/login/account")
	if s := r.get(page); s.status != 200 || !strings.Contains(s.body, `autocomplete="new-password"`) {
		t.Fatalf("got %d %s", s.status, s.body)
	}
	for _, weak := range []string{"short", "password1234", devReader, strings.Repeat("a", 200)} {
		if s := r.post(page, "first", "Ingrid", "last", "Solberg", "password", weak, "step", "welcome"); s.status != 422 {
			t.Errorf("%q: got %d", weak, s.status)
		}
	}
	if s := r.post(page, "first", "Ingrid", "last", "Dahl", "password", "tolv-blaa-baater-paa-rad", "step", "welcome"); s.status != 303 || s.to != mine {
		t.Errorf("got %d to %s", s.status, s.to)
	}
	if s := r.get(r.visit("/login/loginCheck")); s.to != mine {
		t.Errorf("this browser is signed out: %s", s.to)
	}
	if s := other.get(other.visit("/login/loginCheck")); !strings.Contains(s.to, "notLoggedIn") {
		t.Errorf("the other browser is signed in: %s", s.to)
	}
	if old, fresh := in(r.again(), devPassword), in(r.again(), "tolv-blaa-baater-paa-rad"); old != 422 || fresh != 303 {
		t.Errorf("the old password: %d, the new one: %d", old, fresh)
	}
	if got := r.profile(oauth2.NewClient(t.Context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: r.box.Media.AccessToken}))); !strings.Contains(got, "invalid_token") {
		t.Errorf("a token from before: %s", got)
	}
	if s := r.again().get(page); s.status != 200 || strings.Contains(s.body, "new-password") {
		t.Errorf("nobody signed in: got %d", s.status)
	}
}

// Over the wire: a code is good once, for one client, with the verifier it was
// asked with and at the address it was sent to.
func TestCodesOverTheWire(t *testing.T) {
	r := openReader(t)
	m := r.box.Media
	other, err := r.Login.NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	own, err := r.Login.Client(t.Context(), devClient)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Login.AddClient(t.Context(), own.Realm, audit.By{Actor: "test"}, login.Client{Code: "no.other.site", Name: "Other", Merchant: own.Merchant, Redirects: own.Redirects, Hosts: own.Hosts}, other, false); err != nil {
		t.Fatal(err)
	}
	r.post(r.visit("/login/login"), "credential", devReader, "password", devPassword, "step", "password")
	verifier := oauth2.GenerateVerifier()
	code := func() string {
		t.Helper()
		s := r.get(r.BaseURL + "/login/oauth/authorize?" + url.Values{"client_id": {m.ClientID}, "response_type": {"code"}, "redirect_uri": {m.RedirectURI},
			"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"}}.Encode())
		back, err := url.Parse(s.to)
		if err != nil || back.Query().Get("code") == "" {
			t.Fatalf("got %d to %s", s.status, s.to)
		}
		return back.Query().Get("code")
	}
	exchange := func(code string, change ...string) sight {
		q := map[string]string{"grant_type": "authorization_code", "code": code, "redirect_uri": m.RedirectURI, "client_id": m.ClientID, "client_secret": m.ClientSecret, "code_verifier": verifier}
		for i := 0; i+1 < len(change); i += 2 {
			q[change[i]] = change[i+1]
		}
		var pairs []string
		for name, value := range q {
			pairs = append(pairs, name, value)
		}
		return r.post(r.BaseURL+"/login/oauth/token", pairs...)
	}
	for name, change := range map[string][]string{"another verifier": {"code_verifier", oauth2.GenerateVerifier()}, "no verifier": {"code_verifier", ""},
		"another address": {"redirect_uri", m.RedirectURI + "/"}, "another client": {"client_id", "no.other.site", "client_secret", other.Reveal()}} {
		if s := exchange(code(), change...); s.status != 400 || !strings.Contains(s.body, `"invalid_grant"`) {
			t.Errorf("%s: got %d %s", name, s.status, s.body)
		}
	}
	good := code()
	first := exchange(good)
	if first.status != 200 || !strings.Contains(first.body, `"access_token"`) {
		t.Fatalf("got %d %s", first.status, first.body)
	}
	if again := exchange(good); again.status != 400 || !strings.Contains(again.body, `"invalid_grant"`) {
		t.Errorf("a code used twice: got %d %s", again.status, again.body)
	}
	token := strings.Split(strings.SplitAfter(first.body, `"access_token":"`)[1], `"`)[0]
	if got := r.profile(oauth2.NewClient(t.Context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}))); !strings.Contains(got, "invalid_token") {
		t.Errorf("the token of a code that came twice: %s", got)
	}
}
