package errand

import (
	"context"
	"fmt"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// Step is where a reader goes next: to URL, or, when there is none, back to the
// client with the errand's Result.
type Step struct {
	Errand  Errand
	URL     string
	Account bool // the payer's bank account is asked for first (GiveAccount)
}

// Open carries an errand on when its page is opened, or opened again: it begins
// what it is for, sends the reader to where that is done, or tells how it ended.
// returnURL and errorURL are the client's, checked already. Faults, in the order
// checked: not_found.errand (also of another client or kind), forbidden.errand
// (the person who is signed in is not its owner), conflict.errand.expired,
// those of what it begins (unavailable.payer: the provider cannot be asked).
func (s *Service) Open(ctx context.Context, o Owner, kinds []Kind, number int64, returnURL, errorURL string) (Step, error) {
	e, err := s.look(ctx, o, number)
	if err != nil {
		return Step{}, err
	}
	known := false
	for _, k := range kinds {
		known = known || e.Kind == k
	}
	switch {
	case !known:
		return Step{}, missing()
	case e.State.Final():
		return Step{Errand: e}, nil
	case e.State == Created:
		return s.begin(ctx, o, e, returnURL, errorURL)
	}
	return s.goOn(ctx, o, e)
}

// goOn carries on an errand that has been begun.
func (s *Service) goOn(ctx context.Context, o Owner, e Errand) (Step, error) {
	if e.Kind == Change && !e.Method.Stored() {
		return s.change(ctx, o, e, nil)
	}
	return s.follow(ctx, o.Realm, e, true)
}

// Back tells where a reader goes who comes back from a provider. What the
// browser says is not asked. Faults: not_found.errand, forbidden.errand.
func (s *Service) Back(ctx context.Context, o Owner, number int64) (Step, error) {
	e, err := s.look(ctx, o, number)
	if err == nil && e.State.Final() && e.Payment != "" {
		// Another errand may have taken its place while the payer was paying: the
		// result stands, and the invoice learns of the money.
		_, err = s.Payments.Look(ctx, o.Realm, e.Payment)
	}
	if err != nil || e.State.Final() || e.State == Created {
		return Step{Errand: e}, err
	}
	return s.follow(ctx, o.Realm, e, false)
}

// look finds an errand for its owner, and lets it expire.
func (s *Service) look(ctx context.Context, o Owner, number int64) (e Errand, err error) {
	var late error
	err = s.DB.Update(ctx, o.Realm, func(tx *store.Tx) error {
		late = nil
		found := false
		if e, found, err = get(tx, number); err != nil {
			return err
		}
		switch {
		case !found || e.Client != o.Client:
			return missing()
		case e.Person != o.Person:
			return fault.New("forbidden.errand", "this belongs to somebody else")
		case e.State == Created && !tx.Now().Before(e.ExpiresAt):
			e.State, e.DoneAt = Expired, tx.Now()
			late = fault.New("conflict.errand.expired", "the time to do this is over")
			return s.save(tx, &e, "errand.expired")
		}
		return nil
	})
	if err == nil {
		err = late
	}
	return e, err
}

// begin starts what an errand is for.
func (s *Service) begin(ctx context.Context, o Owner, e Errand, returnURL, errorURL string) (Step, error) {
	env, err := s.Environment(ctx, o.Realm)
	if err != nil {
		return Step{}, err
	}
	mine := false
	err = s.DB.Update(ctx, o.Realm, func(tx *store.Tx) error {
		now, _, err := get(tx, e.Number)
		if err != nil {
			return err
		}
		if mine = now.State == Created; !mine { // the page was opened twice at once
			e = now
			return nil
		}
		e = now
		e.State, e.ReturnURL, e.ErrorURL = Initiated, returnURL, errorURL
		return s.save(tx, &e, "errand.initiated")
	})
	switch {
	case err != nil:
		return Step{}, err
	case !mine:
		return s.goOn(ctx, o, e)
	}
	if e.Kind == Change && !e.Method.Stored() {
		return s.change(ctx, o, e, nil)
	}
	if e.Kind != Pay {
		return s.agree(ctx, o, env, e)
	}
	return s.pay(ctx, o, env, e)
}

// fail ends an errand that could not be begun, and gives the reason back.
func (s *Service) fail(ctx context.Context, realm ident.ID, e Errand, reason error) error {
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		now, _, err := get(tx, e.Number)
		if err != nil || now.State.Final() {
			return err
		}
		now.State, now.DoneAt = Failed, tx.Now()
		return s.save(tx, &now, "errand.failed")
	})
	if err != nil {
		s.Log.Error("an errand's end was not written", "errand", e.ID, "err", err)
	}
	return reason
}

