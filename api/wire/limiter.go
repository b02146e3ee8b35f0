package wire

import (
	"sync"
	"time"

	"github.com/florinpay/florin/core/clock"
)

// Limiter lets each caller make so many calls in a span of time, counted in
// this process. A nil Limiter lets everybody in.
type Limiter struct {
	calls int
	span  time.Duration
	now   clock.Clock

	mu    sync.Mutex
	since time.Time // when the running span began
	made  map[string]int
}

// NewLimiter lets each caller make calls calls in a span; 0 calls: any number.
func NewLimiter(calls int, span time.Duration, now clock.Clock) *Limiter {
	if calls <= 0 {
		return nil
	}
	return &Limiter{calls: calls, span: span, now: now}
}

// Take counts a call. wait is how long the caller has to wait for the next span,
// in whole seconds and more than nothing, or 0 when the call may be made.
func (l *Limiter) Take(caller string) (wait int64) {
	if l == nil {
		return 0
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if since := now.Truncate(l.span); !since.Equal(l.since) || l.made == nil {
		l.since, l.made = since, map[string]int{}
	}
	if l.made[caller] < l.calls {
		l.made[caller]++
		return 0
	}
	left := l.since.Add(l.span).Sub(now)
	return int64((left + time.Second - 1) / time.Second)
}
