package mandate

import (
	"context"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/store"
)

// Cancel ends a mandate for the merchant: that it shall end is committed first,
// so that nobody charges it any more, then the provider is told. Without an
// answer a job tells it again until it is known. One that has ended is answered
// as it stands.
//
// Faults: forbidden.permission, not_found.mandate, conflict.mandate.unknown (its
// provider has not said yet whether there is one), unavailable.operation.
func (s *Service) Cancel(ctx context.Context, actor access.Actor, by audit.By, id ident.ID) (Mandate, error) {
	if err := actor.Need(access.Register); err != nil {
		return Mandate{}, err
	}
	var m Mandate
	err := s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) (err error) {
		if m, err = Find(tx, id); err != nil {
			return err
		}
		switch {
		case actor.NeedMerchant(m.Merchant) != nil:
			return missing()
		case m.Ended() || m.Details.Cancelling:
			return nil
		case m.State == Asking || m.State == Unknown:
			return fault.New("conflict.mandate.unknown", "it is not known yet whether there is an agreement")
		}
		if _, ok := s.Connectors[m.Connector].(connector.Mandater); !ok {
			return fault.New("unavailable.operation", "agreements of this kind cannot be ended here")
		}
		next := m
		next.Details.Cancelling = true
		audit.Add(tx, by, "mandate.cancel", m.ID, "ok")
		job.Add(tx, "mandate.cancel", m.ID, tx.Now().Add(connector.NextLook(0)))
		m, err = s.write(tx, m, change{m: next})
		return err
	})
	if err != nil || m.Ended() {
		return m, err
	}
	return s.revoke(ctx, actor.Realm, m)
}

// revoke tells the provider once.
func (s *Service) revoke(ctx context.Context, realm ident.ID, m Mandate) (Mandate, error) {
	conn, ok := s.Connectors[m.Connector].(connector.Mandater)
	if !ok {
		return m, nil
	}
	q, err := s.inquiry(ctx, realm, m)
	if err != nil {
		return m, err
	}
	c := s.ask(ctx, s.patience(), func(ctx context.Context) connector.Consent { return conn.Revoke(ctx, q) })
	if c.State == connector.NotFound { // there is none: nothing can be charged
		c.State = connector.Cancelled
	}
	return s.answered(ctx, realm, m, c).Mandate, nil
}

func (s *Service) inquiry(ctx context.Context, realm ident.ID, m Mandate) (q connector.Inquiry, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		q = connector.Inquiry{Mandate: m.ID, Account: m.Account, Reference: m.ProviderRef, At: tx.Now()}
		return nil
	})
	return q, err
}

// Follow takes from a charge that was refused what it tells of the mandate: that
// the payer has ended it, stopped it for a while, or that it has run out. Other
// refusals are the charge's alone. It is part of the transaction that books the
// refusal.
func (s *Service) Follow(tx *store.Tx, id ident.ID, code string) error {
	state := connector.State("")
	switch {
	case strings.HasPrefix(code, suspendedCode):
		state = connector.Suspended
	case fault.Under(code, fault.DeclinedMandateExpired):
		state = connector.Lapsed
	case fault.Under(code, fault.DeclinedMandateCancelled), fault.Under(code, fault.DeclinedRevoked), fault.Under(code, fault.DeclinedSeriesStopped):
		state = connector.Revoked
	default:
		return nil
	}
	m, err := Find(tx, id)
	if err != nil || m.open() {
		return err
	}
	_, err = s.write(tx, m, apply(m, connector.Consent{State: state}, settleAfter, tx.Now()))
	return err
}

// suspendedCode is how a charge is refused whose agreement the payer has stopped
// for a while: like a card that is not permitted this kind of payment.
const suspendedCode = fault.DeclinedNotPermitted + ".suspended"

// Noticed takes a provider's callback about an agreement, whose signature has been
// checked. Connector and account are compared; a repeat changes nothing. Faults:
// not_found.mandate (also when it speaks for another connector or account:
// foreign looks like missing), invalid.callback.
func (s *Service) Noticed(ctx context.Context, realm ident.ID, connectorName string, n connector.Notice) (Mandate, error) {
	if n.Consent == nil {
		return Mandate{}, fault.New("invalid.callback", "the callback tells nothing of an agreement")
	}
	var m Mandate
	err := s.DB.Update(context.WithoutCancel(ctx), realm, func(tx *store.Tx) (err error) {
		if m, err = Find(tx, n.Attempt); err != nil {
			return err
		}
		if m.Connector != connectorName || m.Account != n.Account {
			return missing()
		}
		m, err = s.take(tx, m, *n.Consent)
		return err
	})
	return m, err
}

// Look asks the provider how a mandate stands and writes it down; one that has
// ended is answered as it stands. Faults: not_found.mandate.
func (s *Service) Look(ctx context.Context, realm, id ident.ID) (Mandate, error) {
	var m Mandate
	err := s.DB.View(ctx, realm, func(tx *store.Tx) (err error) {
		m, err = Find(tx, id)
		return err
	})
	conn, ok := s.Connectors[m.Connector].(connector.Mandater)
	if err != nil || m.Ended() || !ok {
		return m, err
	}
	q, err := s.inquiry(ctx, realm, m)
	if err != nil {
		return m, err
	}
	return s.settle(ctx, realm, id, s.ask(ctx, s.patience(), func(ctx context.Context) connector.Consent { return conn.LookupMandate(ctx, q) }))
}

// expired says whether the time of a mandate is up.
func expired(m Mandate, at time.Time) bool { return !m.ExpiresAt.IsZero() && !at.Before(m.ExpiresAt) }
