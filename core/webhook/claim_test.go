package webhook

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// workers claim and deliver, each for itself, until stop is closed; a lease
// that was lost is no fault.
func (k *kit) workers(n int, stop <-chan struct{}) *sync.WaitGroup {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				list, err := k.Claim(context.Background(), 1)
				if err != nil {
					k.t.Error(err)
					return
				}
				if len(list) == 0 {
					time.Sleep(2 * time.Millisecond)
				}
				for _, d := range list {
					if err := k.Deliver(context.Background(), d); err != nil && !fault.Is(err, "conflict.lease") {
						k.t.Error(err)
					}
				}
			}
		})
	}
	return &wg
}

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func (k *kit) count(state DeliveryState) (n int) {
	k.t.Helper()
	list, err := k.Deliveries(context.Background(), realmA, "", "", 10_000)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, d := range list {
		if d.State == state {
			n++
		}
	}
	return n
}

func TestRacingClaimsDeliverOnce(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		const many = 200
		r := k.receiver(nil)
		for i := range 4 {
			k.subscribe(realmA, Wish{URL: fmt.Sprint(r.URL, "/", i)})
		}
		for i := range many / 4 {
			k.happen(realmA, ident.ID(fmt.Sprint("p", i)), 1)
		}
		other := &kit{Service: &Service{DB: k.DB, Vault: k.Vault, Events: k.Events, Sender: k.Sender, Clock: k.wall}, t: t} // as another process
		stop := make(chan struct{})
		one, two := k.workers(8, stop), other.workers(8, stop)
		eventually(t, "all sent", func() bool { return k.count(Sent) == many })
		close(stop)
		one.Wait()
		two.Wait()
		seen := map[string]int{}
		for _, g := range r.all() {
			seen[g.path+" "+g.header.Get("webhook-id")]++
		}
		for what, n := range seen {
			if n != 1 {
				t.Errorf("%s came %d times", what, n)
			}
		}
		if len(seen) != many {
			t.Errorf("%d messages came, want %d", len(seen), many)
		}
	})
}

func TestStaleFence(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		r := k.receiver(nil)
		k.subscribe(realmA, Wish{URL: r.URL})
		k.happen(realmA, "p1", 1)
		claim := func() Delivery {
			t.Helper()
			list, err := k.Claim(ctx, 5)
			if err != nil || len(list) != 1 {
				t.Fatalf("got %d, %v", len(list), err)
			}
			return list[0]
		}
		slept := claim()
		if list, err := k.Claim(ctx, 5); len(list) != 0 || err != nil {
			t.Fatalf("leased twice: %v, %v", list, err)
		}
		k.moveRealm(lease + time.Second)
		if list, err := k.Claim(ctx, 5); len(list) != 0 || err != nil {
			t.Fatalf("a lease ended with the realm's clock: %v, %v", list, err)
		}
		k.moveWall(lease + time.Second)
		second := claim()
		if second.Fence != slept.Fence+1 || second.ID != slept.ID {
			t.Errorf("got fence %d after %d", second.Fence, slept.Fence)
		}
		if err := k.Deliver(ctx, slept); !fault.Is(err, "conflict.lease") || len(r.all()) != 0 {
			t.Errorf("sent on a lease that had run out: %v", err)
		}
		if err := k.record(ctx, slept, Answer{Status: 200}); !fault.Is(err, "conflict.lease") || k.only().State != Waiting {
			t.Errorf("an old fence wrote: %v, %s", err, k.only().State)
		}
		if err := k.Deliver(ctx, second); err != nil {
			t.Fatal(err)
		}
		for _, d := range []Delivery{slept, second} {
			if err := k.record(ctx, d, Answer{Status: 500}); !fault.Is(err, "conflict.lease") || k.only().State != Sent {
				t.Errorf("wrote after the end: %v, %s", err, k.only().State)
			}
		}
	})
}

