package april

import (
	"slices"

	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
)

var (
	errDiffers       = fault.New("forbidden.context", "the header names somebody else than the credential")
	errNoMerchant    = fault.New("not_found.merchant", "no such merchant")
	errNoMarketplace = fault.New("not_found.marketplace", "no such marketplace")
	errNoCustomer    = fault.New("not_found.customer", "no such customer")
)

// scope reads the context headers (sheet, 2.1): for whom the caller acts. What
// a credential implies need not be said, and cannot be said otherwise.
func (s *Surface) scope(c *call) error {
	c.market = c.marketplace
	if err := s.scopeMerchant(c); err != nil {
		return err
	}
	if err := s.scopeMarketplace(c); err != nil {
		return err
	}
	if said := c.r.Header.Get("Customer-Id"); said != "" && c.customer != "" && said != customerID.wire(c.customer) {
		return errDiffers
	}
	if said := c.r.Header.Get("Customer-Delegate-User-Id"); said != "" && c.customer != "" && said != delegateID.wire(c.delegate) {
		return errDiffers
	}
	if c.acts != nil {
		c.actor = c.actor.For(c.acts.ID)
		if !c.acts.Enabled || c.acts.State == merchant.Suspended || c.acts.State == merchant.Closed {
			return fault.New("forbidden.merchant", "the merchant is suspended or closed")
		}
	}
	switch needs := c.op.Needs; {
	case needs == AMerchant && c.acts == nil:
		return broken("Merchant-Id", "this header has to say for which merchant the request is")
	case needs == AMarketplace && c.market == "":
		return broken("Marketplace-Id", "this header has to say for which marketplace the request is")
	}
	return nil
}

func (s *Surface) scopeMerchant(c *call) error {
	said := c.r.Header.Get("Merchant-Id")
	id := c.merchant
	switch {
	case said == "" && id == "":
		return nil
	case id != "" && said != "" && said != merchantID.wire(id):
		return errDiffers
	case id == "":
		var ok bool
		if id, ok = merchantID.parse(said); !ok {
			return errNoMerchant
		}
	}
	found, err := s.Merchants.Find(c.r.Context(), c.actor.Realm, id)
	if err != nil {
		return err
	}
	if c.marketplace != "" && found.Marketplace != c.marketplace {
		return errNoMerchant
	}
	c.acts = &found
	return nil
}

func (s *Surface) scopeMarketplace(c *call) error {
	said := c.r.Header.Get("Marketplace-Id")
	implied := c.marketplace
	if c.merchant != "" {
		implied = c.acts.Marketplace
	}
	switch {
	case said == "":
		return nil
	case (c.marketplace != "" || c.merchant != "") && said != marketplaceID.wire(implied):
		return errDiffers
	}
	id, ok := marketplaceID.parse(said)
	if !ok {
		return errNoMarketplace
	}
	if _, err := s.Merchants.Marketplace(c.r.Context(), c.actor.Realm, id); err != nil {
		return err
	}
	if c.acts != nil && c.acts.Marketplace != id {
		return errNoMerchant
	}
	c.market = id
	return nil
}

// mayMerchant finds a merchant that the caller may see. A foreign one looks
// exactly like one that is missing.
func (s *Surface) mayMerchant(c *call, id ident.ID) (merchant.Found, error) {
	if c.acts != nil {
		if id != c.acts.ID {
			return merchant.Found{}, errNoMerchant
		}
		return *c.acts, nil
	}
	found, err := s.Merchants.Find(c.r.Context(), c.actor.Realm, id)
	if err == nil && c.market != "" && found.Marketplace != c.market {
		err = errNoMerchant
	}
	return found, err
}

// mayCustomer finds a customer that the caller may see, as the wire names it.
func (s *Surface) mayCustomer(c *call, text string) (customer.Customer, merchant.Found, error) {
	id, ok := customerID.parse(text)
	if !ok || c.customer != "" && id != c.customer {
		return customer.Customer{}, merchant.Found{}, errNoCustomer
	}
	known, err := s.Customers.Get(c.r.Context(), c.actor.Realm, id)
	if err != nil {
		return known, merchant.Found{}, err
	}
	owner, err := s.mayMerchant(c, known.Merchant)
	if fault.Is(err, fault.NotFound) || known.Kind == customer.Known {
		err = errNoCustomer
	}
	return known, owner, err
}

// among narrows a filter of merchants to those the caller acts for. What
// remains may be nobody.
func (c *call) among(asked []ident.ID) []ident.ID {
	if c.acts == nil {
		return asked
	}
	if len(asked) > 0 && !slices.Contains(asked, c.acts.ID) {
		return []ident.ID{nobody}
	}
	return []ident.ID{c.acts.ID}
}
