package access_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

func (g *gate) short(r access.Realm, form string, public bool, k access.Key) (access.Key, string) {
	g.t.Helper()
	k, token, err := g.MakeShortKey(context.Background(), r, audit.By{Actor: "test"}, form, public, k)
	if err != nil {
		g.t.Fatal(err)
	}
	return k, token.Reveal()
}

var shortForm = regexp.MustCompile(`^(sandbox|live)_[a-z]{2}_[A-Za-z0-9_-]{32}$`)

func TestAShortTokenOpensItsRealm(t *testing.T) {
	each(t, func(g *gate) {
		ctx := context.Background()
		k, token := g.short(g.test, "sk", false, access.Key{Kind: "shop", Label: "a", Merchants: []ident.ID{"m1"}, May: []access.Permission{access.Pay}})
		a, err := g.Authenticate(ctx, token)
		if err != nil || a.Realm != g.test.ID || a.Key != k.ID || a.Kind != "shop" || len(a.Merchants) != 1 || !shortForm.MatchString(token) || !strings.HasPrefix(token, "sandbox_sk_") {
			g.t.Errorf("got %+v (%v) by %.11s", a, err, token)
		}
		if _, live := g.short(g.live, "mk", false, access.Key{}); !strings.HasPrefix(live, "live_mk_") || g.opens(g.Service, live) != "" {
			g.t.Errorf("a live key: got %.8s", live)
		}
		turned := []byte(token)
		turned[len(turned)-1] ^= 3
		for name, wrong := range map[string]string{"another form": strings.Replace(token, "_sk_", "_mk_", 1), "another environment": strings.Replace(token, "sandbox", "live", 1),
			"another secret": string(turned), "no mode": strings.TrimPrefix(token, "sandbox_"), "too short": token[:len(token)-1], "too long": token + "A",
			"a line end in the id": token[:20] + "\n" + token[21:], "no form": strings.Replace(token, "_sk_", "__", 1)} {
			if code := g.opens(g.Service, wrong); !fault.Under(code, "unauthenticated") {
				g.t.Errorf("%s: got %q", name, code)
			}
		}
		if got, err := g.GetKey(ctx, g.test.ID, k.ID); err != nil || got.Shown != "" {
			g.t.Errorf("a secret is kept: %q (%v)", got.Shown, err)
		}
		public, shown := g.short(g.test, "pk", true, access.Key{})
		if got, err := g.GetKey(ctx, g.test.ID, public.ID); err != nil || got.Shown != shown {
			g.t.Errorf("a public key: got %q, want %q (%v)", got.Shown, shown, err)
		}
	})
}

// A marketplace's key is nobody's merchant until somebody has looked.
func TestAMarketplaceIsNoMerchant(t *testing.T) {
	a := access.Actor{Marketplace: "p1"}
	if fault.Code(a.NeedMerchant("m1")) != "not_found.merchant" || a.For("m1").NeedMerchant("m1") != nil || fault.Code(a.For("m1").NeedMerchant("m2")) != "not_found.merchant" {
		t.Error("a marketplace's key acts for merchants that nobody found to be its own")
	}
	if (access.Actor{Customer: "c1"}).NeedMerchant("m1") == nil {
		t.Error("a customer acts for every merchant")
	}
}

func TestKeysAreSwitchedOffAndOn(t *testing.T) {
	each(t, func(g *gate) {
		ctx := context.Background()
		k, token := g.short(g.test, "sk", false, access.Key{Label: "a"})
		change := func(f func(k *access.Key, now time.Time)) access.Key {
			got, err := g.Change(ctx, g.test.ID, audit.By{Actor: "test"}, k.ID, func(k *access.Key, now time.Time) error { f(k, now); return nil })
			if err != nil {
				g.t.Fatal(err)
			}
			return got
		}
		for _, tt := range []struct {
			name string
			f    func(k *access.Key, now time.Time)
			want string
		}{
			{"disabled", func(k *access.Key, now time.Time) { k.DisabledAt = now }, "unauthenticated.key"},
			{"enabled", func(k *access.Key, _ time.Time) { k.DisabledAt = time.Time{} }, ""},
			{"expired", func(k *access.Key, now time.Time) { k.ExpiresAt = now }, "unauthenticated.key"},
			{"not any longer", func(k *access.Key, _ time.Time) { k.ExpiresAt = time.Time{} }, ""},
		} {
			if change(tt.f); g.opens(g.Service, token) != tt.want {
				g.t.Errorf("%s: got %q, want %q", tt.name, g.opens(g.Service, token), tt.want)
			}
		}
		before := change(func(*access.Key, time.Time) {})
		if after := change(func(k *access.Key, _ time.Time) { k.Label = "b" }); after.Version != before.Version+1 || after.Label != "b" {
			g.t.Errorf("got %+v after %+v", after, before)
		}
		for name, realm := range map[string]ident.ID{"another realm's": g.live.ID, "the system's": store.System} {
			if _, err := g.Change(ctx, realm, audit.By{Actor: "test"}, k.ID, func(*access.Key, time.Time) error { return nil }); fault.Code(err) != "not_found.key" {
				g.t.Errorf("%s: got %v", name, err)
			}
		}
		if err := g.Revoke(ctx, g.test.ID, audit.By{Actor: "test"}, k.ID); err != nil {
			g.t.Fatal(err)
		}
		if _, err := g.GetKey(ctx, g.test.ID, k.ID); fault.Code(err) != "not_found.key" {
			g.t.Errorf("a revoked key: got %v", err)
		}
	})
}

