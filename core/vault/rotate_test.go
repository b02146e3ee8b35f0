package vault

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// Two processes keep and reveal cards while keys of both kinds change under
// them: nothing fails to open.
func TestRotationInFlight(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		path := filepath.Join(t.TempDir(), "keys")
		processes := make([]*Service, 2)
		for i := range processes {
			keys, err := OpenKeys(path)
			if err != nil {
				t.Fatal(err)
			}
			processes[i] = &Service{DB: db, Keys: keys, Log: &event.Log{}}
		}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					src, err := add(processes[(i+n)%2])
					if err != nil {
						t.Error(err)
						return
					}
					if card, err := reveal(processes[(i+n+1)%2], realmA, src.ID); err != nil || card.Number.Reveal() != number {
						t.Errorf("does not open: %v", err)
						return
					}
				}
			})
		}
		for n := range 6 {
			s := processes[n%2]
			if err := s.Keys.Rotate(); err != nil {
				t.Error(err)
			}
			if _, err := s.NewKey(ctx, realmA, staff); err != nil {
				t.Error(err)
			}
			for _, step := range []func() (int, error){
				func() (int, error) { return s.Rewrap(ctx, 2) },
				func() (int, error) { return s.Reseal(ctx, realmA, 5) },
			} {
				if _, err := step(); err != nil {
					t.Error(err)
				}
			}
		}
		close(stop)
		wg.Wait()
		if wrong, err := audit.Verify(ctx, db, realmA); wrong != "" || err != nil {
			t.Errorf("got %q, %v", wrong, err)
		}
	})
}

func add(s *Service) (src Source, err error) {
	err = s.DB.Update(context.Background(), realmA, func(tx *store.Tx) error {
		src, err = s.Add(tx, staff, draft(true))
		return err
	})
	return src, err
}

// A database that goes away during an act leaves nothing half done.
func TestUndoneDeletionKeepsTheCard(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newVault(t, db)
		src := keep(t, s, realmA, draft(true))
		err := db.Update(context.Background(), realmA, func(tx *store.Tx) error {
			if _, err := s.Delete(tx, staff, src.ID); err != nil {
				return err
			}
			return fault.New("invalid.test", "undone")
		})
		if !fault.Is(err, "invalid.test") {
			t.Fatal(err)
		}
		if card, err := reveal(s, realmA, src.ID); err != nil || card.Number.Reveal() != number {
			t.Errorf("got %v", err)
		}
		if got := eventsOf(t, db, realmA, src.ID); got != "1 source.created" {
			t.Errorf("got events %q", got)
		}
	})
}