func TestOrderWithinAnObject(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(func(n int, g got, w http.ResponseWriter) {
			if n == 1 {
				w.WriteHeader(500) // the very first message
			}
		})
		k.subscribe(realmA, Wish{URL: r.URL})
		for seq := range int64(3) {
			k.happen(realmA, "p1", seq+1)
		}
		k.happen(realmA, "p2", 1)
		k.work()
		k.moveRealm(2 * time.Minute)
		k.work()
		var order []string
		for _, g := range r.all() {
			order = append(order, strings.NewReplacer(`{"object":"`, "", `","seq":`, "/", `,"contract":"gateway"}`, "").Replace(g.body))
		}
		if want := "p1/1 p2/1 p1/1 p1/2 p1/3"; strings.Join(order, " ") != want {
			t.Errorf("got %v, want %s", order, want)
		}
	})
}

func TestUnorderedGoesAhead(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(func(n int, g got, w http.ResponseWriter) {
			if strings.Contains(g.body, `"seq":1`) {
				w.WriteHeader(500)
			}
		})
		k.subscribe(realmA, Wish{URL: r.URL, Unordered: true})
		k.happen(realmA, "p1", 1)
		k.happen(realmA, "p1", 2)
		k.work()
		if list := k.only2(t); list[0].State != Waiting || list[1].State != Sent {
			t.Errorf("got %s and %s", list[0].State, list[1].State)
		}
	})
}

// Many messages behind a failing one, over many workers: never out of order,
// none lost.
func TestOrderUnderLoad(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		const objects, events = 6, 8
		var mu sync.Mutex
		last, fails := map[string]int64{}, map[string]bool{}
		r := k.receiver(func(n int, g got, w http.ResponseWriter) {
			var object string
			var seq int64
			fmt.Sscanf(strings.NewReplacer(`"`, " ", ",", " ").Replace(g.body), "{ object : %s seq :%d", &object, &seq)
			mu.Lock()
			defer mu.Unlock()
			if seq != last[object]+1 {
				t.Errorf("%s: %d came after %d", object, seq, last[object])
			}
			if !fails[g.body] && seq%3 == 0 {
				fails[g.body] = true
				w.WriteHeader(500)
				return
			}
			last[object] = seq
		})
		k.subscribe(realmA, Wish{URL: r.URL})
		stop := make(chan struct{})
		wg := k.workers(6, stop)
		for seq := range int64(events) {
			for o := range objects {
				k.happen(realmA, ident.ID(fmt.Sprint("p", o)), seq+1)
			}
		}
		eventually(t, "all sent", func() bool { k.moveRealm(90 * time.Second); return k.count(Sent) == objects*events })
		close(stop)
		wg.Wait()
	})
}

// One endpoint of fifty hangs until the sender's patience ends.
func TestOneBadOfFifty(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		const endpoints, messages = 50, 4
		good := k.receiver(nil)
		var now, most atomic.Int64
		bad := k.receiver(func(_ int, _ got, w http.ResponseWriter) {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Second)
			now.Add(-1)
			w.WriteHeader(500)
		})
		k.subscribe(realmA, Wish{URL: bad.URL})
		for i := range endpoints - 1 {
			k.subscribe(realmA, Wish{URL: fmt.Sprint(good.URL, "/", i)})
		}
		for i := range messages * 10 { // ten times as many for the bad one
			k.targets = []Target{{URL: bad.URL + "/again", Contract: "gateway"}}
			if i >= messages {
				k.updateOnlyBad(bad.URL, i)
				continue
			}
			k.happen(realmA, ident.ID(fmt.Sprint("p", i)), 1)
		}
		stop := make(chan struct{})
		began := time.Now()
		wg := k.workers(16, stop)
		eventually(t, "the good ones are served", func() bool { return len(good.all()) == (endpoints-1)*messages })
		took := time.Since(began)
		close(stop)
		wg.Wait()
		t.Logf("%d messages to good endpoints in %v, at most %d at the bad server at once", len(good.all()), took, most.Load())
		if most.Load() > 2*inFlight { // a subscribed and an implicit endpoint share that server
			t.Errorf("%d at once at the bad server", most.Load())
		}
		seen := map[string]int{}
		for _, g := range good.all() {
			seen[g.path+g.header.Get("webhook-id")]++
		}
		if len(seen) != (endpoints-1)*messages {
			t.Errorf("got %d different messages", len(seen))
		}
	})
}

