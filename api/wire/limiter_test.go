package wire_test

import (
	"testing"
	"time"

	"github.com/florinpay/florin/api/wire"
)

func TestLimiter(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 14, 30, 500e6, time.UTC)
	l := wire.NewLimiter(2, time.Minute, func() time.Time { return at })
	for i, step := range []struct {
		caller string
		after  time.Duration
		want   int64
	}{{"a", 0, 0}, {"a", 0, 0}, {"a", 0, 30}, {"b", 0, 0}, {"a", 29 * time.Second, 1}, {"a", time.Second, 0}, {"a", 0, 0}, {"a", 0, 60}} {
		at = at.Add(step.after)
		if got := l.Take(step.caller); got != step.want {
			t.Errorf("call %d of %s: got %d seconds to wait, want %d", i, step.caller, got, step.want)
		}
	}
	if wire.NewLimiter(0, time.Second, nil).Take("a") != 0 {
		t.Error("no limit turns somebody away")
	}
}
