package errand

import (
	"net/http"
	"net/url"

	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/login"
	weblogin "github.com/florinpay/florin/web/login"
)

// fulfil is the page that an order is fulfilled at (sheet, 8.4): the reader goes
// to pay, or to agree, and comes back with fulfillmentStatus; straight back where
// there is nothing to do.
func (s *Site) fulfil(w http.ResponseWriter, r *http.Request) {
	v, err := s.SignIn.Read(r)
	if err != nil {
		s.SignIn.Fail(w, r, err)
		return
	}
	text := r.URL.Query().Get("orderId")
	number, ok := read(r, "orderId")
	if !ok {
		v.Err(w, "invalidTransaction", "there is no such order", "orderId", text)
		return
	}
	in, p, ok := s.SignIn.Pass(w, r, weblogin.Gate{Client: v.Client, Leads: []*url.URL{v.Return, v.Error}, Cancel: weblogin.Back(v.Return, statusName, "cancel")})
	if !ok {
		return
	}
	o := errand.Owner{Realm: in.Realm, Client: v.Client.ID, Code: v.Client.Code, Person: p.ID}
	step, err := s.Purchases.Open(r.Context(), o, number, v.Return.String(), v.Error.String())
	switch {
	case err != nil:
		code, message := s.word(r, err)
		v.Err(w, code, message, "orderId", text)
	case step.URL != "":
		weblogin.Send(w, step.URL)
	default:
		weblogin.Send(w, weblogin.Back(v.Return, statusName, step.Purchase.Result()))
	}
}

const statusName = "fulfillmentStatus"

// ordered leads a reader back from a provider to the client whose order was to
// be paid. An error goes to the client's errorUrl.
func (s *Site) ordered(w http.ResponseWriter, r *http.Request, client login.Client, e errand.Errand, why error) {
	p, err := s.Purchases.Settle(r.Context(), client.Realm, e.Purchase)
	if why == nil {
		why = err
	}
	address := e.ReturnURL
	if why != nil {
		address = e.ErrorURL
	}
	to, err := client.Return(address)
	if err != nil {
		s.SignIn.Fail(w, r, err)
		return
	}
	if why != nil {
		code, message := s.word(r, why)
		weblogin.Send(w, weblogin.Back(to, "error", code, "errorMessage", message))
		return
	}
	weblogin.Send(w, weblogin.Back(to, statusName, p.Result()))
}
