package subscription

import (
	"context"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Choice is a method that a subscription can be paid by, and whether it is.
type Choice struct {
	Method Method
	Active bool
}

// Choices lists the methods that a person's product can be paid by; exactly one
// is the present one. Faults: not_found.subscription.
func (s *Service) Choices(ctx context.Context, realm, person ident.ID, code string) (list []Choice, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		h, err := HeldIn(tx, person, code)
		if err != nil {
			return err
		}
		list = nil
		for _, m := range Methods {
			open, err := s.setUp(tx, h, m)
			if err != nil {
				return err
			}
			if open || m == h.Method {
				list = append(list, Choice{m, m == h.Method})
			}
		}
		return nil
	})
	return list, err
}

// setUp says whether a subscription can be paid by a method.
func (s *Service) setUp(tx *store.Tx, h Held, m Method) (bool, error) {
	if !h.Product.Takes(m) {
		return false, nil
	}
	if m != ByBank {
		return true, nil
	}
	_, found, err := s.Banks.For(tx, h.Merchant, h.Product.Currency)
	return found, err
}

// MayChange says whether a person's product may be paid by another method from
// now on. Faults, in the order checked: not_found.subscription,
// conflict.subscription (it has been stopped), conflict.method.not_set_up,
// conflict.method (it is the present one).
func (s *Service) MayChange(tx *store.Tx, person ident.ID, code string, m Method) (Held, error) {
	h, err := HeldIn(tx, person, code)
	if err != nil {
		return h, err
	}
	open, err := s.setUp(tx, h, m)
	switch {
	case err != nil:
		return h, err
	case h.State == Stopped:
		return h, fault.New("conflict.subscription", "the subscription has been stopped")
	case !open:
		return h, fault.New("conflict.method.not_set_up", "this method is not set up for the product")
	case h.Method == m:
		return h, fault.New("conflict.method", "the product is paid by this method already")
	}
	return h, nil
}

// Change has a person's product paid by another method from now on: at once, or,
// for direct debit, once the bank has agreed (then waits is true). token is what
// is charged, for a stored method; account is the payer's, where the creditor
// has to name it. Faults: those of MayChange, not_found.token, those of
// bankfile.Service.Want.
func (s *Service) Change(tx *store.Tx, by audit.By, person ident.ID, code string, m Method, token ident.ID, account *bankfile.Account) (sub Subscription, waits bool, err error) {
	h, err := s.MayChange(tx, person, code, m)
	if err != nil {
		return h.Subscription, false, err
	}
	sub = h.Subscription
	audit.Add(tx, by, "subscription.change_method", sub.ID, "ok")
	switch {
	case m.Stored():
		t, err := getToken(tx, token)
		if err != nil || t.Person != person || t.Product != sub.Product || t.Method != m || !t.Live() {
			return sub, false, fault.New("not_found.token", "no such token")
		}
		return sub, false, s.switchTo(tx, by, &sub, m, token)
	case m == ByInvoice:
		return sub, false, s.switchTo(tx, by, &sub, m, "")
	}
	c, _, err := s.Banks.For(tx, sub.Merchant, h.Product.Currency)
	if err != nil {
		return sub, false, err
	}
	mandate, err := s.Banks.Want(tx, c, sub.ID, account)
	if err != nil {
		return sub, false, err
	}
	if mandate.State == bankfile.Active {
		return sub, false, s.switchTo(tx, by, &sub, m, "")
	}
	if sub.Pending == ByBank {
		return sub, true, nil
	}
	sub.Pending = ByBank
	return sub, true, s.save(tx, &sub, "subscription.change_waits")
}

// Agreement is what a payer tells their bank to have a product paid by direct
// debit: the reference, and whether the bank has agreed. False when none was
// asked for.
func (s *Service) Agreement(ctx context.Context, realm, person ident.ID, code string) (m bankfile.Mandate, found bool, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		h, err := HeldIn(tx, person, code)
		if err != nil {
			return err
		}
		c, set, err := s.Banks.For(tx, h.Merchant, h.Product.Currency)
		if err != nil || !set {
			return err
		}
		m, found, err = bankfile.MandateOf(tx, c.ID, h.ID)
		return err
	})
	return m, found, err
}
