package connector

import (
	"context"
	"log/slog"
	"time"
)

// Left is how much of the patience is left at the moment now for an intent that
// was written down at the moment at; nothing or less: it is too late to send.
// Patience counts from the intent: a process that was stopped behind the commit,
// or whose commit took long, sends nothing any more, for somebody else may have
// heard by now that the provider never saw the intent, and taken it for proof.
// That nothing was sent is a no that we can be sure of.
func Left(patience time.Duration, at, now time.Time) time.Duration {
	return patience - max(now.Sub(at), 0) // less than nothing: the clock was set back
}

// NextLook is how long after a question of that age another one is worth while:
// soon at first, then every half of the time that has passed, at most every six
// hours.
func NextLook(age time.Duration) time.Duration {
	return min(max(5*time.Second, age/2), 6*time.Hour)
}

// Ask puts one question to a provider, whether or not the client is still there,
// and gives it so much time. broken: the connector panicked, which is no answer.
func Ask[A any](ctx context.Context, patience time.Duration, log *slog.Logger, question func(ctx context.Context) A) (answer A, broken bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	defer func() {
		if p := recover(); p != nil { // a connector that breaks has not said no
			log.Error("connector panicked", "panic", p)
			broken = true
		}
	}()
	return question(ctx), false
}
