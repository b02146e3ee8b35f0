package april

import (
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

var errNoTransaction = fault.New("not_found.transaction", "no such transaction")

// mayTransaction finds a payment that the caller may see, as the wire names it.
func (s *Surface) mayTransaction(c *call, text string) (f payment.Found, err error) {
	id, ok := transactionID.parse(text)
	if !ok {
		return f, errNoTransaction
	}
	if f, err = s.Payments.Find(c.r.Context(), c.actor.Realm, id); err == nil {
		_, err = s.mayMerchant(c, f.Merchant)
	}
	if fault.Is(err, fault.NotFound) {
		err = errNoTransaction
	}
	return f, err
}

// transactionOf shows the payment of that id, which the caller may see.
func (s *Surface) transactionOf(c *call, id ident.ID) (transaction, error) {
	f, err := s.Payments.Find(c.r.Context(), c.actor.Realm, id)
	if err != nil {
		return transaction{}, err
	}
	list, err := s.showTransactions(c, []payment.Found{f})
	if err != nil {
		return transaction{}, err
	}
	return list[0], nil
}

// getTransaction is GetTransaction.
func (s *Surface) getTransaction(c *call) (any, error) {
	f, err := s.mayTransaction(c, c.id)
	if err != nil {
		return nil, err
	}
	return s.transactionOf(c, f.ID)
}

// transactionSorts are what the lists may be sorted by.
var transactionSorts = map[string]string{"transactionId": "id", "createdAt": "createdAt", "updatedAt": "updatedAt", "amount": "amount", "referenceOrderId": "reference"}

// listTransactions is QueryTransactions. A customer sees its own.
func (s *Surface) listTransactions(c *call) (any, error) {
	q := c.query
	f := payment.Filter{IDs: transactionID.parseAll(q.list("transactionId")), Merchants: c.among(merchantID.parseAll(q.list("merchantId"))), Marketplace: c.market,
		Customers: c.customersAmong(customerID.parseAll(q.list("customerId"))), Orders: orderID.parseAll(q.list("orderId")), References: q.list("referenceOrderId"),
		Stages: stagesOf(q), Amount: q.integer("amount"), Created: q.between("createdAfter", "createdBefore"), Page: q.page(transactionSorts)}
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	list, total, err := s.Payments.Search(c.r.Context(), c.actor.Realm, f)
	if err != nil {
		return nil, err
	}
	c.found(total, f.Page)
	return s.showTransactions(c, list)
}

// customersAmong narrows a filter of customers to the one that a customer's
// token is of.
func (c *call) customersAmong(asked []ident.ID) []ident.ID {
	if c.customer == "" {
		return asked
	}
	for _, id := range asked {
		if id == c.customer {
			return []ident.ID{c.customer}
		}
	}
	if len(asked) > 0 {
		return []ident.ID{nobody}
	}
	return []ident.ID{c.customer}
}

// stagesOf reads the filter status.
func stagesOf(q query) (list []payment.Stage) {
	for _, word := range q.list("status") {
		known := false
		for _, stage := range payment.Stages {
			if statuses[stage] == word {
				list, known = append(list, stage), true
			}
		}
		if !known {
			q.not("status", "is no status of a transaction")
		}
	}
	return list
}

// captureWindow is how long what was authorised can be captured (sheet, 6.4).
const captureWindow = 7 * 24 * time.Hour

// changeTransaction is UpdateTransaction.
func (s *Surface) changeTransaction(c *call) (any, error) {
	variant, in, err := c.body.variant("CaptureFunds", "CreateRefund", "VoidAuthorisation")
	if err != nil {
		return nil, err
	}
	var minor int64
	var reason string
	switch variant {
	case "CaptureFunds":
		minor = in.positive("captureAmount", false)
	case "CreateRefund":
		minor, reason = in.positive("refundAmount", true), in.text("reason")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	f, err := s.mayTransaction(c, c.id)
	if err != nil {
		return nil, err
	}
	op := payment.Operation{Payment: f.ID, Amount: money.Of(minor, f.Amount.Currency), Unwritten: true}
	if op.Idempotency, err = s.coreKey(c); err != nil {
		return nil, err
	}
	if reason != "" {
		op.Echo = []connector.Parameter{{Name: "reason", Value: reason}}
	}
	actor := c.actor.For(f.Merchant)
	var out payment.Outcome
	switch variant {
	case "CaptureFunds":
		if err := s.capturable(c, f.Payment); err != nil {
			return nil, err
		}
		if op.Final = true; minor == 0 {
			op.Amount.Minor = f.Open()
		}
		out, err = s.Payments.Capture(c.r.Context(), actor, op)
	case "CreateRefund":
		out, err = s.Payments.Refund(c.r.Context(), actor, op)
		if fault.Is(err, "conflict.failed") || fault.Is(err, "conflict.nothing_captured") || fault.Is(err, "conflict.disputed") || fault.Is(err, "conflict.refund.window") {
			err = fault.New("conflict.not_refundable", "the transaction cannot be refunded")
		}
	case "VoidAuthorisation":
		op.Amount, op.Untouched = money.Amount{}, true
		if f.Kind != connector.Authorise {
			return nil, fault.New("conflict.void", "only an authorisation that was not captured can be voided")
		}
		out, err = s.Payments.Void(c.r.Context(), actor, op)
	}
	if err != nil {
		return nil, err
	}
	return s.showChanged(c, variant, out)
}

// positive reads a number of minor units above zero.
func (o object) positive(name string, needed bool) int64 {
	n, sent := o.integer(name)
	switch {
	case !sent && !o.has(name) && needed:
		o.not(name, "is needed")
	case sent && (n < 1 || n > money.Max):
		o.not(name, "must be positive, and at most %d", money.Max)
	}
	return n
}

// capturable says whether the time to capture is over. Faults:
// conflict.capture.window.
func (s *Surface) capturable(c *call, p payment.Payment) error {
	var now time.Time
	err := s.DB.View(c.r.Context(), c.actor.Realm, func(tx *store.Tx) error {
		now = tx.Now()
		return nil
	})
	if err != nil || p.Kind != connector.Authorise {
		return err
	}
	late := p.State == payment.Authorised && (!now.Before(p.ExpiresAt) || !now.Before(p.CreatedAt.Add(captureWindow)))
	if p.State == payment.Expired || late {
		return fault.New("conflict.capture.window", "an authorisation is captured within 7 days")
	}
	if p.Open() == 0 {
		return fault.New("conflict.not_authorised", "nothing is held that could be captured")
	}
	return nil
}

// showChanged answers with what an operation came to. What the provider refused
// is a decline, what it has not answered yet is under way and shows as such.
func (s *Surface) showChanged(c *call, variant string, out payment.Outcome) (any, error) {
	if out.Attempt.State == payment.Refused {
		return nil, fault.New(out.Attempt.Code, "The provider refused the operation")
	}
	t, err := s.transactionOf(c, out.Payment.ID)
	if err != nil {
		return nil, err
	}
	switch variant {
	case "CaptureFunds":
		return tagged("FundsCaptured", map[string]any{"transaction": t}), nil
	case "CreateRefund":
		return tagged("RefundCreated", map[string]any{"refundId": refundID.wire(out.Attempt.ID), "transaction": t}), nil
	}
	return tagged("AuthorisationVoided", map[string]any{"transaction": t}), nil
}
