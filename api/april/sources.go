package april

import (
	"slices"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
)

var errNoSource = fault.New("not_found.source", "no such payment source")

// holder is for whom a source or token is: a customer of the merchant that is
// acted for, and the delegate who acts, or nobody in particular.
type holder struct {
	customer customer.Customer // without an ID: nobody
	delegate ident.ID
}

// holder reads who is acted for: what the credential implies, the headers, then
// said, which a body may have.
func (s *Surface) holder(c *call, said string) (h holder, err error) {
	name := otherwise(c.r.Header.Get("Customer-Id"), said)
	if c.customer != "" {
		name = otherwise(name, customerID.wire(c.customer))
	}
	if said != "" && said != name {
		return h, errDiffers
	}
	if name != "" {
		if h.customer, _, err = s.mayCustomer(c, name); err != nil {
			return h, err
		}
	}
	h.delegate = c.delegate
	if text := c.r.Header.Get("Customer-Delegate-User-Id"); text != "" {
		id, ok := delegateID.parse(text)
		if !ok || h.customer.ID == "" {
			return h, errNoDelegate
		}
		d, err := s.Customers.Delegate(c.r.Context(), c.actor.Realm, id)
		if err != nil {
			return h, err
		}
		if _, linked := d.Of(h.customer.ID); !linked {
			return h, errNoDelegate
		}
		h.delegate = id
	}
	return h, nil
}

// by is who acts, for the audit trail.
func (c *call) by() audit.By {
	return audit.By{Actor: otherwise(string(c.actor.Key), c.name), Origin: Contract}
}

// ours says whether the merchant's own server asks, without a payer in front of
// it.
func (c *call) ours() bool {
	return !slices.Contains([]Credential{PublicKey, CustomerJWT}, c.kind)
}

// addSource is CreatePaymentSource. A card is verified with its issuer first; a
// challenge that the issuer or the request asks for comes back in place of the
// source, and ConfirmSavedPaymentSource once it is over.
func (s *Surface) addSource(c *call) (any, error) {
	variant, in, err := c.body.variant("ConfirmSavedPaymentSource", "CreateConsumerCardSource", "CreateSavedPaymentSource")
	if err != nil {
		return nil, err
	}
	switch variant {
	case "ConfirmSavedPaymentSource":
		return s.confirmSource(c, in)
	case "CreateConsumerCardSource":
		h, err := s.holderOf(c, in)
		if err != nil {
			return nil, err
		}
		out, err := s.saveCard(c, in, in.needObject("card"), h, vault.Keeping{Delegate: h.delegate})
		if src, done := out.(paymentSource); done {
			src.LegacyResp = &legacySource{src.PaymentSourceID}
			out = src
		}
		return out, err
	}
	kind, how, err := in.needObject("sourceMethod").variant("CardMethod", "DirectDebitMethod")
	if err != nil {
		return nil, err
	}
	h, err := s.holderOf(c, in)
	if err != nil {
		return nil, err
	}
	keeping, err := c.keeping(in, h)
	if err != nil {
		return nil, err
	}
	if kind == "CardMethod" {
		return s.saveCard(c, in, how, h, keeping)
	}
	return s.saveAccount(c, in, how, h, keeping)
}

func (s *Surface) holderOf(c *call, in object) (holder, error) {
	said := in.text("customerId")
	if err := in.err(); err != nil {
		return holder{}, err
	}
	return s.holder(c, said)
}

// keeping reads for whom a source is kept (sheet, 3.5).
func (c *call) keeping(in object, h holder) (k vault.Keeping, err error) {
	word := in.word("usageScope", "ScopeOrganisation", "ScopeDelegate", "ScopeBilling")
	k = vault.Keeping{Delegate: h.delegate, Scope: usageScopes[word]}
	organisation := h.customer.Kind == customer.Organisation
	switch {
	case k.Scope == vault.ByBilling && (h.customer.ID != "" || !c.ours()):
		in.not("usageScope", "ScopeBilling is for the merchant's own sources, which its server adds")
	case k.Scope == vault.ByDelegate && h.delegate == "":
		in.not("usageScope", "ScopeDelegate is for a delegate who is acted for")
	case k.Scope == vault.ByOrganisation && !organisation:
		in.not("usageScope", "ScopeOrganisation is for organisations")
	case k.Scope == "" && organisation:
		k.Scope = vault.ByOrganisation
	}
	if h.customer.ID == "" && k.Scope != vault.ByBilling && c.kind != PublicKey {
		in.not("Customer-Id", "this header has to say whose source it is")
	}
	return k, in.err()
}

// saveCard verifies a card with its issuer and keeps it.
func (s *Surface) saveCard(c *call, in, how object, h holder, keeping vault.Keeping) (any, error) {
	card, cvv, bad := typedCard(how, "cvc")
	challenge := in.truth("request3DS", false)
	if err := in.err(); err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, bad
	}
	ctx, number := c.r.Context(), card.Number
	if err := s.Vault.Clear(ctx, c.actor.Realm, c.acts.ID, number, c.name); err != nil {
		return nil, err
	}
	profile, err := s.Merchants.Outlet(ctx, c.actor.Realm, c.acts.ID)
	if err != nil {
		return nil, err
	}
	keeping.About.Facts = s.Payments.Describe(ctx, c.actor.Environment, profile, number.Reveal())
	brand := method.Detect(number.Reveal())
	out, err := s.Payments.Pay(ctx, c.actor, payment.Order{Idempotency: idempotency.Key{Surface: Contract}, Profile: profile, Kind: connector.Verify, Method: method.Card,
		Brand: brand, Keep: true, Keeping: keeping, Customer: h.customer.ID, Use3DS: !c.ours() || challenge, Challenge: challenge,
		Card:    &connector.Card{Number: number, CVV: cvv, Holder: card.Holder, ExpiryMonth: card.ExpiryMonth, ExpiryYear: card.ExpiryYear, Brand: brand},
		Details: payment.Details{ReturnURL: s.challengeDone(), Fingerprint: s.Vault.Keys.Fingerprint(c.actor.Realm, number)}})
	if err != nil {
		return nil, err
	}
	return s.verified(c, out.Payment)
}

