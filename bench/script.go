package bench

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// script sends one request (or one story) and says whether it went well.
type script func(w *worker) (ok bool, problem string)

// scripts are the scenarios, and echo, which florin does not answer.
var scripts = map[string]script{"debit": debit, "authorise+capture": capture, "refund": refund, "inquiry": inquiry, "reference": reference, "mixed": mixed,
	"orders": orders, echoing: echo}

// reading are the scenarios that need something to read.
var reading = []string{"inquiry", "reference", "mixed"}

const lessons = 20 // payments that each worker knows of, to read them

func scriptOf(name string) (script, error) {
	if s := scripts[name]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("there is no scenario %q: one of %v", name, Scenarios)
}

const card = "&card.number=4200000000000000&card.holder=Nora+Lind&card.expiryMonth=08&card.expiryYear=2032&card.cvv=321"

func debit(w *worker) (bool, string) {
	_, ok, problem := w.pay("DB", w.nextEntity())
	return ok, problem
}

func (w *worker) pay(kind, entity string) (id string, ok bool, problem string) {
	return w.post("/v3/payments", "entityId="+entity+"&amount=92.00&currency=EUR&paymentType="+kind+"&merchantTransactionId="+w.number()+card)
}

func capture(w *worker) (bool, string) {
	entity := w.nextEntity()
	id, ok, problem := w.pay("PA", entity)
	if ok {
		_, ok, problem = w.post("/v3/payments/"+id, "entityId="+entity+"&amount=92.00&currency=EUR&paymentType=CP")
	}
	return ok, problem
}

func refund(w *worker) (bool, string) {
	entity := w.nextEntity()
	id, ok, problem := w.pay("DB", entity)
	if ok {
		_, ok, problem = w.post("/v3/payments/"+id, "entityId="+entity+"&amount=10.00&currency=EUR&paymentType=RF")
	}
	return ok, problem
}

// inquiry reads one of the payments that the worker has learnt of.
func inquiry(w *worker) (bool, string) {
	w.turns++
	status, body, err := w.ask("GET", "/v3/payments/"+w.memory[w.turns%len(w.memory)], "")
	return judge(status, body, err)
}

// learn adds to the worker's memory: a payment that was there before, or else
// a new one.
func (w *worker) learn() (ok bool, problem string) {
	if w.target.Preloaded > 0 {
		status, body, err := w.ask("GET", w.query(), "")
		ok, problem = judge(status, body, err)
		_, after, found := bytes.Cut(body, idField)
		if ok && found && len(after) > idLength {
			w.memory = append(w.memory, string(after[:idLength])+"?entityId="+w.asked)
		}
		return ok, problem
	}
	entity := w.nextEntity()
	id, ok, problem := w.pay("DB", entity)
	if ok {
		w.memory = append(w.memory, id+"?entityId="+entity)
		w.known = append(w.known, "/v3/query?entityId="+entity+"&merchantTransactionId="+w.last)
	}
	return ok, problem
}

// prepare has the worker learn before anything is measured.
func (w *worker) prepare() error {
	for len(w.memory) < lessons {
		if ok, problem := w.learn(); !ok {
			return errors.New(problem)
		}
	}
	return nil
}

// reference reads a payment by the merchant's own reference: any of those that
// were there before, or one of the worker's own.
func reference(w *worker) (bool, string) {
	path := ""
	if w.target.Preloaded > 0 {
		path = w.query()
	} else {
		w.turns++
		path = w.known[w.turns%len(w.known)]
	}
	status, body, err := w.ask("GET", path, "")
	return judge(status, body, err)
}

// query asks for one of the payments that were there before.
func (w *worker) query() string {
	n := rand.Int64N(w.target.Preloaded)
	w.asked = w.target.Entities[n%int64(len(w.target.Entities))]
	return "/v3/query?entityId=" + w.asked + "&merchantTransactionId=" + preloadReference(n)
}

// mixed is what a shop does in a day, in tenths.
func mixed(w *worker) (bool, string) {
	w.turns++
	switch w.turns % 10 {
	case 0, 1, 2, 3:
		return debit(w)
	case 4:
		return capture(w)
	case 5:
		return refund(w)
	}
	return inquiry(w)
}

var idField = []byte(`{"id":"`)

const idLength = 32

func (w *worker) post(path, form string) (id string, ok bool, problem string) {
	status, body, err := w.ask("POST", path, form)
	ok, problem = judge(status, body, err)
	if rest, found := bytes.CutPrefix(body, idField); found && len(rest) > idLength {
		id = string(rest[:idLength])
	}
	return id, ok, problem
}

func judge(status int, body []byte, err error) (bool, string) {
	switch {
	case err != nil:
		return false, err.Error()
	case status != 200:
		return false, fmt.Sprintf("%d %s", status, slices.Clone(body[:min(len(body), 200)]))
	}
	return true, ""
}
