package media_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/purchase"
	"github.com/florinpay/florin/core/subscription"
)

// order registers an order of a product that the reader does not take yet.
func (r *reader) order(how string) int64 {
	r.t.Helper()
	return r.post("/v1/order", fmt.Sprintf(`{"payer":{"postalCode":"0155"},"orderLines":[{"product":"HELG"}],%s}`, how), "orderId")
}

func (r *reader) fulfil(order int64) *url.URL {
	r.t.Helper()
	status, to := r.visit(r.page("/fulfillment", "orderId", order))
	if status != http.StatusFound {
		r.t.Fatalf("got %d", status)
	}
	return to
}

// came holds an address to the contract's form of how an order ended.
func (r *reader) came(to *url.URL, word string) {
	r.t.Helper()
	if want := mine + "&fulfillmentStatus=" + word; to.String() != want {
		r.t.Errorf("got %s, want %s", to, want)
	}
}

func (r *reader) purchase(order int64) purchase.Purchase {
	r.t.Helper()
	p, err := r.app.Purchases.Find(r.t.Context(), r.realm.ID, order)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// ordered is what the reader's order of HELG began, if it did.
func (r *reader) ordered() (subscription.Held, bool) {
	r.t.Helper()
	h, err := r.app.Subscriptions.Holding(r.t.Context(), r.realm.ID, r.person.ID, "HELG")
	if err != nil && !fault.Is(err, fault.NotFound) {
		r.t.Fatal(err)
	}
	return h, err == nil
}

// paying does at the wallet what a payer of an order does.
func (r *reader) paying(p purchase.Purchase, what string) {
	r.t.Helper()
	inv, err := r.app.Invoices.Get(r.t.Context(), r.all(), p.Invoice)
	if err == nil && inv.Paying == "" {
		r.t.Fatal("nothing is being paid")
	}
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := r.app.Payments.Look(r.t.Context(), r.realm.ID, inv.Paying)
	if err == nil {
		err = r.app.Provider.Choose(out.Payment.Details.Account, out.Payment.ID, what, time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC))
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// home comes back from the provider that an order sent the reader to.
func (r *reader) home(p purchase.Purchase) *url.URL {
	r.t.Helper()
	inv, err := r.app.Invoices.Get(r.t.Context(), r.all(), p.Invoice)
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := r.app.Payments.Get(r.t.Context(), r.all(), inv.Paying)
	if err != nil {
		r.t.Fatal(err)
	}
	_, to := r.visit(out.Payment.Details.ReturnURL)
	return to
}

// An order by invoice goes straight back, and is billed; only its own reader,
// at the client that placed it, may carry it on.
func TestAnOrderByInvoice(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *house) {
		r := h.reader(t)
		id := r.order(`"paymentMethod":"invoice"`)
		stranger := h.at(t, r.client, h.person(t, h.realm, "stranger@example.com"))
		if to := stranger.fulfil(id); !strings.HasPrefix(to.String(), oops+"?error=notAllowed") {
			t.Errorf("a stranger: got %s", to)
		}
		elsewhere := h.at(t, h.site(t, h.realm, "no.other"), r.person)
		for who, to := range map[string]*url.URL{"another site": elsewhere.fulfil(id), "no such order": r.fulfil(id + 1)} {
			if !strings.HasPrefix(to.String(), oops+"?error=invalidTransaction") {
				t.Errorf("%s: got %s", who, to)
			}
		}
		if _, held := r.ordered(); held {
			t.Error("it began before it was fulfilled")
		}
		r.came(r.fulfil(id), "success")
		r.came(r.fulfil(id), "success")
		sub, held := r.ordered()
		bills, err := h.app.Subscriptions.Bills(t.Context(), h.realm.ID, sub.ID)
		if err != nil || !held || len(bills) != 1 || sub.Details.Order != r.purchase(id).ID || sub.Details.Customer.Address.Postcode != "0155" {
			t.Errorf("got %+v, %d bills (%v)", sub, len(bills), err)
		}
	})
}

