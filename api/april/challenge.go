package april

import (
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/payment"
)

// challengeID names a 3-D Secure authorisation: it is the payment's id.
const challengeID idKind = "3ds"

// threeDS is what the payer's browser needs to authorise a payment (sheet,
// 5.7). The merchant's page hands the whole object to the browser script and
// its backend sends it back as threeDSResponse.
type threeDS struct {
	ThreeDSAuthorisationID string `json:"threeDSAuthorisationId"`
	RedirectURL            string `json:"redirectURL"`
	PaymentSourceID        string `json:"paymentSourceId,omitempty"` // that waits for it; ours
}

// challengeDone is where the browser comes back to after a challenge: a page
// that tells the one around it. It goes into a payment's ReturnURL.
func (s *Surface) challengeDone() string { return s.BaseURL + "/april/challenge/done" }

// challenge is the challenge that a payment waits for, if it does.
func (s *Surface) challenge(c *call, p payment.Payment) (threeDS, bool) {
	if p.State != payment.Pending || p.Details.Redirect == nil {
		return threeDS{}, false
	}
	return threeDS{ThreeDSAuthorisationID: challengeID.wire(p.ID), RedirectURL: s.ChallengeURL(c.actor.Realm, p.ID)}, true
}

// challenged finds the payment that a threeDSResponse belongs to, and how it
// stands by now at the provider. Faults: not_found.challenge.
func (s *Surface) challenged(c *call, in object) (payment.Payment, error) {
	text := in.needObject("threeDSResponse").need("threeDSAuthorisationId")
	if err := in.err(); err != nil {
		return payment.Payment{}, err
	}
	id, ok := challengeID.parse(text)
	if !ok {
		return payment.Payment{}, errNoChallenge
	}
	out, err := s.Payments.Look(c.r.Context(), c.actor.Realm, id)
	if fault.Is(err, fault.NotFound) || err == nil && (out.Payment.Merchant != c.acts.ID || out.Payment.Surface != Contract) {
		err = errNoChallenge
	}
	return out.Payment, err
}

var errNoChallenge = fault.New("not_found.challenge", "no such 3-D Secure authorisation")

// Contract is the name by which payments and deliveries know this surface.
const Contract = "april"
