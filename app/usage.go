package app

import (
	"context"
	"time"

	"github.com/florinpay/florin/api/spense"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/ident"
)

// How often counted calls are written down, and how many days back an agent
// counts as known.
const (
	meterEvery = 10 * time.Second
	usageDays  = 30
)

// meter writes down what the surfaces have counted, and the rest when serving
// ends.
func (a *App) meter(ctx context.Context) {
	tick := time.NewTicker(meterEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			a.flush(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			a.flush(ctx)
		}
	}
}

func (a *App) flush(ctx context.Context) {
	if err := a.Access.Flush(ctx, &a.Spense.Meter); err != nil {
		a.Log.Error("usage was not written down; it is counted on", "err", err)
	}
}

// Usage is what keys of a realm did in the last days, and what of it is
// unusual, held against a month of usage at least.
func (a *App) Usage(ctx context.Context, realm ident.ID, days int) (list []access.Usage, unusual []access.Unusual, err error) {
	list, err = a.Access.Usages(ctx, realm, days)
	if len(list) == 0 || err != nil {
		return nil, nil, err
	}
	known, err := a.Access.Usages(ctx, realm, max(days, usageDays))
	for _, u := range access.Judge(known, spense.Makes) {
		if u.Day >= list[len(list)-1].Day { // the newest day comes first
			unusual = append(unusual, u)
		}
	}
	return list, unusual, err
}

// warn tells the operator of today's unusual usage of a realm, in the log.
func (a *App) warn(ctx context.Context, r access.Realm) error {
	list, unusual, err := a.Usage(ctx, r.ID, usageDays)
	if len(list) == 0 {
		return err
	}
	for _, u := range unusual {
		if u.Day == list[0].Day {
			a.Log.Warn("unusual usage", "organisation", r.Organisation, "environment", r.Environment, "key", u.Key, "day", u.Day, "what", u.What)
		}
	}
	return err
}
