// Package subscription keeps what merchants sell by the period, who takes it,
// and how each period is paid: products and their coupons (prices), the
// subscriptions of signed-in people, and a bill for each period. It makes
// invoices (package invoice), charges stored ways to pay (package payment) or
// has banks asked by file (package bankfile), tries again, reminds, and falls
// back to plain invoices.
//
// States of a subscription:
//
//	active <──(all is paid)── suspended
//	  │ └──(a bill stayed unpaid)──^ │
//	  └──────────> stopped <─────────┘
//
// What is paid for stays open until its last day, whatever the state.
//
// States of a bill:
//
//	open ──> paid;   paid ──(taken back)──> open
//	open ──> left    (nobody is charged for it any more; it can still be paid)
//	open ──> void    (its invoice was cancelled or credited)
//
// Source: contract sheet media, sections 7, 9 and 11.
package subscription

import (
	"slices"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/money"
)

// Method is how a subscription's bills are paid.
type Method string

// The methods.
const (
	ByInvoice Method = "invoice"
	ByBank    Method = "direct_debit" // by bank files: AvtaleGiro, Autogiro
	ByVipps   Method = "vipps"
	ByPayEx   Method = "payex" // a stored card, with PayEx
	ByKlarna  Method = "klarna"
	ByNexi    Method = "nexi" // a stored card, with Nexi
)

// Methods are all there are, in the order in which they are listed.
var Methods = []Method{ByInvoice, ByBank, ByVipps, ByPayEx, ByKlarna, ByNexi}

// Stored says whether a stored token of the payer's is charged.
func (m Method) Stored() bool { return m == ByVipps || m == ByPayEx || m == ByKlarna || m == ByNexi }

// Unit of a period.
type Unit string

// The units.
const (
	Day   Unit = "day"
	Week  Unit = "week"
	Month Unit = "month"
	Year  Unit = "year"
)

// Product is sold by the period.
type Product struct {
	ID        ident.ID
	Version   int64
	Merchant  ident.ID
	Profile   ident.ID
	Code      string // unique in the realm, 1 to 12 characters
	Name      string
	Kind      string // subscription
	Currency  money.Currency
	Price     int64 // of one period without a coupon's discount, with tax, minor units
	TaxRate   int64 // millionths
	Digital   bool
	Methods   []Method // that it can be paid by; none for all
	CreatedAt time.Time
	EndedAt   time.Time // no longer sold
}

// Takes says whether the product can be paid by a method.
func (p Product) Takes(m Method) bool {
	return slices.Contains(Methods, m) && (len(p.Methods) == 0 || slices.Contains(p.Methods, m))
}

func (p Product) check() error {
	switch {
	case p.Code == "" || len([]rune(p.Code)) > 12:
		return fault.At("invalid.product", "code", "a product's code has 1 to 12 characters")
	case p.Name == "" || len(p.Name) > 255:
		return fault.At("invalid.product", "name", "a product has a name of at most 255 bytes")
	case !p.Currency.Known():
		return fault.At("invalid.currency", "currency", "no currency that can be paid in")
	case p.Price < 1 || p.Price > money.Max:
		return fault.At("invalid.amount", "price", "a price is above zero")
	case p.TaxRate < 0 || p.TaxRate > invoice.Million:
		return fault.At("invalid.product", "taxRate", "a rate of tax is from 0 to 1")
	}
	for _, m := range p.Methods {
		if !slices.Contains(Methods, m) {
			return fault.At("invalid.product", "methods", "there is no method %q", m)
		}
	}
	return nil
}

// Coupon is a price of a product: so much for a period of that length.
type Coupon struct {
	ID          ident.ID
	Version     int64
	Product     ident.ID
	Code        string
	Number      int64
	Description string
	Price       int64 // with tax, minor units of the product's currency; 0: there is no bill
	Length      int64 // of a period, in units
	Unit        Unit
	ByVoucher   bool // only whoever has a voucher that opens it can have it
	CreatedAt   time.Time
	EndedAt     time.Time // it can be had no longer
}

