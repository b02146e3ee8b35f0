package april

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// settlementEntry is a line of a merchant's balance as the contract shows it
// (sheet, 3.9).
type settlementEntry struct {
	CardHolderName      string            `json:"cardHolderName,omitempty"`
	CardNumber          string            `json:"cardNumber,omitempty"`
	EntryDate           string            `json:"entryDate"`
	EntryTimestamp      *string           `json:"entryTimestamp"`
	EntryType           string            `json:"entryType"`
	EntryDescription    string            `json:"entryDescription"`
	SettlementDate      string            `json:"settlementDate"`
	TransactionType     string            `json:"transactionType,omitempty"`
	OrderType           string            `json:"orderType,omitempty"`
	OrderID             string            `json:"orderId,omitempty"`
	OrderDescription    string            `json:"orderDescription,omitempty"`
	OrderMetadata       json.RawMessage   `json:"orderMetadata,omitempty"`
	MerchantOrderID     string            `json:"merchantOrderId,omitempty"`
	MerchantID          string            `json:"merchantId"`
	MerchantName        string            `json:"merchantName"`
	BillingCategory     string            `json:"billingCategory,omitempty"`
	TransactionID       string            `json:"transactionId,omitempty"`
	TransactionAmount   int64             `json:"transactionAmount"`
	RefundID            string            `json:"refundId,omitempty"`
	PayoutID            string            `json:"payoutId,omitempty"`
	ReferencePayoutID   string            `json:"referencePayoutId,omitempty"`
	Currency            money.Currency    `json:"currency"`
	NetAmount           int64             `json:"netAmount"`
	GrossAmount         int64             `json:"grossAmount"`
	PlatformFeesInclTax int64             `json:"platformFeesInclTax"`
	PlatformFeesTax     int64             `json:"platformFeesTax"`
	CustomFieldValues   map[string]string `json:"customFieldValues"`
}

type settlementResult struct {
	Currency            money.Currency    `json:"currency"`
	Items               []settlementEntry `json:"items"`
	TotalPages          int64             `json:"totalPages"`
	TotalRecords        int64             `json:"totalRecords"`
	PlatformFeesInclTax int64             `json:"platformFeesInclTax"`
	PlatformFeesTax     int64             `json:"platformFeesTax"`
	NetAmount           int64             `json:"netAmount"`
	GrossAmount         int64             `json:"grossAmount"`
	PayoutSummary       *settlementPayout `json:"payoutSummary,omitempty"`
	Created             *string           `json:"created"`
}

type settlementPayout struct {
	PayoutID          string         `json:"payoutId"`
	ReferencePayoutID string         `json:"referencePayoutId"`
	Currency          money.Currency `json:"currency"`
	ActiveFrom        *string        `json:"activeFrom"`
	ActiveTo          *string        `json:"activeTo,omitempty"`
	PaidOn            string         `json:"paidOn,omitempty"`
	Status            string         `json:"status"`
	SettlementType    string         `json:"settlementType"`
	FailureReason     string         `json:"failureReason,omitempty"`
	OpeningBalance    int64          `json:"openingBalance"`
	ClosingBalance    int64          `json:"closingBalance"`
	PayoutAmount      int64          `json:"payoutAmount"`
}

// statement is what a question about entries asks for.
type statement struct {
	filter settlement.EntryFilter
	owner  merchant.Found
	payout *settlement.Payout
	gross  bool // payments only, without their fees
}

// entrySorts are what the list may be sorted by.
var entrySorts = map[string]string{"entryTimestamp": "entryTimestamp", "entryDate": "entryDate", "entryType": "entryType", "settlementDate": "settlementDate",
	"netAmount": "netAmount", "grossAmount": "grossAmount"}

