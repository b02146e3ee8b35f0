package payment_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/payment"
)

// stumble is the test provider behind a wire that can be cut: before sends, or
// after the provider has done its work. A nil hook lets everything through.
type stumble struct {
	*fake.Provider
	mu            sync.Mutex
	before, after func()
}

func (s *stumble) set(before, after func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

func (s *stumble) through(question func() connector.Result) connector.Result {
	s.mu.Lock()
	before, after := s.before, s.after
	s.mu.Unlock()
	if before != nil {
		before()
	}
	r := question()
	if after != nil {
		after()
	}
	return r
}

func (s *stumble) Authorise(ctx context.Context, req connector.Request) connector.Result {
	return s.through(func() connector.Result { return s.Provider.Authorise(ctx, req) })
}

func (s *stumble) Capture(ctx context.Context, op connector.Operation) connector.Result {
	return s.through(func() connector.Result { return s.Provider.Capture(ctx, op) })
}

func (s *stumble) Refund(ctx context.Context, op connector.Operation) connector.Result {
	return s.through(func() connector.Result { return s.Provider.Refund(ctx, op) })
}

func (s *stumble) Void(ctx context.Context, op connector.Operation) connector.Result {
	return s.through(func() connector.Result { return s.Provider.Void(ctx, op) })
}

// die ends the passage where it stands, as a process that is killed does:
// nothing after it runs, the panic handlers find nothing.
func die() { runtime.Goexit() }

// crash runs a passage that dies in between.
func crash(fn func()) {
	var gone sync.WaitGroup
	gone.Go(fn)
	gone.Wait()
}

// stumbling puts a stumble between the world's service and its provider.
func (w *world) stumbling() *stumble {
	s := &stumble{Provider: w.provider}
	w.payments.Connectors["fake"] = s
	return s
}

// passages are the operations whose passage may be cut, each with the state
// that its payment comes to when it takes place, and when it does not.
var passages = []struct {
	kind     connector.Kind
	done     string // how the payment stands when the provider did it
	undone   string // and when it never heard of it
	provider string // the line in its books
}{
	{connector.Authorise, "authorised", "failed", "authorise approved 10000"},
	{connector.Debit, "captured, captured 100.00", "failed", "debit approved 10000"},
	{connector.Verify, "verified", "failed", "verify approved 0"},
	{connector.Credit, "credited", "failed", "credit approved 10000"},
	{connector.Capture, "captured, captured 40.00", "authorised", "capture approved 4000"},
	{connector.Refund, "captured, captured 100.00, refunded 30.00", "captured, captured 100.00", "refund approved 3000"},
	{connector.Void, "voided, voided 100.00", "authorised", "void approved 10000"},
}

// ask asks for kind under a key, on a payment made before unless kind makes one.
func (w *world) ask(kind connector.Kind, on ident.ID, k string) (payment.Outcome, error) {
	switch kind {
	case connector.Capture:
		return operate(w.payments, w.house, kind, payment.Operation{Payment: on, Amount: eur(4000), Idempotency: key(k)})
	case connector.Refund:
		return operate(w.payments, w.house, kind, payment.Operation{Payment: on, Amount: eur(3000), Idempotency: key(k)})
	case connector.Void:
		return operate(w.payments, w.house, kind, payment.Operation{Payment: on, Idempotency: key(k)})
	}
	o := w.order(kind, 10000)
	o.Idempotency = key(k)
	return w.payments.Pay(context.Background(), w.actor, o)
}

// ground makes the payment that kind operates on, "" if it makes its own.
func (w *world) ground(kind connector.Kind) ident.ID {
	switch kind {
	case connector.Capture, connector.Void:
		return w.paid(connector.Authorise, 10000).Payment.ID
	case connector.Refund:
		return w.paid(connector.Debit, 10000).Payment.ID
	}
	return ""
}

// A process that dies after the intent, or after the provider's answer, leaves
// an attempt that is found, asked about and settled; whoever repeats the wish
// meanwhile hears that it is not known yet, and nothing is done twice.
func TestAPassageThatDiesIsSettledLater(t *testing.T) {
	each(t, func(w *world) {
		s := w.stumbling()
		for _, tt := range passages {
			for _, reached := range []bool{false, true} {
				s.set(nil, nil)
				name := fmt.Sprintf("%s, reached %v", tt.kind, reached)
				on := w.ground(tt.kind)
				if reached {
					s.set(nil, die)
				} else {
					s.set(die, nil)
				}
				crash(func() {
					_, _ = w.ask(tt.kind, on, name)
					w.t.Errorf("%s: it did not die", name)
				})
				s.set(nil, nil)
				out, err := w.ask(tt.kind, on, name) // the client, who heard nothing, asks again
				if err != nil || !out.Replayed || out.Attempt.State != payment.Sent {
					w.t.Errorf("%s: the repeat heard %s, replayed %v", name, told(out, err), out.Replayed)
				}
				w.recover()
				if out, err = w.ask(tt.kind, on, name); err != nil || out.Attempt.State != payment.AttemptUnknown {
					w.t.Errorf("%s: after the recovery, the repeat heard %s", name, told(out, err))
				}
				w.recover() // once more changes nothing
				w.pass(5*time.Second, nil)
				w.pass(time.Minute, nil)
				out, err = w.ask(tt.kind, on, name)
				want, line := tt.undone, ""
				if reached {
					want, line = tt.done, tt.provider
				}
				if got := standing(out.Payment); err != nil || got != want {
					w.t.Errorf("%s: got %s (%v), want %s", name, got, err, want)
				}
				if got := strings.Count(strings.Join(w.lines(out.Payment.ID), "\n"), string(tt.kind)+" "); reached && got != 1 || !reached && got != 0 {
					w.t.Errorf("%s: the provider's books have %d lines of it, want %q", name, got, line)
				}
				w.types(out.Payment.ID)
			}
		}
		w.sound()
	})
}

// An attempt that is found long after its process died is looked up at once:
// pauses grow between questions, and nobody has asked yet.
func TestAnOldOrphanIsLookedUpSoon(t *testing.T) {
	each(t, func(w *world) {
		s := w.stumbling()
		s.set(nil, die)
		crash(func() { _, _ = w.ask(connector.Debit, "", "orphan") })
		s.set(nil, nil)
		w.pass(10*time.Minute, nil)
		w.recover()
		w.pass(5*time.Second, nil)
		if out, err := w.ask(connector.Debit, "", "orphan"); err != nil || standing(out.Payment) != "captured, captured 100.00" {
			w.t.Errorf("got %s, %v; want captured", standing(out.Payment), err)
		}
		w.sound()
	})
}

// A connector that panics has not said no.
func TestAConnectorThatPanicsLeavesTheAttemptUnknown(t *testing.T) {
	each(t, func(w *world) {
		s := w.stumbling()
		var log bytes.Buffer
		w.payments.Log = slog.New(slog.NewJSONHandler(&log, nil))
		o := w.order(connector.Debit, 10000)
		s.set(nil, func() { panic(*o.Card) })
		out := w.pay(o)
		if !strings.Contains(log.String(), "connector panicked") || strings.Contains(log.String(), o.Card.Number.Reveal()) {
			w.t.Errorf("the log tells too little or too much: %s", &log)
		}
		if out.Payment.State != payment.Unknown {
			w.t.Errorf("got %s, want unknown", out.Payment.State)
		}
		s.set(nil, nil)
		w.pass(5*time.Second, nil)
		if got := w.get(out.Payment.ID).State; got != payment.Captured {
			w.t.Errorf("got %s, want captured", got)
		}
		w.sound()
	})
}

// The caller's hanging up cancels nothing once the intent is written; before
// it, nothing has happened.
func TestHangingUpCancelsNothing(t *testing.T) {
	each(t, func(w *world) {
		s := w.stumbling()
		ctx, hangUp := context.WithCancel(context.Background())
		s.set(hangUp, nil)
		out, err := w.payments.Pay(ctx, w.actor, w.order(connector.Debit, 10000))
		if err != nil || out.Payment.State != payment.Captured {
			w.t.Errorf("got %s (%v), want captured", out.Payment.State, err)
		}
		if _, err := w.payments.Pay(ctx, w.actor, w.order(connector.Debit, 10000)); err == nil {
			w.t.Error("a payment was made for somebody who had gone")
		}
		w.one(out.Payment.ID, "debit approved 10000")
		w.sound()
	})
}

// A provider that takes longer than we wait has not said no either, and its
// answer, when it comes, comes too late to be heard.
func TestPatienceEnds(t *testing.T) {
	each(t, func(w *world) {
		s := w.stumbling()
		w.payments.Patience = time.Millisecond
		s.set(func() { time.Sleep(5 * time.Millisecond) }, nil)
		out := w.paid(connector.Debit, 10000)
		if out.Payment.State != payment.Unknown {
			w.t.Errorf("got %s, want unknown", out.Payment.State)
		}
		s.set(nil, nil)
		w.payments.Patience = 0
		w.pass(time.Minute, nil)
		if got := w.get(out.Payment.ID); got.State != payment.Failed || got.Code != "unavailable.provider" {
			w.t.Errorf("got %s (%s), want failed: the provider never saw it", got.State, got.Code)
		}
		w.sound()
	})
}

// Recovery while the passage is alive: the answer is judged like any other.
func TestRecoveryOfALivingPassageDoesNoHarm(t *testing.T) {
	each(t, func(w *world) {
		s := w.stumbling()
		for _, tt := range passages {
			s.set(nil, nil)
			on := w.ground(tt.kind)
			s.set(w.recover, w.recover)
			out, err := w.ask(tt.kind, on, "alive "+string(tt.kind))
			if got := standing(out.Payment); err != nil || got != tt.done {
				w.t.Errorf("%s: got %s (%v), want %s", tt.kind, got, err, tt.done)
			}
			s.set(nil, nil)
			w.pass(time.Minute, nil)
			if got := standing(w.get(out.Payment.ID)); got != tt.done {
				w.t.Errorf("%s: a minute later got %s, want %s", tt.kind, got, tt.done)
			}
		}
		w.sound()
	})
}

// While an attempt is unknown its money stays reserved, and no second one is
// let in on the same money.
func TestWhatIsUnknownStaysReserved(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Authorise, 10000).Payment
		w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(8000), Simulate: map[string]string{"fault": "lost_answer"}})
		if _, err := operate(w.payments, w.house, connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(2001)}); fault.Code(err) != "conflict.capture.exceeds" {
			w.t.Errorf("got %v, want conflict.capture.exceeds", err)
		}
		w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(2000)})
		w.pass(time.Minute, nil)
		if got := standing(w.get(p.ID)); got != "captured, captured 100.00" {
			w.t.Errorf("got %s", got)
		}
		w.must(connector.Refund, payment.Operation{Payment: p.ID, Amount: eur(9000), Simulate: map[string]string{"fault": "lost_request"}})
		if _, err := operate(w.payments, w.house, connector.Refund, payment.Operation{Payment: p.ID, Amount: eur(1001)}); fault.Code(err) != "conflict.refund.exceeds" {
			w.t.Errorf("got %v, want conflict.refund.exceeds", err)
		}
		w.pass(5*time.Second, nil)
		w.pass(time.Minute, nil)
		w.must(connector.Refund, payment.Operation{Payment: p.ID, Amount: eur(10000)})
		w.sound()
	})
}

