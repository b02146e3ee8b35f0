package fake

import (
	"context"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// How long the payer has, in seconds.
const (
	visitSeconds = 30 * 60
	slipSeconds  = 3 * 24 * 3600
)

// Authorise takes in an authorisation, debit, verification, credit or
// authentication. The outcome follows the wish (Simulate "outcome"), the test
// card, or the amount; docs/sandbox.md has the tables.
func (p *Provider) Authorise(ctx context.Context, req connector.Request) connector.Result {
	t, ok := p.fault(Op{req.Attempt, req.Account, req.Kind, req.Amount, req.At}, req.Simulate["fault"], ownFault(req))
	if !ok || badAttempt(req.Attempt) {
		return foul()
	}
	return p.pass(ctx, req.Kind, t, func(w *writing) connector.Result {
		p.observe(w, req.Account, req.At)
		if c, ok := w.find(req.Account, req.Attempt); ok && !forgotten(c, req.At) {
			return p.result(c)
		}
		c := p.take(w, req, t)
		w.add(&c)
		w.pushed(c)
		p.announce(w, c, t)
		return p.result(c)
	})
}

// ownFault is the fault that the card number or the amount brings along.
func ownFault(req connector.Request) Fault {
	if req.Method != method.Card || req.Card == nil {
		return ""
	}
	number := req.Card.Number.Reveal()
	if f, ok := faultCards[number]; ok {
		return f
	}
	if f := issuerCards[number].Fault; f != "" {
		return f
	}
	if _, ok := cards[number]; !ok && req.Amount.Minor%100 == downCents && req.Kind != connector.Authenticate {
		return ProviderDown
	}
	return ""
}

// forgotten says whether the idempotency key of a charge ran out.
func forgotten(c charge, at time.Time) bool {
	return millis(at)-c.At >= int64(windows[c.Method])*1000
}

// take makes the charge of a request.
func (p *Provider) take(w *writing, req connector.Request, t Trouble) charge {
	c := charge{Root: -1, Attempt: req.Attempt, Account: req.Account, Kind: req.Kind, Method: req.Method, Brand: req.Brand,
		Currency: req.Amount.Currency, At: millis(req.At), Fault: t.name()}
	if req.Card != nil {
		if n := req.Card.Number.Reveal(); len(n) >= 12 {
			c.BIN, c.Last4 = n[:6], n[len(n)-4:]
		}
	}
	if req.Bank != nil {
		c.BIN, c.Last4 = req.Bank.BankCode, req.Bank.Last4()
	}
	if !p.count(&c, req.Amount, t) {
		return c
	}
	v := p.judge(w, req)
	c.Auth, c.Risk, c.Visit = v.auth, v.risk, v.visit
	if t.Fault == LateSuccess && t.strikes(req.Kind) && v.state == connector.Approved {
		c.become(connector.Refused, timedOut)
		c.Due, c.Turn = c.At+t.ms(), turn{State: connector.Approved}
		return c
	}
	c.become(v.state, v.code)
	if v.seconds > 0 {
		c.Due, c.Turn = c.At+int64(v.seconds)*1000, v.turn
	}
	c.plan(t, c.At)
	return c
}

// count writes the amount in the books' own unit, or refuses the charge.
func (p *Provider) count(c *charge, a money.Amount, t Trouble) bool {
	if t.strikes(c.Kind) {
		switch {
		case t.Fault == OtherAmount && a.Minor > 1:
			a.Minor--
		case t.Fault == PartialCapture && a.Minor > 1:
			a.Minor /= 2
		}
	}
	n, ok := c.unit().count(a)
	c.Amount = n
	free := c.Kind == connector.Verify || c.Kind == connector.Authenticate
	switch {
	case !ok && !countable(c):
		c.become(connector.Refused, badCurrency)
	case !ok || n < 0 || n == 0 && !free:
		c.become(connector.Refused, badAmount)
	default:
		return true
	}
	return false
}

// countable says whether the books can count the currency at all.
func countable(c *charge) bool {
	_, ok := c.unit().count(money.Of(1, c.Currency))
	return ok
}

// plan sets what a fault makes of an approved charge later.
func (c *charge) plan(t Trouble, at int64) {
	if !t.strikes(c.Kind) || c.State != connector.Approved {
		return
	}
	switch t.Fault {
	case ChargebackLater:
		c.Due, c.Turn = at+t.ms(), turn{Kind: Chargeback}
	case RefundFailsLater:
		c.Due, c.Turn = at+t.ms(), turn{State: connector.Refused, Code: refundReturned}
	case DishonourLater:
		if c.debit() {
			c.Due, c.Turn = at+t.ms(), turn{State: connector.Refused, Code: noCover}
		}
	case RefundFailsAtLast:
		c.State = connector.Pending
		c.Due, c.Turn = at+t.ms(), turn{State: connector.Refused, Code: refundReturned}
	}
}

// result is what the provider says about a charge.
func (p *Provider) result(c charge) connector.Result {
	r := connector.Result{State: c.State, Code: c.Code, Reference: c.reference(), Amount: c.money(c.Amount), Provider: answerCode(c),
		ThreeDS: threeDS(c)}
	if c.Risk && c.State == connector.Approved {
		r.Risk = "review"
	}
	r.AuthCode, r.SchemeRef = marks(c)
	if c.State != connector.Pending {
		return r
	}
	r.CheckAfterSeconds = 5
	if c.Root < 0 {
		r.ExpiresAfterSeconds = visitSeconds
	}
	if c.Visit != nil && c.Visit.Page != "" && c.Visit.Page != pageTerminal {
		r.Redirect = p.redirect(c)
		r.CheckAfterSeconds = 60
	}
	switch {
	case c.Root >= 0:
		r.CheckAfterSeconds = 3600
	case c.Method == method.Terminal:
		r.ExpiresAfterSeconds, r.CheckAfterSeconds = terminalSeconds, 5
	case c.Method == method.DirectDebit:
		r.ExpiresAfterSeconds, r.CheckAfterSeconds = debitSeconds, 6*3600
	case c.Method == method.BankTransfer:
		r.ExpiresAfterSeconds, r.CheckAfterSeconds = transferSeconds, 6*3600
		r.Payee = payee(c)
	case c.Visit != nil && c.Visit.Page == pageSlip:
		r.ExpiresAfterSeconds, r.CheckAfterSeconds = slipSeconds, 6*3600
		r.Details = map[string]string{"slip": slipNumber(c)}
	}
	return r
}

// marks are what an issuer and a scheme give an approved card payment.
func marks(c charge) (authCode, schemeRef string) {
	if c.Method != method.Card || c.State != connector.Approved || c.Root >= 0 || c.Kind == connector.Authenticate {
		return "", ""
	}
	return derive("auth", c)[:6], "TB" + strings.ToUpper(derive("scheme", c)[:13])
}

// answerCode is the provider's own word for support.
func answerCode(c charge) string {
	if c.Reason != "" {
		return c.Reason
	}
	if i := strings.LastIndexByte(c.Code, '.'); c.State == connector.Refused {
		return "TB-" + c.Code[i+1:]
	}
	return "TB-" + string(c.State)
}
