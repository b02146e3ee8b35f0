package app

import (
	"context"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/payment"
)

const challengeAddresses = "challenge addresses"

// challengeURL is where a payer's browser goes for a payment's challenge.
func (a *App) challengeURL(realm, payment ident.ID) string {
	return a.BaseURL + "/april/challenge/" + a.named(challengeAddresses, realm, payment)
}

// findChallenge finds where the bank waits for the payer. Faults:
// not_found.challenge (or it is over).
func (a *App) findChallenge(ctx context.Context, token string) (connector.Redirect, error) {
	realm, id, ok := a.unnamed(challengeAddresses, token)
	if !ok {
		return connector.Redirect{}, fault.New("not_found.challenge", "no such challenge")
	}
	out, err := a.Payments.Look(ctx, realm, id)
	if err == nil && (out.Payment.State != payment.Pending || out.Payment.Details.Redirect == nil) {
		err = fault.New("not_found.challenge", "this challenge is over")
	}
	if err != nil {
		return connector.Redirect{}, err
	}
	return *out.Payment.Details.Redirect, nil
}
