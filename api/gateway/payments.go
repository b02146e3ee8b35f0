package gateway

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// pay is POST /v3/payments (section 9).
func (s *Surface) pay(c *call) (answer, error) {
	kind := firstKinds[c.form.Get("paymentType")]
	o, err := s.order(c, kind)
	if err != nil {
		return answer{}, err
	}
	if token := c.form.Get("card.token"); token != "" {
		return s.payFrom(c, o, token)
	}
	return s.place(c, o)
}

// payWithToken is POST /v3/registrations/{id}/payments (section 13).
func (s *Surface) payWithToken(c *call) (answer, error) {
	o, err := s.order(c, firstKinds[c.form.Get("paymentType")])
	if err != nil {
		return answer{}, err
	}
	return s.payFrom(c, o, c.id)
}

// payFrom pays with a stored card.
func (s *Surface) payFrom(c *call, o payment.Order, token string) (answer, error) {
	id, ok := tokenID.parse(token)
	if !ok {
		return answer{}, fault.New("not_found.source", "no such registration")
	}
	o.Source, o.Method, o.Card, o.Keep = id, method.Card, nil, false
	o.CVV = method.Conceal(c.form.Get("card.cvv"))
	return s.place(c, o)
}

// authenticate is POST /v3/threeDSecure (section 14).
func (s *Surface) authenticate(c *call) (answer, error) {
	o, err := s.order(c, connector.Authenticate)
	if err != nil {
		return answer{}, err
	}
	o.Use3DS, o.Keep = true, false
	return s.place(c, o)
}

func (s *Surface) place(c *call, o payment.Order) (answer, error) {
	out, err := s.Payments.Pay(c.r.Context(), c.actor, o)
	if err != nil {
		return answer{}, err
	}
	c.replayed = out.Replayed
	return s.render(out, c.view(false)), nil
}

// order reads the parameters of section 7 that Check has found sound.
func (s *Surface) order(c *call, kind connector.Kind) (payment.Order, error) {
	f := c.form
	brand := method.BrandOf(f.Get("paymentBrand"), f.Get("card.number"))
	o := payment.Order{
		Idempotency: s.wish(c), Profile: c.profile, Kind: kind, Method: method.OfBrand(brand), Brand: brand,
		Keep: f.Get("createRegistration") == "true", Reference: f.Get("merchantTransactionId"), Details: c.details(), Simulate: c.simulate(),
	}
	o.Challenge = c.challenge()
	o.Use3DS = c.profile.Settings.ThreeDS && o.Details.ReturnURL != "" && o.Details.ThreeDS == nil && f.Get("threeDSecure.disable") != "true" &&
		(o.Details.Series == nil || o.Details.Series.Initiator != "MIT") && kind != connector.Credit
	if number := f.Get("card.number"); number != "" {
		month, _ := strconv.Atoi(f.Get("card.expiryMonth"))
		year, _ := strconv.Atoi(f.Get("card.expiryYear"))
		o.Card = &connector.Card{Number: method.Conceal(number), CVV: method.Conceal(f.Get("card.cvv")), Holder: f.Get("card.holder"),
			ExpiryMonth: month, ExpiryYear: year, Brand: brand}
	}
	var err error
	if kind != connector.Verify {
		if o.Amount, err = c.amount(); err != nil {
			return o, cmp.Or(o.CheckCard(s.Clock()), err) // the account comes before the amount (section 4)
		}
	}
	if err = c.addresses(); err != nil {
		return o, err
	}
	o.Customer, err = s.customer(c)
	return o, err
}

// amount reads amount and currency, which Check has found sound.
func (c *call) amount() (money.Amount, error) {
	return money.ParseDecimal(c.form.Get("amount"), money.Currency(c.form.Get("currency")))
}

