package spense

import (
	"errors"
	"maps"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
)

// maxBody is the most bytes of a request's body: a thousand lines of an
// invoice fit with ease.
const maxBody = 1 << 20

// call is one request, once it is known who sends it and for whom.
type call struct {
	r     *http.Request
	op    Operation
	actor access.Actor
	owner merchant.Merchant // the organisation that it is about
	lang  string
	old   bool // signed in as before February 2024
	body  value
	raw   []byte
}

// test says whether it is about an organisation in test mode.
func (c *call) test() bool { return c.actor.Environment == access.Test }

// id is an id of the path, in lower case.
func (c *call) id(name string) ident.ID { return ident.ID(strings.ToLower(chi.URLParam(c.r, name))) }

// handle runs what every operation shares, then the operation itself.
func (s *Surface) handle(op Operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{r: r, op: op, lang: language(r)}
		failed := true
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler { // the client hears of it in the contract's form
				s.Log.Error("panic", "request", wire.RequestID(r), "panic", p, "stack", string(debug.Stack()))
				s.fail(w, r, fault.New(fault.Internal, "panic"))
			}
			if c.actor.Key != "" {
				s.Meter.Count(c.actor, op.Name, agent(r), failed, c.old)
			}
		}()
		if r.Method != http.MethodGet {
			if !s.Door.Enter() {
				s.fail(w, r, errBusy)
				return
			}
			defer s.Door.Leave()
		}
		out, err := s.answer(w, c)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		failed = false
		h := w.Header()
		h.Set("X-Request-Id", wire.RequestID(r))
		h.Set("Cache-Control", "no-store")
		if f, ok := out.(sheet); ok {
			h.Set("Content-Type", "text/csv; charset=utf-8")
			h.Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
			_, _ = w.Write(f.text) // a client that hung up needs no answer
			return
		}
		h.Set("Content-Type", "application/json")
		if err := wire.WriteJSON(w, http.StatusOK, out); err != nil {
			s.fail(w, r, err)
		}
	}
}

// agent is what the client's software calls itself.
func agent(r *http.Request) string {
	name := r.UserAgent()
	if len(name) > 100 {
		name = name[:100]
	}
	return strings.ToValidUTF8(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, name), "")
}

// answer checks what every operation shares, in this order: the credential,
// the limit, the organisation, the body; then the operation is served.
func (s *Surface) answer(w http.ResponseWriter, c *call) (any, error) {
	if c.op.Open {
		return c.op.serve(s, c)
	}
	if err := s.signIn(w, c); err != nil {
		return nil, err
	}
	if c.op.Organization {
		if err := s.organization(c); err != nil {
			return nil, err
		}
	}
	if err := s.limit(w, c); err != nil {
		return nil, err
	}
	if c.op.Body || c.op.Method == http.MethodPost || c.op.Method == http.MethodPut {
		if err := c.read(w); err != nil {
			return nil, err
		}
	}
	return s.once(w, c)
}

// read reads a JSON body (sheet, 4). Without one body is absent; one that does
// not call itself JSON is a text.
func (c *call) read(w http.ResponseWriter) error {
	if e := c.r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return errBody
	}
	raw, err := wire.ReadBody(w, c.r, maxBody)
	if err != nil || len(raw) == 0 {
		return err
	}
	c.raw = raw
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if kind != "" && kind != "application/json" && !(strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")) {
		c.body = value{kind: text, text: strings.ToValidUTF8(string(raw), "\ufffd")}
		return nil
	}
	c.body, err = parse(raw)
	var broken *jsonError
	if errors.As(err, &broken) {
		return invalid{[]issue{{Type: "json_invalid", Loc: []any{"body", broken.at}, Msg: "JSON decode error", Input: struct{}{}, Ctx: struct {
			Error string `json:"error"`
		}{broken.why}}}}
	}
	if err != nil {
		return errBody
	}
	return nil
}

// parameters reads the query as an object of texts, the last of equal names.
func (c *call) parameters(ck *check) node {
	v := value{kind: object, of: map[string]value{}}
	query := c.r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := query[name]
		v.names = append(v.names, name)
		v.of[name] = value{kind: text, text: strings.ToValidUTF8(values[len(values)-1], "\ufffd")}
	}
	return node{c: ck, loc: []any{"query"}, v: v, ok: true, parts: true}
}
