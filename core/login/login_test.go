package login_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var (
	ctx     = context.Background()
	ola     = login.Credential{Kind: login.Email, Value: "ola@example.com", Level: login.VerificationCode}
	nobody  = login.Credential{Kind: login.Email, Value: "nobody@example.com"}
	nobodys = "fla_0123456789abcdef01234567" + strings.Repeat("A", 43)
)

const password = "kelner i Molde 1974"

// desk is a service over a real database, with a client and Ola, who has a password.
type desk struct {
	*login.Service
	t      *testing.T
	clock  *storetest.Clock
	realm  ident.ID
	client login.Client
	ola    login.Person
}

func each(t *testing.T, fn func(d *desk)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			d := &desk{t: t, clock: storetest.NewClock(time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC))}
			db := storetest.Open(t, engine, func(o *store.Options) { o.Clock = d.clock.Now })
			keys, err := vault.EphemeralKeys()
			if err != nil {
				t.Fatal(err)
			}
			log := &event.Log{}
			post := &notify.Service{DB: db, Events: log, Vault: &vault.Service{DB: db, Keys: keys, Log: log}, Limits: notify.Limits{AddressHour: 1, AddressDay: 9, MerchantHour: 99, MerchantDay: 99}}
			d.Service = &login.Service{DB: db, Notify: post, Pepper: []byte("pepper"), Random: rand.Reader, Clock: d.clock.Now}
			realm, err := (&access.Service{DB: db, Clock: d.clock.Now}).AddRealm(ctx, "Lind Media", access.Test)
			if err != nil {
				t.Fatal(err)
			}
			d.realm = realm.ID
			d.client = d.addClient("no.lind.site", false)
			if d.ola, err = d.Enrol(ctx, d.realm, ola, login.Names{GivenName: "Ola"}); err != nil {
				t.Fatal(err)
			}
			if err := d.SetPassword(ctx, d.realm, d.ola.ID, ola, password, ""); err != nil {
				t.Fatal(err)
			}
			fn(d)
		})
	}
}

