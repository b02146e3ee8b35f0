package app

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/webhook"
)

// inbox is where a development florin receives its own webhooks, so that a
// merchant's engineer sees what would arrive before there is a server for it.
// It keeps the last ones in memory.
type inbox struct {
	mu      sync.Mutex
	seq     int64
	list    []Received
	wake    chan struct{} // closed when something arrives
	secrets []method.Secret
}

const (
	inboxKeeps = 200
	inboxBody  = 256 << 10
)

// Received is one webhook as it arrived.
type Received struct {
	Seq     int64             `json:"seq"`
	At      time.Time         `json:"at"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	// Signature says whether X-Signature fits the body and the endpoint's
	// secret: "ok", "wrong", or "none" when there was none.
	Signature string `json:"signature"`
}

var inboxHeaders = []string{"Content-Type", "X-Event-Id", "X-Signature", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature",
	"X-Initialization-Vector", "X-Authentication-Tag"}

// receive takes a webhook and answers 200.
func (b *inbox) receive() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, inboxBody))
		if err != nil {
			http.Error(w, "the body cannot be read", http.StatusBadRequest)
			return
		}
		got := Received{At: time.Now().UTC(), Path: r.URL.Path, Headers: map[string]string{}, Body: string(body), Signature: "none"}
		for _, name := range inboxHeaders {
			if v := r.Header.Get(name); v != "" {
				got.Headers[name] = v
			}
		}
		if sig := r.Header.Get("X-Signature"); sig != "" {
			got.Signature = "wrong"
			for _, secret := range b.secrets {
				if webhook.Signed(secret, sig, body) {
					got.Signature = "ok"
				}
			}
		}
		b.add(got)
		w.WriteHeader(http.StatusOK)
	}
}

func (b *inbox) add(got Received) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	got.Seq = b.seq
	b.list = append(b.list, got)
	if len(b.list) > inboxKeeps {
		b.list = append([]Received(nil), b.list[len(b.list)-inboxKeeps:]...)
	}
	if b.wake != nil {
		close(b.wake)
		b.wake = nil
	}
}

// since returns what arrived after seq, and a channel that is closed when more
// does.
func (b *inbox) since(seq int64) (list []Received, more <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, got := range b.list {
		if got.Seq > seq {
			list = append(list, got)
		}
	}
	if b.wake == nil {
		b.wake = make(chan struct{})
	}
	return list, b.wake
}

// Pretty indents a body that is JSON.
func Pretty(body string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(body), "", "  ") != nil {
		return body
	}
	return out.String()
}

// gist is what a notification tells, in a few words: what was done, how much,
// how it ended. "" when the body is none of ours.
func gist(body string) string {
	var told struct {
		PaymentType, Amount, Currency string
		Result                        struct{ Code, Description string }
	}
	if json.Unmarshal([]byte(body), &told) != nil || told.Result.Code == "" {
		return ""
	}
	text := told.Result.Code + " " + told.Result.Description
	if told.Amount != "" {
		text = told.Amount + " " + told.Currency + ": " + text
	}
	if text = strings.TrimSpace(told.PaymentType + " " + text); len(text) > 160 {
		text = strings.ToValidUTF8(text[:160], "") + " ..."
	}
	return text
}
