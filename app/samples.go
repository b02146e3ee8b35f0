package app

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/florinpay/florin/api/gateway"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/web/dev"
)

// curl is a call of the gateway as it is typed into a shell, a line for each
// group of parameters. What the shell would take apart is quoted; $ID in the
// path is left to it.
func curl(s Sandbox, path string, groups ...[]string) string {
	lines := []string{"curl " + s.Gateway.Base + path, "-H 'Authorization: Bearer " + s.Gateway.Token + "'"}
	for _, params := range groups {
		var line []string
		for _, p := range params {
			if strings.ContainsAny(p, " []&?#;*") {
				p = "'" + p + "'"
			}
			line = append(line, "-d "+p)
		}
		lines = append(lines, strings.Join(line, " "))
	}
	return strings.Join(lines, " \\\n  ")
}

// samples are commands that work as they stand.
func samples(s Sandbox) []dev.Sample {
	money := func(amount, currency, kind string) []string {
		return []string{"entityId=" + s.Gateway.EntityID, "amount=" + amount, "currency=" + currency, "paymentType=" + kind}
	}
	card := func(number string) []string { return []string{"card.number=" + number, "card.holder=Nora Lind"} }
	rest := []string{"card.expiryMonth=08", "card.expiryYear=2032", "card.cvv=321"}
	back := []string{"shopperResultUrl=" + s.URL + "/try/back"}
	return []dev.Sample{
		{Title: "Pay at once", Command: curl(s, "/v3/payments", money("92.00", "EUR", "DB"), card("4200000000000000"), rest)},
		{Title: "Reserve", Command: curl(s, "/v3/payments", money("148.50", "EUR", "PA"), card("4200000000000000"), rest)},
		{Title: "Capture a part of it", Command: "ID=...   # the id of the answer above\n" + curl(s, "/v3/payments/$ID", money("40.00", "EUR", "CP"))},
		{Title: "Refund", Command: "ID=...   # the id of a payment that was captured\n" + curl(s, "/v3/payments/$ID", money("10.00", "EUR", "RF"))},
		{Title: "Let the bank ask the payer (3-D Secure); open redirect.url", Command: curl(s, "/v3/payments", money("92.00", "EUR", "DB"), card("4200000000000042"), rest, back)},
		{Title: "Open a checkout page; send the payer to redirect.url", Command: curl(s, "/v3/checkouts", money("62.00", "NOK", "DB"), back)},
		{Title: "Read a payment", Command: fmt.Sprintf("ID=...\ncurl \"%s/v3/payments/$ID?entityId=%s\" \\\n  -H 'Authorization: Bearer %s'", s.Gateway.Base, s.Gateway.EntityID, s.Gateway.Token)},
		{Title: "Move the clock seven days", Command: fmt.Sprintf("curl %s/sandbox/clock \\\n  -H 'Authorization: Bearer %s' \\\n  -d advanceSeconds=604800", s.URL, s.Gateway.Token)},
	}
}

// try opens a checkout of the test merchant and takes the developer to its
// page, as a payer.
func (a *App) try(w http.ResponseWriter, r *http.Request) {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		http.Error(w, "a form of another site", http.StatusForbidden)
		return
	}
	page, err := a.tried(r)
	if err != nil {
		a.Log.Error("no checkout to try", "err", err)
		http.Error(w, "no checkout can be opened", http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, page, http.StatusSeeOther)
}

func (a *App) tried(r *http.Request) (page string, err error) {
	realm, err := a.devRealm(r.Context())
	if err != nil {
		return "", err
	}
	profile, err := a.devProfile(r.Context(), realm)
	if err != nil {
		return "", err
	}
	actor := access.Actor{Realm: realm.ID, Environment: realm.Environment, Kind: gateway.Contract, May: access.Everything}
	sess, _, err := a.Checkouts.Create(r.Context(), actor, checkout.Wish{Idempotency: idempotency.Key{Surface: gateway.Contract}, Profile: profile,
		Kind: connector.Debit, Amount: money.Of(6200, "EUR"),
		Details: checkout.Details{Reference: "try-" + string(a.requestID())[16:], Payment: payment.Details{ReturnURL: a.BaseURL + "/try/back"}}})
	return a.Gateway.PageURL(sess.Key), err
}

// showReturned is where a tried checkout, and every sample, leads back to.
func showReturned(w http.ResponseWriter, r *http.Request, s Sandbox) error {
	q := r.URL.Query()
	path := q.Get("resourcePath")
	if !strings.HasPrefix(path, "/v3/") || strings.ContainsAny(path, "'\"\\$` \n") { // it ends up in a shell
		path = "/v3/payments/$ID"
	}
	ask := url.Values{"entityId": {s.Gateway.EntityID}}
	return dev.ShowReturned(w, r, devLinks, dev.Returned{Again: "/try",
		Values:  []dev.Value{{Name: "id", Value: q.Get("id"), Help: "the checkout, or the payment"}, {Name: "resourcePath", Value: q.Get("resourcePath"), Help: "where the outcome is read"}},
		Command: fmt.Sprintf("curl '%s%s?%s' \\\n  -H 'Authorization: Bearer %s'", s.Gateway.Base, path, ask.Encode(), s.Gateway.Token)})
}
