package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
)

// call is one request, once it is known who sends it and for which entity.
type call struct {
	r        *http.Request
	actor    access.Actor
	profile  merchant.Profile
	merchant merchant.Merchant
	rules    Profile
	form     wire.Form
	id       string // the {id} of the path
	replayed bool   // answered from memory: the Idempotency-Key was known
}

// idempotencyKey is the form of the header: visible ASCII.
var idempotencyKey = regexp.MustCompile(`^[!-~]{1,255}$`)

// handle runs the checks that every operation shares, in the order of section
// 4 (authorization, entity, format), then the operation itself.
func (s *Surface) handle(op Operation, f func(c *call) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var c *call
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler { // the client hears of it in the contract's form
				s.Log.Error("panic", "request", wire.RequestID(r), "panic", p, "stack", string(debug.Stack()))
				s.fail(w, r, c, fault.New(fault.Internal, "panic"))
			}
		}()
		if r.Method == http.MethodPost {
			if !s.Door.Enter() {
				s.fail(w, r, nil, errBusy)
				return
			}
			defer s.Door.Leave()
		}
		c, err := s.open(w, r, op)
		if err != nil {
			s.fail(w, r, c, err)
			return
		}
		ans, err := f(c)
		if err != nil {
			s.fail(w, r, c, err)
			return
		}
		s.send(w, c, ans)
	}
}

func (s *Surface) open(w http.ResponseWriter, r *http.Request, op Operation) (c *call, err error) {
	c = &call{r: r, id: chi.URLParam(r, "id")}
	if c.actor, err = s.actor(r); err != nil {
		return c, err
	}
	if r.Method == http.MethodGet || r.Method == http.MethodDelete {
		c.form, err = wire.ReadQuery(r)
	} else {
		c.form, err = wire.ReadForm(w, r)
	}
	if err != nil {
		return c, err
	}
	if err := s.entity(c); err != nil {
		return c, err
	}
	list := Check(c.form, op, c.rules)
	if key := r.Header.Get("Idempotency-Key"); key != "" && !idempotencyKey.MatchString(key) {
		list = append(list, ParameterError{Name: "Idempotency-Key", Value: &key, Message: "must match " + idempotencyKey.String()})
	}
	if len(list) > 0 {
		return c, &badParameters{list}
	}
	return c, nil
}

// actor checks the access token (section 2).
func (s *Surface) actor(r *http.Request) (access.Actor, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || len(token) < 32 || len(token) > 2048 {
		return access.Actor{}, fault.New("unauthenticated.header", "an Authorization header with a bearer token is needed")
	}
	actor, err := s.Access.Authenticate(r.Context(), token)
	if err == nil && actor.Kind != "gateway" {
		err = fault.New("unauthenticated.key", "not a token of this contract")
	}
	return actor, err
}

// entity finds the profile that the request speaks for. An entity that the
// token does not cover looks like one that does not exist.
func (s *Surface) entity(c *call) error {
	code := c.form.Get("entityId")
	if code == "" {
		return nil // listed with all other missing parameters
	}
	profile, owner, err := s.Merchants.ByCode(c.r.Context(), c.actor.Realm, code)
	if fault.Is(err, fault.NotFound) || err == nil && c.actor.NeedMerchant(owner.ID) != nil {
		return fault.New("forbidden.entity", "the access token is not valid for this entity")
	}
	if err != nil {
		return err
	}
	c.profile, c.merchant, c.rules = profile, owner, rulesOf(profile.Settings.Contract)
	if id := c.form.Get("merchant.id"); id != "" && id != owner.Code && id != profile.Code {
		return fault.New("forbidden.entity", "the merchant does not belong to this entity")
	}
	if !profile.Enabled || !owner.Enabled {
		return fault.New("forbidden.entity_disabled", "the entity is disabled")
	}
	return nil
}

// test says whether the call is made on a test realm.
func (c *call) test() bool { return c.actor.Environment == access.Test }

func (c *call) view(read bool) view {
	return view{entity: c.profile.Code, name: c.profile.Name, env: c.actor.Environment, read: read}
}

// wish names the request for idempotency: the client's key within the entity,
// and a keyed hash of everything that was asked for, since a card number can
// be among it.
func (s *Surface) wish(c *call) idempotency.Key {
	k := idempotency.Key{Surface: "gateway"}
	header := c.r.Header.Get("Idempotency-Key")
	if header == "" {
		return k
	}
	mac := hmac.New(sha256.New, s.Pepper)
	route := strings.TrimPrefix(chi.RouteContext(c.r.Context()).RoutePattern(), "/gateway")
	mac.Write([]byte(c.r.Method + route + "\x00" + c.id))
	names := c.form.Names()
	slices.Sort(names)
	for _, name := range names {
		mac.Write([]byte("\x00" + name + "\x00" + c.form.Get(name)))
	}
	k.Key = string(c.profile.ID) + "/" + header
	k.Fingerprint = hex.EncodeToString(mac.Sum(nil))
	return k
}

// refersTo reads the path's id as a payment's.
func (c *call) refersTo() (ident.ID, error) {
	id, ok := paymentID.parse(c.id)
	if !ok {
		return "", fault.New("not_found.payment", "no such payment")
	}
	return id, nil
}
