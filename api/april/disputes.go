package april

import (
	"encoding/json"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// disputeBody is a dispute as the contract shows it (sheet, 3.9).
type disputeBody struct {
	DisputeID            string          `json:"disputeId"`
	TransactionID        string          `json:"transactionId"`
	Currency             money.Currency  `json:"currency"`
	DisputedAmount       int64           `json:"disputedAmount"`
	DisputeFee           int64           `json:"disputeFee"`
	TransactionAmount    int64           `json:"transactionAmount"`
	OrderID              string          `json:"orderId"`
	ReferenceOrderID     string          `json:"referenceOrderId"`
	Description          string          `json:"description,omitempty"`
	OrderMetadata        json.RawMessage `json:"orderMetadata"`
	CustomerID           string          `json:"customerId,omitempty"`
	CustomerEmailAddress string          `json:"customerEmailAddress,omitempty"`
	MerchantID           string          `json:"merchantId"`
	MerchantName         string          `json:"merchantName"`
	Reason               string          `json:"reason,omitempty"`
	Status               string          `json:"status"`
	EvidenceDueBy        string          `json:"evidenceDueBy"`
	CreatedAt            *string         `json:"createdAt"`
	UpdatedAt            *string         `json:"updatedAt"`
}

func (a around) dispute(x payment.Disputed) disputeBody {
	d, p, m := x.Dispute, x.Payment, a.merchants[x.Payment.Merchant]
	o := a.orders[p.Order]
	who := a.payer(p, o)
	out := disputeBody{DisputeID: disputeID.wire(d.ID), TransactionID: transactionID.wire(p.ID), Currency: d.Amount.Currency, DisputedAmount: d.Amount.Minor,
		TransactionAmount: p.Amount.Minor, OrderID: orderID.wire(p.Order), ReferenceOrderID: p.Reference, Description: o.Details.Description,
		OrderMetadata: metadataOf(o.Details.Metadata), CustomerID: who.CustomerID, CustomerEmailAddress: who.CustomerEmailAddress, MerchantID: merchantID.wire(p.Merchant),
		MerchantName: m.Name, Reason: d.Reason, Status: string(d.State), EvidenceDueBy: day(d.DueAt, zoneOf(m)), CreatedAt: stamp(d.OpenedAt), UpdatedAt: changed(d.OpenedAt, d.ClosedAt)}
	for _, e := range a.entries[p.ID] {
		if e.Kind == settlement.DisputeFee && e.Attempt == d.ID {
			out.DisputeFee += e.Fee
		}
	}
	return out
}

// disputeSorts are what the list may be sorted by.
var disputeSorts = map[string]string{"disputeId": "id", "createdAt": "createdAt", "disputedAmount": "amount"}

// listDisputes is QueryDisputes.
func (s *Surface) listDisputes(c *call) (any, error) {
	q := c.query
	f := payment.DisputeFilter{Payments: transactionID.parseAll(q.list("transactionId")), Merchants: c.among(merchantID.parseAll(q.list("merchantId"))), Marketplace: c.market,
		Orders: orderID.parseAll(q.list("orderId")), References: q.list("referenceOrderId"), Currency: money.Currency(q.one("currency")), Page: q.page(disputeSorts)}
	if f.Currency != "" && !f.Currency.Known() {
		q.not("currency", "is no currency")
	}
	email := q.one("customerEmailAddress")
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	if email != "" {
		var err error
		if f.Customers, err = s.customersOf(c, email); err != nil {
			return nil, err
		}
	}
	list, total, err := s.Payments.Disputes(c.r.Context(), c.actor.Realm, f)
	if err != nil {
		return nil, err
	}
	c.found(total, f.Page)
	payments, shown := make([]payment.Payment, len(list)), make([]disputeBody, len(list))
	for i, x := range list {
		payments[i] = x.Payment
	}
	err = s.DB.View(c.r.Context(), c.actor.Realm, func(tx *store.Tx) error {
		a, err := gather(tx, payments...)
		for i, x := range list {
			shown[i] = a.dispute(x)
		}
		return err
	})
	return shown, err
}

// customersOf are the customers of an address; somebody who does not exist when
// there are none.
func (s *Surface) customersOf(c *call, email string) ([]ident.ID, error) {
	list, _, err := s.Customers.Search(c.r.Context(), c.actor.Realm, customerFilter(email))
	ids := []ident.ID{nobody}
	for _, known := range list {
		ids = append(ids, known.ID)
	}
	return ids, err
}
