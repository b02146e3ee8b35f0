package app

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
)

// A provider's callback is at most this large.
const noticeLimit = 64 << 10

// notice takes a callback: the signature over the raw bytes first, then what
// it claims.
func (a *App) notice(ctx context.Context, name string, realm ident.ID, header func(string) string, body []byte) error {
	n, ok := a.Payments.Connectors[name].(connector.Notifier)
	if !ok {
		return fault.New("not_found.connector", "no such connector")
	}
	parsed, err := n.ParseNotice(header, body, a.now())
	if err != nil {
		return err
	}
	if !realm.Valid() {
		return fault.New("not_found.payment", "no such payment")
	}
	if parsed.Kind == connector.Agreement {
		_, err = a.Mandates.Noticed(ctx, realm, name, parsed)
		return err
	}
	_, err = a.Payments.Noticed(ctx, realm, name, parsed)
	return err
}

// takeNotice is the door for providers' callbacks. What is genuine is answered
// 200 even when it changes nothing, so that it is not sent again; the rest
// hears one and the same 400.
func (a *App) takeNotice(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, noticeLimit))
	if err == nil {
		err = a.notice(r.Context(), chi.URLParam(r, "connector"), ident.ID(chi.URLParam(r, "realm")), r.Header.Get, body)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case fault.Is(err, fault.Unavailable), fault.Is(err, fault.Internal) && !errors.As(err, &tooLarge):
		a.Log.Error("callback not taken", "err", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
	default:
		a.Log.Warn("callback refused", "connector", chi.URLParam(r, "connector"), "code", fault.Code(err))
		http.Error(w, "not accepted", http.StatusBadRequest)
	}
}
