package payment_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
)

var update = flag.Bool("update", false, "write the golden files anew")

// trial is one fault that strikes one operation, in a realm of its own.
type trial struct {
	house
	fault  fake.Trouble
	kind   connector.Kind
	waits  bool // the payment is pending at first and approved after five seconds
	out    payment.Outcome
	err    error
	heard  []string // what came of the provider's callbacks
	states []string // attempt's states as time passed
}

// later are the moments after the operation at which a trial is looked at.
var later = []time.Duration{5 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 5 * time.Hour, 20 * time.Hour, 30 * time.Hour}

// TestFaults plays every fault of the provider's catalogue against every
// operation that it strikes, lets two days pass and writes down what became of
// it: testdata/faults.txt is the whole behaviour under faults on one page.
// Whatever it says, three things hold: nothing is left open unless a human has
// been asked, the books add up, and they agree with the provider's own.
func TestFaults(t *testing.T) {
	const file = "testdata/faults.txt"
	each(t, func(w *world) {
		trials := w.trials()
		var houses []house
		for _, x := range trials {
			houses = append(houses, x.house)
		}
		for _, d := range later {
			w.pass(d, func(cb fake.Callback, err error) {
				for _, x := range trials {
					x.hear(cb, err)
				}
			}, houses...)
			for _, x := range trials {
				x.look(w)
			}
		}
		var text strings.Builder
		text.WriteString(preface)
		for _, x := range trials {
			text.WriteString(x.tell(w))
		}
		if *update && !w.t.Failed() {
			if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
				w.t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			w.t.Fatal(err)
		}
		if text.String() != string(want) {
			w.t.Errorf("%s differs: run with -update and read the change\n%s", file, firstDifference(text.String(), string(want)))
		}
	})
}

const preface = `# What becomes of an operation when the test provider misbehaves.
# Made by TestFaults; -update writes it anew. Each block is one fault against one
# operation on a payment of 100.00 EUR (captures 40.00, refunds 30.00). A pending
# one is approved by the payer's bank after five seconds.
#
#   answer    what the caller heard: the payment's state, the attempt's
#   later     the attempt's state as two days pass, each change with its time
#   callbacks what came of each callback of the provider
#   payment   the payment in the end
#   events    all events about it, in order
#   books     our ledger in the end; an account that never moved has no line
#   provider  the provider's own lines about it
#   agree     whether both books tell the same, or a human has been asked
`

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	block := ""
	for i := range max(len(g), len(w)) {
		a, b := at(g, i), at(w, i)
		if strings.HasPrefix(a, "== ") {
			block = a
		}
		if a != b {
			return fmt.Sprintf("%s\ngot  %s\nwant %s", block, a, b)
		}
	}
	return ""
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// trials starts one trial for each fault and operation.
func (w *world) trials() (all []*trial) {
	w.t.Helper()
	home := w.house
	for _, trouble := range fake.Catalogue {
		for _, x := range (trial{fault: trouble, kind: connector.Debit, waits: true}).kinds() {
			x.house = w.settle(x.name(), merchant.Settings{})
			w.house = x.house
			all = append(all, x)
			w.waiting = func() { // a callback may come before the answer
				w.letters(func(cb fake.Callback, err error) {
					if cb.Account == x.account() {
						x.heard = append(x.heard, said(err)+" before the answer")
					}
				})
			}
			x.start(w)
			w.waiting = nil
			w.letters(x.hear)
		}
	}
	w.house = home
	return all
}

// kinds are the operations that x's fault strikes. A callback matters most to
// those who wait for one.
func (x trial) kinds() (all []*trial) {
	for _, kind := range x.fault.On {
		all = append(all, &trial{fault: x.fault, kind: kind})
	}
	if strings.HasPrefix(string(x.fault.Fault), "callback_") {
		all = append(all, &x)
	}
	return all
}

func (x *trial) name() string {
	if x.waits {
		return fmt.Sprintf("%s on pending %s", x.fault.Fault, x.kind)
	}
	return fmt.Sprintf("%s on %s", x.fault.Fault, x.kind)
}

func (x *trial) start(w *world) {
	wish := map[string]string{"fault": string(x.fault.Fault)}
	switch x.kind {
	case connector.Capture, connector.Void:
		p := w.paid(connector.Authorise, 10000).Payment
		op := payment.Operation{Payment: p.ID, Simulate: wish}
		if x.kind == connector.Capture {
			op.Amount = eur(4000)
		}
		x.out, x.err = operate(w.payments, x.house, x.kind, op)
	case connector.Refund:
		p := w.paid(connector.Debit, 10000).Payment
		x.out, x.err = operate(w.payments, x.house, x.kind, payment.Operation{Payment: p.ID, Amount: eur(3000), Simulate: wish})
	default:
		o := x.order(x.kind, 10000)
		o.Simulate = wish
		if x.waits {
			o.Amount, o.Card.Number = eur(10020), method.Conceal("4111111111111111")
		}
		x.out, x.err = w.payments.Pay(w.t.Context(), x.actor, o)
	}
	x.states = append(x.states, string(x.out.Attempt.State))
}

