package april

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

const invoiceID idKind = "minv"

var errNoInvoice = fault.New("not_found.invoice", "no such invoice")

// invoiceSummary is an invoice for fees as the contract shows it (sheet, 3.9).
type invoiceSummary struct {
	InvoiceID            string         `json:"invoiceId"`
	InvoiceReference     string         `json:"invoiceReference"`
	Currency             money.Currency `json:"currency"`
	InvoiceStartDate     string         `json:"invoiceStartDate"`
	InvoiceEndDate       string         `json:"invoiceEndDate"`
	InvoiceAmount        int64          `json:"invoiceAmount"`
	PaidAmount           int64          `json:"paidAmount"`
	IssuedOn             string         `json:"issuedOn,omitempty"`
	DueDate              string         `json:"dueDate"`
	MerchantID           string         `json:"merchantId"`
	MerchantBusinessName string         `json:"merchantBusinessName"`
	Status               string         `json:"status"`
	Summary              string         `json:"summary"`
	CreatedAt            *string        `json:"createdAt"`
}

type invoiceBody struct {
	Summary        invoiceSummary  `json:"summary"`
	BillingDetails invoiceBilling  `json:"billingDetails"`
	PaymentMethod  map[string]any  `json:"paymentMethod,omitempty"`
	SummaryItems   []invoiceItem   `json:"summaryItems"`
	Timelines      []invoiceMoment `json:"timelines"`
	ManualPayment  *manualPayment  `json:"manualPaymentDetails,omitempty"`
}

// manualPayment is the order by link that pays an invoice by hand.
type manualPayment struct {
	Token     string `json:"token"`
	MagicLink string `json:"magicLink"`
	OrderID   string `json:"orderId"`
}

type invoiceBilling struct {
	BusinessName        string        `json:"businessName"`
	TaxID               string        `json:"taxId"`
	BillingEmailAddress string        `json:"billingEmailAddress,omitempty"`
	BillingPhoneNumber  string        `json:"billingPhoneNumber,omitempty"`
	BillingAddress      *orderAddress `json:"billingAddress,omitempty"`
}

// billed puts the parts of a business's address into lines.
func billed(a merchant.Address) *orderAddress {
	if a == (merchant.Address{}) {
		return nil
	}
	words := func(list ...string) string {
		return strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), " ")
	}
	number := words(a.StreetNumber)
	if a.Unit != "" {
		number = a.Unit + "/" + number
	}
	return &orderAddress{Line1: words(number, a.StreetName, a.StreetType), Line2: a.Suburb, City: a.City, State: a.State, PostalCode: a.Postcode, Country: a.Country}
}

type invoiceItem struct {
	ItemType              string         `json:"itemType"`
	Category              map[string]any `json:"category"`
	UnitPrice             string         `json:"unitPrice"`
	Count                 int64          `json:"count"`
	TotalTransactionValue int64          `json:"totalTransactionValue"`
	TaxTotal              int64          `json:"taxTotal"`
	FeeTotal              int64          `json:"feeTotal"`
}

type invoiceMoment struct {
	EventType  string  `json:"eventType"`
	EventTime  *string `json:"eventTime"`
	Amount     int64   `json:"amount"`
	Identifier string  `json:"identifier"`
}

// What the contract calls items, methods and moments (sheet, section 4).
var (
	itemTypes = map[settlement.Kind]string{settlement.Payment: "payment_fee", settlement.Refund: "refund_fee", settlement.DisputeFee: "dispute_fee",
		settlement.DisputeReversal: "dispute_fee", settlement.PayoutFee: "payout_fee"}
	categories = map[method.Name]string{method.Card: "PayInFullCard", method.DirectDebit: "PayInFullDirectDebit", method.BankTransfer: "PayInFullBankTransfer"}
	moments    = map[string]string{settlement.Issued: "InvoiceIssued", settlement.PaymentReceived: "InvoicePaymentReceived", settlement.PaidInFull: "InvoicePaid",
		settlement.BecameOverdue: "InvoiceOverdue", settlement.WasCancelled: "InvoiceCancelled"}
)

func showInvoice(i settlement.Invoice, m merchant.Merchant) invoiceSummary {
	month := i.From
	if on, err := time.Parse(time.DateOnly, i.From); err == nil {
		month = on.Format("January 2006")
	}
	return invoiceSummary{InvoiceID: invoiceID.wire(i.ID), InvoiceReference: i.Reference, Currency: i.Currency, InvoiceStartDate: i.From, InvoiceEndDate: i.To,
		InvoiceAmount: i.Amount, PaidAmount: i.Paid, IssuedOn: i.IssuedOn, DueDate: otherwise(i.DueOn, i.To), MerchantID: merchantID.wire(i.Merchant),
		MerchantBusinessName: m.Name, Status: string(i.State), Summary: "Fees " + month, CreatedAt: stamp(i.CreatedAt)}
}

// invoiceSorts are what the list may be sorted by.
var invoiceSorts = map[string]string{"invoiceId": "id", "createdAt": "createdAt", "issuedOn": "issuedOn", "dueDate": "dueDate", "invoiceAmount": "invoiceAmount", "status": "status"}

var invoiceStates = []settlement.InvoiceState{settlement.Draft, settlement.Outstanding, settlement.Overdue, settlement.Accepted, settlement.InvoicePaid, settlement.Cancelled}

