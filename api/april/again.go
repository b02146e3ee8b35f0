package april

import (
	"encoding/json"
	"net/http"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
)

// once runs the operation. Under an Idempotency-Key (sheet, 6.9) the answer is
// kept for a day, and a repeat gets it again: what succeeded, and what the
// issuer declined. What was refused otherwise changed nothing and is
// forgotten; after an error of ours the key is free once its lease has run out.
func (s *Surface) once(c *call) (wire.Reply, error) {
	serve := func() (wire.Reply, error) {
		out, err := c.op.serve(s, c)
		return wire.Reply{Status: http.StatusOK, Body: out}, err
	}
	if c.op.Method == http.MethodGet || c.op.Method == http.MethodDelete {
		return serve()
	}
	key, err := wire.KeyOf(c.r)
	if err != nil {
		return wire.Reply{}, err
	}
	if key == "" {
		return serve()
	}
	wish, err := s.wish(c, key)
	if err != nil {
		return wire.Reply{}, err
	}
	return s.Answers.Once(c.r, c.actor.Realm, wish, func() (wire.Reply, error) {
		out, err := serve()
		if fault.Is(err, fault.Declined) {
			f := describe(err, tracer(c.r))
			return wire.Reply{Status: f.StatusCode, Body: f}, nil
		}
		return out, err
	}, func(err error) bool { return failureOf(err).status < http.StatusInternalServerError })
}

// wish names the request: the client's key within whoever is acted for, and
// all that was asked for.
func (s *Surface) wish(c *call, key string) (k idempotency.Key, err error) {
	body, err := json.Marshal(c.body.members) // its names in order, its numbers as they were written
	if err != nil {
		return k, fault.Wrap(err, "the body cannot be written again")
	}
	scope := string(c.actor.Key)
	switch {
	case c.order != "":
		scope = string(c.order)
	case c.customer != "":
		scope = string(c.customer)
	case c.acts != nil:
		scope = string(c.acts.ID)
	case c.market != "":
		scope = string(c.market)
	}
	return s.Answers.Wish(scope, key, c.op.Method, c.op.Path, c.id, string(body), c.r.Header.Get("Customer-Id"), c.r.Header.Get("Customer-Delegate-User-Id")), nil
}
