package payment

import (
	"context"
	"errors"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/surcharge"
	"github.com/florinpay/florin/store"
)

// Operation is a wish to capture, refund or void (a part of) a payment.
type Operation struct {
	Idempotency idempotency.Key
	Payment     ident.ID     // the payment, or one of its captures
	Amount      money.Amount // zero for a void: all that is open
	Final       bool         // the last capture: the rest of the hold is released
	// Untouched makes a void refuse a payment of which something was captured
	// (from a hold) or refunded.
	Untouched bool
	// Unwritten leaves a wish that was refused without a trace: else an attempt
	// tells what became of it.
	Unwritten bool
	Reference string
	Echo      []connector.Parameter
	Simulate  map[string]string
}

// Capture takes money that an authorisation holds. Faults: forbidden.permission,
// conflict.idempotency, not_found.payment, conflict.pending, conflict.failed,
// conflict.not_authorised, invalid.currency.differs, conflict.capture.exceeds,
// conflict.pending (a last capture while another is not answered), unavailable.
func (s *Service) Capture(ctx context.Context, actor access.Actor, op Operation) (Outcome, error) {
	return s.operate(ctx, actor, access.Capture, op, connector.Capture, func(tx *store.Tx, p *Payment, a *Attempt) error {
		if p.Kind != connector.Authorise {
			return fault.New("conflict.not_authorised", "only an authorisation can be captured")
		}
		if err := a.within(*p, p.Open(), "conflict.capture.exceeds"); err != nil {
			return err
		}
		if op.Final {
			if p.Capturing > 0 { // what is left over is not known yet
				return fault.New("conflict.pending", "another capture is not answered yet")
			}
			p.Details.Final = a.ID
		}
		p.Capturing += a.Amount.Minor
		return nil
	})
}

// Refund gives captured money back. Faults: forbidden.permission,
// conflict.idempotency, not_found.payment, conflict.pending, conflict.failed,
// conflict.nothing_captured, conflict.disputed, conflict.refund.window,
// invalid.currency.differs, conflict.refund.exceeds, unavailable.
func (s *Service) Refund(ctx context.Context, actor access.Actor, op Operation) (Outcome, error) {
	return s.operate(ctx, actor, access.Refund, op, connector.Refund, func(tx *store.Tx, p *Payment, a *Attempt) error {
		if p.Captured == 0 {
			return fault.New("conflict.nothing_captured", "nothing was captured that could be refunded")
		}
		if p.Disputed > 0 {
			return fault.New("conflict.disputed", "the payment was charged back")
		}
		if tx.Now().After(p.CapturedAt.AddDate(0, 0, p.Details.RefundDays)) {
			return fault.New("conflict.refund.window", "the time for refunds is over")
		}
		limit, err := refundable(tx, *p, *a)
		if err != nil {
			return err
		}
		if err := a.within(*p, limit, "conflict.refund.exceeds"); err != nil {
			return err
		}
		if a.Surcharge, err = surchargeBack(tx, *p, a.Amount.Minor); err != nil {
			return err
		}
		p.Refunding += a.Amount.Minor
		_, err = ledger.Post(tx, p.deal().ReserveRefund(a.Amount))
		return err
	})
}

// Void releases all that an authorisation still holds, or takes back a debit
// or a capture before settlement. Faults: forbidden.permission,
// conflict.idempotency, not_found.payment, conflict.pending, conflict.failed,
// conflict.void (there is nothing to void, or it was touched),
// conflict.void.settled, invalid.currency.differs, conflict.void.exceeds,
// unavailable.
func (s *Service) Void(ctx context.Context, actor access.Actor, op Operation) (Outcome, error) {
	return s.operate(ctx, actor, access.Capture, op, connector.Void, func(tx *store.Tx, p *Payment, a *Attempt) error {
		undo := a.undoesCapture(*p)
		open := p.Open()
		if undo {
			var err error
			if open, err = refundable(tx, *p, *a); err != nil {
				return err
			}
		}
		touched := p.Refunded+p.Refunding+p.Disputed > 0 || !undo && p.Captured+p.Capturing > 0
		if open <= 0 || op.Untouched && touched {
			return fault.New("conflict.void", "there is nothing left that could be voided")
		}
		if undo && !tx.Now().Before(cutOff(p.CapturedAt)) {
			return fault.New("conflict.void.settled", "the money was settled: refund it instead")
		}
		if a.Amount.Minor == 0 {
			a.Amount = money.Of(open, p.Amount.Currency)
		}
		if a.Amount.Currency != p.Amount.Currency {
			return fault.At("invalid.currency.differs", "currency", "the payment is in %s", p.Amount.Currency)
		}
		if a.Amount.Minor != open {
			return fault.At("conflict.void.exceeds", "amount", "a void takes all that is open")
		}
		if undo {
			var err error
			if a.Surcharge, err = surchargeBack(tx, *p, open); err != nil {
				return err
			}
			p.Refunding += open
			_, err = ledger.Post(tx, p.deal().ReserveRefund(a.Amount))
			return err
		}
		p.Voiding += open
		return nil
	})
}

