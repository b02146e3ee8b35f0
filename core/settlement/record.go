package settlement

import (
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// OnEvent enters what an event of a payment does to the balance of its
// merchant, and of those who have parts of it, and books fee, tax and parts;
// all in the event's transaction. It is a listener for event.Log.
func (s *Service) OnEvent(tx *store.Tx, e event.Event) error {
	out, ok := e.Subject.(payment.Outcome)
	if !ok {
		return nil
	}
	m, moves := moveOf(e.Type, out)
	if !moves {
		return nil
	}
	k, err := s.known(tx, out.Payment.Merchant)
	if err != nil || !k.found {
		return err
	}
	r := &recording{Service: s, tx: tx, known: k, move: m, p: out.Payment, a: out.Attempt}
	if r.p.Details.Card != nil && s.Country != nil {
		r.country = s.Country(r.p.Details.Card.BIN)
	}
	return r.write()
}

// Transfer is money that a bank transfer brought a merchant without a payment,
// or that was taken back of one (negative).
type Transfer struct {
	Merchant  ident.ID
	Source    ident.ID // what it paid for
	Reference string   // the merchant's own
	Amount    money.Amount
}

// Transferred enters a bank transfer into the balance of its merchant, with its
// fee, in the caller's transaction. What is taken back keeps its fee.
func (s *Service) Transferred(tx *store.Tx, t Transfer) error {
	k, err := s.known(tx, t.Merchant)
	if err != nil || !k.found || t.Amount.Minor == 0 {
		return err
	}
	terms := k.plan.Terms
	e := Entry{ID: tx.NewID(), Merchant: t.Merchant, Kind: PaymentReturn, Currency: t.Amount.Currency, Amount: t.Amount.Minor, Gross: t.Amount.Minor, Source: t.Source,
		Method: method.BankTransfer, Reference: t.Reference, At: tx.Now(), AvailableAt: available(tx.Now(), k.zone, terms.DelayDays, terms.BusinessDays)}
	var c Charge
	if t.Amount.Minor > 0 {
		e.Kind = Payment
		if c, err = terms.feeOn(t.Amount, means{method: method.BankTransfer}); err != nil {
			return err
		}
	}
	_, err = add(tx, k.plan, e, c)
	return err
}

// recording is one event on its way into the entries.
type recording struct {
	*Service
	tx *store.Tx
	*known
	move
	p       payment.Payment
	a       payment.Attempt
	country string
	before  []Entry // of the payment, once they were needed
}

func (r *recording) write() (err error) {
	if r.undoes || r.kind == DisputeReversal {
		if r.before, err = entriesOf(r.tx, r.p.ID); err != nil {
			return err
		}
	}
	if r.undoes && !r.entered() {
		return nil // it never counted: the yes that is taken back came after a no
	}
	e := r.entry(r.p.Merchant, r.kind, r.minor)
	var c Charge
	switch {
	case r.kind == Payment:
		c, err = r.plan.Terms.feeOn(r.a.Amount, means{r.p.Method, r.p.Brand, r.country})
	case r.kind == Refund:
		c, err = r.fixed(r.plan.Terms.RefundFee)
	case r.kind == DisputeReversal && r.p.Disputed == 0:
		c = r.disputeFees()
	}
	if err == nil {
		_, err = add(r.tx, r.plan, e, c)
	}
	if err == nil && r.kind == Dispute {
		if c, err = r.fixed(r.plan.Terms.DisputeFee); err == nil && c.Total() != 0 {
			_, err = add(r.tx, r.plan, r.entry(r.p.Merchant, DisputeFee, 0), c)
		}
	}
	if err == nil {
		err = r.divide()
	}
	return err
}

// entered says whether what is taken back now has an entry.
func (r *recording) entered() bool {
	for _, e := range r.before {
		if e.Attempt == r.a.ID && (e.Kind == Payment || e.Kind == Refund || e.Kind == Credit) {
			return true
		}
	}
	return false
}

// fixed is a fee that does not depend on the amount: none in a currency that
// the merchant does not trade in.
func (r *recording) fixed(fee int64) (Charge, error) {
	if r.a.Amount.Currency != r.plan.Currency {
		return Charge{}, nil
	}
	return r.plan.Terms.charge(money.Of(0, r.plan.Currency), 0, fee)
}

// disputeFees gives back what was charged for disputes that are all won.
func (r *recording) disputeFees() (c Charge) {
	for _, e := range r.before {
		if e.Kind == DisputeFee || e.Kind == DisputeReversal {
			c.Fixed -= e.Fee - e.Tax
			c.Tax -= e.Tax
		}
	}
	return c
}

// entry begins an entry of this event. What is taken from money that is not
// available yet becomes available with it.
func (r *recording) entry(owner ident.ID, kind Kind, minor int64) Entry {
	now := r.tx.Now()
	captured := r.p.CapturedAt
	if kind == Payment || captured.IsZero() {
		captured = now
	}
	at := now
	if r.kind != Credit && r.kind != CreditReturn {
		at = latest(now, available(captured, r.zone, r.plan.Terms.DelayDays, r.plan.Terms.BusinessDays))
	}
	return Entry{ID: r.tx.NewID(), Merchant: owner, Kind: kind, Currency: r.a.Amount.Currency, Amount: minor, Gross: minor, Payment: r.p.ID,
		Attempt: r.a.ID, Method: r.p.Method, Brand: r.p.Brand, Reference: r.p.Reference, At: now, AvailableAt: at}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// add completes an entry by its fee, writes it and books the fee.
func add(tx *store.Tx, p Plan, e Entry, c Charge) (Entry, error) {
	e.Fee, e.Tax, e.Unit = c.Total(), c.Tax, c.Fixed
	if p.Terms.Mode == Gross {
		e.Owed = e.Fee
	} else {
		e.Amount -= e.Fee
	}
	addEntry(tx, e)
	if e.Fee == 0 {
		return e, nil
	}
	due := ledger.Due{Object: ledger.Object{Kind: "settlement", ID: e.ID}, Owner: ledger.Merchant(e.Merchant)}
	book, net, tax := due.Fee, c.Net(), c.Tax
	switch {
	case e.Fee < 0 && e.Owed != 0:
		book = due.FeeAccruedReturned
	case e.Fee < 0:
		book = due.FeeReturned
	case e.Owed != 0:
		book = due.FeeAccrued
	}
	if e.Fee < 0 {
		net, tax = -net, -tax
	}
	_, err := ledger.Post(tx, book(money.Of(net, e.Currency), money.Of(tax, e.Currency), p.Terms.TaxCountry))
	return e, err
}

// divide gives others their parts of a capture, and takes them back in
// proportion when money goes back to the payer.
func (r *recording) divide() error {
	shares, err := sharesOf(r.tx, r.p.ID)
	if err != nil {
		return err
	}
	if r.kind == Payment && len(shares) == 0 {
		for i, part := range r.plan.Terms.Shares {
			shares = append(shares, share{Part: part, n: int64(i)})
		}
	}
	if len(shares) == 0 || r.kind == Credit || r.kind == CreditReturn {
		return nil
	}
	if err := r.payees(r.tx, r.p.Merchant, r.plan, shares); err != nil {
		return err
	}
	moved, err := r.parts(shares)
	if err != nil {
		return err
	}
	for i, n := range moved {
		s := &shares[i]
		switch r.kind {
		case Payment:
			s.amount += n
		case Refund, RefundReturn, PaymentReturn:
			s.refunded -= n
		case Dispute, DisputeReversal:
			s.disputed -= n
		}
		if n != 0 || s.version == 0 {
			saveShare(r.tx, r.p.ID, *s)
		}
		if err := r.give(s.owner, n); err != nil {
			return err
		}
	}
	return nil
}

// parts is what each part gets, or gives back when negative.
func (r *recording) parts(shares []share) (moved []int64, err error) {
	amount := r.a.Amount
	have := make([]int64, len(shares))
	sign := int64(-1)
	switch r.kind {
	case Payment:
		return allot(shares, amount)
	case PaymentReturn: // all that is left; what was refunded meanwhile the merchant bears
		for i, s := range shares {
			have[i] = -s.rest()
		}
		return have, nil
	case RefundReturn: // exactly what that refund took
		for i, s := range shares {
			have[i] = r.given(s.owner)
		}
		return have, nil
	case DisputeReversal: // in proportion to what the disputes have taken
		own := r.p.Disputed + amount.Minor
		for i, s := range shares {
			have[i], sign = s.disputed, 1
			own -= s.disputed
		}
		moved, err = backed(have, own, amount)
	default:
		own := r.p.Captured - r.p.Refunded - r.p.Disputed + amount.Minor
		for i, s := range shares {
			have[i] = s.rest()
			own -= s.rest()
		}
		moved, err = backed(have, own, amount)
	}
	for i := range moved {
		moved[i] *= sign
	}
	return moved, err
}

// given is what a payee gave back for the refund that has come back.
func (r *recording) given(payee ident.ID) (n int64) {
	for _, e := range r.before {
		if e.Attempt == r.a.ID && e.Kind == ShareReturn && e.Merchant == payee {
			n -= e.Gross
		}
	}
	return n
}

// give moves n from the merchant to a payee, or back when negative.
func (r *recording) give(payee ident.ID, n int64) error {
	if n == 0 {
		return nil
	}
	kind := Share
	if n < 0 {
		kind = ShareReturn
	}
	from, to := r.entry(r.p.Merchant, kind, -n), r.entry(payee, kind, n)
	from.Source, to.Source = payee, r.p.Merchant
	addEntry(r.tx, from)
	addEntry(r.tx, to)
	due := ledger.Due{Object: ledger.Object{Kind: "settlement", ID: from.ID}, Owner: ledger.Merchant(r.p.Merchant)}
	c := from.Currency
	t := due.Split(ledger.Merchant(payee), money.Of(n, c))
	if n < 0 {
		t = due.SplitReturned(ledger.Merchant(payee), money.Of(-n, c))
	}
	_, err := ledger.Post(r.tx, t)
	return err
}