// pay begins the payment of an invoice: a wallet is asked at once, cards are
// typed on our own page.
func (s *Service) pay(ctx context.Context, o Owner, env access.Environment, e Errand) (Step, error) {
	var inv invoice.Invoice
	var profile merchant.Profile
	err := s.DB.View(ctx, o.Realm, func(tx *store.Tx) (err error) {
		if inv, err = invoice.GetIn(tx, e.Invoice); err != nil {
			return err
		}
		profile, err = merchant.ProfileIn(tx, inv.Profile)
		return err
	})
	if err != nil {
		return Step{}, err
	}
	if inv.Left().Minor == 0 {
		return Step{}, s.fail(ctx, o.Realm, e, fault.New("conflict.invoice.final", "the invoice is paid already"))
	}
	details := payment.Details{Invoice: inv.ID, ReturnURL: s.BackURL(o.Code, e.Number), Locale: inv.Details.Locale}
	key := idempotency.Key{Surface: subscription.Surface, Key: "errand/" + string(e.ID)}
	wish := map[string]string(nil)
	if env == access.Test {
		wish = force(inv.Number)
	}
	actor := own(o.Realm, env, e.Merchant)
	if brands[e.Means] == "" && wish == nil {
		sess, _, err := s.Checkouts.Create(ctx, actor, checkout.Wish{Idempotency: key, Profile: profile, Kind: connector.Debit, Amount: inv.Left(),
			Details: checkout.Details{Brands: cardBrands, Reference: inv.Number, Payment: details}})
		if err != nil {
			return Step{}, s.fail(ctx, o.Realm, e, err)
		}
		e, err = s.note(ctx, o.Realm, e.Number, func(e *Errand) { e.Session = sess.ID })
		return Step{Errand: e, URL: s.PageURL(sess.Key)}, err
	}
	brand := brands[e.Means]
	if brand == "" { // a forced end needs no card
		brand = brands[Vipps]
	}
	out, err := s.Payments.Pay(ctx, actor, payment.Order{Idempotency: key, Profile: profile, Kind: connector.Debit, Method: method.OfBrand(brand), Brand: brand,
		Amount: inv.Left(), Reference: inv.Number, Details: details, Simulate: wish})
	if err != nil {
		return Step{}, s.fail(ctx, o.Realm, e, err)
	}
	if e, err = s.note(ctx, o.Realm, e.Number, func(e *Errand) { e.Payment = out.Payment.ID }); err != nil {
		return Step{}, err
	}
	if wish["outcome"] == "pending" {
		return Step{Errand: e}, nil // it stays initiated
	}
	return s.stand(ctx, o.Realm, e, out.Payment, true)
}

// note changes an errand that is under way.
func (s *Service) note(ctx context.Context, realm ident.ID, number int64, f func(e *Errand)) (e Errand, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if e, _, err = get(tx, number); err != nil {
			return err
		}
		f(&e)
		return s.save(tx, &e, "errand.noted")
	})
	return e, err
}

// follow asks how an errand stands that was begun. resume says that the reader
// may still be sent to where it is done.
func (s *Service) follow(ctx context.Context, realm ident.ID, e Errand, resume bool) (Step, error) {
	if e.Session != "" {
		sess, err := s.Checkouts.Get(ctx, realm, e.Session)
		if err != nil {
			return Step{}, err
		}
		return s.seat(ctx, realm, e, sess, resume)
	}
	if e.Mandate != "" {
		m, err := s.Mandates.Look(ctx, realm, e.Mandate)
		if err != nil {
			return Step{}, err
		}
		return s.agreed(ctx, realm, e, m, resume)
	}
	if e.Payment == "" {
		return Step{Errand: e}, nil
	}
	out, err := s.Payments.Look(ctx, realm, e.Payment)
	if err != nil {
		return Step{}, err
	}
	return s.stand(ctx, realm, e, out.Payment, resume)
}