func TestKeysAreFound(t *testing.T) {
	each(t, func(g *gate) {
		at := g.clock.Now()
		for _, k := range []access.Key{{Label: "a", Kind: "s", Merchants: []ident.ID{"m1"}}, {Label: "b", Kind: "s", Merchants: []ident.ID{"m2"}, ExpiresAt: at.Add(time.Hour)},
			{Label: "c", Kind: "k", Marketplace: "p1"}, {Label: "d", Kind: "s", Merchants: []ident.ID{"m1"}, DisabledAt: at}, {Label: "e", Kind: "s", Merchants: []ident.ID{"m1"}, ExpiresAt: at.Add(-time.Hour)}} {
			g.short(g.test, "sk", false, k)
			g.clock.Add(time.Minute)
		}
		g.short(g.live, "sk", false, access.Key{Label: "x", Kind: "s", Merchants: []ident.ID{"m1"}})
		yes, no, m1 := true, false, &access.Owners{Merchants: []ident.ID{"m1"}}
		for _, tt := range []struct {
			name string
			f    access.Filter
			want string
		}{
			{"all", access.Filter{}, "edcba"},
			{"sorted", access.Filter{Page: store.Page{Sort: []string{"label"}}}, "abcde"},
			{"a merchant's", access.Filter{Owners: m1}, "eda"},
			{"a merchant's and a marketplace's", access.Filter{Owners: &access.Owners{Merchants: []ident.ID{"m2"}, Marketplaces: []ident.ID{"p1"}}}, "cb"},
			{"nobody's", access.Filter{Owners: &access.Owners{}}, ""},
			{"of a kind", access.Filter{Kinds: []string{"k"}}, "c"},
			{"disabled", access.Filter{Disabled: &yes}, "d"},
			{"enabled", access.Filter{Disabled: &no, Owners: m1}, "ea"},
			{"expired", access.Filter{Expired: &yes}, "e"},
			{"not expired", access.Filter{Expired: &no}, "dcba"},
			{"expired by then", access.Filter{Expired: &yes, At: at.Add(2 * time.Hour)}, "eb"},
			{"made in a span", access.Filter{Created: store.Span{From: at.Add(time.Minute), Before: at.Add(3 * time.Minute)}}, "cb"},
			{"expiring in a span", access.Filter{Expires: store.Span{From: at}}, "b"},
			{"the second page", access.Filter{Page: store.Page{Offset: 2, Limit: 2}}, "cb"},
			{"past the end", access.Filter{Page: store.Page{Offset: 20, Limit: 2}}, ""},
		} {
			if tt.f.Page.Limit == 0 {
				tt.f.Page.Limit = 20
			}
			list, total, err := g.Search(context.Background(), g.test.ID, tt.f)
			got := ""
			for _, k := range list {
				got += k.Label
			}
			if err != nil || got != tt.want || tt.f.Page.Offset == 0 && total != int64(len(tt.want)) || tt.f.Page.Offset > 0 && total != 5 {
				g.t.Errorf("%s: got %q of %d (%v), want %q", tt.name, got, total, err, tt.want)
			}
		}
		if _, _, err := g.Search(context.Background(), g.test.ID, access.Filter{Page: store.Page{Limit: 1, Sort: []string{"hash"}}}); fault.Code(err) != "invalid.sort" {
			g.t.Errorf("sorted by a secret: got %v", err)
		}
	})
}
