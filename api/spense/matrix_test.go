package spense_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/florinpay/florin/api/spense"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store/storetest"
)

// organisation is one with a payment of its own.
type organisation struct {
	realm                access.Realm
	id, profile, payment string
}

func (h *house) organisation(t *testing.T, realm access.Realm, name string) organisation {
	t.Helper()
	m, err := h.app.Merchants.Add(t.Context(), realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Code: name, Name: name, Country: "NO"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.app.Merchants.AddProfile(t.Context(), realm.ID, audit.By{Actor: "test"}, merchant.Profile{Merchant: m.ID, Code: name, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	o := organisation{realm: realm, id: string(m.ID), profile: string(p.ID)}
	o.payment = h.made(t, o, h.key(t, realm, o.id))
	return o
}

// made makes a payment for an organisation.
func (h *house) made(t *testing.T, o organisation, token string) string {
	t.Helper()
	got := h.ask(t, "POST", "/api/payments", token, h.order(h.sandbox.Spense.ProfileIDs[1], o.profile))
	if got.status != 200 {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	return got.member(t, "id")
}

// key makes a key for organisations and signs it in.
func (h *house) key(t *testing.T, realm access.Realm, organisations ...string) string {
	t.Helper()
	var ids []ident.ID
	for _, o := range organisations {
		ids = append(ids, ident.ID(o))
	}
	c, err := h.app.Spense.MakeKey(t.Context(), realm, audit.By{Actor: "test"}, "matrix", "", ids...)
	if err != nil {
		t.Fatal(err)
	}
	return h.signIn(t, c.ClientID, c.ClientSecret.Reveal())
}

func (h *house) realm(t *testing.T, env access.Environment) access.Realm {
	t.Helper()
	r, err := h.app.Access.AddRealm(t.Context(), "Matrix", env)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// about is how an operation is asked about a payment.
func about(o spense.Operation, x organisation, order string) (path, body string) {
	path = strings.NewReplacer("{id}", x.payment, "{payment_id}", x.payment, "{payflow_id}", x.payment).Replace(o.Path)
	switch o.Name {
	case "create_payment":
		body = order
	case "resend_to_payment_method":
		body = `{"payment_id":"` + x.payment + `"}`
	case "mark_payment_as_paid":
		body = `{"payment_method":"cash","user_email":"kari@fjordbil.example"}`
	case "set_payment_method":
		body = `{}`
	case "generate_csv", "generate_csv_by_post":
		body = `{"from_date":"2026-11-01","to_date":"2026-11-30"}`
	}
	return path, body
}

// TestAuthorisation asks with every kind of credential for every operation,
// about what is one's own and what is not. Whatever is out of reach looks like
// what does not exist.
func TestAuthorisation(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			test, live := h.realm(t, access.Test), h.realm(t, access.Live)
			own, sibling, foreign, real := h.organisation(t, test, "own"), h.organisation(t, test, "sibling"), h.organisation(t, test, "foreign"), h.organisation(t, live, "live")
			missing := organisation{id: "0123456789abcdef01234567", profile: own.profile, payment: "0123456789abcdef01234567"}
			places := map[string]organisation{"own": own, "sibling": sibling, "foreign": foreign, "live": real, "missing": missing}
			revoked, err := h.app.Spense.MakeKey(t.Context(), test, audit.By{Actor: "test"}, "revoked", "", ident.ID(own.id))
			if err != nil {
				t.Fatal(err)
			}
			gone := h.signIn(t, revoked.ClientID, revoked.ClientSecret.Reveal())
			if err := h.app.Access.Revoke(t.Context(), test.ID, audit.By{Actor: "test"}, ident.ID(revoked.ClientID)); err != nil {
				t.Fatal(err)
			}
			tokens := map[string]string{"single": h.key(t, test, own.id), "partner": h.key(t, test, own.id, sibling.id), "revoked": gone,
				"other contract": h.sandbox.Gateway.Token, "nonsense": "5b0f3c0e-8a3e-4c56-9a53-1f2a6f0d7e11", "nobody": ""}
			for _, o := range spense.Operations() {
				if o.Open {
					continue
				}
				for who, token := range tokens {
					for where, x := range places {
						for _, header := range []bool{true, false} {
							if x.realm.ID != "" && (o.Name == "mark_payment_as_paid" || o.Name == "cancel_payment") { // one of each is used up each time
								x.payment = h.made(t, x, h.key(t, x.realm, x.id))
							}
							path, body := about(o, x, h.order(h.sandbox.Spense.ProfileIDs[1], x.profile))
							var headers []string
							if header {
								headers = []string{"X-Organization-Id", x.id}
							}
							got := h.ask(t, o.Method, path, token, body, headers...)
							what := fmt.Sprintf("%s by %s of %s, header %v", o.Name, who, where, header)
							if want := expected(o, who, where, header); got.status != want {
								t.Errorf("%s: got %d %s, want %d", what, got.status, got.body, want)
							}
							if text := map[int]string{403: `{"detail":"No access to this organization"}`, 404: `{"detail":"Payment not found"}`}[got.status]; text != "" && who != "revoked" && got.body != text {
								t.Errorf("%s: got %s, which tells it from the others", what, got.body) // no id can be probed
							}
						}
					}
				}
			}
		})
	}
}

// expected is the status by the sheet's rules alone.
func expected(o spense.Operation, who, where string, header bool) int {
	reached := where == "own" || where == "sibling" && who == "partner"
	named := strings.Contains(o.Path, "{") || o.Name == "resend_to_payment_method"
	switch {
	case who == "revoked":
		return 403
	case who != "single" && who != "partner":
		return 401
	case !o.Organization:
		return 200
	case header && !reached:
		return 403
	case !header && who == "partner":
		return 400
	case !header && where != "own" && named:
		return 404
	case !header && where != "own" && where != "missing" && o.Makes:
		return 400 // the profile is another organisation's
	case o.Name == "refund_payment":
		return 409 // nothing was paid
	case o.Name == "print_receipt":
		return 409
	}
	return 200
}

// TestLegacySignIn is the sign-in of before February 2024.
func TestLegacySignIn(t *testing.T) {
	for on, status := range map[string]int{"true": 200, "false": 401} {
		h := open(t, "sqlite", "spense-legacy-auth", on)
		b := h.sandbox.Spense
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(b.ClientID+":"+b.ClientSecret))
		got := h.ask(t, "GET", "/api/payments", "", "", "Authorization", basic)
		if got.status != status || (got.header.Get("Deprecation") == "@1706745600") != (status == 200) {
			t.Errorf("%s: got %d %s %v", on, got.status, got.body, got.header)
		}
		if got := h.ask(t, "GET", "/partner/auth/ping", "", "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(b.ClientID+":wrong"))); got.status != 401 {
			t.Errorf("%s: a wrong secret: got %d", on, got.status)
		}
		if err := h.app.Access.Flush(t.Context(), &h.app.Spense.Meter); err != nil {
			t.Fatal(err)
		}
		list, err := h.app.Access.Usages(t.Context(), h.sandboxRealm(t), 1)
		old := int64(0)
		for _, u := range list {
			old += u.Old
		}
		if err != nil || (old == 1) != (status == 200) {
			t.Errorf("%s: %d calls counted (%v)", on, old, err)
		}
	}
}

// realmOf is the sandbox's realm.
func (h *house) realmOf(t *testing.T) access.Realm {
	return access.Realm{ID: h.sandboxRealm(t), Environment: access.Test}
}

func (h *house) sandboxRealm(t *testing.T) ident.ID {
	t.Helper()
	actor, err := h.app.Access.Authenticate(t.Context(), h.sandbox.Gateway.Token)
	if err != nil {
		t.Fatal(err)
	}
	return actor.Realm
}

func TestSoftLimit(t *testing.T) {
	h := open(t, "sqlite", "spense-limit", "3")
	for n := range 5 {
		got := h.ask(t, "GET", "/partner/payment-methods", h.token, "")
		if want := map[bool]int{true: 200, false: 429}[n < 3]; got.status != want || want == 429 && (got.header.Get("Retry-After") == "" || got.body != `{"detail":"Too many requests"}`) {
			t.Errorf("call %d: got %d %s %v", n, got.status, got.body, got.header)
		}
	}
	if got := h.ask(t, "GET", "/partner/payment-methods", h.partner, "", "X-Organization-Id", h.sandbox.Spense.OrganizationID); got.status != 200 {
		t.Errorf("another key: got %d", got.status)
	}
}
