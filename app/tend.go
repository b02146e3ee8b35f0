package app

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/store"
)

// How much one batch of house-keeping takes, how often it is done, and how
// long deliveries that are over are kept for whoever asks.
const (
	tendBatch      = 200
	tendEvery      = 10 * time.Minute
	deliveriesKept = 90 * 24 * time.Hour // and messages
)

// tend is the job that keeps house in every realm: cards and
// payment tokens whose time is up are wiped, deliveries that are long over are forgotten.
func (a *App) tend(ctx context.Context, j job.Job) error {
	err := a.eachRealm(ctx, func(r access.Realm) error {
		for _, sweep := range []func(context.Context, ident.ID, int) (int, error){a.Vault.Sweep, a.Vault.SweepTokens, a.Vault.SweepPackets, a.Vault.SweepBlocked, a.Surcharges.Sweep, a.Access.SweepPasses} {
			if err := exhaust(ctx, r.ID, sweep); err != nil {
				return err
			}
		}
		var now time.Time
		err := a.DB.View(ctx, r.ID, func(tx *store.Tx) error {
			now = tx.Now()
			return nil
		})
		if err != nil {
			return err
		}
		for _, old := range []struct {
			sweep func(context.Context, ident.ID, time.Time, int) (int, error)
			kept  time.Duration
		}{{a.Webhooks.Sweep, deliveriesKept}, {a.Notify.Sweep, deliveriesKept}, {a.Login.Sweep, 24 * time.Hour}} {
			err := exhaust(ctx, r.ID, func(ctx context.Context, realm ident.ID, limit int) (int, error) {
				return old.sweep(ctx, realm, now.Add(-old.kept), limit)
			})
			if err != nil {
				return err
			}
		}
		return a.warn(ctx, r)
	})
	if err != nil {
		return err
	}
	return a.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Again(tx, j, tx.Now().Add(tendEvery)) })
}

// exhaust does batches until nothing is left.
func exhaust(ctx context.Context, realm ident.ID, batch func(context.Context, ident.ID, int) (int, error)) error {
	for {
		n, err := batch(ctx, realm, tendBatch)
		if n == 0 || err != nil {
			return err
		}
	}
}

func (a *App) eachRealm(ctx context.Context, f func(r access.Realm) error) error {
	realms, err := a.Access.Realms(ctx)
	for _, r := range realms {
		if err == nil {
			err = f(r)
		}
	}
	return err
}

// RotateKeys changes the keys that seal cards and secrets: a new
// key-encryption key wraps all data keys anew, and each realm gets a new data
// key under which everything is sealed anew. It can be stopped at any moment
// and run again; what was sealed stays readable throughout.
func (a *App) RotateKeys(ctx context.Context, by audit.By) error {
	if err := a.Keys.Rotate(); err != nil {
		return err
	}
	if err := exhaust(ctx, store.System, func(ctx context.Context, _ ident.ID, limit int) (int, error) { return a.Vault.Rewrap(ctx, limit) }); err != nil {
		return err
	}
	return a.eachRealm(ctx, func(r access.Realm) error {
		if _, err := a.Vault.NewKey(ctx, r.ID, by); err != nil {
			return err
		}
		if err := exhaust(ctx, r.ID, a.Vault.Reseal); err != nil {
			return err
		}
		if err := exhaust(ctx, r.ID, a.Notify.Reseal); err != nil {
			return err
		}
		if err := exhaust(ctx, r.ID, a.Banks.Reseal); err != nil {
			return err
		}
		return exhaust(ctx, r.ID, a.Webhooks.Reseal)
	})
}