// readStatement reads the filters that QuerySettlementEntries and
// ReportSettlementEntries share (sheet, 5.9): without a payout or an invoice,
// a currency and both ends of a span are needed.
func (s *Surface) readStatement(c *call) (st statement, err error) {
	q := c.query
	who, currency, payout, invoice := q.one("merchantId"), money.Currency(q.one("currency")), q.one("payoutId"), q.one("invoiceId")
	st.gross = q.word("settlementType", "Net", "Gross") == "Gross"
	st.filter = settlement.EntryFilter{Currency: currency, Span: q.between("createdAfter", "createdBefore")}
	if who == "" && c.acts == nil {
		q.not("merchantId", "is needed")
	}
	if currency != "" && !currency.Known() {
		q.not("currency", "is no currency")
	}
	if payout == "" && invoice == "" {
		for _, name := range []string{"currency", "createdAfter", "createdBefore"} {
			if q.one(name) == "" {
				q.not(name, "is needed without payoutId and invoiceId")
			}
		}
	}
	if err := q.bad.err(); err != nil {
		return st, err
	}
	if st.owner, err = s.statementOwner(c, who); err != nil {
		return st, err
	}
	st.filter.Merchant = st.owner.ID
	if st.gross {
		st.filter.Kinds = []settlement.Kind{settlement.Payment, settlement.PaymentReturn}
	}
	if payout != "" {
		o, m, err := s.mayPayout(c, payout)
		if err != nil || m.ID != st.owner.ID {
			return st, errNoPayout
		}
		st.filter.Payout, st.payout = o.ID, &o.Payout
		if o.Collects { // nothing is in it yet: what waits for it is shown
			return st, fault.New("conflict.payout.open", "the payout is still open: ask by currency and span")
		}
	}
	if invoice != "" {
		c.id = invoice
		b, err := s.mayInvoice(c)
		if err != nil || b.Merchant != st.owner.ID {
			return st, errNoInvoice
		}
		st.filter.Invoice = b.ID
	}
	return st, nil
}

func (s *Surface) statementOwner(c *call, who string) (merchant.Found, error) {
	if who == "" {
		return *c.acts, nil
	}
	id, ok := merchantID.parse(who)
	if !ok {
		return merchant.Found{}, errNoMerchant
	}
	return s.mayMerchant(c, id)
}

// listEntries is QuerySettlementEntries.
func (s *Surface) listEntries(c *call) (any, error) {
	page := c.query.page(entrySorts)
	st, err := s.readStatement(c)
	if err != nil {
		return nil, err
	}
	st.filter.Page = page
	list, totals, err := s.Settlement.Search(c.r.Context(), c.actor.Realm, st.filter)
	if err != nil {
		return nil, err
	}
	out, err := s.showStatement(c, st, list, totals)
	out.TotalRecords, out.TotalPages = totals.Count, (totals.Count+page.Limit-1)/page.Limit
	return out, err
}

// maxReport is how many entries a report has at most.
const maxReport = 100_000

// reportEntries is ReportSettlementEntries: all entries at once, as JSON or CSV.
func (s *Surface) reportEntries(c *call) (any, error) {
	asCSV, err := wantsCSV(c.r.Header.Get("Accept"))
	if err != nil {
		return nil, err
	}
	columns := csvColumns[2:] // who the payer is has to be asked for
	if asked := wordsOf(c.query, "column", csvColumns); len(asked) > 0 {
		columns = asked
	}
	st, err := s.readStatement(c)
	if err != nil {
		return nil, err
	}
	var list []settlement.Entry
	var totals settlement.Totals
	st.filter.Page = store.Page{Limit: maxReport, Sort: []string{"id"}}
	if list, totals, err = s.Settlement.Search(c.r.Context(), c.actor.Realm, st.filter); err != nil {
		return nil, err
	}
	if totals.Count > maxReport {
		return nil, fault.New("invalid.span", "a report has at most %d entries: ask for a shorter span", maxReport)
	}
	out, err := s.showStatement(c, st, list, totals)
	if err != nil || !asCSV {
		out.TotalRecords, out.TotalPages = totals.Count, 1
		return out, err
	}
	return attachment{contentType: "text/csv; charset=utf-8", name: "settlement.csv", text: writeEntries(columns, out.Items)}, nil
}

// wantsCSV reads which form of the report is asked for (sheet, 5.9): CSV only
// when it is named. Fault: invalid.accept.
func wantsCSV(accept string) (bool, error) {
	if accept == "" {
		return false, nil
	}
	for part := range strings.SplitSeq(accept, ",") {
		kind, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if weight, has := params["q"]; err != nil || has && strings.Trim(weight, "0.") == "" {
			continue
		}
		switch kind {
		case "text/csv", "text/*":
			return true, nil
		case "application/json", "application/*", "*/*":
			return false, nil
		}
	}
	return false, fault.New("invalid.accept", "the report is application/json or text/csv")
}

