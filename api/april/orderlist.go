package april

import (
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/order"
)

var errNoOrder = fault.New("not_found.order", "no such order")

// orderCustomer is whom an order is made for, when the header Customer-Id says
// so: one of the merchant's customers.
func (s *Surface) orderCustomer(c *call) (ident.ID, error) {
	said := c.r.Header.Get("Customer-Id")
	if said == "" {
		return "", nil
	}
	known, _, err := s.mayCustomer(c, said)
	return known.ID, err
}

// mayOrder finds an order that the caller may see, as the wire names it. A
// foreign one looks exactly like one that is missing.
func (s *Surface) mayOrder(c *call, text string) (o order.Order, owner merchant.Found, err error) {
	id, ok := orderID.parse(text)
	if !ok || c.order != "" && id != c.order {
		return o, owner, errNoOrder
	}
	if o, err = s.Orders.Find(c.r.Context(), c.actor.Realm, id); err != nil {
		return o, owner, err
	}
	if owner, err = s.mayMerchant(c, o.Merchant); fault.Is(err, fault.NotFound) {
		err = errNoOrder
	}
	return o, owner, err
}

// getOrder is GetOrder.
func (s *Surface) getOrder(c *call) (any, error) {
	o, _, err := s.mayOrder(c, c.id)
	if err != nil {
		return nil, err
	}
	return s.showOrder(c, o)
}

// orderSorts are what the list may be sorted by.
var orderSorts = map[string]string{"orderId": "id", "createdAt": "createdAt", "updatedAt": "updatedAt", "amount": "amount", "referenceOrderId": "reference",
	"status": "state", "customerEmailAddress": "email"}

var (
	orderTypes  = []order.Type{order.Online, order.PayByLink, order.Invoice}
	orderStates = []order.State{order.Created, order.Pending, order.Paid, order.Cancelled, order.Expired}
)

// listOrders is QueryOrders.
func (s *Surface) listOrders(c *call) (any, error) {
	q := c.query
	f := order.Filter{IDs: orderID.parseAll(q.list("orderId")), Merchants: c.among(merchantID.parseAll(q.list("merchantId"))), Marketplace: c.market,
		Customers: customerID.parseAll(q.list("customerId")), References: q.list("referenceOrderId"), Email: q.one("customerEmailAddress"),
		Types: wordsOf(q, "orderType", orderTypes), States: wordsOf(q, "status", orderStates), Amount: q.integer("amount"),
		Created: q.between("createdAfter", "createdBefore"), Page: q.page(orderSorts)}
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	list, total, err := s.Orders.Search(c.r.Context(), c.actor.Realm, f)
	if err != nil {
		return nil, err
	}
	c.found(total, f.Page)
	return each(list, func(o order.Order) orderBody { return orderOf(o, s.linkOf(c, o)) }), nil
}

// changeOrder is UpdateOrder.
func (s *Surface) changeOrder(c *call) (any, error) {
	_, in, err := c.body.variant("UpdateReferenceOrderId")
	if err != nil {
		return nil, err
	}
	reference := in.need("referenceOrderId")
	if err := in.err(); err != nil {
		return nil, err
	}
	o, owner, err := s.mayOrder(c, c.id)
	if err != nil {
		return nil, err
	}
	if o, err = s.Orders.Rename(c.r.Context(), c.actor.For(owner.ID), o.ID, reference); err != nil {
		return nil, err
	}
	return s.showOrder(c, o)
}

// cancelOrder is CancelOrder, in both of its forms.
func (s *Surface) cancelOrder(c *call) (any, error) {
	o, owner, err := s.mayOrder(c, c.id)
	if err != nil {
		return nil, err
	}
	if o, err = s.Orders.Cancel(c.r.Context(), c.actor.For(owner.ID), o.ID); err != nil {
		return nil, err
	}
	return s.showOrder(c, o)
}

// sendOrder sends the link of an order once more; ours.
func (s *Surface) sendOrder(c *call) (any, error) {
	o, owner, err := s.mayOrder(c, c.id)
	if err != nil {
		return nil, err
	}
	if o, err = s.Orders.Resend(c.r.Context(), c.actor.For(owner.ID), o.ID); err != nil {
		return nil, err
	}
	return s.showOrder(c, o)
}
