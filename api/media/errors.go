package media

import (
	"errors"
	"net/http"
	"strings"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
)

// failure is how the contract puts a fault: a status and the type's name
// (sheet, 2).
type failure struct {
	status int
	name   string
}

// failures turns the core's faults into the contract's words, by the longest
// prefix. A missing thing is 404 in client mode.
var failures = map[string]failure{
	"invalid":           {400, "InvalidParameterException"},
	"invalid.missing":   {400, "MissingParameterException"},
	"invalid.method":    {405, "InvalidParameterException"},
	"not_found":         {400, "NotFoundException"},
	"forbidden":         {400, "NoAccessException"},
	"conflict":          {400, "InvalidStateException"},
	"declined":          {400, "InvalidStateException"},
	"limited":           {429, "TooManyRequestsException"},
	"unavailable":       {500, "InternalException"},
	"unavailable.busy":  {429, "TooManyRequestsException"},
	"unavailable.payer": {500, "PaymentProviderException"},
	"internal":          {500, "InternalException"},
}

// failed is the body of errors.
type failed struct {
	ExceptionType string `json:"exceptionType"`
	ErrorMessage  string `json:"errorMessage"`
}

// denied is the body of what OAuth refuses (RFC 6749, 5.2; RFC 6750, 3).
type denied struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// failureOf finds the contract's words for a fault.
func failureOf(err error, mode Mode) failure {
	for code := fault.Code(err); code != ""; {
		if f, known := failures[code]; known {
			if code == fault.NotFound && mode == Client {
				f.status = http.StatusNotFound
			}
			return f
		}
		i := strings.LastIndexByte(code, '.')
		if i < 0 {
			break
		}
		code = code[:i]
	}
	return failures[fault.Internal]
}

// fail answers with an error, in the contract's form.
func (s *Surface) fail(w http.ResponseWriter, r *http.Request, mode Mode, err error) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	switch {
	case fault.Is(err, fault.Unauthenticated):
		s.deny(w, r, http.StatusUnauthorized, "Bearer", "invalid_token", err)
		return
	case fault.Is(err, "forbidden.scope"):
		s.deny(w, r, http.StatusForbidden, "Bearer", "insufficient_scope", err)
		return
	}
	f := failureOf(err, mode)
	out := failed{f.name, message(err)}
	if f.status >= http.StatusInternalServerError {
		s.Log.Error("request failed", "path", r.URL.Path, "request", wire.RequestID(r), "err", err)
		out.ErrorMessage = "the request could not be carried out; reference " + wire.RequestID(r)
	}
	if f.status == http.StatusTooManyRequests && h.Get("Retry-After") == "" {
		h.Set("Retry-After", "2")
	}
	if err := wire.WriteJSON(w, f.status, out); err != nil { // nothing in it can fail to encode
		s.Log.Error("an error could not be written", "err", err)
	}
}

// deny answers in OAuth's form. The header is for clients that look there.
func (s *Surface) deny(w http.ResponseWriter, r *http.Request, status int, scheme, word string, err error) {
	out := denied{word, message(err)}
	if status >= http.StatusInternalServerError {
		s.Log.Error("request failed", "path", r.URL.Path, "request", wire.RequestID(r), "err", err)
		out.Description = "the request could not be carried out; reference " + wire.RequestID(r)
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		w.Header().Set("WWW-Authenticate", scheme+` realm="florin", error="`+word+`"`)
	}
	if err := wire.WriteJSON(w, status, out); err != nil { // nothing in it can fail to encode
		s.Log.Error("an error could not be written", "err", err)
	}
}

// message is what may be said of an error.
func message(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f.Msg != "" {
		if f.Param != "" {
			return f.Param + ": " + f.Msg
		}
		return f.Msg
	}
	return "the request could not be carried out"
}

var (
	errBusy         = fault.New("unavailable.busy", "more requests at once than can be served")
	errNoSuchPath   = fault.New("not_found", "no such operation")
	errNoSuchMethod = fault.New("invalid.method", "the path does not take this method")
)