// listInvoices is QueryMerchantInvoices.
func (s *Surface) listInvoices(c *call) (any, error) {
	q := c.query
	f := settlement.Filter{Merchants: c.among(merchantID.parseAll(q.list("merchantId"))), Marketplace: c.market, Page: q.page(invoiceSorts)}
	for _, state := range wordsOf(q, "status", invoiceStates) {
		f.States = append(f.States, string(state))
	}
	f.Span.From = q.date("issuedOnFromInclusive")
	if last := q.date("issuedOnToInclusive"); !last.IsZero() {
		f.Span.Before = last.AddDate(0, 0, 1)
	}
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	list, total, err := s.Settlement.Invoices(c.r.Context(), c.actor.Realm, f)
	if err != nil {
		return nil, err
	}
	c.found(total, f.Page)
	owners := each(list, func(i settlement.Invoice) ident.ID { return i.Merchant })
	merchants, err := s.merchantsOf(c.r.Context(), c.actor.Realm, owners)
	return each(list, func(i settlement.Invoice) invoiceSummary { return showInvoice(i, merchants[i.Merchant].Merchant) }), err
}

// date reads an optional day.
func (q query) date(name string) time.Time {
	v := q.one(name)
	if v == "" {
		return time.Time{}
	}
	on, err := time.Parse(time.DateOnly, v)
	if err != nil || on.Year() < 1970 || on.Year() > 9000 {
		q.not(name, "must be a date, YYYY-MM-DD")
	}
	return on
}

// mayInvoice finds an invoice that the caller may see.
func (s *Surface) mayInvoice(c *call) (settlement.Billed, error) {
	id, ok := invoiceID.parse(c.id)
	if !ok {
		return settlement.Billed{}, errNoInvoice
	}
	b, err := s.Settlement.Invoice(c.r.Context(), c.actor.Realm, id)
	if err != nil {
		return b, err
	}
	if _, err = s.mayMerchant(c, b.Merchant); fault.Is(err, fault.NotFound) {
		err = errNoInvoice
	}
	return b, err
}

// getInvoice is GetMerchantInvoiceDetails.
func (s *Surface) getInvoice(c *call) (any, error) {
	b, err := s.mayInvoice(c)
	if err != nil {
		return nil, err
	}
	out := invoiceBody{Summary: showInvoice(b.Invoice, b.To), SummaryItems: []invoiceItem{}, Timelines: []invoiceMoment{},
		BillingDetails: invoiceBilling{BusinessName: b.To.Name, TaxID: b.To.Business.TaxID, BillingEmailAddress: b.To.Business.Email, BillingPhoneNumber: b.To.Business.Phone,
			BillingAddress: billed(b.To.Business.Address)}}
	digits, _ := b.Currency.Exponent() // a stored currency is known
	for _, it := range b.Items {
		out.SummaryItems = append(out.SummaryItems, invoiceItem{ItemType: itemTypes[it.Kind], Category: tagged(otherwise(categories[it.Method], "PayInFull"), struct{}{}),
			UnitPrice: money.Of(it.Unit, b.Currency).Decimal(digits), Count: it.Count, TotalTransactionValue: it.Value, TaxTotal: it.Tax, FeeTotal: it.Fee})
	}
	for _, m := range b.Timeline {
		word := moments[m.Event]
		if word == "" { // the contract has no word for it
			continue
		}
		of := m.Of
		if id := ident.ID(m.Of); id == b.ID {
			of = invoiceID.wire(id)
		}
		out.Timelines = append(out.Timelines, invoiceMoment{EventType: word, EventTime: stamp(m.At), Amount: m.Amount, Identifier: of})
	}
	if out.ManualPayment, err = s.manualPayment(c, b.Invoice); err == nil {
		out.PaymentMethod, err = s.paidWith(c, b.Invoice)
	}
	return out, err
}

// paidWith says what the latest payment of an invoice was made with; nil when it
// was no payment of ours.
func (s *Surface) paidWith(c *call, i settlement.Invoice) (map[string]any, error) {
	for _, m := range slices.Backward(i.Timeline) {
		id := ident.ID(m.Of)
		if m.Event != settlement.PaymentReceived || !id.Valid() {
			continue
		}
		f, err := s.Payments.Find(c.r.Context(), c.actor.Realm, id)
		if fault.Is(err, fault.NotFound) {
			return nil, nil
		}
		return showMethod(f.Payment, f.Details.Descriptor, nil), err
	}
	return nil, nil
}

// manualPayment finds the order by which an invoice is paid by hand, if there
// is something to pay. The order is not the merchant's own: its link alone opens
// it.
func (s *Surface) manualPayment(c *call, i settlement.Invoice) (*manualPayment, error) {
	if i.Left() == 0 {
		return nil, nil
	}
	list, _, err := s.Orders.Search(c.r.Context(), c.actor.Realm, order.Filter{References: []string{i.Reference}, Types: []order.Type{order.PayByLink},
		States: []order.State{order.Created, order.Pending}, Page: store.Page{Limit: 20}})
	for _, o := range list {
		if o.Details.FeeInvoice == i.ID {
			l := s.linkOf(c, o)
			return &manualPayment{Token: l.token, MagicLink: l.address, OrderID: orderID.wire(o.ID)}, err
		}
	}
	return nil, err
}

// getInvoicePDF is GetMerchantInvoicePdf.
func (s *Surface) getInvoicePDF(c *call) (any, error) {
	b, err := s.mayInvoice(c)
	if err != nil {
		return nil, err
	}
	return attachment{contentType: "application/pdf", name: "invoice-" + b.Reference + ".pdf", text: b.PDF()}, nil
}

// attachment is an answer that is no JSON.
type attachment struct {
	contentType string
	name        string
	text        []byte
}

func (d attachment) send(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", d.contentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(d.text)
	return err
}
