package spense

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/reconcile"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// remittance is money that was paid over to an organisation, by a provider or by
// us. Amounts are minor units; what went back to payers is negative. purchases
// and refunds, less fees, plus later, come to paid (sheet, 10.3).
type remittance struct {
	provider, code    string
	reference, report string
	currency          money.Currency
	paidAt            time.Time
	count             int64
	purchases         int64
	refunds           int64
	fees              int64
	paid              int64
	later             int64 // fees that are invoiced instead of kept back
	lines             []remitted
}

// remitted is a transaction in it.
type remitted struct {
	at        time.Time
	kind      string // of a line T
	reference string // the merchant's
	payment   ident.ID
	invoice   ident.ID // the contract's payment
	currency  money.Currency
	gross     int64
	fee, net  int64
	unpriced  bool // nobody says what it cost
	card      bool
	method    string
	funding   string
}

// The kinds of transactions in a line T (sheet, 10.3).
const (
	purchase   = "PURCHASE"
	refunded   = "REFUND"
	chargeback = "CHARGEBACK"
	charged    = "FEE"
)

func (r remittance) compare(other remittance) int {
	return cmp.Or(cmp.Compare(date(r.paidAt), date(other.paidAt)), cmp.Compare(r.provider, other.provider), cmp.Compare(r.reference, other.reference),
		cmp.Compare(r.currency, other.currency))
}

// lineKinds are the kinds of a provider's lines in the contract's words.
var lineKinds = map[connector.LineKind]string{connector.LinePayment: purchase, connector.LinePaymentReturn: refunded, connector.LineRefund: refunded,
	connector.LineRefundReturn: purchase, connector.LineCredit: refunded, connector.LineChargeback: chargeback, connector.LineChargebackReversal: chargeback,
	connector.LineFee: charged}

// theirRemittance is a provider's settlement. Its sums are the provider's own:
// a report shows what was paid, and not what should have been.
func theirRemittance(p reconcile.Remittance) remittance {
	r := remittance{reference: p.Reference, report: p.Report, currency: p.Currency, paidAt: p.PaidAt, count: p.File.Lines, purchases: p.Gross,
		fees: p.Fees, paid: p.Payout, later: p.Later}
	for _, l := range p.Lines {
		if l.Gross < 0 && l.Currency == p.Currency {
			r.refunds, r.purchases = r.refunds+l.Gross, r.purchases-l.Gross
		}
		r.lines = append(r.lines, remitted{at: l.At, kind: lineKinds[l.Kind], reference: l.Ours, payment: l.Payment, currency: l.Currency, gross: l.Gross, fee: l.Fee,
			net: l.Gross - l.Fee, unpriced: l.Unpriced, card: l.Method == method.Card, method: methodTitle(l.Method, l.Brand)})
	}
	return r
}

// entryKinds are the kinds of our entries in the contract's words; what is
// missing is a purchase or a refund by its sign.
var entryKinds = map[settlement.Kind]string{settlement.Dispute: chargeback, settlement.DisputeReversal: chargeback, settlement.DisputeFee: charged, settlement.PayoutFee: charged}

// ourRemittance is a payout of ours. What it brought forward, and what it left
// for the next, stand in it as lines.
func ourRemittance(p settlement.Remitted) remittance {
	r := remittance{provider: "Spense", code: byPlatform, reference: p.Reference, report: strconv.FormatInt(p.Number, 10), currency: p.Currency, paidAt: p.PaidAt, paid: p.Amount}
	add := func(l remitted, later int64) {
		if l.kind == "" {
			if l.kind = purchase; l.gross < 0 {
				l.kind = refunded
			}
		}
		l.currency = p.Currency
		r.lines, r.fees, r.later, r.count = append(r.lines, l), r.fees+l.fee, r.later+later, r.count+1
		if l.gross < 0 {
			r.refunds += l.gross
		} else {
			r.purchases += l.gross
		}
	}
	if p.Opening != 0 {
		add(remitted{at: p.From, reference: "brought forward", gross: p.Opening, net: p.Opening}, 0)
	}
	for _, e := range p.Items {
		l := remitted{at: e.At, kind: entryKinds[e.Kind], reference: e.Reference, payment: e.Payment, gross: e.Gross, fee: e.Fee, net: e.Amount,
			card: e.Method == method.Card, method: methodTitle(e.Method, e.Brand)}
		if e.Payment == "" && e.Method == method.BankTransfer {
			l.invoice = e.Source
		}
		add(l, e.Owed)
	}
	if p.Closing != 0 {
		add(remitted{at: p.To, reference: "carried forward", gross: -p.Closing, net: -p.Closing}, 0)
	}
	return r
}

