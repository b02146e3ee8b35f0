package checkout

import (
	"context"
	"sync"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

const key = "8C0D5B1E77F24A36A9C4E2D10B3F6A95.node01"

// till is a small Desk with one session that behaves as the core's does: one
// effect per attempt, states that follow from payments.
type till struct {
	mu      sync.Mutex
	session Session
	forms   []PayForm // one for each effect
	posts   int       // forms that arrived
	bank    string    // address of the bank for cards that end in 0042, and for wallets
	method  string
	slow    time.Duration
}

func newTill() *till {
	return &till{method: "POST", session: Session{
		Key: key, Merchant: "Fjell & Hav", Amount: money.Of(124900, "NOK"), Reference: "order-99017", Brands: []string{"PAYPAL", "VISA", "MASTER", "AMEX"},
		State: Open, Attempt: "1", TestMode: true, OfferKeep: true, Now: today, ExpiresAt: today.Add(30 * time.Minute),
	}}
}

func (d *till) desk() Desk {
	return Desk{
		Find: func(_ context.Context, k string) (Session, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			if k != key {
				return Session{}, fault.New("not_found.session", "no session %s", k)
			}
			return d.session, nil
		},
		Pay:    func(_ context.Context, _ string, f PayForm) (Outcome, error) { return d.pay(f) },
		Cancel: func(context.Context, string) (string, error) { return d.session.ReturnURL, nil },
	}
}

func (d *till) pay(f PayForm) (Outcome, error) {
	d.mu.Lock()
	d.posts++
	d.mu.Unlock()
	time.Sleep(d.slow)
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &d.session
	if s.State != Open || f.Attempt != s.Attempt {
		switch {
		case s.State == Paying:
			return Outcome{Step: Go}, nil
		case s.State == Open:
			return Outcome{Step: Again}, nil
		}
		return Outcome{Step: Done}, nil
	}
	number := f.Number.Reveal()
	if len(number) > 0 && number[0] == '6' {
		return Outcome{Problems: []Problem{NumberBrand}}, nil
	}
	d.forms = append(d.forms, f)
	switch {
	case number == "4012001037461114":
		s.Failure, s.Attempt = "declined.authentication_failed", s.Attempt+"1"
		return Outcome{Step: Again}, nil
	case f.Brand != "" || number == "4200000000000042":
		s.State = Paying
		s.Resume = &connector.Redirect{URL: d.bank, Method: d.method, Parameters: []connector.Parameter{{Name: "creq", Value: `"><b>`}}}
		return Outcome{Step: Go}, nil
	}
	s.State, s.PaidAt, s.PaidWith = Paid, today, "VISA"
	if f.Stored == "" {
		s.PaidLast4 = number[len(number)-4:]
	}
	return Outcome{Step: Done}, nil
}
