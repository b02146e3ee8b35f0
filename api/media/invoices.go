package media

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/subscription"
)

// major is an amount as the contract writes most of them: a JSON number of
// major units.
func major(minor int64, c money.Currency) json.Number {
	return json.Number(money.Of(minor, c).Decimal(0))
}

// invoiceLetters are the contract's letters for how an invoice is paid (sheet, 7).
var invoiceLetters = map[subscription.Method]string{
	subscription.ByInvoice: "A", subscription.ByBank: "B", subscription.ByPayEx: "C", subscription.ByVipps: "D", subscription.ByKlarna: "E", subscription.ByNexi: "F",
}

// paymentStatus is the contract's digit for how far an invoice is paid.
func paymentStatus(inv invoice.Invoice) string {
	switch {
	case inv.State == invoice.Paid:
		return "2"
	case inv.State == invoice.Credited || inv.State == invoice.Cancelled:
		return "3"
	case inv.Paid > 0:
		return "1"
	}
	return "0"
}

func invoiceStatus(inv invoice.Invoice) string {
	if inv.State == invoice.Credited || inv.State == invoice.Cancelled {
		return "Credited"
	}
	return "Invoiced"
}

// dates are an invoice's days in its merchant's zone; paid is "" while it is not.
func dates(inv invoice.Invoice) (made, paid invoice.Date, zone *time.Location) {
	zone = invoice.Zone(inv.Details.Zone)
	if !inv.PaidAt.IsZero() {
		paid = invoice.DateOf(inv.PaidAt, zone)
	}
	return invoice.DateOf(inv.CreatedAt, zone), paid, zone
}

// span is the days between which invoices are asked for, both included, and
// whether only unpaid ones are.
type span struct {
	from, to invoice.Date
	unpaid   bool
}

func (c *call) span() (out span, err error) {
	for name, to := range map[string]*invoice.Date{"from": &out.from, "to": &out.to} {
		text, err := query(c.r, name, 10)
		if err != nil {
			return out, err
		}
		if text == "" {
			continue
		}
		if *to, err = invoice.ParseDate(text); err != nil {
			return out, fault.At("invalid", name, "a day such as 2026-12-05 is needed")
		}
	}
	switch text, err := query(c.r, "unpaid", 5); {
	case err != nil:
		return out, err
	case text == "true":
		out.unpaid = true
	case text != "" && text != "false":
		return out, fault.At("invalid", "unpaid", "true or false is needed")
	}
	return out, nil
}

// takes says whether an invoice lies in the span.
func (p span) takes(inv invoice.Invoice) bool {
	made, _, _ := dates(inv)
	return (p.from == "" || made >= p.from) && (p.to == "" || made <= p.to) && (!p.unpaid || inv.Left().Minor > 0)
}

// invoiceURL is where the picture of an invoice is seen.
func (s *Surface) invoiceURL(inv invoice.Invoice) string {
	return s.BaseURL + "/invoice/view/" + inv.Key
}

type invoiceItem struct {
	Customer   int64        `json:"customerNumber"`
	Product    string       `json:"product"`
	OfferCount string       `json:"invoiceOfferCount"`
	Name       string       `json:"productName"`
	Amount     json.Number  `json:"amount"`
	Date       invoice.Date `json:"invoiceDate"`
	Number     string       `json:"invoiceNumber"`
	Company    string       `json:"companyCode"`
	PaidOn     invoice.Date `json:"paymentDate,omitempty"`
	DueOn      invoice.Date `json:"dueDate"`
	Status     string       `json:"paymentStatus"`
	Total      string       `json:"invoiceAmount"`
	Paid       json.Number  `json:"paidAmount"`
	Method     string       `json:"paymentMethod"`
	URL        string       `json:"invoiceHotelUrl"`
	State      string       `json:"invoiceStatus"`
}

func (s *Surface) invoiceItem(number int64, b subscription.Billed) invoiceItem {
	inv, c := b.Invoice, b.Invoice.Amount.Currency
	made, paid, _ := dates(inv)
	return invoiceItem{number, b.Product.Code, "1", b.Product.Name, major(inv.Left().Minor, c), made, inv.Number, b.Company.Code, paid, inv.DueOn, paymentStatus(inv),
		inv.Amount.Decimal(2), major(inv.Paid, c), invoiceLetters[b.Bill.Method], s.invoiceURL(inv), invoiceStatus(inv)}
}