// hear writes down what came of a callback about this trial.
func (x *trial) hear(cb fake.Callback, err error) {
	if cb.Account == x.account() {
		x.heard = append(x.heard, said(err))
	}
}

// attempt reads the attempt under trial as it is now.
func (x *trial) attempt(w *world) payment.Attempt {
	w.house = x.house
	for _, a := range w.attempts(x.out.Payment.ID) {
		if a.ID == x.out.Attempt.ID {
			return a
		}
	}
	w.t.Fatalf("%s on %s: its attempt is gone", x.fault.Fault, x.kind)
	return payment.Attempt{}
}

func (x *trial) look(w *world) {
	at := w.now
	state := string(x.attempt(w).State)
	last, _, _ := strings.Cut(x.states[len(x.states)-1], " ")
	if state != last {
		x.states = append(x.states, fmt.Sprintf("%s within %s", state, short(at().Sub(w.wall.Now()))))
	}
}

func short(d time.Duration) string {
	text := d.Round(time.Second).String()
	text = strings.TrimSuffix(text, "0s")
	if strings.HasSuffix(text, "m") || text == "" {
		text = strings.TrimSuffix(strings.TrimSuffix(text, "0m"), "h0m")
		return text
	}
	return d.Round(time.Second).String()
}

// tell writes the trial's block and checks what holds for all of them.
func (x *trial) tell(w *world) string {
	w.house = x.house
	p := w.get(x.out.Payment.ID)
	a := x.attempt(w)
	name := x.name()
	if x.err != nil {
		w.t.Errorf("%s: the caller heard %v", name, x.err)
	}
	agree := "yes"
	if p.State == payment.Review {
		agree = "a human is asked"
		list, err := w.payments.InReview(w.t.Context(), x.realm.ID)
		if err != nil || len(list) != 1 {
			w.t.Errorf("%s: the list of reviews holds %d (%v)", name, len(list), err)
		}
	} else if !p.Final() || slices.Contains([]payment.AttemptState{payment.Sent, payment.AttemptPending, payment.AttemptUnknown}, a.State) {
		w.t.Errorf("%s: still open after two days: payment %s, attempt %s", name, p.State, a.State)
	}
	for _, wrong := range w.wrong(x.house) {
		w.t.Errorf("%s: %s", name, wrong)
		agree = "NO"
	}
	var b strings.Builder
	line := func(word, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-9s %s\n", word, text)
		}
	}
	fmt.Fprintf(&b, "\n== %s\n", name)
	line("answer", fmt.Sprintf("%s, attempt %s%s", x.out.Payment.State, x.out.Attempt.State, code(x.out.Attempt.Code)))
	line("later", strings.Join(x.states[1:], ", "))
	line("callbacks", strings.Join(x.heard, ", "))
	line("payment", standing(p)+code(a.Code))
	line("events", w.types(p.ID))
	for _, s := range w.standings(x.house) {
		who, _, _ := strings.Cut(string(s.Account), "/")
		line("books", fmt.Sprintf("%-8s pending %s posted %s", who, major(s.Pending.Minor), major(s.Posted.Minor)))
	}
	for _, entry := range w.lines(p.ID) {
		line("provider", entry)
	}
	line("agree", agree)
	return b.String()
}

func standing(p payment.Payment) string {
	s := string(p.State)
	for _, sum := range []struct {
		name string
		n    int64
	}{{"captured", p.Captured}, {"capturing", p.Capturing}, {"refunded", p.Refunded}, {"refunding", p.Refunding}, {"voided", p.Voided},
		{"voiding", p.Voiding}, {"disputed", p.Disputed}} {
		if sum.n != 0 {
			s += ", " + sum.name + " " + major(sum.n)
		}
	}
	return s
}

func major(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

func code(c string) string {
	if c == "" {
		return ""
	}
	return " (" + c + ")"
}

func said(err error) string {
	if err == nil {
		return "taken"
	}
	return fault.Code(err)
}

// The catalogue's cards bring the same faults as the wishes do.
func TestFaultCardsBringTheirFault(t *testing.T) {
	each(t, func(w *world) {
		for _, trouble := range fake.Catalogue {
			if !slices.Contains(trouble.On, connector.Debit) {
				continue
			}
			byWish := w.order(connector.Debit, 10000)
			byWish.Simulate = map[string]string{"fault": string(trouble.Fault)}
			byCard := w.order(connector.Debit, 10000)
			byCard.Card.Number = method.Conceal(trouble.Number())
			a, b := w.pay(byWish), w.pay(byCard)
			if a.Payment.State != b.Payment.State || a.Attempt.Code != b.Attempt.Code {
				w.t.Errorf("%s: the wish led to %s, the card to %s", trouble.Fault, a.Payment.State, b.Payment.State)
			}
		}
	})
}
