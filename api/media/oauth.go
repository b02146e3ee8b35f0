package media

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/login"
)

// LoginRoutes mounts what programs call of the login server; the app does so
// under /login and /user, beside its pages.
func (s *Surface) LoginRoutes(r chi.Router) {
	r.Post("/oauth/token", s.oauth(s.token))
	r.Post("/oauth/revoke", s.oauth(s.revoke))
	r.Get("/.well-known/oauth-authorization-server", s.metadata)
	r.Get("/.well-known/openid-configuration", s.metadata)
}

// oauth reads a request of RFC 6749's form, finds the client, and answers.
func (s *Surface) oauth(serve func(r *http.Request, q url.Values, c login.Client) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Pragma", "no-cache")
		if !s.Door.Enter() {
			h.Set("Retry-After", "2")
			s.deny(w, r, http.StatusServiceUnavailable, "", "temporarily_unavailable", errBusy)
			return
		}
		defer s.Door.Leave()
		q, err := readParameters(w, r)
		var c login.Client
		if err == nil {
			c, err = s.client(r, q)
		}
		var out any
		if err == nil {
			out, err = serve(r, q, c)
		}
		if err != nil {
			s.failOAuth(w, r, err)
			return
		}
		if err := wire.WriteJSON(w, http.StatusOK, out); err != nil {
			s.failOAuth(w, r, err)
		}
	}
}

// readParameters gathers the parameters of a form body and of the query string:
// one client library puts them there on purpose (sheet, 3.2). None stands
// twice, in whichever place.
func readParameters(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	malformed := fault.New("invalid.request", "the parameters cannot be read, or one stands twice")
	text, err := wire.ReadBody(w, r, 64<<10)
	if err != nil {
		return nil, err
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, malformed
	}
	body, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, malformed
	}
	for name, values := range body {
		q[name] = append(q[name], values...)
	}
	for _, values := range q {
		if len(values) != 1 {
			return nil, malformed
		}
	}
	return q, nil
}

// client finds who asks: by HTTP Basic or by parameters, not by both (RFC 6749,
// 2.3). A client without a secret names itself; what it may then do is little.
func (s *Surface) client(r *http.Request, q url.Values) (login.Client, error) {
	id, secret, basic := r.BasicAuth()
	if basic {
		var err1, err2 error
		id, err1 = url.QueryUnescape(id)
		secret, err2 = url.QueryUnescape(secret)
		if err1 != nil || err2 != nil || q.Get("client_secret") != "" || q.Has("client_id") && q.Get("client_id") != id {
			return login.Client{}, fault.New("invalid.request", "the client is named in two ways")
		}
		return s.Login.Confidential(r.Context(), id, secret)
	}
	id, secret = q.Get("client_id"), q.Get("client_secret")
	if secret == "" {
		if c, err := s.Login.Client(r.Context(), id); err == nil && c.Public() {
			return c, nil
		} else if err != nil && !fault.Is(err, fault.NotFound) {
			return c, err
		}
	}
	return s.Login.Confidential(r.Context(), id, secret)
}

// given is the body of RFC 6749, 5.1.
type given struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Refresh string `json:"refresh_token,omitempty"`
	Expires int64  `json:"expires_in"`
	Scope   string `json:"scope"`
}

// token: POST /oauth/token (sheet, 3.2).
func (s *Surface) token(r *http.Request, q url.Values, c login.Client) (any, error) {
	var out login.Tokens
	var err error
	need := func(names ...string) bool {
		for _, name := range names {
			if q.Get(name) == "" && err == nil {
				err = fault.At("invalid.request", name, "this is needed")
			}
		}
		return err == nil
	}
	switch q.Get("grant_type") {
	case "authorization_code":
		if need("code", "redirect_uri") {
			out, err = s.Login.Exchange(r.Context(), c, q.Get("code"), q.Get("redirect_uri"), q.Get("code_verifier"))
		}
	case "refresh_token":
		if need("refresh_token") {
			out, err = s.Login.Refresh(r.Context(), c, q.Get("refresh_token"), q.Get("scope"))
		}
	case "client_credentials":
		out, err = s.Login.Grant(r.Context(), c, q.Get("scope"))
	case "":
		err = fault.At("invalid.request", "grant_type", "this is needed")
	default:
		err = fault.At("invalid.grant_type", "grant_type", "authorization_code, refresh_token or client_credentials")
	}
	if err != nil {
		return nil, err
	}
	// One second less than its life, as the contract's own answer says: a client
	// that counts from the answer's arrival is never late.
	return given{out.Access.Reveal(), "bearer", out.Refresh.Reveal(), int64(out.Life.Seconds()) - 1, strings.Join(out.Scopes, " ")}, nil
}

// revoke: POST /oauth/revoke (RFC 7009). Whose token it was is not told.
func (s *Surface) revoke(r *http.Request, q url.Values, c login.Client) (any, error) {
	if q.Get("token") == "" {
		return nil, fault.At("invalid.request", "token", "this is needed")
	}
	return struct{}{}, s.Login.Revoke(r.Context(), c, q.Get("token"))
}

// TooMany answers who asks the token endpoint too often (sheet, 2). When to come
// again, in Retry-After, is the caller's to say.
func (s *Surface) TooMany(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, Client, fault.New(fault.Limited, "too many requests from one address"))
}

// failOAuth answers in the words of RFC 6749, 5.2.
func (s *Surface) failOAuth(w http.ResponseWriter, r *http.Request, err error) {
	for _, f := range []struct {
		code, word string
		status     int
	}{
		{"unauthenticated", "invalid_client", http.StatusUnauthorized},
		{"invalid.grant_type", "unsupported_grant_type", http.StatusBadRequest},
		{"invalid.grant", "invalid_grant", http.StatusBadRequest},
		{"invalid.scope", "invalid_scope", http.StatusBadRequest},
		{"forbidden", "unauthorized_client", http.StatusBadRequest},
		{"invalid", "invalid_request", http.StatusBadRequest},
	} {
		if fault.Is(err, f.code) {
			s.deny(w, r, f.status, "Basic", f.word, err)
			return
		}
	}
	s.deny(w, r, http.StatusInternalServerError, "", "server_error", err)
}
