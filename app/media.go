package app

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/web/dev"
)

// SandboxMedia are the credentials of the media contract: a site, and a reader
// who is signed in there.
type SandboxMedia struct {
	APIBase       string `json:"apiBase"`
	LoginBase     string `json:"loginBase"`
	ClientID      string `json:"clientId"`
	ClientSecret  string `json:"clientSecret"`
	RedirectURI   string `json:"redirectUri"`
	Username      string `json:"username"`
	Password      string `json:"password"`
	AccessToken   string `json:"accessToken"` // of that reader
	ProductCode   string `json:"productCode"`
	CompanyCode   string `json:"companyCode"`
	InvoiceNumber string `json:"invoiceNumber"` // of an invoice that is not paid
}

// The test merchant's site and its reader.
const (
	devClient   = "no.lindmedia.site"
	devReader   = "reader@example.com"
	devPhone    = "+4790000001"
	devPassword = "blekkhus-over-fjorden-7" // of a made-up reader of a sandbox, so it is no secret
	mediaBack   = "/try/signed-in"
)

// furnishMedia makes the site and the reader, or finds those of an earlier
// start. The site's secret is kept as a hash, so it is new each time.
func (a *App) furnishMedia(ctx context.Context, realm access.Realm, owner ident.ID) (out SandboxMedia, err error) {
	out = SandboxMedia{APIBase: a.BaseURL + "/capi", LoginBase: a.BaseURL + "/login", ClientID: devClient, RedirectURI: a.BaseURL + mediaBack, Username: devReader, Password: devPassword}
	secret, err := a.Login.NewSecret()
	if err != nil {
		return out, err
	}
	out.ClientSecret = secret.Reveal()
	site := login.Client{Code: devClient, Name: "Lind Media", Merchant: owner, Redirects: []string{out.RedirectURI}, Hosts: []string{"127.0.0.1", "localhost", "[::1]", "site.example"}}
	if u, err := url.Parse(a.BaseURL); err == nil && u.Host != "" {
		site.Hosts = append(site.Hosts, u.Host)
	}
	client, _, err := a.Login.AddClient(ctx, realm.ID, devBy, site, secret, false)
	if fault.Is(err, "conflict.client") {
		client, err = a.Login.ChangeClient(ctx, realm.ID, devBy, devClient, secret, func(c *login.Client) { c.Redirects, c.Hosts = site.Redirects, site.Hosts })
	}
	if err != nil {
		return out, err
	}
	out.AccessToken, err = a.signReaderIn(ctx, client, out.RedirectURI)
	return out, err
}

// signReaderIn goes the way of a sign-in with the reader's password, and makes
// the reader when there is none.
func (a *App) signReaderIn(ctx context.Context, client login.Client, redirect string) (string, error) {
	c := login.Credential{Kind: login.Email, Value: devReader, Level: login.VerificationCode}
	p, err := a.Login.ByCredential(ctx, client.Realm, c)
	if fault.Is(err, fault.NotFound) {
		if p, err = a.Login.Enrol(ctx, client.Realm, c, login.Names{GivenName: "Ingrid", Surname: "Solberg", Locale: "nb"}); err == nil {
			err = a.Login.AddCredential(ctx, client.Realm, p.ID, login.Credential{Kind: login.Phone, Value: devPhone, Level: login.VerificationCode})
		}
		if err == nil {
			err = a.Login.SetPassword(ctx, client.Realm, p.ID, c, devPassword, "")
		}
	}
	if err != nil {
		return "", err
	}
	_, in, err := a.Login.Begin(ctx, client, p, c)
	if err != nil {
		return "", err
	}
	code, err := a.Login.Authorise(ctx, login.Request{Client: client, Redirect: redirect, Scopes: client.Scopes}, in)
	if err != nil {
		return "", err
	}
	tokens, err := a.Login.Exchange(ctx, client, code.Reveal(), redirect, "")
	return tokens.Access.Reveal(), err
}

// mediaContract is the contract's part of the start page.
func mediaContract(s Sandbox) dev.Contract {
	m := s.Media
	sign := m.LoginBase + "/oauth/authorize?" + url.Values{"client_id": {m.ClientID}, "response_type": {"code"}, "redirect_uri": {m.RedirectURI}, "scope": {"read write"}, "state": {"x1"}}.Encode()
	call := func(path string) string {
		return fmt.Sprintf("curl %s%s \\\n  -H 'Authorization: Bearer %s'", m.APIBase, path, m.AccessToken)
	}
	return dev.Contract{Name: "Media", About: "Readers of a site: sign-in by OAuth, subscriptions, invoices, and how they are paid.", Base: m.APIBase, Docs: "/docs/media",
		Values: []dev.Value{{Name: "Login server", Value: m.LoginBase}, {Name: "clientId", Value: m.ClientID}, {Name: "client secret", Value: m.ClientSecret},
			{Name: "redirect_uri", Value: m.RedirectURI, Help: "registered for the client, letter by letter"}, {Name: "Reader", Value: m.Username}, {Name: "Password", Value: m.Password},
			{Name: "Access token", Value: m.AccessToken, Help: "of that reader, for twelve hours"}, {Name: "Sign in", Value: sign, Help: "open it in a browser"}},
		Samples: []dev.Sample{
			{Title: "Who is signed in", Command: call("/v2/customer/profile")},
			{Title: "A token of the client's own", Command: fmt.Sprintf("curl %s/oauth/token \\\n  -d grant_type=client_credentials -d client_id=%s -d client_secret=%s", m.LoginBase, m.ClientID, m.ClientSecret)},
		}}
}

// showSignedIn is where the test site's sign-in leads: what the site's page
// would be given, and what its server would ask next.
func showSignedIn(w http.ResponseWriter, r *http.Request, s Sandbox) error {
	q, m := r.URL.Query(), s.Media
	back := dev.Returned{Again: "/try"}
	for _, name := range []string{"code", "state", "error", "error_description"} {
		if q.Has(name) {
			back.Values = append(back.Values, dev.Value{Name: name, Value: q.Get(name)})
		}
	}
	if q.Has("code") {
		back.Command = fmt.Sprintf("curl %s/oauth/token \\\n  -d grant_type=authorization_code -d client_id=%s -d client_secret=%s \\\n  -d redirect_uri=%s -d code=%s",
			m.LoginBase, m.ClientID, m.ClientSecret, url.QueryEscape(m.RedirectURI), url.QueryEscape(q.Get("code")))
	}
	return dev.ShowReturned(w, r, devLinks, back)
}