// details are the facts of the payment that the core keeps for us.
func (c *call) details() payment.Details {
	f := c.form
	d := payment.Details{ReturnURL: f.Get("shopperResultUrl"), NotifyURL: f.Get("notificationUrl"), Descriptor: f.Get("descriptor"),
		Locale: f.Get("locale"), Echo: c.echo()}
	series := payment.Series{Initiator: f.Get("standingInstruction.source"), Mode: f.Get("standingInstruction.mode"),
		Type: f.Get("standingInstruction.type"), SchemeRef: f.Get("standingInstruction.initialTransactionId")}
	if series != (payment.Series{}) {
		d.Series = &series
	}
	t := connector.ThreeDS{Status: f.Get("threeDSecure.authenticationStatus"), ECI: f.Get("threeDSecure.eci"), Version: f.Get("threeDSecure.version"),
		VerificationID: f.Get("threeDSecure.verificationId"), DSTransactionID: f.Get("threeDSecure.dsTransactionId"),
		ACSTransactionID: f.Get("threeDSecure.acsTransactionId")}
	if t != (connector.ThreeDS{}) {
		d.ThreeDS = &t
	}
	return d
}

// groups are the parameters that answers give back as objects (section 8).
var groups = []string{"customer.", "billing.", "shipping.", "cart.", "customParameters["}

// echo keeps, in the order in which they came, what answers give back.
func (c *call) echo() []connector.Parameter {
	var out []connector.Parameter
	for _, name := range c.form.Names() {
		for _, g := range groups {
			if strings.HasPrefix(name, g) {
				out = append(out, connector.Parameter{Name: name, Value: c.form.Get(name)})
			}
		}
	}
	if mode := c.form.Get("testMode"); mode != "" && c.test() {
		out = append(out, connector.Parameter{Name: "testMode", Value: mode})
	}
	return out
}

func (c *call) custom(name string) string { return c.form.Get("customParameters[" + name + "]") }

func (c *call) challenge() bool {
	i := c.form.Get("threeDSecure.challengeIndicator")
	return i == "04" || i == "4"
}

// simulate passes the triggers of section 18 on to the test provider.
func (c *call) simulate() map[string]string {
	if !c.test() {
		return nil
	}
	wishes := map[string]string{}
	for from, to := range map[string]string{"florin_fault": "fault", "3DS2_enrolled": "3DS2_enrolled", "3DS2_flow": "3DS2_flow"} {
		if v := c.custom(from); v != "" {
			wishes[to] = v
		}
	}
	if forced := c.custom("forceResultCode"); Known(forced) {
		wishes["outcome"] = Forced(forced)
	}
	if len(wishes) == 0 {
		return nil
	}
	return wishes
}

// addresses checks the urls against the entity's allow lists (section 7.5).
func (c *call) addresses() error {
	set := c.profile.Settings
	if u := c.form.Get("shopperResultUrl"); u != "" && !allowedURL(u, set.ReturnHosts, c.test()) {
		return fault.At("invalid.return_url", "shopperResultUrl", "the address is not on the entity's list")
	}
	if u := c.form.Get("notificationUrl"); u != "" && !allowedURL(u, set.NotifyHosts, c.test()) {
		return fault.At("invalid.notify_url", "notificationUrl", "the address is not on the entity's list")
	}
	return nil
}

// customer remembers the payer when the merchant names one.
func (s *Surface) customer(c *call) (ident.ID, error) {
	f := c.form
	if f.Get("customer.merchantCustomerId") == "" {
		return "", nil
	}
	known, err := s.Customers.Know(c.r.Context(), c.actor.Realm, customer.Customer{Merchant: c.merchant.ID, Reference: f.Get("customer.merchantCustomerId"),
		GivenName: f.Get("customer.givenName"), Surname: f.Get("customer.surname"), Company: f.Get("customer.companyName"),
		Email: f.Get("customer.email"), Phone: f.Get("customer.phone")})
	return known.ID, err
}

