package payment

import (
	"context"
	"encoding/json"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Order is a wish to be paid (or to verify, credit or authenticate).
type Order struct {
	Idempotency idempotency.Key
	Profile     merchant.Profile
	Kind        connector.Kind
	Method      method.Name
	Brand       string
	Amount      money.Amount
	Card        *connector.Card        // for method card, unless Source is given
	Bank        *connector.BankAccount // for method direct_debit, unless Source is given
	Quote       string                 // for method bank_transfer: a reference of method.Reference that was given out before, or "" for a new one
	Tender      *Tender                // a payment token; it decides the amount and what is paid with
	Source      ident.ID               // a stored payment source
	Billing     ident.ID               // the merchant that pays its fees: Source is its billing source, not the payee's
	Mandate     ident.ID               // an agreement that is charged, instead of all of these
	CVV         method.Secret          // typed along with a stored source
	Keep        bool                   // keep the card or bank account as a source if it works
	Keeping     vault.Keeping          // what to note on the source that is kept
	Reference   string
	Session     ident.ID
	Order       ident.ID // the order that it is to pay; it may refuse
	Surcharge   int64    // the part of Amount that was added for the method
	Customer    ident.ID
	Details     Details // ReturnURL, NotifyURL, Descriptor, Locale, Series, ThreeDS, Echo
	Use3DS      bool
	Challenge   bool
	Simulate    map[string]string // test realms only

	charged *mandate.Mandate // of Mandate, once it is found
}

// Pay makes a payment and asks the provider once. The outcome is the truth as
// far as it is known: a decline is an outcome, so is "not known yet".
//
// Faults, in the order checked: forbidden.permission, not_found.merchant,
// conflict.idempotency, not_found.mandate, those of mandate.Mandate.Charge, of
// method.Typed.Check and of method.BankAccount.Check, invalid.amount,
// invalid.currency, invalid.amount.above_limit, invalid.method.not_set_up,
// invalid.return_url, not_found.source, conflict.source, invalid.quote (no
// reference of ours), conflict.quote (another payment has it), those of the Gates,
// conflict.reference, unavailable. For an order with a Tender those
// of vault.Use come before the card's.
func (s *Service) Pay(ctx context.Context, actor access.Actor, o Order) (Outcome, error) {
	if err := o.permitted(actor); err != nil {
		return Outcome{}, err
	}
	var conn connector.Connector
	var with means
	known, err := s.begin(ctx, actor.Realm, o.Idempotency, func(tx *store.Tx) (out Outcome, err error) {
		if o, err = s.tender(tx, actor, o); err != nil {
			return out, err
		}
		if o, err = s.mandated(tx, o); err != nil {
			return out, err
		}
		if err = o.check(tx.Now()); err != nil {
			return out, err
		}
		if conn, err = s.connector(s.route(o, actor.Environment), actor.Environment); err != nil {
			return out, err
		}
		out = o.intent(tx, conn.Spec().Name)
		if with, err = s.source(tx, actor, o, &out.Payment); err != nil {
			return out, err
		}
		if m := out.Payment.Method; m.ByBank() || m == method.Terminal { // the bank, or the terminal, says how long it takes
			out.Payment.ExpiresAt = time.Time{}
		}
		if with.quote, err = quote(tx, o, out.Payment); err != nil {
			return out, err
		}
		if err = s.pass(tx, out.Payment); err != nil {
			return out, err
		}
		if o.Profile.Settings.UniqueReference && o.Reference != "" {
			idempotency.Remember(tx, idempotency.Key{Surface: "reference/" + string(o.Profile.ID), Key: o.Reference, Forever: true}, out.Payment.ID)
		}
		if o.Kind == connector.Credit { // money that leaves is set aside before the provider is asked
			if _, err = ledger.Post(tx, out.Payment.deal().ReserveCredit(o.Amount)); err != nil {
				return out, err
			}
		}
		if err = addPayment(tx, out.Payment); err == nil {
			err = addAttempt(tx, out.Attempt)
		}
		return out, err
	})
	err = s.Vault.Tried(ctx, actor.Realm, string(actor.Key), err)
	if idempotency.Taken(err) {
		return Outcome{}, fault.At("conflict.reference", "reference", "this reference was used before")
	}
	if err != nil || known.Replayed {
		return known, err
	}
	req := o.request(known, with)
	if known.Payment.Method.Visits() && o.charged == nil || o.Use3DS {
		req.ReturnURL = s.ReturnURL(actor.Realm, known.Payment.ID)
	}
	r := s.send(ctx, actor.Realm, known.Attempt, func(ctx context.Context) connector.Result { return conn.Authorise(ctx, req) })
	return s.answered(ctx, actor.Realm, known, r), nil
}

func (o Order) permitted(actor access.Actor) error {
	need := access.Pay
	switch {
	case o.Kind == connector.Credit:
		need = access.Credit
	case o.Kind == connector.Verify && o.Keep: // it is asked for to keep the card
		need = access.Register
	}
	if err := actor.Need(need); err != nil {
		return err
	}
	return actor.NeedMerchant(o.Profile.Merchant)
}

// check judges the order by itself: the card, the amount, what the profile
// has set up. at is the realm's time.
func (o Order) check(at time.Time) error {
	if err := o.CheckCard(at); err != nil {
		return err
	}
	if o.Bank != nil {
		if err := o.Bank.Check(); err != nil {
			return err
		}
	}
	set := o.Profile.Settings
	if !noMoney(o.Kind) {
		if err := o.checkAmount(); err != nil {
			return err
		}
	}
	if o.Source == "" && !set.TakesBrand(o.Brand) {
		return fault.At("invalid.method.not_set_up", "brand", "this brand is not set up")
	}
	if o.Source == "" && o.Method == "" {
		return fault.At("invalid.method.not_set_up", "brand", "there is no such way to pay")
	}
	if o.Source == "" && o.charged == nil && (o.Method == method.DirectDebit) != (o.Bank != nil) {
		return fault.At("invalid.method.not_set_up", "brand", "a direct debit needs a bank account, and nothing else takes one")
	}
	if (o.Method == method.Terminal) != (o.Details.Terminal != "") {
		return fault.At("invalid.method.not_set_up", "terminal", "a payment on a terminal names it, and no other does")
	}
	if o.visits() && o.Details.ReturnURL == "" && o.Session == "" {
		return fault.At("invalid.return_url.missing", "shopperResultUrl", "this way to pay needs an address to send the payer back to")
	}
	return nil
}

// visits says whether the payer is sent to another page.
func (o Order) visits() bool { return o.Source == "" && o.charged == nil && o.Method.Visits() }

// CheckCard judges the typed card alone, if there is one: what is wrong with
// the account is told before what is wrong with the amount. Faults: those of
// method.Typed.Check.
func (o Order) CheckCard(at time.Time) error {
	c := o.Card
	if c == nil {
		return nil
	}
	return method.Typed{Number: c.Number, CVV: c.CVV, Brand: o.Brand, Month: c.ExpiryMonth, Year: c.ExpiryYear, Waived: o.waived()}.Check(at)
}

func (o Order) checkAmount() error {
	set := o.Profile.Settings
	if o.Amount.Minor < 1 || o.Amount.Minor > money.Max {
		return fault.At("invalid.amount", "amount", "the amount must be positive")
	}
	if !o.Amount.Currency.Known() {
		return fault.At("invalid.currency", "currency", "unknown currency")
	}
	if limit := set.Limits[o.Amount.Currency]; limit > 0 && o.Amount.Minor > limit {
		return fault.At("invalid.amount.above_limit", "amount", "the amount is above the limit")
	}
	if !set.TakesCurrency(o.Amount.Currency) {
		return fault.At("invalid.currency.not_set_up", "currency", "this currency is not set up")
	}
	return nil
}

// route picks the connector: the profile's choice, or the test provider.
func (s *Service) route(o Order, env access.Environment) string {
	if o.charged != nil {
		return o.charged.Connector
	}
	if name := o.Profile.Settings.Connectors[o.Method]; name != "" {
		return name
	}
	for name, c := range s.Connectors {
		if c.Spec().TestOnly && env == access.Test {
			return name
		}
	}
	return ""
}

func (o Order) intent(tx *store.Tx, connectorName string) Outcome {
	id, now := tx.NewID(), tx.Now()
	p := Payment{
		ID: id, Version: 1, Merchant: o.Profile.Merchant, Profile: o.Profile.ID, Surface: o.Idempotency.Surface, Kind: o.Kind, Method: o.Method,
		Brand: o.Brand, Amount: o.Amount, State: Processing, Connector: connectorName, Reference: o.Reference, Session: o.Session,
		Order: o.Order, Customer: o.Customer, CreatedAt: now, UpdatedAt: now, Details: o.Details,
	}
	p.Details.Surcharge = o.Surcharge
	set := o.Profile.Settings
	p.Details.HoldDays, p.Details.RefundDays = int(set.Hold()/(24*time.Hour)), int(set.RefundWindow()/(24*time.Hour))
	p.Details.Account = account(tx.Realm(), o.Profile)
	if o.charged != nil {
		p.Details.Account = o.charged.Account
	}
	if o.Card != nil {
		p.Details.Card = face(*o.Card)
	}
	if o.Bank != nil {
		p.Details.Bank = bankFace(*o.Bank)
	}
	if o.Method != method.Card && o.Method != method.Voucher || o.Use3DS { // a slip says how long it is good for
		p.ExpiresAt = now.Add(set.PendingLife())
	}
	a := Attempt{ID: id, Payment: id, Version: 1, Kind: o.Kind, State: Sent, Amount: o.Amount, Reference: o.Reference, SentAt: now}
	return Outcome{Payment: p, Attempt: a}
}

// account is the merchant's at the provider. A provider may serve many realms:
// accounts that nobody has named must not meet.
func account(realm ident.ID, p merchant.Profile) string {
	if p.Settings.Account != "" {
		return p.Settings.Account
	}
	return string(realm) + "." + p.Code
}

func (o Order) request(known Outcome, with means) connector.Request {
	p := known.Payment
	req := connector.Request{
		Attempt: p.ID, Account: p.Details.Account, Kind: p.Kind, Amount: p.Amount, Method: p.Method, Brand: p.Brand, Card: with.card,
		Bank: with.bank, Quote: with.quote, Terminal: p.Details.Terminal, At: known.Attempt.SentAt, Use3DS: o.Use3DS, ThreeDS: p.Details.ThreeDS, Challenge: o.Challenge, Locale: p.Details.Locale,
		Descriptor: p.Details.Descriptor, Simulate: o.Simulate,
	}
	if o.charged != nil {
		req.Mandate = o.charged.ProviderRef
	}
	if req.Descriptor == "" { // what the payer reads at the bank
		req.Descriptor = o.Profile.Name
	}
	if s := p.Details.Series; s != nil {
		req.MIT, req.SchemeRef = s.Initiator == "MIT", s.SchemeRef
	}
	return req
}

func face(c connector.Card) *Face {
	n := c.Number.Reveal()
	f := &Face{Holder: c.Holder, ExpiryMonth: c.ExpiryMonth, ExpiryYear: c.ExpiryYear}
	if len(n) >= 12 {
		f.BIN, f.Last4 = n[:6], n[len(n)-4:]
	}
	return f
}

func bankFace(a connector.BankAccount) *BankFace {
	return &BankFace{Region: a.Region, BankCode: a.BankCode, BranchCode: a.BranchCode, Last4: a.Last4(), Holder: a.Holder}
}

// summary is the small JSON an event carries for readers of the log.
func summary(p Payment, a Attempt, r ruling) string {
	b, _ := json.Marshal(struct {
		State    State          `json:"state"`
		Attempt  ident.ID       `json:"attempt"`
		Kind     connector.Kind `json:"kind"`
		Amount   int64          `json:"amount"`
		Currency money.Currency `json:"currency"`
		Code     string         `json:"code,omitempty"`
		ruling
	}{p.State, a.ID, a.Kind, a.Amount.Minor, p.Amount.Currency, a.Code, r})
	return string(b) // strings and numbers always encode
}
