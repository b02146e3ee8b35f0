package april

import (
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
)

// signIn signs a known customer in from the merchant's backend (sheet, 5.1):
// the token that it answers with is the customer's credential.
func (s *Surface) signIn(c *call) (any, error) {
	variant, in, err := c.body.variant("SignInConsumer", "SignInOrganisation")
	if err != nil {
		return nil, err
	}
	text := in.need("customerId")
	var who delegateForm
	if variant == "SignInOrganisation" {
		who = readDelegate(in)
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	known, owner, err := s.mayCustomer(c, text)
	if err != nil {
		return nil, err
	}
	if c.order != "" {
		if err := s.maySignIn(c, known, who); err != nil {
			return nil, err
		}
	}
	if (known.Kind == customer.Organisation) != (variant == "SignInOrganisation") {
		return nil, invalid("customerId", "is the other kind of customer")
	}
	var delegate ident.ID
	if variant == "SignInOrganisation" {
		d, err := s.Customers.Introduce(c.r.Context(), c.actor.Realm, home(owner.Merchant), known.ID, who.email, func(d *customer.Delegate, _ *customer.Link) {
			d.Name, d.Phone = otherwise(who.name, d.Name), otherwise(who.phone, d.Phone)
		})
		if err != nil {
			return nil, err
		}
		delegate = d.ID
	}
	token, err := s.Sign(Signed{Kind: CustomerJWT, Realm: c.realm(), Subject: customerID.wire(known.ID), Merchant: owner.ID, Marketplace: owner.Marketplace,
		Customer: known.ID, Delegate: delegate, Life: customerLife})
	return struct {
		CustomerID         string `json:"customerId"`
		CustomerDelegateID string `json:"customerDelegateId,omitempty"`
		CustomToken        string `json:"customToken"`
	}{customerID.wire(known.ID), delegateID.wire(delegate), token}, err
}

// maySignIn says whether the holder of a link signs its order's customer in: as
// long as there is something to pay, and as a delegate that the merchant has
// introduced. A link may be passed on, so it introduces nobody.
func (s *Surface) maySignIn(c *call, known customer.Customer, who delegateForm) error {
	if _, err := s.Orders.Payable(c.r.Context(), c.actor.Realm, c.order); err != nil || known.Kind != customer.Organisation {
		return err
	}
	_, total, err := s.Customers.SearchDelegates(c.r.Context(), c.actor.Realm, customer.DelegateFilter{Customers: []ident.ID{known.ID}, Emails: []string{who.email}, Page: store.Page{Limit: 1}})
	if err == nil && total == 0 {
		err = fault.New("forbidden.delegate", "a link introduces no delegate")
	}
	return err
}

// home is where a delegate's address is one person's (sheet, 5.2): the
// marketplace, or the merchant that stands alone.
func home(m merchant.Merchant) ident.ID {
	if m.Marketplace != "" {
		return m.Marketplace
	}
	return m.ID
}

func otherwise(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
