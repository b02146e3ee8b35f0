package app

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/reconcile"
	"github.com/florinpay/florin/store"
)

// sandbox mounts the controls of test realms: their clock, what happens
// outside (a slip is paid, a bank charges back, a human decides a review), and
// their books. Each asks for a key of a test realm; live keys are refused.
func (a *App) sandbox(r chi.Router) {
	r.Post("/sandbox/clock", a.control(a.moveClock))
	r.Get("/sandbox/clock", a.control(a.readClock))
	r.Post("/sandbox/payments/{id}/risk", a.control(a.decideRisk))
	r.Post("/sandbox/payments/{id}/pay", a.control(a.payVoucher))
	r.Post("/sandbox/payments/{id}/chargeback", a.control(a.chargeBack))
	a.banks(r)
	r.Post("/sandbox/mandates/{id}", a.control(a.moveMandate))
	r.Handle(fake.Prefix+"*", a.Provider.Pages())
	r.Get("/sandbox/payments/{id}/ledger", a.control(a.readLedger))
	r.Get("/sandbox/payments/{id}/deliveries", a.control(a.readDeliveries))
	r.Get("/sandbox/balances", a.control(a.readBalances))
	r.Post("/sandbox/wallets/{wallet}", a.control(a.makePacket))
	r.Get("/sandbox/outbox", a.control(a.readOutbox))
	r.Get("/sandbox/outbox/{id}/{n}", a.readAttachment)
}

type control func(r *http.Request, actor access.Actor) (any, error)

// control checks the key, runs the control and answers in JSON.
func (a *App) control(f control) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		actor, err := a.testActor(r)
		var out any
		if err == nil {
			out, err = f(r, actor)
		}
		if err != nil {
			a.sandboxFault(w, r, err)
			return
		}
		answer(w, http.StatusOK, out)
	}
}

// testActor is who asks, with a key of a test realm that may use its controls.
func (a *App) testActor(r *http.Request) (access.Actor, error) {
	actor, err := a.Access.Authenticate(r.Context(), bearer(r))
	if err == nil && actor.Environment != access.Test {
		err = fault.New("forbidden.live", "the sandbox is for test keys")
	}
	if err == nil {
		err = actor.Need(access.Sandbox)
	}
	return actor, err
}

func (a *App) sandboxFault(w http.ResponseWriter, r *http.Request, err error) {
	code := fault.Code(err)
	status := map[string]int{fault.Invalid: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409,
		fault.Limited: 429, fault.Unavailable: 503}
	for word, s := range status {
		if fault.Under(code, word) {
			answer(w, s, map[string]string{"code": code, "message": err.Error(), "request": wire.RequestID(r)})
			return
		}
	}
	a.Log.Error("sandbox request failed", "request", wire.RequestID(r), "err", err)
	answer(w, http.StatusInternalServerError, map[string]string{"code": fault.Internal, "message": "internal error", "request": wire.RequestID(r)})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that hung up needs no answer
}

// input reads a small JSON or form body into name and value.
func input(r *http.Request) (map[string]string, error) {
	f, err := wire.ReadForm(nil, r)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, name := range f.Names() {
		out[name] = f.Get(name)
	}
	return out, nil
}

// moveClock: POST /sandbox/clock advanceSeconds=86400
func (a *App) moveClock(r *http.Request, actor access.Actor) (any, error) {
	in, err := input(r)
	if err != nil {
		return nil, err
	}
	seconds, err := strconv.ParseInt(in["advanceSeconds"], 10, 64)
	if err != nil || seconds <= 0 || seconds > 10*365*24*3600 {
		return nil, fault.At("invalid.duration", "advanceSeconds", "a whole number of seconds above zero is needed")
	}
	now, err := a.advance(r.Context(), actor.Realm, time.Duration(seconds)*time.Second)
	return map[string]any{"now": now.Format(time.RFC3339)}, err
}

// advance moves a test realm's clock, and the test provider's for its accounts. A
// job fetches the settlement files of the days that are over now.
func (a *App) advance(ctx context.Context, realm ident.ID, d time.Duration) (now time.Time, err error) {
	if now, err = a.Access.Advance(ctx, realm, d); err == nil {
		a.Provider.Moved(string(realm), now.Sub(a.now()))
		err = a.DB.Update(ctx, realm, func(tx *store.Tx) error { reconcile.FetchSoon(tx); return nil })
	}
	return now, err
}

