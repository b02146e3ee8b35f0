package app

import (
	"context"
	"errors"
	"sync"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/payment"
)

// Report is what Verify found.
type Report struct {
	Realms    int64
	Transfers int64
	Payments  int64
	Findings  []string
}

// Verify recomputes the books of every realm: the chain of transfers, the
// balances, every payment against its attempts, events and postings, and the
// audit trail. progress is told what is being checked, how much of it is done
// and how much there is.
func (a *App) Verify(ctx context.Context, progress func(what string, done, total int64)) (Report, error) {
	var r Report
	realms, err := a.Access.Realms(ctx)
	if err != nil {
		return r, err
	}
	for _, realm := range realms {
		r.Realms++
		if err := a.verifyRealm(ctx, realm.ID, &r, progress); err != nil {
			return r, err
		}
		progress("realms", r.Realms, int64(len(realms)))
	}
	return r, nil
}

// verifyRealm checks the books and the payments side by side: the books in one
// walk, the payments, which have twice as much to read, in two.
func (a *App) verifyRealm(ctx context.Context, realm ident.ID, r *Report, progress func(string, int64, int64)) error {
	var told sync.Mutex
	tell := func(what string, done, total int64) {
		told.Lock()
		defer told.Unlock()
		progress(what, done, total)
	}
	var transfers, checked int64
	var books []ledger.Finding
	payments := payment.NewVerification(a.DB, realm, func(done int64) {
		checked = done
		tell("payments", done, done)
	})
	var errs [3]error
	var all sync.WaitGroup
	all.Go(func() {
		books, errs[0] = ledger.Verify(ctx, a.DB, realm, func(done, total int64) {
			transfers = done
			tell("books", done, total)
		})
	})
	all.Go(func() { errs[1] = payments.Run(ctx) })
	all.Go(func() { errs[2] = payments.Run(ctx) })
	all.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	r.Transfers, r.Payments = r.Transfers+transfers, r.Payments+checked
	for _, f := range books {
		r.Findings = append(r.Findings, "realm "+string(realm)+": "+f.String())
	}
	for _, f := range payments.Findings() {
		r.Findings = append(r.Findings, "realm "+string(realm)+": "+f.String())
	}
	trail, err := audit.Verify(ctx, a.DB, realm)
	if trail != "" {
		r.Findings = append(r.Findings, "realm "+string(realm)+": audit trail: "+trail)
	}
	return err
}
