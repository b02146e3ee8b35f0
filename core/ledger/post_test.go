package ledger_test

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func deal(merchant ident.ID) ledger.Deal {
	return ledger.Deal{Object: ledger.Object{Kind: "payment", ID: newRealm()}, Connector: "acme", Merchant: merchant}
}

// TestHot lets 32 callers post to one account at once.
func TestHot(t *testing.T) {
	const callers, each = 32, 20
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		realm := newRealm()
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				for i := range each {
					tr := deal("shop").Debit(money.Of(int64(i+1), "EUR"))
					err := db.Update(t.Context(), realm, func(tx *store.Tx) error { _, err := ledger.Post(tx, tr); return err })
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		const sum = callers * each * (each + 1) / 2
		view(t, db, realm, func(tx *store.Tx) error {
			seq, _, err := ledger.Head(tx)
			if seq != callers*each {
				t.Errorf("got seq %d, want %d", seq, callers*each)
			}
			if err != nil {
				return err
			}
			all, err := ledger.Balance(tx, "merchant/shop")
			if len(all) != 1 || all[0].Posted != money.Of(-sum, "EUR") || all[0].Pending.Minor != 0 {
				t.Errorf("got %v, want %d", all, -sum)
			}
			return err
		})
		if got := findings(t, db, realm); len(got) > 0 {
			t.Errorf("verify: got %v, want nothing", got)
		}
	})
}

// TestNeighbours shows that a transfer refused at the commit harms no other
// one that shares its batch.
func TestNeighbours(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		realm := newRealm()
		err := db.Update(t.Context(), realm, func(tx *store.Tx) error { return ledger.Guard(tx, "merchant/shop", "EUR") })
		if err != nil {
			t.Fatal(err)
		}
		post(t, db, realm, deal("shop").Debit(money.Of(300, "EUR")))
		var wg sync.WaitGroup
		var mu sync.Mutex
		codes := map[string]int{}
		for i := range 40 {
			wg.Go(func() {
				tr := deal("shop").ReserveRefund(money.Of(100, "EUR"))
				if i%2 == 0 {
					tr = deal("other").Debit(money.Of(1, "EUR"))
				}
				err := db.Update(t.Context(), realm, func(tx *store.Tx) error { _, err := ledger.Post(tx, tr); return err })
				mu.Lock()
				defer mu.Unlock()
				codes[fault.Code(err)]++
			})
		}
		wg.Wait()
		if codes[""] != 23 || codes["conflict.balance"] != 17 {
			t.Errorf("got %v, want 23 that stand and 17 of conflict.balance", codes)
		}
		if got := findings(t, db, realm); len(got) > 0 {
			t.Errorf("verify: got %v, want nothing", got)
		}
	})
}

// TestReverseRace lets 16 callers reverse the same transfer at once.
func TestReverseRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		realm, d := newRealm(), deal("shop")
		id := post(t, db, realm, d.Debit(money.Of(100, "EUR")))
		var wg sync.WaitGroup
		var mu sync.Mutex
		codes := map[string]int{}
		for range 16 {
			wg.Go(func() {
				err := db.Update(t.Context(), realm, func(tx *store.Tx) error { _, err := ledger.Reverse(tx, d.Object, id, ""); return err })
				mu.Lock()
				defer mu.Unlock()
				codes[fault.Code(err)]++
			})
		}
		wg.Wait()
		if codes[""] != 1 || codes["conflict.reversed"] != 15 {
			t.Errorf("got %v, want one reversal and 15 of conflict.reversed", codes)
		}
		view(t, db, realm, func(tx *store.Tx) error {
			n, err := countReversals(tx, id)
			if n != 1 {
				t.Errorf("got %d reversals, want 1", n)
			}
			return err
		})
	})
}

