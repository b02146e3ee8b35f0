package subscription

import (
	"context"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
	"time"
)

// Token is a stored way to pay for a product: an agreement that its payer gave
// at a provider (package mandate), which a contract knows by a name of ours.
type Token struct {
	ID        ident.ID
	Version   int64
	Seq       int64
	Merchant  ident.ID
	Person    ident.ID
	Product   ident.ID
	Method    Method
	Number    int64  // counted in the realm: the provider's id in contracts
	Reference string // its name in contracts; no secret, as it pays nothing by itself
	Mandate   ident.ID
	CreatedAt time.Time
	EndedAt   time.Time
}

// Live says whether the token can be charged.
func (t Token) Live() bool { return t.EndedAt.IsZero() }

// AddToken keeps an agreement as a token of a product, once for each agreement.
// Faults: invalid.method (not a stored one).
func (s *Service) AddToken(tx *store.Tx, p Product, person ident.ID, m Method, agreement ident.ID) (Token, error) {
	if !m.Stored() {
		return Token{}, fault.At("invalid.method", "method", "nothing is stored for this method")
	}
	if t, found, err := tokenByMandate(tx, agreement); found || err != nil {
		return t, err
	}
	n, err := count(tx, "token")
	if err != nil {
		return Token{}, err
	}
	t := Token{ID: tx.NewID(), Version: 1, Merchant: p.Merchant, Person: person, Product: p.ID, Method: m, Number: n, Mandate: agreement, CreatedAt: tx.Now()}
	t.Reference = string(t.ID)
	return t, s.saveToken(tx, &t, "token.added")
}

// TokenNamed is a person's token of a product by its name. Faults:
// not_found.token (one that has ended, too).
func TokenNamed(tx *store.Tx, person, product ident.ID, m Method, name string) (Token, error) {
	all, err := tokensOf(tx, person)
	for _, t := range all {
		if t.Method == m && t.Product == product && t.Live() && t.Reference == name {
			return t, nil
		}
	}
	if err == nil {
		err = fault.New("not_found.token", "no such token")
	}
	return Token{}, err
}

// ReleaseToken ends a token that nothing is paid by.
func (s *Service) ReleaseToken(tx *store.Tx, by audit.By, id ident.ID) error {
	if others, err := byToken(tx, id); err != nil || len(others) > 0 {
		return err
	}
	t, err := getToken(tx, id)
	if err != nil {
		return err
	}
	return s.endToken(tx, by, &t)
}

// Agreed is the agreement that a token stands for; any other id is given back
// as it is.
func (s *Service) Agreed(ctx context.Context, realm, id ident.ID) (agreement ident.ID, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		t, err := getToken(tx, id)
		if agreement = t.Mandate; fault.Is(err, fault.NotFound) {
			agreement, err = id, nil
		}
		return err
	})
	return agreement, err
}

// Stored is a token with the agreement behind it.
type Stored struct {
	Token
	Agreement mandate.Mandate
	Product   Product
	Company   merchant.Merchant
}

// Tokens lists a person's tokens of a method that can be charged, oldest first.
func (s *Service) Tokens(ctx context.Context, realm, person ident.ID, m Method) (list []Stored, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		all, err := tokensOf(tx, person)
		if err != nil {
			return err
		}
		list = nil
		for _, t := range all {
			if t.Method != m || !t.Live() {
				continue
			}
			one := Stored{Token: t}
			if one.Agreement, err = mandate.Find(tx, t.Mandate); err != nil {
				return err
			}
			if one.Agreement.State != mandate.Active {
				continue // only valid ones are listed
			}
			if one.Product, err = getProduct(tx, t.Product); err != nil {
				return err
			}
			if one.Company, err = merchant.MerchantIn(tx, t.Merchant); err != nil {
				return err
			}
			list = append(list, one)
		}
		return nil
	})
	return list, err
}

// RemoveToken ends a person's token, by its name and number. A subscription
// that was charged by it falls back to invoices. Faults: not_found.token
// (another person's, and one that has ended, too).
func (s *Service) RemoveToken(ctx context.Context, realm, person ident.ID, by audit.By, m Method, reference string, number int64) (t Token, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		all, err := tokensOf(tx, person)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.Method == m && x.Live() && x.Reference == reference && x.Number == number {
				t = x
				return s.endToken(tx, by, &t)
			}
		}
		return fault.New("not_found.token", "no such token")
	})
	return t, err
}

// endToken ends a token, has its agreement ended at the provider, and lets the
// subscriptions that it paid for fall back.
func (s *Service) endToken(tx *store.Tx, by audit.By, t *Token) error {
	if !t.Live() {
		return nil
	}
	t.EndedAt = tx.Now()
	audit.Add(tx, by, "token.end", t.ID, "ok")
	job.Add(tx, "subscription.unmandate", t.Mandate, tx.Now())
	if err := s.saveToken(tx, t, "token.removed"); err != nil {
		return err
	}
	list, err := byToken(tx, t.ID)
	if err != nil {
		return err
	}
	for _, sub := range list {
		if err := s.fallBack(tx, &sub); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) saveToken(tx *store.Tx, t *Token, typ string) error {
	t.Seq++
	if typ == "token.added" {
		addToken(tx, *t)
	} else {
		saveToken(tx, t)
	}
	return s.Events.Add(tx, event.Event{Object: t.ID, Seq: t.Seq, Type: typ, Merchant: t.Merchant, Data: `{"method":"` + string(t.Method) + `"}`, Subject: *t})
}
