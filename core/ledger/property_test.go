package ledger_test

import (
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// TestAny posts and reverses anything in any order, several to a transaction,
// next to a model of a few lines: L1, L2 and L4 hold.
func TestAny(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		rapid.Check(t, func(r *rapid.T) {
			m := &model{T: t, db: db, realm: newRealm(), sums: map[string]int64{}, undone: map[ident.ID]bool{},
				of: ledger.Object{Kind: "payment", ID: newRealm()}}
			for range rapid.IntRange(1, 12).Draw(r, "steps") {
				if len(m.posted) > 0 && rapid.IntRange(0, 2).Draw(r, "step") == 0 {
					m.reverse(r, rapid.SampledFrom(m.posted).Draw(r, "reversed"))
				} else {
					m.post(r, rapid.SliceOfN(rapid.Custom(anyTransfer), 1, 4).Draw(r, "transfers"))
				}
			}
			m.compare(r)
		})
	})
}

type model struct {
	*testing.T
	db     *store.DB
	realm  ident.ID
	of     ledger.Object
	posted []ident.ID
	made   map[ident.ID]ledger.Transfer
	sums   map[string]int64
	undone map[ident.ID]bool
}

// anyTransfer is a sound transfer: any postings, and in each currency and
// column one more that evens them out, if they are not even.
func anyTransfer(r *rapid.T) ledger.Transfer {
	tr := ledger.Transfer{Kind: "any", Memo: rapid.StringMatching(`[a-z "\\é]{0,9}`).Draw(r, "memo")}
	for _, c := range rapid.SliceOfNDistinct(rapid.SampledFrom([]money.Currency{"EUR", "JPY"}), 1, 2, rapid.ID).Draw(r, "currencies") {
		for _, column := range rapid.SliceOfNDistinct(rapid.SampledFrom([]ledger.Column{ledger.Pending, ledger.Posted}), 1, 2, rapid.ID).Draw(r, "columns") {
			account := rapid.SampledFrom([]ledger.Account{"bank", "fees", "merchant/a", "merchant/b", "provider/x"})
			var sum int64
			add := func(minor int64) {
				sum += minor
				tr.Postings = append(tr.Postings, ledger.Posting{Account: account.Draw(r, "account"), Amount: money.Of(minor, c), Column: column})
			}
			for range rapid.IntRange(1, 3).Draw(r, "postings") {
				add(rapid.Int64Range(1, 1000).Draw(r, "amount") * rapid.SampledFrom([]int64{1, -1}).Draw(r, "sign"))
			}
			if sum == 0 {
				add(1)
			}
			add(-sum)
		}
	}
	return tr
}

func (m *model) post(r *rapid.T, all []ledger.Transfer) {
	var ids []ident.ID
	err := m.db.Update(m.Context(), m.realm, func(tx *store.Tx) error {
		ids = nil
		for _, tr := range all {
			tr.Object = m.of
			id, err := ledger.Post(tx, tr)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		r.Fatalf("post: %v", err)
	}
	for i, id := range ids {
		m.book(id, all[i].Postings, 1)
	}
}

func (m *model) book(id ident.ID, postings []ledger.Posting, sign int64) {
	if m.made == nil {
		m.made = map[ident.ID]ledger.Transfer{}
	}
	tr := ledger.Transfer{}
	for _, p := range postings {
		p.Amount.Minor *= sign
		tr.Postings = append(tr.Postings, p)
		m.sums[key(p.Account, p.Amount.Currency, p.Column)] += p.Amount.Minor
	}
	m.made[id] = tr
	m.posted = append(m.posted, id)
}

func key(a ledger.Account, c money.Currency, column ledger.Column) string {
	return fmt.Sprint(a, " ", c, " ", column)
}

func (m *model) reverse(r *rapid.T, id ident.ID) {
	var by ident.ID
	err := m.db.Update(m.Context(), m.realm, func(tx *store.Tx) (err error) {
		by, err = ledger.Reverse(tx, m.of, id, "")
		return err
	})
	want := ""
	if m.undone[id] {
		want = "conflict.reversed"
	}
	if fault.Code(err) != want {
		r.Fatalf("reverse: got %v, want code %q", err, want)
	}
	if err == nil {
		m.undone[id] = true
		m.book(by, m.made[id].Postings, -1)
	}
}

func (m *model) compare(r *rapid.T) {
	got := map[string]int64{}
	var entries []ledger.Entry
	err := m.db.View(m.Context(), m.realm, func(tx *store.Tx) (err error) {
		all, _, err := ledger.Accounts(tx, "", 100)
		for _, s := range all {
			got[key(s.Account, s.Pending.Currency, ledger.Pending)] = s.Pending.Minor
			got[key(s.Account, s.Posted.Currency, ledger.Posted)] = s.Posted.Minor
		}
		if err == nil {
			entries, err = ledger.ByObject(tx, m.of)
		}
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	zero := func(_ string, n int64) bool { return n == 0 }
	maps.DeleteFunc(got, zero)
	maps.DeleteFunc(m.sums, zero)
	if !maps.Equal(got, m.sums) {
		r.Errorf("balances: got %v, want %v", got, m.sums)
	}
	if len(entries) != len(m.posted) {
		r.Errorf("got %d transfers, want %d", len(entries), len(m.posted))
	}
	for i, e := range entries {
		if e.Seq != int64(i+1) || e.ID != m.posted[i] {
			r.Errorf("place %d: got transfer %d %s, want %s", i+1, e.Seq, e.ID, m.posted[i])
		}
		if err := ledger.Check(e.Transfer); err != nil {
			r.Errorf("transfer %d: %v", e.Seq, err)
		}
	}
	if found, err := ledger.Verify(m.Context(), m.db, m.realm, nil); err != nil || len(found) > 0 {
		r.Errorf("verify: got %v, %v, want nothing", found, err)
	}
}