func TestReverseFaults(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		realm, d := newRealm(), deal("shop")
		id := post(t, db, realm, d.Debit(money.Of(100, "EUR")))
		tests := []struct {
			name  string
			realm ident.ID
			of    ledger.Object
			id    ident.ID
			memo  string
			code  string
		}{
			{"unknown", realm, d.Object, newRealm(), "", "not_found.transfer"},
			{"another object's", realm, deal("shop").Object, id, "", "not_found.transfer"},
			{"another realm's", newRealm(), d.Object, id, "", "not_found.transfer"},
			{"memo", realm, d.Object, id, "a\nb", "internal.books.memo"},
		}
		for _, test := range tests {
			err := db.Update(t.Context(), test.realm, func(tx *store.Tx) error {
				_, err := ledger.Reverse(tx, test.of, test.id, test.memo)
				return err
			})
			if fault.Code(err) != test.code {
				t.Errorf("%s: got %v, want %s", test.name, err, test.code)
			}
		}
		tr := d.Debit(money.Of(100, "EUR"))
		tr.Reverses = id
		err := db.Update(t.Context(), realm, func(tx *store.Tx) error { _, err := ledger.Post(tx, tr); return err })
		if fault.Code(err) != "internal.books.reverses" {
			t.Errorf("got %v, want internal.books.reverses", err)
		}
	})
}

// TestDropped shows that a transaction that fails leaves nothing in the books.
func TestDropped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		realm, no := newRealm(), errors.New("no")
		err := db.Update(t.Context(), realm, func(tx *store.Tx) error {
			if _, err := ledger.Post(tx, deal("shop").Debit(money.Of(100, "EUR"))); err != nil {
				return err
			}
			return no
		})
		if !errors.Is(err, no) {
			t.Fatalf("got %v, want %v", err, no)
		}
		view(t, db, realm, func(tx *store.Tx) error {
			seq, _, err := ledger.Head(tx)
			if seq != 0 {
				t.Errorf("got seq %d, want 0", seq)
			}
			return err
		})
	})
}

// TestOverflow fills an account up to what an int64 holds.
func TestOverflow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		realm := newRealm()
		full := int64(math.MaxInt64/ledger.MaxAmount) + 1
		tr := ledger.Transfer{Kind: "test", Object: ledger.Object{Kind: "test", ID: newRealm()}}
		for range ledger.MaxPostings / 2 {
			tr.Postings = append(tr.Postings, ledger.Posting{Account: "bank", Amount: money.Of(ledger.MaxAmount, "EUR"), Column: ledger.Posted},
				ledger.Posting{Account: "fees", Amount: money.Of(-ledger.MaxAmount, "EUR"), Column: ledger.Posted})
		}
		for sum := int64(0); ; sum += ledger.MaxPostings / 2 {
			err := db.Update(t.Context(), realm, func(tx *store.Tx) error { _, err := ledger.Post(tx, tr); return err })
			if sum+ledger.MaxPostings/2 < full {
				if err != nil {
					t.Fatalf("at %d: %v", sum, err)
				}
				continue
			}
			if fault.Code(err) != "conflict.overflow" {
				t.Errorf("got %v, want conflict.overflow", err)
			}
			break
		}
		if got := findings(t, db, realm); len(got) > 0 {
			t.Errorf("verify: got %v, want nothing", got)
		}
	})
}

func view(t *testing.T, db *store.DB, realm ident.ID, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), realm, fn); err != nil {
		t.Fatal(err)
	}
}

// TestTwoProcesses posts to the same realm from two stores on one PostgreSQL:
// they share the chain without a gap, a double seq or a fault.
func TestTwoProcesses(t *testing.T) {
	var o store.Options
	first := storetest.Open(t, "postgres", func(opened *store.Options) { o = *opened })
	second, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := second.Close(); err != nil {
			t.Error(err)
		}
	})
	const callers, each = 16, 20
	realm := newRealm()
	var wg sync.WaitGroup
	for c := range callers {
		db := []*store.DB{first, second}[c%2]
		wg.Go(func() {
			for i := range each {
				tr := deal(ident.ID(fmt.Sprintf("m%d", i%5))).Debit(money.Of(int64(i+1), "EUR"))
				err := db.Update(t.Context(), realm, func(tx *store.Tx) error { _, err := ledger.Post(tx, tr); return err })
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	view(t, first, realm, func(tx *store.Tx) error {
		seq, _, err := ledger.Head(tx)
		if seq != callers*each {
			t.Errorf("got seq %d, want %d", seq, callers*each)
		}
		return err
	})
	if got := findings(t, first, realm); len(got) > 0 {
		t.Errorf("verify: got %v, want nothing", got)
	}
}
