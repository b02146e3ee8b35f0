package webhook

import (
	"io"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// Manner is how the messages of a contract go out where the contract has ways of
// its own. What is left out is done as for everybody else. The sender, the queue
// and the guard are the same for all.
type Manner struct {
	// Ladder are the pauses after the first, second ... failed try. After the
	// last one a message is a dead letter, however long that took.
	Ladder []time.Duration
	// GiveUp is how long an endpoint may fail without one success before it is
	// disabled.
	GiveUp time.Duration
	// Secret draws a signing secret.
	Secret func(random io.Reader) (method.Secret, error)
	// Sign returns the headers that name a delivery and prove where it comes
	// from: a signature for each of the secrets, at the moment of the try, over
	// the body as it is sent.
	Sign func(secrets []method.Secret, d Delivery, at time.Time, body []byte) (map[string]string, error)
	// Headers go with each try, beside those of Sign or the usual ones. sign
	// makes the hex HMAC-SHA-256 of a text with the merchant's secret.
	Headers func(event ident.ID, at time.Time, body []byte, sign func(text string) string) map[string]string
	// Unordered lets a later message about an object go although an earlier one
	// is still to be repeated. It is for addresses named with a payment; an
	// endpoint that was set up says so itself.
	Unordered bool
	// Wrap makes of a contract's message what one endpoint gets, in the event's
	// transaction; a message without a body is nothing.
	Wrap func(tx *store.Tx, e Endpoint, about event.Event, m Message) (Message, error)
}

// next says when to try again after the tries-th failed try of a message that
// was first due at since, or that its time is up.
func (m Manner) next(since, now time.Time, tries int64, asked time.Duration) (due time.Time, more bool) {
	if len(m.Ladder) == 0 {
		return next(since, now, tries, asked)
	}
	if tries > int64(len(m.Ladder)) {
		return now, false
	}
	pause := max(m.Ladder[max(tries, 1)-1], min(asked, 24*time.Hour))
	return now.Add(pause), true
}
