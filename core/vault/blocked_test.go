package vault

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// declined tells the vault of a decline of the test card at m1.
func declined(t *testing.T, s *Service, payment int, code string) {
	t.Helper()
	update(t, s.DB, realmA, func(tx *store.Tx) error {
		return s.Declined(tx, Decline{Merchant: "m1", Customer: "c1", Payment: ident.ID(fmt.Sprint("p", payment)), Code: code,
			Face: Face{Brand: "VISA", BIN: "420000", Last4: "0091", ExpiryMonth: 8, ExpiryYear: 2029, Fingerprint: s.Keys.Fingerprint(realmA, method.Conceal(number))}})
	})
}

func blocked(t *testing.T, s *Service) []BlockedCard {
	t.Helper()
	list, total, err := s.Blocked(context.Background(), realmA, BlockedFilter{Merchants: []ident.ID{"m1"}, Brands: []string{"VISA"}, Last4: "0091", Page: store.Page{Limit: 10}})
	if err != nil || total != int64(len(list)) {
		t.Fatalf("got %d of %d (%v)", len(list), total, err)
	}
	return list
}

func notes(t *testing.T, s *Service, card ident.ID) (words string) {
	t.Helper()
	_, list, _, err := s.NotesOf(context.Background(), realmA, card, store.Page{Limit: 20, Sort: []string{"createdAt"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range list {
		words += n.What + " "
	}
	return words
}

func TestAStolenCardIsBlockedForGood(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := context.Background(), newVault(t, db)
		made := tokenise(t, s, cardToken()) // before its issuer said so
		declined(t, s, 1, fault.DeclinedInsufficientFunds)
		if list := blocked(t, s); len(list) != 0 {
			t.Errorf("got %+v", list)
		}
		declined(t, s, 2, fault.DeclinedStolenCard)
		declined(t, s, 3, fault.DeclinedLostCard) // is blocked already
		list := blocked(t, s)
		if len(list) != 1 || list[0].Reason != fault.DeclinedStolenCard || list[0].Payment != "p2" || !list[0].BlockedUntil.IsZero() {
			t.Fatalf("got %+v", list)
		}
		if _, err := use(s, made.ID, pays(made)); fault.Code(err) != fault.DeclinedBlockedCard {
			t.Errorf("a token of before: got %v", err)
		}
		if _, err := s.Tokenise(ctx, shop, staff, cardToken()); fault.Code(err) != fault.DeclinedBlockedCard {
			t.Errorf("a new token: got %v", err)
		}
		if err := s.Clear(ctx, realmA, "m1", method.Conceal(number), "somebody"); fault.Code(err) != fault.DeclinedBlockedCard {
			t.Errorf("got %v", err)
		}
		if got := notes(t, s, list[0].ID); got != "Blocked Attempted Attempted " {
			t.Errorf("got %s", got)
		}
		if err := s.Clear(ctx, realmA, "m2", method.Conceal(number), ""); err != nil {
			t.Errorf("another merchant: got %v", err)
		}
		if err := s.Clear(ctx, realmB, "m1", method.Conceal(number), ""); err != nil {
			t.Errorf("another realm: got %v", err)
		}
		if _, _, _, err := s.NotesOf(ctx, realmB, list[0].ID, store.Page{Limit: 1}); fault.Code(err) != "not_found.blocked_card" {
			t.Errorf("from another realm: got %v", err)
		}
	})
}

func TestManyDeclinesBlockForADay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, s := context.Background(), newVault(t, db)
		advance := func(d time.Duration) {
			update(t, db, realmA, func(tx *store.Tx) error { _, err := tx.Advance(d); return err })
		}
		for i := range 4 {
			declined(t, s, i, fault.DeclinedDoNotHonour)
			declined(t, s, i, fault.DeclinedDoNotHonour) // the same payment counts once
		}
		declined(t, s, 9, fault.UnavailableProvider) // nobody has judged the card
		if len(blocked(t, s)) != 0 {
			t.Fatal("blocked after four declines")
		}
		advance(25 * time.Hour)
		declined(t, s, 5, fault.DeclinedDoNotHonour)
		if len(blocked(t, s)) != 0 {
			t.Fatal("declines of yesterday count")
		}
		for i := range 4 {
			declined(t, s, 10+i, fault.DeclinedDoNotHonour)
		}
		list := blocked(t, s)
		if len(list) != 1 || list[0].Reason != TooManyDeclines || list[0].BlockedUntil.Sub(list[0].CreatedAt) != 24*time.Hour {
			t.Fatalf("got %+v", list)
		}
		advance(24 * time.Hour)
		if err := s.Clear(ctx, realmA, "m1", method.Conceal(number), ""); err != nil || len(blocked(t, s)) != 0 {
			t.Errorf("a day later: got %v", err)
		}
		for range 20 { // in batches, until nothing is left
			if n, err := s.SweepBlocked(ctx, realmA, 3); err != nil {
				t.Fatal(err)
			} else if n == 0 {
				break
			}
		}
		if got := notes(t, s, list[0].ID); got != "Blocked Unblocked " {
			t.Errorf("got %s", got)
		}
		if rows := storetest.Rows(t, db, "card_decline"); rows["card_decline"] != 0 {
			t.Errorf("%d declines are kept", rows["card_decline"])
		}
		declined(t, s, 20, fault.DeclinedStolenCard)
		if list := blocked(t, s); len(list) != 1 || !list[0].BlockedUntil.IsZero() {
			t.Errorf("blocked again: got %+v", list)
		}
	})
}