// An order that is paid at a page begins when the money is there: cancelled and
// refused ones do not, and owe nothing.
func TestAnOrderIsPaidOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *house) {
		r := h.reader(t)
		for what, word := range map[string]string{"cancel": "cancel", "decline": "error"} {
			id := r.order(`"paymentMethod":"vippsEcommerce"`)
			if to := r.fulfil(id); !strings.HasPrefix(to.String(), h.sandbox.URL) || to.Path == "/login/fulfillment" {
				t.Fatalf("to the wallet: got %s", to)
			}
			back := r.purchase(id)
			r.paying(back, what)
			r.came(r.home(back), word)
			r.came(r.fulfil(id), word) // opened again: the same word
			h.do(t)
			inv, err := h.app.Invoices.Get(t.Context(), r.all(), back.Invoice)
			if _, held := r.ordered(); held || err != nil || inv.State != invoice.Cancelled || inv.Left().Minor != 0 {
				t.Errorf("%s: held %v, the invoice is %s (%v)", what, held, inv.State, err)
			}
		}
		id := r.order(`"paymentMethod":"vippsEcommerce"`)
		if first, again := r.fulfil(id), r.fulfil(id); first.String() != again.String() {
			t.Errorf("opened twice: got %s and %s", first, again)
		}
		p := r.purchase(id)
		to := r.home(p)
		r.came(to, "unknown") // back before anything was chosen
		r.paying(p, "success")
		h.do(t) // the reader never comes back: the provider's word is enough
		r.came(r.fulfil(id), "success")
		sub, held := r.ordered()
		inv, err := h.app.Invoices.Get(t.Context(), r.all(), p.Invoice)
		if err != nil || !held || sub.PaidUntil == "" || sub.Unpaid || inv.State != invoice.Paid || inv.Paid != 9900 || inv.Owner != sub.ID {
			t.Errorf("got %+v, invoice %s %d (%v)", sub, inv.State, inv.Paid, err)
		}
	})
}

// An order that is charged from now on needs the reader's agreement at the
// provider: what was ordered begins with it, and is charged by it.
func TestAnOrderIsAgreed(t *testing.T) {
	h := open(t, "sqlite")
	r := h.reader(t)
	for choice, word := range map[string]string{"cancel": "cancel", "decline": "error"} {
		r.came(r.agree(r.fulfil(r.order(`"paymentMethod":"vippsRecurring"`)), choice), word)
		if _, held := r.ordered(); held {
			t.Errorf("%s: it began", choice)
		}
	}
	id := r.order(`"paymentMethod":"creditcardPayex","recurring":true`)
	r.came(r.agree(r.fulfil(id), "success"), "success")
	h.do(t)
	sub, held := r.ordered()
	if !held || sub.Method != subscription.ByPayEx || sub.Token == "" || sub.Token != r.purchase(id).Token || sub.PaidUntil == "" {
		t.Errorf("got %+v", sub)
	}
	if bad := h.ask(t, http.MethodPost, "/capi/v1/order", r.token, `{"paymentMethod":"vippsEcommerce","recurring":true,"payer":{"postalCode":"0155"},"orderLines":[{"product":"HELG"}]}`, "Content-Type", "application/json"); bad.word() != "InvalidStateException" {
		t.Errorf("one-off, for ever: got %d %s", bad.status, bad.body)
	}
}