// methodTitles are methods that are known by no brand.
var methodTitles = map[method.Name]string{method.Card: "Card", method.DirectDebit: "Direct debit", method.BankTransfer: "Bank transfer", method.Wallet: "Wallet",
	method.Voucher: "Voucher", method.PayTo: "PayTo", method.Terminal: "Terminal"}

func methodTitle(m method.Name, brand string) string {
	if t := methodTitles[m]; t != "" && (brand == "" || m != method.Card && m != method.Wallet) {
		return t
	}
	return method.Title(brand)
}

// describe fills in what only the payments know: how the card is funded, and
// whose invoice was paid; and what stands for a reference that is empty.
func (s *Surface) describe(ctx context.Context, c *call, list []remittance) error {
	known, err := s.payments(ctx, c, list)
	if err != nil {
		return err
	}
	orders := map[ident.ID]string{} // by invoice
	for l := range lines(list) {
		if p, ok := known[l.payment]; ok {
			l.invoice, l.funding = p.Details.Invoice, fundings[s.funding(ctx, c, p)]
		}
		if l.reference == "" && l.invoice != "" {
			orders[l.invoice] = ""
		}
	}
	for ids := range slices.Chunk(slices.Collect(maps.Keys(orders)), 200) {
		found, _, err := s.Invoices.Find(ctx, c.actor, invoice.Filter{IDs: ids, Limit: len(ids)})
		if err != nil {
			return err
		}
		for _, inv := range found {
			orders[inv.ID] = inv.Order
		}
	}
	for l := range lines(list) {
		if l.invoice != "" {
			l.payment = l.invoice
		}
		l.reference = cmp.Or(l.reference, orders[l.invoice], string(l.payment))
	}
	return nil
}

// lines are the transactions of all remittances.
func lines(list []remittance) iter.Seq[*remitted] {
	return func(yield func(*remitted) bool) {
		for _, r := range list {
			for i := range r.lines {
				if !yield(&r.lines[i]) {
					return
				}
			}
		}
	}
}

// payments reads the payments of remittances.
func (s *Surface) payments(ctx context.Context, c *call, list []remittance) (map[ident.ID]payment.Payment, error) {
	known := map[ident.ID]payment.Payment{}
	for l := range lines(list) {
		if l.payment != "" {
			known[l.payment] = payment.Payment{}
		}
	}
	for ids := range slices.Chunk(slices.Collect(maps.Keys(known)), 200) {
		found, _, err := s.Payments.Search(ctx, c.actor.Realm, payment.Filter{IDs: ids, Page: store.Page{Limit: int64(len(ids))}})
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			known[p.ID] = p.Payment
		}
	}
	return known, nil
}

// fundings are the kinds of card that the contract tells apart.
var fundings = map[string]string{"debit": "Debit", "prepaid": "Debit", "credit": "Credit", "chargecard": "Credit", "deferreddebit": "Credit"}

// funding is how a payment's card is funded, as far as it was written down or
// the provider's directory knows it by the card's first digits.
func (s *Surface) funding(ctx context.Context, c *call, p payment.Payment) string {
	switch face := p.Details.Card; {
	case p.Details.Facts != nil:
		return p.Details.Facts.Funding
	case face != nil && len(face.BIN) >= 6:
		by := merchant.Profile{Settings: merchant.Settings{Connectors: map[method.Name]string{method.Card: p.Connector}}} // who carried it
		return s.Payments.Describe(ctx, c.actor.Environment, by, face.BIN).Funding
	}
	return ""
}
