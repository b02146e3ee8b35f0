package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/webhook"
)

// How often an idle worker looks for work.
const idle = 200 * time.Millisecond

// Work starts the workers: due jobs, webhook deliveries, and the callbacks of
// the test provider. They stop when ctx ends; wait returns when what they had
// in hand is done.
func (a *App) Work(ctx context.Context) (wait func()) {
	a.resume(ctx)
	var all sync.WaitGroup
	all.Go(func() {
		loop(ctx, a.workers, nil, a.Jobs.Claim, func(j job.Job) {
			a.Jobs.Run(context.WithoutCancel(ctx), j)
		}, a.failed("jobs"))
	})
	all.Go(func() {
		loop(ctx, a.workers, a.Webhooks.Woken(), a.Webhooks.Claim, func(d webhook.Delivery) {
			err := a.Webhooks.Deliver(ctx, d)
			if err != nil && !fault.Is(err, "conflict.lease") && ctx.Err() == nil {
				a.Log.Error("delivery failed", "delivery", d.ID, "realm", d.Realm, "err", err)
			}
		}, a.failed("deliveries"))
	})
	all.Go(func() { a.pump(ctx) })
	all.Go(func() { a.meter(ctx) })
	return all.Wait
}

// resume takes up what a process left that was killed: leases that nobody holds
// any longer, attempts whose answer nobody will write. What fails here is done by
// the jobs, later.
func (a *App) resume(ctx context.Context) {
	if err := errors.Join(a.Jobs.Release(ctx), a.Payments.Orphans().Resume(ctx, a.now()), a.Mandates.Orphans().Resume(ctx, a.now())); err != nil && ctx.Err() == nil {
		a.Log.Error("what was left behind could not be taken up at once", "err", err)
	}
}

// loop claims work for as many hands as are free and does it side by side.
func loop[T any](ctx context.Context, hands int, woken <-chan struct{}, claim func(context.Context, int) ([]T, error), do func(T), failed func(error)) {
	free := make(chan struct{}, hands)
	var busy sync.WaitGroup
	defer busy.Wait()
	for ctx.Err() == nil {
		n := hands - len(free)
		var list []T
		if n > 0 {
			var err error
			if list, err = claim(ctx, n); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
		for _, item := range list {
			free <- struct{}{}
			busy.Go(func() {
				defer func() { <-free }()
				do(item)
			})
		}
		if len(list) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-woken:
		case <-time.After(idle):
		}
	}
}

// failed logs a loop's trouble, once in a while: a database that is away
// would otherwise fill the log.
func (a *App) failed(what string) func(error) {
	var last time.Time
	return func(err error) {
		if now := time.Now(); now.Sub(last) > 5*time.Second {
			last = now
			a.Log.Error("no work could be claimed", "what", what, "err", err)
		}
	}
}

// pump carries the test provider's callbacks to our own door, as the network
// would.
func (a *App) pump(ctx context.Context) {
	tick := time.NewTicker(idle)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		a.callbacks(ctx)
	}
}

// callbacks lets in what the test provider has to tell.
func (a *App) callbacks(ctx context.Context) {
	name := a.Provider.Spec().Name
	list, err := a.Provider.Callbacks(a.now())
	if err != nil {
		a.Log.Error("the test provider's callbacks cannot be read", "err", err)
	}
	for _, cb := range list {
		err := a.notice(ctx, name, realmOf(cb.Account), func(header string) string { return cb.Headers[header] }, cb.Body)
		if err != nil {
			a.Log.Info("callback refused", "connector", name, "code", fault.Code(err))
		}
	}
}

// realmOf reads the realm out of an account name that we gave: the test
// provider knows our merchants by realm and profile.
func realmOf(account string) ident.ID {
	if len(account) < ident.Length {
		return ""
	}
	return ident.ID(account[:ident.Length])
}
