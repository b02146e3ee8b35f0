package vault

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/vault/wallet"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// A packet from its making to its spending, and never twice.
func TestPacketIsSpentOnce(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			wall := storetest.NewClock(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC))
			s := newVault(t, storetest.Open(t, engine, func(o *store.Options) { o.Clock = wall.Now }))
			box, err := wallet.NewSandbox(s.Keys.Pepper("wallet sandbox"))
			if err != nil {
				t.Fatal(err)
			}
			packet, err := box.ApplePacket(wallet.Card{Number: method.Conceal(number), ExpiryMonth: 8, ExpiryYear: 2029, Amount: 100, Currency: "036"}, wall.Now())
			if err != nil {
				t.Fatal(err)
			}
			spend := func(realm, object ident.ID) error {
				return s.DB.Update(context.Background(), realm, func(tx *store.Tx) error {
					c, err := box.Apple.Open(packet, tx.Now())
					if err != nil {
						return err
					}
					if c.Number.Reveal() != number {
						return fmt.Errorf("got another card")
					}
					return SpendPacket(tx, c, object)
				})
			}
			const racers = 8
			errs := make([]error, racers)
			var wg sync.WaitGroup
			for i := range racers {
				wg.Go(func() { errs[i] = spend(realmA, ident.ID(fmt.Sprint("o", i))) })
			}
			wg.Wait()
			won := -1
			for i, err := range errs {
				switch {
				case err == nil && won < 0:
					won = i
				case fault.Code(err) != "conflict.wallet_packet":
					t.Errorf("racer %d got %v", i, err)
				}
				if err != nil && strings.Contains(err.Error(), number) {
					t.Error("the number is in the error")
				}
			}
			if won < 0 {
				t.Fatal("nobody won")
			}
			if err := spend(realmA, ident.ID(fmt.Sprint("o", won))); err != nil {
				t.Errorf("again for the same object: %v", err)
			}
			if err := spend(realmB, "o1"); err != nil {
				t.Errorf("realms know nothing of each other: %v", err)
			}
			wall.Add(10 * time.Minute)
			if err := spend(realmA, ident.ID(fmt.Sprint("o", won))); fault.Code(err) != "invalid.wallet_packet.expired" {
				t.Errorf("late: got %v", err)
			}
			sweepPackets(t, s, wall)
		})
	}
}

// sweepPackets: two realms have spent one packet each, whose time is up; a day
// later the row of the one that is swept goes, and the other's stays.
func sweepPackets(t *testing.T, s *Service, wall *storetest.Clock) {
	t.Helper()
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 0}, {24 * time.Hour, 1}, {0, 0}} {
		wall.Add(c.after)
		if got, err := s.SweepPackets(t.Context(), realmA, 10); err != nil || got != c.want {
			t.Errorf("swept %d, %v, want %d", got, err, c.want)
		}
	}
	if n := storetest.Rows(t, s.DB, "wallet_packet")["wallet_packet"]; n != 1 {
		t.Errorf("%d packets are left, want the other realm's", n)
	}
}
