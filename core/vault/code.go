package vault

import (
	"sync"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
)

// codes are the security codes of open tokens. A code may be needed once after
// it was typed and must never be written down (PCI DSS, requirement 3.3), so
// it stays in the memory of this process and is forgotten when its token is
// used, when its time is up, or with the process.
type codes struct {
	mu    sync.Mutex
	of    map[ident.ID]code
	queue []ident.ID // in the order in which they came
}

type code struct {
	cvv   method.Secret
	until time.Time
}

// mostCodes bounds the memory: beyond it the oldest code is forgotten.
const mostCodes = 20_000

func (c *codes) put(token ident.ID, cvv method.Secret, now, until time.Time) {
	if cvv.Empty() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[ident.ID]code{}
	}
	for len(c.queue) > 0 {
		oldest := c.of[c.queue[0]]
		if len(c.queue) < mostCodes && now.Before(oldest.until) {
			break
		}
		delete(c.of, c.queue[0])
		c.queue = c.queue[1:]
	}
	if _, known := c.of[token]; !known {
		c.queue = append(c.queue, token)
	}
	c.of[token] = code{cvv, until}
}

func (c *codes) get(token ident.ID) method.Secret {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[token].cvv
}

// drop forgets a code; its place in the queue is given up when its turn comes.
func (c *codes) drop(token ident.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.of, token)
}
