package gateway

import (
	"io"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"

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

	reads reads
}

// Routes mounts the contract's operations (sheet, section 6). The app mounts
// them under / and under /gateway.
func (s *Surface) Routes(r chi.Router) {
	r.Post("/v3/payments", s.handle(opPay, s.pay))
	r.Post("/v3/payments/{id}", s.handle(opRefer, s.refer))
	r.Get("/v3/payments/{id}", s.handle(opRead, s.inquire))
	r.Get("/v3/query", s.handle(opQuery, s.query))
	r.Get("/v3/query/{id}", s.handle(opRead, s.inquire))
	r.Post("/v3/checkouts", s.handle(opCheckout, s.prepare))
	r.Post("/v3/checkouts/{id}", s.handle(opCheckoutUpdate, s.update))
	r.Get("/v3/checkouts/{id}/payment", s.handle(opRead, s.checkoutPayment))
	r.Get("/v3/checkouts/{id}/registration", s.handle(opRead, s.checkoutRegistration))
	r.Post("/v3/registrations", s.handle(opRegister, s.register))
	r.Post("/v3/registrations/{id}/payments", s.handle(opTokenPay, s.payWithToken))
	r.Delete("/v3/registrations/{id}", s.handle(opDelete, s.deleteToken))
	r.Post("/v3/registrations/{id}/extendlife", s.handle(opExtend, s.extendToken))
	r.Post("/v3/threeDSecure", s.handle(opAuthenticate, s.authenticate))
	r.Get("/v3/threeDSecure/{id}", s.handle(opRead, s.inquire))
	r.Get("/v3/resultcodes", s.resultCodes)
	r.NotFound(s.unknownPath)
	r.MethodNotAllowed(s.unknownPath)
}

// unknownPath answers what the contract has no operation for (section 3).
func (s *Surface) unknownPath(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, nil, errNoSuchPath)
}
