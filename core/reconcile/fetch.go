package reconcile

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/store"
)

// FetchJob is the installation's job that fetches settlement files; soonJob does
// it for one realm, once.
const (
	FetchJob = "reconcile.fetch"
	soonJob  = "reconcile.fetch_soon"
)

// fetchEvery is how often it looks whether a realm's hour is over.
const fetchEvery = 10 * time.Minute

// Register names the handlers of the jobs.
func (s *Service) Register(q *job.Queue) {
	q.Handle(FetchJob, s.fetch)
	q.Handle(soonJob, s.fetchNow)
}

// FetchSoon has the files of the transaction's realm fetched once it has
// committed, for a realm whose clock was moved.
func FetchSoon(tx *store.Tx) { job.Add(tx, soonJob, "", tx.Now()) }

func (s *Service) fetchNow(ctx context.Context, j job.Job) error {
	r := access.Realm{ID: j.Realm}
	err := s.DB.View(ctx, j.Realm, func(tx *store.Tx) (err error) {
		r.Environment, err = access.EnvironmentIn(tx)
		return err
	})
	if err == nil {
		_, err = s.Fetch(ctx, r)
	}
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Done(tx, j) })
}

func (s *Service) fetch(ctx context.Context, j job.Job) error {
	realms, err := s.Realms(ctx)
	if err != nil {
		return err
	}
	for _, r := range realms {
		err = errors.Join(err, s.fetchOnce(ctx, r))
	}
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Again(tx, j, tx.Now().Add(fetchEvery)) })
}

// fetchOnce fetches a realm's files once an hour of its time: some providers make
// one several times a day, the test provider at 03:00 (UTC).
func (s *Service) fetchOnce(ctx context.Context, r access.Realm) error {
	now, err := s.now(ctx, r.ID)
	if err != nil {
		return err
	}
	hour := now.Unix() / 3600
	if last, ok := s.fetched.Load(r.ID); ok && last == hour {
		return nil
	}
	if _, err := s.Fetch(ctx, r); err != nil {
		return err
	}
	s.fetched.Store(r.ID, hour)
	return nil
}

func (s *Service) now(ctx context.Context, realm ident.ID) (at time.Time, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		at = tx.Now()
		return nil
	})
	return at, err
}

// Fetch asks the providers that serve a realm for the settlement files of all
// its accounts and imports those that are new. A file that is refused is kept
// aside and keeps no other one from being imported. A test realm's files come
// from test providers alone.
func (s *Service) Fetch(ctx context.Context, r access.Realm) (list []File, err error) {
	accounts, err := s.Merchants.Accounts(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	now, err := s.now(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Connectors)) {
		settler, settles := s.Connectors[name].(connector.Settler)
		if !settles || s.Connectors[name].Spec().TestOnly != (r.Environment == access.Test) {
			continue
		}
		for _, account := range accounts {
			got, err := s.fetchAccount(ctx, r.ID, name, settler, account, now)
			if err != nil {
				return list, err
			}
			list = append(list, got...)
		}
	}
	return list, nil
}

func (s *Service) fetchAccount(ctx context.Context, realm ident.ID, name string, settler connector.Settler, account string, now time.Time) (list []File, err error) {
	var last time.Time
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		last, err = lastPaid(tx, name, account)
		return err
	})
	if err != nil {
		return nil, err
	}
	in, err := settler.Settlements(ctx, connector.SettlementQuestion{Account: account, From: last, At: now})
	if err != nil {
		return nil, err
	}
	for _, file := range in {
		f, err := s.Import(ctx, realm, name, file)
		switch {
		case fault.Is(err, "invalid.settlement") || fault.Is(err, "conflict.file"):
			s.Log.Warn("a settlement file was refused and kept aside", "connector", name, "file", file.Name, "err", err)
		case err != nil:
			return list, err
		default:
			list = append(list, f)
		}
	}
	return list, nil
}