// A voucher's last use is one order's, however many try at once; an order that
// is cancelled gives it back.
func TestAVoucherIsUsedOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		r := h.reader(t)
		products, err := h.app.Subscriptions.Products(ctx, h.realm.ID, "HELG")
		if err != nil {
			t.Fatal(err)
		}
		coupon, err := h.app.Subscriptions.AddCoupon(ctx, r.all(), by, subscription.Coupon{Product: products[0].ID, Code: "EN", Number: 50, Price: 100, Length: 1, Unit: subscription.Week, ByVoucher: true})
		if err == nil {
			_, err = h.app.Subscriptions.AddVoucher(ctx, r.all(), by, method.Conceal("BARE-EN"), subscription.Voucher{Merchant: products[0].Merchant, Coupons: []ident.ID{coupon.ID}, Uses: 1})
		}
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var won []int64
		var all sync.WaitGroup
		for n := range 6 {
			all.Go(func() {
				p, err := h.app.Purchases.Place(ctx, h.realm.ID, by, purchase.Wish{Client: r.client.ID, Way: purchase.Once, Method: subscription.ByInvoice, Means: "vipps",
					Payer: purchase.Payer{Contact: login.Contact{Names: login.Names{Surname: "Lie"}, Address: login.Address{Postcode: "0155"}, Emails: []string{fmt.Sprintf("lie%d@example.com", n)}}},
					Lines: []purchase.Item{{Product: "HELG", Voucher: "bare-en"}}})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won = append(won, p.Number)
				case !fault.Is(err, "not_found.voucher"):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(won) != 1 {
			t.Fatalf("got %d orders with it, want 1", len(won))
		}
		if _, err := h.app.Access.Advance(ctx, h.realm.ID, 25*time.Hour); err != nil {
			t.Fatal(err)
		}
		h.do(t)
		if p := r.purchase(won[0]); p.State != purchase.Cancelled {
			t.Errorf("a day later: got %s", p.State)
		}
		if list, err := h.app.Subscriptions.Opens(ctx, h.realm.ID, "BARE-EN"); err != nil || len(list) != 1 {
			t.Errorf("given back: got %d (%v)", len(list), err)
		}
	})
}

// A client hears how its order ended, at an address of its own.
func TestAClientIsCalledBack(t *testing.T) {
	h := open(t, "sqlite")
	r := h.reader(t)
	heard := make(chan string, 4)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) { heard <- in.Method + " " + in.URL.RequestURI() }))
	defer srv.Close()
	id := r.order(`"paymentMethod":"invoice"`)
	own := h.token(t, r.client, login.Person{})
	a := h.ask(t, http.MethodPost, "/capi/v1/client/order/fulfillment", own, fmt.Sprintf(`{"orderId":%d,"callbackUrl":"%s/done?n=1"}`, id, srv.URL), "Content-Type", "application/json")
	if strings.TrimSpace(a.body) != `{"fulfillmentStatus":"OK","orderId":null}` {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	h.do(t)
	if got, want := <-heard, "GET /done?fulfillmentStatus=success&n=1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// all is somebody who may do everything in the realm.
func (h *house) all() access.Actor {
	return access.Actor{Realm: h.realm.ID, Environment: access.Test, Kind: "test", May: access.Everything}
}

// do does what has fallen due.
func (h *house) do(t *testing.T) {
	t.Helper()
	for range 20 {
		list, err := h.app.Jobs.Claim(t.Context(), 50)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return
		}
		for _, j := range list {
			h.app.Jobs.Run(t.Context(), j)
		}
	}
}

// An order that is fulfilled by many at once begins once, and is billed once.
func TestAnOrderBeginsOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *house) {
		r := h.reader(t)
		id := r.order(`"paymentMethod":"invoice"`)
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if p, err := h.app.Purchases.Fulfil(t.Context(), h.realm.ID, id, ""); err != nil || p.Result() != "success" {
					t.Errorf("got %s (%v)", p.Result(), err)
				}
			})
		}
		all.Wait()
		h.do(t)
		sub, _ := r.ordered()
		bills, err := h.app.Subscriptions.Bills(t.Context(), h.realm.ID, sub.ID)
		if err != nil || len(bills) != 1 {
			t.Errorf("got %d bills (%v)", len(bills), err)
		}
	})
}
