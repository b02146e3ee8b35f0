package app

import (
	"context"

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

func (a *App) verifyRealm(ctx context.Context, realm ident.ID, r *Report, progress func(string, int64, int64)) error {
	var transfers int64
	books, err := ledger.Verify(ctx, a.DB, realm, func(done, total int64) {
		transfers = done
		progress("books", done, total)
	})
	if err != nil {
		return err
	}
	r.Transfers += transfers
	for _, f := range books {
		r.Findings = append(r.Findings, "realm "+string(realm)+": "+f.String())
	}
	var checked int64
	payments, err := payment.Verify(ctx, a.DB, realm, func(done int64) {
		checked = done
		progress("payments", done, done)
	})
	if err != nil {
		return err
	}
	r.Payments += checked
	for _, f := range payments {
		r.Findings = append(r.Findings, "realm "+string(realm)+": "+f.String())
	}
	trail, err := audit.Verify(ctx, a.DB, realm)
	if trail != "" {
		r.Findings = append(r.Findings, "realm "+string(realm)+": audit trail: "+trail)
	}
	return err
}
