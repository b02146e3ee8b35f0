package vault

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

const (
	realmA ident.ID = "aaaaaaaaaaaaaaaaaaaaaaaa"
	realmB ident.ID = "bbbbbbbbbbbbbbbbbbbbbbbb"
	number          = "4200000000000091"
)

var staff = audit.By{Actor: "key1", Origin: "test"}

func newVault(t *testing.T, db *store.DB) *Service {
	t.Helper()
	keys, err := EphemeralKeys()
	if err != nil {
		t.Fatal(err)
	}
	return &Service{DB: db, Keys: keys, Log: &event.Log{}}
}

func draft(active bool) Draft {
	return Draft{Merchant: "m1", Customer: "c1", Method: method.Card, Active: active,
		Card: Card{Number: method.Conceal(number), Holder: "Nora Lind", ExpiryMonth: 8, ExpiryYear: 2029, Brand: "VISA"}}
}

func update(t *testing.T, db *store.DB, realm ident.ID, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Update(context.Background(), realm, fn); err != nil {
		t.Fatal(err)
	}
}

func keep(t *testing.T, s *Service, realm ident.ID, d Draft) (src Source) {
	t.Helper()
	update(t, s.DB, realm, func(tx *store.Tx) (err error) {
		src, err = s.Add(tx, staff, d)
		return err
	})
	return src
}

func reveal(s *Service, realm, id ident.ID) (c Card, err error) {
	err = s.DB.Update(context.Background(), realm, func(tx *store.Tx) error {
		c, err = s.Reveal(tx, staff, id)
		return err
	})
	return c, err
}

func eventsOf(t *testing.T, db *store.DB, realm, object ident.ID) string {
	t.Helper()
	var words []string
	update(t, db, realm, func(tx *store.Tx) error {
		list, err := event.Of(tx, object)
		words = nil
		for _, e := range list {
			words = append(words, fmt.Sprintf("%d %s", e.Seq, e.Type))
		}
		return err
	})
	return strings.Join(words, ", ")
}

