package app

import (
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// keepCard opens a florin and stores a card in it.
func keepCard(t *testing.T) (a *App, realm access.Realm, card ident.ID) {
	t.Helper()
	dir := t.TempDir()
	c, err := Load("", func(string) (string, bool) { return "", false }, map[string]string{
		"database": filepath.Join(dir, "florin.db"), "key-file": filepath.Join(dir, "florin.key"), "webhook-local": "true", "webhook-ports": "*"})
	if err != nil {
		t.Fatal(err)
	}
	if a, err = Open(t.Context(), c, "http://127.0.0.1:1", slog.New(slog.NewTextHandler(io.Discard, nil)), Parts{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	if realm, err = a.Access.AddRealm(t.Context(), "Lind Media", access.Test); err != nil {
		t.Fatal(err)
	}
	actor := access.Actor{Realm: realm.ID, Environment: access.Test, May: access.Everything}
	src, _, err := a.Vault.Keep(t.Context(), actor, idempotency.Key{}, audit.By{Actor: "test"}, vault.Draft{Merchant: "65a000000000000000000002",
		Method: method.Card, Active: true, Card: vault.Card{Number: method.Conceal("4200000000000000"), Brand: "VISA", Holder: "Nora Lind",
			ExpiryMonth: 8, ExpiryYear: 2032}}, method.Conceal("321"))
	if err != nil {
		t.Fatal(err)
	}
	return a, realm, src.ID
}

func reveal(t *testing.T, a *App, realm, card ident.ID) (number string, err error) {
	t.Helper()
	err = a.DB.Update(t.Context(), realm, func(tx *store.Tx) error {
		c, err := a.Vault.Reveal(tx, audit.By{Actor: "test"}, card)
		number = c.Number.Reveal()
		return err
	})
	return number, err
}

func TestRotateKeys(t *testing.T) {
	a, realm, card := keepCard(t)
	before := a.Keys.Versions()
	for range 2 {
		if err := a.RotateKeys(t.Context(), audit.By{Actor: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := a.Keys.Versions(); got != before+2 {
		t.Errorf("got %d versions of the key, want %d", got, before+2)
	}
	if number, err := reveal(t, a, realm.ID, card); number != "4200000000000000" || err != nil {
		t.Errorf("got another card number (%v)", err)
	}
}

// A card is wiped 14 months after it has expired (gateway sheet, section 13).
func TestTendWipesOldCards(t *testing.T) {
	a, realm, card := keepCard(t)
	tend := func() {
		t.Helper()
		if err := a.tend(t.Context(), job.Job{Kind: "app.tend", ID: "app.tend"}); err != nil && !fault.Is(err, "conflict.lease") {
			t.Fatal(err)
		}
	}
	tend()
	if _, err := reveal(t, a, realm.ID, card); err != nil {
		t.Fatalf("a good card was wiped: %v", err)
	}
	end := time.Date(2033, 11, 2, 0, 0, 0, 0, time.UTC)
	if _, err := a.Access.Advance(t.Context(), realm.ID, time.Until(end)); err != nil {
		t.Fatal(err)
	}
	tend()
	if src, err := a.Vault.Get(t.Context(), realm.ID, card); err != nil || src.State != vault.Deleted || src.Holder != "" {
		t.Errorf("got %s of %q, want it deleted (%v)", src.State, src.Holder, err)
	}
}
