package wire

import (
	"context"
	"net/http"

	"github.com/florinpay/florin/core/ident"
)

// Handler is an http.Handler that may fail. It writes its answer, or returns
// an error and has written nothing.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Or makes an http.Handler that leaves errors to fail, the surface's own way
// of wording them.
func (h Handler) Or(fail func(w http.ResponseWriter, r *http.Request, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			fail(w, r, err)
		}
	}
}

type requestKey struct{}

// Identify gives each request an id, req_ and 24 hex digits, and tells it in
// the answer's Request-Id header. What a caller sends under that name is
// ignored: it would end up in the log.
func Identify(next func() ident.ID) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := "req_" + string(next())
			w.Header().Set("Request-Id", id)
			h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, id)))
		})
	}
}

// RequestID is the id that Identify gave the request, or "".
func RequestID(r *http.Request) string { return RequestOf(r.Context()) }

// RequestOf is the id of the request that a context belongs to, or "".
func RequestOf(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}