func TestLifeOfASource(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s := newVault(t, db)
		src := keep(t, s, realmA, draft(false))
		if src.State != Pending || src.BIN != "420000" || src.Last4 != "0091" || src.ExpiresAt.Sub(src.CreatedAt) != pendingDays*24*time.Hour {
			t.Errorf("got %+v", src)
		}
		update(t, db, realmA, func(tx *store.Tx) error {
			_, err := s.Activate(tx, staff, src.ID, "scheme-1")
			return err
		})
		got, err := s.Get(ctx, realmA, src.ID)
		if err != nil {
			t.Fatal(err)
		}
		if want := time.Date(2030, 11, 1, 0, 0, 0, 0, time.UTC); got.State != Active || got.SchemeRef != "scheme-1" || !got.ExpiresAt.Equal(want) {
			t.Errorf("got %s %s until %v, want active until %v", got.State, got.SchemeRef, got.ExpiresAt, want)
		}
		card, err := reveal(s, realmA, src.ID)
		if err != nil || card.Number.Reveal() != number || card.Holder != "Nora Lind" || card.ExpiryMonth != 8 || card.ExpiryYear != 2029 || card.Brand != "VISA" {
			t.Errorf("got %+v, %v", card, err)
		}
		for range 2 { // a repeat changes nothing
			update(t, db, realmA, func(tx *store.Tx) error { _, err := s.Extend(tx, staff, src.ID); return err })
		}
		if got, _ = s.Get(ctx, realmA, src.ID); !got.ExpiresAt.Equal(time.Date(2031, 9, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("extended until %v", got.ExpiresAt)
		}
		if list, err := s.Of(ctx, realmA, "c1", 10); err != nil || len(list) != 1 {
			t.Errorf("got %d sources of the customer, %v", len(list), err)
		}
		update(t, db, realmA, func(tx *store.Tx) error { _, err := s.Delete(tx, staff, src.ID); return err })
		got, err = s.Get(ctx, realmA, src.ID)
		if err != nil || got.State != Deleted || len(got.sealed) != 0 || got.Holder != "" || got.Fingerprint != "" || got.Last4 != "0091" {
			t.Errorf("got %+v, %v", got, err)
		}
		if _, err := reveal(s, realmA, src.ID); !fault.Is(err, "conflict.source") {
			t.Errorf("revealed after deletion: %v", err)
		}
		if got, want := eventsOf(t, db, realmA, src.ID), "1 source.created, 2 source.extended, 3 source.deleted"; got != want {
			t.Errorf("got events %q, want %q", got, want)
		}
		trail, err := audit.List(ctx, db, realmA, 0, 10)
		var acts []string
		for _, e := range trail {
			acts = append(acts, e.Action)
		}
		if want := "source.delete source.extend source.reveal source.activate source.add"; err != nil || strings.Join(acts, " ") != want {
			t.Errorf("got trail %v (%v), want %s", acts, err, want)
		}
		if wrong, err := audit.Verify(ctx, db, realmA); wrong != "" || err != nil {
			t.Errorf("got %q, %v", wrong, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newVault(t, db)
		bend := func(f func(d *Draft)) Draft { d := draft(true); f(&d); return d }
		for name, c := range map[string]struct {
			d    Draft
			want string
		}{
			"no merchant": {bend(func(d *Draft) { d.Merchant = "" }), "invalid.source"},
			"no method":   {bend(func(d *Draft) { d.Method = "" }), "invalid.source"},
			"no number":   {bend(func(d *Draft) { d.Card.Number = method.Secret{} }), "invalid.card"},
			"short":       {bend(func(d *Draft) { d.Card.Number = method.Conceal("42000000000") }), "invalid.card"},
			"long":        {bend(func(d *Draft) { d.Card.Number = method.Conceal("42000000000000000000") }), "invalid.card"},
			"letters":     {bend(func(d *Draft) { d.Card.Number = method.Conceal("42000000000000x1") }), "invalid.card"},
			"full width":  {bend(func(d *Draft) { d.Card.Number = method.Conceal("１２３４５") }), "invalid.card"},
			"month 13":    {bend(func(d *Draft) { d.Card.ExpiryMonth = 13 }), "invalid.card"},
			"no year":     {bend(func(d *Draft) { d.Card.ExpiryYear = 0 }), "invalid.card"},
		} {
			err := db.Update(context.Background(), realmA, func(tx *store.Tx) error { _, err := s.Add(tx, staff, c.d); return err })
			if !fault.Is(err, c.want) {
				t.Errorf("%s: got %v, want %s", name, err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "42000000") {
				t.Errorf("%s: the number is in the error", name)
			}
		}
		wallet := keep(t, s, realmA, Draft{Merchant: "m1", Method: method.Wallet, Active: true})
		if _, err := reveal(s, realmA, wallet.ID); !fault.Is(err, "conflict.source_without_card") {
			t.Errorf("got %v", err)
		}
		src := keep(t, s, realmA, draft(true))
		for _, realm := range []ident.ID{realmB, store.System} {
			if _, err := s.Get(context.Background(), realm, src.ID); !fault.Is(err, "not_found.source") {
				t.Errorf("realm %q sees it: %v", realm, err)
			}
			if _, err := reveal(s, realm, src.ID); !fault.Is(err, "not_found.source") {
				t.Errorf("realm %q reveals it: %v", realm, err)
			}
		}
	})
}

func TestSealOpensOnlyAtHome(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newVault(t, db)
		var sealed Sealed
		update(t, db, realmB, func(tx *store.Tx) error { _, err := s.Seal(tx, "card", "x", []byte("its first key")); return err })
		update(t, db, realmA, func(tx *store.Tx) (err error) {
			sealed, err = s.Seal(tx, "card", "source-1", []byte(number))
			return err
		})
		if bytes.Contains(sealed.Bytes, []byte(number)) {
			t.Fatal("not sealed at all")
		}
		open := func(realm ident.ID, purpose string, object ident.ID, x Sealed) (plain []byte, err error) {
			err = db.View(context.Background(), realm, func(tx *store.Tx) error {
				plain, err = s.Open(tx, purpose, object, x)
				return err
			})
			return plain, err
		}
		if plain, err := open(realmA, "card", "source-1", sealed); err != nil || string(plain) != number {
			t.Fatalf("got %q, %v", plain, err)
		}
		flipped := func(i int) Sealed {
			b := bytes.Clone(sealed.Bytes)
			b[i] ^= 1
			return Sealed{sealed.Version, b}
		}
		for name, f := range map[string]func() ([]byte, error){
			"other realm":    func() ([]byte, error) { return open(realmB, "card", "source-1", sealed) },
			"other object":   func() ([]byte, error) { return open(realmA, "card", "source-2", sealed) },
			"other purpose":  func() ([]byte, error) { return open(realmA, "webhook", "source-1", sealed) },
			"other version":  func() ([]byte, error) { return open(realmA, "card", "source-1", Sealed{2, sealed.Bytes}) },
			"cut off":        func() ([]byte, error) { return open(realmA, "card", "source-1", Sealed{1, sealed.Bytes[:20]}) },
			"empty":          func() ([]byte, error) { return open(realmA, "card", "source-1", Sealed{1, nil}) },
			"nonce changed":  func() ([]byte, error) { return open(realmA, "card", "source-1", flipped(0)) },
			"text changed":   func() ([]byte, error) { return open(realmA, "card", "source-1", flipped(14)) },
			"tag changed":    func() ([]byte, error) { return open(realmA, "card", "source-1", flipped(len(sealed.Bytes)-1)) },
			"without realms": func() ([]byte, error) { return open(store.System, "card", "source-1", sealed) },
		} {
			if plain, err := f(); err == nil || plain != nil {
				t.Errorf("%s: opened as %q", name, plain)
			}
		}
	})
}

