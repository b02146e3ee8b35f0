package gateway

import (
	"strconv"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
)

// register is POST /v3/registrations (section 13): a card is kept without a
// payment.
func (s *Surface) register(c *call) (answer, error) {
	f := c.form
	month, _ := strconv.Atoi(f.Get("card.expiryMonth"))
	year, _ := strconv.Atoi(f.Get("card.expiryYear"))
	brand := method.BrandOf(f.Get("paymentBrand"), f.Get("card.number"))
	if !c.profile.Settings.TakesBrand(brand) {
		return answer{}, fault.At("invalid.method.not_set_up", "brand", "this brand is not set up")
	}
	customer, err := s.customer(c)
	if err != nil {
		return answer{}, err
	}
	src, replayed, err := s.Vault.Keep(c.r.Context(), c.actor, s.wish(c), c.by(), vault.Draft{Merchant: c.merchant.ID, Customer: customer, Method: method.Card, Active: true,
		Card: vault.Card{Number: method.Conceal(f.Get("card.number")), Holder: f.Get("card.holder"), ExpiryMonth: month, ExpiryYear: year, Brand: brand}}, method.Conceal(f.Get("card.cvv")))
	if err != nil {
		return answer{}, err
	}
	c.replayed = replayed
	ans := s.plain(c, c.success())
	ans.ID, ans.PaymentBrand, ans.Timestamp = tokenID.wire(src.ID), src.Brand, stamp(src.CreatedAt, false)
	ans.Card = sourceCard(src)
	ans.CustomParameters = nest(c.echo(), "customParameters")
	ans.NDC = c.profile.Code + "_" + trace(string(src.ID))
	return ans, nil
}

// deleteToken is DELETE /v3/registrations/{id}.
func (s *Surface) deleteToken(c *call) (answer, error) {
	id, err := c.token()
	if err != nil {
		return answer{}, err
	}
	if _, err := s.Vault.Drop(c.r.Context(), c.actor, c.by(), id); err != nil {
		return answer{}, err
	}
	ans := s.plain(c, c.success())
	ans.ReferencedID = c.id
	return ans, nil
}

// extendToken is POST /v3/registrations/{id}/extendlife.
func (s *Surface) extendToken(c *call) (answer, error) {
	id, err := c.token()
	if err != nil {
		return answer{}, err
	}
	if _, c.replayed, err = s.Vault.Prolong(c.r.Context(), c.actor, s.wish(c), c.by(), id); err != nil {
		return answer{}, err
	}
	return s.plain(c, c.success()), nil
}

func (c *call) token() (ident.ID, error) {
	id, ok := tokenID.parse(c.id)
	if !ok {
		return "", fault.New("not_found.source", "no such registration")
	}
	return id, nil
}

// by says for the audit trail who acts and through what.
func (c *call) by() audit.By { return audit.By{Actor: string(c.actor.Key), Origin: "gateway"} }

// success is the code of success in the caller's mode (section 17).
func (c *call) success() string {
	if !c.test() {
		return "000.000.000"
	}
	if c.form.Get("testMode") == "EXTERNAL" {
		return "000.100.112"
	}
	return "000.100.110"
}

func sourceCard(src vault.Source) *card {
	return cardOf(&payment.Face{BIN: src.BIN, Last4: src.Last4, Holder: src.Holder, ExpiryMonth: src.ExpiryMonth, ExpiryYear: src.ExpiryYear})
}
