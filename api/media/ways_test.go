package media_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/purchase"
	"github.com/florinpay/florin/core/subscription"
)

// What costs nothing is ordered as free, begins, and goes on without a bill.
// Nothing else is free, and what is free is paid in no other way.
func TestAnOrderIsFree(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *house) {
		r := h.reader(t)
		products, err := h.app.Subscriptions.Products(t.Context(), h.realm.ID, "HELG")
		if err == nil {
			_, err = h.app.Subscriptions.AddCoupon(t.Context(), r.all(), by, subscription.Coupon{Product: products[0].ID, Code: "GRATIS", Number: 60, Price: 0, Length: 1, Unit: subscription.Month})
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := func(coupon int, how string) string {
			return fmt.Sprintf(`{"payer":{"postalCode":"0155"},"orderAmount":0,"orderLines":[{"product":"HELG","productSpecNo":%d,"unitPrice":0}],"paymentMethod":%q}`, coupon, how)
		}
		for want, body := range map[string]string{"InvalidStateException": lines(60, "vippsEcommerce"), "InvalidParameterException": lines(41, "free")} {
			if a := h.ask(t, http.MethodPost, "/capi/v1/order", r.token, body, "Content-Type", "application/json"); a.word() != want {
				t.Errorf("%s: got %d %s", body, a.status, a.body)
			}
		}
		if a := h.ask(t, http.MethodPost, "/capi/v1/order", r.token, `{"payer":{"postalCode":"0155"},"orderLines":[{"product":"HELG"}],"paymentMethod":"free"}`, "Content-Type", "application/json"); a.word() != "InvalidStateException" {
			t.Errorf("a price, and free: got %d %s", a.status, a.body)
		}
		id := r.post("/v1/order", lines(60, "free"), "orderId")
		r.came(r.fulfil(id), "success")
		for range 3 {
			if _, err := h.app.Access.Advance(t.Context(), h.realm.ID, 31*24*time.Hour); err != nil {
				t.Fatal(err)
			}
			h.do(t)
		}
		sub, held := r.ordered()
		bills, err := h.app.Subscriptions.Bills(t.Context(), h.realm.ID, sub.ID)
		if err != nil || !held || len(bills) != 0 || sub.Periods < 3 || sub.Unpaid || sub.PaidUntil == "" || sub.State != subscription.Active {
			t.Errorf("got %+v, %d bills (%v)", sub.Subscription, len(bills), err)
		}
	})
}

// Klarna pays an order once, at its page.
func TestAnOrderByKlarna(t *testing.T) {
	h := open(t, "sqlite")
	r := h.reader(t)
	id := r.order(`"paymentMethod":"kco"`)
	r.fulfil(id)
	p := r.purchase(id)
	r.paying(p, "success")
	r.came(r.home(p), "success")
	if sub, held := r.ordered(); !held || sub.PaidUntil == "" || sub.Method != subscription.ByInvoice {
		t.Errorf("got %+v", sub.Subscription)
	}
	for _, how := range []string{"sms", "smsPay", "creditcard", "masterpass"} {
		body := fmt.Sprintf(`{"payer":{"postalCode":"0155"},"orderLines":[{"product":"HELG"}],"paymentMethod":%q}`, how)
		if a := h.ask(t, http.MethodPost, "/capi/v1/order", r.token, body, "Content-Type", "application/json"); a.word() != "InvalidStateException" {
			t.Errorf("%s: got %d %s", how, a.status, a.body)
		}
	}
}

