package subscription_test

import (
	"context"
	"testing"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/subscription"
)

// What is sold ends for whoever comes later; who has it keeps it.
func TestOffersEnd(t *testing.T) {
	each(t, func(h *house) {
		ctx := context.Background()
		h.begin()
		gift, err := h.AddCoupon(ctx, h.actor, by, subscription.Coupon{Product: h.product.ID, Code: "GAVE", Number: 32, Price: 0, Length: 2, Unit: subscription.Week, ByVoucher: true})
		h.must(err)
		v, err := h.AddVoucher(ctx, h.actor, by, method.Conceal("SOMMER-2026"), subscription.Voucher{Merchant: h.product.Merchant, Coupons: []ident.ID{gift.ID}, Uses: 3})
		h.must(err)
		opens := func() bool {
			list, err := h.Opens(ctx, h.actor.Realm, "sommer-2026")
			return err == nil && len(list) == 1
		}
		weak, stranger := h.actor, h.actor
		weak.May, stranger.Merchants = []access.Permission{access.Pay}, []ident.ID{h.reader}
		refusedTo := func(what string, end func(actor access.Actor) error) {
			h.t.Helper()
			if err := end(weak); !fault.Is(err, "forbidden.permission") {
				h.t.Errorf("%s without the right to: got %v", what, err)
			}
			if err := end(stranger); !fault.Is(err, fault.NotFound) {
				h.t.Errorf("%s of another merchant: got %v", what, err)
			}
			h.must(end(h.actor))
			if err := end(h.actor); !fault.Is(err, fault.NotFound) && !fault.Is(err, "conflict.voucher") {
				h.t.Errorf("%s twice: got %v", what, err)
			}
		}
		if !opens() {
			h.t.Error("the voucher opens nothing")
		}
		refusedTo("the voucher", func(a access.Actor) error { _, err := h.EndVoucher(ctx, a, by, v.ID); return err })
		if list, err := h.Vouchers(ctx, h.actor); err != nil || len(list) != 1 || list[0].Good(h.at.Add(time.Hour)) || opens() {
			h.t.Errorf("got %+v (%v)", list, err)
		}
		refusedTo("the coupon", func(a access.Actor) error { _, err := h.EndCoupon(ctx, a, by, "DAGSN", 31); return err })
		if _, list, err := h.Prices(ctx, h.actor, "DAGSN"); err != nil || len(list) != 2 || list[0].EndedAt.IsZero() || !list[1].EndedAt.IsZero() {
			h.t.Errorf("got %+v (%v)", list, err)
		}
		other := subscription.Wish{Person: h.product.ID, Product: "DAGSN"}
		if _, err := h.Start(ctx, h.actor.Realm, by, other); !fault.Is(err, "not_found.coupon") {
			h.t.Errorf("by a coupon that has ended: got %v", err)
		}
		refusedTo("the product", func(a access.Actor) error { _, err := h.EndProduct(ctx, a, by, "DAGSN"); return err })
		if _, err := h.Start(ctx, h.actor.Realm, by, other); !fault.Is(err, "not_found.product") {
			h.t.Errorf("what is off sale: got %v", err)
		}
		if list, err := h.Changed(ctx, h.actor.Realm, h.at.Add(-time.Hour)); err != nil || len(list) != 1 || list[0].EndedAt.IsZero() {
			h.t.Errorf("what has changed: got %+v (%v)", list, err)
		}
		if list, err := h.Changed(ctx, h.actor.Realm, h.at.Add(time.Hour)); err != nil || len(list) != 0 {
			h.t.Errorf("what has changed since: got %+v (%v)", list, err)
		}
		h.days(35)
		if list := h.bills(); len(list) != 2 {
			h.t.Errorf("whoever takes it: got %d bills, want 2", len(list))
		}
		_, err = h.AddProduct(ctx, h.actor, by, subscription.Product{Merchant: h.product.Merchant, Profile: h.profile.ID, Code: "DAGSN", Name: "Dagsnytt", Currency: "NOK", Price: 100})
		h.must(err) // the code is free again
	})
}

// A period that costs nothing has no bill, and is paid for.
func TestFree(t *testing.T) {
	each(t, func(h *house) {
		ctx := context.Background()
		_, err := h.AddCoupon(ctx, h.actor, by, subscription.Coupon{Product: h.product.ID, Code: "GRATIS", Number: 5, Price: 0, Length: 1, Unit: subscription.Week})
		h.must(err)
		for _, day := range []string{"", "2026-12-05"} {
			person := h.reader
			if day != "" {
				person = h.product.ID
			}
			_, err := h.Start(ctx, h.actor.Realm, by, subscription.Wish{Person: person, Product: "DAGSN", Coupon: 5, StartOn: invoice.Date(day)})
			h.must(err)
		}
		h.days(22)
		now := h.now()
		list, err := h.Bills(ctx, h.actor.Realm, now.ID)
		if err != nil || len(list) != 0 || now.PaidUntil != "2026-12-27" || now.Unpaid || now.State != subscription.Active {
			h.t.Errorf("got %d bills, paid until %s, %s (%v)", len(list), now.PaidUntil, now.State, err)
		}
		later, err := h.Holding(ctx, h.actor.Realm, h.product.ID, "DAGSN")
		if err != nil || later.PaidUntil != "2026-12-25" || later.Periods != 3 {
			h.t.Errorf("begun later: got %+v (%v)", later.Subscription, err)
		}
	})
}
