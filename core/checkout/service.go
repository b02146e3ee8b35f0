package checkout

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// Service keeps checkouts.
type Service struct {
	DB        *store.DB
	Access    *access.Service
	Payments  *payment.Service
	Merchants *merchant.Service
	Random    io.Reader // for keys: crypto/rand.Reader outside simulations
	Node      string    // ends the keys, so that a log line tells where one was made
}

// Wish is what a merchant wants to be paid. In an update, zero fields leave
// the session as it is.
type Wish struct {
	Idempotency idempotency.Key
	Profile     merchant.Profile
	Alias       string
	Kind        connector.Kind
	Amount      money.Amount
	Details     Details
}

// Opening is how a session came to be the answer to a wish.
type Opening string

const (
	Opened  Opening = "opened"
	Renewed Opening = "renewed" // the wish named an open session, which was updated
	Known   Opening = "known"   // the same wish was made before
)

// Create opens a session, or answers with the one that the same wish opened
// before; with an alias that an open session of the profile
// bears already, that one is updated instead.
// Faults: forbidden.permission, not_found.merchant, invalid.amount,
// invalid.currency, conflict.session.
func (s *Service) Create(ctx context.Context, actor access.Actor, w Wish) (sess Session, how Opening, err error) {
	if err := permitted(actor, w); err != nil {
		return Session{}, "", err
	}
	raw := make([]byte, 16)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return Session{}, "", fault.Wrap(err, "no randomness")
	}
	open := func(tx *store.Tx) error {
		how = Opened
		known, err := idempotency.Recall(tx, w.Idempotency)
		if err != nil {
			return err
		}
		if known != "" {
			how = Known
			sess, err = getSession(tx, known)
			return err
		}
		if w.Alias != "" {
			old, found, err := byAlias(tx, w.Profile.ID, w.Alias)
			if err != nil {
				return err
			}
			if found {
				how = Renewed
				sess, err = s.change(tx, old, w)
				return err
			}
		}
		sess = Session{Realm: actor.Realm, ID: tx.NewID(), Version: 1, Key: strings.ToUpper(hex.EncodeToString(raw)) + "." + s.Node, Alias: w.Alias,
			Merchant: w.Profile.Merchant, Profile: w.Profile.ID, Surface: w.Idempotency.Surface, Kind: w.Kind, Amount: w.Amount, State: Open, Try: 1,
			CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(w.Profile.Settings.SessionLife()), Details: w.Details}
		if err := sess.payable(w.Profile); err != nil {
			return err
		}
		idempotency.Remember(tx, w.Idempotency, sess.ID)
		return addSession(tx, sess)
	}
	if err = s.DB.Update(ctx, actor.Realm, open); idempotency.Taken(err) {
		err = s.DB.Update(ctx, actor.Realm, open)
	}
	var exists *store.Exists
	if errors.As(err, &exists) {
		err = fault.New("conflict.session", "another checkout bears this id")
	}
	return sess, how, err
}

// Update changes an open session. The same wish said twice changes it once
// (how is then Known) and shows the session as it stands. Faults:
// forbidden.permission, conflict.idempotency, not_found.session, conflict.session.
func (s *Service) Update(ctx context.Context, actor access.Actor, wireID string, w Wish) (sess Session, how Opening, err error) {
	if err := permitted(actor, w); err != nil {
		return Session{}, "", err
	}
	update := func(tx *store.Tx) error {
		known, err := idempotency.Recall(tx, w.Idempotency)
		if err != nil {
			return err
		}
		if known != "" {
			how = Known
			sess, err = getSession(tx, known)
			return err
		}
		how = Renewed
		old, err := find(tx, w.Profile.ID, wireID)
		if err != nil {
			return err
		}
		if sess, err = s.change(tx, old, w); err == nil {
			idempotency.Remember(tx, w.Idempotency, sess.ID)
		}
		return err
	}
	if err = s.DB.Update(ctx, actor.Realm, update); idempotency.Taken(err) {
		err = s.DB.Update(ctx, actor.Realm, update)
	}
	return sess, how, err
}

func permitted(actor access.Actor, w Wish) error {
	if err := actor.Need(access.Pay); err != nil {
		return err
	}
	return actor.NeedMerchant(w.Profile.Merchant)
}