// refer is POST /v3/payments/{id}: capture, refund, reversal (section 10).
func (s *Surface) refer(c *call) (answer, error) {
	id, err := c.refersTo()
	if err != nil {
		return answer{}, err
	}
	if orig := c.form.Get("originalTransactionId"); orig != "" && orig != c.id {
		return answer{}, fault.At("invalid.original", "originalTransactionId", "it differs from the id in the path")
	}
	op := payment.Operation{Idempotency: s.wish(c), Payment: id, Final: c.form.Get("sequence") == "FINAL", Untouched: true,
		Reference: c.form.Get("merchantTransactionId"), Echo: c.echo(), Simulate: c.simulate()}
	if c.form.Get("amount") != "" {
		if op.Amount, err = c.amount(); err != nil {
			return answer{}, err
		}
		if op.Amount.Minor == 0 { // to the core, no amount means all that is open
			return answer{}, fault.At("invalid.amount", "amount", "the amount must be positive")
		}
	}
	if err := s.sameEntity(c, id); err != nil {
		return answer{}, err
	}
	run := map[string]func() (payment.Outcome, error){
		"CP": func() (payment.Outcome, error) { return s.Payments.Capture(c.r.Context(), c.actor, op) },
		"RF": func() (payment.Outcome, error) { return s.Payments.Refund(c.r.Context(), c.actor, op) },
		"RV": func() (payment.Outcome, error) { return s.Payments.Void(c.r.Context(), c.actor, op) },
	}[c.form.Get("paymentType")]
	out, err := run()
	if err != nil {
		if out.Attempt.ID != "" {
			err = &refusal{out.Attempt, err}
		}
		return answer{}, err
	}
	c.replayed = out.Replayed
	return s.render(out, c.view(false)), nil
}

// sameEntity refuses to operate on a payment of another entity of the realm
// (section 10, 700.400.700); other realms' payments do not exist.
func (s *Surface) sameEntity(c *call, id ident.ID) error {
	out, err := s.Payments.Get(c.r.Context(), c.actor, id)
	if err == nil && out.Payment.Profile != c.profile.ID {
		err = fault.New("conflict.entity", "the payment belongs to another entity")
	}
	return err
}

// inquire is GET /v3/payments/{id}, GET /v3/query/{id} and
// GET /v3/threeDSecure/{id} (section 11). A checkout's id stands for its
// latest payment.
func (s *Surface) inquire(c *call) (answer, error) {
	id, ok := paymentID.parse(c.id)
	if !ok {
		sess, _, err := s.Checkouts.Find(c.r.Context(), c.actor, c.profile.ID, c.id)
		if err != nil || sess.Payment == "" {
			return answer{}, fault.New("not_found.payment", "no such payment")
		}
		id = sess.Payment
	}
	out, err := s.Payments.Get(c.r.Context(), c.actor, id)
	if err == nil && out.Payment.Profile != c.profile.ID {
		err = fault.New("not_found.payment", "no such payment")
	}
	if err != nil {
		return answer{}, err
	}
	ans := s.render(out, c.view(true))
	// A payment of version 2 is as its first answer left it: nothing refers to it yet.
	if p := out.Payment; out.Attempt.ID == p.ID && p.Version > 2 {
		attempts, err := s.Payments.Attempts(c.r.Context(), c.actor.Realm, p.ID)
		if err != nil {
			return answer{}, err
		}
		ans.RelatedTransactions = relatedOf(p, attempts, c.actor.Environment)
	}
	return ans, nil
}

// query is GET /v3/query by the merchant's own reference (section 11).
func (s *Surface) query(c *call) (answer, error) {
	list, err := s.Payments.ByReference(c.r.Context(), c.actor, c.form.Get("merchantTransactionId"))
	if err != nil {
		return answer{}, err
	}
	found := []answer{}
	for _, out := range list {
		if out.Payment.Profile != c.profile.ID {
			continue
		}
		entry := s.render(out, c.view(true))
		entry.NDC, entry.BuildNumber = "", ""
		found = append(found, entry)
	}
	if len(found) == 0 {
		return answer{}, fault.New("not_found.payment", "no payment bears this reference")
	}
	ans := s.plain(c, "000.000.100")
	ans.Payments = &found
	return ans, nil
}