// seat is how an errand stands by its checkout. Who leaves it has cancelled, or,
// after a refusal, failed.
func (s *Service) seat(ctx context.Context, realm ident.ID, e Errand, sess checkout.Session, resume bool) (Step, error) {
	var now time.Time
	if err := s.DB.View(ctx, realm, func(tx *store.Tx) error { now = tx.Now(); return nil }); err != nil {
		return Step{}, err
	}
	if sess.Payment != "" && sess.State == checkout.Paying {
		if _, err := s.Payments.Look(ctx, realm, sess.Payment); err != nil {
			return Step{}, err
		}
		var err error
		if sess, err = s.Checkouts.Get(ctx, realm, e.Session); err != nil {
			return Step{}, err
		}
	}
	var state State
	switch {
	case sess.State == checkout.Paid:
		state = Finished
	case sess.State == checkout.Paying:
		state = Unknown
	case resume && !sess.Expired(now):
		return Step{Errand: e, URL: s.PageURL(sess.Key)}, nil
	case sess.Payment != "":
		state = Failed
	default:
		state = Cancelled
	}
	e, err := s.become(ctx, realm, e.Number, state)
	return Step{Errand: e}, err
}

// stand is how an errand stands by its payment.
func (s *Service) stand(ctx context.Context, realm ident.ID, e Errand, p payment.Payment, resume bool) (Step, error) {
	if p.State == payment.Failed && fault.Under(p.Code, fault.Unavailable) {
		if _, err := s.become(ctx, realm, e.Number, Failed); err != nil {
			return Step{}, err
		}
		return Step{}, fault.New("unavailable.payer", "the provider cannot be asked now")
	}
	state := judge(e, p)
	if state == Initiated && p.State == payment.Pending {
		if to := p.Details.Redirect; resume && to != nil && to.URL != "" {
			return Step{Errand: e, URL: to.URL}, nil
		}
		state = Unknown
	}
	e, err := s.become(ctx, realm, e.Number, state)
	return Step{Errand: e}, err
}

// become moves an errand on, unless it is over.
func (s *Service) become(ctx context.Context, realm ident.ID, number int64, state State) (e Errand, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if e, _, err = get(tx, number); err != nil {
			return err
		}
		return s.move(tx, &e, state)
	})
	return e, err
}

func (s *Service) move(tx *store.Tx, e *Errand, state State) error {
	if e.State.Final() || e.State == state || state == Created {
		return nil
	}
	if e.State = state; state.Final() {
		e.DoneAt = tx.Now()
	}
	return s.save(tx, e, "errand."+string(state))
}

// OnEvent follows the payments and agreements of errands, in the transaction in which they
// change: what was unknown when the reader came back is known then.
func (s *Service) OnEvent(tx *store.Tx, ev event.Event) error {
	if m, ok := ev.Subject.(mandate.Mandate); ok {
		list, err := ofMandate(tx, m.ID)
		for i := 0; i < len(list) && err == nil; i++ {
			if list[i].State == Initiated || list[i].State == Unknown {
				err = s.conclude(tx, &list[i], m)
			}
		}
		return err
	}
	out, ok := ev.Subject.(payment.Outcome)
	if !ok || out.Payment.Details.Invoice == "" {
		return nil
	}
	list, err := ofInvoice(tx, out.Payment.Details.Invoice)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.State != Initiated && e.State != Unknown || e.Payment != out.Payment.ID && (e.Session == "" || e.Session != out.Payment.Session) {
			continue
		}
		if err := s.move(tx, &e, judge(e, out.Payment)); err != nil {
			return err
		}
	}
	return nil
}

// String names an errand in logs.
func (e Errand) String() string { return fmt.Sprintf("errand %s (%s)", e.ID, e.State) }
