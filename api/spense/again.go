package spense

import (
	"net/http"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/idempotency"
)

// keyed says whether the operation heeds Idempotency-Key (sheet, 2.4).
func (o Operation) keyed() bool { return o.Name == "create_payment" || o.Name == "refund_payment" }

// once serves the operation. Under an Idempotency-Key the answer is kept for a
// day, and a repeat gets it again; what was refused changed nothing and may be
// said again, and otherwise.
func (s *Surface) once(w http.ResponseWriter, c *call) (any, error) {
	if !c.op.keyed() {
		return c.op.serve(s, c)
	}
	key, err := wire.KeyOf(c.r)
	if err != nil {
		return nil, errKey
	}
	if key == "" {
		return c.op.serve(s, c)
	}
	out, err := s.Answers.Once(c.r, c.actor.Realm, s.wish(c, key), func() (wire.Reply, error) {
		out, err := c.op.serve(s, c)
		return wire.Reply{Status: http.StatusOK, Body: out}, err
	}, func(err error) bool {
		_, ours := explain(err)
		return ours || isInvalid(err)
	})
	if out.Replayed {
		w.Header().Set("Idempotent-Replay", "true")
	}
	return out.Body, err
}

func isInvalid(err error) bool {
	_, ok := err.(invalid)
	return ok
}

// wish names the request: the client's key within the organisation, and all
// that was asked for.
func (s *Surface) wish(c *call, key string) idempotency.Key {
	return s.Answers.Wish(string(c.owner.ID), key, c.op.Name, c.r.URL.Path, string(c.raw))
}

// key is the request's wish, for the core: so a repeat after a crash finds what
// the first made.
func (s *Surface) key(c *call) idempotency.Key {
	k := idempotency.Key{Surface: Contract}
	if header := c.r.Header.Get("Idempotency-Key"); header != "" && c.op.keyed() {
		w := s.wish(c, header)
		k.Key, k.Fingerprint = c.op.Name+"/"+w.Key, w.Fingerprint
	}
	return k
}
