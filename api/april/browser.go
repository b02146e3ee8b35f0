package april

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
)

// byBrowser says whether a kind of credential is one that pages in a browser
// have: they call from the shop's origin, so the browser asks us first.
func byBrowser(kind Credential) bool {
	return kind == PublicKey || kind == CustomerJWT || kind == LinkToken
}

// fromBrowser says whether the operation takes such a credential.
func (o Operation) fromBrowser() bool {
	return o.Takes(PublicKey) || o.Takes(CustomerJWT) || o.Takes(LinkToken)
}

// The headers that pages may send, beside those that every page may, and those
// that they may read.
const (
	pagesSend = "Authorization, Content-Type, Customer-Id, Customer-Delegate-User-Id, Idempotency-Key, Merchant-Id"
	pagesRead = "Idempotent-Replay, Retry-After, X-Total-Count, X-Total-Pages, X-Tracer"
)

// preflight answers a browser that asks whether a page may call a path. No
// cookie is ever looked at, so any page may: what counts is the credential.
func preflight(w http.ResponseWriter, r *http.Request) {
	path := chi.RouteContext(r.Context()).RoutePattern()
	var methods []string
	for _, o := range operations {
		if o.Routed() && o.fromBrowser() && strings.HasSuffix(path, o.Path) && !slices.Contains(methods, o.Method) {
			methods = append(methods, o.Method)
		}
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
	h.Set("Access-Control-Allow-Headers", pagesSend)
	h.Set("Access-Control-Max-Age", "600")
	h.Set("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	w.WriteHeader(http.StatusNoContent)
}

// readable lets pages read an answer: that to a browser's credential, and that
// to one that is not known on an operation of theirs. What is said to a secret
// key no page reads, so a shop that has put one into its page notices.
func (o Operation) readable(h http.Header, kind Credential) {
	if o.fromBrowser() && (kind == "" || byBrowser(kind)) {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", pagesRead)
	}
}
