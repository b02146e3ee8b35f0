package april

import (
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
)

// call is one request, once it is known who sends it and for whom.
type call struct {
	caller
	r     *http.Request
	op    Operation
	id    string // the {id} of the path
	query query
	body  object

	market   ident.ID        // the marketplace that is acted for, or ""
	acts     *merchant.Found // the merchant that is acted for, or nil
	total    int64           // of a list
	pageSize int64           // of a list, 0 for an answer that is none
}

// realm is whose call it is.
func (c *call) realm() access.Realm {
	return access.Realm{ID: c.actor.Realm, Environment: c.actor.Environment}
}

// found notes how many there are on all pages of a list.
func (c *call) found(total int64, p store.Page) { c.total, c.pageSize = total, p.Limit }

// each puts the elements of a list through f.
func each[T, B any](list []T, f func(T) B) []B {
	out := make([]B, len(list))
	for i, x := range list {
		out[i] = f(x)
	}
	return out
}

// handle runs what every operation shares, then the operation itself.
func (s *Surface) handle(op Operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler { // the client hears of it in the contract's form
				s.Log.Error("panic", "request", wire.RequestID(r), "panic", p, "stack", string(debug.Stack()))
				s.fail(w, r, fault.New(fault.Internal, "panic"))
			}
		}()
		if r.Method != http.MethodGet {
			if !s.Door.Enter() {
				s.fail(w, r, errBusy)
				return
			}
			defer s.Door.Leave()
		}
		c, err := s.open(w, r, op)
		op.readable(w.Header(), c.kind)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		ans, err := s.once(c)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.send(w, r, c, ans)
	}
}

// open checks what every operation shares, in this order: the credential, how
// often it calls (sheet, 6.9), its kind, the query, the body, the context headers.
func (s *Surface) open(w http.ResponseWriter, r *http.Request, op Operation) (c *call, err error) {
	c = &call{r: r, op: op, id: chi.URLParam(r, "id")}
	if c.caller, err = s.caller(r); err != nil {
		return c, err
	}
	if wait := s.Limiter.Take(c.who()); wait > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(wait, 10))
		return c, errLimit
	}
	if !op.Takes(c.kind) {
		return c, errKind
	}
	if c.query, err = readQuery(r); err != nil {
		return c, err
	}
	if op.Method == http.MethodPost || op.Method == http.MethodPatch {
		if c.body, err = readBody(w, r, op.bodiless()); err != nil {
			return c, err
		}
	}
	return c, s.scope(c)
}

// readBody reads a body as JSON whatever its Content-Type says (sheet, 1.1).
// bodiless: none at all will do too.
func readBody(w http.ResponseWriter, r *http.Request, bodiless bool) (object, error) {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return object{}, fault.New("invalid.body.encoding", "compressed bodies are not accepted")
	}
	text, err := wire.ReadBody(w, r, maxBody)
	if err != nil {
		return object{}, err
	}
	if bodiless && len(text) == 0 {
		return object{bad: &badRequest{}}, nil
	}
	members, err := readJSON(text)
	return object{members: members, bad: &badRequest{}}, err
}

func (s *Surface) send(w http.ResponseWriter, r *http.Request, c *call, ans wire.Reply) {
	h := w.Header()
	h.Set("X-Tracer", tracer(r))
	h.Set("Cache-Control", "no-store")
	if c.pageSize > 0 {
		h.Set("X-Total-Count", strconv.FormatInt(c.total, 10))
		h.Set("X-Total-Pages", strconv.FormatInt((c.total+c.pageSize-1)/c.pageSize, 10))
	}
	if ans.Replayed {
		h.Set("Idempotent-Replay", "true")
	}
	if d, ok := ans.Body.(attachment); ok {
		if err := d.send(w); err != nil { // the client has gone
			s.Log.Debug("an answer was not read", "request", wire.RequestID(r), "err", err)
		}
		return
	}
	if err := wire.WriteJSON(w, ans.Status, ans.Body); err != nil {
		s.fail(w, r, err)
	}
}
