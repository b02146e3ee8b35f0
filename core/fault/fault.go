// Package fault is the one error type that crosses florin's rooms. The core
// knows no HTTP status: each surface translates a code into its own words by
// the longest prefix it knows.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// The first word of every code. Further words, after dots, say more.
const (
	Invalid         = "invalid"         // the input is wrong, whoever sends it
	Unauthenticated = "unauthenticated" // who asks is not known
	Forbidden       = "forbidden"       // who asks may not
	NotFound        = "not_found"       // no such object for who asks (foreign ones too)
	Conflict        = "conflict"        // the object's state does not allow it
	Limited         = "limited"         // too much, too fast
	Declined        = "declined"        // the provider or issuer said no
	Unavailable     = "unavailable"     // try again later; nothing has happened
	Internal        = "internal"        // our fault
)

// Error says what went wrong. Code is dotted, general word first
// (invalid.amount, conflict.idempotency). Param names the input at fault in
// the core's words, if one is. Msg is safe English for anyone who may see the
// request. Err is for the log and never shown.
type Error struct {
	Code  string
	Param string
	Msg   string
	Err   error
}

func (e *Error) Error() string {
	s := e.Code
	if e.Param != "" {
		s += " (" + e.Param + ")"
	}
	if e.Msg != "" {
		s += ": " + e.Msg
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// New makes a fault with a code and a formatted message.
func New(code, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// At makes a fault that names the parameter at fault.
func At(code, param, format string, args ...any) *Error {
	return &Error{Code: code, Param: param, Msg: fmt.Sprintf(format, args...)}
}

// Wrap makes an internal fault around err, which is logged and never shown.
func Wrap(err error, format string, args ...any) *Error {
	return &Error{Code: Internal, Msg: fmt.Sprintf(format, args...), Err: err}
}

// Code returns the code of err: "" for nil, internal for an error that is no fault.
func Code(err error) string {
	if err == nil {
		return ""
	}
	var f *Error
	if errors.As(err, &f) {
		return f.Code
	}
	return Internal
}

// Is says whether err's code is prefix or lies below it
// (Is(err, "conflict") holds for conflict.idempotency).
func Is(err error, prefix string) bool { return Under(Code(err), prefix) }

// Under says whether code is prefix or lies below it.
func Under(code, prefix string) bool {
	rest, ok := strings.CutPrefix(code, prefix)
	return ok && (rest == "" || rest[0] == '.')
}