// A prepaid order may name a card that is stored for the product: it is charged
// for the periods to come. Nobody else's is, nor one that is not known.
func TestATicketOfAPrepaidOrder(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *house) {
		r := h.reader(t)
		r.came(r.agree(r.fulfil(r.order(`"paymentMethod":"creditcardPayex","recurring":true`)), "success"), "success")
		sub, _ := r.ordered()
		token := h.stored(t, r)
		own := h.token(t, r.client, login.Person{})
		order := func(customer int64, how string) answer {
			return h.ask(t, http.MethodPost, "/capi/v1/client/order", own, fmt.Sprintf(`{"payer":{"customerNumber":%d,"lastName":"Lie","postalCode":"0155","emails":["lie@example.com"]},
				"orderLines":[{"product":"HELG"}],"prepaid":true,%s}`, customer, how), "Content-Type", "application/json")
		}
		// The card stays stored while the paper is paid by invoice and stopped.
		if _, err := h.app.Subscriptions.Stop(t.Context(), h.realm.ID, r.person.ID, sub.ID, by); err != nil {
			t.Fatal(err)
		}
		h.do(t)
		if list := h.stored(t, r); list != "" {
			t.Fatalf("a card that pays for nothing is stored: %s", list)
		}
		for _, ticket := range []string{token, "9kq2m0tz71"} {
			if a := order(r.person.Number, `"paymentMethod":"creditcardPayex","paymentInfoPayex":{"ticket":"`+ticket+`"}`); a.status != http.StatusNotFound || a.word() != "NotFoundException" {
				t.Errorf("ticket %s: got %d %s", ticket, a.status, a.body)
			}
		}
		if a := order(r.person.Number, `"paymentMethod":"vippsEcommerce","paymentInfoPayex":{"ticket":"9kq2m0tz71"}`); a.word() != "InvalidParameterException" {
			t.Errorf("a ticket of another provider's: got %d %s", a.status, a.body)
		}
		r.agreeAt("/payment/payex/token/add", "transactionId", r.post("/v1/api/payment/payex/token", `{"tokenType":"card","productCode":"HELG"}`, "transactionId"), "success")
		if token = h.stored(t, r); token == "" {
			t.Fatal("no card is stored")
		}
		other := h.person(t, h.realm, "other@example.com")
		if a := order(other.Number, `"paymentMethod":"creditcardPayex","paymentInfoPayex":{"ticket":"`+token+`"}`); a.status != http.StatusNotFound {
			t.Errorf("somebody else's card: got %d %s", a.status, a.body)
		}
		a := order(r.person.Number, `"paymentMethod":"creditcardPayex","paymentInfoPayex":{"ticket":"`+token+`","transactionId":"px-77"}`)
		var id int64
		if _, err := fmt.Sscanf(strings.TrimSpace(a.body), `{"orderId":%d}`, &id); err != nil {
			t.Fatalf("got %d %s", a.status, a.body)
		}
		if p, err := h.app.Purchases.Fulfil(t.Context(), h.realm.ID, id, ""); err != nil || p.State != purchase.Transferred || !strings.Contains(p.Details.Memo, "px-77") {
			t.Fatalf("got %+v (%v)", p, err)
		}
		if _, err := h.app.Access.Advance(t.Context(), h.realm.ID, 32*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		h.do(t)
		sub, _ = r.ordered()
		bills, err := h.app.Subscriptions.Bills(t.Context(), h.realm.ID, sub.ID)
		if err != nil || len(bills) != 2 || bills[1].Method != subscription.ByPayEx || bills[1].State != subscription.Paid || sub.Method != subscription.ByPayEx {
			t.Errorf("got %+v of %+v (%v)", bills, sub.Subscription, err)
		}
	})
}

// stored is the name of the reader's stored card of HELG, or "".
func (h *house) stored(t *testing.T, r *reader) string {
	t.Helper()
	list, err := h.app.Subscriptions.Tokens(t.Context(), h.realm.ID, r.person.ID, subscription.ByPayEx)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range list {
		if one.Product.Code == "HELG" {
			return one.Reference
		}
	}
	return ""
}

// A product that is sold no longer is told of to whoever asks what has changed,
// and cannot be ordered.
func TestAProductEnds(t *testing.T) {
	h := open(t, "sqlite")
	r := h.reader(t)
	own := h.token(t, r.client, login.Person{})
	if _, err := h.app.Subscriptions.EndProduct(t.Context(), r.all(), by, "HELG"); err != nil {
		t.Fatal(err)
	}
	changed := func(how string) string {
		return h.ask(t, http.MethodPost, "/capi/v1/client/product", own, `{"changedAfter":1`+how+`}`, "Content-Type", "application/json").body
	}
	if got := changed(""); !strings.Contains(got, `"product":"HELG"`) || strings.Count(got, `"endTime":`) != 1 {
		t.Errorf("what has changed: got %s", got)
	}
	if got := changed(`,"onlyActive":true`); strings.Contains(got, `"HELG"`) || !strings.Contains(got, `"DAGSN"`) {
		t.Errorf("what is sold: got %s", got)
	}
	if a := h.ask(t, http.MethodPost, "/capi/v1/order", r.token, `{"payer":{"postalCode":"0155"},"orderLines":[{"product":"HELG"}],"paymentMethod":"invoice"}`, "Content-Type", "application/json"); a.word() != "NotFoundException" {
		t.Errorf("an order: got %d %s", a.status, a.body)
	}
}
