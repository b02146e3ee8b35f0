package app

import (
	"context"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// outsideOf is how April plays what happens outside, in test realms.
func (a *App) outsideOf() april.Outside {
	heard := func(ctx context.Context, err error) error {
		if err == nil {
			a.callbacks(ctx)
		}
		return err
	}
	return april.Outside{
		Transfer: func(ctx context.Context, account, reference, payer string, amount money.Amount, at time.Time) error {
			return heard(ctx, a.Provider.Send(fake.Sending{Account: account, Quoted: reference, Payer: payer, Amount: amount, At: at}))
		},
		Debit: func(ctx context.Context, p payment.Payment, cleared bool, code string, at time.Time) error {
			if cleared {
				return heard(ctx, a.Provider.Clear(p.Details.Account, p.ID, at))
			}
			return heard(ctx, a.Provider.Dishonour(p.Details.Account, p.ID, code, at))
		},
		Return: func(ctx context.Context, p payment.Payment, refund ident.ID, code string, at time.Time) error {
			return heard(ctx, a.Provider.Return(p.Details.Account, refund, code, at))
		},
		Dispute: func(ctx context.Context, p payment.Payment, amount money.Amount, reason string, back bool, at time.Time) error {
			if back {
				return heard(ctx, a.Provider.Represent(p.Details.Account, p.ID, amount, at))
			}
			return heard(ctx, a.Provider.Dispute(p.Details.Account, p.ID, amount, reason, at))
		},
		Advance: func(ctx context.Context, realm ident.ID, d time.Duration) (time.Time, error) {
			now, err := a.advance(ctx, realm, d)
			return now, heard(ctx, err)
		},
	}
}
