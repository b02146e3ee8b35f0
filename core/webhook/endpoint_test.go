package webhook

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
)

func TestGone(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(status(410))
		e, _ := k.subscribe(realmA, Wish{URL: r.URL, Unordered: true})
		k.happen(realmA, "p1", 1)
		k.happen(realmA, "p1", 2)
		first, err := k.Claim(context.Background(), 1)
		if err != nil || len(first) != 1 {
			t.Fatalf("got %d, %v", len(first), err)
		}
		if err := k.Deliver(context.Background(), first[0]); err != nil {
			t.Fatal(err)
		}
		if got := k.endpoint(e.ID); got.State != Disabled || got.Reason != gone {
			t.Errorf("got %+v", got)
		}
		if got := k.notices(e.ID); got != "endpoint.disabled" {
			t.Errorf("got notices %q", got)
		}
		k.work() // buries the other one
		for _, d := range k.only2(t) {
			if d.State != Dead {
				t.Errorf("got %s", d.State)
			}
		}
		k.happen(realmA, "p2", 1)
		if k.work() != 0 || len(r.all()) != 1 {
			t.Errorf("a disabled endpoint got %d messages", len(r.all()))
		}
	})
}

func TestGoneForOnePaymentOnly(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(func(_ int, g got, w http.ResponseWriter) {
			if g.path == "/1" {
				w.WriteHeader(410)
			}
		})
		k.targets = []Target{{URL: r.URL + "/1", Contract: "gateway"}}
		k.happen(realmA, "p1", 1)
		k.work()
		k.targets = []Target{{URL: r.URL + "/2", Contract: "gateway"}}
		k.happen(realmA, "p1", 2)
		k.work()
		list := k.only2(t)
		if list[0].State != Dead || list[1].State != Sent || list[0].Endpoint != list[1].Endpoint {
			t.Errorf("got %s and %s", list[0].State, list[1].State)
		}
	})
}

func TestFailsForTooLong(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(status(502))
		e, _ := k.subscribe(realmA, Wish{URL: r.URL, Unordered: true})
		k.GiveUp = 3 * 24 * time.Hour
		k.happen(realmA, "p1", 1)
		k.work()
		k.moveRealm(2 * 24 * time.Hour)
		k.work()
		if got := k.endpoint(e.ID); got.State != Active {
			t.Errorf("disabled too early: %+v", got)
		}
		k.happen(realmA, "p1", 2)
		k.moveRealm(2 * 24 * time.Hour)
		k.work()
		if got := k.endpoint(e.ID); got.State != Disabled || got.Reason != failing || k.notices(e.ID) != "endpoint.disabled" {
			t.Errorf("got %+v, notices %s", got, k.notices(e.ID))
		}
		k.work()
		for _, d := range k.only2(t) {
			if d.State != Dead {
				t.Errorf("got %s", d.State)
			}
		}
	})
}

func TestDisableAndEnableByHand(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		r := k.receiver(nil)
		e, _ := k.subscribe(realmA, Wish{URL: r.URL})
		k.happen(realmA, "p1", 1)
		for range 2 {
			if err := k.Disable(ctx, realmA, e.ID, staff); err != nil {
				t.Fatal(err)
			}
		}
		k.happen(realmA, "p1", 2) // nobody hears of this one
		k.work()
		d := k.only()
		if d.State != Skipped || len(r.all()) != 0 {
			t.Errorf("got %s, %d messages", d.State, len(r.all()))
		}
		if _, err := k.Replay(ctx, realmA, d.ID, staff); !fault.Is(err, "conflict.endpoint") {
			t.Errorf("replayed to a disabled endpoint: %v", err)
		}
		if err := k.Enable(ctx, realmA, e.ID, staff); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Replay(ctx, realmA, d.ID, staff); err != nil {
			t.Fatal(err)
		}
		k.happen(realmA, "p1", 3)
		if n := k.work(); n != 2 {
			t.Errorf("sent %d, want the replay and the new one", n)
		}
		if got := k.notices(e.ID); got != "endpoint.disabled endpoint.enabled" {
			t.Errorf("got notices %q", got)
		}
	})
}

func TestReplay(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		r := k.receiver(nil)
		k.subscribe(realmA, Wish{URL: r.URL})
		k.happen(realmA, "p1", 1)
		k.work()
		before := k.only()
		if _, err := k.Replay(ctx, realmA, before.ID, staff); err != nil {
			t.Fatal(err)
		}
		if n := k.work(); n != 1 {
			t.Fatalf("sent %d", n)
		}
		after, seen := k.only(), r.all()
		if after.State != Sent || after.Event != before.Event || after.Tries != 1 || len(seen) != 2 {
			t.Errorf("got %+v, %d messages", after, len(seen))
		}
		if seen[0].body != seen[1].body || seen[0].header.Get("webhook-id") != seen[1].header.Get("webhook-id") {
			t.Error("the replay is another message")
		}
		if got := k.notices("p1"); got != "payment.captured" {
			t.Errorf("a replay made events: %s", got)
		}
		if tries, err := k.Tries(ctx, realmA, after.ID); err != nil || len(tries) != 2 {
			t.Errorf("got %d tries, %v", len(tries), err)
		}
		if _, err := k.Replay(ctx, realmB, after.ID, staff); !fault.Is(err, "not_found.delivery") {
			t.Errorf("another realm replays it: %v", err)
		}
	})
}
