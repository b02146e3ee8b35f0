package media

import (
	"net/http"

	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/subscription"
)

// methodNames are the contract's words for how a product is paid (sheet, 4.3).
var methodNames = map[subscription.Method]string{
	subscription.ByInvoice: "invoice", subscription.ByBank: "autoGiro", subscription.ByVipps: "recurringVippsPayment",
	subscription.ByPayEx: "recurringPayExCardPayment", subscription.ByKlarna: "recurringKlarnaPayment", subscription.ByNexi: "recurringNexiPayment",
}

// means are the contract's words for how an invoice is paid (sheet, 4.2).
var means = map[string]errand.Means{
	"creditcardPayex": errand.PayEx, "swishPayex": errand.Swish, "vippsEcommerce": errand.Vipps, "nexi": errand.Nexi,
}

// methodOf is the method that a name of the contract stands for, or "".
func methodOf(name string) subscription.Method {
	for m, n := range methodNames {
		if n == name {
			return m
		}
	}
	return ""
}

// owner is for whom, and by whom, an errand is made.
func (c *call) owner() errand.Owner {
	return errand.Owner{Realm: c.realm(), Client: c.who.Client.ID, Code: c.who.Client.Code, Person: c.who.Person}
}

// product is the product in the address, of 1 to 12 characters.
func (c *call) product(name string) (string, error) {
	code := c.path(name)
	if n := len([]rune(code)); n < 1 || n > 12 {
		return "", fault.At("invalid", name, "a product code has 1 to 12 characters")
	}
	return code, nil
}

// noProduct says of a product what the contract does.
func noProduct(err error) error {
	if fault.Is(err, "not_found.subscription") {
		return fault.New(fault.NotFound, "no such product")
	}
	return err
}

// listMethods tells how a product is paid and how it could be (sheet, 4.1).
func (s *Surface) listMethods(c *call) (any, error) {
	code, err := c.product("product")
	if err != nil {
		return nil, err
	}
	list, err := s.Subscriptions.Choices(c.r.Context(), c.realm(), c.who.Person, code)
	if err != nil {
		return nil, noProduct(err)
	}
	type item struct {
		Method string `json:"paymentMethod"`
		Active string `json:"isActive"`
	}
	out := struct {
		Items []item `json:"paymentMethodResponseItems"`
	}{[]item{}}
	for _, x := range list {
		one := item{methodNames[x.Method], "N"}
		if x.Active {
			one.Active = "Y"
		}
		out.Items = append(out.Items, one)
	}
	return out, nil
}

// begun answers what has to be carried through at a page.
type begun struct {
	Success bool  `json:"success"`
	Number  int64 `json:"transactionId,omitempty"`
}

// payInvoice begins the payment of an invoice (sheet, 4.2).
func (s *Surface) payInvoice(c *call) (any, error) {
	b := errand.Bill{Number: c.body.text("invoiceNumber", 10), Product: c.body.text("productCode", 12), Company: c.body.text("companyCode", 12)}
	name := c.body.text("paymentMethod", 64)
	if b.Means = means[name]; name != "" && b.Means == "" {
		c.body.refuse("invalid", "paymentMethod", "creditcardPayex, swishPayex, vippsEcommerce or nexi is needed")
	}
	if err := c.body.err(); err != nil {
		return nil, err
	}
	e, ok, err := s.Errands.PayInvoice(c.r.Context(), c.owner(), b)
	if err != nil || !ok {
		return begun{}, err
	}
	return begun{true, e.Number}, nil
}

// changeMethod begins a change of how a product is paid (sheet, 4.3).
func (s *Surface) changeMethod(c *call) (any, error) {
	code, err := c.product("product")
	if err != nil {
		return nil, err
	}
	name := c.body.text("paymentMethod", 64)
	m := methodOf(name)
	if name != "" && m == "" {
		c.body.refuse("invalid", "paymentMethod", "no such payment method")
	}
	if err := c.body.err(); err != nil {
		return nil, err
	}
	e, err := s.Errands.ChangeMethod(c.r.Context(), c.owner(), code, m)
	if err != nil {
		return nil, noProduct(err)
	}
	return struct {
		Number int64 `json:"paymentChangeId"`
	}{e.Number}, nil
}

// query is a parameter of the address, given once.
func query(r *http.Request, name string, most int) (string, error) {
	list := r.URL.Query()[name]
	if len(list) > 1 || len(list) == 1 && len([]rune(list[0])) > most {
		return "", fault.At("invalid", name, "at most %d characters, once", most)
	}
	return r.URL.Query().Get(name), nil
}
