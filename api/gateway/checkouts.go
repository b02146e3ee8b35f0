package gateway

import (
	"net/url"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/payment"
)

// prepare is POST /v3/checkouts (section 12.1).
func (s *Surface) prepare(c *call) (answer, error) {
	w, err := s.wanted(c)
	if err != nil {
		return answer{}, err
	}
	w.Alias = c.form.Get("checkoutId")
	sess, how, err := s.Checkouts.Create(c.r.Context(), c.actor, w)
	if err != nil {
		return answer{}, err
	}
	c.replayed = how == checkout.Known
	if how == checkout.Renewed {
		return s.offered(c, sess, "000.200.101"), nil
	}
	return s.offered(c, sess, "000.200.100"), nil
}

// update is POST /v3/checkouts/{checkoutId}.
func (s *Surface) update(c *call) (answer, error) {
	w, err := s.wanted(c)
	if err != nil {
		return answer{}, err
	}
	sess, how, err := s.Checkouts.Update(c.r.Context(), c.actor, c.id, w)
	if fault.Is(err, fault.NotFound) {
		return answer{}, c.noSession()
	}
	if err != nil {
		return answer{}, err
	}
	c.replayed = how == checkout.Known
	return s.offered(c, sess, "000.200.101"), nil
}

// wanted reads what the merchant wants to be paid. Only what was sent is set.
func (s *Surface) wanted(c *call) (checkout.Wish, error) {
	f := c.form
	w := checkout.Wish{Idempotency: s.wish(c), Profile: c.profile, Kind: firstKinds[f.Get("paymentType")]}
	w.Details = checkout.Details{Brands: strings.Fields(f.Get("paymentBrand")), Keep: f.Get("createRegistration") == "true",
		Reference: f.Get("merchantTransactionId"), Simulate: c.simulate(), Challenge: c.challenge(), Payment: c.details()}
	if w.Kind == "" && w.Details.Keep {
		w.Kind = connector.Verify
	}
	var err error
	if f.Get("amount") != "" && w.Kind != connector.Verify {
		if w.Amount, err = c.amount(); err != nil {
			return w, err
		}
	}
	if err = c.addresses(); err != nil {
		return w, err
	}
	for _, name := range f.Names() {
		if !strings.HasPrefix(name, "registrations[") {
			continue
		}
		id, ok := tokenID.parse(f.Get(name))
		if !ok {
			return w, fault.New("not_found.source", "no such registration")
		}
		w.Details.Sources = append(w.Details.Sources, id)
	}
	w.Details.Customer, err = s.customer(c)
	return w, err
}

// offered answers with an open checkout and where its page is.
func (s *Surface) offered(c *call, sess checkout.Session, code string) answer {
	ans := s.plain(c, code)
	ans.ID, ans.NDC, ans.CheckoutID = sess.Key, sess.Key, sess.Alias
	ans.Timestamp = stamp(sess.CreatedAt, false)
	ans.Redirect = &redirect{URL: s.PageURL(sess.Key), Method: "GET", Parameters: []connector.Parameter{}}
	if c.form.Get("integrity") == "true" {
		ans.Integrity = s.Integrity
	}
	return ans
}

// PageURL is the address of a checkout's hosted page.
func (s *Surface) PageURL(key string) string {
	return s.BaseURL + "/gateway/v3/checkouts/" + key + "/page"
}

// checkoutPayment is GET /v3/checkouts/{checkoutId}/payment (section 12.3).
func (s *Surface) checkoutPayment(c *call) (answer, error) { return s.status(c, s.paid) }

// checkoutRegistration is GET /v3/checkouts/{checkoutId}/registration.
func (s *Surface) checkoutRegistration(c *call) (answer, error) { return s.status(c, s.registered) }

// A finished checkout can be read for this long.
const readable = 30 * time.Minute

func (s *Surface) status(c *call, show func(c *call, out payment.Outcome) answer) (answer, error) {
	sess, now, err := s.Checkouts.Find(c.r.Context(), c.actor, c.profile.ID, c.id)
	if fault.Is(err, fault.NotFound) {
		return answer{}, c.noSession()
	}
	if err != nil {
		return answer{}, err
	}
	if !s.reads.allow(string(c.actor.Realm)+"/"+string(sess.ID), s.Clock()) {
		return answer{}, fault.New("limited.status_reads", "a checkout's status may be read twice a minute")
	}
	end := sess.ExpiresAt
	if sess.State == checkout.Paid {
		end = sess.DoneAt.Add(readable)
	}
	if !now.Before(end) && sess.State != checkout.Paying {
		return answer{}, c.noSession()
	}
	if sess.Payment == "" {
		ans := s.plain(c, "000.200.000")
		ans.NDC = sess.Key
		return ans, nil
	}
	out, err := s.Payments.Get(c.r.Context(), c.actor, sess.Payment)
	if err != nil {
		return answer{}, err
	}
	ans := show(c, out)
	ans.NDC = sess.Key
	return ans, nil
}

func (s *Surface) paid(c *call, out payment.Outcome) answer { return s.render(out, c.view(true)) }

// registered shows the token that a checkout made, not the verification that
// proved it.
func (s *Surface) registered(c *call, out payment.Outcome) answer {
	ans := s.render(out, c.view(true))
	if out.Payment.Succeeded() {
		ans.ID = tokenID.wire(out.Payment.Source)
	}
	ans.RegistrationID, ans.PaymentType, ans.Amount, ans.Currency = "", "", "", ""
	return ans
}

// noSession is the answer for a checkout that is unknown, expired or too old:
// all alike, with the text that clients look for (section 4).
func (c *call) noSession() error {
	return &noSuchSession{c.id}
}

// ReturnURL is where the payer's browser goes when a payment is over: the
// merchant's page, told where to read the outcome (sections 9 and 12.2).
func (s *Surface) ReturnURL(p payment.Payment, sess *checkout.Session) string {
	id, path := paymentID.wire(p.ID), "/v3/payments/"+paymentID.wire(p.ID)
	if p.Kind == connector.Authenticate {
		path = "/v3/threeDSecure/" + id
	}
	if sess != nil {
		id = sess.Key
		path = "/v3/checkouts/" + id + "/payment"
		if sess.Kind == connector.Verify {
			path = "/v3/checkouts/" + id + "/registration"
		}
	}
	return withQuery(p.Details.ReturnURL, id, path)
}

// SessionURL is ReturnURL for a checkout that has no payment (the payer gave up).
func (s *Surface) SessionURL(sess checkout.Session) string {
	return s.ReturnURL(payment.Payment{Details: sess.Details.Payment}, &sess)
}

func withQuery(to, id, path string) string {
	if to == "" {
		return ""
	}
	fragment := ""
	if i := strings.IndexByte(to, '#'); i >= 0 {
		to, fragment = to[:i], to[i:]
	}
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	return to + sep + "id=" + url.QueryEscape(id) + "&resourcePath=" + url.QueryEscape(path) + fragment
}

// TokenOf lets pages name a stored card as the contract does.
func TokenOf(source ident.ID) string { return tokenID.wire(source) }
