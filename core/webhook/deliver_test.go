package webhook

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// verify checks both signatures of a message as a receiver would, and returns
// how many there were.
func verify(t *testing.T, g got, secret method.Secret) int {
	t.Helper()
	key, err := signingKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(g.header.Get("X-Signature"), ",")
	at := strings.TrimPrefix(parts[0], "t=")
	if !strings.Contains(g.header.Get("X-Signature"), ",v1="+hex.EncodeToString(tag(key, at, []byte(g.body)))) {
		t.Errorf("X-Signature %q does not fit", g.header.Get("X-Signature"))
	}
	standard := tag(key, g.header.Get("webhook-id")+"."+g.header.Get("webhook-timestamp"), []byte(g.body))
	if !strings.Contains(g.header.Get("webhook-signature"), "v1,"+base64.StdEncoding.EncodeToString(standard)) {
		t.Errorf("webhook-signature %q does not fit", g.header.Get("webhook-signature"))
	}
	return len(parts) - 1
}

func TestDeliver(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(status(204))
		e, shown := k.subscribe(realmA, Wish{URL: r.URL + "/hook?a=b", Merchant: "m1"})
		k.happen(realmA, "p1", 1)
		if n := k.work(); n != 1 {
			t.Fatalf("delivered %d", n)
		}
		d, g := k.only(), r.all()[0]
		if d.State != Sent || d.Tries != 1 || d.Status != 204 || d.Endpoint != e.ID || !d.leasedUntil.IsZero() {
			t.Errorf("got %+v", d)
		}
		if want := `{"object":"p1","seq":1,"contract":"gateway"}`; g.body != want || g.path != "/hook?a=b" {
			t.Errorf("got %s at %s, want %s", g.body, g.path, want)
		}
		if g.header.Get("Content-Type") != "application/json; charset=utf-8" || g.header.Get("X-Event-Id") != string(d.Event) {
			t.Errorf("got headers %v", g.header)
		}
		if n := verify(t, g, shown.Signing); n != 1 {
			t.Errorf("got %d signatures", n)
		}
		tries, err := k.Tries(context.Background(), realmA, d.ID)
		if err != nil || len(tries) != 1 || tries[0].Status != 204 {
			t.Errorf("got tries %+v, %v", tries, err)
		}
		if n := k.work(); n != 0 {
			t.Errorf("delivered %d more", n)
		}
	})
}

func TestWhoHears(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(nil)
		k.subscribe(realmA, Wish{URL: r.URL + "/all"})
		k.subscribe(realmA, Wish{URL: r.URL + "/m1", Merchant: "m1", Filter: []string{"payment"}})
		k.subscribe(realmA, Wish{URL: r.URL + "/m2", Merchant: "m2"})
		k.subscribe(realmA, Wish{URL: r.URL + "/source", Filter: []string{"source"}})
		k.subscribe(realmB, Wish{URL: r.URL + "/other-realm"})
		k.targets = []Target{{}, {URL: r.URL + "/m1", Contract: "gateway"}, {URL: r.URL + "/named?order=1", Contract: "gateway"}}
		k.happen(realmA, "p1", 1)
		k.work()
		got := map[string]int{}
		for _, g := range r.all() {
			got[g.path]++
		}
		if want := map[string]int{"/all": 1, "/m1": 1, "/named?order=1": 1}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
		list, err := k.List(context.Background(), realmA)
		implicit := slices.IndexFunc(list, func(e Endpoint) bool { return e.Kind == Implicit })
		if err != nil || len(list) != 5 || implicit < 0 || list[implicit].URL != r.URL {
			t.Errorf("got %d endpoints, %v", len(list), err)
		}
	})
}

func TestSubscribeRefuses(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		for want, w := range map[string]Wish{
			"invalid.url":      {URL: "https://10.0.0.1/", Contract: "gateway"},
			"invalid.mode":     {URL: "https://example.com/", Contract: "gateway", Mode: "rot13"},
			"invalid.contract": {URL: "https://example.com/"},
			"invalid.filter":   {URL: "https://example.com/", Contract: "gateway", Filter: []string{"payment captured"}},
		} {
			if _, _, err := k.Subscribe(context.Background(), realmA, staff, w); !fault.Is(err, want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		if err := k.Disable(context.Background(), realmA, "nobody", staff); !fault.Is(err, "not_found.endpoint") {
			t.Errorf("got %v", err)
		}
	})
}

