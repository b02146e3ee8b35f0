package spense

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/reconcile"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// Contract is what keys, records and messages of this contract are marked with.
const Contract = "spense"

// Surface is both APIs of the contract over the core.
type Surface struct {
	DB         *store.DB
	Access     *access.Service
	Merchants  *merchant.Service
	Invoices   *invoice.Service
	Payments   *payment.Service
	Checkouts  *checkout.Service
	Reconcile  *reconcile.Service
	Settlement *settlement.Service
	Clock      clock.Clock
	Log        *slog.Logger
	Door       *wire.Door

	BaseURL string
	Answers wire.Answers // those that are kept under an Idempotency-Key
	// Legacy lets keys sign in with each call, as before February 2024 (sheet, 3.5).
	Legacy bool
	// Limiter counts the calls of a key for an organisation.
	Limiter *wire.Limiter
	// Providers is who is behind a connector in settlement reports: for people,
	// and as a word in capitals for programs.
	Providers func(connector string) (display, code string)
	// ReportTransactions has the machine-readable settlement report name each
	// transaction (sheet, 10.3).
	ReportTransactions bool
	// Allowed says whether a webhook may go to an address at all.
	Allowed func(url string) error

	Meter access.Meter
}

// Operation is one row of the contract (sheet, 1).
type Operation struct {
	Method, Path string
	Name         string // the operation's id in the documents
	Open         bool   // nobody needs to be signed in
	Organization bool   // it is about one organisation, which X-Organization-Id names
	Makes        bool   // it makes payments: for whom counts them
	Body         bool   // its GET has a body

	serve func(s *Surface, c *call) (any, error)
}

// Operations are all rows that are served, in the sheet's order.
func Operations() []Operation { return slices.Clone(operations) }

var operations []Operation

func init() { // not a literal: the handlers know the table
	operations = []Operation{
		{Method: "POST", Path: "/partner/auth/token", Name: "get_token", Open: true, serve: (*Surface).token},
		{Method: "GET", Path: "/partner/auth/ping", Name: "ping", serve: (*Surface).ping},
		{Method: "GET", Path: "/partner/auth/organizations", Name: "get_organizations", serve: (*Surface).organizations},
		{Method: "GET", Path: "/partner/settlements/generate_csv", Name: "generate_csv", Organization: true, Body: true, serve: (*Surface).settlements},
		{Method: "POST", Path: "/partner/settlements/generate_csv", Name: "generate_csv_by_post", Organization: true, serve: (*Surface).settlements},
		{Method: "GET", Path: "/partner/payment-methods", Name: "get_payment_methods", Organization: true, serve: (*Surface).listMethods},
		{Method: "POST", Path: "/partner/payment-methods/resend", Name: "resend_to_payment_method", Organization: true, serve: (*Surface).resend},
		{Method: "PUT", Path: "/partner/payment-methods/{payflow_id}", Name: "set_payment_method", Organization: true, serve: (*Surface).setMethod},
		{Method: "POST", Path: "/partner/payments/{payment_id}/receipts/terminal/print", Name: "print_receipt", Organization: true, serve: (*Surface).print},
		{Method: "POST", Path: "/partner/payments/{payment_id}/manual-paid", Name: "mark_payment_as_paid", Organization: true, serve: (*Surface).markPaid},
		{Method: "POST", Path: "/api/payments", Name: "create_payment", Organization: true, Makes: true, serve: (*Surface).create},
		{Method: "GET", Path: "/api/payments", Name: "list_payments", Organization: true, serve: (*Surface).listPayments},
		{Method: "GET", Path: "/api/payments/{id}", Name: "get_payment", Organization: true, serve: (*Surface).getPayment},
		{Method: "POST", Path: "/api/payments/{id}/cancel", Name: "cancel_payment", Organization: true, serve: (*Surface).cancel},
		{Method: "POST", Path: "/api/payments/{id}/refund", Name: "refund_payment", Organization: true, serve: (*Surface).refund},
	}
}

// Makes says whether an operation of that name makes payments.
func Makes(operation string) bool {
	return slices.ContainsFunc(operations, func(o Operation) bool { return o.Name == operation && o.Makes })
}

// Roots are what lies below the contract's mounts.
var Roots = []string{"/partner", "/api/payments"}

// Routes mounts both APIs.
func (s *Surface) Routes(r chi.Router) {
	nowhere := http.HandlerFunc(s.nowhere)
	for _, root := range Roots {
		r.Handle(root, nowhere)
		r.Handle(root+"/*", nowhere)
	}
	for _, o := range operations {
		r.Handle(o.Path, nowhere) // its other methods
	}
	for _, o := range operations {
		r.Method(o.Method, o.Path, s.handle(o))
	}
}

// nowhere answers what the contract has no operation for: another method, a
// slash too many, or nothing at all (sheet, 2.1).
func (s *Surface) nowhere(w http.ResponseWriter, r *http.Request) {
	pattern := chi.RouteContext(r.Context()).RoutePattern()
	var takes []string
	for _, o := range operations {
		if o.Path == pattern {
			takes = append(takes, o.Method)
		}
	}
	if len(takes) > 0 {
		w.Header().Set("Allow", strings.Join(takes, ", "))
		s.fail(w, r, errNoMethod)
		return
	}
	if short := strings.TrimSuffix(r.URL.Path, "/"); short != r.URL.Path && known(short) {
		u := *r.URL
		u.Scheme, u.Host, u.Path, u.RawPath = "", "", short, ""
		w.Header().Set("X-Request-Id", wire.RequestID(r))
		w.Header().Set("Location", u.String())
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	s.fail(w, r, errNotFound)
}

// known says whether an operation has a path like this.
func known(path string) bool {
	got := strings.Split(path, "/")
	return slices.ContainsFunc(operations, func(o Operation) bool {
		want := strings.Split(o.Path, "/")
		return len(want) == len(got) && !slices.ContainsFunc(want, func(part string) bool {
			i := slices.Index(want, part)
			return part != got[i] && (!strings.HasPrefix(part, "{") || got[i] == "")
		})
	})
}
