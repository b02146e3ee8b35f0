package gateway

import (
	"encoding/json"
	"strings"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/core/webhook"
	"github.com/florinpay/florin/store"
)

// Contract is this surface's name wherever the core keeps one.
const Contract = "gateway"

// Message is what a merchant hears of an event: the body of the inquiry, as
// the payment stands at that moment (section 15). It is rendered in the
// event's transaction. A message without a body means that the contract has
// no word for the event.
func (s *Surface) Message(tx *store.Tx, e event.Event) (webhook.Message, error) {
	env, err := access.EnvironmentIn(tx)
	if err != nil {
		return webhook.Message{}, err
	}
	switch subject := e.Subject.(type) {
	case payment.Outcome:
		return s.aboutPayment(tx, e, subject, env)
	case vault.Source:
		return s.aboutSource(tx, e, subject, env)
	}
	return webhook.Message{}, nil
}

func (s *Surface) aboutPayment(tx *store.Tx, e event.Event, out payment.Outcome, env access.Environment) (webhook.Message, error) {
	if strings.HasSuffix(e.Type, "unknown") {
		return webhook.Message{}, nil // the client heard "pending"; there is nothing new to say
	}
	p, err := merchant.ProfileIn(tx, out.Payment.Profile)
	if err != nil {
		return webhook.Message{}, err
	}
	m := webhook.Message{ContentType: "application/json; charset=UTF-8", Type: "PAYMENT", Action: "CREATED"}
	ans := s.render(out, view{entity: p.Code, name: p.Name, env: env, read: true})
	if own := out.Attempt.ID == out.Payment.ID; own && e.Seq > 1 {
		m.Action = "UPDATED"
		attempts, err := payment.AttemptsOf(tx, out.Payment.ID)
		if err != nil {
			return m, err
		}
		ans.RelatedTransactions = relatedOf(out.Payment, attempts, env)
	}
	if strings.HasPrefix(e.Type, "payment.risk_") {
		m.Type = "RISK"
	}
	m.Body, err = json.Marshal(ans)
	return m, err
}

func (s *Surface) aboutSource(tx *store.Tx, e event.Event, src vault.Source, env access.Environment) (webhook.Message, error) {
	action := map[string]string{"source.created": "CREATED", "source.extended": "UPDATED", "source.deleted": "DELETED"}[e.Type]
	if action == "" {
		return webhook.Message{}, nil
	}
	owner, err := merchant.MerchantIn(tx, src.Merchant)
	if err != nil {
		return webhook.Message{}, err
	}
	code := "000.100.110"
	if env == access.Live {
		code = "000.000.000"
	}
	m := webhook.Message{ContentType: "application/json; charset=UTF-8", Type: "REGISTRATION", Action: action}
	m.Body, err = json.Marshal(answer{ID: tokenID.wire(src.ID), PaymentBrand: src.Brand, Result: result{Code: code, Description: Text(code)},
		Card: sourceCard(src), BuildNumber: s.Build, Timestamp: stamp(e.At, true), NDC: owner.Code + "_" + trace(string(src.ID))})
	return m, err
}
