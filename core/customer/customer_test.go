package customer_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const (
	realmA ident.ID = "aaaaaaaaaaaaaaaaaaaaaaaa"
	realmB ident.ID = "bbbbbbbbbbbbbbbbbbbbbbbb"
)

// seller makes a merchant whose payers these are.
func seller(t *testing.T, db *store.DB, realm ident.ID, code string) ident.ID {
	t.Helper()
	m, err := (&merchant.Service{DB: db, Clock: time.Now}).Add(context.Background(), realm, audit.By{Actor: "test"}, merchant.Merchant{Code: code, Name: code})
	if err != nil {
		t.Fatal(err)
	}
	return m.ID
}

func TestAPayerIsMetAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := context.Background(), &customer.Service{DB: db}
		shop, kiosk, abroad := seller(t, db, realmA, "M1"), seller(t, db, realmA, "M2"), seller(t, db, realmB, "M1")
		first, err := s.Know(ctx, realmA, customer.Customer{Merchant: shop, Reference: "c-1", GivenName: "Nora", Surname: "Lind", Email: "nora@lind.example"})
		if err != nil || !first.ID.Valid() || first.Version != 1 {
			t.Fatalf("got %+v (%v)", first, err)
		}
		same, err := s.Know(ctx, realmA, customer.Customer{Merchant: shop, Reference: "c-1"})
		if err != nil || same != first {
			t.Errorf("nothing new: got %+v (%v), want %+v", same, err, first)
		}
		more, err := s.Know(ctx, realmA, customer.Customer{Merchant: shop, Reference: "c-1", Surname: "Lind-Berg", Phone: "+4711223344", Company: "Lind"})
		if err != nil || more.ID != first.ID || more.Version != 2 || more.Surname != "Lind-Berg" || more.GivenName != "Nora" || more.Phone == "" || more.Company == "" {
			t.Errorf("something new: got %+v (%v)", more, err)
		}
		if got, err := s.Get(ctx, realmA, first.ID); err != nil || got != more {
			t.Errorf("got %+v (%v), want %+v", got, err, more)
		}
		other, err := s.Know(ctx, realmA, customer.Customer{Merchant: kiosk, Reference: "c-1"})
		if err != nil || other.ID == first.ID || other.Surname != "" {
			t.Errorf("another merchant's payer of that reference: got %+v (%v)", other, err)
		}
		far, err := s.Know(ctx, realmB, customer.Customer{Merchant: abroad, Reference: "c-1"})
		if err != nil || far.ID == first.ID {
			t.Errorf("another realm's: got %+v (%v)", far, err)
		}
		for name, err := range map[string]error{"another realm's id": getError(s, realmB, first.ID), "nobody's id": getError(s, realmA, "ffffffffffffffffffffffff")} {
			if fault.Code(err) != "not_found.customer" {
				t.Errorf("%s: got %v, want not_found.customer", name, err)
			}
		}
		for _, c := range []customer.Customer{{Merchant: shop}, {Reference: "c-1"}, {}} {
			if _, err := s.Know(ctx, realmA, c); fault.Code(err) != "invalid.customer" {
				t.Errorf("%+v: got %v, want invalid.customer", c, err)
			}
		}
	})
}

func getError(s *customer.Service, realm, id ident.ID) error {
	_, err := s.Get(context.Background(), realm, id)
	return err
}

// A payer who is met by many at the same moment is one payer.
func TestRacingMeetings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, shop := &customer.Service{DB: db}, seller(t, db, realmA, "M1")
		var all sync.WaitGroup
		ids := make([]ident.ID, 50)
		for i := range ids {
			all.Go(func() {
				c, err := s.Know(context.Background(), realmA, customer.Customer{Merchant: shop, Reference: "c-1", Email: "nora@lind.example"})
				if err != nil {
					t.Error(err)
				}
				ids[i] = c.ID
			})
		}
		all.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("got %s and %s for one payer", ids[0], id)
			}
		}
	})
}