func TestNoncesNeverRepeat(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newVault(t, db)
		update(t, db, realmA, func(tx *store.Tx) error { // from here on the key is at hand
			_, err := s.Seal(tx, "card", "source-1", []byte(number))
			return err
		})
		update(t, db, realmA, func(tx *store.Tx) error {
			seen := make(map[[12]byte]bool, 100_000)
			for range 100_000 {
				sealed, err := s.Seal(tx, "card", "source-1", []byte(number))
				if err != nil {
					return err
				}
				nonce := [12]byte(sealed.Bytes)
				if seen[nonce] {
					t.Fatal("a nonce came twice")
				}
				seen[nonce] = true
			}
			return nil
		})
	})
}

// A data key from a transaction that was undone must not be remembered.
func TestKeyOfAnUndoneTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newVault(t, db)
		undo := fault.New("invalid.test", "undone")
		err := db.Update(context.Background(), realmA, func(tx *store.Tx) error {
			if _, err := s.Add(tx, staff, draft(true)); err != nil {
				return err
			}
			if _, err := s.Add(tx, staff, draft(true)); err != nil { // reads the key back
				return err
			}
			return undo
		})
		if !fault.Is(err, "invalid.test") {
			t.Fatal(err)
		}
		src := keep(t, s, realmA, draft(true))
		fresh := &Service{DB: db, Keys: s.Keys, Log: s.Log} // remembers nothing
		if card, err := reveal(fresh, realmA, src.ID); err != nil || card.Number.Reveal() != number {
			t.Errorf("got %v", err)
		}
	})
}

func TestFirstKeyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		one := newVault(t, db)
		two := &Service{DB: db, Keys: one.Keys, Log: one.Log}
		ids := make([]ident.ID, 16)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				s := []*Service{one, two}[i%2]
				err := db.Update(context.Background(), realmA, func(tx *store.Tx) error {
					src, err := s.Add(tx, staff, draft(true))
					ids[i] = src.ID
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		fresh := &Service{DB: db, Keys: one.Keys, Log: one.Log}
		for _, id := range ids {
			if card, err := reveal(fresh, realmA, id); err != nil || card.Number.Reveal() != number {
				t.Errorf("got %v", err)
			}
		}
		if wrong, err := audit.Verify(context.Background(), db, realmA); wrong != "" || err != nil {
			t.Errorf("got %q, %v", wrong, err)
		}
	})
}

func TestRotation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s := newVault(t, db)
		var ids []ident.ID
		for range 25 {
			ids = append(ids, keep(t, s, realmA, draft(true)).ID)
		}
		foreign := keep(t, s, realmB, draft(true)).ID
		intact := func(when string) {
			t.Helper()
			for _, one := range []*Service{s, {DB: db, Keys: s.Keys, Log: s.Log}} {
				for _, id := range ids {
					if card, err := reveal(one, realmA, id); err != nil || card.Number.Reveal() != number {
						t.Fatalf("%s: got %v", when, err)
					}
				}
				if card, err := reveal(one, realmB, foreign); err != nil || card.Number.Reveal() != number {
					t.Fatalf("%s: the other realm got %v", when, err)
				}
			}
		}
		if err := s.Keys.Rotate(); err != nil {
			t.Fatal(err)
		}
		intact("after a new key-encryption key")
		for _, want := range []int{1, 1, 0} {
			if n, err := s.Rewrap(ctx, 1); n != want || err != nil {
				t.Fatalf("rewrapped %d (%v), want %d", n, err, want)
			}
			intact("while rewrapping")
		}
		if v, err := s.NewKey(ctx, realmA, staff); v != 2 || err != nil {
			t.Fatalf("got version %d, %v", v, err)
		}
		intact("after a new data key")
		if young := keep(t, s, realmA, draft(true)); young.KeyVersion != 2 {
			t.Errorf("sealed with version %d", young.KeyVersion)
		}
		for _, want := range []int{10, 10, 5, 0} {
			if n, err := s.Reseal(ctx, realmA, 10); n != want || err != nil {
				t.Fatalf("resealed %d (%v), want %d", n, err, want)
			}
			intact("while resealing")
		}
		for _, id := range ids {
			if src, err := s.Get(ctx, realmA, id); err != nil || src.KeyVersion != 2 {
				t.Errorf("%s: version %d, %v", id, src.KeyVersion, err)
			}
		}
	})
}

