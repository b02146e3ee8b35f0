// Package invoice keeps demands for payment that are addressed to a customer:
// what is owed, for what, until when, under which reference, and what has come
// in for it. It makes no payment of its own accord but for instalments that
// fall due; it follows those that name an invoice (payment.Details.Invoice),
// takes incoming transfers by reference, and what a merchant was paid
// elsewhere. How the payer is told is left to package notify and the surfaces.
//
// States of an invoice:
//
//	open ──(presented)──> sent ──> partly_paid ──> paid
//	  └────────────────────┴───────────┴──> paid
//	open, sent, partly_paid ──> cancelled | credited | expired
//
// Paid and the last three are final. Being overdue is a fact beside the state
// (OverdueAt), and so is a payment that is under way (Paying): as long as one
// is, no other starts and nothing is cancelled. Both are decided on the
// invoice's own row, so of two who pay, or of one who pays and one who
// cancels, exactly one wins, however close together they come.
package invoice

import (
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// State of an invoice.
type State string

const (
	Open      State = "open"        // made, not presented to anybody
	Sent      State = "sent"        // presented to the payer
	Partly    State = "partly_paid" // a part has come in
	Paid      State = "paid"        // all of it has
	Cancelled State = "cancelled"   // the merchant took it back
	Credited  State = "credited"    // a credit note stands against it
	Expired   State = "expired"     // its time is over
)

// Visiting is the stage of a payment whose payer was sent to a provider's page
// and has not been heard of since.
const Visiting payment.State = "visiting"

// Final says whether nothing more is expected for the invoice.
func (s State) Final() bool { return s == Paid || s == Cancelled || s == Credited || s == Expired }

// Invoice is one demand. Amounts without a currency are minor units of
// Amount's currency.
type Invoice struct {
	ID      ident.ID
	Version int64
	Seq     int64 // number of its last event

	Merchant  ident.ID
	Profile   ident.ID
	Surface   string   // the contract it came through
	Owner     ident.ID // what it is for in the core, a subscription for example, or ""
	Key       string   // random, unguessable: the address of its page for the payer
	Number    string   // shown to the customer; unique only when drawn by us
	Reference string   // the merchant's own, need not be unique
	Order     string   // the merchant's order number, need not be unique
	Payable   string   // what a bank transfer has to name (KID, OCR): see Reference; "" for none

	Customer Customer
	Amount   money.Amount
	State    State
	Paid     int64 // what has come in, by whichever way
	Refunded int64 // of what has come in, what went back

	Paying ident.ID      // the payment that is under way, or ""
	Stage  payment.State // how far that one is
	Method string        // how it was paid, or is being paid: card, bank_transfer, cash ...
	Source ident.ID      // the stored payment source that instalments are charged to

	DueOn     Date
	CreatedAt time.Time
	UpdatedAt time.Time
	SentAt    time.Time
	OverdueAt time.Time // when it became overdue; zero when it is not
	PaidAt    time.Time
	EndedAt   time.Time // when it was cancelled, credited or expired
	Details   Details
}

// Details are facts of an invoice that nobody searches by.
type Details struct {
	Net         int64             `json:"net,omitempty"` // Amount without tax, minor units
	Lines       []Line            `json:"lines,omitempty"`
	Objects     []Object          `json:"objects,omitempty"`
	Comment     string            `json:"comment,omitempty"` // printed for the customer
	Channel     Channel           `json:"channel,omitzero"`
	Instalments []Instalment      `json:"instalments,omitempty"`
	Manual      bool              `json:"manual,omitempty"` // instalments are paid by hand, not charged
	OneTry      bool              `json:"oneTry,omitempty"` // a try that was pending and fails ends it (test mode)
	Reminders   []Reminder        `json:"reminders,omitempty"`
	RemindDays  []int             `json:"remindDays,omitempty"` // days after DueOn on which a reminder goes out
	ExpireDays  int               `json:"expireDays,omitempty"` // days after DueOn on which it expires; 0: never
	Zone        string            `json:"zone,omitempty"`       // the merchant's, IANA
	Locale      string            `json:"locale,omitempty"`     // the customer's language
	Reason      string            `json:"reason,omitempty"`     // why it was cancelled or credited
	Extra       map[string]string `json:"extra,omitempty"`      // what a surface keeps for itself
}

// Customer is who is asked to pay, as known when the invoice was made.
type Customer struct {
	ID           ident.ID `json:"id,omitempty"` // of package customer, or ""
	Number       string   `json:"number,omitempty"`
	Organisation bool     `json:"organisation,omitempty"`
	Name         string   `json:"name,omitempty"` // of an organisation
	OrgNumber    string   `json:"orgNumber,omitempty"`
	GivenName    string   `json:"givenName,omitempty"`
	Surname      string   `json:"surname,omitempty"`
	Email        string   `json:"email,omitempty"`
	Phone        string   `json:"phone,omitempty"` // E.164
	Address      Address  `json:"address,omitzero"`
}

// Address of a customer, in parts.
type Address struct {
	CareOf   string `json:"careOf,omitempty"`
	Street   string `json:"street,omitempty"`
	Second   string `json:"second,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	City     string `json:"city,omitempty"`
	Country  string `json:"country,omitempty"`
}

// Title is how a customer is addressed: the organisation's or person's name.
func (c Customer) Title() string {
	switch {
	case c.Organisation:
		return c.Name
	case c.GivenName == "" || c.Surname == "":
		return c.GivenName + c.Surname
	}
	return c.GivenName + " " + c.Surname
}

// LineKind says how a line counts.
type LineKind string

const (
	Regular  LineKind = "regular"
	Shipping LineKind = "shipping" // counts, and is shown apart
	Subtotal LineKind = "subtotal" // shown, and does not count
)

// A millionth part: quantities, and rates of tax and discount, are whole
// numbers of them. 1.5 pieces are 1500000; 25 % is 250000.
const Million int64 = 1_000_000

// Line is one line of an invoice. Its sums are not compared with the
// invoice's: the amount asked for is the merchant's own word.
type Line struct {
	Kind        LineKind `json:"kind"`
	Description string   `json:"description,omitempty"`
	Quantity    int64    `json:"quantity"` // millionths
	Gross       int64    `json:"gross"`    // of one, with tax, minor units
	Net         int64    `json:"net"`
	GrossTotal  *int64   `json:"grossTotal,omitempty"` // in place of Gross times Quantity
	NetTotal    *int64   `json:"netTotal,omitempty"`
	Tax         int64    `json:"tax,omitempty"`      // minor units
	TaxRate     int64    `json:"taxRate,omitempty"`  // millionths
	Discount    int64    `json:"discount,omitempty"` // millionths
}

// Sum is what the line comes to, with tax and after discount, in minor units,
// rounded half away from zero. False when that is beyond money.Max.
func (l Line) Sum() (int64, bool) {
	if l.Kind == Subtotal {
		return 0, true
	}
	if l.GrossTotal != nil {
		return *l.GrossTotal, true
	}
	sum, ok := scale(l.Gross, l.Quantity)
	if !ok || l.Discount == 0 {
		return sum, ok
	}
	return scale(sum, Million-min(max(l.Discount, 0), Million))
}

// scale is minor times millionths, rounded half away from zero.
func scale(minor, millionths int64) (int64, bool) {
	if millionths < 0 {
		minor, millionths = -minor, -millionths
	}
	share, rest, err := money.Of(minor, "").Share(millionths, Million)
	if err != nil {
		return 0, false
	}
	switch {
	case 2*rest >= Million:
		share.Minor++
	case 2*rest <= -Million:
		share.Minor--
	}
	return share.Minor, true
}

// Object is a thing that an invoice speaks of: a car, as a rule. It is shown
// and changes nothing.
type Object struct {
	Kind   string `json:"kind,omitempty"`
	Plate  string `json:"plate,omitempty"`
	Brand  string `json:"brand,omitempty"`
	Model  string `json:"model,omitempty"`
	Colour string `json:"colour,omitempty"`
	Year   string `json:"year,omitempty"`
	VIN    string `json:"vin,omitempty"`
}

// Channel is how an invoice is put before the payer.
type Channel struct {
	Kind string   `json:"kind,omitempty"` // link, terminal, invoice, none
	ID   ident.ID `json:"id,omitempty"`   // which terminal, which kind of invoice
}

// Reminder was sent.
type Reminder struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"` // reminder, or collection when it goes to a collector
}

// Left is how much is still asked for.
func (inv Invoice) Left() money.Amount {
	if inv.State.Final() {
		return money.Of(0, inv.Amount.Currency)
	}
	return money.Of(max(inv.Amount.Minor-inv.Paid, 0), inv.Amount.Currency)
}

// Surplus is what has come in beyond what was asked for: two transfers for
// one invoice, or money for one that was cancelled. Nobody is given it without
// a human's word.
func (inv Invoice) Surplus() int64 {
	asked := inv.Amount.Minor
	if inv.State.Final() && inv.State != Paid {
		asked = 0
	}
	return max(inv.Paid-inv.Refunded-asked, 0)
}

// Next is what the payer is asked for now: the first instalment that is not
// paid and all that have fallen due by today, or all that is left.
func (inv Invoice) Next(today Date) money.Amount {
	left := inv.Left()
	if len(inv.Details.Instalments) == 0 {
		return left
	}
	sum := int64(0)
	for _, in := range inv.Details.Instalments {
		if in.Open() > 0 && (sum == 0 || in.DueOn <= today) {
			sum += in.Open()
		}
	}
	return money.Of(min(sum, left.Minor), left.Currency)
}

// restate sets the state that follows from the amounts.
func (inv *Invoice) restate(at time.Time) {
	switch {
	case inv.State == Cancelled || inv.State == Credited || inv.State == Expired:
	case inv.Paid >= inv.Amount.Minor:
		if inv.State != Paid {
			inv.State, inv.PaidAt, inv.OverdueAt = Paid, at, time.Time{}
		}
	case inv.State == Paid: // a captured payment was undone by a human's decision
		inv.State, inv.PaidAt = Partly, time.Time{}
	case inv.Paid > 0:
		inv.State = Partly
	}
}

// Change is what listeners are told of an invoice (event.Event.Subject).
type Change struct {
	Was, Is    Invoice
	Instalment int    // which one the event is about, from 0; -1 for none
	Code       string // why a try failed, the payment's fault code; "" for other events
	Transfer   int64  // minor units that a bank transfer brought the merchant, or that were taken back of one
}