// showStatement shows entries with what belongs to their payments.
func (s *Surface) showStatement(c *call, st statement, list []settlement.Entry, t settlement.Totals) (out settlementResult, err error) {
	out = settlementResult{Currency: st.filter.Currency, Items: []settlementEntry{}, PlatformFeesInclTax: t.Fee, PlatformFeesTax: t.Tax, NetAmount: t.Gross - t.Fee, GrossAmount: t.Gross}
	if st.gross {
		out.PlatformFeesInclTax, out.PlatformFeesTax, out.NetAmount = 0, 0, t.Gross
	}
	var payments []ident.ID
	for _, e := range list {
		if e.Payment != "" {
			payments = append(payments, e.Payment)
		}
	}
	of, orders := map[ident.ID]payment.Payment{}, map[ident.ID]order.Order{}
	err = s.DB.View(c.r.Context(), c.actor.Realm, func(tx *store.Tx) error {
		out.Created = stamp(tx.Now())
		found, err := payment.Around(tx, payments)
		var named []ident.ID
		for _, o := range found {
			if of[o.Payment.ID] = o.Payment; o.Payment.Order != "" {
				named = append(named, o.Payment.Order)
			}
		}
		for some := range slices.Chunk(named, 500) {
			list, err := order.In(tx, some...)
			if err != nil {
				return err
			}
			maps.Copy(orders, list)
		}
		return err
	})
	payouts := map[ident.ID]string{}
	for _, e := range list {
		if out.Currency == "" {
			out.Currency = e.Currency
		}
		p := of[e.Payment]
		if p.Merchant != e.Merchant && c.merchant != "" { // a part of another's payment: who paid for what is not this merchant's business
			p.Order, p.Details.Card = "", nil
		}
		shown := st.show(e, p, orders[p.Order])
		if e.Payout != "" && payouts[e.Payout] == "" && err == nil {
			var o settlement.Opened
			o, err = s.Settlement.Payout(c.r.Context(), c.actor.Realm, e.Payout)
			payouts[e.Payout] = o.Reference
		}
		shown.ReferencePayoutID = payouts[e.Payout]
		out.Items = append(out.Items, shown)
	}
	if p := st.payout; p != nil {
		out.Currency = p.Currency
		out.PayoutSummary = &settlementPayout{PayoutID: payoutID.wire(p.ID), ReferencePayoutID: p.Reference, Currency: p.Currency, ActiveFrom: stamp(p.From), ActiveTo: stamp(p.To),
			PaidOn: dateIn(p.PaidAt, st.owner.Merchant), Status: string(p.State), SettlementType: otherwise(st.owner.Business.Settlement, "Net"), FailureReason: p.Details.Code,
			OpeningBalance: p.Opening, ClosingBalance: p.Closing, PayoutAmount: p.Total()}
	}
	return out, err
}

func (st statement) show(e settlement.Entry, p payment.Payment, o order.Order) settlementEntry {
	out := settlementEntry{EntryDate: dateIn(e.At, st.owner.Merchant), EntryTimestamp: stamp(e.At), EntryType: entryType(string(e.Kind)), EntryDescription: describeEntry(e),
		SettlementDate: dateIn(e.AvailableAt, st.owner.Merchant), OrderID: e.Reference, MerchantOrderID: orderID.wire(p.Order), MerchantID: merchantID.wire(e.Merchant),
		MerchantName: st.owner.Name, TransactionID: transactionID.wire(e.Payment), PayoutID: payoutID.wire(e.Payout), Currency: e.Currency,
		NetAmount: e.Gross - e.Fee, GrossAmount: e.Gross, PlatformFeesInclTax: e.Fee, PlatformFeesTax: e.Tax, CustomFieldValues: map[string]string{}}
	if st.gross {
		out.NetAmount, out.PlatformFeesInclTax, out.PlatformFeesTax = e.Gross, 0, 0
	}
	if o.ID != "" {
		out.OrderType, out.OrderDescription, out.OrderMetadata = string(o.Type), o.Details.Description, metadataOf(o.Details.Metadata)
	}
	if e.Payment == "" {
		return out
	}
	out.TransactionType, out.TransactionAmount = "PayInFull", p.Amount.Minor
	out.BillingCategory = categories[e.Method]
	if e.Kind == settlement.Refund || e.Kind == settlement.RefundReturn {
		out.RefundID = idKind("rfnd").wire(e.Attempt)
	}
	if face := p.Details.Card; face != nil {
		out.CardHolderName, out.CardNumber = face.Holder, "****"+face.Last4
	}
	return out
}

