package payment_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/payment"
)

// The history of one payment that twenty clients work on, held against a model
// in which one thing happens at a time. A capture is two things, in this order
// and both while the client waits: it reserves, after which nobody else can
// have the money, and it is booked, after which it can be refunded.

type wish struct {
	n      int // which client; a reservation and its booking share it
	act    string
	amount int64
}

// modelled is the model's state: minor units, and which captures are reserved.
type modelled struct {
	open, refundable int64
	reserved         uint64
}

func step(state, input, output any) (bool, any) {
	s, in, ok := state.(modelled), input.(wish), output.(bool)
	bit := uint64(1) << in.n
	switch in.act {
	case "reserve":
		if !ok { // refused: there was less than that
			return in.amount > s.open, s
		}
		s.open -= in.amount
		s.reserved |= bit
		return s.open >= 0, s
	case "book":
		s.refundable += in.amount
		return s.reserved&bit != 0, s
	case "refund":
		if !ok {
			return in.amount > s.refundable, s
		}
		s.refundable -= in.amount
		return s.refundable >= 0, s
	case "void": // takes all that is open
		if !ok {
			return s.open == 0, s
		}
		taken := s.open
		s.open = 0
		return taken > 0, s
	}
	return false, s
}

var onePayment = porcupine.Model{
	Init: func() any { return modelled{open: 10000} },
	Step: step,
	DescribeOperation: func(input, output any) string {
		in := input.(wish)
		return fmt.Sprintf("%d %s %d: %v", in.n, in.act, in.amount, output)
	},
}

// clients is how many ask, at most hands of them at a time: the search for an
// order grows with every one that overlaps.
const clients, hands = 20, 6

func TestAPaymentsHistoryIsLinear(t *testing.T) {
	each(t, func(w *world) {
		for seed := range uint64(15) {
			history := w.history(rand.New(rand.NewPCG(seed, 1)))
			if got := porcupine.CheckOperationsTimeout(onePayment, history, 20*time.Second); got != porcupine.Ok {
				w.t.Errorf("seed %d: no order of these explains the answers (%s)", seed, got)
				for _, op := range history {
					w.t.Logf("%6d to %6d: %s", op.Call/1000, op.Return/1000, onePayment.DescribeOperation(op.Input, op.Output))
				}
			}
		}
		w.sound()
	})
}

// history lets the clients loose on a new payment and writes down what each
// asked, when, and what it heard.
func (w *world) history(chance *rand.Rand) (list []porcupine.Operation) {
	p := w.paid(connector.Authorise, 10000).Payment
	wishes := make([]wish, clients)
	for i := range wishes {
		act := []string{"reserve", "reserve", "reserve", "refund", "refund", "void"}[chance.IntN(6)]
		if act == "void" && i%3 != 0 { // a void ends most of the game
			act = "reserve"
		}
		wishes[i] = wish{n: i, act: act, amount: 100 * (1 + chance.Int64N(20))}
	}
	start := time.Now()
	var mu sync.Mutex
	free := make(chan struct{}, hands)
	together(clients, func(i int) {
		in := wishes[i]
		kind := map[string]connector.Kind{"reserve": connector.Capture, "refund": connector.Refund, "void": connector.Void}[in.act]
		op := payment.Operation{Payment: p.ID, Amount: eur(in.amount)}
		if in.act == "void" {
			op.Amount.Minor, op.Amount.Currency = 0, ""
		}
		free <- struct{}{}
		defer func() { <-free }()
		call := time.Since(start).Nanoseconds()
		_, err := operate(w.payments, w.house, kind, op)
		back := time.Since(start).Nanoseconds()
		if err != nil && !fault.Is(err, fault.Conflict) {
			w.t.Errorf("%s: %v", in.act, err)
		}
		mu.Lock()
		defer mu.Unlock()
		list = append(list, porcupine.Operation{ClientId: i, Input: in, Call: call, Output: err == nil, Return: back})
		if in.act == "reserve" && err == nil {
			list = append(list, porcupine.Operation{ClientId: clients + i, Input: wish{in.n, "book", in.amount}, Call: call, Output: true, Return: back})
		}
	})
	return list
}

// The check can fail: a history in which more was captured than was held, and
// one that refunds before there was anything to refund.
func TestTheModelRefusesWhatCannotBe(t *testing.T) {
	for name, history := range map[string][]porcupine.Operation{
		"two captures of all": {
			{ClientId: 0, Input: wish{0, "reserve", 10000}, Call: 0, Output: true, Return: 5},
			{ClientId: 1, Input: wish{1, "reserve", 10000}, Call: 1, Output: true, Return: 6},
		},
		"a refund before the capture": {
			{ClientId: 0, Input: wish{0, "refund", 100}, Call: 0, Output: true, Return: 1},
			{ClientId: 1, Input: wish{1, "reserve", 100}, Call: 2, Output: true, Return: 3},
			{ClientId: 2, Input: wish{1, "book", 100}, Call: 2, Output: true, Return: 3},
		},
		"a refusal without a reason": {{ClientId: 0, Input: wish{0, "reserve", 100}, Call: 0, Output: false, Return: 1}},
	} {
		if porcupine.CheckOperations(onePayment, history) {
			t.Errorf("%s: the model finds nothing wrong with it", name)
		}
	}
}