// Another process made a newer data key: this one still remembers the old as
// the newest, and must not go round in circles.
func TestResealWithAStaleMemory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s := newVault(t, db)
		keep(t, s, realmA, draft(true))
		other := &Service{DB: db, Keys: s.Keys, Log: s.Log}
		if _, err := other.NewKey(ctx, realmA, staff); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{1, 0} {
			if n, err := s.Reseal(ctx, realmA, 10); n != want || err != nil {
				t.Errorf("resealed %d (%v), want %d", n, err, want)
			}
		}
	})
}

func TestSweep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s := newVault(t, db)
		old := draft(true)
		old.Card.ExpiryYear = 2020
		var ids []ident.ID
		for range 3 {
			ids = append(ids, keep(t, s, realmA, old).ID)
		}
		pending := keep(t, s, realmA, draft(false)).ID
		stays := keep(t, s, realmA, draft(true)).ID
		if _, err := reveal(s, realmA, ids[0]); !fault.Is(err, "conflict.source") {
			t.Errorf("revealed after its time: %v", err)
		}
		for _, want := range []int{2, 1, 0} {
			if n, err := s.Sweep(ctx, realmA, 2); n != want || err != nil {
				t.Fatalf("swept %d (%v), want %d", n, err, want)
			}
		}
		update(t, db, realmA, func(tx *store.Tx) error { _, err := tx.Advance((pendingDays*24 + 1) * time.Hour); return err })
		if n, err := s.Sweep(ctx, realmA, 10); n != 1 || err != nil {
			t.Fatalf("swept %d (%v), want the pending one", n, err)
		}
		for _, id := range append(ids, pending) {
			if src, err := s.Get(ctx, realmA, id); err != nil || src.State != Deleted || len(src.sealed) != 0 {
				t.Errorf("got %+v, %v", src, err)
			}
		}
		if src, err := s.Get(ctx, realmA, stays); err != nil || src.State != Active {
			t.Errorf("got %+v, %v", src, err)
		}
		if got := eventsOf(t, db, realmA, pending); got != "" {
			t.Errorf("a pending source's end was told: %s", got)
		}
	})
}

func TestCheckNoticesAnotherKeyFile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s := newVault(t, db)
		if err := s.Check(ctx); err != nil {
			t.Errorf("empty: got %v", err)
		}
		if err := newVault(t, db).Check(ctx); !fault.Is(err, fault.Internal) {
			t.Errorf("other keys, before a card was kept: got %v", err)
		}
		keep(t, s, realmA, draft(true))
		if err := s.Check(ctx); err != nil {
			t.Errorf("own: got %v", err)
		}
		if err := newVault(t, db).Check(ctx); !fault.Is(err, fault.Internal) {
			t.Errorf("other keys: got %v", err)
		}
	})
}

// What reaches the rows holds no number, however the row is written.
func TestNothingShowsTheNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newVault(t, db)
		src := keep(t, s, realmA, draft(true))
		card, err := reveal(s, realmA, src.ID)
		if err != nil {
			t.Fatal(err)
		}
		update(t, db, realmA, func(tx *store.Tx) error {
			stored, err := getSource(tx, src.ID)
			if err != nil {
				return err
			}
			for _, v := range sourceRow(tx, stored, 1) {
				if strings.Contains(fmt.Sprintf("%s", v), number) {
					t.Errorf("the number is in the row: %v", v)
				}
			}
			return nil
		})
		for _, shown := range []string{fmt.Sprintf("%v", card), fmt.Sprintf("%+v", card), fmt.Sprintf("%#v", card), fmt.Sprintf("%+v", src)} {
			if strings.Contains(shown, number) {
				t.Errorf("the number shows: %s", shown)
			}
		}
	})
}
