package settlement

import (
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
)

// A marketplace's own parts belong to a merchant that is the marketplace itself,
// so that it has a balance, a bank account and payouts as its sellers have.

// own finds that merchant of the marketplace of m, whose payments are split. When
// it is made it gets a plan without fees, in the currency and under the tax of
// m's plan p. Faults: not_found.marketplace, invalid.split (m is it).
func (s *Service) own(tx *store.Tx, marketplace ident.ID, m merchant.Merchant, p Plan) (ident.ID, error) {
	own, made, err := merchant.OwnIn(tx, marketplace, m)
	switch {
	case err != nil:
		return "", err
	case own.ID == m.ID:
		return "", fault.At("invalid.split", "parts", "a marketplace shares nothing with itself")
	case !made:
		return own.ID, nil
	}
	plan := Plan{Merchant: own.ID, Currency: p.Currency, Terms: Terms{Mode: Net, TaxCountry: p.Terms.TaxCountry, HandPayouts: true}, CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
	if err := s.begin(tx, own, plan); err != nil {
		return "", err
	}
	return own.ID, savePlan(tx, plan)
}

// payees are whose balances shares of a payment of m's go to.
func (s *Service) payees(tx *store.Tx, owner ident.ID, p Plan, shares []share) error {
	for i, sh := range shares {
		shares[i].owner = sh.Payee
		if !sh.Marketplace {
			continue
		}
		m, err := merchant.MerchantIn(tx, owner)
		if err != nil {
			return err
		}
		if shares[i].owner, err = s.own(tx, sh.Payee, m, p); err != nil {
			return err
		}
	}
	return nil
}
