package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// Whoever moves a test realm's clock sees what the payer's bank does by then,
// although nobody pays meanwhile; also after a restart.
func TestAMovedClockReachesTheTestProvider(t *testing.T) {
	dir := t.TempDir()
	c, err := Load("", func(string) (string, bool) { return "", false }, map[string]string{"database": filepath.Join(dir, "florin.db"),
		"key-file": filepath.Join(dir, "florin.key"), "webhook-local": "true", "webhook-ports": "*"})
	if err != nil {
		t.Fatal(err)
	}
	var s Sandbox
	open := func() *App {
		a, err := Open(t.Context(), c, "http://127.0.0.1:8080", slog.New(slog.NewTextHandler(io.Discard, nil)), Parts{})
		if err != nil {
			t.Fatal(err)
		}
		if s, err = a.Furnish(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := open()
	pay := func(wish string) {
		t.Helper()
		w := knock(a.Handler(), "POST", "/gateway/v3/payments", "entityId="+devEntity+"&paymentType=DB&amount=92.00&currency=EUR&paymentBrand=VISA"+
			"&card.number=4200000000000000&card.expiryMonth=08&card.expiryYear=2032&card.cvv=123&card.holder=Nora+Lind&customParameters[florin_fault]="+wish,
			"Authorization: Bearer "+s.Gateway.Token)
		if w.Code != http.StatusOK {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
	}
	disputed := func() int64 {
		t.Helper()
		return disputedIn(t, a, s.Gateway.Token)
	}
	pay("chargeback_later")
	if got := disputed(); got != 0 {
		t.Errorf("at once: got %d disputed", got)
	}
	w := knock(a.Handler(), "POST", "/sandbox/clock", "advanceSeconds=7200", "Authorization: Bearer "+s.Gateway.Token)
	if w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if got := disputed(); got != 9200 {
		t.Errorf("two hours later: got %d disputed, want 9200", got)
	}
	pay("chargeback_later")
	realm, err := a.devRealm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Access.Advance(t.Context(), realm.ID, 2*time.Hour); err != nil { // by another process: this one's provider is not told
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	a = open()
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	if got := disputed(); got != 18400 {
		t.Errorf("after a restart: got %d disputed, want 18400", got)
	}
}

// disputedIn lets callbacks in and adds up what is disputed.
func disputedIn(t *testing.T, a *App, token string) (n int64) {
	t.Helper()
	a.callbacks(t.Context())
	actor, err := a.Access.Authenticate(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	list, err := a.Payments.List(t.Context(), actor, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		n += p.Disputed
	}
	return n
}
