package sim

import (
	"context"
	"encoding/json"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/webhook"
)

// receiver is a merchant's server that hears of payments.
type receiver struct {
	house    *house
	endpoint webhook.Endpoint
	secret   method.Secret
	down     bool
	bodies   map[ident.ID]string // by event, as first seen
	took     map[ident.ID]bool   // events answered 2xx
	tried    map[ident.ID]int64  // by object: the highest number that was tried
	done     map[ident.ID]int64  // by object: up to here, all were answered 2xx
}

// receive is the network between florin and its merchants' servers.
func (w *World) receive(_ context.Context, p webhook.Post) webhook.Answer {
	w.mayDie("before a delivery")
	w.interleave(60)
	var to *receiver
	for _, r := range w.receivers {
		if r.endpoint.URL == p.URL {
			to = r
		}
	}
	if to == nil {
		w.object("webhook", "a message went to %s, which nobody has set up", p.URL)
	}
	a := w.answer(to)
	if a.Err != "" && a.Err != "timeout" { // it never got there
		return a
	}
	to.read(w, p, a.OK())
	w.mayDie("after a delivery")
	w.interleave(60)
	return a
}

// answer is what the receiver does about a message.
func (w *World) answer(to *receiver) webhook.Answer {
	if w.peace() {
		return webhook.Answer{Status: 200}
	}
	luck := w.luck.faults.IntN(100)
	switch {
	case to.down && luck < 60:
		w.wrong("receiver unreachable")
		return webhook.Answer{Err: "no connection"}
	case to.down || luck < 8:
		w.wrong("receiver 500")
		return webhook.Answer{Status: 500}
	case luck < 12:
		w.wrong("receiver timeout")
		w.pass(30 * time.Second)
		return webhook.Answer{Err: "timeout"}
	case luck < 15:
		w.wrong("receiver slow")
		w.pass(time.Duration(1+w.luck.latency.IntN(180)) * time.Second)
	case luck < 17:
		w.wrong("receiver busy")
		return webhook.Answer{Status: 429, RetryAfter: "90"}
	}
	return webhook.Answer{Status: 200}
}

// read checks a message as a careful receiver does, and remembers it.
func (r *receiver) read(w *World, p webhook.Post, ok bool) {
	if !webhook.Signed(r.secret, p.Headers["X-Signature"], p.Body) {
		w.object("webhook", "a message to %s is not signed with its secret", p.URL)
	}
	var m message
	if err := json.Unmarshal(p.Body, &m); err != nil {
		w.object("webhook", "%v", err)
	}
	if s := w.byID[m.Object]; s != nil && s.house != r.house {
		w.object("isolation", "%s hears of a payment of house %d", p.URL, s.house.n)
	}
	if before, known := r.bodies[m.Event]; known && before != string(p.Body) {
		w.object("webhook", "event %s was told differently before: %s, now %s", m.Event, before, p.Body)
	}
	r.bodies[m.Event] = string(p.Body)
	w.did("delivery")
	w.say("%s hears %s %s %d: %s, answers ok %v", p.URL, m.Type, short(m.Object), m.Seq, m.State, ok)
	if r.endpoint.Ordered && m.Seq > r.tried[m.Object] {
		if m.Seq != r.done[m.Object]+1 {
			w.object("order", "%s hears of event %d of %s, and took %d last", p.URL, m.Seq, m.Object, r.done[m.Object])
		}
		r.tried[m.Object] = m.Seq
	}
	if !ok {
		return
	}
	if r.took[m.Event] {
		w.seen("delivered again")
	}
	r.took[m.Event] = true
	if m.Seq == r.done[m.Object]+1 {
		r.done[m.Object] = m.Seq
	}
}

// deliver has a process send what is due.
func (w *World) deliver(most int) (busy bool) {
	if w.claiming {
		return false
	}
	n, ctx := w.pick()
	w.claiming = true
	list, err := n.webhooks.Claim(ctx, most)
	w.claiming = false
	if err != nil && w.quiet {
		w.object("end", "deliveries cannot be claimed: %v", err)
	}
	for _, d := range list {
		err := n.webhooks.Deliver(ctx, d)
		if fault.Is(err, "conflict.lease") {
			w.seen("delivery lease lost")
		} else if err != nil && !stored(err) {
			w.object("webhook", "a delivery fails: %v", err)
		}
	}
	return len(list) > 0
}

// stored says whether an error is one of the store's, which the simulator
// causes itself.
func stored(err error) bool {
	return fault.Is(err, "unavailable.store") || fault.Is(err, "internal.unknown") || fault.Is(err, "conflict.version")
}
