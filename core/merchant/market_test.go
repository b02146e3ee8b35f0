package merchant_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

const nobody ident.ID = "ffffffffffffffffffffffff"

func TestMarketplacesAndTheirMerchants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := context.Background(), service(db, storetest.NewClock(time.Now()))
		market, err := s.AddMarketplace(ctx, realmA, tester, "Fair")
		if err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{"conflict.name": last(s.AddMarketplace(ctx, realmA, tester, "Fair")), "invalid.name": last(s.AddMarketplace(ctx, realmA, tester, "")),
			"not_found.marketplace": last(s.Marketplace(ctx, realmB, market.ID))} {
			if fault.Code(err) != name {
				t.Errorf("got %v, want %s", err, name)
			}
		}
		if got, err := s.MarketplaceByName(ctx, realmA, "Fair"); err != nil || got.ID != market.ID {
			t.Errorf("got %+v (%v)", got, err)
		}
		account := merchant.BankAccount{Holder: "Kite", Region: merchant.Australia, BankCode: "062000", Number: "123", Currency: "AUD"}
		sub, err := s.AddSub(ctx, realmA, tester, merchant.Merchant{Marketplace: market.ID, Grade: merchant.Skeleton, Name: "Kite", Reference: "R1",
			Business: merchant.Business{Brand: "K", Address: merchant.Address{City: "Sydney"}}, Payouts: merchant.Payouts{Emails: []string{"a@b.example"}}}, &account)
		if err != nil || sub.State != merchant.Pending || sub.Code != string(sub.ID) || len(sub.Accounts) != 1 || !sub.Accounts[0].Main {
			t.Fatalf("got %+v (%v)", sub, err)
		}
		got, err := s.Find(ctx, realmA, sub.ID)
		if err != nil || got.Business.Address.City != "Sydney" || got.Payouts.Emails[0] != "a@b.example" || got.Marketplace != market.ID || got.Accounts[0] != sub.Accounts[0] {
			t.Errorf("got %+v (%v)", got, err)
		}
		for want, err := range map[string]error{
			"not_found.marketplace": last(s.AddSub(ctx, realmA, tester, merchant.Merchant{Marketplace: nobody, Name: "x"}, nil)),
			"invalid.name":          last(s.AddSub(ctx, realmA, tester, merchant.Merchant{Marketplace: market.ID}, nil)),
			"invalid.code":          last(s.AddSub(ctx, realmA, tester, merchant.Merchant{Marketplace: market.ID, Name: "x", Code: strings.Repeat("c", 65)}, nil)),
			"conflict.code":         last(s.AddSub(ctx, realmA, tester, merchant.Merchant{Marketplace: market.ID, Name: "x", Code: sub.Code}, nil)),
			"not_found.merchant":    last(s.Find(ctx, realmB, sub.ID)),
			"not_found.account":     last(s.SetMain(ctx, realmA, tester, sub.ID, nobody)),
		} {
			if fault.Code(err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		changed, err := s.Change(ctx, realmA, tester, sub.ID, func(m *merchant.Merchant) error { m.Name = "Kite Two"; return nil })
		if err != nil || changed.Name != "Kite Two" || changed.Version != 2 || changed.UpdatedAt.IsZero() {
			t.Errorf("got %+v (%v)", changed, err)
		}
	})
}

// Whoever changes accounts at the same moment, one of them is the main one.
func TestOneMainAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := context.Background(), service(db, storetest.NewClock(time.Now()))
		owner, err := s.Add(ctx, realmA, tester, merchant.Merchant{Code: "M1", Name: "Lind Media"})
		if err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		for i := range 4 {
			wait.Go(func() {
				a := merchant.BankAccount{Holder: "Lind", Region: merchant.Singapore, BankCode: "7171", BranchCode: "001", Number: strings.Repeat("1", 5+i/2), Currency: "SGD"}
				if _, err := s.AddAccount(ctx, realmA, tester, owner.ID, a, i%2 == 0); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		got, err := s.Find(ctx, realmA, owner.ID)
		main := 0
		for _, a := range got.Accounts {
			if a.Main {
				main++
			}
		}
		if err != nil || len(got.Accounts) != 2 || main != 1 {
			t.Errorf("got %+v (%v), want two accounts and one of them the main one", got.Accounts, err)
		}
		for _, a := range got.Accounts {
			after, err := s.SetMain(ctx, realmA, tester, owner.ID, a.ID)
			if err != nil || !merchant.PaysOut(after.Accounts) || after.Accounts[0].Main == after.Accounts[1].Main {
				t.Errorf("got %+v (%v)", after.Accounts, err)
			}
		}
	})
}

func TestMerchantsAreFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := context.Background(), service(db, storetest.NewClock(time.Now()))
		market, err := s.AddMarketplace(ctx, realmA, tester, "Fair")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Add(ctx, realmA, tester, merchant.Merchant{Code: "M1", Name: "Alone 100%"}); err != nil {
			t.Fatal(err)
		}
		account := merchant.BankAccount{Holder: "B", Region: merchant.NewZealand, Number: "0112340056789000", Currency: "NZD"}
		for name, a := range map[string]*merchant.BankAccount{"Bakery": &account, "Candles": nil} {
			if _, err := s.AddSub(ctx, realmA, tester, merchant.Merchant{Marketplace: market.ID, Name: name, Reference: "R-" + name}, a); err != nil {
				t.Fatal(err)
			}
		}
		yes, no := true, false
		for name, tt := range map[string]struct {
			f    merchant.Filter
			want string
		}{
			"all":              {merchant.Filter{}, "ABC"},
			"of a marketplace": {merchant.Filter{Marketplace: market.ID}, "BC"},
			"by name":          {merchant.Filter{Name: "AKE"}, "B"},
			"by a wildcard":    {merchant.Filter{Name: "%"}, "A"},
			"by another":       {merchant.Filter{Name: "_"}, ""},
			"by a backslash":   {merchant.Filter{Name: `\`}, ""},
			"by reference":     {merchant.Filter{References: []string{"R-Candles", "R-x"}}, "C"},
			"active":           {merchant.Filter{Active: &yes}, "A"},
			"not active":       {merchant.Filter{Active: &no}, "BC"},
			"paid out":         {merchant.Filter{PaysOut: &yes}, "B"},
			"not paid out":     {merchant.Filter{PaysOut: &no}, "AC"},
			"nobody":           {merchant.Filter{IDs: []ident.ID{nobody}}, ""},
		} {
			tt.f.Page = store.Page{Limit: 20, Sort: []string{"name"}}
			list, total, err := s.Search(ctx, realmA, tt.f)
			got := ""
			for _, m := range list {
				got += m.Name[:1]
				if want := m.Name == "Bakery"; merchant.PaysOut(m.Accounts) != want {
					t.Errorf("%s: the accounts of %s are %+v", name, m.Name, m.Accounts)
				}
			}
			if err != nil || got != tt.want || total != int64(len(tt.want)) {
				t.Errorf("%s: got %q of %d (%v), want %q", name, got, total, err, tt.want)
			}
		}
	})
}

func last[T any](_ T, err error) error { return err }