var entryWords = map[settlement.Kind]string{settlement.Payment: "payment", settlement.PaymentReturn: "payment returned", settlement.Refund: "refund",
	settlement.RefundReturn: "refund returned", settlement.Dispute: "dispute", settlement.DisputeReversal: "dispute won", settlement.DisputeFee: "dispute fee",
	settlement.Credit: "credit", settlement.CreditReturn: "credit returned", settlement.Share: "part of a payment", settlement.ShareReturn: "part of a payment returned",
	settlement.PayoutFee: "payout fee", settlement.PayoutReversal: "payout returned"}

var methodWords = map[method.Name]string{method.Card: "Card", method.DirectDebit: "Direct debit", method.BankTransfer: "Bank transfer", method.Wallet: "Wallet", method.Voucher: "Voucher"}

func describeEntry(e settlement.Entry) string {
	words := entryWords[e.Kind]
	if m := methodWords[e.Method]; m != "" {
		return m + " " + words
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// csvColumns are SettlementCsvColumn, in the contract's order (sheet, section 4).
var csvColumns = []string{"CardHolderName", "CardNumber", "EntryDate", "EntryTimestamp", "EntryType", "EntryDescription", "SettlementDate", "TransactionType", "OrderType",
	"OrderId", "OrderDescription", "MerchantOrderId", "MerchantId", "MerchantName", "BillingCategory", "TransactionId", "TransactionAmount", "RefundId", "PayoutId",
	"ReferencePayoutId", "Currency", "NetAmount", "GrossAmount", "PlatformFeesInclTax", "PlatformFeesTax"}

// writeEntries writes RFC 4180 with a heading; amounts are major units.
func writeEntries(columns []string, items []settlementEntry) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{columns}
	for _, e := range items {
		cells := e.cells()
		row := make([]string, len(columns))
		for i, name := range columns {
			row[i] = cells[name]
		}
		rows = append(rows, row)
	}
	_ = w.WriteAll(rows) // into memory, which takes everything
	return b.Bytes()
}

// cells are an entry's fields by their columns.
func (e settlementEntry) cells() map[string]string {
	digits, _ := e.Currency.Exponent() // a stored currency is known
	amount := func(minor int64) string { return money.Of(minor, e.Currency).Decimal(digits) }
	return map[string]string{"CardHolderName": harmless(e.CardHolderName), "CardNumber": e.CardNumber, "EntryDate": e.EntryDate, "EntryTimestamp": *e.EntryTimestamp,
		"EntryType": e.EntryType, "EntryDescription": e.EntryDescription, "SettlementDate": e.SettlementDate, "TransactionType": e.TransactionType, "OrderType": e.OrderType,
		"OrderId": harmless(e.OrderID), "OrderDescription": harmless(e.OrderDescription), "MerchantOrderId": e.MerchantOrderID, "MerchantId": e.MerchantID, "MerchantName": harmless(e.MerchantName),
		"BillingCategory": e.BillingCategory, "TransactionId": e.TransactionID, "TransactionAmount": amount(e.TransactionAmount), "RefundId": e.RefundID,
		"PayoutId": e.PayoutID, "ReferencePayoutId": e.ReferencePayoutID, "Currency": string(e.Currency), "NetAmount": amount(e.NetAmount),
		"GrossAmount": amount(e.GrossAmount), "PlatformFeesInclTax": amount(e.PlatformFeesInclTax), "PlatformFeesTax": amount(e.PlatformFeesTax)}
}

// harmless keeps a spreadsheet from taking somebody's text for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsAny(text[:1], "=+-@\t\r") {
		return "'" + text
	}
	return text
}