func TestUndoneEventOwesNothing(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(nil)
		k.subscribe(realmA, Wish{URL: r.URL})
		k.targets = []Target{{URL: r.URL + "/named", Contract: "gateway"}}
		err := k.DB.Update(context.Background(), realmA, func(tx *store.Tx) error {
			if err := k.Events.Add(tx, event.Event{Object: "p1", Seq: 1, Type: "payment.captured", Merchant: "m1"}); err != nil {
				return err
			}
			return fault.New("invalid.test", "undone")
		})
		if !fault.Is(err, "invalid.test") {
			t.Fatal(err)
		}
		if n := k.work(); n != 0 || len(r.all()) != 0 {
			t.Errorf("delivered %d", n)
		}
		k.happen(realmA, "p1", 1) // the implicit endpoint was not remembered as made
		if n := k.work(); n != 2 {
			t.Errorf("delivered %d, want 2", n)
		}
	})
}

func TestRotationOverlaps(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		r := k.receiver(nil)
		e, old := k.subscribe(realmA, Wish{URL: r.URL})
		young, err := k.Rotate(ctx, realmA, e.ID, staff, Overlap)
		if err != nil {
			t.Fatal(err)
		}
		k.happen(realmA, "p1", 1)
		k.work()
		for _, s := range []method.Secret{old.Signing, young.Signing} {
			if n := verify(t, r.all()[0], s); n != 2 {
				t.Errorf("got %d signatures, want 2", n)
			}
		}
		k.moveRealm(Overlap + time.Hour)
		k.happen(realmA, "p1", 2)
		k.work()
		if n := verify(t, r.all()[1], young.Signing); n != 1 {
			t.Errorf("got %d signatures after the overlap, want 1", n)
		}
		if shown, err := k.Reveal(ctx, realmA, e.ID, staff); err != nil || shown.Signing.Reveal() != young.Signing.Reveal() {
			t.Errorf("got other secrets than were shown (%v)", err)
		}
	})
}

func TestEncryptedEndpoints(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(func(n int, _ got, w http.ResponseWriter) {
			if n <= 2 {
				w.WriteHeader(500)
			}
		})
		keys := map[string]Secrets{}
		for _, m := range []Mode{Encrypted, EncryptedJSON} {
			_, keys["/"+string(m)] = k.subscribe(realmA, Wish{URL: r.URL + "/" + string(m), Mode: m})
		}
		k.happen(realmA, "p1", 1)
		k.work()
		k.moveRealm(time.Hour)
		k.work()
		bodies := map[string]string{}
		for _, g := range r.all() {
			shown := keys[g.path]
			verify(t, g, shown.Signing)
			text := strings.TrimSuffix(strings.TrimPrefix(g.body, `{"encryptedBody":"`), `"}`)
			if (text != g.body) != (g.path == "/encrypted_json") {
				t.Errorf("%s: got body %s", g.path, g.body)
			}
			headers := map[string]string{"X-Initialization-Vector": g.header.Get("X-Initialization-Vector"), "X-Authentication-Tag": g.header.Get("X-Authentication-Tag")}
			want := `{"type":"PAYMENT","action":"CREATED","payload":{"object":"p1","seq":1,"contract":"gateway"}}`
			if clear := decrypt(t, shown.Cipher, text, headers); clear != want {
				t.Errorf("got %s, want %s", clear, want)
			}
			if before, ok := bodies[g.path]; ok && before != g.body {
				t.Errorf("%s: a repeat differs from the first try", g.path)
			}
			bodies[g.path] = g.body
		}
		if len(r.all()) != 4 {
			t.Errorf("got %d messages, want 4", len(r.all()))
		}
	})
}

func TestDefaultSecret(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		r := k.receiver(nil)
		k.targets = []Target{{URL: r.URL + "/n", Contract: "gateway"}}
		k.happen(realmA, "p1", 1)
		k.work() // makes the secret
		mine, err := k.RevealDefault(ctx, realmA, "m1", staff)
		if err != nil {
			t.Fatal(err)
		}
		verify(t, r.all()[0], mine.Signing)
		other, err := k.RevealDefault(ctx, realmA, "m2", staff)
		if err != nil || other == mine {
			t.Errorf("two merchants share a secret (%v)", err)
		}
		foreign, err := k.RevealDefault(ctx, realmB, "m1", staff)
		if err != nil || foreign == mine {
			t.Errorf("two realms share a secret (%v)", err)
		}
		young, err := k.RotateDefault(ctx, realmA, "m1", staff, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		k.happen(realmA, "p1", 2)
		k.work()
		for _, s := range []method.Secret{mine.Signing, young.Signing} {
			verify(t, r.all()[1], s)
		}
		if _, err := k.Rotate(ctx, realmA, k.only2(t)[0].Endpoint, staff, 0); !fault.Is(err, "conflict.endpoint") {
			t.Errorf("rotated an implicit endpoint: %v", err)
		}
	})
}

