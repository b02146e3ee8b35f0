package access_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// gate is a service on a wall clock that the test moves, with one realm of
// each environment.
type gate struct {
	*access.Service
	t          *testing.T
	clock      *storetest.Clock
	test, live access.Realm
}

func each(t *testing.T, fn func(g *gate)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			g := &gate{t: t, clock: storetest.NewClock(time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC))}
			db := storetest.Open(t, engine, func(o *store.Options) { o.Clock = g.clock.Now })
			g.Service = g.node(db)
			g.test, g.live = g.realm("Lind Media", access.Test), g.realm("Lind Media", access.Live)
			fn(g)
		})
	}
}

// node is one process's service: it remembers keys on its own.
func (g *gate) node(db *store.DB) *access.Service {
	return &access.Service{DB: db, Pepper: []byte("pepper"), Random: rand.Reader, Clock: g.clock.Now}
}

func (g *gate) realm(name string, env access.Environment) access.Realm {
	g.t.Helper()
	r, err := g.AddRealm(context.Background(), name, env)
	if err != nil {
		g.t.Fatal(err)
	}
	return r
}

func (g *gate) key(r access.Realm, k access.Key) (access.Key, string) {
	g.t.Helper()
	k, token, err := g.MakeKey(context.Background(), r, audit.By{Actor: "test"}, k)
	if err != nil {
		g.t.Fatal(err)
	}
	return k, token.Reveal()
}

func (g *gate) opens(s *access.Service, token string) string {
	_, err := s.Authenticate(context.Background(), token)
	return fault.Code(err)
}

func TestATokenOpensItsRealm(t *testing.T) {
	each(t, func(g *gate) {
		for env, r := range map[access.Environment]access.Realm{access.Test: g.test, access.Live: g.live} {
			k, token := g.key(r, access.Key{Kind: "gateway", Label: "shop", May: []access.Permission{access.Pay, access.Read}, Merchants: []ident.ID{"m1", "m2"}})
			if !strings.HasPrefix(token, "flk_"+string(env)+"_") || len(token) != 9+ident.Length+43 {
				g.t.Errorf("got a token of the form %.9s and %d characters", token, len(token))
			}
			a, err := g.Authenticate(context.Background(), token)
			if err != nil || a.Realm != r.ID || a.Environment != env || a.Key != k.ID || a.Kind != "gateway" || !slices.Equal(a.May, k.May) || !slices.Equal(a.Merchants, k.Merchants) {
				g.t.Errorf("got %+v (%v)", a, err)
			}
			if a.Need(access.Pay) != nil || fault.Code(a.Need(access.Refund)) != "forbidden.permission" {
				g.t.Error("the key's permissions are not the actor's")
			}
			if a.NeedMerchant("m2") != nil || fault.Code(a.NeedMerchant("m3")) != "not_found.merchant" {
				g.t.Error("the key's merchants are not the actor's")
			}
		}
		all := access.Actor{}
		if all.NeedMerchant("m3") != nil {
			g.t.Error("a key without merchants is for all of them")
		}
	})
}

// Whatever is wrong with a token that has the right form, the answer is one
// and the same: nobody learns which part was right.
func TestTokensThatOpenNothing(t *testing.T) {
	each(t, func(g *gate) {
		k, token := g.key(g.test, access.Key{})
		other, _ := g.key(g.live, access.Key{})
		secret := token[len(token)-43:]
		turned := []byte(secret)
		turned[42] ^= 1
		form, wrong := "unauthenticated.token", "unauthenticated.key"
		for _, tt := range []struct{ name, token, want string }{
			{"nothing", "", form},
			{"a word", "secret", form},
			{"no prefix", string(k.ID) + secret, form},
			{"another prefix", "sk_test_" + string(k.ID) + secret, form},
			{"too short", token[:len(token)-1], form},
			{"too long", token + "A", form},
			{"very long", token + strings.Repeat("A", 1<<16), form},
			{"an id that is none", "flk_test_" + strings.Repeat("Z", ident.Length) + secret, form},
			{"capitals", "flk_test_" + strings.ToUpper(string(k.ID)) + secret, form},
			{"the other environment", "flk_live_" + string(k.ID) + secret, wrong},
			{"an unknown key", "flk_test_ffffffffffffffffffffffff" + secret, wrong},
			{"another key's secret", "flk_live_" + string(other.ID) + secret, wrong},
			{"a wrong secret", "flk_test_" + string(k.ID) + string(turned), wrong},
		} {
			if _, err := g.Authenticate(context.Background(), tt.token); fault.Code(err) != tt.want {
				g.t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
			} else if strings.Contains(fmt.Sprint(err), secret) || err.Error() != map[string]string{
				form: "unauthenticated.token: not an access token", wrong: "unauthenticated.key: unknown, expired or revoked access token"}[tt.want] {
				g.t.Errorf("%s: the answer tells more than the others: %v", tt.name, err)
			}
		}
		if _, err := g.Authenticate(context.Background(), token); err != nil {
			g.t.Errorf("the key itself: %v", err)
		}
	})
}

