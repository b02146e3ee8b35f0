package webhook

import (
	"io"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// ladder are the pauses after the first, second ... failed try; the last one
// repeats (contract sheet of the gateway, section 15).
var ladder = []time.Duration{
	1 * time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 30 * time.Minute, 1 * time.Hour, 24 * time.Hour,
}

// patience is how long a message is tried; then it is a dead letter.
const patience = 30 * 24 * time.Hour

// Way is how the messages of one contract travel, where it differs from the
// others'. It is set before use and never changed.
type Way struct {
	// Retries are the pauses before the first, second ... retry; after the last
	// one the message is a dead letter. None: the usual ladder.
	Retries []time.Duration
	// Unordered lets a later message about an object go although an earlier one
	// is still to be repeated.
	Unordered bool
	// Headers go with each try, beside the usual ones. sign makes the hex
	// HMAC-SHA-256 of a text with the merchant's secret.
	Headers func(event ident.ID, at time.Time, body []byte, sign func(text string) string) map[string]string
	// GiveUp is how long an endpoint may fail without one success before it is
	// disabled. Zero: as long as everybody's.
	GiveUp time.Duration
	// Secret draws a signing secret; nil for the usual kind.
	Secret func(random io.Reader) (method.Secret, error)
	// Sign returns, in place of the usual ones, the headers that name a delivery
	// and prove where it comes from: a signature for each of the secrets, at the
	// moment of the try, over the body as it is sent.
	Sign func(secrets []method.Secret, d Delivery, at time.Time, body []byte) (map[string]string, error)
	// Wrap makes of a contract's message what one endpoint gets, in the event's
	// transaction; a message without a body is nothing.
	Wrap func(tx *store.Tx, e Endpoint, about event.Event, m Message) (Message, error)
}

// next is the package's next, by the contract's own table if it has one.
func (w Way) next(since, now time.Time, tries int64, asked time.Duration) (due time.Time, more bool) {
	if len(w.Retries) == 0 {
		return next(since, now, tries, asked)
	}
	if tries > int64(len(w.Retries)) {
		return now, false
	}
	return now.Add(w.Retries[max(tries, 1)-1]), true
}

// next says when to try again after the tries-th failed try of a message that
// was first due at since, or that its time is up. A receiver may ask for a
// longer pause than the ladder's, up to a day.
func next(since, now time.Time, tries int64, asked time.Duration) (due time.Time, more bool) {
	pause := ladder[min(max(tries, 1), int64(len(ladder)))-1]
	pause = max(pause, min(asked, 24*time.Hour))
	due = now.Add(pause)
	return due, !due.After(since.Add(patience))
}
