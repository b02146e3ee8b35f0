package sim

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/core/webhook"
	"github.com/florinpay/florin/store"
)

// node is a process: everything that is gone when it dies. It is wired as app
// wires it.
type node struct {
	access    *access.Service
	merchants *merchant.Service
	payments  *payment.Service
	checkouts *checkout.Service
	webhooks  *webhook.Service
	jobs      *job.Queue
}

func (w *World) newNode() *node {
	quiet := slog.New(slog.DiscardHandler)
	events := &event.Log{}
	safe := &vault.Service{DB: w.db, Keys: w.keys, Log: events}
	n := &node{
		access:    &access.Service{DB: w.db, Pepper: []byte("pepper"), Random: w.luck.load, Clock: w.clock},
		merchants: &merchant.Service{DB: w.db, Clock: w.clock},
		jobs:      &job.Queue{DB: w.db, Clock: w.clock, Log: quiet},
		webhooks: &webhook.Service{DB: w.db, Vault: safe, Events: events, Clock: w.clock, Random: w.luck.load,
			Sender: webhook.NewSenderTo(webhook.Guard{}, w.receive)},
	}
	n.payments = &payment.Service{DB: w.db, Events: events, Vault: safe, Log: quiet, Environment: n.access.Environment,
		Connectors: map[string]connector.Connector{"fake": &wire{w: w, Provider: w.provider}},
		ReturnURL:  func(_, payment ident.ID) string { return "https://pay.example/back/" + string(payment) }}
	n.checkouts = &checkout.Service{DB: w.db, Access: n.access, Payments: n.payments, Merchants: n.merchants, Random: w.luck.load, Node: "sim"}
	n.payments.Register(n.jobs, w.clock)
	events.Listen(n.checkouts.OnEvent)
	events.Listen(func(tx *store.Tx, e event.Event) error { return n.tell(tx, e) })
	return n
}

// message is what receivers hear of a payment.
type message struct {
	Event  ident.ID      `json:"event"`
	Object ident.ID      `json:"object"`
	Seq    int64         `json:"seq"`
	Type   string        `json:"type"`
	State  payment.State `json:"state"`
}

// tell owes an event about a payment to those who want to hear of it.
func (n *node) tell(tx *store.Tx, e event.Event) error {
	out, ok := e.Subject.(payment.Outcome)
	if !ok {
		return nil
	}
	return n.webhooks.Fan(tx, e, func(string) (webhook.Message, error) {
		body, err := json.Marshal(message{e.ID, e.Object, e.Seq, e.Type, out.Payment.State})
		return webhook.Message{Body: body, Type: "PAYMENT", Action: "UPDATED"}, err
	})
}

// pick chooses who does something, so that wishes meet different processes.
func (w *World) pick() (*node, context.Context) { return w.node(), w.ctx }