type reminderItem struct {
	Number  int64        `json:"invoiceNumber"`
	Product string       `json:"product"`
	From    invoice.Date `json:"fromTime"`
	To      invoice.Date `json:"includeTime"`
	At      int64        `json:"reminderDate"`
	Amount  json.Number  `json:"amount"`
	DueAt   int64        `json:"dueDate"`
	Count   int          `json:"reminderNumber"`
	Kind    string       `json:"reminderType"`
	URL     string       `json:"invoiceHotelUrl"`
}

// reminderDays is how long a reminder gives the reader.
const reminderDays = 14

func (s *Surface) reminderItems(b subscription.Billed) (list []reminderItem) {
	number, err := strconv.ParseInt(b.Invoice.Number, 10, 64)
	if err != nil {
		return nil // a number of a merchant's own, which the contract has no place for
	}
	_, _, zone := dates(b.Invoice)
	for i, r := range b.Invoice.Details.Reminders {
		kind := "reminder"
		if r.Kind == "collection" {
			kind = "debtCollection"
		}
		due := invoice.DateOf(r.At, zone).Add(reminderDays).Begin(zone)
		list = append(list, reminderItem{number, b.Product.Code, b.Bill.FromOn, b.Bill.ToOn, r.At.UnixMilli(), major(b.Invoice.Left().Minor, b.Invoice.Amount.Currency),
			due.UnixMilli(), i + 1, kind, s.invoiceURL(b.Invoice)})
	}
	return list
}

// listInvoices lists the invoices and reminders of a reader's product (sheet, 7).
func (s *Surface) listInvoices(c *call) (any, error) {
	code, err := c.product("product")
	if err != nil {
		return nil, err
	}
	p, err := c.span()
	if err != nil {
		return nil, err
	}
	reader, err := s.Login.Person(c.r.Context(), c.realm(), c.who.Person)
	if err != nil {
		return nil, err
	}
	list, err := s.Subscriptions.Billed(c.r.Context(), c.realm(), c.who.Person, code)
	if err != nil {
		return nil, err
	}
	out := struct {
		Invoices  []invoiceItem  `json:"invoices"`
		Reminders []reminderItem `json:"reminders"`
	}{[]invoiceItem{}, []reminderItem{}}
	for _, b := range list {
		if p.takes(b.Invoice) {
			out.Invoices = append(out.Invoices, s.invoiceItem(reader.Number, b))
			out.Reminders = append(out.Reminders, s.reminderItems(b)...)
		}
	}
	return out, nil
}

// getInvoice is one invoice of the reader's.
func (s *Surface) getInvoice(c *call) (any, error) {
	reader, err := s.Login.Person(c.r.Context(), c.realm(), c.who.Person)
	if err != nil {
		return nil, err
	}
	list, err := s.Subscriptions.Billed(c.r.Context(), c.realm(), c.who.Person, "")
	if err != nil {
		return nil, err
	}
	for _, b := range list {
		if b.Invoice.Number == c.path("invoiceNumber") {
			out := s.invoiceDetail(reader.Number, b)
			return out, nil
		}
	}
	return nil, fault.New(fault.NotFound, "no such invoice")
}

type lineItem struct {
	Product string      `json:"productCode"`
	Amount  json.Number `json:"invoiceAmount"`
	VAT     json.Number `json:"invoiceVatAmount"`
	Percent json.Number `json:"invoiceVatPercent"`
}

// invoiceDetail is what a client, or one who asks for a single invoice, sees.
type invoiceDetail struct {
	ID         string       `json:"invoiceId"`
	Date       int64        `json:"invoiceDate"`
	PaidAt     int64        `json:"paymentDate,omitempty"`
	DueAt      int64        `json:"dueDate"`
	OfferCount string       `json:"invoiceOfferCount"`
	Customer   int64        `json:"customerNumber"`
	Product    string       `json:"product"`
	Name       string       `json:"productName"`
	Amount     json.Number  `json:"amount"`
	Company    string       `json:"companyCode"`
	Status     string       `json:"paymentStatus"`
	Total      json.Number  `json:"invoiceAmount"`
	Paid       json.Number  `json:"paidAmount"`
	Method     string       `json:"paymentMethod"`
	URL        string       `json:"invoiceHotelUrl"`
	Desc       []string     `json:"desc"`
	Period     int64        `json:"period"`
	Unit       string       `json:"periodUnit"`
	From       invoice.Date `json:"fromTime"`
	To         invoice.Date `json:"incltime"`
	Lines      []lineItem   `json:"invoiceLineInfo"`
}

