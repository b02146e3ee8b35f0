package media

import (
	"strings"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/purchase"
	"github.com/florinpay/florin/core/subscription"
)

// way is how an order's paymentMethod is paid (sheet, 8.2): charged from now on
// by a stored method, once by means at a page, or by neither. The table's ticks
// are what is nothing here.
type way struct {
	stored  subscription.Method
	means   errand.Means
	prepaid bool // it may have been paid beforehand
	later   bool // by invoice
	free    bool // there is nothing to pay
}

var ways = map[string]way{
	"invoice":         {later: true},
	"kco":             {stored: subscription.ByKlarna, means: errand.Klarna, prepaid: true},
	"creditcardPayex": {stored: subscription.ByPayEx, means: errand.PayEx, prepaid: true},
	"nexi":            {stored: subscription.ByNexi, means: errand.Nexi, prepaid: true},
	"vippsRecurring":  {stored: subscription.ByVipps},
	"vippsEcommerce":  {means: errand.Vipps, prepaid: true},
	"swishPayex":      {means: errand.Swish, prepaid: true},
	"other":           {prepaid: true},
	"free":            {free: true},
}

// unserved are the contract's further methods, which no company has here.
var unserved = map[string]bool{"sms": true, "smsPay": true, "creditcard": true, "masterpass": true}

// paid reads how an order is to be paid. Only the client's own token may say
// that it was paid elsewhere: a reader's would give itself a subscription.
func (c *call) paid(w *purchase.Wish) error {
	name, recurring, prepaid := c.body.text("paymentMethod", 64), c.body.flag("recurring"), c.body.flag("prepaid")
	m, known := ways[name]
	if name != "" && !known && !unserved[name] {
		c.body.refuse("invalid", "paymentMethod", "no such payment method")
	}
	if err := c.body.err(); err != nil {
		return err
	}
	w.Method = subscription.ByInvoice
	switch {
	case !known:
	case prepaid && c.op.Mode == User:
		return fault.New("forbidden.mode", "a prepaid order is for a client's own token")
	case prepaid && m.prepaid:
		w.Way = purchase.Elsewhere
		return nil
	case prepaid:
	case m.later:
		w.Way = purchase.ByInvoice
		return nil
	case m.free && !recurring:
		w.Way = purchase.Free
		return nil
	case m.stored != "" && (recurring || m.stored == subscription.ByVipps):
		w.Way, w.Method = purchase.ByAgreement, m.stored
		return nil
	case m.means != "" && !recurring:
		w.Way, w.Means = purchase.Once, m.means
		return nil
	}
	return fault.New("conflict.method.not_set_up", "orders are not paid by this method in this way")
}

// registerOrder takes an order down, in both modes (sheet, 8.2). Nothing begins
// before it is fulfilled.
func (s *Surface) registerOrder(c *call) (any, error) {
	w := purchase.Wish{Client: c.who.Client.ID, Reference: c.body.optional("externalOrderId", 40), Amount: c.body.major("orderAmount"), Currency: money.Currency(c.body.optional("currency", 3))}
	company, unique := c.body.optional("companyCode", 12), c.body.optional("uniqueUserId", 64)
	info := c.body.child("paymentInfoPayex")
	ticket := info.optional("ticket", 64)
	memo := []string{info.optional("transactionId", 64), c.body.optional("seller", 100), c.body.optional("salesMethod", 100), c.body.optional("campaignParameters", 200)}
	reference := c.body.optional("customerReference", 100)
	lines := s.orderLines(c)
	payer := c.body.child("payer")
	number := payer.whole("customerNumber")
	w.Payer = readPayer(payer)
	if err := c.paid(&w); err != nil {
		return nil, err
	}
	if w.Ticket = ticket; ticket != "" {
		if w.Way != purchase.Elsewhere || c.body.text("paymentMethod", 64) != "creditcardPayex" {
			return nil, fault.At("invalid", "paymentInfoPayex", "a ticket is for a prepaid order by creditcardPayex")
		}
		w.Method = subscription.ByPayEx // for the periods to come
	}
	if len(lines) == 0 {
		return nil, fault.At("invalid.missing", "orderLines", "this is needed")
	}
	_, seller, err := s.sells(c, lines[0].Product, company)
	if err != nil {
		return nil, err
	}
	zone := invoice.Zone(seller.Business.TimeZone)
	for _, l := range lines {
		item := purchase.Item{Product: l.Product, Coupon: l.number, Code: l.code, Price: l.price, Voucher: l.voucher}
		if l.start > 0 {
			item.StartOn = invoice.DateOf(time.UnixMilli(l.start), zone)
		}
		w.Lines = append(w.Lines, item)
	}
	who, err := s.buyer(c, number, unique)
	if err != nil {
		return nil, err
	}
	w.Merchant, w.Person = seller.ID, who.ID
	w.Details = purchase.Details{Reference: reference, Memo: strings.Join(strings.Fields(strings.Join(memo, " ")), " ")}
	p, err := s.Purchases.Place(c.r.Context(), c.realm(), s.actor(c), w)
	if err != nil {
		return nil, err
	}
	return struct {
		Number int64 `json:"orderId"`
	}{p.Number}, nil
}

