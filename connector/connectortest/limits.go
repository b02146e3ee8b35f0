package connectortest

import (
	"context"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/money"
)

type step struct {
	name string
	do   func(context.Context, connector.Operation) connector.Result
	last bool
	n    money.Amount
	want connector.State
}

// steps runs operations on one payment of 10.00 and checks each answer.
func (s *suite) steps(t *testing.T, kind connector.Kind, list []step) {
	t.Helper()
	req := s.request(kind, eur(1000))
	paid := s.pay(t, req)
	for i, st := range list {
		op := s.operation(req, paid, st.n)
		op.Final = st.last
		r := st.do(context.Background(), op)
		if r.State != st.want {
			t.Errorf("step %d, %s of %v: %s (%s), want %s", i+1, st.name, st.n, r.State, r.Code, st.want)
		}
		if r.State == connector.Refused && r.Code == "" {
			t.Errorf("step %d, %s: refused without a code", i+1, st.name)
		}
		if r.State == connector.Approved && r.Amount != st.n && r.Amount != (money.Amount{}) {
			t.Errorf("step %d, %s of %v: the provider handled %v", i+1, st.name, st.n, r.Amount)
		}
		s.once(t, op.Attempt, st.want)
	}
}

const (
	yes = connector.Approved
	no  = connector.Refused
)

func captures(t *testing.T, s *suite) {
	c, ok := s.Connector.(connector.Capturer)
	if !ok || !s.has(connector.Authorise) {
		t.Skip("nothing can be captured")
	}
	take := func(n int64, want connector.State) step { return step{"capture", c.Capture, false, eur(n), want} }
	s.steps(t, connector.Authorise, []step{take(1001, no), take(1000, yes), take(1, no)})
	s.steps(t, connector.Authorise, []step{take(0, no), take(-5, no), take(300, yes), take(701, no), take(700, yes), take(1, no)})
	s.steps(t, connector.Authorise, []step{{"final capture", c.Capture, true, eur(400), yes}, take(1, no)})
	s.steps(t, connector.Authorise, []step{{"capture", c.Capture, false, money.Of(500, "SEK"), no}, take(1000, yes)})
	if s.has(connector.Debit) {
		s.steps(t, connector.Debit, []step{take(1, no)})
	}
	op := connector.Operation{Attempt: s.id(), Original: s.id(), Account: s.request(s.Kinds[0], eur(1)).Account, Amount: eur(1), At: s.At}
	if r := c.Capture(context.Background(), op); r.State != no {
		t.Errorf("a capture of nothing is %s, want refused", r.State)
	}
}

func refunds(t *testing.T, s *suite) {
	c, ok := s.Connector.(connector.Refunder)
	if !ok {
		t.Skip("nothing can be refunded")
	}
	back := func(n int64, want connector.State) step {
		if want == yes {
			want = s.refunded()
		}
		return step{"refund", c.Refund, false, eur(n), want}
	}
	if s.has(connector.Debit) {
		s.steps(t, connector.Debit, []step{back(1001, no), back(400, yes), back(601, no), back(0, no), back(-1, no), back(600, yes), back(1, no)})
		s.steps(t, connector.Debit, []step{{"refund", c.Refund, false, money.Of(500, "SEK"), no}, back(1000, yes)})
	}
	if take, ok := s.Connector.(connector.Capturer); ok && s.has(connector.Authorise) {
		s.steps(t, connector.Authorise, []step{back(1, no), {"capture", take.Capture, false, eur(500), yes}, back(501, no), back(500, yes), back(1, no)})
	}
}

func voids(t *testing.T, s *suite) {
	c, ok := s.Connector.(connector.Voider)
	take, can := s.Connector.(connector.Capturer)
	if !ok || !can || !s.has(connector.Authorise) {
		t.Skip("no hold can be released")
	}
	free := func(n int64, want connector.State) step { return step{"void", c.Void, false, eur(n), want} }
	capture := func(n int64, want connector.State) step { return step{"capture", take.Capture, false, eur(n), want} }
	s.steps(t, connector.Authorise, []step{free(1001, no), free(1000, yes), free(1000, no), capture(1, no)})
	s.steps(t, connector.Authorise, []step{capture(300, yes), free(701, no), free(700, yes), capture(1, no)})
	s.steps(t, connector.Authorise, []step{capture(1000, yes), free(1, no)})
}

// racing lets operations that together are too much run at once.
func racing(t *testing.T, s *suite) {
	var do func(context.Context, connector.Operation) connector.Result
	kind, taken := connector.Authorise, yes
	if c, ok := s.Connector.(connector.Capturer); ok && s.has(connector.Authorise) {
		do = c.Capture
	} else if r, ok := s.Connector.(connector.Refunder); ok {
		do, kind, taken = r.Refund, connector.Debit, s.refunded()
	} else {
		t.Skip("no operation to race with")
	}
	req := s.request(kind, eur(1000))
	paid := s.pay(t, req)
	results := make([]connector.Result, 20)
	ops := make([]connector.Operation, len(results))
	for i := range ops {
		ops[i] = s.operation(req, paid, eur(300))
	}
	together(len(results), func(i int) { results[i] = do(context.Background(), ops[i]) })
	through := 0
	for i, r := range results {
		if r.State == taken {
			through++
		}
		s.once(t, ops[i].Attempt, r.State)
	}
	if through != 3 {
		t.Errorf("%d of 20 operations on 3.00 each went through on 10.00, want 3", through)
	}
}

// exponents follows amounts of no, two and three decimals into the books.
func exponents(t *testing.T, s *suite) {
	if len(s.Written) < 2 {
		t.Fatal("the kit has to say how the books write at least two amounts")
	}
	for a, want := range s.Written {
		kind := s.Kinds[len(s.Kinds)-1]
		req := s.request(kind, a)
		paid := s.pay(t, req)
		lines := s.lines(t, req.Attempt)
		if len(lines) != 1 || lines[0].Amount != want || lines[0].Currency != a.Currency {
			t.Errorf("%v is %+v in the books, want %q", a, lines, want)
		}
		if paid.Amount != a {
			t.Errorf("the provider says it handled %v, want %v", paid.Amount, a)
		}
		if told := s.look(req); told.Amount != a {
			t.Errorf("Lookup says %v, want %v", told.Amount, a)
		}
		if c, ok := s.Connector.(connector.Refunder); ok && kind == connector.Debit {
			op := s.operation(req, paid, a)
			if r := c.Refund(context.Background(), op); r.State != s.refunded() || r.Amount != a {
				t.Errorf("the refund of %v says %s, %v", a, r.State, r.Amount)
			}
			if lines := s.lines(t, op.Attempt); len(lines) != 1 || lines[0].Amount != want {
				t.Errorf("the refund of %v is %+v in the books, want %q", a, lines, want)
			}
		}
	}
}
