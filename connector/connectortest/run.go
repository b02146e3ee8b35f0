package connectortest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
)

// Run runs the suite. fresh makes a connector on books of its own.
func Run(t *testing.T, fresh func(t *testing.T) (connector.Connector, Kit)) {
	for _, part := range []struct {
		name string
		test func(*testing.T, *suite)
	}{
		{"spec", spec}, {"one effect per attempt", once}, {"one effect of racing repeats", races}, {"operations once", operationsOnce},
		{"never seen", neverSeen}, {"lost answer", lostAnswer}, {"lost request", lostRequest}, {"deadline", deadline},
		{"no patience at all", impatient}, {"window", window}, {"other accounts", foreign}, {"capture", captures}, {"refund", refunds},
		{"void", voids}, {"cancel", cancels}, {"agreements", agreements}, {"lost agreement", lostAgreement}, {"terminals", terminals}, {"racing operations", racing}, {"exponents", exponents}, {"notices", notices}, {"forged notices", forged},
		{"secrets", secrets},
	} {
		t.Run(part.name, func(t *testing.T) {
			c, kit := fresh(t)
			part.test(t, &suite{c, kit, ident.NewSource([5]byte{'s', 'u', 'i', 't', 'e'}, 0)})
		})
	}
}

func spec(t *testing.T, s *suite) {
	got := s.Spec()
	if got.Name == "" || len(got.Methods) == 0 {
		t.Errorf("the spec has no name or no method: %+v", got)
	}
	if settle := time.Duration(got.SettleSeconds) * time.Second; got.WindowSeconds <= 0 || settle <= connector.Patience {
		t.Errorf("window %d s, settle %d s; both have to be known, and a request may leave for %v", got.WindowSeconds, got.SettleSeconds, connector.Patience)
	}
	for i, last := 0, 0; i < len(got.ReturnSeconds); i++ {
		if got.ReturnSeconds[i] <= last {
			t.Errorf("money comes back after %v s; the ages have to grow", got.ReturnSeconds)
		}
		last = got.ReturnSeconds[i]
	}
	for _, o := range got.Options {
		if o.Name == "" || o.Help == "" {
			t.Errorf("an option without name or help: %+v", o)
		}
	}
}

func once(t *testing.T, s *suite) {
	for _, kind := range s.Kinds {
		req := s.request(kind, eur(1050))
		first := s.Authorise(context.Background(), req)
		again := s.Authorise(context.Background(), req)
		if first.State != again.State || first.Reference != again.Reference || first.Amount != again.Amount || first.AuthCode != again.AuthCode {
			t.Errorf("%s: the repeat says %+v, the first said %+v", kind, again, first)
		}
		s.once(t, req.Attempt, first.State)
		if first.State == connector.Pending && s.Accept != nil {
			done := s.accept(t, req, first)
			again = s.Authorise(context.Background(), req)
			if done.State != connector.Approved || again.State != connector.Approved {
				t.Errorf("%s: after the payer's yes: %s, repeated: %s", kind, done.State, again.State)
			}
			s.once(t, req.Attempt, connector.Approved)
		}
	}
}

func races(t *testing.T, s *suite) {
	req := s.request(s.Kinds[0], eur(1050))
	results := make([]connector.Result, 20)
	together(len(results), func(i int) { results[i] = s.Authorise(context.Background(), req) })
	for _, r := range results {
		if r.Reference != results[0].Reference {
			t.Errorf("references %q and %q for one attempt", r.Reference, results[0].Reference)
		}
	}
	s.once(t, req.Attempt, results[0].State)
}

func together(n int, do func(i int)) {
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range n {
		done.Go(func() {
			start.Wait()
			do(i)
		})
	}
	start.Done()
	done.Wait()
}

// operationsOnce repeats each operation under its own attempt.
func operationsOnce(t *testing.T, s *suite) {
	for _, kind := range s.Kinds {
		req := s.request(kind, eur(1000))
		paid := s.pay(t, req)
		if c, ok := s.Connector.(connector.Capturer); ok && kind == connector.Authorise {
			s.twice(t, c.Capture, s.operation(req, paid, eur(600)), yes)
		}
		if c, ok := s.Connector.(connector.Refunder); ok {
			s.twice(t, c.Refund, s.operation(req, paid, eur(100)), s.refunded())
		}
		if c, ok := s.Connector.(connector.Voider); ok && kind == connector.Authorise {
			rest := int64(400)
			if _, ok := s.Connector.(connector.Capturer); !ok {
				rest = 1000
			} else if s.LostOperation != nil {
				rest-- // twice has captured one cent more
			}
			s.twice(t, c.Void, s.operation(req, paid, eur(rest)), yes)
		}
	}
}

func (s *suite) twice(t *testing.T, do func(context.Context, connector.Operation) connector.Result, op connector.Operation, want connector.State) {
	t.Helper()
	first, again := do(context.Background(), op), do(context.Background(), op)
	if first.State != want || again.State != first.State || again.Reference != first.Reference {
		t.Errorf("the operation says %+v, repeated %+v", first, again)
	}
	s.once(t, op.Attempt, want)
	if s.LostOperation == nil {
		return
	}
	op = s.LostOperation(op)
	op.Attempt, op.Amount = s.id(), eur(1)
	lost := do(context.Background(), op)
	if lost.State != connector.Unknown {
		t.Errorf("without an answer the operation is %s, want unknown", lost.State)
	}
	told := s.Lookup(context.Background(), connector.Question{Attempt: op.Attempt, Account: op.Account, At: op.At})
	if lines := s.lines(t, op.Attempt); len(lines) != 1 || lines[0].State != told.State {
		t.Errorf("Lookup says %s, the books %+v", told.State, lines)
	}
}