func (k *kit) only2(t *testing.T) []Delivery {
	t.Helper()
	list, err := k.About(context.Background(), realmA, "p1")
	if err != nil || len(list) != 2 {
		t.Fatalf("got %d deliveries, %v", len(list), err)
	}
	return list
}

func TestRetriesToTheEnd(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(status(500))
		e, _ := k.subscribe(realmA, Wish{URL: r.URL})
		k.GiveUp = 365 * 24 * time.Hour
		k.happen(realmA, "p1", 1)
		k.work()
		first := k.only()
		if first.State != Waiting || first.Status != 500 || first.DueAt.Sub(first.Since) < time.Minute || first.DueAt.Sub(first.Since) > 61*time.Second {
			t.Errorf("got %+v", first)
		}
		if k.endpoint(e.ID).FailingSince.IsZero() {
			t.Error("the endpoint does not count as failing")
		}
		if n := k.work(); n != 0 {
			t.Errorf("sent %d before its time", n)
		}
		for range 60 {
			k.moveRealm(25 * time.Hour)
			k.work()
			if k.only().State != Waiting {
				break
			}
		}
		d := k.only()
		if d.State != Dead || d.Tries < 25 || d.Tries > 31 {
			t.Errorf("got %s after %d tries", d.State, d.Tries)
		}
		if len(r.all()) != int(d.Tries) {
			t.Errorf("the receiver saw %d tries, want %d", len(r.all()), d.Tries)
		}
		for _, g := range r.all() {
			if g.header.Get("X-Event-Id") != string(d.Event) || g.body != r.all()[0].body {
				t.Fatal("id or body changed between tries")
			}
		}
		if got := k.notices(d.ID); got != "delivery.dead" {
			t.Errorf("got notices %q", got)
		}
		tries, err := k.Tries(context.Background(), realmA, d.ID)
		if err != nil || len(tries) != triesKept || tries[triesKept-1].N != d.Tries {
			t.Errorf("kept %d tries, %v", len(tries), err)
		}
	})
}

func TestRecovers(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(func(n int, _ got, w http.ResponseWriter) {
			if n == 1 {
				w.Header().Set("Retry-After", "600")
				w.WriteHeader(503)
			}
		})
		e, _ := k.subscribe(realmA, Wish{URL: r.URL})
		k.happen(realmA, "p1", 1)
		k.work()
		k.moveRealm(5 * time.Minute)
		if n := k.work(); n != 0 {
			t.Error("Retry-After was not honoured")
		}
		k.moveRealm(6 * time.Minute)
		if n := k.work(); n != 1 || k.only().State != Sent {
			t.Errorf("sent %d, %+v", n, k.only())
		}
		if !k.endpoint(e.ID).FailingSince.IsZero() {
			t.Error("the endpoint still counts as failing")
		}
	})
}

func TestSweepAndReseal(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		r := k.receiver(nil)
		_, shown := k.subscribe(realmA, Wish{URL: r.URL})
		for i := range 5 {
			k.happen(realmA, ident.ID(fmt.Sprint("p", i)), 1)
		}
		k.work()
		if _, err := k.Vault.NewKey(ctx, realmA, staff); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{1, 0} {
			if n, err := k.Reseal(ctx, realmA, 10); n != want || err != nil {
				t.Errorf("resealed %d (%v), want %d", n, err, want)
			}
		}
		k.happen(realmA, "p9", 1)
		k.work()
		verify(t, r.all()[5], shown.Signing)
		k.happen(realmA, "q1", 1) // waits, and so stays
		later := time.Now().Add(time.Hour)
		for _, want := range []int{4, 2, 0} {
			if n, err := k.Sweep(ctx, realmA, later, 4); n != want || err != nil {
				t.Errorf("swept %d (%v), want %d", n, err, want)
			}
		}
		if d := k.only(); d.Object != "q1" {
			t.Errorf("got %+v", d)
		}
	})
}
