package april

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/order"
)

// orderBody is an order as the contract shows it (sheet, 3.6).
type orderBody struct {
	OrderID              string          `json:"orderId"`
	MerchantID           string          `json:"merchantId"`
	ReferenceOrderID     string          `json:"referenceOrderId"`
	Amount               currencyAmount  `json:"amount"`
	Surcharge            orderSurcharge  `json:"surcharge"`
	CustomerID           string          `json:"customerId,omitempty"`
	CustomerEmailAddress string          `json:"customerEmailAddress,omitempty"`
	CustomerPhoneNumber  string          `json:"customerPhoneNumber,omitempty"`
	CustomerName         string          `json:"customerName,omitempty"`
	OrderType            string          `json:"orderType"`
	OrderTypeDetails     map[string]any  `json:"orderTypeDetails"`
	Description          string          `json:"description,omitempty"`
	Items                []orderItem     `json:"items"`
	DiscountAmount       int64           `json:"discountAmount"`
	Shipping             *orderShipping  `json:"shipping,omitempty"`
	Billing              *orderBilling   `json:"billing,omitempty"`
	Metadata             json.RawMessage `json:"metadata"`
	Status               string          `json:"status"`
	ExpiresAt            *string         `json:"expiresAt,omitempty"`
	CreatedAt            *string         `json:"createdAt"`
	UpdatedAt            *string         `json:"updatedAt"`
}

type orderSurcharge struct {
	SurchargeOptions    map[string]string `json:"surchargeOptions"`
	SurchargePaidAmount int64             `json:"surchargePaidAmount"`
}

type orderItem struct {
	Amount      currencyAmount `json:"amount"`
	Description string         `json:"description,omitempty"`
	SKU         string         `json:"sku,omitempty"`
	Quantity    int64          `json:"quantity,omitempty"`
	ImageURL    string         `json:"imageUrl,omitempty"`
}

type orderShipping struct {
	Amount         int64         `json:"amount"`
	Address        *orderAddress `json:"address,omitempty"`
	Carrier        string        `json:"carrier,omitempty"`
	Name           string        `json:"name,omitempty"`
	PhoneNumber    string        `json:"phoneNumber,omitempty"`
	TrackingNumber string        `json:"trackingNumber,omitempty"`
}

type orderBilling struct {
	Address     *orderAddress `json:"address,omitempty"`
	Name        string        `json:"name,omitempty"`
	PhoneNumber string        `json:"phoneNumber,omitempty"`
}

func showAddress(a *customer.Address) *orderAddress {
	if a == nil {
		return nil
	}
	return &orderAddress{a.Line1, a.Line2, a.City, a.State, a.Postcode, a.Country}
}

// showOrder shows an order to who may pay it, and so may have its link and, of an
// invoice, what a checkout for it starts with.
func (s *Surface) showOrder(c *call, o order.Order) (orderBody, error) {
	l := s.linkOf(c, o)
	var err error
	if o.Type == order.Invoice {
		l.config, err = s.checkoutConfig(c, o)
	}
	return orderOf(o, l), err
}

func orderOf(o order.Order, l linkAccess) orderBody {
	d := o.Details
	out := orderBody{OrderID: orderID.wire(o.ID), MerchantID: merchantID.wire(o.Merchant), ReferenceOrderID: o.Reference, Amount: amountOf(o.Amount),
		Surcharge:  orderSurcharge{SurchargeOptions: map[string]string{}, SurchargePaidAmount: o.Surcharge},
		CustomerID: customerID.wire(o.Customer), CustomerEmailAddress: o.Email, CustomerPhoneNumber: o.Phone, CustomerName: o.Name,
		OrderType: string(o.Type), OrderTypeDetails: showDetails(o, l), Description: d.Description, Items: []orderItem{},
		DiscountAmount: d.Discount, Metadata: metadataOf(d.Metadata), Status: string(o.State), ExpiresAt: stamp(o.ExpiresAt),
		CreatedAt: stamp(o.CreatedAt), UpdatedAt: changed(o.CreatedAt, o.UpdatedAt)}
	maps.Copy(out.Surcharge.SurchargeOptions, d.Options)
	for _, i := range d.Items {
		out.Items = append(out.Items, orderItem{amountOf(i.Amount), i.Description, i.SKU, i.Quantity, i.Image})
	}
	if s := d.Shipping; s != nil {
		out.Shipping = &orderShipping{s.Amount, showAddress(s.Address), s.Carrier, s.Name, s.Phone, s.Tracking}
	}
	if b := d.Billing; b != nil {
		out.Billing = &orderBilling{showAddress(b.Address), b.Name, b.Phone}
	}
	return out
}

