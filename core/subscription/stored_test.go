package subscription_test

import (
	"context"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/subscription"
)

// dear is a paper whose price has every stored way to pay refused for want of
// money, however often it is asked.
func (h *house) dear() (p subscription.Product) {
	h.t.Helper()
	p, err := h.AddProduct(context.Background(), h.actor, by, subscription.Product{Merchant: h.product.Merchant, Profile: h.profile.ID, Code: "DYRT", Name: "Dyrt", Currency: "NOK", Price: 34955})
	h.must(err)
	_, err = h.AddCoupon(context.Background(), h.actor, by, subscription.Coupon{Product: p.ID, Code: "DYR", Number: 8, Price: 34955, Length: 1, Unit: subscription.Month})
	h.must(err)
	return p
}

// A stored way to pay that has been revoked or has run out is not charged again:
// the reader gets invoices. One that is stopped for a while, or has no money, is
// asked three times.
func TestStoredWays(t *testing.T) {
	each(t, func(h *house) {
		revoked, lapsed := h.subscribe("revoked", h.product, subscription.ByVipps, nil), h.subscribe("lapsed", h.product, subscription.ByPayEx, nil)
		stopped, brief := h.subscribe("stopped", h.product, subscription.ByKlarna, nil), h.subscribe("brief", h.product, subscription.ByNexi, nil)
		poor := h.subscribe("poor", h.dear(), subscription.ByVipps, nil)
		for _, s := range []*subscriber{revoked, lapsed, stopped, brief} {
			if list := s.bills(); len(list) != 1 || list[0].State != subscription.Paid {
				h.t.Fatalf("%s: got %+v", s.name, list)
			}
		}
		revoked.settle(connector.Revoked)
		lapsed.settle(connector.Lapsed)
		for _, s := range []*subscriber{revoked, lapsed} { // as the provider's callback tells
			_, err := h.Mandates.Look(context.Background(), h.actor.Realm, s.agreement.ID)
			h.must(err)
			if now := s.held(); now.Method != subscription.ByInvoice || now.Token != "" || now.State != subscription.Active || s.tokens() != 0 {
				h.t.Errorf("%s: got %s, %d tokens", s.name, now.Method, s.tokens())
			}
		}
		h.days(5)
		if b := poor.bills()[0]; b.State != subscription.Left || b.Tries != 3 || poor.held().Method != subscription.ByInvoice || len(h.invoice(b.Invoice).Details.Reminders) != 1 {
			h.t.Errorf("no money: got %+v, by %s", b, poor.held().Method)
		}
		if poor.tokens() != 1 {
			h.t.Error("who has no money today has none for ever: the token is gone")
		}
		h.days(24)
		stopped.settle(connector.Suspended)
		brief.settle(connector.Suspended)
		for _, s := range []*subscriber{stopped, brief} {
			_, err := h.Mandates.Look(context.Background(), h.actor.Realm, s.agreement.ID)
			h.must(err)
		}
		h.days(1)
		brief.settle(connector.Approved)
		h.days(5)
		if b := brief.bills()[1]; b.State != subscription.Paid || b.Tries != 1 || brief.held().Method != subscription.ByNexi {
			h.t.Errorf("stopped for a day: got %+v, by %s", b, brief.held().Method)
		}
		if b := stopped.bills()[1]; b.State != subscription.Left || b.Tries != 3 || stopped.held().Method != subscription.ByInvoice {
			h.t.Errorf("stopped for good: got %+v, by %s", b, stopped.held().Method)
		}
		for _, s := range []*subscriber{revoked, lapsed, stopped, poor} {
			for range 2 {
				s.morning() // what is left is paid by hand, once
			}
			if now := s.held(); now.Unpaid || now.State != subscription.Active || s.byHand == 0 {
				h.t.Errorf("%s: got %s, unpaid %v, %d by hand", s.name, now.State, now.Unpaid, s.byHand)
			}
		}
		charged := 0
		book, err := h.payer.Books().Entries()
		h.must(err)
		for _, e := range book {
			if e.State == connector.Approved {
				charged++
			}
		}
		if charged != 5 { // four first bills, and the second of one
			h.t.Errorf("the provider took %d charges", charged)
		}
	})
}

// tokens counts the reader's ways to pay that can be charged.
func (s *subscriber) tokens() (n int) {
	s.h.t.Helper()
	for m := range brands {
		list, err := s.h.Tokens(context.Background(), s.h.actor.Realm, s.person, m)
		s.h.must(err)
		n += len(list)
	}
	return n
}
