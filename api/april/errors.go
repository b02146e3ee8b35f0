package april

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
)

// failure is how the contract puts a fault: a status and a word for programs
// (sheet, 1.6).
type failure struct {
	status int
	code   string
}

// failures turns the core's faults into the contract's words, by the longest
// prefix.
var failures = map[string]failure{
	"unauthenticated": {401, "unauthorized"},
	"forbidden":       {403, "forbidden"},
	"not_found":       {404, "not_found"},
	"invalid":         {400, "validation_failed"},
	"invalid.body":    {400, "invalid_request"},
	"invalid.header":  {400, "invalid_request"},
	"invalid.method":  {405, "method_not_allowed"},
	"conflict":        {409, "conflict"},
	"limited":         {429, "rate_limited"},
	"unavailable":     {503, "gateway_unavailable"},
	"internal":        {500, "internal_error"},

	"invalid.accept":       {406, "not_acceptable"},
	"invalid.span":         {422, "date_range_too_large"},
	"conflict.by_hand":     {422, "manual_payouts_disabled"},
	"conflict.no_plan":     {422, "manual_payouts_disabled"},
	"conflict.account":     {422, "manual_payouts_disabled"},
	"conflict.balance":     {422, "insufficient_balance"},
	"conflict.payout.open": {409, "payout_still_open"},

	"conflict.idempotency":      {409, "idempotency_key_reused"},
	"conflict.idempotency.busy": {409, "request_in_progress"},

	"conflict.order.paid":      {409, "order_already_paid"},
	"conflict.order.cancelled": {409, "order_cancelled"},
	"conflict.order.expired":   {409, "order_expired"},
	"conflict.order.busy":      {409, "payment_in_progress"},
	"conflict.order.unlinked":  {409, "order_has_no_link"},
	"invalid.order.amount":     {422, "amount_mismatch"},
	"invalid.order.customer":   {422, "customer_mismatch"},

	"invalid.challenge": {400, "three_ds_failed"},

	"conflict.capture.exceeds": {422, "capture_exceeds_amount"},
	"conflict.capture.window":  {422, "capture_window_expired"},
	"conflict.not_authorised":  {409, "transaction_not_capturable"},
	"conflict.void":            {409, "transaction_not_voidable"},
	"conflict.refund.exceeds":  {422, "refund_exceeds_amount"},
	"conflict.not_refundable":  {422, "not_refundable"},
	"conflict.pending":         {409, "payment_in_progress"},
	"conflict.nothing":         {422, "insufficient_balance"},
	"conflict.amount":          {422, "amount_mismatch"},

	"invalid.amount":                  {422, "validation_failed"},
	"invalid.currency":                {422, "currency_not_supported"},
	"invalid.card.number":             {400, "invalid_number"},
	"invalid.card.brand":              {400, "invalid_number"},
	"invalid.card.expired":            {400, "expired_card"},
	"invalid.card.expiry_month":       {400, "invalid_expiry_month"},
	"invalid.card.expiry_year":        {400, "invalid_expiry_year"},
	"invalid.card.cvv":                {400, "invalid_cvc"},
	"invalid.card.cvv_missing":        {400, "invalid_cvc"},
	"invalid.method.not_set_up":       {400, "card_not_supported"},
	"invalid.payment_token.amount":    {422, "amount_mismatch"},
	"invalid.payment_token.customer":  {422, "customer_mismatch"},
	"invalid.payment_token.method":    {422, "payment_method_mismatch"},
	"conflict.payment_token.used":     {409, "payment_token_already_used"},
	"conflict.payment_token.expired":  {409, "payment_token_expired"},
	"invalid.surcharge":               {422, "surcharge_quote_invalid"},
	"invalid.surcharge_quote":         {422, "surcharge_quote_invalid"},
	"invalid.surcharge_quote.expired": {422, "surcharge_quote_expired"},
	"conflict.surcharge_quote":        {422, "surcharge_quote_invalid"},
	"invalid.surcharge_rule":          {400, "validation_failed"},

	fault.Declined:                    {400, "card_declined"},
	fault.DeclinedDoNotHonour:         {400, "do_not_honor"},
	fault.DeclinedExpiredCard:         {400, "expired_card"},
	fault.DeclinedFraudSuspected:      {400, "fraudulent"},
	fault.DeclinedRisk:                {400, "fraudulent"},
	fault.DeclinedInvalidCVV:          {400, "incorrect_cvc"},
	fault.DeclinedInsufficientFunds:   {400, "insufficient_funds"},
	fault.DeclinedLimitExceeded:       {400, "insufficient_funds"},
	fault.DeclinedInvalidExpiry:       {400, "invalid_expiry_year"},
	fault.DeclinedInvalidCard:         {400, "invalid_number"},
	fault.DeclinedRetainCard:          {400, "pickup_card"},
	fault.DeclinedStolenCard:          {400, "stolen_card"},
	fault.DeclinedLostCard:            {400, "lost_card"},
	fault.DeclinedBlockedCard:         {400, "blocked_card"},
	fault.DeclinedUnsupportedCard:     {400, "card_not_supported"},
	fault.DeclinedUnsupportedBrand:    {400, "card_not_supported"},
	fault.DeclinedFormat:              {400, "processing_error"},
	fault.DeclinedInvalidTransaction:  {400, "processing_error"},
	fault.DeclinedUnsupportedCurrency: {422, "currency_not_supported"},
	fault.DeclinedBlocklist:           {400, "fraudulent"},
	fault.DeclinedVelocity:            {400, "fraudulent"},

	fault.DeclinedNeedAuthentication:        {400, "three_ds_failed"},
	fault.DeclinedAuthenticationFailed:      {400, "three_ds_failed"},
	fault.DeclinedAuthenticationTechnical:   {400, "three_ds_failed"},
	fault.DeclinedAuthenticationRejected:    {400, "three_ds_failed"},
	fault.DeclinedAuthenticationUnavailable: {400, "three_ds_failed"},
	fault.DeclinedAuthenticationMismatch:    {400, "three_ds_failed"},
	fault.DeclinedAuthenticationFraud:       {400, "three_ds_failed"},
	fault.DeclinedNotEnrolled:               {400, "three_ds_failed"},
	fault.DeclinedChallengeCancelled:        {400, "three_ds_failed"},
	fault.DeclinedChallengeTechnical:        {400, "three_ds_failed"},
}