// unitLetters are the contract's letters for units of periods (sheet, 7).
var unitLetters = map[subscription.Unit]string{subscription.Day: "D", subscription.Week: "W", subscription.Month: "M", subscription.Year: "Y"}

func (s *Surface) invoiceDetail(number int64, b subscription.Billed) invoiceDetail {
	inv, c := b.Invoice, b.Invoice.Amount.Currency
	_, _, zone := dates(inv)
	out := invoiceDetail{ID: inv.Number, Date: inv.CreatedAt.UnixMilli(), DueAt: inv.DueOn.Begin(zone).UnixMilli(), OfferCount: "1", Customer: number, Product: b.Product.Code,
		Name: b.Product.Name, Amount: major(inv.Left().Minor, c), Company: b.Company.Code, Status: paymentStatus(inv), Total: major(inv.Amount.Minor, c), Paid: major(inv.Paid, c),
		Method: invoiceLetters[b.Bill.Method], URL: s.invoiceURL(inv), Desc: []string{}, Period: b.Coupon.Length, Unit: unitLetters[b.Coupon.Unit], From: b.Bill.FromOn,
		To: b.Bill.ToOn, Lines: []lineItem{}}
	if !inv.PaidAt.IsZero() {
		out.PaidAt = inv.PaidAt.UnixMilli()
	}
	for _, l := range inv.Details.Lines {
		out.Desc = append(out.Desc, l.Description)
		sum, _ := l.Sum()
		out.Lines = append(out.Lines, lineItem{b.Product.Code, major(sum, c), major(l.Tax, c), percent(l.TaxRate)})
	}
	return out
}

// percent is a rate of millionths as a number of percent.
func percent(rate int64) json.Number { return json.Number(money.Of(rate/100, "EUR").Decimal(0)) }

// basicInvoices lists the bare facts of a product's invoices.
func (s *Surface) basicInvoices(c *call) (any, error) {
	code, err := c.product("product")
	if err != nil {
		return nil, err
	}
	list, err := s.Subscriptions.Billed(c.r.Context(), c.realm(), c.who.Person, code)
	if err != nil {
		return nil, err
	}
	type item struct {
		Number string       `json:"invoiceNumber"`
		Date   invoice.Date `json:"invoiceDate"`
		DueOn  invoice.Date `json:"dueDate"`
		Total  string       `json:"invoiceAmount"`
		Status string       `json:"paymentStatus"`
	}
	out := struct {
		Invoices []item `json:"invoices"`
	}{[]item{}}
	for _, b := range list {
		made, _, _ := dates(b.Invoice)
		out.Invoices = append(out.Invoices, item{b.Invoice.Number, made, b.Invoice.DueOn, b.Invoice.Amount.Decimal(2), paymentStatus(b.Invoice)})
	}
	return out, nil
}

// clientInvoices lists a customer's invoices for a client, of one product or of
// all.
func (s *Surface) clientInvoices(c *call) (any, error) {
	p, err := c.span()
	if err != nil {
		return nil, err
	}
	number, person, err := s.customer(c)
	if err != nil {
		return nil, err
	}
	list, err := s.Subscriptions.Billed(c.r.Context(), c.realm(), person, c.path("productCode"))
	if err != nil {
		return nil, err
	}
	out := struct {
		List []invoiceDetail `json:"clientInvoiceInfoList"`
	}{[]invoiceDetail{}}
	for _, b := range list {
		if p.takes(b.Invoice) {
			out.List = append(out.List, s.invoiceDetail(number, b))
		}
	}
	return out, nil
}

// customer is whom a client names by the customerNumber in the address.
func (s *Surface) customer(c *call) (number int64, person ident.ID, err error) {
	p, err := s.Login.ByNumber(c.r.Context(), c.realm(), readNumber(c.path("customerNumber")))
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "no such customer")
	}
	return p.Number, p.ID, err
}