// actor is who acts, for the audit trail.
func (s *Surface) actor(c *call) audit.By {
	if c.who.Person != "" {
		return audit.By{Actor: string(c.who.Person), Origin: Contract}
	}
	return audit.By{Actor: c.who.Client.Code, Origin: Contract}
}

// sells finds a product and the company that sells it, which has to be the one
// that is named, if one is.
func (s *Surface) sells(c *call, code, company string) (p subscription.Product, seller merchant.Merchant, err error) {
	list, err := s.Subscriptions.Products(c.r.Context(), c.realm(), code)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "no such product")
	}
	if err != nil {
		return p, seller, err
	}
	_, seller, err = s.Merchants.Get(c.r.Context(), c.realm(), list[0].Profile)
	if err != nil || company != "" && seller.Code != company {
		err = orMissing(err, "no such product")
	}
	return list[0], seller, err
}

// orderLine is a line as it was read.
type orderLine struct {
	Product, code, price, voucher string
	number, start                 int64
}

func (s *Surface) orderLines(c *call) (out []orderLine) {
	code, number := c.body.optional("marketingCouponCode", 40), c.body.whole("marketingCouponNumber")
	if (code == "") != (number == 0) {
		c.body.refuse("invalid.missing", "marketingCouponNumber", "marketingCouponCode and marketingCouponNumber go together")
	}
	for _, in := range c.body.children("orderLines", purchase.MaxLines) {
		l := orderLine{Product: in.text("product", 12), code: in.optional("productSpecCode", 40), number: in.whole("productSpecNo"), price: in.major("unitPrice"), voucher: in.optional("voucherCode", 40)}
		if l.code == "" && l.number == 0 && l.voucher == "" {
			l.code, l.number = code, number
		}
		start := in.child("startInfo")
		l.start = start.whole("startDate")
		if kind := in.optional("productSpecType", 20); kind != "" && kind != "coupon" {
			in.refuse("invalid", "productSpecType", "coupon: products are sold by subscription")
		}
		if start.has("startIssue") {
			in.refuse("invalid", "startIssue", "a subscription begins on a day")
		}
		if in.has("receiver") {
			in.refuse("invalid", "receiver", "the payer is the receiver")
		}
		if n := in.whole("quantity"); n > 1 {
			in.refuse("invalid", "quantity", "one copy can be had")
		}
		out = append(out, l)
	}
	return out
}

// buyer is the person that an order names by a number; "" when a client tells
// of somebody by the payer alone.
func (s *Surface) buyer(c *call, number int64, unique string) (p login.Person, err error) {
	ctx, realm := c.r.Context(), c.realm()
	switch {
	case c.who.Person != "":
		if p, err = s.Login.Person(ctx, realm, c.who.Person); err == nil && (number != 0 && number != p.Number || unique != "" && unique != p.UniqueID) {
			err = fault.New(fault.NotFound, "no such customer")
		}
	case number != 0:
		p, err = s.Login.ByNumber(ctx, realm, number)
	case unique != "":
		p, err = s.Login.ByUniqueID(ctx, realm, unique)
	}
	return p, noCustomer(err)
}

type orderItem struct {
	Number   int64           `json:"orderId"`
	External string          `json:"externalOrderId"`
	At       int64           `json:"orderTime"`
	State    string          `json:"orderStatus"`
	Amount   any             `json:"orderAmount"`
	Customer int64           `json:"customerNumber"`
	Lines    []orderLineItem `json:"orderLines,omitempty"`
}

type orderLineItem struct {
	Product     string `json:"productId"`
	Description string `json:"description"`
	Invoice     int64  `json:"invoiceNumber,omitempty"`
	InvoicedAt  int64  `json:"invoiceTime,omitempty"`
	Amount      any    `json:"invoiceLineAmount"`
	State       string `json:"invoiceStatus"`
	Delivery    string `json:"deliveryStatus"`
}

func ordered(p purchase.Purchase) orderItem {
	return orderItem{Number: p.Number, External: p.Reference, At: p.CreatedAt.UnixMilli(), State: string(p.State), Amount: major(p.Amount.Minor, p.Amount.Currency), Customer: p.Customer}
}

type orders struct {
	Orders []orderItem `json:"orders"`
}

// listOrders lists a reader's orders (sheet, 8.3).
func (s *Surface) listOrders(c *call) (any, error) {
	list, err := s.Purchases.Of(c.r.Context(), c.realm(), c.who.Person)
	if err != nil {
		return nil, err
	}
	out := orders{[]orderItem{}}
	for _, p := range list {
		out.Orders = append(out.Orders, ordered(p))
	}
	return out, nil
}

