package reconcile

import (
	"cmp"
	"slices"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// Label names a difference.
type Label string

// The labels.
const (
	MissingLine    Label = "missing_line"    // our books have it, the provider's file does not
	DoubleLine     Label = "double_line"     // the provider has it twice
	UnknownLine    Label = "unknown_line"    // the provider has it, our books do not
	Unanswered     Label = "unanswered"      // the provider has it, and our attempt still waits for its answer, or for a person
	WrongAmount    Label = "wrong_amount"    // another amount
	WrongCurrency  Label = "wrong_currency"  // another currency
	FeeDrift       Label = "fee_drift"       // another fee than was agreed
	CutOffShift    Label = "cut_off_shift"   // in the file of another day: nothing is missing, it comes later or came sooner
	WrongSum       Label = "wrong_sum"       // the file's lines do not come to its sums
	NotReceived    Label = "not_received"    // the bank statement does not have the provider's payment
	WrongReceipt   Label = "wrong_receipt"   // the bank received another amount
	UnknownReceipt Label = "unknown_receipt" // a line of the bank statement that nothing explains
	WrongPayout    Label = "wrong_payout"    // the bank statement has another amount for a payout than we sent
	DoublePayout   Label = "double_payout"   // it has a payout twice, or one that we never sent
)

// Difference is one thing that the books do not agree on.
type Difference struct {
	Label      Label
	Connector  string
	Settlement string // the file's reference, "" when it stands in none
	Line       int64  // of the file, 0 when it is about no line
	Kind       connector.LineKind
	Reference  string // the provider's, or the bank's
	Attempt    ident.ID
	Payment    ident.ID
	At         time.Time
	Ours       money.Amount // zero: our books have nothing
	Theirs     money.Amount
}

// ours is a movement of our books that a provider's file should have.
type ours struct {
	attempt   ident.ID
	payment   ident.ID
	connector string
	account   string // the merchant's at the provider
	reference string // the provider's, "" when it is not known
	kind      connector.LineKind
	amount    money.Amount
	at        time.Time
	certain   bool // it has happened, by the provider's own word
	open      bool // its answer is still to come, or waits for a person
}

// key finds a movement: the provider's id of the charge, and what it is about.
type key struct {
	connector string
	reference string
	kind      connector.LineKind
}

// expected are the lines that a provider should have about an attempt. What was
// approved and came back has two.
func expected(out payment.Outcome) (list []ours) {
	a := out.Attempt
	kinds, sign := kindsOf(out)
	if kinds[0] == "" {
		return nil
	}
	amount := money.Of(sign*a.Amount.Minor, a.Amount.Currency)
	p := out.Payment // what is known of it is much more than has to be remembered of a hundred thousand
	o := ours{attempt: a.ID, payment: p.ID, connector: p.Connector, account: p.Details.Account, reference: a.ProviderRef,
		kind: kinds[0], amount: amount, at: a.DoneAt}
	switch a.State {
	case payment.Approved:
		o.certain = true
	case payment.FailedLate:
		back := o
		back.kind, back.amount = kinds[1], amount.Neg()
		o.at = a.SentAt
		return []ours{o, back}
	case payment.Refused:
		return nil
	default:
		o.open, o.at = true, a.SentAt
	}
	return []ours{o}
}

// kindsOf is what an attempt is called in a file, what it is called when it
// comes back, and which way its money goes.
func kindsOf(out payment.Outcome) (kinds [2]connector.LineKind, sign int64) {
	switch a := out.Attempt; a.Kind {
	case connector.Debit, connector.Capture:
		return [2]connector.LineKind{connector.LinePayment, connector.LinePaymentReturn}, 1
	case connector.Refund:
		return [2]connector.LineKind{connector.LineRefund, connector.LineRefundReturn}, -1
	case connector.Void:
		if out.Payment.Kind == connector.Debit || a.Original != out.Payment.ID {
			return [2]connector.LineKind{connector.LineRefund, connector.LineRefundReturn}, -1
		}
	case connector.Credit:
		return [2]connector.LineKind{connector.LineCredit, connector.LineRefundReturn}, -1
	case payment.Chargeback:
		return [2]connector.LineKind{connector.LineChargeback, connector.LineChargebackReversal}, -1
	case payment.ChargebackReversal:
		return [2]connector.LineKind{connector.LineChargebackReversal, connector.LineChargeback}, 1
	}
	return kinds, 0
}

// comparison is a reconciliation under way: pure, it asks nobody.
type comparison struct {
	tariffs map[string]Tariff
	byRef   map[key]*ours
	byID    map[key]*ours // by our attempt's id, for those whose charge we do not know
	files   map[fileKey]*tally
	seen    map[key]bool
	matched int64
	found   []Difference
}

type fileKey struct {
	connector, account, reference string
	currency                      money.Currency
}

// tally is a file with what its lines come to.
type tally struct {
	File
	gross, fees int64
}

func newComparison(tariffs map[string]Tariff, files []File) *comparison {
	c := &comparison{tariffs: tariffs, byRef: map[key]*ours{}, byID: map[key]*ours{}, files: map[fileKey]*tally{}, seen: map[key]bool{}}
	for _, f := range files {
		c.files[fileKey{f.Connector, f.Account, f.Reference, f.Currency}] = &tally{File: f}
	}
	return c
}

// know takes in what our books have.
func (c *comparison) know(out payment.Outcome) {
	for _, o := range expected(out) {
		o := o
		name := out.Payment.Connector
		if ref := out.Attempt.ProviderRef; ref != "" {
			c.byRef[key{name, ref, o.kind}] = &o
		} else {
			c.byID[key{name, string(out.Attempt.ID), o.kind}] = &o
		}
	}
}

// line judges a line of a provider.
func (c *comparison) line(l Line) {
	f := c.files[fileKey{l.Connector, l.Account, l.Settlement, l.Settled}]
	if f == nil { // its file is being imported
		return
	}
	f.gross, f.fees = f.gross+l.Gross, f.fees+l.Fee
	k := key{l.Connector, l.Reference, l.Kind}
	o := c.byRef[k]
	if o == nil {
		o = c.byID[key{l.Connector, string(l.Attempt), l.Kind}]
	}
	d := Difference{Connector: l.Connector, Settlement: l.Settlement, Line: l.N, Kind: l.Kind, Reference: l.Reference, Attempt: l.Attempt, Payment: l.Payment,
		At: l.At, Theirs: money.Of(l.Gross, l.Currency)}
	if o != nil {
		d.Attempt, d.Payment, d.Ours = o.attempt, o.payment, o.amount
	}
	switch {
	case l.Kind == connector.LineFee:
		c.matched++
		return
	case c.seen[k]:
		d.Label = DoubleLine
	case o == nil:
		d.Label = UnknownLine
	case o.open:
		d.Label = Unanswered
	case o.amount.Currency != l.Currency:
		d.Label = WrongCurrency
	case o.amount.Minor != l.Gross:
		d.Label = WrongAmount
	case !c.agreed(*o, l):
		d.Label = FeeDrift
		d.Ours, d.Theirs = money.Of(c.fee(*o, l.Kind), l.Currency), money.Of(l.Fee, l.Currency)
	case o.certain && (o.at.Before(f.From) || !o.at.Before(f.To)):
		d.Label = CutOffShift
	default:
		c.matched++
	}
	c.seen[k] = true
	if o != nil && o.reference == "" {
		c.seen[key{l.Connector, string(o.attempt), l.Kind}] = true
	}
	if d.Label != "" {
		c.found = append(c.found, d)
	}
}

// agreed says whether a line's fee is the one that was agreed.
func (c *comparison) agreed(o ours, l Line) bool {
	_, known := c.tariffs[l.Connector]
	return !known || l.Unpriced || c.fee(o, l.Kind) == l.Fee
}

// fee is what was agreed: half a minor unit is rounded up.
func (c *comparison) fee(o ours, kind connector.LineKind) int64 {
	t := c.tariffs[o.connector]
	switch kind {
	case connector.LinePayment:
		share, rest, err := o.amount.Share(t.Points, 10_000)
		if err == nil && 2*rest >= 10_000 {
			share.Minor++
		}
		return share.Minor
	case connector.LineChargeback:
		digits, _ := o.amount.Currency.Exponent()
		n := t.Chargeback
		for range digits {
			n *= 10
		}
		return n
	}
	return 0
}

// sums judges what the files' lines come to.
func (c *comparison) sums() {
	for _, f := range c.files {
		if f.gross != f.Gross || f.fees != f.Fees || f.Gross-f.Fees+f.Later != f.Payout {
			c.found = append(c.found, Difference{Label: WrongSum, Connector: f.Connector, Settlement: f.Reference, At: f.PaidAt,
				Ours: money.Of(f.gross-f.fees, f.Currency), Theirs: money.Of(f.Payout, f.Currency)})
		}
	}
}

// missing judges what of our books between two moments no line has told of.
// elsewhere says whether a line outside of what was compared does; covered,
// whether the provider's files reach that far.
func (c *comparison) missing(from, to time.Time, elsewhere func(key) bool, covered func(o ours) bool) {
	for _, all := range []map[key]*ours{c.byRef, c.byID} {
		for k, o := range all {
			if c.seen[k] || !o.certain || o.at.Before(from) || !o.at.Before(to) || !covered(*o) {
				continue
			}
			d := Difference{Label: MissingLine, Connector: k.connector, Kind: o.kind, Reference: o.reference, Attempt: o.attempt, Payment: o.payment,
				At: o.at, Ours: o.amount}
			if elsewhere(k) {
				d.Label = CutOffShift
			}
			c.found = append(c.found, d)
		}
	}
}

// sorted are the differences in an order that depends on nothing else.
func (c *comparison) sorted() []Difference {
	slices.SortFunc(c.found, func(a, b Difference) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Settlement, b.Settlement), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Reference, b.Reference),
			cmp.Compare(a.Label, b.Label), cmp.Compare(a.Attempt, b.Attempt))
	})
	return c.found
}
