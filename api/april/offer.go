package april

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/surcharge"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Offer is a payment token that was made on the page of an order, at the price
// that the merchant's rules give. What a payer has not seen is not charged: with
// a surcharge the page shows it, and pays once the payer has agreed.
type Offer struct {
	Token   vault.Token
	Summary string // of the surcharge, in the words that payers read
	Key     string // by which the page names the token, for this order alone
}

// Offer makes the token that the draft describes of a card or a bank transfer
// for an order of owner's, by the payer that actor is. Faults: those of Quote
// and of Tokenise.
func (s *Surface) Offer(ctx context.Context, actor access.Actor, owner merchant.Found, o order.Order, d vault.TokenDraft) (out Offer, err error) {
	d.Merchant, d.Customer, d.Amount = owner.ID, o.Customer, o.Amount
	means, who := surcharge.Means{Method: method.BankTransfer}, surcharge.Consumer
	if d.Kind == vault.OfCard {
		profile, err := s.Merchants.Outlet(ctx, actor.Realm, owner.ID)
		if err != nil {
			return out, err
		}
		number := d.Card.Number.Reveal()
		d.Facts = s.Payments.Describe(ctx, actor.Environment, profile, number)
		means = surcharge.Means{Method: method.Card, Card: attributesOf(method.Detect(number), number[:min(6, len(number))], d.Facts), Last4: number[max(0, len(number)-4):]}
	}
	if o.Customer != "" {
		known, err := s.Customers.Get(ctx, actor.Realm, o.Customer)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return out, err
		}
		if kind := customerType(known); kind != "" {
			who = kind
		}
	}
	fee, err := s.fee(ctx, actor.Realm, owner.ID, means.Method, means.Card.Brand, means.Card.Country, o.Amount.Currency)
	if err != nil {
		return out, err
	}
	q, err := s.Surcharges.Quote(ctx, actor, ask(owner, means, o.Amount, who, fee))
	if err != nil {
		return out, err
	}
	if q.Surcharge.Minor > 0 {
		d.Price = func(tx *store.Tx, t vault.Token) (vault.Price, error) {
			used, err := s.Surcharges.Redeem(tx, q.Token, surcharge.Use{Merchant: owner.ID, CustomerType: who, Form: surcharge.InFull, Amount: t.Amount, Means: meansOf(t, ""), Object: t.ID})
			return vault.Price{Surcharge: used.Surcharge, Quote: used.ID}, err
		}
	}
	out.Summary = q.Summary
	if out.Token, err = s.Vault.Tokenise(ctx, actor, audit.By{Actor: "payer", Origin: Contract}, d); err == nil {
		out.Key = s.offerKey(o.ID, out.Token.ID)
	}
	return out, err
}

// Surcharging says whether some way to pay a merchant in a currency may cost
// more.
func (s *Surface) Surcharging(ctx context.Context, actor access.Actor, owner merchant.Found, c money.Currency) (bool, error) {
	list, err := s.Surcharges.Rates(ctx, actor, ask(owner, surcharge.Means{}, money.Of(0, c), surcharge.Consumer, surcharge.Fee{}))
	return slices.ContainsFunc(list, func(o surcharge.Offer) bool { return o.Rule.Rate.Mode != surcharge.None }), err
}

func (s *Surface) offerKey(order, token ident.ID) string {
	mac := hmac.New(sha256.New, s.Links)
	mac.Write([]byte("offer " + string(order) + " " + string(token)))
	return tokenID.wire(token) + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:linkCheck])
}

// Offered is the token that a page names by an offer's key; false when it was
// not offered for the order.
func (s *Surface) Offered(order ident.ID, key string) (ident.ID, bool) {
	text, _, _ := strings.Cut(key, ".")
	token, ok := tokenID.parse(text)
	return token, ok && hmac.Equal([]byte(key), []byte(s.offerKey(order, token)))
}
