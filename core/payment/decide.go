package payment

import (
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// Verdict is what a human says about an attempt under review.
type Verdict string

const (
	// Accept: the attempt counts as done, for the amount that was asked.
	Accept Verdict = "accept"
	// Return: it counts as not done; what moved is back where it came from.
	Return Verdict = "return"
)

// undecided says whether the attempt waits for a human.
func (a Attempt) undecided() bool { return a.State == AttemptReview || a.State == LateSuccess }

// decide is what a verdict does to the undecided attempt a of payment p; list is
// all of its attempts. Like apply it is a pure function. Faults:
// conflict.review.exceeds (more would be given back than was captured, or more
// captured than was authorised).
func decide(p Payment, a Attempt, list []Attempt, v Verdict, lim limits, at time.Time) (change, error) {
	c := change{p: p, a: a}
	var err error
	switch {
	case a.State == AttemptReview && v == Accept:
		c.approve(connector.Result{AuthCode: a.AuthCode}, at)
	case a.State == AttemptReview:
		c.refuse("declined", at)
	case v == Accept:
		err = c.acceptLate(at)
	default:
		c.returnLate(at)
	}
	if v == Accept && c.a.mayReturn(c.p) && len(lim.returns) > 0 {
		c.recheck = time.Duration(lim.returns[0]) * time.Second
	}
	if v == Accept && c.first() {
		c.p.Code = ""
	}
	c.p.State = c.p.settled(list, c.a)
	c.expire = c.p.Open() > 0 // its job may have come and gone while the payment was under review
	return c, err
}

// acceptLate: what the provider did after we had said no is taken as done. Its
// money moves from suspense to where it would have been.
func (c *change) acceptLate(at time.Time) error {
	c.a.State, c.a.DoneAt, c.a.Code = Approved, at, ""
	n := c.a.Amount.Minor
	switch c.a.Kind {
	case connector.Authorise:
		c.event = "payment.authorised"
		c.p.ExpiresAt = at.Add(time.Duration(c.p.Details.HoldDays) * 24 * time.Hour)
		c.book(c.deal().Authorise(c.a.Amount))
	case connector.Verify:
		c.event = "payment.verified"
	case connector.Authenticate:
		c.event = "payment.authenticated"
	case connector.Credit:
		c.event = "payment.credited"
		c.book(c.deal().LateOutAccepted(c.a.Amount))
	case connector.Debit:
		c.event = "payment.captured"
		c.captureLate(n, at)
		c.book(c.deal().LateAccepted(c.a.Amount))
	case connector.Capture:
		return c.acceptCapture(at)
	default: // a refund or a void
		return c.acceptBack()
	}
	return nil
}

func (c *change) captureLate(n int64, at time.Time) {
	c.p.Captured += n
	if c.p.CapturedAt.IsZero() {
		c.p.CapturedAt = at
	}
}

// acceptCapture: what is still held of it is given back to the books. What was
// voided or has run out since was not: the provider had taken it before.
func (c *change) acceptCapture(at time.Time) error {
	n := c.a.Amount.Minor
	held := min(n, c.p.held())
	if n-held > c.p.Voided {
		return fault.New("conflict.review.exceeds", "more would be captured than was authorised")
	}
	c.event = "payment.captured"
	c.p.Voided -= n - held
	c.captureLate(n, at)
	c.book(c.deal().LateCaptured(c.a.Amount, money.Of(held, c.a.Amount.Currency)))
	return nil
}

// acceptBack: a refund or a void went through after all.
func (c *change) acceptBack() error {
	n := c.a.Amount.Minor
	c.event = "payment.refunded"
	if c.a.Kind == connector.Void {
		c.event = "payment.voided"
	}
	if !c.a.moves(c.p) { // the hold was released; what ran out or was captured since stays so
		if rest := min(n, c.p.held()); rest > 0 {
			c.p.Voided += rest
			c.book(c.deal().Void(money.Of(rest, c.a.Amount.Currency)))
		}
		return nil
	}
	if c.p.Refunded+c.p.Refunding+n > c.p.Captured {
		return fault.New("conflict.review.exceeds", "more would be given back than was captured")
	}
	c.p.Refunded += n
	c.book(c.deal().LateOutAccepted(c.a.Amount))
	return nil
}

// returnLate: the no stands, and what moved after it has been sent back.
func (c *change) returnLate(at time.Time) {
	c.a.State, c.a.DoneAt = FailedLate, at
	switch {
	case c.a.Kind == connector.Debit || c.a.Kind == connector.Capture:
		c.book(c.deal().LateReturned(c.a.Amount))
	case c.a.moves(c.p):
		c.book(c.deal().LateOutReturned(c.a.Amount))
	}
	switch {
	case c.first():
		c.event = "payment.failed"
	case c.a.Kind == connector.Debit: // paid twice: the payment itself stands
		c.event = "payment.updated"
	default:
		c.event = "payment." + string(c.a.Kind) + "_failed"
	}
}

// settled is the state of a payment as its amounts and attempts tell it, with a
// in place of its older self: review goes on while another attempt is undecided.
func (p Payment) settled(list []Attempt, a Attempt) State {
	var own Attempt
	voided := false
	for _, other := range list {
		if other.ID == a.ID {
			other = a
		}
		if other.undecided() {
			return Review
		}
		if other.ID == p.ID {
			own = other
		}
		voided = voided || other.Kind == connector.Void && other.State == Approved
	}
	if own.State != Approved {
		return Failed
	}
	switch p.Kind {
	case connector.Verify:
		return Verified
	case connector.Authenticate:
		return Authenticated
	case connector.Credit:
		return Credited
	}
	open := p.Kind == connector.Authorise && p.held()+p.Capturing+p.Voiding > 0
	switch {
	case open && p.Captured == 0:
		return Authorised
	case voided && p.Refunded == p.Captured && !open:
		return Voided
	case p.Captured == 0:
		return Expired
	}
	return Captured
}
