package spense

import (
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// payment finds a payment of the organisation.
func (s *Surface) payment(c *call, id ident.ID) (invoice.Invoice, error) {
	inv, err := s.Invoices.Get(c.r.Context(), c.actor, id)
	if err == nil && inv.Surface != Contract {
		err = errPayment
	}
	return inv, err
}

// getPayment is M2.
func (s *Surface) getPayment(c *call) (any, error) {
	inv, err := s.payment(c, c.id("id"))
	if err != nil {
		return nil, err
	}
	return s.standing(c, inv), nil
}

// statesOf are the states that may look like a status.
var statesOf = map[Status][]invoice.State{
	Draft: {invoice.Open}, Opened: {invoice.Sent}, Initiated: {invoice.Open, invoice.Sent, invoice.Partly},
	Pending: {invoice.Open, invoice.Sent, invoice.Partly}, Unknown: {invoice.Open, invoice.Sent, invoice.Partly},
	Success: {invoice.Paid}, Rejected: {invoice.Cancelled, invoice.Credited, invoice.Expired},
}

// listPayments is M3.
func (s *Surface) listPayments(c *call) (any, error) {
	ck := &check{}
	in := c.parameters(ck)
	f := invoice.Filter{Order: in.text("orderNumber"), Reference: in.text("paymentRef"), Limit: 50}
	status := Status(in.choice("status", "", false, statuses...))
	from, to := in.date("from_date", false), in.date("to_date", false)
	f.Created = store.Span{From: from.Begin(time.UTC), Before: to.End(time.UTC)}
	if v, found := in.get("limit", false); found {
		f.Limit = ck.whole(in.at("limit"), v, 1, 200)
	}
	if after, given := in.id("after"); given {
		f.Before = ident.ID(after)
	}
	if err := ck.err(); err != nil {
		return nil, err
	}
	f.Merchants, f.States = []ident.ID{c.owner.ID}, statesOf[status]
	return s.page(c, f, status)
}

// page reads until a page is full: a status says more than a state.
func (s *Surface) page(c *call, f invoice.Filter, status Status) (any, error) {
	out := struct {
		Items []standingView `json:"items"`
		Next  *string        `json:"next"`
	}{Items: []standingView{}}
	for limit := f.Limit; ; {
		list, more, err := s.Invoices.Find(c.r.Context(), c.actor, f)
		if err != nil {
			return nil, err
		}
		for i, inv := range list {
			f.Before = inv.ID
			if inv.Surface != Contract || status != "" && statusOf(inv) != status {
				continue
			}
			out.Items = append(out.Items, s.standing(c, inv))
			if len(out.Items) == limit {
				if more || i < len(list)-1 {
					out.Next = filled(string(inv.ID))
				}
				return out, nil
			}
		}
		if !more {
			return out, nil
		}
	}
}

// cancel is M4.
func (s *Surface) cancel(c *call) (any, error) {
	ck := &check{}
	reason := ""
	if c.body.kind != absent {
		reason, _ = ck.root(c.body).nullable("reason")
	}
	if err := ck.err(); err != nil {
		return nil, err
	}
	if _, err := s.payment(c, c.id("id")); err != nil {
		return nil, err
	}
	inv, err := s.Invoices.Cancel(c.r.Context(), c.actor, c.id("id"), reason)
	if err != nil {
		return nil, err
	}
	return s.standing(c, inv), nil
}

// refund is M5. A refund never changes the status (sheet, 5.8).
func (s *Surface) refund(c *call) (any, error) {
	ck := &check{}
	var amount decimal
	given := false
	if c.body.kind != absent {
		in := ck.root(c.body)
		if amount, given = in.optionalDecimal("amount"); given && amount.sign() <= 0 {
			ck.greater(in.at("amount"), in.v.of["amount"])
		}
		in.nullable("reason")
	}
	if err := ck.err(); err != nil {
		return nil, err
	}
	inv, err := s.payment(c, c.id("id"))
	if err != nil {
		return nil, err
	}
	var minor money.Amount
	if given {
		var ok bool
		if minor, _, ok = amount.minor(inv.Amount.Currency); !ok || minor.Minor < 1 {
			return nil, errAmount
		}
	}
	if inv.State != invoice.Paid && inv.Paid == 0 {
		return nil, errUnpaid
	}
	inv, err = s.Invoices.Refund(c.r.Context(), c.actor, inv.ID, minor, s.key(c))
	if fault.Is(err, "conflict.refund.exceeds") {
		return nil, errTooHigh
	}
	if err != nil {
		return nil, err
	}
	return s.standing(c, inv), nil
}
