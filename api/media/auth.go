package media

import (
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/login"
)

// call is one request, once it is known who sends it.
type call struct {
	r    *http.Request
	op   Operation
	who  login.Bearer
	body object
}

// realm is where the call happens.
func (c *call) realm() ident.ID { return c.who.Realm }

// path is a part of the address.
func (c *call) path(name string) string { return chi.URLParam(c.r, name) }

// handle runs what every operation shares, then the operation itself.
func (s *Surface) handle(op Operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler { // the client hears of it in the contract's form
				s.Log.Error("panic", "request", wire.RequestID(r), "panic", p, "stack", string(debug.Stack()))
				s.fail(w, r, op.Mode, fault.New(fault.Internal, "panic"))
			}
		}()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			if !s.Door.Enter() {
				s.fail(w, r, op.Mode, errBusy)
				return
			}
			defer s.Door.Leave()
		}
		c, err := s.open(w, r, op)
		var out any
		if err == nil {
			out, err = op.serve(s, c)
		}
		if err != nil {
			s.fail(w, r, op.Mode, err)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		if err := wire.WriteJSON(w, http.StatusOK, out); err != nil {
			s.fail(w, r, op.Mode, err)
		}
	}
}

// open checks what every operation shares, in this order: the token, its mode,
// its scope, the body.
func (s *Surface) open(w http.ResponseWriter, r *http.Request, op Operation) (c *call, err error) {
	c = &call{r: r, op: op}
	if c.who, err = s.Login.Authenticate(r.Context(), bearer(r)); err != nil {
		return c, err
	}
	if user := c.who.Person != ""; user != (op.Mode == User) {
		if user {
			return c, fault.New("forbidden.mode", "the operation is for a client's own token")
		}
		return c, fault.New("forbidden.mode", "the operation is for a signed-in user's token")
	}
	if !c.who.May(op.Scope()) {
		return c, fault.New("forbidden.scope", "the token was not given for the scope %s", op.Scope())
	}
	if op.Method == http.MethodPost || op.Method == http.MethodDelete {
		c.body, err = readObject(w, r)
	}
	return c, err
}

// bearer is the token of the Authorization header, "" when there is none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