// sentences say what each status means, for people: errorTypeDescription.
var sentences = map[int]string{
	400: "The request cannot be carried out as sent.",
	401: "The credential is missing, unknown or expired.",
	403: "The credential may not do this.",
	404: "There is no such object for this credential.",
	405: "The path does not take this method.",
	406: "The answer does not exist in the form that was asked for.",
	409: "The state of the object does not allow the request.",
	422: "The request was understood, but its values do not fit together.",
	429: "Too many requests in a short time.",
	500: "Something went wrong on our side.",
	501: "The operation is not available.",
	503: "The service cannot be reached at the moment.",
}

// failed is the body of every error (sheet, 1.6).
type failed struct {
	StatusCode           int    `json:"statusCode"`
	ErrorCode            string `json:"errorCode"`
	Message              string `json:"message"`
	Tracer               string `json:"tracer"`
	Detail               string `json:"detail,omitempty"`
	ErrorTypeDescription string `json:"errorTypeDescription"`
	Metadata             any    `json:"metadata,omitempty"`
}

// failureOf finds the contract's words for an error.
func failureOf(err error) failure {
	var bad *badRequest
	if errors.As(err, &bad) {
		if bad.broken {
			return failures["invalid.body"]
		}
		return failures["invalid"]
	}
	for code := fault.Code(err); code != ""; {
		if f, known := failures[code]; known {
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

// describe puts an error into the contract's body.
func describe(err error, tracer string) failed {
	f := failureOf(err)
	out := failed{StatusCode: f.status, ErrorCode: f.code, Tracer: tracer, ErrorTypeDescription: sentences[f.status]}
	var bad *badRequest
	var own *fault.Error
	switch {
	case errors.As(err, &bad):
		out.Message = "The request is not valid: " + bad.Error()
		out.Metadata = map[string]any{"fields": bad.fields}
	case f.status >= 500:
		out.Message = "The request could not be carried out"
	case errors.As(err, &own):
		out.Message = own.Msg
		if own.Param != "" {
			out.Metadata = map[string]any{"fields": []problem{{own.Param, own.Msg}}}
		}
	}
	if fault.Is(err, fault.Declined) {
		out.Message, out.Detail = "The payment could not be processed by the gateway", out.Message+"; code: "+f.code
	}
	return out
}

// tracer is the request's id in the form of the contract, a UUID: whoever
// reads one in an error finds the other in the log.
func tracer(r *http.Request) string { return tracerOf(wire.RequestID(r)) }

func tracerOf(request string) string {
	sum := sha256.Sum256([]byte("tracer\x00" + request))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80 // version 8, of our own making
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// fail answers with an error, in the contract's form.
func (s *Surface) fail(w http.ResponseWriter, r *http.Request, err error) {
	out := describe(err, tracer(r))
	if out.StatusCode >= 500 && err != errBusy { // which the metrics count
		s.Log.Error("request failed", "path", r.URL.Path, "request", wire.RequestID(r), "tracer", out.Tracer, "err", err)
	} else {
		s.Log.Debug("request refused", "path", r.URL.Path, "request", wire.RequestID(r), "tracer", out.Tracer, "code", out.ErrorCode)
	}
	if out.StatusCode == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "2")
	}
	w.Header().Set("X-Tracer", out.Tracer)
	w.Header().Set("Cache-Control", "no-store")
	if err := wire.WriteJSON(w, out.StatusCode, out); err != nil { // nothing in it can fail to encode
		s.Log.Error("an error could not be written", "err", err)
	}
}

var (
	errBusy         = fault.New("unavailable.busy", "more requests at once than can be served")
	errNoSuchPath   = fault.New("not_found.path", "no such operation")
	errNoSuchMethod = fault.New("invalid.method", "the path does not take this method")
	errLimit        = fault.New(fault.Limited, "this credential calls too often")
	errKind         = fault.New("forbidden.credential", "this kind of credential may not call the operation")
)
