package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// hand is an SQLite file that payments are written to by hand, one caller and
// one commit each.
type hand struct {
	db    *sql.DB
	made  int64
	texts []*sql.Stmt
}

func openHand(ctx context.Context, file string) (*hand, error) {
	db, err := handFile(ctx, file)
	if err != nil {
		return nil, err
	}
	h := &hand{db: db}
	for _, text := range handPayment {
		st, err := db.PrepareContext(ctx, text)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		h.texts = append(h.texts, st)
	}
	return h, nil
}

// run makes payments for as long as told, after a warm-up.
func (h *hand) run(ctx context.Context, warmUp, d time.Duration) (s sample, err error) {
	var took []float64
	start := time.Now()
	for time.Since(start) < warmUp+d && ctx.Err() == nil {
		began := time.Now()
		if err := h.pay(ctx); err != nil {
			return s, err
		}
		if began.Sub(start) >= warmUp {
			took = append(took, float64(time.Since(began))/float64(time.Millisecond))
		}
	}
	if len(took) == 0 {
		return s, ctx.Err()
	}
	slices.Sort(took)
	return sample{rate: float64(len(took)) / d.Seconds(), p50: took[len(took)/2], p99: took[len(took)*99/100]}, nil
}

func (h *hand) pay(ctx context.Context) (err error) {
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	h.made++
	for _, st := range h.texts {
		if _, err := tx.StmtContext(ctx, st).ExecContext(ctx, h.made, h.made%handMerchants); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// check compares what was written with what was counted.
func (h *hand) check(ctx context.Context) error {
	var postings, sum, accounts, balance int64
	err := errors.Join(h.db.QueryRowContext(ctx, handPostings).Scan(&postings, &sum), h.db.QueryRowContext(ctx, handBalances).Scan(&accounts, &balance))
	if err == nil && (postings != 4*h.made || sum != 0 || balance != 0) {
		err = fmt.Errorf("by hand: %d payments have %d postings that add up to %d, balances to %d", h.made, postings, sum, balance)
	}
	return err
}
