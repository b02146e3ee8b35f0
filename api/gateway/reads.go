package gateway

import (
	"sync"
	"time"
)

// reads counts how often a checkout's status was read: two a minute are
// allowed (sheet, section 20). The count is kept per node and forgotten with
// the minute; nothing is at stake but politeness.
type reads struct {
	mu     sync.Mutex
	latest map[string][2]time.Time // the last two reads
	swept  time.Time
}

const readWindow = time.Minute

// allow notes a read and says whether it may be answered.
func (r *reads) allow(checkout string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.latest == nil {
		r.latest = map[string][2]time.Time{}
	}
	if now.Sub(r.swept) > readWindow {
		for k, last := range r.latest {
			if now.Sub(last[1]) > readWindow {
				delete(r.latest, k)
			}
		}
		r.swept = now
	}
	last := r.latest[checkout]
	if !last[0].IsZero() && now.Sub(last[0]) < readWindow {
		return false
	}
	r.latest[checkout] = [2]time.Time{last[1], now}
	return true
}
