package mandate

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// Service is what callers may ask about mandates.
type Service struct {
	DB         *store.DB
	Events     *event.Log
	Connectors map[string]connector.Connector
	Log        *slog.Logger

	// ReturnURL is where a provider sends the payer's browser back to.
	ReturnURL func(realm, mandate ident.ID) string
	// Patience is how long after the intent an answer is waited for. Zero means
	// connector.Patience, which is the longest.
	Patience time.Duration
}

// Wish is what a merchant wants a payer to agree to.
type Wish struct {
	Idempotency idempotency.Key
	Profile     merchant.Profile
	Customer    ident.ID
	Brand       string       // VIPPS, KLARNA, PAYEX, NEXI, PAYTO
	Maximum     money.Amount // of one charge; no currency: any amount
	Until       time.Time    // when the agreement expires; zero: never
	Phone       string       // E.164, where the payer is asked by phone
	Reference   string
	Details     Details           // ReturnURL, Descriptor, Locale, Echo
	Simulate    map[string]string // test realms only
}

// Outcome is a mandate, and whether it was answered from memory.
type Outcome struct {
	Mandate  Mandate
	Replayed bool
}

// Agree makes a mandate and asks its provider once. The outcome is the truth as
// far as it is known: a refusal is an outcome, so is "not known yet". A pending
// one has a redirect where the payer's browser has to go, unless the payer is
// asked by phone.
//
// Faults, in the order checked: forbidden.permission, not_found.merchant,
// conflict.idempotency, invalid.method.not_set_up (no such brand, or nobody who
// could ask), invalid.amount, invalid.currency, invalid.expiry (it is over),
// invalid.return_url.missing (a brand with a page, and nowhere to go back to).
func (s *Service) Agree(ctx context.Context, actor access.Actor, w Wish) (Outcome, error) {
	if err := actor.Need(access.Register); err != nil {
		return Outcome{}, err
	}
	if err := actor.NeedMerchant(w.Profile.Merchant); err != nil {
		return Outcome{}, err
	}
	var conn connector.Mandater
	known, err := s.begin(ctx, actor.Realm, w.Idempotency, func(tx *store.Tx) (m Mandate, err error) {
		name := ""
		if conn, name, err = s.mandater(w, actor.Environment); err != nil {
			return m, err
		}
		if err = w.check(tx.Now()); err != nil {
			return m, err
		}
		m = w.intent(tx, name)
		return m, addMandate(tx, m)
	})
	if err != nil || known.Replayed {
		return known, err
	}
	m := known.Mandate
	terms := connector.Terms{Mandate: m.ID, Account: m.Account, Method: m.Method, Brand: m.Brand, Maximum: m.Maximum, Phone: w.Phone, ExpiresAt: w.Until,
		At: m.CreatedAt, Locale: m.Details.Locale, Descriptor: m.Details.Descriptor, Simulate: w.Simulate}
	if terms.Descriptor == "" {
		terms.Descriptor = w.Profile.Name
	}
	if m.Method.Visits() {
		terms.ReturnURL = s.ReturnURL(actor.Realm, m.ID)
	}
	c := s.send(ctx, actor.Realm, m, func(ctx context.Context) connector.Consent { return conn.Agree(ctx, terms) })
	return s.answered(ctx, actor.Realm, m, c), nil
}

// check judges a wish by itself. at is the realm's time.
func (w Wish) check(at time.Time) error {
	switch {
	case w.Maximum.Currency != "" && (w.Maximum.Minor < 1 || w.Maximum.Minor > money.Max):
		return fault.At("invalid.amount", "maximum", "the amount must be positive")
	case w.Maximum.Currency != "" && !w.Maximum.Currency.Known():
		return fault.At("invalid.currency", "currency", "unknown currency")
	case !w.Until.IsZero() && !w.Until.After(at):
		return fault.At("invalid.expiry", "until", "the agreement would be over before it begins")
	case method.OfBrand(w.Brand).Visits() && w.Details.ReturnURL == "":
		return fault.At("invalid.return_url.missing", "returnUrl", "this way to pay needs an address to send the payer back to")
	}
	return nil
}