// updateOnlyBad owes the bad server one more message.
func (k *kit) updateOnlyBad(url string, i int) {
	k.t.Helper()
	k.update(realmA, func(tx *store.Tx) error {
		ep, err := k.implicit(tx, "m1", Target{URL: url + "/again", Contract: "gateway"})
		if err != nil {
			return err
		}
		now := tx.Now()
		return addDelivery(tx, Delivery{ID: tx.NewID(), Endpoint: ep.ID, Event: tx.NewID(), Object: ident.ID(fmt.Sprint("x", i)), Seq: 1, URL: url,
			Message: Message{Body: []byte("{}"), ContentType: "application/json"}, State: Waiting, DueAt: now, Since: now, CreatedAt: now})
	})
}

// Endpoints take turns: a backlog of one does not come before the first
// message of another.
func TestClaimTakesTurns(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(nil)
		var ends []ident.ID
		for i := range 5 {
			e, _ := k.subscribe(realmA, Wish{URL: fmt.Sprint(r.URL, "/", i)})
			ends = append(ends, e.ID)
		}
		for i := range 10 {
			k.happen(realmA, ident.ID(fmt.Sprint("p", i)), 1)
		}
		got := map[ident.ID]int{}
		for range 10 {
			list, err := k.Claim(context.Background(), 1)
			if err != nil || len(list) != 1 {
				t.Fatalf("got %d, %v", len(list), err)
			}
			got[list[0].Endpoint]++
		}
		for _, id := range ends {
			if got[id] != 2 {
				t.Errorf("got %v, want two each", got)
				break
			}
		}
		rest, err := k.Claim(context.Background(), 100)
		if err != nil || len(rest) != 5*inFlight-10 {
			t.Errorf("got %d more, %v, want %d", len(rest), err, 5*inFlight-10)
		}
		if again, err := k.Claim(context.Background(), 100); len(again) != 0 || err != nil {
			t.Errorf("got %d beyond the limit, %v", len(again), err)
		}
	})
}

// A process that stops in the middle of a try gives the delivery back.
func TestInterrupted(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		ctx, cancel := context.WithCancel(context.Background())
		r := k.receiver(func(n int, _ got, w http.ResponseWriter) {
			if n == 1 {
				cancel()
				time.Sleep(100 * time.Millisecond)
			}
		})
		e, _ := k.subscribe(realmA, Wish{URL: r.URL})
		k.happen(realmA, "p1", 1)
		list, err := k.Claim(ctx, 1)
		if err != nil || len(list) != 1 {
			t.Fatalf("got %d, %v", len(list), err)
		}
		if err := k.Deliver(ctx, list[0]); err != nil {
			t.Fatal(err)
		}
		if d := k.only(); d.State != Waiting || d.Tries != 0 || d.Error != "interrupted" {
			t.Errorf("got %+v", d)
		}
		if !k.endpoint(e.ID).FailingSince.IsZero() {
			t.Error("our stopping was held against the endpoint")
		}
		if n := k.work(); n != 1 || k.only().State != Sent {
			t.Errorf("sent %d, then %s", n, k.only().State)
		}
	})
}

func TestWoken(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		r := k.receiver(nil)
		k.happen(realmA, "p0", 1)
		select {
		case <-k.Woken():
			t.Error("rang although nobody is owed anything")
		default:
		}
		k.subscribe(realmA, Wish{URL: r.URL})
		k.happen(realmA, "p1", 1)
		select {
		case <-k.Woken():
		default:
			t.Error("did not ring")
		}
	})
}
