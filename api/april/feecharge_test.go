package april_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/store/storetest"
)

// billingCard and billingAccount are what a merchant pays its fees with.
func billingCard(number string) string {
	return fmt.Sprintf(`{"CardMethod":{"cardNumber":%q,"expMonth":8,"expYear":2029,"cvc":"123"}}`, number)
}

func billingAccount(number string) string {
	return fmt.Sprintf(`{"DirectDebitMethod":{"emailAddress":"books@kite.example","agreementAccepted":true,"bankAccount":{"accountName":"Kite","identifier":{"AuBankAccountIdentifier":{"bsb":"062000","accountNumber":%q}},"currency":"AUD"}}}`, number)
}

// TestFeesAreCharged: an invoice for fees is charged to the billing source on the
// day it is due; what is refused is tried again after one, three and seven days,
// with the source that is the newest then.
func TestFeesAreCharged(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			for _, tt := range []struct {
				name    string
				sources []string // kept before the due day, and before the third day after it
				states  string   // the day before it is due, then, and 1, 2, 3, 4, 7 and 21 days later
				events  string
				method  string
			}{
				{"card", []string{billingCard("4242424242424242")}, "outstanding paid paid paid paid paid paid paid", "Issued PaymentReceived Paid", "Card 4242"},
				{"no source", nil, "outstanding outstanding overdue overdue overdue overdue overdue overdue", "Issued Overdue", " "},
				{"refused", []string{billingCard("4000000000009995")}, "outstanding outstanding overdue overdue overdue overdue overdue overdue", "Issued Overdue", " "},
				{"another card", []string{billingCard("4000000000009995"), billingCard("5555555555554444")}, "outstanding outstanding overdue overdue paid paid paid paid", "Issued Overdue PaymentReceived Paid", "Card 4444"},
				{"account", []string{billingAccount("12345678")}, "outstanding accepted accepted accepted paid paid paid paid", "Issued PaymentReceived Paid", "DirectDebit 5678"},
				// The bank's no comes on the fourth day, after the day of the second try: that is made at once if its job comes after the answer.
				{"account that never pays", []string{billingAccount("12340000")}, "outstanding accepted accepted accepted (overdue|accepted) accepted accepted overdue", "Issued", " "},
			} {
				t.Run(tt.name, func(t *testing.T) {
					realm := h.realm(t, "Fees "+tt.name, access.Test)
					x := h.furnish(t, realm, h.market(t, realm, "gross"), "kite")
					secret := h.credentials(t, x)[april.SecretKey]
					keep := func(n int) {
						if n >= len(tt.sources) {
							return
						}
						if got := h.ask(t, "POST", "/sources", secret, `{"CreateSavedPaymentSource":{"usageScope":"ScopeBilling","agreementAccepted":true,"sourceMethod":`+tt.sources[n]+`}}`); got.status != http.StatusOK {
							t.Fatalf("got %d %s", got.status, got.body)
						}
					}
					keep(0)
					day, states := 0, []string{}
					var b feeInvoice
					for _, to := range []int{11, 23, 24, 25, 26, 27, 28, 31, 45} { // issued on day 10, due on day 24
						for ; day < to; day++ {
							if _, err := h.app.Access.Advance(t.Context(), realm.ID, 24*time.Hour); err != nil {
								t.Fatal(err)
							}
							h.work(t)
						}
						b = feeInvoice{}
						if h.read(t, "/transactions/invoices/"+x.invoice, secret, &b); to > 11 {
							states = append(states, b.Summary.Status)
						}
						if to == 26 {
							keep(1)
						}
					}
					var events []string
					for _, m := range b.Timelines {
						events = append(events, strings.TrimPrefix(m.EventType, "Invoice"))
					}
					if got := strings.Join(states, " "); !regexp.MustCompile("^" + tt.states + "$").MatchString(got) {
						t.Errorf("got %s, want %s", got, tt.states)
					}
					if got := strings.Join(events, " "); got != tt.events {
						t.Errorf("got %s, want %s", got, tt.events)
					}
					if got := b.PaymentMethod.PaymentMethodType + " " + b.PaymentMethod.CardLast4 + b.PaymentMethod.Last4; got != tt.method {
						t.Errorf("paid with %s, want %s", got, tt.method)
					}
					if b.Summary.Status == "paid" {
						h.feesStand(t, realm, x)
					}
				})
			}
		})
	}
}
