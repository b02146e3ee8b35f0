package spense

import (
	"errors"
	"net/http"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
)

// trouble is an error in the contract's words: a status and a text that says
// why (sheet, 4). The text is translated.
type trouble struct {
	status int
	detail string
}

func (t trouble) Error() string { return t.detail }

// What the contract has words for.
var (
	errNotFound     = trouble{http.StatusNotFound, "Not Found"}
	errNoMethod     = trouble{http.StatusMethodNotAllowed, "Method Not Allowed"}
	errBody         = trouble{http.StatusBadRequest, "There was an error parsing the body"}
	errClient       = trouble{http.StatusUnauthorized, "Incorrect client id or client secret"}
	errDisabled     = trouble{http.StatusForbidden, "API key is disabled"}
	errNobody       = trouble{http.StatusUnauthorized, "Not authenticated"}
	errToken        = trouble{http.StatusUnauthorized, "Invalid or expired token"}
	errWhich        = trouble{http.StatusBadRequest, "X-Organization-Id header is required"}
	errOrganization = trouble{http.StatusBadRequest, "X-Organization-Id is not a valid organization id"}
	errNoAccess     = trouble{http.StatusForbidden, "No access to this organization"}
	errPayment      = trouble{http.StatusNotFound, "Payment not found"}
	errMethod       = trouble{http.StatusNotFound, "Payment method not found"}
	errInactive     = trouble{http.StatusConflict, "Payment method is not active"}
	errNotForThis   = trouble{http.StatusBadRequest, "Payment method is not available for this payment profile"}
	errNoProfile    = trouble{http.StatusBadRequest, "profileId or paymentDepartment must be specified"}
	errProfile      = trouble{http.StatusBadRequest, "Payment profile not found"}
	errInstalments  = trouble{http.StatusBadRequest, "Installments do not add up to totalGrossAmount"}
	errFinal        = trouble{http.StatusConflict, "Payment is already in a final status"}
	errPaying       = trouble{http.StatusConflict, "Payment is being paid"}
	errUnpaid       = trouble{http.StatusConflict, "Payment is not paid"}
	errNoTerminal   = trouble{http.StatusConflict, "Payment was not made on a terminal"}
	errTerminalOff  = trouble{http.StatusConflict, "Terminal is not active"}
	errTerminalBusy = trouble{http.StatusConflict, "Terminal is busy"}
	errOutside      = trouble{http.StatusConflict, "Payment was paid outside and cannot be refunded here"}
	errRefused      = trouble{http.StatusConflict, "The provider refused the refund"}
	errTooHigh      = trouble{http.StatusBadRequest, "Refund amount is too high"}
	errCurrency     = trouble{http.StatusBadRequest, "Currency is not supported"}
	errAmount       = trouble{http.StatusBadRequest, "Amount is not supported"}
	errRange        = trouble{http.StatusBadRequest, "A text or a date is out of range"}
	errLimit        = trouble{http.StatusBadRequest, "Amount is above the limit"}
	errKey          = trouble{http.StatusBadRequest, "Idempotency-Key is not valid"}
	errReused       = trouble{http.StatusConflict, "Idempotency-Key was used for another request"}
	errUnderWay     = trouble{http.StatusConflict, "The first request with this Idempotency-Key is under way"}
	errBackwards    = trouble{http.StatusBadRequest, "from_date must not be after to_date"}
	errSpan         = trouble{http.StatusBadRequest, "The date range is too long"}
	errThrottle     = trouble{http.StatusTooManyRequests, "Too many requests"}
	errBusy         = trouble{http.StatusServiceUnavailable, "The service is busy"}
	errLarge        = trouble{http.StatusRequestEntityTooLarge, "Request body is too large"}
)

// words turns a fault's code, or its beginning, into the contract's words.
var words = []struct {
	code string
	is   trouble
}{
	{"unauthenticated.key", errClient}, {fault.Unauthenticated, errToken}, {"forbidden.key", errDisabled}, {"forbidden", errNoAccess},
	{"not_found.invoice", errPayment}, {"not_found.merchant", errNoAccess}, {"not_found", errPayment},
	{fault.UnavailableTerminalBusy, errTerminalBusy}, {fault.UnavailableTerminal, errTerminalOff},
	{"conflict.invoice.paying", errPaying}, {"conflict.invoice.unpaid", errUnpaid}, {"conflict.invoice", errFinal},
	{"conflict.refund.outside", errOutside}, {"conflict.refund.exceeds", errTooHigh}, {"declined.refund", errRefused}, {"conflict.pending", errPaying},
	{"conflict.idempotency.busy", errUnderWay}, {"conflict.idempotency", errReused}, {"conflict", errFinal}, {"declined", errRefused},
	{"invalid.instalments", errInstalments}, {"invalid.currency", errCurrency}, {"invalid.amount.above_limit", errLimit}, {"invalid.amount", errAmount},
	{"invalid.body.too_large", errLarge}, {"invalid.body", errBody}, {fault.Limited, errThrottle},
}

// explain finds the words for an error; ok is false for one of ours.
func explain(err error) (trouble, bool) {
	var t trouble
	if errors.As(err, &t) {
		return t, true
	}
	for _, w := range words {
		if fault.Is(err, w.code) {
			return w.is, true
		}
	}
	return trouble{}, false
}

// fail answers with an error.
func (s *Surface) fail(w http.ResponseWriter, r *http.Request, err error) {
	h := w.Header()
	h.Set("X-Request-Id", wire.RequestID(r))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	var bad invalid
	if errors.As(err, &bad) {
		_ = wire.WriteJSON(w, http.StatusUnprocessableEntity, struct { // a client that hung up needs no answer
			Detail []issue `json:"detail"`
		}{bad.issues})
		return
	}
	t, ok := explain(err)
	if !ok {
		s.Log.Error("request failed", "request", wire.RequestID(r), "err", err)
		h.Set("Content-Type", "text/plain; charset=utf-8")
		status := http.StatusInternalServerError
		if fault.Is(err, fault.Unavailable) {
			status = http.StatusServiceUnavailable
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(http.StatusText(status)))
		return
	}
	if t.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if t.status == http.StatusServiceUnavailable && h.Get("Retry-After") == "" {
		h.Set("Retry-After", "1")
	}
	_ = wire.WriteJSON(w, t.status, struct {
		Detail string `json:"detail"`
	}{translate(language(r), t.detail)})
}
