package app

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
)

// wirePace reads how many forms and token requests an address may send.
func (a *App) wirePace() error {
	limit, err := a.Config.Int("login-limit", 0)
	a.logins = wire.NewLimiter(limit, time.Minute, a.now)
	return err
}

// paced turns away addresses that send the login server more than login-limit
// forms and token requests in a minute: whoever guesses is slow (contract sheet
// media, 2: 429). What is only read is let in.
func (a *App) paced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait := int64(0)
		if r.Method == http.MethodPost {
			wait = a.logins.Take(a.from(r))
		}
		if wait == 0 {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Retry-After", strconv.FormatInt(wait, 10))
		if strings.HasSuffix(r.URL.Path, "/oauth/token") || strings.HasSuffix(r.URL.Path, "/oauth/revoke") {
			a.Media.TooMany(w, r)
			return
		}
		a.SignIn.Fail(w, r, fault.New(fault.Limited, "too many forms from one address"))
	})
}