// verified says how the verification of a card stands: it is a source, there is
// a challenge, or it was declined.
func (s *Surface) verified(c *call, p payment.Payment) (any, error) {
	if p.State == payment.Failed {
		return nil, fault.New(p.Code, "the card was declined")
	}
	if p.Succeeded() {
		src, err := s.Vault.Get(c.r.Context(), c.actor.Realm, p.Source)
		return showSource(src), err
	}
	if ch, waits := s.challenge(c, p); waits {
		ch.PaymentSourceID = sourceID.wire(p.Source)
		return tagged("ThreeDSAuthorisationRequired", ch), nil
	}
	return nil, fault.New(fault.UnavailableIssuer, "the issuer's answer is not known yet")
}

// confirmSource answers once a challenge is over.
func (s *Surface) confirmSource(c *call, in object) (any, error) {
	p, err := s.challenged(c, in)
	if err != nil {
		return nil, err
	}
	if p.Kind != connector.Verify || c.customer != "" && p.Customer != c.customer {
		return nil, errNoChallenge
	}
	return s.verified(c, p)
}

// saveAccount keeps a bank account that may be debited.
func (s *Surface) saveAccount(c *call, in, how object, h holder, keeping vault.Keeping) (any, error) {
	bank, name, err := readPayerAccount(how.needObject("bankAccount"))
	if err != nil {
		return nil, err
	}
	keeping.About = vault.About{Email: how.needLike("emailAddress", emailForm, emailWhat), Bank: name}
	if !how.truth("agreementAccepted", false) && !in.truth("agreementAccepted", false) {
		how.not("agreementAccepted", "the payer has to agree to be debited")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	src, _, err := s.Vault.Keep(c.r.Context(), c.actor, idempotency.Key{Surface: Contract}, c.by(), vault.Draft{Merchant: c.acts.ID, Customer: h.customer.ID,
		Method: method.DirectDebit, Bank: &bank, Keeping: keeping, Active: true}, method.Secret{})
	return showSource(src), err
}

// maySource finds a source that the caller may see, as the wire names it.
func (s *Surface) maySource(c *call, text string) (vault.Source, error) {
	id, ok := sourceID.parse(text)
	if !ok {
		return vault.Source{}, errNoSource
	}
	src, err := s.Vault.Get(c.r.Context(), c.actor.Realm, id)
	if err != nil {
		return src, err
	}
	_, err = s.mayMerchant(c, src.Merchant)
	if fault.Is(err, fault.NotFound) || src.State != vault.Active || c.customer != "" && !src.PayableBy(c.customer, c.delegate) {
		err = errNoSource
	}
	return src, err
}

// getSource is GetPaymentSource.
func (s *Surface) getSource(c *call) (any, error) {
	src, err := s.maySource(c, c.id)
	if err != nil {
		return nil, err
	}
	return showSource(src), nil
}

// deleteSource is DeletePaymentSource: what it pays with is wiped.
func (s *Surface) deleteSource(c *call) (any, error) {
	src, err := s.maySource(c, c.id)
	if err != nil {
		return nil, err
	}
	src, err = s.Vault.Drop(c.r.Context(), c.actor.For(src.Merchant), c.by(), src.ID)
	if err != nil {
		return nil, err
	}
	return showSource(src), nil
}

// sourceSorts are what the list may be sorted by.
var sourceSorts = map[string]string{"paymentSourceId": "id", "createdAt": "createdAt", "updatedAt": "updatedAt"}

// listSources is QueryPaymentSources.
func (s *Surface) listSources(c *call) (any, error) {
	q := c.query
	f := vault.SourceFilter{Merchants: c.among(nil), Marketplace: c.market, Page: q.page(sourceSorts),
		Scope: usageScopes[q.word("usageScope", "ScopeOrganisation", "ScopeDelegate", "ScopeBilling")]}
	said := q.one("customerId")
	if said == "" && f.Scope != vault.ByBilling && c.customer == "" {
		q.not("customerId", "is needed, but for ScopeBilling")
	}
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	if said != "" || c.customer != "" {
		f.Customer = nobody
		known, _, err := s.mayCustomer(c, otherwise(said, customerID.wire(c.customer)))
		if err == nil {
			f.Customer = known.ID
		} else if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	if f.Delegate = c.delegate; f.Delegate == "" && f.Customer != nobody {
		h, err := s.holder(c, "")
		if err != nil {
			return nil, err
		}
		f.Delegate = h.delegate
	}
	list, total, err := s.Vault.Search(c.r.Context(), c.actor.Realm, f)
	c.found(total, f.Page)
	return each(list, showSource), err
}