func neverSeen(t *testing.T, s *suite) {
	req := s.request(s.Kinds[0], eur(1050))
	if r := s.look(req); r.State != connector.NotFound {
		t.Errorf("an attempt that was never sent is %s, want not_found", r.State)
	}
	if lines := s.lines(t, req.Attempt); len(lines) != 0 {
		t.Errorf("a Lookup wrote to the books: %+v", lines)
	}
}

func lostAnswer(t *testing.T, s *suite) {
	if s.Lost == nil {
		t.Skip("the test system loses no answers")
	}
	clean := s.request(s.Kinds[0], eur(1050))
	r := s.Authorise(context.Background(), s.Lost(clean))
	if r.State != connector.Unknown {
		t.Fatalf("without an answer it is %s, want unknown", r.State)
	}
	told := s.look(clean)
	s.once(t, clean.Attempt, told.State)
	if told.State != connector.Approved && told.State != connector.Pending || told.Reference == "" {
		t.Errorf("Lookup says %+v of what took place", told)
	}
	if again := s.Authorise(context.Background(), clean); again.State != told.State || again.Reference != told.Reference {
		t.Errorf("sent again it is %+v, Lookup said %+v", again, told)
	}
	s.once(t, clean.Attempt, told.State)
}

func lostRequest(t *testing.T, s *suite) {
	if s.Vanished == nil {
		t.Skip("the test system loses no requests")
	}
	clean := s.request(s.Kinds[0], eur(1050))
	if r := s.Authorise(context.Background(), s.Vanished(clean)); r.State != connector.Unknown {
		t.Fatalf("without an answer it is %s, want unknown", r.State)
	}
	if r := s.look(clean); r.State != connector.NotFound {
		t.Errorf("Lookup says %s of what never arrived, want not_found", r.State)
	}
	s.pay(t, clean) // the same key is good for another try
	s.once(t, clean.Attempt, connector.Approved)
}

func deadline(t *testing.T, s *suite) {
	if s.Slow == nil {
		t.Skip("the test system is never slow")
	}
	req := s.request(s.Kinds[0], eur(1050))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if r := s.Authorise(ctx, s.Slow(req)); r.State != connector.Unknown {
		t.Fatalf("after the deadline it is %s, want unknown", r.State)
	}
	told := s.look(req)
	lines := s.lines(t, req.Attempt)
	if told.State == connector.NotFound && len(lines) == 0 {
		return
	}
	if len(lines) != 1 || lines[0].State != told.State {
		t.Errorf("Lookup says %s, the books %+v", told.State, lines)
	}
}

// impatient asks with a context that is over: whatever the answer, it must not
// be a refusal of something that took place.
func impatient(t *testing.T, s *suite) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	req := s.request(s.Kinds[0], eur(1050))
	r := s.Authorise(ctx, req)
	told := s.look(req)
	if r.State != connector.Unknown && !(r.State == connector.Refused && told.State == connector.NotFound) {
		t.Errorf("without patience it is %s and Lookup says %s", r.State, told.State)
	}
}

func window(t *testing.T, s *suite) {
	length := time.Duration(s.Spec().WindowSeconds) * time.Second
	req := s.request(s.Kinds[0], eur(1050))
	first := s.pay(t, req)
	late := req
	late.At = s.At.Add(length - time.Second)
	if r := s.Authorise(context.Background(), late); r.State != first.State || r.Reference != first.Reference {
		t.Errorf("a second before the window ends the repeat says %+v, want %+v", r, first)
	}
	s.once(t, req.Attempt, first.State)
	late.At = s.At.Add(length + time.Second)
	if r := s.look(late); r.State != first.State || r.Reference != first.Reference {
		t.Errorf("after the window Lookup says %+v, want %+v", r, first)
	}
	s.once(t, req.Attempt, first.State)
	if !s.Forgets {
		return
	}
	s.Authorise(context.Background(), late)
	if n := len(s.lines(t, req.Attempt)); n != 2 {
		t.Errorf("%d effects after a repeat beyond the window, want 2: this test system promises to forget", n)
	}
}

// foreign asks and operates under another merchant's account.
func foreign(t *testing.T, s *suite) {
	req := s.request(s.Kinds[0], eur(1050))
	paid := s.pay(t, req)
	other := req
	other.Account += "x"
	if r := s.look(other); r.State != connector.NotFound {
		t.Errorf("another account hears %s of the attempt, want not_found", r.State)
	}
	if c, ok := s.Connector.(connector.Refunder); ok {
		op := s.operation(other, paid, eur(50))
		if r := c.Refund(context.Background(), op); r.State != connector.Refused {
			t.Errorf("a refund by another account is %s, want refused", r.State)
		}
	}
	s.once(t, req.Attempt, paid.State)
}
