package connectortest

import (
	"context"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
)

// cancels withdraws what is pending, what was paid, and what is too late.
func cancels(t *testing.T, s *suite) {
	c, ok := s.Connector.(connector.Canceller)
	if !ok {
		t.Skip("nothing can be withdrawn")
	}
	ask := func(req connector.Request) connector.Result {
		return c.Cancel(context.Background(), connector.Question{Attempt: req.Attempt, Kind: req.Kind, Account: req.Account, At: req.At})
	}
	fresh := func() (connector.Request, connector.Result) {
		req := s.request(s.Kinds[len(s.Kinds)-1], eur(1050))
		return req, s.Authorise(context.Background(), req)
	}
	never := s.request(s.Kinds[0], eur(1050))
	if r := ask(never); r.State != connector.NotFound || len(s.lines(t, never.Attempt)) != 0 {
		t.Errorf("what was never sent is %s once withdrawn, want not_found and no line in the books", r.State)
	}
	req, first := fresh()
	if first.State != connector.Pending {
		if r := ask(req); r.State != first.State {
			t.Errorf("what is settled, %s, is %s once withdrawn", first.State, r.State)
		}
		return
	}
	other := req
	other.Account += "x"
	if r := ask(other); r.State != connector.NotFound {
		t.Errorf("another account's withdrawal hears %s, want not_found", r.State)
	}
	for range 2 {
		if r := ask(req); r.State != connector.Refused || r.Code != fault.DeclinedCancelledByMerchant || r.Reference != first.Reference {
			t.Errorf("withdrawn it is %s %s, reference %q; want refused, cancelled by the merchant", r.State, r.Code, r.Reference)
		}
	}
	if r := s.look(req); r.State != connector.Refused {
		t.Errorf("Lookup says %s of what was withdrawn", r.State)
	}
	s.once(t, req.Attempt, connector.Refused)
	if s.Accept != nil {
		req, first = fresh()
		s.accept(t, req, first)
		if r := ask(req); r.State != connector.Approved {
			t.Errorf("what was paid is %s once withdrawn, want approved", r.State)
		}
		s.once(t, req.Attempt, connector.Approved)
	}
	if s.Late != nil {
		req, _ = fresh()
		req.At = s.Late(t, req, req.At)
		if r := ask(req); r.State != connector.Pending {
			t.Errorf("too late, it is %s once withdrawn, want pending", r.State)
		}
		s.once(t, req.Attempt, connector.Pending)
	}
}
