package payment

import (
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// change is what a provider's word does to a payment: new rows, one event,
// transfers in the books, and when to look again. Nothing in it has happened
// yet.
type change struct {
	p         Payment
	a         Attempt
	event     string // "" when nothing changed
	transfers []ledger.Transfer
	check     time.Duration // look again after; 0 when settled
	expire    bool          // an expiry of the hold has to be watched
	ruling    ruling        // when a human decided
	recheck   time.Duration // money moved for good, but a bank may send it back: look again after; 0 for never
	matched   bool          // the money came by bank transfer and stands in suspense
}

// limits are what a connector promises about time.
type limits struct {
	settle  time.Duration // after it, "never seen" is proof
	horizon time.Duration // after it, what is still open goes to review
	returns []int         // ages in seconds at which money that left may be known to have come back
}

// apply decides what the result r means for attempt a of payment p at the
// moment at. It is a pure function: the whole state graph is here and in the
// functions it calls.
func apply(p Payment, a Attempt, r connector.Result, lim limits, at time.Time) change {
	c := change{p: p, a: a}
	switch {
	case a.open():
		c.settle(r, lim, at)
	case a.State == Refused && r.State == connector.Approved && r.Reference != "":
		c.lateSuccess(r, at)
	case a.State == Approved && (a.Kind == connector.Credit || a.givesBack(p) || a.returnable(p)) && r.State == connector.Refused:
		c.returned(r, at)
	default:
		// A repeat of what we know, or a stale word against a settled fact:
		// neither changes anything.
	}
	return c
}

func (c *change) settle(r connector.Result, lim limits, at time.Time) {
	if r.Reference != "" {
		c.a.ProviderRef = r.Reference
	}
	if r.Provider != "" {
		c.a.ProviderCode = r.Provider
	}
	if r.ThreeDS != nil && c.first() {
		c.p.Details.ThreeDS = r.ThreeDS
	}
	switch r.State {
	case connector.Approved:
		if !agrees(c.a.Amount, r.Amount) {
			c.mismatch(lim, at)
			return
		}
		if c.first() && c.p.Method == method.BankTransfer { // what came is told one by one, and this was not
			c.untold(lim, at)
			return
		}
		c.approve(r, at)
		if c.a.mayReturn(c.p) && len(lim.returns) > 0 {
			c.recheck = time.Duration(lim.returns[0]) * time.Second
		}
	case connector.Refused:
		c.refuse(r.Code, at)
	case connector.Pending:
		c.pend(r, lim, at)
	case connector.NotFound:
		if at.Sub(c.a.SentAt) >= lim.settle {
			c.a.ProviderCode = "not_found" // the proof: never seen, asked after the settling delay
			c.refuse("unavailable.provider", at)
			return
		}
		c.unknown(lim, at)
	default:
		c.unknown(lim, at)
	}
}

// agrees says whether the provider handled what we asked for. A provider that
// names no amount is believed: not every rail does.
func agrees(asked, got money.Amount) bool {
	return got == money.Amount{} || got == asked || asked.Minor == 0 && got.Minor == 0
}

// mismatch: the provider says yes to something else than was asked. It may be
// a garbled answer, so the first time we ask again; the second time a human
// has to look.
func (c *change) mismatch(lim limits, at time.Time) {
	if c.a.Code == "conflict.amount" {
		c.review(at)
		return
	}
	c.a.Code = "conflict.amount"
	c.unknown(lim, at)
}

// untold: the provider says that a bank transfer has come, and nobody told us of
// the money. As with a wrong amount, we ask again first.
func (c *change) untold(lim limits, at time.Time) {
	if c.a.Code == "conflict.arrival" {
		c.review(at)
		return
	}
	c.a.Code = "conflict.arrival"
	c.unknown(lim, at)
}

func (c *change) unknown(lim limits, at time.Time) {
	if at.Sub(c.a.SentAt) > lim.horizon {
		c.review(at)
		return
	}
	c.check = connector.NextLook(at.Sub(c.a.SentAt))
	if c.a.State != Sent { // a lookup without an answer takes nothing back
		if c.first() && c.a.State == AttemptPending && c.a.Code == "" {
			c.a.Code = fault.UnavailableProvider // whoever shows the payment can tell
			if c.p.Method == method.Terminal {   // the payer stands in front of it, and somebody has to say something
				c.become(Unknown)
				c.event = "payment.unknown"
			}
		}
		return
	}
	c.check = connector.NextLook(0) // nobody has asked yet, however long ago its process died
	c.a.State = AttemptUnknown
	if c.first() {
		c.become(Unknown)
	}
	c.event = "payment." + c.verb() + "unknown"
}

func (c *change) pend(r connector.Result, lim limits, at time.Time) {
	if c.p.ExpiresAt.IsZero() && r.ExpiresAfterSeconds > 0 && c.first() {
		c.p.ExpiresAt = at.Add(time.Duration(r.ExpiresAfterSeconds) * time.Second)
	}
	deadline := c.a.SentAt.Add(lim.horizon)
	if c.first() && !c.p.ExpiresAt.IsZero() {
		deadline = c.p.ExpiresAt.Add(time.Hour)
	}
	if at.After(deadline) {
		c.review(at)
		return
	}
	c.check = time.Duration(r.CheckAfterSeconds) * time.Second
	if c.check == 0 {
		c.check = connector.NextLook(at.Sub(c.a.SentAt))
	}
	if left := c.p.ExpiresAt.Sub(at); c.first() && left > 0 {
		c.check = min(c.check, left+time.Second)
	}
	if c.a.Code == fault.UnavailableProvider { // it answers again
		c.a.Code = ""
		if c.first() && c.p.State == Unknown {
			c.become(Pending)
			c.event = "payment.pending"
		}
	}
	if c.a.State == AttemptPending {
		return
	}
	c.a.State = AttemptPending
	if c.first() {
		c.become(Pending)
		c.p.Details.Redirect, c.p.Details.Payee = r.Redirect, r.Payee
	}
	c.event = "payment." + c.verb() + "pending"
}

func (c *change) approve(r connector.Result, at time.Time) {
	c.a.State, c.a.DoneAt, c.a.Code = Approved, at, ""
	c.a.AuthCode = r.AuthCode
	if r.Risk == RiskReview {
		c.p.Risk = RiskReview
	}
	if r.SchemeRef != "" {
		if c.p.Details.Series == nil {
			c.p.Details.Series = &Series{}
		}
		series := *c.p.Details.Series
		series.SchemeRef = r.SchemeRef
		c.p.Details.Series = &series
	}
	n := c.a.Amount.Minor
	switch c.a.Kind {
	case connector.Authorise:
		c.become(Authorised)
		c.event, c.expire = "payment.authorised", true
		c.p.ExpiresAt = at.Add(time.Duration(c.p.Details.HoldDays) * 24 * time.Hour)
		c.book(c.deal().Authorise(c.a.Amount))
	case connector.Debit:
		c.become(Captured)
		c.event = "payment.captured"
		c.p.Captured, c.p.CapturedAt = n, at
		if c.matched {
			c.book(c.deal().Matched(c.a.Amount))
		} else {
			c.book(c.deal().Debit(c.a.Amount))
		}
	case connector.Verify:
		c.become(Verified)
		c.event = "payment.verified"
	case connector.Authenticate:
		c.become(Authenticated)
		c.event = "payment.authenticated"
	case connector.Credit:
		c.become(Credited)
		c.event = "payment.credited"
		c.book(c.deal().Credit(c.a.Amount))
	case connector.Capture:
		c.become(Captured)
		c.event = "payment.captured"
		c.p.Capturing -= n
		c.p.Captured += n
		if c.p.CapturedAt.IsZero() {
			c.p.CapturedAt = at
		}
		held := c.a.Amount
		if c.p.Details.Final == c.a.ID { // the provider has let the rest go
			rest := c.p.held()
			c.p.Voided += rest
			held.Minor += rest
		}
		c.book(c.deal().Capture(c.a.Amount, held))
	case connector.Refund:
		c.event = "payment.refunded"
		c.p.Refunding -= n
		c.p.Refunded += n
		c.book(c.deal().Refund(c.a.Amount))
	case connector.Void:
		c.approveVoid(n)
	}
}

// approveVoid: a hold is released, or an unsettled debit (or capture) undone.
func (c *change) approveVoid(n int64) {
	c.event = "payment.voided"
	if c.a.undoesCapture(c.p) {
		c.p.Refunding -= n
		c.p.Refunded += n
		c.book(c.deal().Refund(c.a.Amount))
		if c.p.Refunded == c.p.Captured && c.p.Open() == 0 && c.p.Capturing == 0 {
			c.become(Voided)
		}
		return
	}
	c.p.Voiding -= n
	c.p.Voided += n
	c.book(c.deal().Void(c.a.Amount))
	if c.p.Captured+c.p.Capturing == 0 { // a capture that is not answered may still be one
		c.become(Voided)
	}
}

// undoesCapture says whether a void takes back money that was captured, not a
// hold.
func (a Attempt) undoesCapture(p Payment) bool {
	return p.Kind == connector.Debit || a.Original != p.ID
}

// givesBack says whether the attempt returns captured money to the payer.
func (a Attempt) givesBack(p Payment) bool {
	return a.Kind == connector.Refund || a.Kind == connector.Void && a.undoesCapture(p)
}

func (c *change) refuse(code string, at time.Time) {
	if code == "" {
		code = "declined"
	}
	c.a.State, c.a.DoneAt, c.a.Code = Refused, at, code
	n := c.a.Amount.Minor
	switch c.a.Kind {
	case connector.Capture:
		c.p.Capturing -= n
		if c.p.Details.Final == c.a.ID {
			c.p.Details.Final = ""
		}
		c.event = "payment.capture_failed"
	case connector.Refund:
		c.p.Refunding -= n
		c.event = "payment.refund_failed"
		c.book(c.deal().ReleaseRefund(c.a.Amount))
	case connector.Void:
		c.event = "payment.void_failed"
		if c.a.undoesCapture(c.p) {
			c.p.Refunding -= n
			c.book(c.deal().ReleaseRefund(c.a.Amount))
		} else {
			c.p.Voiding -= n
		}
	default:
		c.become(Failed)
		c.p.Code, c.event = code, "payment.failed"
		if c.a.Kind == connector.Credit {
			c.book(c.deal().ReleaseCredit(c.a.Amount))
		}
	}
}

// review: the attempt leaves the machine's hands. What it reserved stays
// reserved until a human has decided.
func (c *change) review(at time.Time) {
	c.a.State, c.a.DoneAt = AttemptReview, at
	c.p.State, c.event, c.check = Review, "payment.review", 0
}

// lateSuccess: we told the merchant no, then the provider says yes. Money may
// have moved, so the books show it where it can be found, and nobody's goods
// are sent for it until a human has decided.
func (c *change) lateSuccess(r connector.Result, at time.Time) {
	c.a.ProviderRef = r.Reference
	switch {
	case c.a.Kind == connector.Debit || c.a.Kind == connector.Capture:
		c.book(c.deal().Late(c.a.Amount))
	case c.a.moves(c.p): // a refund, a credit, a void that gives captured money back
		c.book(c.deal().LateOut(c.a.Amount))
	}
	c.review(at)
	c.a.State = LateSuccess // it holds no reservation: that was given back with the no
}

// returned: the bank sent the money back days after the refund or credit was
// accepted, or took a direct debit back after it had cleared.
func (c *change) returned(r connector.Result, at time.Time) {
	c.a.State, c.a.DoneAt, c.a.Code = FailedLate, at, r.Code
	if r.Provider != "" {
		c.a.ProviderCode = r.Provider
	}
	if c.a.Kind == connector.Credit {
		c.become(Failed)
		c.p.Code, c.event = r.Code, "payment.failed"
		c.book(c.deal().ReturnCredit(c.a.Amount))
		return
	}
	if c.a.Kind == connector.Debit { // what was refunded meanwhile stays refunded: the merchant bears it
		c.become(Failed)
		c.p.Details.Returned = c.a.Amount.Minor
		c.p.Code, c.event = r.Code, "payment.returned"
		c.book(c.deal().ReturnDebit(c.a.Amount))
		return
	}
	c.p.Refunded -= c.a.Amount.Minor
	c.event = "payment.refund_failed"
	if c.a.Kind == connector.Void {
		c.event = "payment.void_failed"
	}
	if c.p.State == Voided {
		c.become(Captured) // after all
	}
	c.book(c.deal().ReturnRefund(c.a.Amount))
}

// moves says whether the attempt moves money, into our books or out of them: a
// hold that is made or released moves none.
func (a Attempt) moves(p Payment) bool {
	switch a.Kind {
	case connector.Debit, connector.Capture, connector.Credit:
		return true
	}
	return a.givesBack(p)
}

// leaves says whether the attempt sends out money that a bank can send back: a
// refund, a credit, or a void through a capture, which is a refund in the
// provider's eyes. A debit that is voided before settlement never moved.
func (a Attempt) leaves(p Payment) bool {
	return a.Kind == connector.Refund || a.Kind == connector.Credit || a.Kind == connector.Void && a.Original != p.ID
}

// returnable says whether the attempt brought in money that the payer's bank can
// take back without a dispute: a direct debit.
func (a Attempt) returnable(p Payment) bool {
	return a.Kind == connector.Debit && a.ID == p.ID && p.Method == method.DirectDebit
}

// mayReturn says whether the attempt's money may turn round days later.
func (a Attempt) mayReturn(p Payment) bool { return a.leaves(p) || a.returnable(p) }

// become changes the payment's state, unless it is under review: amounts go on
// being counted there, but only a human lets it out.
func (c *change) become(s State) {
	if c.p.State != Review {
		c.p.State = s
	}
}

// first says whether the attempt is the payment's own, whose fate is the
// payment's.
func (c *change) first() bool { return c.a.ID == c.p.ID }

// verb is what events of later attempts carry before their outcome.
func (c *change) verb() string {
	if c.first() {
		return ""
	}
	return string(c.a.Kind) + "_"
}

// deal is the payment as the ledger sees it.
func (c *change) deal() ledger.Deal { return c.p.deal() }

func (p Payment) deal() ledger.Deal {
	return ledger.Deal{Object: ledger.Object{Kind: "payment", ID: p.ID}, Connector: p.Connector, Merchant: p.Merchant}
}

func (c *change) book(t ledger.Transfer) { c.transfers = append(c.transfers, t) }