// mandater finds who asks the payer: the profile's choice, or the test provider. A
// test realm reaches test connectors alone and a live one never does.
func (s *Service) mandater(w Wish, env access.Environment) (connector.Mandater, string, error) {
	none := fault.At("invalid.method.not_set_up", "brand", "no provider is set up for agreements of this brand")
	name := method.OfBrand(w.Brand)
	if !w.Profile.Settings.TakesBrand(w.Brand) || name == "" {
		return nil, "", none
	}
	chosen := w.Profile.Settings.Connectors[name]
	for own, c := range s.Connectors {
		if m, ok := c.(connector.Mandater); ok && c.Spec().TestOnly == (env == access.Test) && (own == chosen || chosen == "" && env == access.Test) {
			return m, own, nil
		}
	}
	return nil, "", none
}

func (w Wish) intent(tx *store.Tx, connectorName string) Mandate {
	now := tx.Now()
	m := Mandate{ID: tx.NewID(), Version: 1, Merchant: w.Profile.Merchant, Profile: w.Profile.ID, Surface: w.Idempotency.Surface, Customer: w.Customer,
		Method: method.OfBrand(w.Brand), Brand: w.Brand, State: Asking, Connector: connectorName, Account: w.Profile.Settings.Account, Reference: w.Reference,
		Maximum: w.Maximum, CreatedAt: now, UpdatedAt: now, Details: w.Details}
	if m.Account == "" { // a provider may serve many realms: its accounts must not meet
		m.Account = string(tx.Realm()) + "." + w.Profile.Code
	}
	m.Details.Until = clock.Millis(w.Until)
	return m
}

// begin commits an intent together with its idempotency row. A key that is known
// answers with what it led to.
func (s *Service) begin(ctx context.Context, realm ident.ID, key idempotency.Key, write func(tx *store.Tx) (Mandate, error)) (Outcome, error) {
	var out Outcome
	intent := func(tx *store.Tx) error {
		known, err := idempotency.Recall(tx, key)
		if err != nil {
			return err
		}
		if out.Replayed = known != ""; out.Replayed {
			out.Mandate, err = Find(tx, known)
			return err
		}
		if out.Mandate, err = write(tx); err != nil {
			return err
		}
		idempotency.Remember(tx, key, out.Mandate.ID)
		return nil
	}
	err := s.DB.Update(ctx, realm, intent)
	if idempotency.Taken(err) {
		err = s.DB.Update(ctx, realm, intent)
	}
	return out, err
}

// settle writes what a provider's word means for the mandate as it stands now.
func (s *Service) settle(ctx context.Context, realm, id ident.ID, c connector.Consent) (m Mandate, err error) {
	err = s.DB.Update(context.WithoutCancel(ctx), realm, func(tx *store.Tx) error {
		if m, err = Find(tx, id); err != nil {
			return err
		}
		m, err = s.take(tx, m, c)
		return err
	})
	return m, err
}

// take writes what a provider's word means. A yes to what has ended changes
// nothing here: a job ends it at the provider too.
func (s *Service) take(tx *store.Tx, m Mandate, c connector.Consent) (Mandate, error) {
	if m.Ended() && c.State == connector.Approved {
		job.Add(tx, "mandate.stray", m.ID, tx.Now())
	}
	return s.write(tx, m, apply(m, c, s.settleAfter(m), tx.Now()))
}

func (s *Service) settleAfter(m Mandate) time.Duration {
	if c := s.Connectors[m.Connector]; c != nil {
		return time.Duration(c.Spec().SettleSeconds) * time.Second
	}
	return settleAfter
}

