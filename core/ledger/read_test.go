package ledger_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// TestPast reads balances at each moment of a merchant's history, with other
// merchants' and another realm's postings in between.
func TestPast(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		realm, other := newRealm(), newRealm()
		d := deal("shop")
		for i := range 6 {
			post(t, db, realm, d.Authorise(money.Of(100, "EUR")))
			post(t, db, realm, deal("other").Debit(money.Of(7, "EUR")))
			post(t, db, other, d.Debit(money.Of(9, "EUR")))
			post(t, db, realm, d.Capture(money.Of(int64(10*i+10), "EUR"), money.Of(100, "EUR")))
			err := db.Update(t.Context(), realm, func(tx *store.Tx) error { _, err := tx.Advance(time.Minute); return err })
			if err != nil {
				t.Fatal(err)
			}
		}
		view(t, db, realm, func(tx *store.Tx) error {
			entries, err := ledger.ByObject(tx, d.Object)
			if err != nil {
				return err
			}
			past(t, tx, "merchant/shop", entries[0].At.Add(-time.Millisecond), 0, 0)
			for i := 1; i < len(entries); i += 2 {
				k := int64(i/2 + 1)
				past(t, tx, "merchant/shop", entries[i].At, 0, -5*k*(k+1))
			}
			past(t, tx, "merchant/shop", tx.Now(), 0, -210)
			past(t, tx, "merchant/other", tx.Now(), 0, -42)
			none, err := ledger.BalanceAt(tx, "merchant/none", tx.Now())
			if len(none) != 0 {
				t.Errorf("unknown account: got %v, want none", none)
			}
			return err
		})
	})
}

func past(t *testing.T, tx *store.Tx, a ledger.Account, at time.Time, pending, posted int64) {
	t.Helper()
	got, err := ledger.BalanceAt(tx, a, at)
	want := []ledger.Standing{{Account: a, Pending: money.Of(pending, "EUR"), Posted: money.Of(posted, "EUR")}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s at %s: got %v, %v, want %v", a, at, got, err, want)
	}
}

func TestStatement(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		realm := newRealm()
		var objects []ledger.Object
		for i := range 5 {
			d := deal("shop")
			objects = append(objects, d.Object)
			post(t, db, realm, d.Authorise(money.Of(100, "EUR")))
			post(t, db, realm, d.Capture(money.Of(int64(i+1), "EUR"), money.Of(100, "EUR")))
			post(t, db, realm, deal("other").Debit(money.Of(1, "JPY")))
		}
		for _, limit := range []int{1, 2, 4, 15, 500} {
			all := statement(t, db, realm, limit)
			if len(all) != 15 {
				t.Fatalf("pages of %d: got %d lines, want 15", limit, len(all))
			}
			pending, posted := int64(0), int64(0)
			for i := range all {
				l := all[len(all)-1-i] // oldest first
				if l.Column == ledger.Pending {
					pending += l.Amount.Minor
				} else {
					posted += l.Amount.Minor
				}
				if l.Pending.Minor != pending || l.Posted.Minor != posted {
					t.Errorf("pages of %d: line %d: got %v %v, want %d %d", limit, i, l.Pending, l.Posted, pending, posted)
				}
				if l.Object != objects[i/3] || l.Amount.Currency != "EUR" || l.Kind == "" || !l.Transfer.Valid() || l.At.IsZero() {
					t.Errorf("pages of %d: line %d: got %+v", limit, i, l)
				}
			}
		}
		view(t, db, realm, func(tx *store.Tx) error {
			for _, wrong := range []ledger.Cursor{"x", "1.2", "1.2.x", "1.2.3.4", "99999999999999999999.1.1"} {
				if _, _, err := ledger.Statement(tx, "merchant/shop", "EUR", wrong, 5); fault.Code(err) != "invalid.cursor" {
					t.Errorf("cursor %q: got %v, want invalid.cursor", wrong, err)
				}
			}
			return nil
		})
	})
}

func statement(t *testing.T, db *store.DB, realm ident.ID, limit int) (all []ledger.Line) {
	t.Helper()
	view(t, db, realm, func(tx *store.Tx) error {
		all = nil
		for from := ledger.Cursor(""); ; {
			lines, next, err := ledger.Statement(tx, "merchant/shop", "EUR", from, limit)
			if err != nil || len(lines) > limit {
				return fmt.Errorf("%d lines: %w", len(lines), err)
			}
			if all = append(all, lines...); next == "" {
				return nil
			}
			from = next
		}
	})
	return all
}

func TestAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		realm := newRealm()
		for i := range 7 {
			post(t, db, realm, deal(ident.ID(fmt.Sprintf("m-%d", i))).Debit(money.Of(1, "EUR")))
			post(t, db, realm, deal(ident.ID(fmt.Sprintf("m.%d", i))).Debit(money.Of(1, "JPY")))
			post(t, db, newRealm(), deal("elsewhere").Debit(money.Of(1, "EUR")))
		}
		for _, limit := range []int{1, 3, 16, 500} {
			seen := map[string]bool{}
			view(t, db, realm, func(tx *store.Tx) error {
				for from := ledger.Cursor(""); ; {
					all, next, err := ledger.Accounts(tx, from, limit)
					for _, s := range all {
						k := fmt.Sprint(s.Account, s.Posted.Currency)
						if seen[k] {
							t.Errorf("pages of %d: %s came twice", limit, k)
						}
						seen[k] = true
					}
					if err != nil || next == "" {
						return err
					}
					from = next
				}
			})
			if len(seen) != 16 {
				t.Errorf("pages of %d: got %d accounts, want 16: %v", limit, len(seen), seen)
			}
		}
		view(t, db, realm, func(tx *store.Tx) error {
			if _, _, err := ledger.Accounts(tx, "x", 5); fault.Code(err) != "invalid.cursor" {
				t.Errorf("got %v, want invalid.cursor", err)
			}
			return nil
		})
	})
}