// refundable is how much a refund, or a void that takes money back, may give
// back. Through a capture it is no more than that capture took.
func refundable(tx *store.Tx, p Payment, a Attempt) (int64, error) {
	limit := p.Refundable()
	if a.Original == p.ID {
		return limit, nil
	}
	list, err := AttemptsOf(tx, p.ID)
	left := int64(0)
	for _, other := range list {
		switch {
		case other.ID == a.Original:
			left += other.Amount.Minor
		case other.Original == a.Original && other.State != Refused && other.State != FailedLate:
			left -= other.Amount.Minor
		}
	}
	return min(limit, left), err
}

// surchargeBack is how much of what is given back is surcharge. A surcharge is
// fixed when the payment is made: of a capture that takes less, it is at most
// all (april sheet, 6.3).
func surchargeBack(tx *store.Tx, p Payment, back int64) (int64, error) {
	if p.Details.Surcharge == 0 {
		return 0, nil
	}
	list, err := AttemptsOf(tx, p.ID)
	if err != nil {
		return 0, err
	}
	c := surcharge.Charged{Total: p.Captured, Surcharge: min(p.Details.Surcharge, p.Captured), Refunded: p.Refunded + p.Refunding}
	for _, a := range list {
		if a.givesBack(p) && a.State != Refused && a.State != FailedLate && a.State != LateSuccess {
			c.Returned += a.Surcharge
		}
	}
	return c.Return(back)
}

// cutOff is when a day's captures go to settlement: midnight UTC.
func cutOff(captured time.Time) time.Time {
	return captured.Truncate(24 * time.Hour).Add(24 * time.Hour)
}

// within checks an operation's amount against what there is.
func (a *Attempt) within(p Payment, limit int64, code string) error {
	if a.Amount.Currency != p.Amount.Currency {
		return fault.At("invalid.currency.differs", "currency", "the payment is in %s", p.Amount.Currency)
	}
	if a.Amount.Minor < 1 {
		return fault.At("invalid.amount", "amount", "the amount must be positive")
	}
	if a.Amount.Minor > limit {
		return fault.At(code, "amount", "only %d minor units are left", limit)
	}
	return nil
}

// operate is the passage that captures, refunds and voids share: reserve and
// commit, ask with no transaction open, commit the fact.
func (s *Service) operate(ctx context.Context, actor access.Actor, need access.Permission, op Operation, kind connector.Kind,
	reserve func(*store.Tx, *Payment, *Attempt) error) (Outcome, error) {
	if err := actor.Need(need); err != nil {
		return Outcome{}, err
	}
	var first Attempt
	known, err := s.begin(ctx, actor.Realm, op.Idempotency, func(tx *store.Tx) (Outcome, error) {
		target, err := load(tx, op.Payment)
		if err != nil {
			return Outcome{}, err
		}
		p, original := target.Payment, target.Attempt
		if err := actor.NeedMerchant(p.Merchant); err != nil {
			return Outcome{}, missing()
		}
		if err := operable(p, original); err != nil {
			return Outcome{}, err
		}
		if first = original; original.ID != p.ID {
			if first, err = getAttempt(tx, p.ID); err != nil {
				return Outcome{}, err
			}
		}
		a := Attempt{ID: tx.NewID(), Payment: p.ID, Version: 1, Kind: kind, State: Sent, Amount: op.Amount, Original: original.ID,
			Reference: op.Reference, SentAt: tx.Now(), Echo: op.Echo}
		if err := reserve(tx, &p, &a); err != nil {
			return Outcome{}, err
		}
		p.UpdatedAt = tx.Now()
		if err := savePayment(tx, p); err != nil {
			return Outcome{}, err
		}
		p.Version++
		return Outcome{Payment: p, Attempt: a}, addAttempt(tx, a)
	})
	if fault.Is(err, fault.Conflict) && !fault.Is(err, "conflict.idempotency") && !errors.Is(err, store.ErrConflict) && !op.Unwritten {
		return s.refuseOperation(ctx, actor, op, kind, err)
	}
	if err != nil || known.Replayed {
		return known, err
	}
	conn, err := s.connector(known.Payment.Connector, actor.Environment)
	if err != nil { // nothing was sent, so this is a no that we can be sure of
		return s.answered(ctx, actor.Realm, known, connector.Result{State: connector.Refused, Code: fault.Code(err)}), nil
	}
	r := s.send(ctx, actor.Realm, known.Attempt, func(ctx context.Context) connector.Result { return perform(ctx, conn, known, first, op) })
	return s.answered(ctx, actor.Realm, known, r), nil
}

