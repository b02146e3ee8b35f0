package spense

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

// keyForm is the form of the header Idempotency-Key.
var keyForm = regexp.MustCompile(`^[ -~]{1,255}$`)

// sealed is what kept answers are sealed for.
const sealed = "spense answer"

// keyed says whether the operation heeds Idempotency-Key (sheet, 2.4).
func (o Operation) keyed() bool { return o.Name == "create_payment" || o.Name == "refund_payment" }

// once serves the operation. Under an Idempotency-Key the answer is kept for a
// day, and a repeat gets it again; what was refused changed nothing and may be
// said again, and otherwise.
func (s *Surface) once(w http.ResponseWriter, c *call) (any, error) {
	values := c.r.Header.Values("Idempotency-Key")
	if len(values) == 0 || !c.op.keyed() {
		return c.op.serve(s, c)
	}
	if len(values) > 1 || !keyForm.MatchString(values[0]) {
		return nil, errKey
	}
	kept, err := s.begin(c, values[0])
	if err != nil {
		return nil, err
	}
	if kept.Status != 0 {
		w.Header().Set("Idempotent-Replay", "true")
		return s.again(c, kept)
	}
	// From here on the caller's hanging up does not keep the answer from being kept.
	ctx := context.WithoutCancel(c.r.Context())
	out, err := c.op.serve(s, c)
	if err != nil {
		if _, ours := explain(err); ours || isInvalid(err) {
			if lost := s.DB.Update(ctx, c.actor.Realm, func(tx *store.Tx) error { return idempotency.Release(tx, kept) }); lost != nil {
				s.Log.Error("an Idempotency-Key was not released", "request", wire.RequestID(c.r), "err", lost)
			}
		}
		return nil, err
	}
	return out, s.keep(ctx, c, kept, out)
}

func isInvalid(err error) bool {
	_, ok := err.(invalid)
	return ok
}

// wish names the request: the client's key within the organisation, and a
// keyed hash of all that was asked for.
func (s *Surface) wish(c *call, header string) idempotency.Key {
	mac := hmac.New(sha256.New, s.Pepper)
	for _, part := range []string{c.op.Name, c.r.URL.Path, string(c.raw)} {
		mac.Write([]byte(part + "\x00"))
	}
	return idempotency.Key{Surface: Contract, Key: string(c.owner.ID) + "/" + header, Fingerprint: hex.EncodeToString(mac.Sum(nil))}
}

func (s *Surface) begin(c *call, header string) (kept idempotency.Answer, err error) {
	k := s.wish(c, header)
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

// again is an answer that was kept.
func (s *Surface) again(c *call, kept idempotency.Answer) (any, error) {
	var body []byte
	err := s.DB.View(c.r.Context(), c.actor.Realm, func(tx *store.Tx) (err error) {
		body, err = s.Vault.Open(tx, sealed, kept.ID, vault.Sealed{Version: kept.SealVersion, Bytes: kept.Sealed})
		return err
	})
	return json.RawMessage(body), err
}

// keep writes an answer down, sealed: it holds the address at which is paid.
func (s *Surface) keep(ctx context.Context, c *call, kept idempotency.Answer, out any) error {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return fault.Wrap(err, "the answer cannot be encoded")
	}
	return s.DB.Update(ctx, c.actor.Realm, func(tx *store.Tx) error {
		box, err := s.Vault.Seal(tx, sealed, kept.ID, bytes.TrimSpace(body.Bytes()))
		if err != nil {
			return err
		}
		done := kept
		done.Status, done.Sealed, done.SealVersion = http.StatusOK, box.Bytes, box.Version
		return idempotency.Finish(tx, done)
	})
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
