package webhook

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

const (
	realmA ident.ID = "aaaaaaaaaaaaaaaaaaaaaaaa"
	realmB ident.ID = "bbbbbbbbbbbbbbbbbbbbbbbb"
)

var staff = audit.By{Actor: "key1", Origin: "test"}

// kit is a webhook service over a real database, with receivers on loopback.
type kit struct {
	*Service
	t       *testing.T
	guard   Guard
	targets []Target

	mu    sync.Mutex
	ahead time.Duration // of the wall clock
}

func newKit(t *testing.T, db *store.DB) *kit {
	t.Helper()
	keys, err := vault.EphemeralKeys()
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{t: t, guard: Guard{Plain: true, Allowed: prefixes("127.0.0.1/32")}}
	log := &event.Log{}
	k.Service = &Service{DB: db, Events: log, Vault: &vault.Service{DB: db, Keys: keys, Log: log}, Clock: k.wall, Sender: NewSender(k.guard, nil)}
	log.Listen(func(tx *store.Tx, e event.Event) error {
		if !strings.HasPrefix(e.Type, "payment.") {
			return nil // notices about endpoints and deliveries
		}
		return k.Fan(tx, e, func(contract string) (Message, error) {
			body := fmt.Sprintf(`{"object":%q,"seq":%d,"contract":%q}`, e.Object, e.Seq, contract)
			return Message{Body: []byte(body), Type: "PAYMENT", Action: "CREATED"}, nil
		}, k.targets...)
	})
	return k
}

func each(t *testing.T, fn func(t *testing.T, k *kit)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { fn(t, newKit(t, db)) })
}

func (k *kit) wall() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Now().Add(k.ahead)
}

func (k *kit) moveWall(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ahead += d
}

// moveRealm moves the realm's own clock, by which retries fall due.
func (k *kit) moveRealm(d time.Duration) {
	k.t.Helper()
	k.update(realmA, func(tx *store.Tx) error { _, err := tx.Advance(d); return err })
}

func (k *kit) update(realm ident.ID, fn func(tx *store.Tx) error) {
	k.t.Helper()
	if err := k.DB.Update(context.Background(), realm, fn); err != nil {
		k.t.Fatal(err)
	}
}

// opens lets messages go to one more loopback server.
func (k *kit) opens(address string) {
	k.t.Helper()
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		k.t.Fatal(err)
	}
	k.guard.Ports = append(k.guard.Ports, ap.Port())
	k.Sender = NewSender(k.guard, nil)
}

// got is a message as a receiver saw it.
type got struct {
	header http.Header
	path   string
	body   string
}

// receiver answers with what answer says, 200 when it is nil, and remembers
// what it was sent.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	seen   []got
	answer func(n int, g got, w http.ResponseWriter)
}

func (k *kit) receiver(answer func(n int, g got, w http.ResponseWriter)) *receiver {
	k.t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(r)
	k.t.Cleanup(r.Close)
	k.opens(r.Listener.Addr().String())
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	g := got{header: req.Header, path: req.URL.RequestURI(), body: string(body)}
	r.mu.Lock()
	r.seen = append(r.seen, g)
	n := len(r.seen)
	r.mu.Unlock()
	if r.answer != nil {
		r.answer(n, g, w)
	}
}

func (r *receiver) all() []got {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]got(nil), r.seen...)
}

func status(code int) func(int, got, http.ResponseWriter) {
	return func(_ int, _ got, w http.ResponseWriter) { w.WriteHeader(code) }
}

func (k *kit) subscribe(realm ident.ID, w Wish) (Endpoint, Secrets) {
	k.t.Helper()
	if w.Contract == "" {
		w.Contract = "gateway"
	}
	e, shown, err := k.Subscribe(context.Background(), realm, staff, w)
	if err != nil {
		k.t.Fatal(err)
	}
	return e, shown
}

// happen writes event number seq of an object of merchant m1.
func (k *kit) happen(realm, object ident.ID, seq int64) {
	k.t.Helper()
	k.update(realm, func(tx *store.Tx) error {
		return k.Events.Add(tx, event.Event{Object: object, Seq: seq, Type: "payment.captured", Merchant: "m1"})
	})
}

// work claims and delivers until nothing is due, and says how many it did.
func (k *kit) work() (done int) {
	k.t.Helper()
	for {
		list, err := k.Claim(context.Background(), 16)
		if err != nil {
			k.t.Fatal(err)
		}
		if len(list) == 0 {
			return done
		}
		for _, d := range list {
			if err := k.Deliver(context.Background(), d); err != nil {
				k.t.Fatal(err)
			}
			done++
		}
	}
}

// only returns the one delivery there is in realm A.
func (k *kit) only() Delivery {
	k.t.Helper()
	list, err := k.Deliveries(context.Background(), realmA, "", "", 10)
	if err != nil || len(list) != 1 {
		k.t.Fatalf("got %d deliveries, %v, want one", len(list), err)
	}
	return list[0]
}

func (k *kit) endpoint(id ident.ID) Endpoint {
	k.t.Helper()
	var e Endpoint
	k.update(realmA, func(tx *store.Tx) error {
		var found bool
		var err error
		if e, found, err = getEndpoint(tx, id); err == nil && !found {
			err = fault.New("not_found.endpoint", "no such endpoint")
		}
		return err
	})
	return e
}

// notices are the types of the events about an object.
func (k *kit) notices(object ident.ID) string {
	k.t.Helper()
	var words []string
	k.update(realmA, func(tx *store.Tx) error {
		list, err := event.Of(tx, object)
		words = nil
		for _, e := range list {
			words = append(words, e.Type)
		}
		return err
	})
	return strings.Join(words, " ")
}
