package gateway

import (
	"fmt"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// How the core's kinds are called on the wire (sheet, section 16).
var paymentTypes = map[connector.Kind]string{
	connector.Authorise: "PA", connector.Debit: "DB", connector.Verify: "CV", connector.Credit: "CD",
	connector.Capture: "CP", connector.Refund: "RF", connector.Void: "RV",
	payment.Chargeback: "CB", payment.ChargebackReversal: "CR",
}

// The reverse, for what a client may ask for.
var (
	firstKinds = map[string]connector.Kind{"PA": connector.Authorise, "DB": connector.Debit, "CV": connector.Verify, "CD": connector.Credit}
)

// view says for whom an outcome is rendered.
type view struct {
	entity string
	name   string // of the profile, in the descriptor
	env    access.Environment
	read   bool   // an inquiry or a notification, which say more than the answer to a POST
	ndc    string // "" for the payment's own
}

// resultCode is the contract's word for where an attempt stands.
func resultCode(out payment.Outcome, env access.Environment) string {
	p, a := out.Payment, out.Attempt
	first := a.ID == p.ID
	if forced := echoed(p, "customParameters[forceResultCode]"); first && env == access.Test && fits(forced, a.State) {
		return forced
	}
	switch a.State {
	case payment.Sent, payment.AttemptUnknown, payment.AttemptPending:
		return "000.200.000"
	case payment.AttemptReview, payment.LateSuccess:
		return "100.400.500"
	}
	if a.State != payment.Approved {
		if p.Method == method.Voucher && a.Code != "declined.timed_out" {
			return "100.397.102"
		}
		return codeOfFault(a.Code)
	}
	switch {
	case a.Kind == payment.Chargeback:
		if strings.HasPrefix(a.ProviderCode, "000.100.2") {
			return a.ProviderCode
		}
		return "000.100.200"
	case a.Kind == payment.ChargebackReversal:
		return "000.100.105"
	case a.Kind == connector.Authenticate:
		return authenticated(p)
	case first && p.Risk == payment.RiskReview:
		return "000.400.000"
	case first && p.Risk == payment.RiskRejected:
		return "000.400.100"
	case first && p.Risk == payment.RiskAccepted:
		return "000.000.000"
	case first && p.Method == method.Voucher:
		return "000.600.000"
	case env == access.Live:
		return "000.000.000"
	case echoed(p, "testMode") == "EXTERNAL":
		return "000.100.112"
	}
	return "000.100.110"
}

// authenticated is the final code of a stand-alone authentication (section 14).
func authenticated(p payment.Payment) string {
	t := p.Details.ThreeDS
	switch {
	case t != nil && t.NotEnrolled:
		return "000.400.102"
	case p.Details.Redirect != nil:
		return "000.000.000"
	}
	return "000.400.110"
}

// fits says whether a forced result code tells the truth about the state.
func fits(code string, state payment.AttemptState) bool {
	if code == "" || !Known(code) {
		return false
	}
	switch Classify(code).Category {
	case Rejected:
		return state == payment.Refused
	case Pending:
		return state == payment.AttemptPending
	}
	return state == payment.Approved
}

func echoed(p payment.Payment, name string) string {
	for _, e := range p.Details.Echo {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

// render writes an outcome as the contract shows it (sheet, section 8).
func (s *Surface) render(out payment.Outcome, v view) answer {
	p, a := out.Payment, out.Attempt
	first := a.ID == p.ID
	code := resultCode(out, v.env)
	ans := answer{
		ID: paymentID.wire(a.ID), PaymentType: paymentTypes[a.Kind], Result: result{Code: code, Description: Text(code)},
		BuildNumber: s.Build, Timestamp: stamp(a.SentAt, v.read), NDC: v.ndc, MerchantTransactionID: a.Reference,
	}
	if v.ndc == "" {
		ans.NDC = v.entity + "_" + trace(string(a.ID))
	}
	if Classify(code).Category != Rejected {
		ans.Descriptor = descriptor(p, v.name)
		if a.Amount.Currency != "" {
			ans.Amount, ans.Currency = a.Amount.Decimal(2), string(a.Amount.Currency)
		}
		if a.Kind != connector.Authenticate {
			ans.Risk = riskOf(p, first)
		}
	}
	if v.read {
		ans.ResultDetails = &details{ConnectorTxID1: a.ProviderRef, AcquirerResponse: a.ProviderCode, AuthCode: a.AuthCode, ClearingInstituteName: clearing(v.env)}
		if first && p.State == payment.Expired {
			ans.ResultDetails.ExtendedDescription = "the authorisation has expired"
		}
		if !first {
			ans.ReferencedID = paymentID.wire(a.Original)
		}
	}
	if !first {
		ans.CustomParameters = nest(a.Echo, "customParameters")
		return ans
	}
	s.renderOwn(&ans, p, v)
	return ans
}

// renderOwn adds what only a payment itself has, not its captures and refunds.
func (s *Surface) renderOwn(ans *answer, p payment.Payment, v view) {
	d := p.Details
	ans.PaymentBrand = p.Brand
	if p.Source != "" && p.Succeeded() {
		ans.RegistrationID = tokenID.wire(p.Source)
	}
	ans.Card = cardOf(d.Card)
	ans.Customer, ans.Billing, ans.Shipping = nest(d.Echo, "customer"), nest(d.Echo, "billing"), nest(d.Echo, "shipping")
	ans.Cart, ans.CustomParameters = nest(d.Echo, "cart"), nest(d.Echo, "customParameters")
	if t := d.ThreeDS; t != nil && (t.ECI != "" || t.Status != "") {
		ans.ThreeDSecure = &threeDSecure{ECI: t.ECI, Version: t.Version, DSTransactionID: t.DSTransactionID, ACSTransactionID: t.ACSTransactionID,
			AuthenticationStatus: t.Status}
		if p.Kind == connector.Authenticate { // the merchant carries it into a payment of its own
			ans.ThreeDSecure.VerificationID = t.VerificationID
		}
	}
	if r := d.Redirect; r != nil && p.State == payment.Pending {
		ans.Redirect = &redirect{URL: r.URL, Method: r.Method, Parameters: r.Parameters}
		if ans.Redirect.Parameters == nil {
			ans.Redirect.Parameters = []connector.Parameter{}
		}
	}
	if sr := d.Series; sr != nil && sr.Mode+sr.Type+sr.Initiator != "" {
		ans.StandingInstruction = &standingInstruction{Source: sr.Initiator, Mode: sr.Mode, Type: sr.Type, InitialTransactionID: sr.SchemeRef}
	} else if sr != nil && v.read && sr.SchemeRef != "" {
		ans.ResultDetails.InitialTransactionID = sr.SchemeRef
	}
}

func cardOf(f *payment.Face) *card {
	if f == nil {
		return nil
	}
	c := &card{BIN: f.BIN, Last4Digits: f.Last4, Holder: f.Holder}
	if f.ExpiryMonth > 0 {
		c.ExpiryMonth, c.ExpiryYear = fmt.Sprintf("%02d", f.ExpiryMonth), fmt.Sprintf("%04d", f.ExpiryYear)
	}
	return c
}

func riskOf(p payment.Payment, first bool) *risk {
	r := &risk{Score: "0"}
	if first {
		r.Status = map[string]string{payment.RiskReview: "REVIEW", payment.RiskAccepted: "ACCEPT", payment.RiskRejected: "REJECT"}[p.Risk]
	}
	return r
}

func descriptor(p payment.Payment, profile string) string {
	text := profile
	if p.Details.Descriptor != "" {
		text = p.Details.Descriptor
	}
	return shortID(p.ID) + " " + text
}

func clearing(env access.Environment) string {
	if env == access.Test {
		return "Simulator"
	}
	return ""
}

// stamp writes a moment as the contract does; inquiries carry milliseconds.
func stamp(t time.Time, millis bool) string {
	if millis {
		return t.UTC().Format("2006-01-02 15:04:05.000") + "+0000"
	}
	return t.UTC().Format("2006-01-02 15:04:05") + "+0000"
}

// relatedOf lists the operations that refer to a payment.
func relatedOf(p payment.Payment, attempts []payment.Attempt, env access.Environment) []related {
	var out []related
	for _, a := range attempts {
		if a.ID == p.ID {
			continue
		}
		code := resultCode(payment.Outcome{Payment: p, Attempt: a}, env)
		r := related{ID: paymentID.wire(a.ID), PaymentType: paymentTypes[a.Kind], Result: result{Code: code, Description: Text(code)}, Timestamp: stamp(a.SentAt, true)}
		if a.Amount != (money.Amount{}) {
			r.Amount, r.Currency = a.Amount.Decimal(2), string(a.Amount.Currency)
		}
		out = append(out, r)
	}
	return out
}