// metadataOf is an object of the client's own as it is shown: empty for none.
func metadataOf(text string) json.RawMessage {
	return json.RawMessage(otherwise(text, "{}"))
}

// The limits of an order's parts.
const (
	orderItems       = 200
	surchargeOptions = 50
)

// readOrder reads the fields that all ways of making an order share (sheet,
// 5.7). Telephone numbers are taken as the payer wrote them.
func readOrder(in object) order.Order {
	o := order.Order{Reference: in.need("referenceOrderId"), Amount: in.amount("amount"), Email: in.like("customerEmailAddress", emailForm, emailWhat),
		Phone: in.text("customerPhoneNumber"), Name: in.text("customerName")}
	if o.Amount.Currency != "" && (o.Amount.Minor < 1 || o.Amount.Minor > money.Max) {
		in.not("amount", "must be positive, and at most %d", money.Max)
	}
	o.Details = order.Details{Description: in.textUpTo("description", 1000), Discount: in.natural("discountAmount"), Metadata: in.metadata("metadata")}
	for _, item := range in.objects("items", orderItems) {
		o.Details.Items = append(o.Details.Items, order.Item{Amount: item.amount("amount"), Description: item.text("description"), SKU: item.text("sku"),
			Quantity: item.natural("quantity"), Image: item.textUpTo("imageUrl", 2048)})
	}
	if s, sent := in.object("shipping"); sent {
		o.Details.Shipping = &order.Shipping{Amount: s.natural("amount"), Address: readOrderAddress(s, "address"), Carrier: s.text("carrier"), Name: s.text("name"),
			Phone: s.text("phoneNumber"), Tracking: s.text("trackingNumber")}
	}
	if b, sent := in.object("billing"); sent {
		o.Details.Billing = &order.Billing{Address: readOrderAddress(b, "address"), Name: b.text("name"), Phone: b.text("phoneNumber")}
	}
	if s, sent := in.object("surcharge"); sent {
		o.Details.Options = readOptions(s, "surchargeOptions")
	}
	return o
}

func readOptions(o object, name string) map[string]string {
	in, sent := o.object(name)
	if !sent {
		return nil
	}
	if len(in.members) > surchargeOptions {
		o.not(name, "must have at most %d names", surchargeOptions)
		return nil
	}
	out := map[string]string{}
	for _, option := range slices.Sorted(maps.Keys(in.members)) {
		out[option] = in.text(option)
	}
	return out
}

// createdOrder is what is answered to a new order.
type createdOrder struct {
	Order     orderBody `json:"order"`
	Token     string    `json:"token,omitempty"`
	MagicLink string    `json:"magicLink,omitempty"`
}

var created = map[order.Type]string{order.Online: "OnlineOrder", order.PayByLink: "PayByLinkOrder", order.Invoice: "InvoiceOrder"}

// addOrder is CreateOrder.
func (s *Surface) addOrder(c *call) (any, error) {
	variant, in, err := c.body.variant("CreateInvoiceOrder", "CreateOnlineOrder", "CreatePayByLink")
	if err != nil {
		return nil, err
	}
	o := readOrder(in)
	o.Type = order.Online
	switch variant {
	case "CreatePayByLink":
		o.Type = order.PayByLink
		readLink(in, &o, true)
	case "CreateInvoiceOrder":
		o.Type = order.Invoice
		readLink(in, &o, false)
		readLines(in, &o)
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	o.Merchant = c.acts.ID
	if o.Customer, err = s.orderCustomer(c); err != nil {
		return nil, err
	}
	if o, err = s.Orders.Create(c.r.Context(), c.actor, o); err != nil {
		return nil, err
	}
	shown, err := s.showOrder(c, o)
	l := s.linkOf(c, o)
	return tagged(created[o.Type], createdOrder{Order: shown, Token: l.token, MagicLink: l.address}), err
}
