// Package order owns why a payer owes a merchant money: what is bought, for how
// much, by whom. It decides whether a payment may be made for an order, and
// follows the payment that is; payments themselves are core/payment's.
//
//	created ──(a payment begins)──> pending ──(money is taken)──> paid
//	  │  ^                            │
//	  │  └──(it failed, or its hold was let go)
//	  ├──> cancelled   (by the merchant)
//	  └──> expired     (by the clock, where the order has an end)
//
// An order has at most one payment under way and at most one that succeeds. Who
// pays first is decided in the order's own row, in the transaction in which the
// payment's intent is written (Claim), so two racing payments have one effect.
package order

import (
	"time"

	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// Type is how an order reaches its payer.
type Type string

const (
	Online    Type = "online"    // the payer is at the merchant's checkout
	PayByLink Type = "paybylink" // the payer is sent a link to a page
	Invoice   Type = "invoice"   // the payer is sent an invoice
)

// State of an order.
type State string

const (
	Created   State = "created"
	Pending   State = "pending" // a payment is under way, or holds the money
	Paid      State = "paid"
	Cancelled State = "cancelled"
	Expired   State = "expired"
)

// Order is one thing to be paid. Amounts without a currency are minor units of
// Amount's currency.
type Order struct {
	ID        ident.ID
	Version   int64
	Seq       int64 // number of its last event
	Merchant  ident.ID
	Type      Type
	Reference string       // the merchant's own; need not be unique
	Amount    money.Amount // before any surcharge
	Surcharge int64        // what was paid on top
	State     State
	Payment   ident.ID // the latest that was made for it, or ""
	Customer  ident.ID // of the merchant's customers, or ""
	Email     string
	Phone     string
	Name      string
	CreatedAt time.Time
	UpdatedAt time.Time
	ExpiresAt time.Time // zero: never
	PaidAt    time.Time
	Details   Details
}

// Details are facts of an order that nobody searches by.
type Details struct {
	Description string            `json:"description,omitempty"`
	Items       []Item            `json:"items,omitempty"`
	Discount    int64             `json:"discount,omitempty"`
	Shipping    *Shipping         `json:"shipping,omitempty"`
	Billing     *Billing          `json:"billing,omitempty"`
	Metadata    string            `json:"metadata,omitempty"`   // a JSON object of the merchant's own, kept as it came
	Options     map[string]string `json:"options,omitempty"`    // the merchant's wishes about surcharges, kept as they came
	Link        *Link             `json:"link,omitempty"`       // nil for an order that is paid at the merchant's checkout
	Lines       []Line            `json:"lines,omitempty"`      // of an invoice
	FeeInvoice  ident.ID          `json:"feeInvoice,omitempty"` // of a merchant for its fees (settlement.Invoice), which the order pays by hand
	DueOn       string            `json:"dueOn,omitempty"`      // of an invoice: a day, YYYY-MM-DD, or ""; it can be paid later too
}

// Item is a line of what is bought. Its amount is the line's total; lines need
// not add up to the order (april sheet, 5.7).
type Item struct {
	Amount      money.Amount `json:"amount"`
	Description string       `json:"description,omitempty"`
	SKU         string       `json:"sku,omitempty"`
	Quantity    int64        `json:"quantity,omitempty"`
	Image       string       `json:"image,omitempty"` // a URL
}

// Shipping says where goods go.
type Shipping struct {
	Amount   int64             `json:"amount,omitempty"`
	Address  *customer.Address `json:"address,omitempty"`
	Carrier  string            `json:"carrier,omitempty"`
	Name     string            `json:"name,omitempty"`
	Phone    string            `json:"phone,omitempty"`
	Tracking string            `json:"tracking,omitempty"`
}

// Billing says who is billed.
type Billing struct {
	Address *customer.Address `json:"address,omitempty"`
	Name    string            `json:"name,omitempty"`
	Phone   string            `json:"phone,omitempty"`
}

// Over says whether the order's time to be paid is over at a moment.
func (o Order) Over(at time.Time) bool { return !o.ExpiresAt.IsZero() && !at.Before(o.ExpiresAt) }

// payable says why an order cannot be paid at a moment, if it cannot. Faults, in
// the order checked: conflict.order.paid, conflict.order.cancelled,
// conflict.order.busy (a payment is under way), conflict.order.expired.
func (o Order) payable(at time.Time) error {
	switch {
	case o.State == Paid:
		return fault.New("conflict.order.paid", "the order is paid already")
	case o.State == Cancelled:
		return fault.New("conflict.order.cancelled", "the order was cancelled")
	case o.State == Pending:
		return fault.New("conflict.order.busy", "another payment of this order is under way")
	case o.State == Expired || o.Over(at):
		return fault.New("conflict.order.expired", "the time to pay the order is over")
	}
	return nil
}

// check judges a new order by itself. Faults: invalid.order, invalid.amount,
// invalid.currency.
func (o Order) check() error {
	switch {
	case o.Merchant == "" || o.Reference == "":
		return fault.At("invalid.order", "reference", "an order needs a merchant and a reference")
	case o.Amount.Minor < 1 || o.Amount.Minor > money.Max:
		return fault.At("invalid.amount", "amount", "the amount must be positive")
	case !o.Amount.Currency.Known():
		return fault.At("invalid.currency", "currency", "unknown currency")
	}
	return nil
}
