package mandate

import (
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
)

// change is what a provider's word does to a mandate. Nothing in it has happened
// yet.
type change struct {
	m     Mandate
	event string        // "" when nothing that others see has changed
	check time.Duration // look again after; 0 when settled
}

// settleAfter is how long after asking a NotFound is proof, when the connector
// does not say.
const settleAfter = time.Minute

// apply decides what the consent c means for m at the moment at. It is a pure
// function: the whole state graph is here.
func apply(m Mandate, c connector.Consent, settle time.Duration, at time.Time) change {
	out := change{m: m}
	if m.Ended() {
		return out // nobody charges an agreement that has ended, whatever is said later
	}
	if c.Reference != "" {
		out.m.ProviderRef = c.Reference
	}
	if c.Card != nil {
		out.m.Details.Card = c.Card
	}
	if c.Phone != "" {
		out.m.Details.Phone = c.Phone
	}
	switch c.State {
	case connector.Approved:
		out.become(Active)
	case connector.Suspended:
		out.become(Suspended)
	case connector.Pending:
		out.pend(c, at)
	case connector.Refused:
		out.end(Refused, c.Code)
	case connector.Revoked:
		out.end(Revoked, fault.DeclinedMandateCancelled)
	case connector.Cancelled:
		out.end(Cancelled, fault.DeclinedCancelledByMerchant)
	case connector.Lapsed:
		out.end(Expired, fault.DeclinedMandateExpired)
	case connector.NotFound:
		if m.State != Pending && m.open() && at.Sub(m.CreatedAt) >= settle {
			out.end(Refused, fault.UnavailableProvider)
			return out
		}
		out.unknown()
	default:
		out.unknown()
	}
	if out.check == 0 && out.m.open() {
		out.check = connector.NextLook(at.Sub(m.CreatedAt))
	}
	return out
}

// become makes the mandate active or suspended. Neither is possible again while
// a cancellation is under way: the answer to that says how it ends.
func (c *change) become(s State) {
	if c.m.open() { // from now on its own time counts, not the payer's to agree
		c.m.ExpiresAt = clock.FromMillis(c.m.Details.Until)
		c.m.Details.Redirect = nil
	}
	c.m.Code = ""
	if c.m.State != s {
		c.m.State, c.event = s, "mandate."+string(s)
	}
}

func (c *change) pend(r connector.Consent, at time.Time) {
	if !c.m.open() { // it stood already; a stale word
		return
	}
	c.check = time.Duration(r.CheckAfterSeconds) * time.Second
	c.m.Code = ""
	if c.m.State == Pending {
		return
	}
	c.m.State, c.event = Pending, "mandate.pending"
	c.m.Details.Redirect = r.Redirect
	if r.ExpiresAfterSeconds > 0 {
		c.m.ExpiresAt = at.Add(time.Duration(r.ExpiresAfterSeconds) * time.Second)
	}
}

func (c *change) end(s State, code string) {
	if code == "" {
		code = "declined"
	}
	if s == Refused && !c.m.open() { // what was agreed can be ended, not refused
		s = Revoked
	}
	c.m.State, c.m.Code, c.event = s, code, "mandate."+string(s)
	c.m.Details.Redirect, c.m.Details.Cancelling = nil, false
}

// unknown: no answer takes nothing back. Of a pending mandate the code tells that
// its provider does not answer.
func (c *change) unknown() {
	switch c.m.State {
	case Asking:
		c.m.State, c.event = Unknown, "mandate.unknown"
		c.check = connector.NextLook(0)
	case Pending:
		c.m.Code = fault.UnavailableProvider
	}
}
