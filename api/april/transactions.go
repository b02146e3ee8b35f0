package april

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// transaction is a payment as the merchant sees it (sheet, 3.7), whichever
// contract it was made through.
type transaction struct {
	Purchase      purchase       `json:"purchaseDetails"`
	PaymentMethod map[string]any `json:"paymentMethod"`
	ServiceFees   *serviceFees   `json:"serviceFees,omitempty"`
	Customer      payer          `json:"customerDetails"`
}

type purchase struct {
	OrderID                string          `json:"orderId"`
	MerchantID             string          `json:"merchantId"`
	ReferenceOrderID       string          `json:"referenceOrderId"`
	Amount                 currencyAmount  `json:"amount"`
	SurchargeAmount        int64           `json:"surchargeAmount"`
	RefundedAmount         int64           `json:"refundedAmount"`
	MerchantName           string          `json:"merchantName"`
	TransactionID          string          `json:"transactionId"`
	ReferenceTransactionID string          `json:"referenceTransactionId,omitempty"`
	OrderType              string          `json:"orderType"`
	PayType                string          `json:"payType"`
	Description            string          `json:"description,omitempty"`
	OrderMetadata          json.RawMessage `json:"orderMetadata"`
	Status                 string          `json:"status"`
	RefundIDs              []string        `json:"refundIds"`
	DisputeID              string          `json:"disputeId,omitempty"` // the latest
	DisputeIDs             []string        `json:"disputeIds"`
	PaidOn                 string          `json:"paidOn,omitempty"`
	AvailableOn            string          `json:"availableOn,omitempty"`
	PayoutID               string          `json:"payoutId,omitempty"` // that has taken the money in
	CreatedAt              *string         `json:"createdAt"`
	UpdatedAt              *string         `json:"updatedAt"`
}

// serviceFees are the platform's for taking the payment.
type serviceFees struct {
	VariableAmount int64 `json:"variableAmount"`
	FixedAmount    int64 `json:"fixedAmount"`
	TaxAmount      int64 `json:"taxAmount"`
	TotalAmount    int64 `json:"totalAmount"`
}

type payer struct {
	CustomerID           string `json:"customerId,omitempty"`
	ReferenceCustomerID  string `json:"referenceCustomerId,omitempty"`
	CustomerName         string `json:"customerName,omitempty"`
	CustomerEmailAddress string `json:"customerEmailAddress,omitempty"`
	CustomerPhoneNumber  string `json:"customerPhoneNumber,omitempty"`
	CustomerType         string `json:"customerType,omitempty"`
}

// statuses are the contract's words for stages (sheet, 4 and 6.4): accepted is
// what the payer has paid, paid what the merchant has been paid out.
var statuses = map[payment.Stage]string{payment.StageDisputed: "disputed", payment.StageCancelled: "cancelled", payment.StageRefunded: "refunded",
	payment.StagePartlyRefunded: "partially_refunded", payment.StageTaken: "accepted", payment.StageHeld: "not_captured", payment.StageFailed: "failed",
	payment.StageWaiting: "incomplete", payment.StagePending: "pending",
	payment.StagePaidOut: "paid"}

// around is what payments are shown with: what belongs to them.
type around struct {
	orders    map[ident.ID]order.Order
	customers map[ident.ID]customer.Customer
	merchants map[ident.ID]merchant.Found
	disputes  map[ident.ID][]payment.Dispute
	entries   map[ident.ID][]settlement.Entry
	arrivals  map[ident.ID][]payment.Arrival // of bank transfers
}

// gather reads what belongs to payments.
func gather(tx *store.Tx, payments ...payment.Payment) (a around, err error) {
	a.merchants, a.entries, a.arrivals = map[ident.ID]merchant.Found{}, map[ident.ID][]settlement.Entry{}, map[ident.ID][]payment.Arrival{}
	var ids, orders, customers []ident.ID
	for _, p := range payments {
		ids = append(ids, p.ID)
		if p.Order != "" {
			orders = append(orders, p.Order)
		}
		if p.Customer != "" {
			customers = append(customers, p.Customer)
		}
		if _, seen := a.merchants[p.Merchant]; !seen {
			if a.merchants[p.Merchant], err = merchant.FindIn(tx, p.Merchant); err != nil {
				return a, err
			}
		}
		if a.entries[p.ID], err = settlement.EntriesIn(tx, p.ID); err != nil {
			return a, err
		}
		if p.Method != method.BankTransfer {
			continue
		}
		if a.arrivals[p.ID], err = payment.ArrivalsIn(tx, p.ID); err != nil {
			return a, err
		}
	}
	if a.orders, err = order.In(tx, orders...); err != nil {
		return a, err
	}
	if a.customers, err = customer.In(tx, customers...); err != nil {
		return a, err
	}
	a.disputes, err = payment.DisputesIn(tx, ids...)
	return a, err
}

// showTransactions shows payments.
func (s *Surface) showTransactions(c *call, list []payment.Found) ([]transaction, error) {
	payments := each(list, func(f payment.Found) payment.Payment { return f.Payment })
	out := make([]transaction, len(list))
	err := s.DB.View(c.r.Context(), c.actor.Realm, func(tx *store.Tx) error {
		a, err := gather(tx, payments...)
		if err != nil {
			return err
		}
		for i, f := range list {
			out[i] = a.transaction(f)
		}
		return nil
	})
	return out, err
}

