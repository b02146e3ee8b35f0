package settlement

import (
	"context"
	"slices"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// The channels of payouts.
const (
	DirectEntry = connector.DirectEntry
	NPP         = connector.NPP
)

// returnsWithin is how long a bank may send a payout back that had arrived, and
// how often it is asked after.
const (
	returnsWithin = 10 * 24 * time.Hour
	atOnce        = time.Nanosecond
	askEvery      = 24 * time.Hour
	askSoon       = 30 * time.Second
	askPending    = 6 * time.Hour
)

// send is the job that carries one payout to its end. It never asks a bank with
// a transaction open: the intent is committed first, and what has been asked
// once is only looked up from then on, until the bank has said what became of
// it. A refusal is the end of one channel and the intent of the next.
func (s *Service) send(ctx context.Context, j job.Job) error {
	env, err := s.Environment(ctx, j.Realm)
	if err != nil {
		return err
	}
	var p Payout
	var to merchant.BankAccount
	var fresh, over bool
	err = s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		p, to, fresh, over, err = s.intend(tx, j, env)
		if err == nil && over {
			err = job.Done(tx, j)
		}
		return err
	})
	if err != nil || over {
		return err
	}
	r := s.ask(ctx, j.Realm, p, to, fresh)
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		now, err := getPayout(tx, p.ID)
		if err != nil {
			return err
		}
		if now.Attempt != p.Attempt { // decided by somebody else in the meantime
			return job.Done(tx, j)
		}
		again, err := s.settle(tx, &now, r, fresh)
		if err != nil {
			return err
		}
		if again == 0 {
			return job.Done(tx, j)
		}
		return job.Again(tx, j, tx.Now().Add(again))
	})
}

// intend commits what is about to be asked: a payout that was never sent gets
// its channel and the id under which the bank knows it. over: there is nothing
// to ask.
func (s *Service) intend(tx *store.Tx, j job.Job, env access.Environment) (p Payout, to merchant.BankAccount, fresh, over bool, err error) {
	if p, err = getPayout(tx, j.Object); err != nil {
		return p, to, false, false, err
	}
	f, err := merchant.FindIn(tx, p.Merchant)
	if err != nil {
		return p, to, false, false, err
	}
	to, _ = target(f, p.Details.Account, p.Currency)
	switch {
	case p.State == Created && !p.Collects:
	case p.State == Pending || p.State == InTransit:
		return p, to, false, p.Details.File != "", nil
	case p.State == Paid && tx.Now().Sub(p.PaidAt) < returnsWithin:
		return p, to, false, p.Attempt == "" || p.Details.File != "", nil
	default:
		return p, to, false, true, nil
	}
	name, _ := s.payer(env)
	if name == "" { // the operator sends it by file
		return p, to, false, true, nil
	}
	if to.ID == "" {
		p.State = Suspended
		return p, to, false, true, s.save(tx, &p, "suspended")
	}
	p.State, p.Attempt, p.SentAt = Pending, tx.NewID(), tx.Now()
	p.Details.Connector = name
	if p.Details.Channel == "" {
		p.Details.Channel = p.Details.Channels[0]
	}
	return p, to, true, false, s.save(tx, &p, "pending")
}

// payer finds who can pay out in an environment: a test realm's payouts reach
// test connectors alone, and a live one's never do. "" for nobody.
func (s *Service) payer(env access.Environment) (string, connector.Payer) {
	var names []string
	for name, c := range s.Connectors {
		if _, pays := c.(connector.Payer); pays && c.Spec().TestOnly == (env == access.Test) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "", nil
	}
	name := slices.Min(names)
	return name, s.Connectors[name].(connector.Payer)
}

