package gateway

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/payment"
)

// faultCodes turns the core's faults into result codes, by the longest prefix
// (sheet, sections 2, 7.8 and 10). What the issuer says (declined...) has a
// table of its own in declined.go.
var faultCodes = map[string]string{
	"unauthenticated.header": "800.900.300",
	"unauthenticated":        "800.900.302",

	"forbidden":                 "800.900.301",
	"forbidden.permission":      "600.200.202",
	"forbidden.entity_disabled": "500.100.201",

	"invalid":                     "200.300.404",
	"invalid.amount":              "100.550.300",
	"invalid.amount.above_limit":  "100.550.301",
	"invalid.amount.decimals":     "100.550.303",
	"invalid.currency":            "100.550.401",
	"invalid.currency.not_set_up": "600.200.500",
	"invalid.currency.differs":    "700.100.500",
	"invalid.method":              "600.200.500",
	"invalid.notify_url":          "600.300.210",
	"invalid.return_url":          "600.300.211",
	"invalid.original":            "700.100.100",
	"invalid.return_url.missing":  "200.300.404",

	"not_found":         "700.400.580",
	"not_found.source":  "100.150.200",
	"not_found.session": "200.300.404",
	"not_found.path":    "200.300.404",

	"conflict":                  "700.400.000",
	"conflict.version":          "800.800.800",
	"conflict.idempotency":      "200.300.404",
	"conflict.reference":        "800.130.100",
	"conflict.session":          "200.300.404",
	"conflict.source":           "100.150.202",
	"conflict.entity":           "700.400.700",
	"conflict.pending":          "700.400.570",
	"conflict.review":           "700.400.570",
	"conflict.failed":           "700.300.200",
	"conflict.reference_kind":   "700.100.700",
	"conflict.not_authorised":   "700.400.510",
	"conflict.capture":          "700.400.100",
	"conflict.nothing_captured": "700.400.520",
	"conflict.refund":           "700.400.200",
	"conflict.refund.window":    "700.300.400",
	"conflict.disputed":         "700.300.600",
	"conflict.void":             "700.400.300",
	"conflict.void.settled":     "700.300.700",

	"limited":     "800.120.100",
	"unavailable": "800.800.800",
	"internal":    "600.100.100",
}

// errBusy is told before a request is even read: nothing has happened.
var errBusy = fault.New("unavailable.busy", "more requests at once than can be served")

var errNoSuchPath = fault.New("not_found.path", "no such operation")

// badParameters lists everything that is wrong with a request's form.
type badParameters struct{ list []ParameterError }

func (e *badParameters) Error() string { return "invalid or missing parameter" }

// noSuchSession is a checkout that is unknown, expired or over for too long.
type noSuchSession struct{ id string }

func (e *noSuchSession) Error() string { return "no payment session found" }

// codeOf finds the result code of an error.
func codeOf(err error) string {
	var bad *badParameters
	var gone *noSuchSession
	if errors.As(err, &bad) || errors.As(err, &gone) {
		return "200.300.404"
	}
	return codeOfFault(fault.Code(err))
}

// codeOfFault finds the result code of a core code.
func codeOfFault(code string) string {
	if found := FromFault(code); found != "" {
		return found
	}
	for c := code; c != ""; {
		if found := faultCodes[c]; found != "" {
			return found
		}
		i := strings.LastIndexByte(c, '.')
		if i < 0 {
			break
		}
		c = c[:i]
	}
	return faultCodes[fault.Internal]
}

// statusOf is the HTTP status of an error (sheet, section 3).
func statusOf(err error, rules Profile) int {
	switch fault.Code(err) {
	case "not_found.path":
		return http.StatusNotFound
	case "conflict.session", "not_found.session":
		return http.StatusBadRequest
	}
	return FaultStatus(codeOf(err), rules)
}

// fail answers with an error, in the contract's form.
func (s *Surface) fail(w http.ResponseWriter, r *http.Request, c *call, err error) {
	rules := rulesOf("")
	entity := "florin"
	if c != nil && c.profile.Code != "" {
		rules, entity = c.rules, c.profile.Code
	}
	code, status := codeOf(err), statusOf(err, rules)
	ans := answer{Result: result{Code: code, Description: Text(code)}, BuildNumber: s.Build, Timestamp: stamp(s.Clock(), false),
		NDC: entity + "_" + trace(wire.RequestID(r))}
	var bad *badParameters
	var gone *noSuchSession
	var f *fault.Error
	switch {
	case errors.As(err, &bad):
		ans.Result.ParameterErrors = bad.list
	case errors.As(err, &gone):
		ans.Result.Description += " - (opp) No payment session found for the requested id - are you mixing test/live servers or have you paid more than 30min ago?"
		ans.NDC = gone.id
	case errors.As(err, &f) && code == "200.300.404" && f.Param != "":
		ans.Result.ParameterErrors = []ParameterError{{Name: f.Param, Message: f.Msg}}
	}
	var ref *refusal
	if errors.As(err, &ref) {
		ans.ID, ans.PaymentType, ans.Timestamp = paymentID.wire(ref.attempt.ID), paymentTypes[ref.attempt.Kind], stamp(ref.attempt.SentAt, false)
		ans.MerchantTransactionID, ans.NDC = ref.attempt.Reference, entity+"_"+trace(string(ref.attempt.ID))
	}
	switch {
	case err == errBusy: // the metrics count it; a line for each would only add to the load
		w.Header().Set("Retry-After", "1")
	case status >= http.StatusInternalServerError:
		s.Log.Error("request failed", "path", r.URL.Path, "request", wire.RequestID(r), "err", err)
		w.Header().Set("Retry-After", "2")
	}
	write(w, status, ans)
}

// refusal is an operation that the core refused and wrote down.
type refusal struct {
	attempt payment.Attempt
	err     error
}

func (e *refusal) Error() string { return e.err.Error() }
func (e *refusal) Unwrap() error { return e.err }

// send answers with what an operation found. On a POST a rejected payment is
// a 400; reading one is a success (sheet, section 3).
func (s *Surface) send(w http.ResponseWriter, c *call, ans answer) {
	status := AnswerStatus(ans.Result.Code, c.r.Method == http.MethodGet, c.rules)
	if c.replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	write(w, status, ans)
}

func write(w http.ResponseWriter, status int, ans any) {
	body, err := json.Marshal(ans)
	if err != nil { // nothing in an answer can fail to encode; if it does, say so
		status, body = http.StatusInternalServerError, []byte(`{"result":{"code":"600.100.100","description":"the answer could not be written"}}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json;charset=UTF-8")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that hung up needs no answer
}

// plain is an answer that is about the request alone.
func (s *Surface) plain(c *call, code string) answer {
	return answer{Result: result{Code: code, Description: Text(code)}, BuildNumber: s.Build, Timestamp: stamp(s.Clock(), false),
		NDC: c.profile.Code + "_" + trace(wire.RequestID(c.r))}
}

// resultCodes is GET /v3/resultcodes (section 17).
func (s *Surface) resultCodes(w http.ResponseWriter, r *http.Request) {
	write(w, http.StatusOK, map[string]any{"resultCodes": Codes()})
}