func (c Coupon) check() error {
	switch {
	case c.Code == "" || len(c.Code) > 40 || c.Number < 1:
		return fault.At("invalid.coupon", "code", "a coupon has a code and a number")
	case c.Price < 0 || c.Price > money.Max:
		return fault.At("invalid.amount", "price", "a price is not below zero")
	case c.Length < 1 || c.Length > 120 || c.Unit != Day && c.Unit != Week && c.Unit != Month && c.Unit != Year:
		return fault.At("invalid.coupon", "period", "a period has 1 to 120 days, weeks, months or years")
	}
	return nil
}

// period is the first day of the n-th period after start, n from 0. A period of
// months that would begin on a day that a month does not have begins on its last.
func (c Coupon) period(start invoice.Date, n int64) invoice.Date {
	at := start.Begin(time.UTC)
	count := int(n * c.Length)
	switch c.Unit {
	case Day:
		at = at.AddDate(0, 0, count)
	case Week:
		at = at.AddDate(0, 0, 7*count)
	default:
		if c.Unit == Year {
			count *= 12
		}
		first := time.Date(at.Year(), at.Month()+time.Month(count), 1, 0, 0, 0, 0, time.UTC)
		last := first.AddDate(0, 1, -1).Day()
		at = first.AddDate(0, 0, min(at.Day(), last)-1)
	}
	return invoice.DateOf(at, time.UTC)
}

// State of a subscription.
type State string

// The states of a subscription.
const (
	Active    State = "active"
	Suspended State = "suspended"
	Stopped   State = "stopped"
)

// Subscription is a product that somebody takes.
type Subscription struct {
	ID        ident.ID
	Version   int64
	Seq       int64
	Merchant  ident.ID
	Person    ident.ID // who signs in for it
	Number    int64    // the person's number, as merchants know it
	Product   ident.ID
	Coupon    ident.ID
	Method    Method
	Pending   Method   // that was asked for and waits for a bank, or ""
	Token     ident.ID // what is charged, for a stored method
	State     State
	StartOn   invoice.Date
	Periods   int64        // that were billed
	NextOn    invoice.Date // the first day that was not billed
	PaidUntil invoice.Date // the last day that is paid for, or ""
	CreatedAt time.Time
	StoppedAt time.Time
	Details   Details
}

// Details are facts of a subscription that nobody searches by.
type Details struct {
	Customer  invoice.Customer `json:"customer"`
	Locale    string           `json:"locale,omitempty"`
	Reference string           `json:"reference,omitempty"` // the customer's own
	Order     ident.ID         `json:"order,omitempty"`
}

// BillState is the state of a bill.
type BillState string

// The states of a bill.
const (
	Open BillState = "open"
	Paid BillState = "paid"
	Left BillState = "left"
	Void BillState = "void"
)

// Bill is what one period costs.
type Bill struct {
	Invoice      ident.ID
	Version      int64
	Subscription ident.ID
	FromOn       invoice.Date
	ToOn         invoice.Date // the last day
	Method       Method       // that it was billed by, or fell back to
	Tries        int64        // charges, or claims, that failed
	State        BillState
}

// How a bill is followed, in days.
const (
	dueDays     = 14 // from the bill to the day it is due
	suspendDays = 21 // from that day to the end of patience
	againDays   = 7  // from a claim that failed to the next one's day
)

// remindDays are when reminders go out, after the day a bill is due.
var remindDays = []int{5, 14}

// retryDays are the pauses after a charge that failed; after the last one the
// subscription falls back to invoices.
var retryDays = []int{1, 3}

// maxTries is how often a bill is charged, or claimed.
const maxTries = 3

// hopeless says whether a decline will be the same next time: the token is done.
func hopeless(code string) bool {
	for _, end := range []string{fault.DeclinedExpiredCard, fault.DeclinedStolenCard, fault.DeclinedLostCard, fault.DeclinedBlockedCard, fault.DeclinedInvalidCard,
		fault.DeclinedMandateCancelled, fault.DeclinedMandateExpired, fault.DeclinedRevoked, fault.DeclinedSeriesStopped, fault.DeclinedRetryNever,
		fault.DeclinedClosedAccount, fault.DeclinedRetryAfterUpdate} {
		if fault.Under(code, end) {
			return true
		}
	}
	return false
}