// follow tells the test provider how far the clocks of realms were moved
// before this start.
func (a *App) follow(ctx context.Context) error {
	realms, err := a.Access.Realms(ctx)
	for _, r := range realms {
		if r.Environment != access.Test || err != nil {
			continue
		}
		err = a.DB.View(ctx, r.ID, func(tx *store.Tx) error {
			a.Provider.Moved(string(r.ID), tx.Now().Sub(a.now()))
			return nil
		})
	}
	return err
}

func (a *App) readClock(r *http.Request, actor access.Actor) (any, error) {
	var now time.Time
	err := a.DB.View(r.Context(), actor.Realm, func(tx *store.Tx) error {
		now = tx.Now()
		return nil
	})
	return map[string]any{"now": now.Format(time.RFC3339)}, err
}

// paymentOf reads the path's id: a gateway id or a core id of a payment that
// the key may see.
func (a *App) paymentOf(r *http.Request, actor access.Actor) (ident.ID, error) {
	raw := chi.URLParam(r, "id")
	if len(raw) > ident.Length {
		raw = raw[:ident.Length]
	}
	out, err := a.Payments.Get(r.Context(), actor, ident.ID(raw))
	return out.Payment.ID, err
}

// decideRisk: POST /sandbox/payments/{id}/risk decision=accept|reject
func (a *App) decideRisk(r *http.Request, actor access.Actor) (any, error) {
	id, err := a.paymentOf(r, actor)
	if err != nil {
		return nil, err
	}
	in, err := input(r)
	if err != nil {
		return nil, err
	}
	if in["decision"] != "accept" && in["decision"] != "reject" {
		return nil, fault.At("invalid.decision", "decision", "accept or reject")
	}
	out, err := a.Payments.DecideRisk(r.Context(), actor.Realm, id, in["decision"] == "accept")
	return map[string]any{"state": out.Payment.State, "risk": out.Payment.Risk}, err
}

// readLedger: GET /sandbox/payments/{id}/ledger
func (a *App) readLedger(r *http.Request, actor access.Actor) (any, error) {
	id, err := a.paymentOf(r, actor)
	if err != nil {
		return nil, err
	}
	var entries []ledger.Entry
	err = a.DB.View(r.Context(), actor.Realm, func(tx *store.Tx) (err error) {
		entries, err = ledger.ByObject(tx, ledger.Object{Kind: "payment", ID: id})
		return err
	})
	type posting struct {
		Account  ledger.Account `json:"account"`
		Column   ledger.Column  `json:"column"`
		Amount   int64          `json:"amount"`
		Currency string         `json:"currency"`
	}
	type transfer struct {
		Seq      int64     `json:"seq"`
		Kind     string    `json:"kind"`
		At       string    `json:"at"`
		Postings []posting `json:"postings"`
	}
	list := []transfer{}
	for _, e := range entries {
		t := transfer{Seq: e.Seq, Kind: e.Kind, At: e.At.Format(time.RFC3339)}
		for _, p := range e.Postings {
			t.Postings = append(t.Postings, posting{p.Account, p.Column, p.Amount.Minor, string(p.Amount.Currency)})
		}
		list = append(list, t)
	}
	return map[string]any{"transfers": list}, err
}

// readBalances: GET /sandbox/balances
func (a *App) readBalances(r *http.Request, actor access.Actor) (any, error) {
	type balance struct {
		Account  ledger.Account `json:"account"`
		Currency string         `json:"currency"`
		Pending  int64          `json:"pending"`
		Posted   int64          `json:"posted"`
	}
	list := []balance{}
	err := a.DB.View(r.Context(), actor.Realm, func(tx *store.Tx) error {
		standings, _, err := ledger.Accounts(tx, "", ledger.MaxPage)
		for _, s := range standings {
			list = append(list, balance{s.Account, string(s.Posted.Currency), s.Pending.Minor, s.Posted.Minor})
		}
		return err
	})
	return map[string]any{"accounts": list}, err
}

// readDeliveries: GET /sandbox/payments/{id}/deliveries
func (a *App) readDeliveries(r *http.Request, actor access.Actor) (any, error) {
	id, err := a.paymentOf(r, actor)
	if err != nil {
		return nil, err
	}
	list, err := a.Webhooks.About(r.Context(), actor.Realm, id)
	type delivery struct {
		Event  string `json:"event"`
		Type   string `json:"type"`
		URL    string `json:"url"`
		State  string `json:"state"`
		Tries  int64  `json:"tries"`
		Status int    `json:"status"`
	}
	out := []delivery{}
	for _, d := range list {
		out = append(out, delivery{string(d.Event), d.EventType, d.URL, string(d.State), d.Tries, d.Status})
	}
	return map[string]any{"deliveries": out}, err
}