func (d *desk) addClient(code string, public bool) login.Client {
	d.t.Helper()
	c, _, err := d.AddClient(ctx, d.realm, audit.By{Actor: "test"}, login.Client{Code: code, Name: "Lind", Redirects: []string{"https://site.example/back"}, Hosts: []string{"site.example"}}, method.Conceal("hush"), public)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// code reads the digits that were sent last.
func (d *desk) code(to string) string {
	d.t.Helper()
	list, err := d.Notify.List(ctx, d.realm, notify.Filter{To: to}, 1)
	if err != nil || len(list) != 1 {
		d.t.Fatalf("no code came: %v", err)
	}
	return regexp.MustCompile(`\b\d{6}\b`).FindString(list[0].Text)
}

func (d *desk) wrong(what string, err error, want string) {
	d.t.Helper()
	if !fault.Is(err, want) {
		d.t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

func TestPassword(t *testing.T) {
	each(t, func(d *desk) {
		p, err := d.ByPassword(ctx, d.realm, ola, password)
		if err != nil || p.ID != d.ola.ID || !p.HasPassword() {
			t.Fatalf("got %+v, %v", p, err)
		}
		_, err = d.ByPassword(ctx, d.realm, ola, password+"!")
		_, unknown := d.ByPassword(ctx, d.realm, nobody, password)
		d.wrong("wrong password", err, "unauthenticated.credential")
		if unknown == nil || unknown.Error() != err.Error() {
			t.Errorf("got %q for an unknown person, want %q", unknown, err)
		}
		for weak, want := range map[string]string{"short": "invalid.password", strings.Repeat("x", 129): "invalid.password", "Password1234": "invalid.password.weak",
			"abababababab": "invalid.password.weak", "olanordmann-og-mer": ""} {
			d.wrong(weak, login.CheckPassword(weak, ola), want)
		}
		d.wrong("own name", login.CheckPassword("nordmann1974!", login.Credential{Kind: login.Email, Value: "nordmann@example.com"}), "invalid.password.weak")
		err = d.SetPassword(ctx, d.realm, d.ola.ID, ola, strings.Repeat("å7K-x9Øq", 16), "")
		if _, again := d.ByPassword(ctx, d.realm, ola, strings.Repeat("å7K-x9Øq", 16)); err != nil || again != nil {
			t.Errorf("a long password: %v, %v", err, again)
		}
	})
}

// Ten tries, then half an hour, with the right password too; thirty at once are
// no way around it.
func TestLockout(t *testing.T) {
	each(t, func(d *desk) {
		for _, c := range []login.Credential{ola, nobody} {
			var wg sync.WaitGroup
			for range 30 {
				wg.Go(func() {
					if _, err := d.ByPassword(ctx, d.realm, c, "not the password"); !fault.Is(err, "unauthenticated.credential") {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		_, err := d.ByPassword(ctx, d.realm, ola, password)
		d.wrong("locked", err, "unauthenticated.credential")
		d.clock.Add(29 * time.Minute)
		_, err = d.ByPassword(ctx, d.realm, ola, password)
		d.wrong("still locked", err, "unauthenticated.credential")
		d.clock.Add(2 * time.Minute)
		if _, err := d.ByPassword(ctx, d.realm, ola, password); err != nil {
			t.Errorf("after the rest: %v", err)
		}
		for range 9 {
			_, err = d.ByPassword(ctx, d.realm, ola, "x")
			d.wrong("wrong", err, "unauthenticated.credential")
		}
		if _, err := d.ByPassword(ctx, d.realm, ola, password); err != nil {
			t.Errorf("the tenth try: %v", err)
		}
	})
}

func TestCodes(t *testing.T) {
	each(t, func(d *desk) {
		if err := d.SendCode(ctx, d.client, nobody, "nb"); err != nil {
			t.Fatal(err)
		}
		digits := d.code(nobody.Value)
		if _, _, err := d.ByCode(ctx, d.realm, ola, digits); err == nil {
			t.Error("a code opens for somebody else")
		}
		p, made, err := d.ByCode(ctx, d.realm, nobody, digits)
		if err != nil || !made || p.Number < 100_000_000 || len(p.UniqueID) != 32 {
			t.Fatalf("got %+v, %t, %v", p, made, err)
		}
		_, _, err = d.ByCode(ctx, d.realm, nobody, digits)
		d.wrong("used", err, "unauthenticated.credential")
		if err := d.SendCode(ctx, d.client, nobody, "nb"); err != nil {
			t.Fatal(err)
		}
		again, made, err := d.ByCode(ctx, d.realm, nobody, d.code(nobody.Value))
		if err != nil || made || again.ID != p.ID {
			t.Errorf("got %+v, %t, %v", again, made, err)
		}
		if err := d.SendCode(ctx, d.client, nobody, "nb"); err != nil {
			t.Fatal(err)
		}
		digits = d.code(nobody.Value)
		for range 5 {
			_, _, err = d.ByCode(ctx, d.realm, nobody, "x")
			d.wrong("guess", err, "unauthenticated.credential")
		}
		_, _, err = d.ByCode(ctx, d.realm, nobody, digits)
		d.wrong("guessed too often", err, "unauthenticated.credential")
		if err := d.SendCode(ctx, d.client, ola, "nb"); err != nil {
			t.Fatal(err)
		}
		d.clock.Add(11 * time.Minute)
		_, _, err = d.ByCode(ctx, d.realm, ola, d.code(ola.Value))
		d.wrong("late", err, "unauthenticated.credential")
		for range 9 {
			err = d.SendCode(ctx, d.client, ola, "nb")
		}
		if err != nil {
			t.Error(err)
		}
		d.wrong("flood", d.SendCode(ctx, d.client, ola, "nb"), "limited.address")
	})
}

func TestSessions(t *testing.T) {
	each(t, func(d *desk) {
		one, in, err := d.Begin(ctx, d.client, d.ola, ola)
		if err != nil {
			t.Fatal(err)
		}
		two, _, err := d.Begin(ctx, d.client, d.ola, ola)
		if err != nil || one.Reveal() == two.Reveal() {
			t.Fatalf("the same token twice, %v", err)
		}
		got, p, err := d.Session(ctx, d.realm, one.Reveal())
		if err != nil || p.ID != d.ola.ID || got.Credential.String() != ola.String() || got.ExpiresAt != in.ExpiresAt {
			t.Errorf("got %+v, %v", got, err)
		}
		_, _, err = d.Session(ctx, "bbbbbbbbbbbbbbbbbbbbbbbb", one.Reveal())
		d.wrong("another realm", err, "unauthenticated.session")
		if err := d.SetPassword(ctx, d.realm, d.ola.ID, ola, "noe helt annet 88", one.Reveal()); err != nil {
			t.Fatal(err)
		}
		_, _, err = d.Session(ctx, d.realm, two.Reveal())
		d.wrong("after another's new password", err, "unauthenticated.session")
		if _, _, err := d.Session(ctx, d.realm, one.Reveal()); err != nil {
			t.Errorf("the session that chose it: %v", err)
		}
		if err := d.End(ctx, one.Reveal()); err != nil {
			t.Fatal(err)
		}
		_, _, err = d.Session(ctx, d.realm, one.Reveal())
		d.wrong("ended", err, "unauthenticated.session")
		late, _, err := d.Begin(ctx, d.client, d.ola, ola)
		if err != nil {
			t.Fatal(err)
		}
		d.clock.Add(12 * time.Hour)
		_, _, err = d.Session(ctx, d.realm, late.Reveal())
		d.wrong("expired", err, "unauthenticated.session")
	})
}

// grant goes the whole way to tokens.
func (d *desk) code4(client login.Client, verifier string) (code string, r login.Request) {
	d.t.Helper()
	challenge, method := "", ""
	if verifier != "" {
		sum := sha256.Sum256([]byte(verifier))
		challenge, method = base64.RawURLEncoding.EncodeToString(sum[:]), "S256"
	}
	r, err := d.Ask(ctx, client.Code, "https://site.example/back", "code", "read", challenge, method)
	if err != nil {
		d.t.Fatal(err)
	}
	_, in, err := d.Begin(ctx, client, d.ola, ola)
	if err != nil {
		d.t.Fatal(err)
	}
	secret, err := d.Authorise(ctx, r, in)
	if err != nil {
		d.t.Fatal(err)
	}
	return secret.Reveal(), r
}

func (d *desk) tokens() login.Tokens {
	d.t.Helper()
	code, r := d.code4(d.client, "")
	out, err := d.Exchange(ctx, d.client, code, r.Redirect, "")
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

func (d *desk) refused(what, access string) {
	d.t.Helper()
	_, err := d.Authenticate(ctx, access)
	d.wrong(what, err, "unauthenticated.token")
}

func TestCodeForTokens(t *testing.T) {
	each(t, func(d *desk) {
		verifier := strings.Repeat("v", 43)
		code, r := d.code4(d.client, verifier)
		other := d.addClient("no.other", false)
		_, err := d.Exchange(ctx, other, code, r.Redirect, verifier)
		d.wrong("another client", err, "invalid.grant")
		out, err := d.Exchange(ctx, d.client, code, r.Redirect, verifier)
		if err != nil {
			t.Fatal(err)
		}
		b, err := d.Authenticate(ctx, out.Access.Reveal())
		if err != nil || b.Person != d.ola.ID || b.Client.ID != d.client.ID || !b.May("read") || b.May("write") || b.Environment != access.Test || b.Credential.String() != ola.String() {
			t.Errorf("got %+v, %v", b, err)
		}
		d.refused("a refresh token", out.Refresh.Reveal())
		d.refused("nobody's", nobodys)
		_, err = d.Exchange(ctx, d.client, code, r.Redirect, verifier)
		d.wrong("code again", err, "invalid.grant")
		d.refused("tokens of a code that came twice", out.Access.Reveal())
		_, err = d.Refresh(ctx, d.client, out.Refresh.Reveal(), "")
		d.wrong("refresh of a code that came twice", err, "invalid.grant")

		for what, exchange := range map[string]func(code string, r login.Request) error{
			"wrong verifier": func(code string, r login.Request) error {
				_, err := d.Exchange(ctx, d.client, code, r.Redirect, strings.Repeat("w", 43))
				return err
			},
			"no verifier": func(code string, r login.Request) error {
				_, err := d.Exchange(ctx, d.client, code, r.Redirect, "")
				return err
			},
			"another redirect": func(code string, r login.Request) error {
				_, err := d.Exchange(ctx, d.client, code, r.Redirect+"/", verifier)
				return err
			},
			"late": func(code string, r login.Request) error {
				d.clock.Add(10 * time.Minute)
				_, err := d.Exchange(ctx, d.client, code, r.Redirect, verifier)
				return err
			},
		} {
			code, r := d.code4(d.client, verifier)
			d.wrong(what, exchange(code, r), "invalid.grant")
			_, err := d.Exchange(ctx, d.client, code, r.Redirect, verifier)
			d.wrong(what+", then right", err, "invalid.grant")
		}
		code, r = d.code4(d.client, "")
		_, err = d.Exchange(ctx, d.client, code, r.Redirect, verifier)
		d.wrong("a verifier that nobody announced", err, "invalid.grant")
	})
}

func TestCodeIsGoodOnce(t *testing.T) {
	each(t, func(d *desk) {
		code, r := d.code4(d.client, "")
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := 0
		for range 20 {
			wg.Go(func() {
				if _, err := d.Exchange(ctx, d.client, code, r.Redirect, ""); err == nil {
					mu.Lock()
					got++
					mu.Unlock()
				} else if !fault.Is(err, "invalid.grant") {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got != 1 {
			t.Errorf("%d of 20 got tokens, want 1", got)
		}
	})
}

func TestRefreshRotates(t *testing.T) {
	each(t, func(d *desk) {
		first := d.tokens()
		second, err := d.Refresh(ctx, d.client, first.Refresh.Reveal(), "")
		if err != nil {
			t.Fatal(err)
		}
		if b, err := d.Authenticate(ctx, second.Access.Reveal()); err != nil || b.Person != d.ola.ID || !b.May("read") {
			t.Errorf("got %+v, %v", b, err)
		}
		_, err = d.Refresh(ctx, d.client, second.Refresh.Reveal(), "write")
		d.wrong("more than was granted", err, "invalid.scope")
		_, err = d.Refresh(ctx, d.client, first.Refresh.Reveal(), "")
		d.wrong("a stolen one", err, "invalid.grant")
		d.refused("the thief's and the owner's", second.Access.Reveal())
		_, err = d.Refresh(ctx, d.client, second.Refresh.Reveal(), "")
		d.wrong("the newest of a stolen line", err, "invalid.grant")

		third := d.tokens()
		d.clock.Add(12 * time.Hour)
		d.refused("after 12 hours", third.Access.Reveal())
		fourth, err := d.Refresh(ctx, d.client, third.Refresh.Reveal(), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Revoke(ctx, d.addClient("no.other", false), fourth.Access.Reveal()); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Authenticate(ctx, fourth.Access.Reveal()); err != nil {
			t.Errorf("another client revoked it: %v", err)
		}
		if err := d.Revoke(ctx, d.client, fourth.Refresh.Reveal()); err != nil {
			t.Fatal(err)
		}
		d.refused("revoked with its refresh token", fourth.Access.Reveal())
		fifth := d.tokens()
		d.clock.Add(30 * 24 * time.Hour)
		_, err = d.Refresh(ctx, d.client, fifth.Refresh.Reveal(), "")
		d.wrong("after 30 days", err, "invalid.grant")
		for want := -1; want != 0; {
			if want, err = d.Sweep(ctx, d.realm, d.clock.Now(), 3); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestClientMode(t *testing.T) {
	each(t, func(d *desk) {
		c, err := d.Confidential(ctx, "no.lind.site", "hush")
		if err != nil {
			t.Fatal(err)
		}
		for code, secret := range map[string]string{"no.lind.site": "wrong", "no.such": "hush", "": ""} {
			_, err := d.Confidential(ctx, code, secret)
			d.wrong(code, err, "unauthenticated.client")
		}
		out, err := d.Grant(ctx, c, "read")
		if err != nil || !out.Refresh.Empty() {
			t.Fatalf("got %+v, %v", out, err)
		}
		if b, err := d.Authenticate(ctx, out.Access.Reveal()); err != nil || b.Person != "" || b.May("write") {
			t.Errorf("got %+v, %v", b, err)
		}
		_, err = d.Grant(ctx, c, "admin")
		d.wrong("scope", err, "invalid.scope")
		public := d.addClient("no.app", true)
		_, err = d.Grant(ctx, public, "")
		d.wrong("public", err, "forbidden.client")
		_, err = d.Confidential(ctx, "no.app", "")
		d.wrong("public, no secret", err, "unauthenticated.client")
		_, err = d.Ask(ctx, "no.app", "https://site.example/back", "code", "", "", "")
		d.wrong("public without PKCE", err, "invalid.challenge")
		if _, err := d.ChangeClient(ctx, d.realm, audit.By{Actor: "test"}, "no.lind.site", method.Secret{}, func(c *login.Client) { c.DisabledAt = d.clock.Now() }); err != nil {
			t.Fatal(err)
		}
		d.refused("of a disabled client", out.Access.Reveal())
		if user := d.addClient("no.two", false); user.ID != "" {
			_, _, err := d.AddClient(ctx, d.realm, audit.By{Actor: "test"}, login.Client{Code: "no.two", Name: "x"}, method.Secret{}, false)
			d.wrong("taken", err, "conflict.client")
		}
	})
}

func TestDisabledPerson(t *testing.T) {
	each(t, func(d *desk) {
		out := d.tokens()
		token, _, err := d.Begin(ctx, d.client, d.ola, ola)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Disable(ctx, d.realm, d.ola.ID, audit.By{Actor: "staff"}); err != nil {
			t.Fatal(err)
		}
		d.refused("token", out.Access.Reveal())
		_, err = d.Refresh(ctx, d.client, out.Refresh.Reveal(), "")
		d.wrong("refresh", err, "invalid.grant")
		_, _, err = d.Session(ctx, d.realm, token.Reveal())
		d.wrong("session", err, "unauthenticated.session")
		_, err = d.ByPassword(ctx, d.realm, ola, password)
		d.wrong("password", err, "unauthenticated.credential")
	})
}
