package media_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// until has the merchant's invoices counted up to the one before number.
func (r *reader) until(number int) {
	r.t.Helper()
	profile, _, err := r.app.Merchants.ByCode(r.t.Context(), r.realm.ID, r.sandbox.Gateway.EntityID)
	if err != nil {
		r.t.Fatal(err)
	}
	actor := access.Actor{Realm: r.realm.ID, Environment: access.Test, Kind: "test", May: access.Everything}
	err = r.app.DB.Update(r.t.Context(), r.realm.ID, func(tx *store.Tx) error {
		for n := 0; n < number; {
			inv, _, err := r.app.Invoices.AddIn(tx, actor, invoice.Draft{Idempotency: idempotency.Key{Surface: "test"}, Profile: profile, Amount: money.Of(100, "NOK")})
			if err != nil {
				return err
			}
			if _, err := fmt.Sscan(inv.Number, &n); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// renew has the reader take the paper anew: with a new bill, whose number it is.
func (r *reader) renew() string {
	r.t.Helper()
	by, ctx := audit.By{Actor: "test"}, r.t.Context()
	held, err := r.app.Subscriptions.Holding(ctx, r.realm.ID, r.person.ID, "DAGSN")
	if err == nil && held.State != subscription.Stopped {
		_, err = r.app.Subscriptions.Stop(ctx, r.realm.ID, r.person.ID, held.ID, by)
	}
	if err == nil {
		_, err = r.app.Subscriptions.Start(ctx, r.realm.ID, by, subscription.Wish{Person: r.person.ID, Number: r.person.Number, Product: "DAGSN"})
	}
	list, err2 := r.app.Subscriptions.Billed(ctx, r.realm.ID, r.person.ID, "DAGSN")
	if err != nil || err2 != nil || len(list) == 0 {
		r.t.Fatal(err, err2)
	}
	number := ""
	for _, b := range list {
		number = max(number, b.Invoice.Number)
	}
	return number
}

// unpaid says whether the API lists an invoice among those that are not paid.
func (r *reader) unpaid(number string) bool {
	r.t.Helper()
	a := r.ask(r.t, http.MethodGet, "/capi/v1/customer/invoice/payment/DAGSN?unpaid=true", r.token, "")
	return strings.Contains(a.body, `"`+number+`"`)
}

// work does the jobs that are due.
func (h *house) work(t *testing.T) {
	t.Helper()
	apitest.Work(t, h.app)
}

// In test mode an invoice's number says how its payment ends, by every method
// (sheet, section 11).
func TestForcedEnds(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *house) {
		r := h.reader(t)
		r.until(10090)
		for i, word := range []string{"failed", "cancelled", "unknown", "initiated", ""} {
			number := r.renew()
			if want := fmt.Sprint(10090 + i); number != want {
				t.Fatalf("got invoice %s, want %s", number, want)
			}
			id := r.payInvoice(number, []string{"vippsEcommerce", "creditcardPayex", "swishPayex", "nexi", "vippsEcommerce"}[i])
			to := r.open(id)
			if word == "" {
				if want := fmt.Sprintf("%s?error=providerError&errorMessage=the+provider+cannot+be+asked+now&transactionId=%d", oops, id); to.String() != want {
					t.Errorf("%s: got %s, want %s", number, to, want)
				}
			} else {
				r.ended(to, word, id)
			}
			if !r.unpaid(number) {
				t.Errorf("%s: it is paid", number)
			}
			if word != "unknown" {
				continue
			}
			if _, err := h.app.Access.Advance(t.Context(), h.realm.ID, 6*time.Second); err != nil {
				t.Fatal(err)
			}
			h.work(t)
			if r.unpaid(number) { // nobody came back for it
				t.Errorf("%s: six seconds later it is not paid", number)
			}
			r.ended(r.open(id), "finished", id)
		}
	})
}