// A revocation is in force at once where it was made, and within a second on
// every other node.
func TestRevocation(t *testing.T) {
	each(t, func(g *gate) {
		k, token := g.key(g.test, access.Key{})
		other := g.node(g.DB)
		if got := g.opens(g.Service, token) + g.opens(other, token); got != "" {
			g.t.Fatalf("before: %s", got)
		}
		for range 2 { // the second changes nothing
			if err := g.Revoke(context.Background(), g.test.ID, audit.By{Actor: "test"}, k.ID); err != nil {
				g.t.Fatal(err)
			}
		}
		if got := g.opens(g.Service, token); got != "unauthenticated.key" {
			g.t.Errorf("at once: got %q", got)
		}
		g.clock.Add(999 * time.Millisecond)
		g.opens(other, token) // may still believe what it has read
		g.clock.Add(time.Millisecond)
		if got := g.opens(other, token); got != "unauthenticated.key" {
			g.t.Errorf("a second later, on another node: got %q", got)
		}
		keys, err := g.Keys(context.Background(), g.test.ID)
		if err != nil || len(keys) != 1 || keys[0].RevokedAt.IsZero() {
			g.t.Errorf("the list: got %+v (%v)", keys, err)
		}
		for _, id := range []ident.ID{"ffffffffffffffffffffffff", ""} {
			if err := g.Revoke(context.Background(), g.test.ID, audit.By{Actor: "test"}, id); fault.Code(err) != "not_found.key" {
				g.t.Errorf("nobody's key: got %v", err)
			}
		}
		foreign, _ := g.key(g.live, access.Key{})
		if err := g.Revoke(context.Background(), g.test.ID, audit.By{Actor: "test"}, foreign.ID); fault.Code(err) != "not_found.key" {
			g.t.Errorf("another realm's key: got %v", err)
		}
	})
}

func TestExpiry(t *testing.T) {
	each(t, func(g *gate) {
		_, token := g.key(g.test, access.Key{ExpiresAt: g.clock.Now().Add(time.Hour)})
		g.clock.Add(time.Hour - time.Millisecond)
		if got := g.opens(g.Service, token); got != "" {
			g.t.Errorf("before: %s", got)
		}
		g.clock.Add(time.Millisecond) // believed keys expire too
		if got := g.opens(g.Service, token); got != "unauthenticated.key" {
			g.t.Errorf("at its end: got %q", got)
		}
	})
}

// The rows hold no secret: what they hold is useless without the pepper.
func TestAnotherPepperOpensNothing(t *testing.T) {
	each(t, func(g *gate) {
		_, token := g.key(g.test, access.Key{})
		other := g.node(g.DB)
		other.Pepper = []byte("another")
		if got := g.opens(other, token); got != "unauthenticated.key" {
			g.t.Errorf("got %q", got)
		}
	})
}

func TestRealms(t *testing.T) {
	each(t, func(g *gate) {
		ctx := context.Background()
		if _, err := g.AddRealm(ctx, "Lind Media", access.Live); fault.Code(err) != "conflict.realm" {
			g.t.Errorf("a second one: got %v", err)
		}
		if _, err := g.AddRealm(ctx, "", access.Test); fault.Code(err) != "invalid.organisation" {
			g.t.Errorf("no name: got %v", err)
		}
		if list, err := g.Realms(ctx); err != nil || len(list) != 2 {
			g.t.Errorf("got %+v (%v)", list, err)
		}
		if _, err := g.Environment(ctx, "ffffffffffffffffffffffff"); fault.Code(err) != "not_found.realm" {
			g.t.Errorf("no such realm: got %v", err)
		}
	})
}

func TestOnlyATestRealmsClockMoves(t *testing.T) {
	each(t, func(g *gate) {
		ctx := context.Background()
		now, err := g.Advance(ctx, g.test.ID, 36*time.Hour)
		if want := g.clock.Now().Add(36 * time.Hour); err != nil || !now.Equal(want) {
			g.t.Errorf("got %v (%v), want %v", now, err, want)
		}
		for _, tt := range []struct {
			realm ident.ID
			d     time.Duration
			want  string
		}{
			{g.live.ID, time.Second, "forbidden.live"},
			{g.live.ID, -time.Second, "forbidden.live"},
			{g.test.ID, 0, "invalid.duration"},
			{g.test.ID, -time.Hour, "invalid.duration"},
			{g.test.ID, 11 * 365 * 24 * time.Hour, "invalid.duration"},
			{"ffffffffffffffffffffffff", time.Second, "not_found.realm"},
			{store.System, time.Second, "not_found.realm"},
		} {
			if _, err := g.Advance(ctx, tt.realm, tt.d); fault.Code(err) != tt.want {
				g.t.Errorf("realm %q by %v: got %v, want %s", tt.realm, tt.d, err, tt.want)
			}
		}
		for r, want := range map[ident.ID]time.Time{g.live.ID: g.clock.Now(), g.test.ID: g.clock.Now().Add(36 * time.Hour)} {
			var at time.Time
			err := g.DB.View(ctx, r, func(tx *store.Tx) error { at = tx.Now(); return nil })
			if err != nil || !at.Equal(want) {
				g.t.Errorf("realm %s: got %v (%v), want %v", r, at, err, want)
			}
		}
	})
}

// Without randomness there is no key.
func TestNoRandomnessNoKey(t *testing.T) {
	each(t, func(g *gate) {
		g.Random = broken{}
		if _, token, err := g.MakeKey(context.Background(), g.test, audit.By{Actor: "test"}, access.Key{}); err == nil || !token.Empty() {
			g.t.Errorf("got %v", err)
		}
		if keys, err := g.Keys(context.Background(), g.test.ID); err != nil || len(keys) != 0 {
			g.t.Errorf("got %d keys (%v)", len(keys), err)
		}
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("no randomness") }
