package ledger_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

var realms = ident.NewSource([5]byte{0xfe}, 0)

// newRealm is a realm, or any other id, that no test has used.
func newRealm() ident.ID { return realms.New(start) }

func TestVerify(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		untouched := newRealm()
		fill(t, db, untouched)
		for _, test := range tamperings {
			t.Run(test.name, func(t *testing.T) {
				realm := newRealm()
				ids := fill(t, db, realm)
				if err := db.Update(t.Context(), realm, test.do); err != nil {
					t.Fatal(err)
				}
				got := findings(t, db, realm)
				for i := range got {
					got[i] = strings.ReplaceAll(got[i], string(ids[4]), "5th")
				}
				want := slices.Clone(test.wrong)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		}
		if got := findings(t, db, untouched); len(got) > 0 {
			t.Errorf("a realm nobody touched: got %v, want nothing", got)
		}
		if got := findings(t, db, newRealm()); len(got) > 0 {
			t.Errorf("a realm without books: got %v, want nothing", got)
		}
	})
}

func findings(t *testing.T, db *store.DB, realm ident.ID) []string {
	t.Helper()
	var done, total int64 = -1, -1
	found, err := ledger.Verify(t.Context(), db, realm, func(d, n int64) {
		if d < done {
			t.Errorf("progress went from %d back to %d", done, d)
		}
		done, total = d, n
	})
	if err != nil {
		t.Fatal(err)
	}
	if done != total {
		t.Errorf("progress ended at %d of %d", done, total)
	}
	var lines []string
	for _, f := range found {
		lines = append(lines, f.String())
	}
	return lines
}

// fill books a payment of 100.00 EUR, of which 60.00 are captured and 30.00
// of these refunded, and a debit of 7.00 that is reversed: six transfers.
func fill(t *testing.T, db *store.DB, realm ident.ID) []ident.ID {
	t.Helper()
	eur := func(minor int64) money.Amount { return money.Of(minor, "EUR") }
	d := ledger.Deal{Object: ledger.Object{Kind: "payment", ID: newRealm()}, Connector: "acme", Merchant: "shop"}
	var ids []ident.ID
	for _, tr := range []ledger.Transfer{
		d.Authorise(eur(10000)), d.Capture(eur(6000), eur(6000)), d.ReserveRefund(eur(3000)), d.Refund(eur(3000)), d.Debit(eur(700)),
	} {
		ids = append(ids, post(t, db, realm, tr))
	}
	return append(ids, reverse(t, db, realm, d.Object, ids[4]))
}

func post(t testing.TB, db *store.DB, realm ident.ID, tr ledger.Transfer) (id ident.ID) {
	t.Helper()
	err := db.Update(t.Context(), realm, func(tx *store.Tx) (err error) { id, err = ledger.Post(tx, tr); return err })
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func reverse(t testing.TB, db *store.DB, realm ident.ID, of ledger.Object, id ident.ID) (by ident.ID) {
	t.Helper()
	err := db.Update(t.Context(), realm, func(tx *store.Tx) (err error) {
		by, err = ledger.Reverse(tx, of, id, "booked by mistake")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return by
}
