package customer_test

import (
	"context"
	"sync"
	"testing"

	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func keep(*customer.Customer) {}

func TestConsumersAndOrganisations(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := context.Background(), &customer.Service{DB: db}
		shop, kiosk := seller(t, db, realmA, "M1"), seller(t, db, realmA, "M2")
		nora := customer.Customer{Merchant: shop, Kind: customer.Consumer, Email: "Nora@lind.example", Reference: "r", Details: customer.Details{Metadata: `{"a":1}`, Address: &customer.Address{City: "Oslo"}}}
		first, err := s.Upsert(ctx, realmA, nora, keep)
		if err != nil || first.Version != 1 {
			t.Fatalf("got %+v (%v)", first, err)
		}
		nora.Email = "nora@LIND.example"
		again, err := s.Upsert(ctx, realmA, nora, func(c *customer.Customer) { c.Surname = "Lind" })
		if err != nil || again.ID != first.ID || again.Surname != "Lind" || again.Email != "Nora@lind.example" || again.Version != 2 {
			t.Errorf("got %+v (%v)", again, err)
		}
		if got, err := s.Get(ctx, realmA, first.ID); err != nil || got.Details.Metadata != `{"a":1}` || got.Details.Address.City != "Oslo" || got.UpdatedAt.IsZero() {
			t.Errorf("got %+v (%v)", got, err)
		}
		seen := map[ident.ID]string{first.ID: "the first"}
		for name, c := range map[string]customer.Customer{ // the same words, somebody else
			"another merchant's": {Merchant: kiosk, Kind: customer.Consumer, Email: "nora@lind.example"},
			"the same reference": {Merchant: shop, Kind: customer.Consumer, Email: "other@lind.example", Reference: "r"},
			"an organisation":    {Merchant: shop, Kind: customer.Organisation, Reference: "r", Email: "nora@lind.example", Company: "Lind_1"},
		} {
			got, err := s.Upsert(ctx, realmA, c, keep)
			if err != nil || seen[got.ID] != "" {
				t.Errorf("%s: got %s, who is %s (%v)", name, got.ID, seen[got.ID], err)
			}
			seen[got.ID] = name
		}
		known, err := s.Know(ctx, realmA, customer.Customer{Merchant: shop, Reference: "r"})
		if err != nil || seen[known.ID] != "" {
			t.Errorf("by a payment: got %s, who is %s (%v)", known.ID, seen[known.ID], err)
		}
		for _, c := range []customer.Customer{{Kind: customer.Consumer, Email: "a@b.example"}, {Merchant: shop, Kind: customer.Consumer}, {Merchant: shop, Kind: customer.Organisation}, {Merchant: shop, Reference: "r"}} {
			if _, err := s.Upsert(ctx, realmA, c, keep); fault.Code(err) != "invalid.customer" {
				t.Errorf("%+v: got %v", c, err)
			}
		}
		page := store.Page{Limit: 10}
		for name, tt := range map[string]struct {
			f    customer.Filter
			want int64
		}{
			"all but those of payments": {customer.Filter{}, 4}, "by address": {customer.Filter{Emails: []string{"NORA@lind.example"}}, 3}, "of a merchant": {customer.Filter{Merchants: []ident.ID{kiosk}}, 1},
			"by name": {customer.Filter{Name: "lind_"}, 1}, "of a marketplace": {customer.Filter{Marketplace: first.ID}, 0}, "by id": {customer.Filter{IDs: []ident.ID{first.ID, known.ID}}, 1},
		} {
			tt.f.Page = page
			if list, total, err := s.Search(ctx, realmA, tt.f); err != nil || total != tt.want || int64(len(list)) != tt.want {
				t.Errorf("%s: got %d (%v), want %d", name, total, err, tt.want)
			}
		}
	})
}

func TestDelegates(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := context.Background(), &customer.Service{DB: db}
		home := seller(t, db, realmA, "M1")
		var ids []ident.ID
		for _, r := range []string{"a", "b"} {
			c, err := s.Upsert(ctx, realmA, customer.Customer{Merchant: home, Kind: customer.Organisation, Reference: r, Company: r}, keep)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, c.ID)
		}
		var wait sync.WaitGroup
		for i := range 8 { // met by many at once, it is one person
			wait.Go(func() {
				if _, err := s.Introduce(ctx, realmA, home, ids[i%2], "Chef@bistro.example", func(d *customer.Delegate, l *customer.Link) { d.Name, l.Position = "Iris", "Chef" }); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		list, total, err := s.SearchDelegates(ctx, realmA, customer.DelegateFilter{Customers: ids[:1], Merchants: []ident.ID{home}, Emails: []string{"chef@bistro.example"}, Names: []string{"x", "iri"}, Page: store.Page{Limit: 5}})
		if err != nil || total != 1 || len(list) != 1 || len(list[0].Links) != 2 || list[0].Links[0].Position != "Chef" {
			t.Fatalf("got %+v of %d (%v)", list, total, err)
		}
		d := list[0]
		after, err := s.Unlink(ctx, realmA, d.ID, ids[0])
		if err != nil || len(after.Links) != 1 || after.Links[0].Customer != ids[1] {
			t.Errorf("got %+v (%v)", after, err)
		}
		if _, err := s.Unlink(ctx, realmA, d.ID, ids[0]); fault.Code(err) != "not_found.link" {
			t.Errorf("twice: got %v", err)
		}
		back, err := s.Link(ctx, realmA, d.ID, ids[0], func(*customer.Link) {})
		if l, linked := back.Of(ids[0]); err != nil || !linked || l.Position != "" {
			t.Errorf("linked again: got %+v (%v)", back, err)
		}
		if _, err := s.Link(ctx, realmA, d.ID, realmB, func(*customer.Link) {}); fault.Code(err) != "not_found.customer" {
			t.Errorf("to nobody: got %v", err)
		}
		if _, err := s.Delegate(ctx, realmB, d.ID); fault.Code(err) != "not_found.delegate" {
			t.Errorf("from another realm: got %v", err)
		}
		if err := s.DeleteDelegate(ctx, realmA, d.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Delegate(ctx, realmA, d.ID); fault.Code(err) != "not_found.delegate" {
			t.Errorf("deleted: got %v", err)
		}
		again, err := s.Introduce(ctx, realmA, home, ids[0], "chef@bistro.example", func(*customer.Delegate, *customer.Link) {})
		if err != nil || again.ID == d.ID || len(again.Links) != 1 {
			t.Errorf("met after that: got %+v (%v)", again, err)
		}
	})
}
