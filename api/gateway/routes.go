package gateway

import (
	"io"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
)

// Surface is the contract over the core.
type Surface struct {
	Access    *access.Service
	Merchants *merchant.Service
	Customers *customer.Service
	Payments  *payment.Service
	Checkouts *checkout.Service
	Vault     *vault.Service
	Clock     clock.Clock
	Random    io.Reader
	Log       *slog.Logger

	BaseURL   string // where payers reach us, without a slash at the end
	Build     string // the buildNumber of every answer
	Pepper    []byte // keys the fingerprints of requests
	Integrity string // of the widget's script

	Door *wire.Door // how many POSTs at a time; reads are always let in

	reads reads
}

// Routes mounts the contract's operations (sheet, section 6). The app mounts
// them under / and under /gateway.
func (s *Surface) Routes(r chi.Router) {
	r.Post("/v3/payments", s.handle(Pay, s.pay))
	r.Post("/v3/payments/{id}", s.handle(Refer, s.refer))
	r.Get("/v3/payments/{id}", s.handle(Read, s.inquire))
	r.Get("/v3/query", s.handle(Query, s.query))
	r.Get("/v3/query/{id}", s.handle(Read, s.inquire))
	r.Post("/v3/checkouts", s.handle(Prepare, s.prepare))
	r.Post("/v3/checkouts/{id}", s.handle(Update, s.update))
	r.Get("/v3/checkouts/{id}/payment", s.handle(Read, s.checkoutPayment))
	r.Get("/v3/checkouts/{id}/registration", s.handle(Read, s.checkoutRegistration))
	r.Post("/v3/registrations", s.handle(Register, s.register))
	r.Post("/v3/registrations/{id}/payments", s.handle(TokenPay, s.payWithToken))
	r.Delete("/v3/registrations/{id}", s.handle(Delete, s.deleteToken))
	r.Post("/v3/registrations/{id}/extendlife", s.handle(Extend, s.extendToken))
	r.Post("/v3/threeDSecure", s.handle(Authenticate, s.authenticate))
	r.Get("/v3/threeDSecure/{id}", s.handle(Read, s.inquire))
	r.Get("/v3/resultcodes", s.resultCodes)
	r.NotFound(s.unknownPath)
	r.MethodNotAllowed(s.unknownPath)
}

// unknownPath answers what the contract has no operation for (section 3).
func (s *Surface) unknownPath(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, nil, errNoSuchPath)
}
