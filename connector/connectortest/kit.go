package connectortest

import (
	"context"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// Line is one operation in the provider's books.
type Line struct {
	Attempt  ident.ID
	Kind     connector.Kind
	State    connector.State
	Amount   string // as the books write it, in their own unit
	Currency money.Currency
}

// Notice is a callback as it arrives.
type Notice struct {
	Headers map[string]string
	Body    []byte
}

// Kit is what the suite needs to know about a connector's test system.
type Kit struct {
	At    time.Time        // the moment at which the suite starts
	Kinds []connector.Kind // of Authorise and Debit, those that the method under test can do

	// Request makes a request that succeeds; the suite sets Attempt and At.
	Request func(kind connector.Kind, amount money.Amount) connector.Request
	// Accept is the payer saying yes to a pending result. nil when answers are
	// final at once.
	Accept func(t *testing.T, req connector.Request, r connector.Result, at time.Time)
	// SlowRefunds: a refund that goes through is pending first, as banks have it.
	SlowRefunds bool
	// Late makes it too late to withdraw a pending request that Accept would
	// settle, leaves it pending, and says what time it is then. nil skips.
	Late func(t *testing.T, req connector.Request, at time.Time) time.Time
	// Books lists the provider's own books.
	Books func(t *testing.T) []Line
	// Written is how the books write an amount: one of no decimals (JPY), one
	// of two (EUR) and, if the provider has one, one of three (KWD).
	Written map[money.Amount]string

	// Lost makes the answer get lost after the effect, Vanished the request
	// before it, and Slow the answer come after any patience. nil skips.
	Lost, Vanished, Slow func(connector.Request) connector.Request
	// LostOperation is Lost for captures, refunds and voids.
	LostOperation func(connector.Operation) connector.Operation
	// Forgets says that the test system forgets a key after the window, so that
	// a repeat has a second effect.
	Forgets bool
	// Notices settles a payment and returns its callbacks, authentic and fresh
	// at the moment at. nil when there are none.
	Notices func(t *testing.T, req connector.Request, at time.Time) []Notice

	// Terms makes terms that a payer would agree to, without a maximum; the suite
	// sets Mandate and At. nil when there are no agreements.
	Terms func() connector.Terms
	// Consent is the payer's yes to pending terms.
	Consent func(t *testing.T, terms connector.Terms, at time.Time)
	// LostTerms makes the answer get lost after the effect. nil skips.
	LostTerms func(connector.Terms) connector.Terms

	// Terminal is the name of a terminal that Request pushes to. "" when there is
	// none.
	Terminal string

	// Secrets must never be printed: keys of the connector, the card's number
	// and security code.
	Secrets []string
}

// suite is one connector under test.
type suite struct {
	connector.Connector
	Kit
	ids *ident.Source
}

func (s *suite) id() ident.ID { return s.ids.New(s.At) }

func (s *suite) request(kind connector.Kind, a money.Amount) connector.Request {
	req := s.Request(kind, a)
	req.Attempt, req.Kind, req.Amount, req.At = s.id(), kind, a, s.At
	return req
}

// pay sends a request and brings it to its end, with the payer's yes.
func (s *suite) pay(t *testing.T, req connector.Request) connector.Result {
	t.Helper()
	r := s.Authorise(context.Background(), req)
	if r.State == connector.Pending && s.Accept != nil {
		r = s.accept(t, req, r)
	}
	if r.State != connector.Approved {
		t.Fatalf("%s of %v is %s (%s, %s), want approved", req.Kind, req.Amount, r.State, r.Code, r.Provider)
	}
	return r
}

func (s *suite) accept(t *testing.T, req connector.Request, r connector.Result) connector.Result {
	t.Helper()
	s.Accept(t, req, r, req.At)
	return s.look(req)
}

func (s *suite) look(req connector.Request) connector.Result {
	return s.Lookup(context.Background(), connector.Question{Attempt: req.Attempt, Kind: req.Kind, Account: req.Account, At: req.At})
}

// operation refers to a request that was answered with r.
func (s *suite) operation(req connector.Request, r connector.Result, a money.Amount) connector.Operation {
	return connector.Operation{Attempt: s.id(), Original: req.Attempt, Reference: r.Reference, Account: req.Account, Amount: a, At: s.At}
}

// lines are those of the books that belong to an attempt.
func (s *suite) lines(t *testing.T, attempt ident.ID) (out []Line) {
	t.Helper()
	for _, l := range s.Books(t) {
		if l.Attempt == attempt {
			out = append(out, l)
		}
	}
	return out
}

// once checks that an attempt is in the books exactly once, with the state.
func (s *suite) once(t *testing.T, attempt ident.ID, state connector.State) {
	t.Helper()
	lines := s.lines(t, attempt)
	if len(lines) != 1 || lines[0].State != state {
		t.Errorf("the books say %+v of the attempt, want it once, %s", lines, state)
	}
}

// refunded is what is said at once of a refund that goes through.
func (s *suite) refunded() connector.State {
	if s.SlowRefunds {
		return connector.Pending
	}
	return connector.Approved
}

func (s *suite) has(kind connector.Kind) bool {
	for _, k := range s.Kinds {
		if k == kind {
			return true
		}
	}
	return false
}

func eur(minor int64) money.Amount { return money.Of(minor, "EUR") }
