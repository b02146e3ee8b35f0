package april

import (
	"errors"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// payForm is the request of PayOrder.
type payForm struct {
	variant   string
	token     string
	challenge bool // the merchant insists on 3-D Secure
	hold      bool // authorise only
	reference string
}

// payOrder is PayOrder (sheet, 5.7 and 6.2).
func (s *Surface) payOrder(c *call) (any, error) {
	variant, in, err := c.body.variant("Confirm3DSComplete", "PayByCard", "PayByPaymentToken")
	if err != nil {
		return nil, err
	}
	f := payForm{variant: variant, token: in.need("paymentTokenId"), hold: in.truth("authoriseOnly", false), reference: in.text("referenceTransactionId")}
	if variant == "PayByCard" {
		f.challenge = in.truth("request3DS", false)
	}
	authorisation := ""
	if variant == "Confirm3DSComplete" {
		authorisation = in.needObject("threeDSResponse").need("threeDSAuthorisationId")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	o, owner, err := s.mayOrder(c, c.id)
	if err != nil {
		return nil, err
	}
	if err := working(owner); err != nil {
		return nil, err
	}
	c.actor = c.actor.For(owner.ID)
	var p payment.Payment
	if variant == "Confirm3DSComplete" {
		p, err = s.confirmPayment(c, o, f, authorisation)
	} else {
		p, err = s.payWithToken(c, o, owner, f)
	}
	if err != nil {
		return nil, err
	}
	return s.showPaid(c, p)
}

// working says whether a merchant may take money.
func working(m merchant.Found) error {
	if !m.Enabled || m.State == merchant.Suspended || m.State == merchant.Closed {
		return fault.New("forbidden.merchant", "the merchant is suspended or closed")
	}
	return nil
}

// payWithToken pays an order with a payment token.
func (s *Surface) payWithToken(c *call, o order.Order, owner merchant.Found, f payForm) (payment.Payment, error) {
	key, err := s.coreKey(c)
	if err != nil {
		return payment.Payment{}, err
	}
	profile, err := s.Merchants.Outlet(c.r.Context(), c.actor.Realm, owner.ID)
	if err != nil {
		return payment.Payment{}, err
	}
	wish := payment.Order{Idempotency: key, Profile: profile, Kind: connector.Debit, Reference: o.Reference, Customer: o.Customer, Order: o.ID,
		Use3DS: f.variant == "PayByCard", Challenge: f.challenge,
		Details: payment.Details{ReturnURL: s.challengeDone(), Descriptor: owner.Business.Statement}}
	if f.hold {
		wish.Kind = connector.Authorise
	}
	if f.reference != "" {
		wish.Details.Echo = []connector.Parameter{{Name: echoReference, Value: f.reference}}
	}
	token, known := tokenID.parse(f.token)
	wish.Tender = &payment.Tender{Token: token, For: vault.TokenUse{Merchant: owner.ID, Customer: o.Customer, Amount: o.Amount, Order: o.ID, Cards: f.variant == "PayByCard"}}
	for end := s.Clock().Add(patience); ; {
		_, err := s.Orders.Payable(c.r.Context(), c.actor.Realm, o.ID)
		switch {
		case err == nil && !known:
			return payment.Payment{}, errNoToken
		case err == nil:
			out, paid := s.Payments.Pay(c.r.Context(), c.actor, wish)
			if err = paid; err == nil {
				return out.Payment, declined(out.Payment)
			}
		}
		if !fault.Is(err, "conflict.order.busy") && !errors.Is(err, store.ErrConflict) {
			return payment.Payment{}, err
		}
		if !s.beingAsked(c, o.ID) || s.Clock().After(end) {
			return payment.Payment{}, errInProgress
		}
		select {
		case <-c.r.Context().Done():
			return payment.Payment{}, errInProgress
		case <-time.After(pause):
		}
	}
}

// How long a second payment of an order waits for the first one's provider
// (sheet, 6.9), and how often it looks.
const (
	patience = 5 * time.Second
	pause    = 50 * time.Millisecond
)

var errInProgress = fault.New("conflict.order.busy", "another payment of this order is under way")

// echoReference is under what name a payment keeps the merchant's reference of
// the transaction.
const echoReference = "referenceTransactionId"

// beingAsked says whether a provider is being asked about an order's payment at
// this very moment. What waits for a payer or a bank is not worth waiting for.
func (s *Surface) beingAsked(c *call, id ident.ID) bool {
	o, err := s.Orders.Find(c.r.Context(), c.actor.Realm, id)
	if err != nil {
		return false
	}
	if o.State != order.Pending { // it was decided meanwhile
		return true
	}
	p, err := s.Payments.Find(c.r.Context(), c.actor.Realm, o.Payment)
	return err == nil && p.State == payment.Processing
}

// confirmPayment finds what became of a payment whose payer had to be made sure
// of. Said again it answers the same.
func (s *Surface) confirmPayment(c *call, o order.Order, f payForm, authorisation string) (p payment.Payment, err error) {
	token, known := tokenID.parse(f.token)
	if !known {
		return p, errNoToken
	}
	id, ours := challengeID.parse(authorisation)
	if ours {
		found, err := s.Payments.Find(c.r.Context(), c.actor.Realm, id)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return p, err
		}
		ours = err == nil && found.Order == o.ID && found.Details.Token == token
	}
	if !ours {
		return p, fault.New("invalid.challenge", "the authorisation is of another order or token")
	}
	out, err := s.Payments.Look(c.r.Context(), c.actor.Realm, id)
	if err != nil {
		return p, err
	}
	if _, waits := s.challenge(c, out.Payment); waits {
		return p, fault.New("invalid.challenge", "the payer has not completed the authorisation")
	}
	return out.Payment, declined(out.Payment)
}

// declined is the fault that a payment which failed is to this contract.
func declined(p payment.Payment) error {
	if p.State != payment.Failed {
		return nil
	}
	if text, known := reasons[failureOf(fault.New(p.Code, "")).code]; known {
		return fault.New(p.Code, "%s", text)
	}
	return fault.New(p.Code, "The payment was declined")
}

// reasons say for people why a card was declined, by the contract's own codes.
var reasons = map[string]string{
	"do_not_honor": "The issuer does not honour the card", "expired_card": "The card has expired", "fraudulent": "The payment looks fraudulent",
	"incorrect_cvc": "The security code is not right", "insufficient_funds": "The card has insufficient funds", "invalid_number": "The card number is not right",
	"invalid_expiry_year": "The expiry date is not right", "pickup_card": "The card cannot be used", "stolen_card": "The card was reported stolen",
	"lost_card": "The card was reported lost", "blocked_card": "The card is blocked", "card_not_supported": "The card is not supported",
	"three_ds_failed": "The cardholder was not authenticated",
}

// paid is PayOrderComplete. Amount and currency stand there twice: older
// clients read them at the top.
type paid struct {
	TransactionID      string      `json:"transactionId"`
	TransactionStatus  string      `json:"transactionStatus"`
	Amount             int64       `json:"amount"`
	Currency           string      `json:"currency"`
	Type               string      `json:"type"`
	TransactionDetails transaction `json:"transactionDetails"`
}

func (s *Surface) showPaid(c *call, p payment.Payment) (any, error) {
	if t, waits := s.challenge(c, p); waits {
		return tagged("ThreeDSAuthorisationRequired", t), nil
	}
	t, err := s.transactionOf(c, p.ID)
	if err != nil {
		return nil, err
	}
	if c.kind == LinkToken { // what the merchant pays for it is not the payer's business
		t.ServiceFees = nil
	}
	return tagged("PayOrderComplete", paid{TransactionID: t.Purchase.TransactionID, TransactionStatus: t.Purchase.Status, Amount: t.Purchase.Amount.MinorCurrencyUnits,
		Currency: string(t.Purchase.Amount.Currency), Type: "payinfull", TransactionDetails: t}), nil
}

// coreKey is the Idempotency-Key of a request, if it bears one, for what the
// core does: should an answer be lost, the wish is still known there.
func (s *Surface) coreKey(c *call) (idempotency.Key, error) {
	header := c.r.Header.Get("Idempotency-Key")
	if header == "" {
		return idempotency.Key{Surface: Contract}, nil
	}
	return s.wish(c, header)
}