func (a around) transaction(f payment.Found) transaction {
	p, o, m := f.Payment, a.orders[f.Order], a.merchants[f.Merchant]
	t := transaction{Purchase: purchase{OrderID: orderID.wire(p.Order), MerchantID: merchantID.wire(p.Merchant), ReferenceOrderID: p.Reference, Amount: amountOf(p.Amount),
		SurchargeAmount: p.Details.Surcharge, RefundedAmount: p.Refunded, MerchantName: m.Name, TransactionID: transactionID.wire(p.ID),
		OrderType: otherwise(string(o.Type), string(order.Online)), PayType: "PayInFull", Description: o.Details.Description, OrderMetadata: metadataOf(o.Details.Metadata),
		Status: statuses[p.Stage()], RefundIDs: []string{}, DisputeIDs: []string{}, CreatedAt: stamp(p.CreatedAt), UpdatedAt: changed(p.CreatedAt, p.UpdatedAt)},
		PaymentMethod: showMethod(p, m.Name, a.arrivals[p.ID]), Customer: a.payer(p, o)}
	for _, e := range p.Details.Echo {
		if e.Name == echoReference {
			t.Purchase.ReferenceTransactionID = e.Value
		}
	}
	for _, other := range f.Attempts {
		if other.Kind == connector.Refund {
			t.Purchase.RefundIDs = append(t.Purchase.RefundIDs, refundID.wire(other.ID))
		}
	}
	for _, d := range a.disputes[p.ID] {
		t.Purchase.DisputeID = disputeID.wire(d.ID)
		t.Purchase.DisputeIDs = append(t.Purchase.DisputeIDs, t.Purchase.DisputeID)
	}
	zone := zoneOf(m)
	t.Purchase.PaidOn = day(p.PaidOutAt, zone)
	for _, e := range a.entries[p.ID] {
		if e.Kind != settlement.Payment {
			continue
		}
		t.Purchase.AvailableOn, t.Purchase.PayoutID = day(e.AvailableAt, zone), payoutID.wire(e.Payout)
		if t.ServiceFees == nil {
			t.ServiceFees = &serviceFees{}
		}
		t.ServiceFees.VariableAmount += e.Fee - e.Tax - e.Unit
		t.ServiceFees.FixedAmount += e.Unit
		t.ServiceFees.TaxAmount += e.Tax
		t.ServiceFees.TotalAmount += e.Fee
	}
	return t
}

// zoneOf is a merchant's time zone, by which its days are counted.
func zoneOf(m merchant.Found) *time.Location {
	if zone, err := time.LoadLocation(m.Business.TimeZone); err == nil {
		return zone
	}
	return time.UTC
}

// day writes the day of a moment; "" for none.
func day(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return ""
	}
	return at.In(zone).Format(time.DateOnly)
}

// payer says who paid: a customer that the merchant knows, or whom the order
// names.
func (a around) payer(p payment.Payment, o order.Order) payer {
	known, found := a.customers[p.Customer]
	if !found {
		return payer{CustomerName: o.Name, CustomerEmailAddress: o.Email, CustomerPhoneNumber: o.Phone}
	}
	out := payer{CustomerID: customerID.wire(known.ID), ReferenceCustomerID: known.Reference, CustomerName: nameOf(known), CustomerEmailAddress: known.Email,
		CustomerPhoneNumber: known.Phone, CustomerType: "Consumer"}
	if known.Kind == customer.Organisation {
		out.CustomerType = "Organisation"
	}
	return out
}

func nameOf(c customer.Customer) string {
	if c.Kind == customer.Organisation {
		return c.Company
	}
	name := c.GivenName
	for _, part := range []string{c.Middle, c.Surname} {
		if name != "" && part != "" {
			name += " "
		}
		name += part
	}
	return name
}

// showMethod says what was paid with, flat (sheet, 3.7); came is what a bank
// transfer has brought.
func showMethod(p payment.Payment, statement string, came []payment.Arrival) map[string]any {
	if p.Method != method.Card || p.Details.Card == nil {
		return showBank(p, came)
	}
	card := p.Details.Card
	out := map[string]any{"paymentMethodType": "Card", "cardBrand": cardBrands[p.Brand], "cardLast4": card.Last4, "cardStatement": otherwise(p.Details.Descriptor, statement)}
	if card.ExpiryMonth > 0 {
		out["cardExpiryDate"] = fmt.Sprintf("%02d/%02d", card.ExpiryMonth, card.ExpiryYear%100)
	}
	if f := p.Details.Facts; f != nil {
		for name, v := range map[string]string{"cardFunding": f.Funding, "cardIssuer": f.Issuer, "cardCountry": f.Country} {
			if v != "" {
				out[name] = v
			}
		}
	}
	if t := p.Details.ThreeDS; t != nil {
		passed, flow := t.Status == "Y" || t.Status == "A", "frictionless"
		if p.Details.Redirect != nil {
			flow = "challenge"
		}
		word := map[bool]string{true: "authenticated", false: "not_authenticated"}[passed]
		out["card3DSVerificationPassed"], out["card3DSFlow"], out["outcome3ds"] = passed, flow, map[string]string{"info": word}
	}
	if p.Details.Wallet != "" {
		out["outcome3ds"] = map[string]string{"info": p.Details.Wallet}
	}
	if p.Details.Coded && (p.Succeeded() || strings.HasSuffix(p.Code, "cvv")) { // an issuer that says yes has looked at the code
		out["cardCVCVerificationPassed"] = p.Succeeded()
	}
	return out
}

// methodWord is the contract's word for a method.
func methodWord(m method.Name) string {
	switch m {
	case method.Card:
		return "Card"
	case method.Wallet:
		return "Wallet"
	case method.Voucher:
		return "Voucher"
	case method.BankTransfer:
		return "BankTransfer"
	case method.DirectDebit:
		return "DirectDebit"
	}
	return "Other"
}
