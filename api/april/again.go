package april

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// keyForm is the form of the header Idempotency-Key (sheet, 6.9).
var keyForm = regexp.MustCompile(`^[ -~]{1,255}$`)

// sealed is what kept answers are sealed for.
const sealed = "april answer"

// once runs the operation. Under an Idempotency-Key (sheet, 6.9) the answer is
// kept for a day, and a repeat gets it again: what succeeded, and what the
// issuer declined. What was refused otherwise changed nothing and is
// forgotten; after an error of ours the key is free once its lease has run out.
func (s *Surface) once(c *call) (reply, error) {
	values := c.r.Header.Values("Idempotency-Key")
	if len(values) == 0 || c.op.Method == http.MethodGet || c.op.Method == http.MethodDelete {
		out, err := c.op.serve(s, c)
		return reply{status: http.StatusOK, body: out}, err
	}
	if len(values) > 1 || !keyForm.MatchString(values[0]) {
		return reply{}, fault.At("invalid.header", "Idempotency-Key", "must be sent once and have 1 to 255 printable ASCII characters")
	}
	kept, err := s.begin(c, values[0])
	if err != nil {
		return reply{}, err
	}
	if kept.Status != 0 {
		return s.again(c, kept)
	}
	// From here on the caller's hanging up does not keep the answer from being kept.
	ctx := context.WithoutCancel(c.r.Context())
	out, err := c.op.serve(s, c)
	ans := reply{status: http.StatusOK, body: out}
	if err != nil {
		f := describe(err, tracer(c.r))
		if f.StatusCode >= http.StatusInternalServerError {
			return ans, err
		}
		if !fault.Is(err, fault.Declined) {
			if lost := s.DB.Update(ctx, c.actor.Realm, func(tx *store.Tx) error { return idempotency.Release(tx, kept) }); lost != nil {
				s.Log.Error("an Idempotency-Key was not released", "request", wire.RequestID(c.r), "err", lost)
			}
			return ans, err
		}
		ans = reply{status: f.StatusCode, body: f}
	}
	return ans, s.keep(ctx, c, kept, ans)
}

func (s *Surface) begin(c *call, header string) (kept idempotency.Answer, err error) {
	k, err := s.wish(c, header)
	if err != nil {
		return kept, err
	}
	once := func(tx *store.Tx) (err error) {
		kept, err = idempotency.Begin(tx, k)
		return err
	}
	err = s.DB.Update(c.r.Context(), c.actor.Realm, once)
	if idempotency.Taken(err) { // somebody said the same at the same moment
		err = s.DB.Update(c.r.Context(), c.actor.Realm, once)
	}
	return kept, err
}

// wish names the request: the client's key within whoever is acted for, and a
// keyed hash of everything that was asked for.
func (s *Surface) wish(c *call, header string) (k idempotency.Key, err error) {
	body, err := json.Marshal(c.body.members) // its names in order, its numbers as they were written
	if err != nil {
		return k, fault.Wrap(err, "the body cannot be written again")
	}
	mac := hmac.New(sha256.New, s.Pepper)
	for _, part := range []string{c.op.Method, c.op.Path, c.id, string(body), c.r.Header.Get("Customer-Id"), c.r.Header.Get("Customer-Delegate-User-Id")} {
		mac.Write([]byte(part + "\x00"))
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
	return idempotency.Key{Surface: "april", Key: scope + "/" + header, Fingerprint: hex.EncodeToString(mac.Sum(nil))}, nil
}

// again is an answer that was kept.
func (s *Surface) again(c *call, kept idempotency.Answer) (ans reply, err error) {
	var body []byte
	err = s.DB.View(c.r.Context(), c.actor.Realm, func(tx *store.Tx) error {
		body, err = s.Vault.Open(tx, sealed, kept.ID, vault.Sealed{Version: kept.SealVersion, Bytes: kept.Sealed})
		return err
	})
	return reply{status: kept.Status, body: json.RawMessage(body), replayed: true}, err
}

// keep writes an answer down, sealed: there may be a secret in it.
func (s *Surface) keep(ctx context.Context, c *call, kept idempotency.Answer, ans reply) error {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(ans.body); err != nil {
		return fault.Wrap(err, "the answer cannot be encoded")
	}
	return s.DB.Update(ctx, c.actor.Realm, func(tx *store.Tx) error {
		box, err := s.Vault.Seal(tx, sealed, kept.ID, bytes.TrimSpace(body.Bytes()))
		if err != nil {
			return err
		}
		done := kept
		done.Status, done.Sealed, done.SealVersion = ans.status, box.Bytes, box.Version
		return idempotency.Finish(tx, done)
	})
}
