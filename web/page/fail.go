package page

import (
	"net/http"

	"github.com/florinpay/florin/core/fault"
)

// Fail answers with the page for an error: what kind it was, in the reader's
// language, and a reference for support (the request's id, from the header
// Request-Id of the answer). The error's own words stay in the log.
func (s *Set) Fail(w http.ResponseWriter, r *http.Request, err error, v View) error {
	status, key := http.StatusInternalServerError, "internal"
	for _, kind := range []struct {
		code   string
		status int
		key    string
	}{
		{fault.NotFound, http.StatusNotFound, "not_found"},
		{fault.Unavailable, http.StatusServiceUnavailable, "unavailable"},
		{fault.Limited, http.StatusTooManyRequests, "limited"},
		{fault.Forbidden, http.StatusForbidden, "forbidden"},
		{fault.Unauthenticated, http.StatusForbidden, "forbidden"},
		{fault.Invalid, http.StatusBadRequest, "invalid"},
		{fault.Conflict, http.StatusConflict, "conflict"},
	} {
		if fault.Is(err, kind.code) {
			status, key = kind.status, kind.key
			break
		}
	}
	if v.Language == "" {
		v.Language = Asked(r)
	}
	v.Title = s.texts.Say(v.Language, "error."+key)
	v.Data = struct{ Text, Reference string }{s.texts.Say(v.Language, "error."+key+".text"), w.Header().Get("Request-Id")}
	return s.Render(w, r, status, "error", v)
}
