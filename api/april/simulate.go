package april

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// Outside plays, in test realms, what happens outside of florin: the test
// provider does it in its own books, and its callbacks are let in before each
// of them returns.
type Outside struct {
	// Transfer has money arrive at a merchant's account at the provider; without
	// an account at that of whoever waits for the reference.
	Transfer func(ctx context.Context, account, reference, payer string, amount money.Amount, at time.Time) error
	// Debit ends a direct debit: it cleared, or it was dishonoured, as code.
	Debit func(ctx context.Context, p payment.Payment, cleared bool, code string, at time.Time) error
	// Return has a bank send back what a refund paid, as code.
	Return func(ctx context.Context, p payment.Payment, refund ident.ID, code string, at time.Time) error
	// Dispute has the payer's bank take money back, or give it back.
	Dispute func(ctx context.Context, p payment.Payment, amount money.Amount, reason string, back bool, at time.Time) error
	// Advance moves the realm's clock ahead.
	Advance func(ctx context.Context, realm ident.ID, d time.Duration) (time.Time, error)
}

// simulated is what a simulation came to.
type simulated struct {
	Accepted          bool    `json:"accepted"`
	TransactionID     string  `json:"transactionId,omitempty"`
	TransactionStatus string  `json:"transactionStatus,omitempty"`
	PayoutID          string  `json:"payoutId,omitempty"`
	PayoutStatus      string  `json:"payoutStatus,omitempty"`
	Now               *string `json:"now,omitempty"`
}

// simulations are the variants that are served (sheet, 5.8).
var simulations = map[string]func(s *Surface, c *call, in object, at time.Time) (simulated, error){
	"SimulateAdvanceClock":      (*Surface).simulateClock,
	"SimulateBankTransfer":      (*Surface).simulateTransfer,
	"SimulateDirectDebitResult": (*Surface).simulateDebit,
	"SimulateDispute":           (*Surface).simulateDispute,
	"SimulatePayout":            (*Surface).simulatePayout,
	"SimulateRefundFailure":     (*Surface).simulateReturn,
}