// refuseOperation writes down that an operation was asked for and could not
// be: a merchant who looks later sees what happened to the wish, and a repeat
// under the same key hears the same. It returns the refusal's fault. If the
// wish was let in by another process in the meantime, that is the answer: its
// own first telling may be what left nothing over.
func (s *Service) refuseOperation(ctx context.Context, actor access.Actor, op Operation, kind connector.Kind, why error) (Outcome, error) {
	out, err := s.begin(context.WithoutCancel(ctx), actor.Realm, op.Idempotency, func(tx *store.Tx) (Outcome, error) {
		out, err := load(tx, op.Payment)
		if err != nil {
			return Outcome{}, err
		}
		out.Attempt = Attempt{ID: tx.NewID(), Payment: out.Payment.ID, Version: 1, Kind: kind, State: Refused, Amount: op.Amount, Original: op.Payment,
			Reference: op.Reference, Code: fault.Code(why), SentAt: tx.Now(), DoneAt: tx.Now(), Echo: op.Echo}
		return out, addAttempt(tx, out.Attempt)
	})
	switch {
	case err == nil && out.Replayed:
		return out, nil
	case fault.Is(err, "conflict.idempotency"):
		return Outcome{}, err
	case err != nil: // the refusal stands, even if nobody could write it down
		return Outcome{}, why
	}
	return out, why
}

// operable: only a payment that has been decided can be operated on, and only
// through itself or a capture of its own.
func operable(p Payment, original Attempt) error {
	switch p.State {
	case Processing, Pending, Unknown:
		return fault.New("conflict.pending", "the payment is not decided yet")
	case Failed:
		return fault.New("conflict.failed", "the payment failed")
	case Review:
		return fault.New("conflict.review", "the payment is under review")
	}
	if original.ID != p.ID && (original.Kind != connector.Capture || original.State != Approved) {
		return fault.New("conflict.reference_kind", "this operation cannot be referred to")
	}
	return nil
}

// perform asks the provider for the operation that known's attempt describes.
// Providers know a payment by its first attempt, so every operation refers to
// that. A connector that cannot do it refuses before anything is sent.
func perform(ctx context.Context, conn connector.Connector, known Outcome, first Attempt, op Operation) connector.Result {
	a := known.Attempt
	ask := connector.Operation{Attempt: a.ID, Original: first.ID, Reference: first.ProviderRef, Account: known.Payment.Details.Account,
		Amount: a.Amount, Final: op.Final, At: a.SentAt, Simulate: op.Simulate}
	switch {
	case a.Kind == connector.Capture:
		if c, ok := conn.(connector.Capturer); ok {
			return c.Capture(ctx, ask)
		}
	case a.Kind == connector.Void && a.Original == first.ID:
		if c, ok := conn.(connector.Voider); ok {
			return c.Void(ctx, ask)
		}
	default: // a refund; and taking back a single capture is one in the provider's eyes
		if c, ok := conn.(connector.Refunder); ok {
			return c.Refund(ctx, ask)
		}
	}
	return connector.Result{State: connector.Refused, Code: "unavailable.operation", Provider: "not supported"}
}
