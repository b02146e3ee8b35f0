// Package errand is the pages that a client's site sends its readers to: to pay
// an invoice, to change what a product is paid by, to store a way to pay
// (contract sheet media, 5). Whoever is not
// signed in does so first, then the reader goes on to a provider, and from there
// back to the client, with a word for how it went. The words come from what was
// booked, never from an address.
package errand

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/purchase"
	weblogin "github.com/florinpay/florin/web/login"
)

// Site answers for the pages.
type Site struct {
	SignIn    *weblogin.Site
	Errands   *errand.Service
	Purchases *purchase.Service
	Log       *slog.Logger
}

// door is one of the pages: what it is for, and what the contract calls the
// errand's number there.
type door struct {
	path, number string
	kind         errand.Kind
}

var doors = []door{
	{"/payment/invoice/pay", "transactionId", errand.Pay},
	{"/paymentChange", "paymentChangeId", errand.Change},
	{"/payment/payex/token/add", "transactionId", errand.Add},
	{"/payment/vipps/agreement/add", "transactionId", errand.Add},
	{"/payment/klarna/token/add", "transactionId", errand.Add},
	{"/payment/nexi/subscription/add", "transactionId", errand.Add},
}

// Mount registers the pages below a path such as /login, with a handle that
// takes patterns of net/http.
func (s *Site) Mount(handle func(pattern string, h http.Handler)) {
	for _, d := range doors {
		page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.open(w, r, d) })
		handle("GET "+d.path, page)
		handle("POST "+d.path, page) // the forms of signing in come by here
	}
	handle("GET /fulfillment", http.HandlerFunc(s.fulfil))
	handle("POST /fulfillment", http.HandlerFunc(s.fulfil))
	handle("GET /payment/back", http.HandlerFunc(s.back))
	handle("POST /payment/back", http.HandlerFunc(s.back))
}

// open is a page that a client sends a reader to.
func (s *Site) open(w http.ResponseWriter, r *http.Request, d door) {
	v, err := s.SignIn.Read(r)
	if err != nil {
		s.SignIn.Fail(w, r, err)
		return
	}
	text := r.URL.Query().Get(d.number)
	number, ok := read(r, d.number)
	if !ok {
		v.Err(w, "invalidTransaction", "there is no such transaction", d.number, text)
		return
	}
	if d.kind == errand.Change && r.Method == http.MethodPost && s.account(w, r, v, d, number) {
		return
	}
	g := weblogin.Gate{Client: v.Client, Leads: []*url.URL{v.Return, v.Error}, Cancel: weblogin.Back(v.Return, v.Client.Result(), "cancelled", d.number, text)}
	in, p, ok := s.SignIn.Pass(w, r, g)
	if !ok {
		return
	}
	o := errand.Owner{Realm: in.Realm, Client: v.Client.ID, Code: v.Client.Code, Person: p.ID}
	step, err := s.Errands.Open(r.Context(), o, []errand.Kind{d.kind}, number, v.Return.String(), v.Error.String())
	if err == nil && step.Account {
		s.show(w, r, v, form{})
		return
	}
	s.lead(w, r, v, d, step, err)
}

// lead sends a reader on to a provider, or back to the client.
func (s *Site) lead(w http.ResponseWriter, r *http.Request, v weblogin.Visit, d door, step errand.Step, err error) {
	text := r.URL.Query().Get(d.number)
	switch {
	case err != nil:
		code, message := s.word(r, err)
		v.Err(w, code, message, d.number, text)
	case step.URL != "":
		weblogin.Send(w, step.URL)
	default:
		weblogin.Send(w, weblogin.Back(v.Return, v.Client.Result(), step.Errand.Result(), d.number, text))
	}
}

// read is a number of an errand as the contract writes it: digits alone, once.
func read(r *http.Request, name string) (int64, bool) {
	list := r.URL.Query()[name]
	if len(list) != 1 {
		return 0, false
	}
	n, err := strconv.ParseInt(list[0], 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == list[0]
}

// back is where providers send readers back to. Everything else in the address
// is passed over: how it went is looked up.
func (s *Site) back(w http.ResponseWriter, r *http.Request) {
	client, err := s.SignIn.Login.Client(r.Context(), r.URL.Query().Get("clientId"))
	if err != nil {
		s.SignIn.Fail(w, r, err)
		return
	}
	number, ok := read(r, "errand")
	if !ok {
		s.SignIn.Fail(w, r, fault.New(fault.NotFound, "no such transaction"))
		return
	}
	in, p, ok := s.SignIn.Pass(w, r, weblogin.Gate{Client: client})
	if !ok {
		return
	}
	step, err := s.Errands.Back(r.Context(), errand.Owner{Realm: in.Realm, Client: client.ID, Code: client.Code, Person: p.ID}, number)
	if err != nil && step.Errand.Number == 0 {
		s.SignIn.Fail(w, r, err)
		return
	}
	if step.Errand.Purchase != "" {
		s.ordered(w, r, client, step.Errand, err)
		return
	}
	s.home(w, r, client, step.Errand, err)
}

// home leads a reader back to the client, where the client's page was opened
// from. Its hosts may have changed since, so they are asked once more.
func (s *Site) home(w http.ResponseWriter, r *http.Request, client login.Client, e errand.Errand, why error) {
	name := "transactionId"
	if e.Kind == errand.Change {
		name = "paymentChangeId"
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
	number := strconv.FormatInt(e.Number, 10)
	if why != nil {
		code, message := s.word(r, why)
		weblogin.Send(w, weblogin.Back(to, "error", code, "errorMessage", message, name, number))
		return
	}
	weblogin.Send(w, weblogin.Back(to, client.Result(), e.Result(), name, number))
}

// words are what the contract calls what went wrong (sheet, 5), by the first
// that fits.
var words = []struct{ fault, code string }{
	{"not_found.errand", "invalidTransaction"},
	{"not_found.purchase", "invalidTransaction"},
	{"forbidden.errand", "notAllowed"},
	{"forbidden.purchase", "notAllowed"},
	{"conflict.errand.expired", "expired"},
	{"conflict.invoice", "alreadyUsed"},
	{"conflict.method.not_set_up", "providerError"},
	{"conflict", "alreadyUsed"},
	{fault.Unavailable, "providerError"},
}

func (s *Site) word(r *http.Request, err error) (code, message string) {
	var f *fault.Error
	for _, w := range words {
		if fault.Is(err, w.fault) && errors.As(err, &f) {
			return w.code, f.Msg
		}
	}
	if s.Log != nil {
		s.Log.ErrorContext(r.Context(), "errand page", "path", r.URL.Path, "err", err)
	}
	return "internalError", "it could not be carried out"
}