// simulate is the sandbox's operation: outside events on demand.
func (s *Surface) simulate(c *call) (any, error) {
	if c.actor.Environment != access.Test {
		return nil, fault.New("forbidden.live", "only a sandbox key may simulate")
	}
	variant, in, err := c.body.variant(slices.Sorted(maps.Keys(simulations))...)
	if err != nil {
		return nil, err
	}
	var now time.Time
	err = s.DB.View(c.r.Context(), c.actor.Realm, func(tx *store.Tx) error {
		now = tx.Now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	out, err := simulations[variant](s, c, in, now)
	if err != nil {
		return nil, err
	}
	out.Accepted = true
	return tagged("SimulationResult", out), nil
}

// standing says how a transaction stands by now.
func (s *Surface) standing(c *call, id ident.ID) (simulated, error) {
	f, err := s.Payments.Find(c.r.Context(), c.actor.Realm, id)
	return simulated{TransactionID: transactionID.wire(id), TransactionStatus: statuses[f.Stage()]}, err
}

// simulateClock moves the clock of the whole sandbox.
func (s *Surface) simulateClock(c *call, in object, _ time.Time) (out simulated, err error) {
	seconds := in.positive("seconds", true)
	if seconds > 10*366*24*3600 {
		in.not("seconds", "must be at most ten years")
	}
	if err := in.err(); err != nil {
		return out, err
	}
	now, err := s.Outside.Advance(c.r.Context(), c.actor.Realm, time.Duration(seconds)*time.Second)
	out.Now = stamp(now)
	return out, err
}

// simulateTransfer has a payer send money: any amount, any reference, as often
// as one likes. What quotes a reference nobody waits for arrives at the merchant
// that is acted for.
func (s *Surface) simulateTransfer(c *call, in object, at time.Time) (out simulated, err error) {
	reference, amount, payer := in.need("reference"), in.amount("amount"), otherwise(in.text("payerName"), "TEST PAYER")
	in.word("channel", "direct_entry", "npp")
	if amount.Currency != "" && (amount.Minor < 1 || amount.Minor > money.Max) {
		in.not("amount", "must be positive, and at most %d", money.Max)
	}
	if err := in.err(); err != nil {
		return out, err
	}
	id, err := s.Payments.Quoted(c.r.Context(), c.actor.Realm, reference)
	if err != nil {
		return out, err
	}
	account := ""
	switch {
	case id != "":
		f, err := s.mayTransaction(c, transactionID.wire(id))
		if err != nil {
			return out, err
		}
		account = f.Details.Account
	case c.acts == nil:
		return out, fault.New("not_found.reference", "nobody waits for this reference, and no Merchant-Id says where the money arrives")
	default:
		p, err := s.Merchants.Outlet(c.r.Context(), c.actor.Realm, c.acts.ID)
		if err != nil {
			return out, err
		}
		account = otherwise(p.Settings.Account, string(c.actor.Realm)+"."+p.Code)
	}
	if err := s.Outside.Transfer(c.r.Context(), account, reference, payer, amount, at); err != nil || id == "" {
		return out, err
	}
	return s.standing(c, id)
}

// reasonForm is the form of a reason why a debit is dishonoured: the core's word
// without its first part.
var reasonForm = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

// simulateDebit ends a pending direct debit.
func (s *Surface) simulateDebit(c *call, in object, at time.Time) (out simulated, err error) {
	text, outcome := in.need("transactionId"), in.need("outcome")
	in.word("outcome", "cleared", "dishonoured")
	reason := in.like("reasonCode", reasonForm, "a word such as insufficient_funds or closed_account")
	if err := in.err(); err != nil {
		return out, err
	}
	f, err := s.mayTransaction(c, text)
	if err != nil {
		return out, err
	}
	if reason != "" {
		reason = fault.Declined + "." + reason
	}
	if err := s.Outside.Debit(c.r.Context(), f.Payment, outcome == "cleared", reason, at); err != nil {
		return out, err
	}
	return s.standing(c, f.ID)
}

// simulateReturn has the money of a refund that succeeded come back from the
// bank: the refund has failed, and can be made again.
func (s *Surface) simulateReturn(c *call, in object, at time.Time) (out simulated, err error) {
	text, reason := in.need("refundId"), in.like("reasonCode", reasonForm, "a word such as closed_account")
	if err := in.err(); err != nil {
		return out, err
	}
	id, ok := refundID.parse(text)
	if !ok {
		return out, errNoRefund
	}
	known, err := s.Payments.Get(c.r.Context(), c.actor, id)
	if fault.Is(err, fault.NotFound) || err == nil && known.Attempt.Kind != connector.Refund {
		return out, errNoRefund
	}
	if err != nil {
		return out, err
	}
	f, err := s.mayTransaction(c, transactionID.wire(known.Payment.ID))
	if err != nil {
		return out, err
	}
	if reason != "" {
		reason = fault.Declined + "." + reason
	}
	if err := s.Outside.Return(c.r.Context(), f.Payment, known.Attempt.ID, reason, at); err != nil {
		return out, err
	}
	return s.standing(c, f.ID)
}

// simulateDispute opens a dispute, or ends the one that is open.
func (s *Surface) simulateDispute(c *call, in object, at time.Time) (out simulated, err error) {
	text, minor := in.need("transactionId"), in.positive("amount", false)
	reason, outcome := otherwise(in.text("reason"), "000.100.200"), otherwise(in.word("outcome", "opened", "won", "lost"), "opened")
	if err := in.err(); err != nil {
		return out, err
	}
	f, err := s.mayTransaction(c, text)
	if err != nil {
		return out, err
	}
	switch outcome {
	case "opened":
		if minor == 0 {
			minor = f.Captured - f.Refunded - f.Disputed - f.Lost
		}
		err = s.Outside.Dispute(c.r.Context(), f.Payment, money.Of(minor, f.Amount.Currency), reason, false, at)
	case "won":
		if minor == 0 {
			minor = f.Disputed
		}
		err = s.Outside.Dispute(c.r.Context(), f.Payment, money.Of(minor, f.Amount.Currency), reason, true, at)
	case "lost":
		err = s.loseDispute(c, f.Payment)
	}
	if err != nil {
		return out, err
	}
	return s.standing(c, f.ID)
}

// loseDispute ends the newest open dispute of a payment.
func (s *Surface) loseDispute(c *call, p payment.Payment) error {
	list, _, err := s.Payments.Disputes(c.r.Context(), c.actor.Realm, payment.DisputeFilter{Payments: []ident.ID{p.ID}, Page: store.Page{Limit: maxFilter}})
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.Dispute.State == payment.NeedsResponse {
			_, err := s.Payments.EndDispute(c.r.Context(), c.actor.Realm, c.by(), x.Dispute.ID, payment.DisputeLost)
			return err
		}
	}
	return fault.New("conflict.dispute", "no dispute of the transaction is open")
}

// simulatePayout gives a merchant's payout an end.
func (s *Surface) simulatePayout(c *call, in object, _ time.Time) (out simulated, err error) {
	text, outcome := in.need("merchantId"), in.need("outcome")
	in.word("outcome", settlement.SimulatePaid, settlement.SimulateFailed, settlement.SimulateReversed)
	if err := in.err(); err != nil {
		return out, err
	}
	id, ok := merchantID.parse(text)
	if !ok {
		return out, errNoMerchant
	}
	if _, err := s.mayMerchant(c, id); err != nil {
		return out, err
	}
	p, err := s.Settlement.Simulate(c.r.Context(), c.actor.Realm, id, outcome)
	return simulated{PayoutID: idKind("payout").wire(p.ID), PayoutStatus: string(p.State)}, err
}
