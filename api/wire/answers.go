package wire

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Answers keeps what a contract said to requests under an Idempotency-Key, so
// that a repeat within idempotency.AnswerLife gets the same status and body.
type Answers struct {
	DB      *store.DB
	Vault   *vault.Service // seals them: there may be secrets in them
	Log     *slog.Logger
	Surface string // the contract's name
	Pepper  []byte // keys the fingerprints of requests
}

// Reply is an answer as it goes out.
type Reply struct {
	Status   int
	Body     any // JSON already when it was kept
	Replayed bool
}

// keyForm is the form of the header Idempotency-Key.
var keyForm = regexp.MustCompile(`^[ -~]{1,255}$`)

// KeyOf reads the header Idempotency-Key; without one the key is "". Fault:
// invalid.header (sent twice, or not 1 to 255 printable ASCII characters).
func KeyOf(r *http.Request) (string, error) {
	values := r.Header.Values("Idempotency-Key")
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1 || !keyForm.MatchString(values[0]):
		return "", fault.At("invalid.header", "Idempotency-Key", "must be sent once and have 1 to 255 printable ASCII characters")
	}
	return values[0], nil
}

// Wish names a request: the client's key within a scope, which is whoever is
// acted for, and a keyed hash of all that was asked for.
func (a Answers) Wish(scope, key string, asked ...string) idempotency.Key {
	mac := hmac.New(sha256.New, a.Pepper)
	for _, part := range asked {
		mac.Write([]byte(part + "\x00"))
	}
	return idempotency.Key{Surface: a.Surface, Key: scope + "/" + key, Fingerprint: hex.EncodeToString(mac.Sum(nil))}
}

// Once serves a request under a wish, or gives the answer again that it got
// before. serve's answer is kept; of its errors, void names those after which
// nothing has changed: such a wish is forgotten and may be said again, and
// otherwise. After any other error the key is free once its lease has run out.
// Faults: those of idempotency.Begin, then serve's.
func (a Answers) Once(r *http.Request, realm ident.ID, wish idempotency.Key, serve func() (Reply, error), void func(error) bool) (Reply, error) {
	kept, err := a.begin(r.Context(), realm, wish)
	if err != nil {
		return Reply{}, err
	}
	if kept.Status != 0 {
		return a.again(r.Context(), realm, kept)
	}
	// From here on the caller's hanging up does not keep the answer from being kept.
	ctx := context.WithoutCancel(r.Context())
	out, err := serve()
	if err == nil {
		return out, a.keep(ctx, realm, kept, out)
	}
	if void(err) {
		if lost := a.DB.Update(ctx, realm, func(tx *store.Tx) error { return idempotency.Release(tx, kept) }); lost != nil {
			a.Log.Error("an Idempotency-Key was not released", "request", RequestID(r), "err", lost)
		}
	}
	return out, err
}

func (a Answers) begin(ctx context.Context, realm ident.ID, wish idempotency.Key) (kept idempotency.Answer, err error) {
	once := func(tx *store.Tx) (err error) {
		kept, err = idempotency.Begin(tx, wish)
		return err
	}
	err = a.DB.Update(ctx, realm, once)
	if idempotency.Taken(err) { // somebody said the same at the same moment
		err = a.DB.Update(ctx, realm, once)
	}
	return kept, err
}

// sealed is what kept answers are sealed for.
func (a Answers) sealed() string { return a.Surface + " answer" }

func (a Answers) again(ctx context.Context, realm ident.ID, kept idempotency.Answer) (Reply, error) {
	var body []byte
	err := a.DB.View(ctx, realm, func(tx *store.Tx) (err error) {
		body, err = a.Vault.Open(tx, a.sealed(), kept.ID, vault.Sealed{Version: kept.SealVersion, Bytes: kept.Sealed})
		return err
	})
	return Reply{Status: kept.Status, Body: json.RawMessage(body), Replayed: true}, err
}

func (a Answers) keep(ctx context.Context, realm ident.ID, kept idempotency.Answer, out Reply) error {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(out.Body); err != nil {
		return fault.Wrap(err, "the answer cannot be encoded")
	}
	return a.DB.Update(ctx, realm, func(tx *store.Tx) error {
		box, err := a.Vault.Seal(tx, a.sealed(), kept.ID, bytes.TrimSpace(body.Bytes()))
		if err != nil {
			return err
		}
		done := kept
		done.Status, done.Sealed, done.SealVersion = out.Status, box.Bytes, box.Version
		return idempotency.Finish(tx, done)
	})
}