// write turns a change into a row, an event and jobs.
func (s *Service) write(tx *store.Tx, was Mandate, c change) (Mandate, error) {
	if c.event == "" && c.m.Code == was.Code && c.m.ProviderRef == was.ProviderRef && c.m.Details.Cancelling == was.Details.Cancelling {
		return was, nil
	}
	c.m.UpdatedAt = tx.Now()
	if c.event != "" {
		c.m.Seq++
	}
	if err := saveMandate(tx, c.m); err != nil {
		return was, err
	}
	c.m.Version++
	if c.check > 0 && was.State == Asking && c.m.open() {
		job.Add(tx, "mandate.resolve", c.m.ID, tx.Now().Add(c.check))
	}
	if !c.m.ExpiresAt.IsZero() && !c.m.ExpiresAt.Equal(was.ExpiresAt) {
		job.Add(tx, "mandate.expire", c.m.ID, c.m.ExpiresAt)
	}
	if c.event == "" {
		return c.m, nil
	}
	return c.m, s.Events.Add(tx, event.Event{Object: c.m.ID, Seq: c.m.Seq, Type: c.event, Merchant: c.m.Merchant, Data: c.m.summary(), Subject: c.m})
}

// summary is the small JSON an event carries for readers of the log.
func (m Mandate) summary() string {
	b, _ := json.Marshal(struct {
		State State  `json:"state"`
		Brand string `json:"brand"`
		Code  string `json:"code,omitempty"`
	}{m.State, m.Brand, m.Code})
	return string(b) // strings always encode
}

// send asks the provider for a new agreement, once, and in time (connector.Left).
func (s *Service) send(ctx context.Context, realm ident.ID, m Mandate, request func(ctx context.Context) connector.Consent) connector.Consent {
	if left := connector.Left(s.patience(), m.CreatedAt, s.DB.Now(realm)); left > 0 {
		return s.ask(ctx, left, request)
	}
	s.Log.Error("too late to ask the provider; nothing was sent", "mandate", m.ID, "at", m.CreatedAt)
	return connector.Consent{State: connector.Refused, Code: fault.UnavailableProvider, Provider: "not sent"}
}

func (s *Service) patience() time.Duration {
	if s.Patience == 0 {
		return connector.Patience
	}
	return s.Patience
}

// ask runs one question to a provider, with no transaction open.
func (s *Service) ask(ctx context.Context, patience time.Duration, question func(ctx context.Context) connector.Consent) connector.Consent {
	c, broken := connector.Ask(ctx, patience, s.Log, question)
	if broken {
		c = connector.Consent{State: connector.Unknown, Provider: "panic"}
	}
	return c
}

// answered settles a provider's answer on the request path. If even that cannot
// be written, the intent stands and the resolver finds out.
func (s *Service) answered(ctx context.Context, realm ident.ID, m Mandate, c connector.Consent) Outcome {
	out, err := s.settle(ctx, realm, m.ID, c)
	if err != nil {
		s.Log.Error("answer not written; the resolver will ask again", "mandate", m.ID, "err", err)
		return Outcome{Mandate: m}
	}
	return Outcome{Mandate: out}
}

// Get finds a mandate. Faults: forbidden.permission, not_found.mandate (another
// merchant's too).
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.ID) (Mandate, error) {
	if err := actor.Need(access.Read); err != nil {
		return Mandate{}, err
	}
	var m Mandate
	err := s.DB.View(ctx, actor.Realm, func(tx *store.Tx) (err error) {
		m, err = Find(tx, id)
		return err
	})
	if err == nil && actor.NeedMerchant(m.Merchant) != nil {
		return Mandate{}, missing()
	}
	return m, err
}

// Of lists a customer's mandates that can be charged, suspended ones too, newest
// first, up to limit.
func (s *Service) Of(ctx context.Context, realm, customer ident.ID, limit int) (list []Mandate, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = mandatesOf(tx, customer, limit)
		return err
	})
	return list, err
}
