package spense

import (
	"strings"
	"time"

	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// Status is a payment's status (sheet, 7.2).
type Status string

const (
	Draft     Status = "DRAFT"
	Opened    Status = "OPENED"
	Initiated Status = "INITIATED"
	Pending   Status = "PENDING"
	Success   Status = "SUCCESS"
	Rejected  Status = "REJECTED"
	Unknown   Status = "UNKNOWN"
)

var statuses = []string{string(Draft), string(Opened), string(Initiated), string(Pending), string(Success), string(Rejected), string(Unknown)}

// statusOf is an invoice's status.
func statusOf(inv invoice.Invoice) Status {
	switch inv.State {
	case invoice.Paid:
		return Success
	case invoice.Cancelled, invoice.Credited, invoice.Expired:
		return Rejected
	}
	switch {
	case inv.Paying == "":
	case inv.OnTerminal() && (inv.Stage == payment.Processing || inv.Stage == payment.Pending): // it waits for the payer
	case inv.Stage == payment.Unknown || inv.Stage == payment.Review:
		return Unknown
	case inv.Stage == payment.Pending:
		return Pending
	default:
		return Initiated
	}
	switch {
	case inv.State == invoice.Sent && inv.Details.Channel.ID == testBill && inv.Amount.Minor%100 == unclear:
		return Unknown
	case inv.State == invoice.Partly, inv.State == invoice.Sent && inv.Details.Channel.Kind == typeInvoice:
		return Pending
	case inv.State == invoice.Sent:
		return Opened
	}
	return Draft
}

// createdView is what M1 answers (sheet, 5.7).
type createdView struct {
	ID        string    `json:"id"`
	Status    Status    `json:"paymentStatus"`
	URL       *string   `json:"paymentUrl"`
	Method    string    `json:"paymentMethodId"`
	Profile   string    `json:"profileId"`
	Order     string    `json:"orderNumber"`
	Reference string    `json:"paymentRef"`
	Number    string    `json:"invoiceNumber"`
	Currency  string    `json:"currency"`
	Gross     rawNumber `json:"totalGrossAmount"`
	Net       rawNumber `json:"totalNetAmount"`
	Due       string    `json:"dueDate"`
	Test      bool      `json:"testMode"`
	Created   string    `json:"createdAt"`
}

// standingView is what M2 answers (sheet, 5.8).
type standingView struct {
	createdView
	PaidBy      *string          `json:"paymentMethod"`
	PaidAt      *string          `json:"paidAt"`
	Refunded    rawNumber        `json:"refundedAmount"`
	Instalments []instalmentView `json:"installments"`
}

// instalmentView is an instalment as it stands (sheet, 8).
type instalmentView struct {
	Index  int       `json:"index"`
	Due    string    `json:"dueDate"`
	Gross  rawNumber `json:"grossAmount"`
	Status Status    `json:"status"`
	PaidAt *string   `json:"paidAt"`
}

func (s *Surface) created(c *call, inv invoice.Invoice) createdView {
	v := createdView{ID: string(inv.ID), Status: statusOf(inv), Method: string(inv.Details.Channel.ID), Profile: string(inv.Profile), Order: inv.Order,
		Reference: inv.Reference, Number: inv.Details.Extra[extraNumber], Currency: string(inv.Amount.Currency), Gross: major(inv.Amount),
		Net: major(money.Of(inv.Details.Net, inv.Amount.Currency)), Due: string(inv.DueOn), Test: c.test(), Created: moment(inv.CreatedAt)}
	if inv.Details.Channel.Kind == typeInvoice {
		v.Number = inv.Number
	}
	if inv.Details.Channel.Kind == typeLink {
		v.URL = filled(s.Link(inv))
	}
	return v
}

// Link is the address at which an invoice is paid.
func (s *Surface) Link(inv invoice.Invoice) string { return s.BaseURL + LinkPath + inv.Key }

// LinkPath is where the links of payments begin.
const LinkPath = "/p/"

func (s *Surface) standing(c *call, inv invoice.Invoice) standingView {
	v := standingView{createdView: s.created(c, inv), PaidBy: methodName(inv), Refunded: major(money.Of(inv.Refunded, inv.Amount.Currency)), Instalments: []instalmentView{}}
	if !inv.PaidAt.IsZero() {
		v.PaidAt = filled(moment(inv.PaidAt))
	}
	for i := range inv.Details.Instalments {
		v.Instalments = append(v.Instalments, instalmentOf(inv, i))
	}
	return v
}

func instalmentOf(inv invoice.Invoice, i int) instalmentView {
	in := inv.Details.Instalments[i]
	v := instalmentView{Index: i, Due: string(in.DueOn), Gross: major(money.Of(in.Amount, inv.Amount.Currency)), Status: Opened}
	switch {
	case in.Open() == 0:
		v.Status, v.PaidAt = Success, filled(moment(in.PaidAt))
	case in.Failed, inv.State.Final():
		v.Status = Rejected
	}
	return v
}

// methodName is how a payment was paid, or is being paid, in the contract's
// words (sheet, 7.3); null as long as nobody has tried.
func methodName(inv invoice.Invoice) *string {
	if inv.Paid == 0 && inv.Paying == "" {
		return nil
	}
	if strings.HasPrefix(inv.Method, "klarna") { // the contract knows one
		return filled("klarna")
	}
	return filled(inv.Method)
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// whole reads a whole number between two.
func (c *check) whole(loc []any, v value, least, most int) int {
	d, finite, ok := readDecimal(v.text)
	n, rounded, fits := d.scaled(0)
	switch {
	case !ok || !finite || rounded || !fits:
		c.add("int_parsing", "Input should be a valid integer, unable to parse string as an integer", loc, v, nil)
	case n < int64(least):
		c.add("greater_than_equal", "Input should be greater than or equal to "+itoa(least), loc, v, struct {
			Least int `json:"ge"`
		}{least})
	case n > int64(most):
		c.add("less_than_equal", "Input should be less than or equal to "+itoa(most), loc, v, struct {
			Most int `json:"le"`
		}{most})
	}
	return int(n)
}
