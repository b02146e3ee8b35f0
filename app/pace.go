package app

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/florinpay/florin/core/fault"
)

// pace counts what each address sends in the running minute, in this process.
type pace struct {
	mu     sync.Mutex
	minute int64
	calls  map[string]int
}

// try counts once more: 0 when there have been no more than limit, else the
// seconds until the next minute.
func (p *pace) try(from string, limit int, now time.Time) (wait int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if minute := now.Unix() / 60; p.minute != minute {
		p.minute, p.calls = minute, map[string]int{}
	}
	if p.calls[from]++; p.calls[from] <= limit {
		return 0
	}
	return 60 - now.Unix()%60
}

// paced turns away addresses that send the login server more than login-limit
// forms and token requests in a minute: whoever guesses is slow (contract sheet
// media, 2: 429). What is only read is let in.
func (a *App) paced(next http.Handler) http.Handler {
	var p pace
	limit, err := a.Config.Int("login-limit", 0)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err != nil || limit == 0 || r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		wait := p.try(a.from(r), limit, a.now())
		if wait == 0 {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Retry-After", strconv.FormatInt(wait, 10))
		if strings.Contains(r.URL.Path, "/oauth/token") || strings.Contains(r.URL.Path, "/oauth/revoke") {
			a.Media.TooMany(w, r)
			return
		}
		a.SignIn.Fail(w, r, fault.New(fault.Limited, "too many forms from one address"))
	})
}