// payable checks that a session asks for something: an amount that can be
// paid, or a card to keep.
func (sess Session) payable(p merchant.Profile) error {
	if sess.Kind == connector.Verify {
		return nil
	}
	if sess.Amount.Minor < 1 || sess.Amount.Minor > money.Max {
		return fault.At("invalid.amount", "amount", "the amount must be positive")
	}
	if limit := p.Settings.Limits[sess.Amount.Currency]; limit > 0 && sess.Amount.Minor > limit {
		return fault.At("invalid.amount.above_limit", "amount", "the amount is above the limit")
	}
	if !p.Settings.TakesCurrency(sess.Amount.Currency) {
		return fault.At("invalid.currency.not_set_up", "currency", "this currency is not set up")
	}
	return nil
}

// change applies the fields of w that are set to an open session.
func (s *Service) change(tx *store.Tx, old Session, w Wish) (Session, error) {
	if old.State != Open || old.Expired(tx.Now()) {
		return Session{}, fault.New("conflict.session", "the checkout is being paid, was paid or has expired")
	}
	next := old
	if w.Kind != "" {
		next.Kind = w.Kind
	}
	if w.Amount.Currency != "" {
		next.Amount = w.Amount
	}
	next.Details = old.Details.with(w.Details)
	if err := next.payable(w.Profile); err != nil {
		return Session{}, err
	}
	if err := saveSession(tx, next); err != nil {
		return Session{}, err
	}
	next.Version++
	return next, nil
}

// with returns d with the fields that n sets.
func (d Details) with(n Details) Details {
	if len(n.Brands) > 0 {
		d.Brands = n.Brands
	}
	if len(n.Sources) > 0 {
		d.Sources = n.Sources
	}
	if n.Reference != "" {
		d.Reference = n.Reference
	}
	if n.Customer != "" {
		d.Customer = n.Customer
	}
	if len(n.Simulate) > 0 {
		d.Simulate = n.Simulate
	}
	d.Keep, d.Challenge = d.Keep || n.Keep, d.Challenge || n.Challenge
	for dst, src := range map[*string]string{
		&d.Payment.ReturnURL: n.Payment.ReturnURL, &d.Payment.NotifyURL: n.Payment.NotifyURL,
		&d.Payment.Descriptor: n.Payment.Descriptor, &d.Payment.Locale: n.Payment.Locale,
	} {
		if src != "" {
			*dst = src
		}
	}
	for _, e := range n.Payment.Echo {
		d.Payment.Echo = put(d.Payment.Echo, e)
	}
	return d
}

// put sets a named value in a list, in place where the name is known.
func put(list []connector.Parameter, e connector.Parameter) []connector.Parameter {
	out := append([]connector.Parameter(nil), list...)
	for i := range out {
		if out[i].Name == e.Name {
			out[i] = e
			return out
		}
	}
	return append(out, e)
}

// Find gives a merchant its own session. now is the realm's time.
// Faults: forbidden.permission, not_found.session.
func (s *Service) Find(ctx context.Context, actor access.Actor, profile ident.ID, wireID string) (sess Session, now time.Time, err error) {
	if err := actor.Need(access.Read); err != nil {
		return Session{}, now, err
	}
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		now = tx.Now()
		sess, err = find(tx, profile, wireID)
		return err
	})
	if err == nil && actor.NeedMerchant(sess.Merchant) != nil {
		return Session{}, now, unknownSession()
	}
	return sess, now, err
}

// ByKey gives a payer the session of a page. Faults: not_found.session.
func (s *Service) ByKey(ctx context.Context, key string) (sess Session, now time.Time, err error) {
	err = s.DB.View(ctx, store.System, func(tx *store.Tx) error {
		sess, err = byKey(tx, key)
		return err
	})
	if err != nil {
		return Session{}, now, err
	}
	err = s.DB.View(ctx, sess.Realm, func(tx *store.Tx) error {
		now = tx.Now()
		return nil
	})
	return sess, now, err
}

// Get gives a session by its id within a realm. Faults: not_found.session.
func (s *Service) Get(ctx context.Context, realm, id ident.ID) (sess Session, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		sess, err = getSession(tx, id)
		return err
	})
	return sess, err
}

// Choice is what a payer chose on the page.
type Choice struct {
	Try    int64 // of the form that was posted
	Method method.Name
	Brand  string
	Card   *connector.Card
	Bank   *connector.BankAccount
	Source ident.ID // one of the stored sources that the session offers
	CVV    method.Secret
	Keep   bool
	// ReturnURL is where the page says the payer goes afterwards. It counts
	// only where the merchant itself has named none.
	ReturnURL string
	Locale    string // the language that the payer chose, or "": the bank is told, and who comes back reads it again
}

