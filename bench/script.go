package bench

import (
	"bytes"
	"fmt"
	"slices"
)

// script sends one request (or one story) and says whether it went well.
type script func(w *worker) (ok bool, problem string)

func scriptOf(name string) (script, error) {
	all := map[string]script{"debit": debit, "authorise+capture": capture, "refund": refund, "inquiry": inquiry, "mixed": mixed}
	if s := all[name]; s != nil {
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
	return w.post("/v3/payments", "entityId="+entity+"&amount=92.00&currency=EUR&paymentType="+kind+"&merchantTransactionId="+w.number()+"-ref"+card)
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

// inquiry reads one of the worker's own payments; the first hundred turns make
// them.
func inquiry(w *worker) (bool, string) {
	if len(w.memory) < 100 {
		entity := w.nextEntity()
		id, ok, problem := w.pay("DB", entity)
		if ok {
			w.memory = append(w.memory, id+"?entityId="+entity)
		}
		return ok, problem
	}
	w.turns++
	status, body, err := w.ask("GET", "/v3/payments/"+w.memory[w.turns%len(w.memory)], "")
	return judge(status, body, err)
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

func (w *worker) post(path, form string) (id string, ok bool, problem string) {
	status, body, err := w.ask("POST", path, form)
	ok, problem = judge(status, body, err)
	if rest, found := bytes.CutPrefix(body, idField); found && len(rest) > 32 {
		id = string(rest[:32])
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