// ask asks the bank to pay, or what became of it. What it is too late for
// (connector.Left) is not sent.
func (s *Service) ask(ctx context.Context, realm ident.ID, p Payout, to merchant.BankAccount, fresh bool) connector.Result {
	payer, pays := s.Connectors[p.Details.Connector].(connector.Payer)
	if !pays {
		return connector.Result{State: connector.Unknown}
	}
	at, patience := s.DB.Now(realm), connector.Patience
	account := string(realm) + "." + string(p.Merchant)
	question := func(ctx context.Context) connector.Result {
		return payer.LookupPayout(ctx, connector.Question{Attempt: p.Attempt, Account: account, Reference: p.Details.ProviderRef, At: at})
	}
	if fresh {
		if patience = connector.Left(patience, p.SentAt, at); patience <= 0 {
			s.Log.Error("too late to ask the bank; nothing was sent", "payout", p.ID, "at", p.SentAt)
			return connector.Result{State: connector.Refused, Code: fault.UnavailableProvider, Provider: "not sent"}
		}
		question = func(ctx context.Context) connector.Result {
			return payer.Payout(ctx, connector.Payout{Attempt: p.Attempt, Account: account, Channel: p.Details.Channel, Amount: p.money(),
				To: connector.Beneficiary{Holder: to.Holder, Region: string(to.Region), BankCode: to.BankCode, BranchCode: to.BranchCode,
					Number: method.Conceal(to.Number)}, Descriptor: p.Details.Descriptor, At: at})
		}
	}
	r, broken := connector.Ask(ctx, patience, s.Log, question)
	if broken {
		r = connector.Result{State: connector.Unknown, Provider: "panic"}
	}
	return r
}

// settle writes down what the bank says about a payout; again is when to ask
// once more, 0 when there is nothing to ask. fresh: it was asked to pay just now.
func (s *Service) settle(tx *store.Tx, p *Payout, r connector.Result, fresh bool) (again time.Duration, err error) {
	if r.Reference != "" {
		p.Details.ProviderRef = r.Reference
	}
	switch {
	case r.State == connector.Approved && r.Amount != p.money():
		return askEvery, nil // whatever was paid, it was not this: it stays open and shows
	case r.State == connector.Approved && p.State != Paid:
		return askEvery, s.arrived(tx, p)
	case r.State == connector.Approved: // and still so
		return askEvery, nil
	case r.State == connector.Pending && p.State == Pending:
		p.State = InTransit
		return askPending, s.save(tx, p, "in_transit")
	case r.State == connector.Pending:
		return askPending, nil
	case r.State == connector.NotFound && !fresh && p.State == Pending && tx.Now().Sub(p.SentAt) >= s.proof(*p):
		return s.refused(tx, p, "unavailable.provider") // never seen, by its own word
	case r.State == connector.Refused && p.State == Paid:
		return 0, s.owedAgain(tx, p, Reversed, r.Code)
	case r.State == connector.Refused:
		return s.refused(tx, p, r.Code)
	}
	return max(askSoon, tx.Now().Sub(p.SentAt)/2), nil // no answer is no answer
}

// proof is how long after sending a bank's not found is one.
func (s *Service) proof(p Payout) time.Duration {
	return time.Duration(s.Connectors[p.Details.Connector].Spec().SettleSeconds) * time.Second
}

func (s *Service) arrived(tx *store.Tx, p *Payout) error {
	p.State, p.PaidAt, p.Details.Code = Paid, tx.Now(), ""
	return s.save(tx, p, "paid", p.due().Payout(p.money()))
}

// refused ends a channel: the next one is tried, under another id at the bank,
// and after the last one the money is owed again.
func (s *Service) refused(tx *store.Tx, p *Payout, code string) (time.Duration, error) {
	tried := slices.Index(p.Details.Channels, p.Details.Channel)
	if p.State == Pending && tried+1 < len(p.Details.Channels) {
		p.State, p.Details.Channel, p.Details.Code = Created, p.Details.Channels[tried+1], code
		return atOnce, s.save(tx, p, "refused")
	}
	return 0, s.owedAgain(tx, p, Failed, code)
}

// Cancel takes a payout back before it is sent: what is in it is owed again.
// Faults: not_found.payout, conflict.payout (it was sent, or is the open one).
func (s *Service) Cancel(ctx context.Context, realm, id ident.ID) (p Payout, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if p, err = getPayout(tx, id); err != nil {
			return err
		}
		if p.Collects || p.State != Created && p.State != Suspended {
			return fault.New("conflict.payout", "only a payout that was not sent yet can be cancelled")
		}
		return s.owedAgain(tx, &p, Canceled, "")
	})
	return p, err
}
