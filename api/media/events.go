package media

import (
	"encoding/json"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/core/webhook"
	"github.com/florinpay/florin/store"
)

// notice is what a webhook says (sheet, 13: the names are ours, the rest too).
type notice struct {
	ID       string       `json:"id"` // of the event, equal over all tries
	Event    string       `json:"event"`
	Time     int64        `json:"time"` // epoch ms
	Company  string       `json:"companyCode"`
	Product  string       `json:"productCode"`
	Customer int64        `json:"customerNumber,omitempty"`
	Invoice  string       `json:"invoiceNumber,omitempty"`
	Amount   *json.Number `json:"amount,omitempty"`
	Currency string       `json:"currency,omitempty"`
	Method   string       `json:"paymentMethod,omitempty"`
	Provider int64        `json:"paymentProviderId,omitempty"` // the token's number in its list
}

// Message is what the contract says of an event; nothing of most of them.
func (s *Surface) Message(tx *store.Tx, e event.Event) (webhook.Message, error) {
	n, seller, err := noticeOf(tx, e)
	if err != nil || n.Event == "" {
		return webhook.Message{}, err
	}
	company, err := merchant.MerchantIn(tx, seller)
	if err != nil {
		return webhook.Message{}, err
	}
	n.ID, n.Time, n.Company = string(e.ID), tx.Now().UnixMilli(), company.Code
	body, err := json.Marshal(n)
	return webhook.Message{Body: body, ContentType: "application/json", Type: n.Event}, err
}

// noticeOf puts an event into the contract's words, and tells whose it is.
func noticeOf(tx *store.Tx, e event.Event) (n notice, seller ident.ID, err error) {
	switch about := e.Subject.(type) {
	case invoice.Change:
		inv := about.Is
		if inv.Surface != Contract || inv.State != invoice.Paid || about.Was.State == invoice.Paid {
			return n, "", nil
		}
		amount := major(inv.Amount.Minor, inv.Amount.Currency)
		return notice{Event: "media.invoice.paid", Product: inv.Details.Extra["product"], Invoice: inv.Number, Amount: &amount, Currency: string(inv.Amount.Currency)}, inv.Merchant, nil
	case subscription.Subscription:
		if e.Type != "subscription.method_changed" && e.Type != "subscription.fell_back" {
			return n, "", nil
		}
		p, err := subscription.ProductIn(tx, about.Product)
		return notice{Event: "media.paymentMethod.changed", Product: p.Code, Customer: about.Number, Method: methodNames[about.Method]}, about.Merchant, err
	case subscription.Token:
		word := map[string]string{"token.added": "media.token.added", "token.removed": "media.token.removed"}[e.Type]
		if word == "" {
			return n, "", nil
		}
		p, err := subscription.ProductIn(tx, about.Product)
		return notice{Event: word, Product: p.Code, Method: methodNames[about.Method], Provider: about.Number}, about.Merchant, err
	}
	return n, "", nil
}