// Pay makes a payment as the payer chose. A form that was posted already
// answers with the payment it led to, whatever it carries now.
// Faults: not_found.session, conflict.session.expired, conflict.session.paid,
// not_found.source, then those of payment.Pay.
func (s *Service) Pay(ctx context.Context, key string, c Choice) (payment.Outcome, error) {
	sess, now, err := s.ByKey(ctx, key)
	if err != nil {
		return payment.Outcome{}, err
	}
	payer, profile, err := s.payer(ctx, sess)
	if err != nil {
		return payment.Outcome{}, err
	}
	switch {
	case sess.State == Paid || c.Try != sess.Try || sess.State == Paying:
		if sess.Payment != "" {
			return s.Payments.Get(ctx, payer, sess.Payment)
		}
		return payment.Outcome{}, fault.New("conflict.session", "this page is out of date")
	case sess.Expired(now):
		return payment.Outcome{}, fault.New("conflict.session.expired", "the time to pay is over")
	}
	if c.Source != "" && !offered(sess, c.Source) {
		return payment.Outcome{}, fault.New("not_found.source", "no such stored card")
	}
	d := sess.Details
	if d.Payment.ReturnURL == "" {
		d.Payment.ReturnURL = c.ReturnURL
	}
	if c.Locale != "" {
		d.Payment.Locale = c.Locale
	}
	if d.Once && sess.Try > 1 {
		d.Simulate = nil
	}
	return s.Payments.Pay(ctx, payer, payment.Order{
		Idempotency: idempotency.Key{Surface: sess.Surface, Key: "checkout/" + string(sess.ID) + "/" + strconv.FormatInt(sess.Try, 10)},
		Profile:     profile, Kind: sess.Kind, Method: c.Method, Brand: c.Brand, Amount: sess.Amount, Card: c.Card, Bank: c.Bank, Source: c.Source, CVV: c.CVV,
		Keep: d.Keep || c.Keep, Reference: d.Reference, Session: sess.ID, Customer: d.Customer, Details: d.Payment,
		Use3DS: c.Method == method.Card && profile.Settings.ThreeDS, Challenge: d.Challenge, Simulate: d.Simulate,
	})
}

// Change withdraws the bank transfer that a session waits for, so that the
// payer may choose another way. Faults: not_found.session, conflict.session (it
// waits for none), those of payment.Service.Cancel.
func (s *Service) Change(ctx context.Context, key string) error {
	sess, _, err := s.ByKey(ctx, key)
	if err != nil {
		return err
	}
	payer, _, err := s.payer(ctx, sess)
	if err != nil {
		return err
	}
	if sess.State != Paying {
		return fault.New("conflict.session", "no payment is under way")
	}
	out, err := s.Payments.Get(ctx, payer, sess.Payment)
	if err != nil {
		return err
	}
	if out.Payment.Method != method.BankTransfer {
		return fault.New("conflict.session", "only a bank transfer is given up here")
	}
	_, err = s.Payments.Cancel(ctx, payer, sess.Payment)
	return err
}

// payer is the actor that a session's key makes of whoever holds it.
func (s *Service) payer(ctx context.Context, sess Session) (access.Actor, merchant.Profile, error) {
	profile, _, err := s.Merchants.Get(ctx, sess.Realm, sess.Profile)
	if err != nil {
		return access.Actor{}, profile, err
	}
	env, err := s.Access.Environment(ctx, sess.Realm)
	if err != nil {
		return access.Actor{}, profile, err
	}
	return access.Actor{Realm: sess.Realm, Environment: env, Kind: "payer", May: []access.Permission{access.Pay, access.Read, access.Register},
		Merchants: []ident.ID{sess.Merchant}}, profile, nil
}

func offered(sess Session, source ident.ID) bool {
	for _, id := range sess.Details.Sources {
		if id == source {
			return true
		}
	}
	return false
}

// OnEvent follows the payments of a session, in the transaction in which they
// change.
func (s *Service) OnEvent(tx *store.Tx, e event.Event) error {
	out, ok := e.Subject.(payment.Outcome)
	if !ok || out.Payment.Session == "" || out.Attempt.ID != out.Payment.ID {
		return nil
	}
	sess, err := getSession(tx, out.Payment.Session)
	if err != nil {
		return err
	}
	p := out.Payment
	// An earlier payment's news no longer counts. A new one is let in only once
	// the one before has had its first event, so a first event is the newest
	// payment's; ids do not tell, since clocks are set back.
	if sess.State == Paid || sess.Payment != "" && sess.Payment != p.ID && e.Seq > 1 {
		return nil
	}
	sess.Payment = p.ID
	switch {
	case p.Succeeded():
		sess.State, sess.DoneAt = Paid, tx.Now()
	case p.State == payment.Failed:
		sess.State = Open
		sess.Try++
	default:
		sess.State = Paying
	}
	return saveSession(tx, sess)
}
