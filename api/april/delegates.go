package april

import (
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
)

// delegate is a person who acts for customers, as the contract shows one (3.3).
type delegate struct {
	CustomerDelegateID  string              `json:"customerDelegateId"`
	DelegateEmail       string              `json:"delegateEmailAddress"`
	DelegatePhoneNumber string              `json:"delegatePhoneNumber,omitempty"`
	DelegateName        string              `json:"delegateName,omitempty"`
	LinkedCustomers     []map[string]any    `json:"linkedCustomers"`
	CustomerAttributes  []delegateAttribute `json:"customerAttributes"`
	CreatedAt           *string             `json:"createdAt"`
}

type delegateAttribute struct {
	CustomerID string `json:"customerId"`
	Position   string `json:"position,omitempty"`
}

type delegateForm struct{ email, phone, name string }

func readDelegate(in object) delegateForm {
	return delegateForm{email: in.needLike("delegateEmailAddress", emailForm, emailWhat), phone: in.like("delegatePhoneNumber", phoneForm, phoneWhat), name: in.text("delegateName")}
}

// upsertDelegate is UpsertCustomerDelegate: what is left out is cleared.
func (s *Surface) upsertDelegate(c *call) (any, error) {
	in := c.body
	text, who, position := in.need("customerId"), readDelegate(in), in.text("delegatePosition")
	if err := in.err(); err != nil {
		return nil, err
	}
	known, owner, err := s.mayCustomer(c, text)
	if err != nil {
		return nil, err
	}
	d, err := s.Customers.Introduce(c.r.Context(), c.actor.Realm, home(owner.Merchant), known.ID, who.email, func(d *customer.Delegate, l *customer.Link) {
		d.Name, d.Phone, l.Position = who.name, who.phone, position
	})
	if err != nil {
		return nil, err
	}
	return s.showDelegate(c, d)
}

// seen finds which of a delegate's customers the caller may see.
func (s *Surface) seen(c *call, d customer.Delegate) (list []customer.Customer, err error) {
	ids := make([]ident.ID, len(d.Links))
	for i, l := range d.Links {
		ids[i] = l.Customer
	}
	all, err := s.Customers.Several(c.r.Context(), c.actor.Realm, ids)
	if err != nil {
		return nil, err
	}
	of := map[ident.ID]customer.Customer{}
	for _, known := range all {
		of[known.ID] = known
	}
	for _, id := range ids { // the oldest link first
		known, ok := of[id]
		if !ok || c.customer != "" && id != c.customer {
			continue
		}
		switch _, err := s.mayMerchant(c, known.Merchant); {
		case err == nil:
			list = append(list, known)
		case !fault.Is(err, fault.NotFound):
			return nil, err
		}
	}
	return list, nil
}

// showDelegate shows a delegate with those customers that the caller may see.
func (s *Surface) showDelegate(c *call, d customer.Delegate) (delegate, error) {
	known, err := s.seen(c, d)
	if err != nil {
		return delegate{}, err
	}
	out := delegate{CustomerDelegateID: delegateID.wire(d.ID), DelegateEmail: d.Email, DelegatePhoneNumber: d.Phone, DelegateName: d.Name,
		CustomerAttributes: []delegateAttribute{}, CreatedAt: stamp(d.CreatedAt)}
	for _, k := range known {
		l, _ := d.Of(k.ID)
		out.CustomerAttributes = append(out.CustomerAttributes, delegateAttribute{customerID.wire(k.ID), l.Position})
	}
	out.LinkedCustomers, err = s.showCustomers(c, known)
	return out, err
}

// mayDelegate finds the delegate of the path. The caller sees one who acts for
// a customer that the caller sees, or is at home where the caller is.
func (s *Surface) mayDelegate(c *call) (customer.Delegate, []customer.Customer, error) {
	id, ok := delegateID.parse(c.id)
	if !ok {
		return customer.Delegate{}, nil, errNoDelegate
	}
	d, err := s.Customers.Delegate(c.r.Context(), c.actor.Realm, id)
	if err != nil {
		return d, nil, err
	}
	known, err := s.seen(c, d)
	if err != nil {
		return d, nil, err
	}
	atHome := c.customer == "" && (c.acts != nil && d.Home == c.acts.ID || c.acts == nil && (c.market == "" || d.Home == c.market))
	if len(known) == 0 && !atHome {
		err = errNoDelegate
	}
	return d, known, err
}

// getDelegate is GetCustomerDelegate.
func (s *Surface) getDelegate(c *call) (any, error) {
	d, _, err := s.mayDelegate(c)
	if err != nil {
		return nil, err
	}
	return s.showDelegate(c, d)
}

// changeDelegate is UpdateCustomerDelegate.
func (s *Surface) changeDelegate(c *call) (any, error) {
	variant, in, err := c.body.variant("LinkCustomerToDelegate", "UnlinkCustomerFromDelegate")
	if err != nil {
		return nil, err
	}
	text := in.need("customerId")
	if err := in.err(); err != nil {
		return nil, err
	}
	d, _, err := s.mayDelegate(c)
	if err != nil {
		return nil, err
	}
	known, owner, err := s.mayCustomer(c, text)
	if err == nil && home(owner.Merchant) != d.Home {
		err = errNoCustomer
	}
	if err != nil {
		return nil, err
	}
	if variant == "LinkCustomerToDelegate" {
		d, err = s.Customers.Link(c.r.Context(), c.actor.Realm, d.ID, known.ID, func(*customer.Link) {})
	} else {
		d, err = s.Customers.Unlink(c.r.Context(), c.actor.Realm, d.ID, known.ID)
	}
	if err != nil {
		return nil, err
	}
	return s.showDelegate(c, d)
}

// deleteDelegate is DeleteCustomerDelegate. A delegate who acts for others too,
// whom the caller does not see, is theirs still.
func (s *Surface) deleteDelegate(c *call) (any, error) {
	d, known, err := s.mayDelegate(c)
	if err != nil {
		return nil, err
	}
	if len(known) == len(d.Links) {
		return struct{}{}, s.Customers.DeleteDelegate(c.r.Context(), c.actor.Realm, d.ID)
	}
	for _, k := range known {
		if _, err := s.Customers.Unlink(c.r.Context(), c.actor.Realm, d.ID, k.ID); err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	return struct{}{}, nil
}

// delegateSorts are what the list may be sorted by.
var delegateSorts = map[string]string{"customerDelegateId": "id", "createdAt": "createdAt", "delegateEmailAddress": "email", "delegateName": "name"}

// listDelegates is QueryCustomerDelegates.
func (s *Surface) listDelegates(c *call) (any, error) {
	q := c.query
	f := customer.DelegateFilter{IDs: delegateID.parseAll(q.list("customerDelegateId")), Customers: customerID.parseAll(q.list("customerId")),
		Merchants: c.among(merchantID.parseAll(q.list("merchantId"))), Marketplace: c.market, Emails: q.list("emailAddress"), Names: q.list("name"),
		Created: q.between("createdAfter", "createdBefore"), Page: q.page(delegateSorts)}
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	if c.customer != "" {
		f.Customers = []ident.ID{c.customer}
	}
	list, total, err := s.Customers.SearchDelegates(c.r.Context(), c.actor.Realm, f)
	if err != nil {
		return nil, err
	}
	c.found(total, f.Page)
	out := make([]delegate, len(list))
	for i, d := range list {
		if out[i], err = s.showDelegate(c, d); err != nil {
			return nil, err
		}
	}
	return out, nil
}
