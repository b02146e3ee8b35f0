// Package purchase keeps what readers order: which products, at which price,
// and how that is paid. It begins the subscriptions that were ordered once the
// order is fulfilled, and nothing before. Payments and agreements at a provider
// are errands (package errand); subscriptions and their bills are package
// subscription's.
//
// States of an order:
//
//	preliminary ──(paid, agreed, or nothing to do)──> confirmed ──> transferred
//	     └──(given up, refused, or a day has gone by)──> cancelled
//
// Confirmed lasts only for the moment until the subscriptions have begun. An
// order stays so when one of them cannot begin, because the reader has taken
// the product meanwhile, or it is sold no longer: it waits for a human, who
// decides (Service.Decide). Money that comes in for an
// order that was cancelled confirms it after all.
//
// Source: contract sheet media, section 8.
package purchase

import (
	"time"

	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/subscription"
)

// Life is how long an order can be fulfilled.
const Life = 24 * time.Hour

// MaxLines is how many products one order may have.
const MaxLines = 20

// Way is how an order is paid.
type Way string

// The ways.
const (
	ByInvoice   Way = "invoice"   // the first bill is sent like any other
	ByAgreement Way = "agreement" // to charge a stored method from now on
	Once        Way = "once"      // the first period, at a page
	Elsewhere   Way = "elsewhere" // it was paid to the merchant without us
	Free        Way = "free"      // there is nothing to pay
)

// settled says whether nothing has to be waited for before an order begins.
func (w Way) settled() bool { return w == ByInvoice || w == Elsewhere || w == Free }

// State of an order.
type State string

// The states of an order.
const (
	Preliminary State = "preliminary"
	Confirmed   State = "confirmed"
	Transferred State = "transferred"
	Cancelled   State = "cancelled"
)

// Purchase is one order.
type Purchase struct {
	ID        ident.ID
	Version   int64
	Seq       int64
	Number    int64    // counted in the realm: the contract's orderId
	Client    ident.ID // of package login, that placed it
	Merchant  ident.ID
	Person    ident.ID
	Customer  int64  // the person's number
	Reference string // the client's own, unique for it, or ""
	Way       Way
	Method    subscription.Method // how the periods to come are paid
	Means     errand.Means        // of Once
	Amount    money.Amount        // of the first period of all lines, with tax
	State     State
	Token     ident.ID // what is charged, of ByAgreement
	Invoice   ident.ID // that is paid beforehand, of Once
	CreatedAt time.Time
	DoneAt    time.Time
	Details   Details
}

// Details are facts of an order that nobody searches by.
type Details struct {
	Lines     []Line           `json:"lines"`
	Customer  invoice.Customer `json:"customer"`
	Locale    string           `json:"locale,omitempty"`
	Reference string           `json:"reference,omitempty"` // the customer's own
	Memo      string           `json:"memo,omitempty"`      // of a payment elsewhere, and what the client wants to be kept
	Left      bool             `json:"left,omitempty"`      // it was cancelled because the reader went away
	Reason    string           `json:"reason,omitempty"`    // why it was cancelled, or could not be transferred
	Callback  string           `json:"callback,omitempty"`  // the address that is told of the end
	Verdict   string           `json:"verdict,omitempty"`   // how its review ended, and why
}

// Line is one product of an order.
type Line struct {
	Product      string       `json:"product"` // its code
	Name         string       `json:"name"`
	Coupon       int64        `json:"coupon"` // its number
	Price        int64        `json:"price"`  // with tax, minor units
	Tax          int64        `json:"tax,omitempty"`
	StartOn      invoice.Date `json:"startOn,omitempty"`
	Voucher      ident.ID     `json:"voucher,omitempty"`
	Subscription ident.ID     `json:"subscription"` // drawn when the order was placed
}

// Result is what a client's page is told of an order (sheet, 8.4).
func (p Purchase) Result() string {
	switch {
	case p.State == Confirmed || p.State == Transferred:
		return "success"
	case p.State == Cancelled && p.Details.Left:
		return "cancel"
	case p.State == Cancelled:
		return "error"
	}
	return "unknown"
}

// Wish is for an order to be placed.
type Wish struct {
	Client    ident.ID
	Merchant  ident.ID // "": whoever sells the products
	Person    ident.ID // "": whom Payer tells of
	Payer     Payer
	Reference string // the client's own
	Way       Way
	Method    subscription.Method
	Means     errand.Means
	Ticket    string         // of Elsewhere: the name of a stored way to pay, that is charged from now on, or ""
	Amount    string         // what the client takes it to cost, in major units, or ""
	Currency  money.Currency // that it takes it to cost it in, or ""
	Lines     []Item
	Details   Details // of it the customer's reference and the memo
}

// Item is a product that is wished for.
type Item struct {
	Product string // its code
	Coupon  int64  // its number; 0: the first, or the voucher's
	Code    string // the coupon's, or ""
	Price   string // what the client takes one to cost, in major units, or ""
	Voucher string // its code, or ""
	StartOn invoice.Date
}

func (w Wish) check() error {
	switch {
	case len(w.Lines) == 0 || len(w.Lines) > MaxLines:
		return fault.At("invalid.order", "orderLines", "an order has 1 to %d lines", MaxLines)
	case w.Way == Once && len(w.Lines) > 1:
		return fault.At("invalid.order", "orderLines", "an order that is paid once at a page has one line")
	case w.Ticket != "" && (w.Way != Elsewhere || len(w.Lines) > 1):
		return fault.At("invalid.order", "ticket", "a ticket is for an order of one line that was paid elsewhere")
	case w.Way == ByAgreement && len(w.Lines) > 1:
		return fault.At("invalid.order", "orderLines", "an order that is charged from now on has one line")
	}
	for i, l := range w.Lines {
		for _, other := range w.Lines[:i] {
			if l.Product == other.Product {
				return fault.At("invalid.order", "orderLines", "a product stands in two lines")
			}
		}
	}
	return nil
}

// costs refuses a price that a client takes something to have, and has not. A
// reader's own token may place orders, so no price is ever taken from one.
func costs(said string, real money.Amount, param string) error {
	if said == "" {
		return nil
	}
	a, err := money.ParseDecimal(said, real.Currency)
	if err != nil || a != real {
		return fault.At("invalid.amount", param, "it costs %s", real.Decimal(0))
	}
	return nil
}

func missing() error { return fault.New("not_found.purchase", "no such order") }
