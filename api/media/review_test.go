package media_test

import (
	"strings"
	"testing"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/purchase"
	"github.com/florinpay/florin/core/subscription"
)

// stuck has the reader order HELG, take it otherwise, and pay for the order.
func (r *reader) stuck() purchase.Purchase {
	r.t.Helper()
	id := r.order(`"paymentMethod":"vippsEcommerce"`)
	r.fulfil(id)
	r.post("/v1/subscription", `{"companyCode":"`+r.sandbox.Media.CompanyCode+`","product":"HELG","couponNumber":41}`, "")
	r.paying(r.purchase(id), "success")
	r.do(r.t)
	r.came(r.fulfil(id), "success")
	p := r.purchase(id)
	if p.State != purchase.Confirmed || p.Details.Reason == "" {
		r.t.Fatalf("got %s, %q", p.State, p.Details.Reason)
	}
	return p
}

// offSale has the reader pay for an order of what is sold no longer by then.
func (r *reader) offSale() {
	r.t.Helper()
	r.stop()
	agreed := r.order(`"paymentMethod":"vippsRecurring"`)
	page := r.fulfil(agreed)
	id := r.order(`"paymentMethod":"vippsEcommerce"`)
	r.fulfil(id)
	if _, err := r.app.Subscriptions.EndProduct(r.t.Context(), r.all(), by, "HELG"); err != nil {
		r.t.Fatal(err)
	}
	r.paying(r.purchase(id), "success")
	r.came(r.fulfil(id), "success")
	r.came(r.agree(page, "success"), "success")
	for _, id := range []int64{id, agreed} {
		if p := r.purchase(id); p.State != purchase.Confirmed || p.Details.Reason != "what was ordered is sold no longer" {
			r.t.Errorf("got %s, %q", p.State, p.Details.Reason)
		}
	}
}

func (r *reader) stop() {
	r.t.Helper()
	held, _ := r.ordered()
	if _, err := r.app.Subscriptions.Stop(r.t.Context(), r.realm.ID, r.person.ID, held.ID, by); err != nil {
		r.t.Fatal(err)
	}
}

// clerk decides about orders that wait.
type clerk struct {
	*reader
	actor access.Actor
}

func (r *reader) clerk() clerk {
	c := clerk{r, r.all()}
	c.actor.May = []access.Permission{access.Review}
	return c
}

func (c clerk) decide(p purchase.Purchase, v payment.Verdict) (purchase.Purchase, bool, error) {
	return c.app.Purchases.Decide(c.t.Context(), c.actor, payment.Decision{ID: p.ID, Verdict: v, Reason: "the reader rang", By: audit.By{Actor: "test"}})
}

func (c clerk) waits(want int) {
	c.t.Helper()
	if list, err := c.app.Purchases.InReview(c.t.Context(), c.realm.ID); err != nil || len(list) != want {
		c.t.Errorf("got %d orders in review (%v), want %d", len(list), err, want)
	}
}

// An order that was paid and cannot begin waits for a human, who lets it begin
// once there is room for it.
func TestAnOrderIsReviewed(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *house) {
		r := h.reader(t).clerk()
		p := r.stuck()
		r.waits(1)
		if _, _, err := h.app.Purchases.Decide(t.Context(), r.all(), payment.Decision{ID: p.ID, Verdict: payment.Accept, Reason: "x"}); !fault.Is(err, "forbidden.permission") {
			t.Errorf("without the right to: got %v", err)
		}
		if _, _, err := r.decide(p, payment.Accept); !fault.Is(err, "conflict.order") {
			t.Errorf("accepted while the product is taken: got %v", err)
		}
		r.waits(1)
		r.stop()
		if p, again, err := r.decide(p, payment.Accept); err != nil || again || p.State != purchase.Transferred {
			t.Errorf("accepted: got %s, %v (%v)", p.State, again, err)
		}
		if _, again, err := r.decide(p, payment.Accept); err != nil || !again {
			t.Errorf("accepted twice: got %v (%v)", again, err)
		}
		if _, _, err := r.decide(p, payment.Return); !fault.Is(err, "conflict.review.decided") {
			t.Errorf("returned after all: got %v", err)
		}
		if held, _ := r.ordered(); held.ID != p.Details.Lines[0].Subscription || held.PaidUntil == "" {
			t.Errorf("got %+v", held.Subscription)
		}
	})
}

// An order that cannot begin is called off, and what was paid for it goes back.
func TestAnOrderIsReturned(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *house) {
		r := h.reader(t).clerk()
		p := r.stuck()
		if p, again, err := r.decide(p, payment.Return); err != nil || again || p.State != purchase.Cancelled || p.Result() != "error" {
			t.Errorf("returned: got %s, %v (%v)", p.State, again, err)
		}
		if _, again, err := r.decide(p, payment.Return); err != nil || !again {
			t.Errorf("returned twice: got %v (%v)", again, err)
		}
		r.waits(0)
		r.offSale()
		r.waits(2)
		h.do(t)
		list, err := h.app.Invoices.Receipts(t.Context(), h.realm.ID, p.Invoice)
		if err != nil || len(list) != 1 || list[0].In != 9900 || list[0].Back != 9900 {
			t.Errorf("the money: got %+v (%v)", list, err)
		}
		agreed := r.purchase(p.Number + 1)
		if got, _, err := r.decide(agreed, payment.Return); err != nil || got.State != purchase.Cancelled {
			t.Errorf("an agreed order, returned: got %s (%v)", got.State, err)
		}
		if list, err := h.app.Subscriptions.Tokens(t.Context(), h.realm.ID, r.person.ID, subscription.ByVipps); err != nil || len(list) != 0 {
			t.Errorf("what was stored for it: got %+v (%v)", list, err)
		}
		once := r.purchase(p.Number + 2)
		refunder := r.all()
		refunder.May = append([]access.Permission{access.Refund}, refunder.May...)
		if _, err := h.app.Invoices.Refund(t.Context(), refunder, once.Invoice, money.Amount{}, idempotency.Key{Surface: "test"}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.decide(once, payment.Accept); !fault.Is(err, "conflict.order") || !strings.Contains(err.Error(), "given back") {
			t.Errorf("accepted, and given back before: got %v", err)
		}
		if got, _, err := r.decide(once, payment.Return); err != nil || got.State != purchase.Cancelled {
			t.Errorf("returned, and given back before: got %s (%v)", got.State, err)
		}
		r.waits(0)
		if got := r.purchase(p.Number); got.State != purchase.Cancelled {
			t.Errorf("in the end: got %s", got.State)
		}
		for _, bad := range []payment.Decision{{ID: p.ID, Verdict: "perhaps", Reason: "x"}, {ID: p.ID, Verdict: payment.Accept}} {
			if _, _, err := h.app.Purchases.Decide(t.Context(), r.actor, bad); !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v", err)
			}
		}
	})
}
