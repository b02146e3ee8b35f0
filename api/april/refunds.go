package april

import (
	"encoding/json"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

var errNoRefund = fault.New("not_found.refund", "no such refund")

// refundBody is a refund as the contract shows it (sheet, 3.9).
type refundBody struct {
	RefundID                string          `json:"refundId"`
	TransactionID           string          `json:"transactionId"`
	TransactionAmount       currencyAmount  `json:"transactionAmount"`
	OrderID                 string          `json:"orderId"`
	ReferenceOrderID        string          `json:"referenceOrderId"`
	Description             string          `json:"description,omitempty"`
	OrderMetadata           json.RawMessage `json:"orderMetadata"`
	CustomerID              string          `json:"customerId,omitempty"`
	CustomerName            string          `json:"customerName,omitempty"`
	CustomerEmailAddress    string          `json:"customerEmailAddress,omitempty"`
	MerchantID              string          `json:"merchantId"`
	MerchantName            string          `json:"merchantName"`
	RefundAmount            int64           `json:"refundAmount"`
	RefundedSurchargeAmount int64           `json:"refundedSurchargeAmount"`
	Status                  string          `json:"status"`
	CreatedAt               *string         `json:"createdAt"`
}

func (a around) refund(out payment.Outcome) refundBody {
	p, o := out.Payment, a.orders[out.Payment.Order]
	who := a.payer(p, o)
	return refundBody{RefundID: refundID.wire(out.Attempt.ID), TransactionID: transactionID.wire(p.ID), TransactionAmount: amountOf(p.Amount), OrderID: orderID.wire(p.Order),
		ReferenceOrderID: p.Reference, Description: o.Details.Description, OrderMetadata: metadataOf(o.Details.Metadata), CustomerID: who.CustomerID,
		CustomerName: who.CustomerName, CustomerEmailAddress: who.CustomerEmailAddress, MerchantID: merchantID.wire(p.Merchant), MerchantName: a.merchants[p.Merchant].Name,
		RefundAmount: out.Attempt.Amount.Minor, RefundedSurchargeAmount: out.Attempt.Surcharge, Status: refundStatus(out.Attempt), CreatedAt: stamp(out.Attempt.SentAt)}
}

// refundStatus is the contract's word for what became of a refund (sheet, 4).
func refundStatus(a payment.Attempt) string {
	switch a.State {
	case payment.Approved:
		return "succeeded"
	case payment.Refused, payment.FailedLate:
		return "failed"
	}
	return "pending"
}

// refundSorts are what the list may be sorted by.
var refundSorts = map[string]string{"refundId": "id", "createdAt": "createdAt", "refundAmount": "amount"}

// usualSpan is how far lists of refunds look back unless they are told
// (sheet, 5.9).
const usualSpan = 30 * 24 * time.Hour

// listRefunds is QueryRefunds.
func (s *Surface) listRefunds(c *call) (any, error) {
	q := c.query
	f := payment.RefundFilter{Payments: transactionID.parseAll(q.list("transactionId")), Merchants: c.among(merchantID.parseAll(q.list("merchantId"))), Marketplace: c.market,
		Customers: customerID.parseAll(q.list("customerId")), Orders: orderID.parseAll(q.list("orderId")), References: q.list("referenceOrderId"),
		Amount: q.integer("amount"), Created: q.between("createdAfter", "createdBefore"), Page: q.page(refundSorts)}
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	if f.Created.From.IsZero() {
		err := s.DB.View(c.r.Context(), c.actor.Realm, func(tx *store.Tx) error {
			f.Created.From = tx.Now().Add(-usualSpan)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	list, total, err := s.Payments.Refunds(c.r.Context(), c.actor.Realm, f)
	if err != nil {
		return nil, err
	}
	c.found(total, f.Page)
	payments := each(list, func(out payment.Outcome) payment.Payment { return out.Payment })
	shown := make([]refundBody, len(list))
	err = s.DB.View(c.r.Context(), c.actor.Realm, func(tx *store.Tx) error {
		a, err := gather(tx, payments...)
		for i, out := range list {
			shown[i] = a.refund(out)
		}
		return err
	})
	return shown, err
}