// The hold runs out: what was not captured is released, once, and an answer on
// its way comes first.
func TestAHoldRunsOut(t *testing.T) {
	each(t, func(w *world) {
		whole := w.paid(connector.Authorise, 10000).Payment
		part := w.paid(connector.Authorise, 10000).Payment
		w.must(connector.Capture, payment.Operation{Payment: part.ID, Amount: eur(4000)})
		w.pass(7*24*time.Hour-time.Minute, nil)
		late := w.paid(connector.Authorise, 10000).Payment
		if got := w.get(whole.ID).State; got != payment.Authorised {
			w.t.Errorf("a minute before: got %s", got)
		}
		w.pass(2*time.Minute, nil)
		for id, want := range map[ident.ID]string{whole.ID: "expired, voided 100.00", part.ID: "captured, captured 40.00, voided 60.00", late.ID: "authorised"} {
			if got := standing(w.get(id)); got != want {
				w.t.Errorf("got %s, want %s", got, want)
			}
		}
		if _, err := operate(w.payments, w.house, connector.Capture, payment.Operation{Payment: whole.ID, Amount: eur(1)}); fault.Code(err) != "conflict.capture.exceeds" {
			w.t.Errorf("capture of what expired: got %v", err)
		}
		w.sound()
	})
}

// A process that starts finds at once what one that was killed left unanswered,
// if nobody else can be asking; beside other processes, once it is old enough.
func TestAStartFindsWhatWasLeftUnanswered(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		s := w.stumbling()
		s.set(nil, die)
		crash(func() { _, _ = w.ask(connector.Debit, "", "left") })
		s.set(nil, nil)
		state := func() payment.AttemptState {
			out, err := w.ask(connector.Debit, "", "left")
			if err != nil || !out.Replayed {
				w.t.Fatalf("got %s, replayed %t", told(out, err), out.Replayed)
			}
			return out.Attempt.State
		}
		w.wall.Add(time.Second)
		want := payment.Sent
		if w.db.Alone() {
			want = payment.AttemptUnknown
		}
		if err := w.payments.Orphans().Resume(ctx, w.wall.Now()); err != nil || state() != want {
			w.t.Errorf("after a second: got %s (%v), want %s", state(), err, want)
		}
		w.wall.Add(30 * time.Second)
		if err := w.payments.Orphans().Resume(ctx, w.wall.Now()); err != nil || state() != payment.AttemptUnknown {
			w.t.Errorf("after half a minute: got %s (%v), want unknown", state(), err)
		}
		w.pass(time.Minute, nil)
		if got := state(); got != payment.Approved {
			w.t.Errorf("got %s in the end, want approved", got)
		}
		w.sound()
	})
}