// searchOrder is one of a reader's orders with its lines, by either number.
func (s *Surface) searchOrder(c *call) (any, error) {
	number, external := c.body.whole("orderId"), c.body.optional("externalOrderId", 40)
	if err := c.body.err(); err != nil {
		return nil, err
	}
	if (number == 0) == (external == "") {
		return nil, fault.At("invalid.missing", "orderId", "orderId or externalOrderId is needed, one of them")
	}
	var p purchase.Purchase
	var err error
	if number != 0 {
		p, err = s.Purchases.Find(c.r.Context(), c.realm(), number)
	} else {
		p, err = s.Purchases.ByReference(c.r.Context(), c.realm(), c.who.Client.ID, external)
	}
	if err == nil && p.Person != c.who.Person {
		err = fault.New(fault.NotFound, "no such order")
	}
	if err != nil {
		return nil, err
	}
	return s.whole(c, p)
}

// whole is an order with its lines.
func (s *Surface) whole(c *call, p purchase.Purchase) (any, error) {
	parts, err := s.Purchases.Parts(c.r.Context(), c.realm(), p)
	if err != nil {
		return nil, err
	}
	out := ordered(p)
	for _, x := range parts {
		l := orderLineItem{Product: x.Product, Description: x.Name, Amount: major(x.Price, p.Amount.Currency), State: lineStatus(x), Delivery: "waiting"}
		if x.Bill != nil {
			l.Invoice, l.InvoicedAt = readNumber(x.Invoice.Number), x.Invoice.CreatedAt.Unix()
		}
		if x.Delivered {
			l.Delivery = "delivered"
		}
		out.Lines = append(out.Lines, l)
	}
	return orders{[]orderItem{out}}, nil
}

// lineStatus is the contract's word for a line's invoice.
func lineStatus(x purchase.Part) string {
	switch {
	case x.Bill == nil:
		return "notInvoiced"
	case x.Invoice.State == invoice.Credited || x.Invoice.State == invoice.Cancelled:
		return "credited"
	}
	return "invoiced"
}

// orderHistory lists what a reader ordered, a line each.
func (s *Surface) orderHistory(c *call) (any, error) {
	list, err := s.Purchases.Of(c.r.Context(), c.realm(), c.who.Person)
	if err != nil {
		return nil, err
	}
	type item struct {
		Customer   int64  `json:"customerNumber"`
		Order      int64  `json:"orderNumber"`
		At         int64  `json:"orderDate"`
		Text       string `json:"description"`
		Amount     any    `json:"amount"`
		VAT        any    `json:"vat"`
		Invoice    string `json:"invoiceNumber,omitempty"`
		InvoicedAt int64  `json:"invoiceDate,omitempty"`
		Company    string `json:"companyCode"`
		State      string `json:"invoiceStatus"`
		Target     string `json:"target"`
	}
	out := struct {
		History []item `json:"orderProductHistory"`
	}{[]item{}}
	for _, p := range list {
		parts, err := s.Purchases.Parts(c.r.Context(), c.realm(), p)
		if err != nil {
			return nil, err
		}
		for _, x := range parts {
			one := item{Customer: p.Customer, Order: p.Number, At: p.CreatedAt.UnixMilli(), Text: x.Name, Amount: major(x.Price, p.Amount.Currency), VAT: major(x.Tax, p.Amount.Currency),
				Company: x.Company, State: lineStatus(x), Target: "C"}
			if x.Bill != nil {
				one.Invoice, one.InvoicedAt = x.Invoice.Number, x.Invoice.CreatedAt.UnixMilli()
			}
			out.History = append(out.History, one)
		}
	}
	return out, nil
}

// orderStatus is an order as a client sees it.
func (s *Surface) orderStatus(c *call) (any, error) {
	p, err := s.Purchases.Find(c.r.Context(), c.realm(), readNumber(c.path("orderId")))
	if err != nil {
		return nil, err
	}
	return s.whole(c, p)
}

// fulfilled is the answer to fulfillment: the number is told with an error.
type fulfilled struct {
	Status string `json:"fulfillmentStatus"`
	Number *int64 `json:"orderId"`
	Why    string `json:"errorMessage,omitempty"`
}

// fulfilOrder has a client's order begin (sheet, 8.4). What its reader has to
// pay, or to agree to, first is not fulfilled this way.
func (s *Surface) fulfilOrder(c *call) (any, error) {
	number, callback := c.body.whole("orderId"), c.body.optional("callbackUrl", 500)
	if err := c.body.err(); err != nil {
		return nil, err
	}
	if number == 0 {
		return nil, fault.At("invalid.missing", "orderId", "this is needed")
	}
	if callback != "" {
		if _, err := c.who.Client.Return(callback); err != nil {
			return nil, fault.At("invalid", "callbackUrl", "this address is not registered for the client")
		}
	}
	p, err := s.Purchases.Fulfil(c.r.Context(), c.realm(), number, callback)
	if err != nil {
		return nil, err
	}
	if p.Result() == "success" {
		return fulfilled{Status: "OK"}, nil
	}
	why := "the customer has to pay first"
	if p.State == purchase.Cancelled {
		why = p.Details.Reason
	}
	return fulfilled{"ERROR", &p.Number, why}, nil
}
