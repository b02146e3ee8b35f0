package payment

import (
	"context"
	"fmt"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// TestStages: every payment has one stage, and the search by a stage finds
// those that have it and no other.
func TestStages(t *testing.T) {
	states := []State{Processing, Pending, Unknown, Authorised, Captured, Verified, Credited, Authenticated, Voided, Expired, Failed, Review}
	amounts := []struct{ captured, refunded, lost, disputed int64 }{{}, {100, 0, 0, 0}, {100, 40, 0, 0}, {100, 100, 0, 0}, {100, 0, 100, 0}, {100, 30, 40, 0}, {100, 60, 40, 0}, {100, 0, 0, 50}, {100, 20, 30, 50}}
	var all []Payment
	for _, state := range states {
		for _, m := range []method.Name{method.Card, method.Wallet, method.Voucher} {
			for i, a := range append(amounts, amounts[1]) {
				paid := clock.FromMillis(int64(i / len(amounts)))
				all = append(all, Payment{PaidOutAt: paid, ID: ident.ID(fmt.Sprintf("%024x", len(all)+1)), Version: 1, Kind: connector.Debit, Method: m, State: state, Amount: money.Of(100, "AUD"),
					Captured: a.captured, Refunded: a.refunded, Lost: a.lost, Disputed: a.disputed, CreatedAt: clock.FromMillis(1)})
			}
		}
	}
	seen := map[Stage]int{}
	for _, p := range all {
		seen[p.Stage()]++
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, realm := context.Background(), ident.ID("aaaaaaaaaaaaaaaaaaaaaaaa")
		err := db.Update(ctx, realm, func(tx *store.Tx) error {
			for _, p := range all {
				if err := addPayment(tx, p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s, sum := &Service{DB: db}, int64(0)
		for _, stage := range Stages {
			list, total, err := s.Search(ctx, realm, Filter{Stages: []Stage{stage}, Page: store.Page{Limit: 500}})
			if err != nil || total != int64(seen[stage]) || total == 0 {
				t.Errorf("%s: found %d (%v), want %d", stage, total, err, seen[stage])
			}
			for _, f := range list {
				if f.Stage() != stage {
					t.Errorf("%s: found %s of %+v", stage, f.Stage(), f.Payment)
				}
			}
			sum += total
		}
		if sum != int64(len(all)) {
			t.Errorf("the stages have %d payments, want %d", sum, len(all))
		}
	})
}
