package payment

import (
	"context"
	"encoding/json"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// DisputeState of a dispute:
//
//	needs_response ──(the money comes home)──> won
//	       ├──(the payer's bank is right)────> lost ──(it gives in after all)──> won
//	       └──(the merchant gives in)────────> accepted
type DisputeState string

const (
	NeedsResponse DisputeState = "needs_response"
	DisputeWon    DisputeState = "won"
	DisputeLost   DisputeState = "lost"
	DisputeGiven  DisputeState = "accepted"
)

// DisputeStates are all of them.
var DisputeStates = []DisputeState{NeedsResponse, DisputeWon, DisputeLost, DisputeGiven}

// responseDays is how long a merchant has to answer a dispute.
const responseDays = 10

// Dispute is a payer's bank taking back a part or all of a payment. Its id is
// that of the attempt which the chargeback is.
type Dispute struct {
	ID       ident.ID
	Version  int64
	Seq      int64 // number of its last event
	Payment  ident.ID
	Merchant ident.ID
	Amount   money.Amount
	Returned int64  // what of it came home
	Reason   string // in the words of the provider
	State    DisputeState
	OpenedAt time.Time
	DueAt    time.Time // when the merchant's answer has to be there
	ClosedAt time.Time // zero while it is open
}

// left is what of a dispute has not come home.
func (d Dispute) left() int64 { return d.Amount.Minor - d.Returned }

// Disputed is a dispute with its payment.
type Disputed struct {
	Dispute Dispute
	Payment Payment
}

// DisputesIn lists the disputes of payments, oldest first, in the caller's
// transaction.
func DisputesIn(tx *store.Tx, payments ...ident.ID) (map[ident.ID][]Dispute, error) {
	return disputesOfAll(tx, payments)
}

// openDispute begins a dispute with the chargeback a.
func (s *Service) openDispute(tx *store.Tx, p Payment, a Attempt) error {
	d := Dispute{ID: a.ID, Version: 1, Seq: 1, Payment: p.ID, Merchant: p.Merchant, Amount: a.Amount, Reason: a.ProviderCode, State: NeedsResponse,
		OpenedAt: tx.Now(), DueAt: tx.Now().AddDate(0, 0, responseDays)}
	addDispute(tx, d)
	return s.tellDispute(tx, d, p, "dispute.opened")
}

// wonBack spreads money that came home over the disputes of a payment: those
// that are open come first, then those that were lost. A dispute all of whose
// money is home is won.
func (s *Service) wonBack(tx *store.Tx, p Payment, minor int64) error {
	list, err := disputesOf(tx, p.ID)
	if err != nil {
		return err
	}
	for _, open := range []bool{true, false} {
		for _, d := range list {
			n := min(minor, d.left())
			if n == 0 || (d.State == NeedsResponse) != open {
				continue
			}
			minor -= n
			if d.Returned += n; d.left() == 0 {
				d.State, d.ClosedAt = DisputeWon, tx.Now()
			}
			if err := s.saveAndTell(tx, &d, p, "dispute.won", d.State == DisputeWon); err != nil {
				return err
			}
		}
	}
	return nil
}

// EndDispute ends an open dispute against the merchant: it was lost, or the
// merchant has accepted it, who bears what has not come home. The same word said
// twice changes nothing.
//
// Faults: invalid.outcome (neither lost nor accepted), not_found.dispute,
// conflict.dispute (it ended otherwise).
func (s *Service) EndDispute(ctx context.Context, realm ident.ID, by audit.By, id ident.ID, how DisputeState) (out Disputed, err error) {
	if how != DisputeLost && how != DisputeGiven {
		return out, fault.New("invalid.outcome", "a dispute is lost or accepted")
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		d, err := getDispute(tx, id)
		if err != nil {
			return err
		}
		p, err := getPayment(tx, d.Payment)
		if err != nil {
			return err
		}
		if out = (Disputed{d, p}); d.State == how {
			return nil
		}
		if d.State != NeedsResponse {
			return fault.New("conflict.dispute", "the dispute is over: %s", d.State)
		}
		left := d.left()
		p.Disputed -= left
		p.Lost += left
		p.UpdatedAt = tx.Now()
		if err := savePayment(tx, p); err != nil {
			return err
		}
		p.Version++
		if _, err := ledger.Post(tx, p.deal().ChargebackLost(money.Of(left, d.Amount.Currency))); err != nil {
			return err
		}
		audit.Add(tx, by, "dispute."+string(how), d.ID, "ok")
		d.State, d.ClosedAt = how, tx.Now()
		err = s.saveAndTell(tx, &d, p, "dispute."+string(how), true)
		out = Disputed{d, p}
		return err
	})
	return out, err
}

// saveAndTell writes a changed dispute, and the event if it has changed enough
// to be told.
func (s *Service) saveAndTell(tx *store.Tx, d *Dispute, p Payment, typ string, tell bool) error {
	if tell {
		d.Seq++
	}
	saveDispute(tx, *d)
	d.Version++
	if !tell {
		return nil
	}
	return s.tellDispute(tx, *d, p, typ)
}

func (s *Service) tellDispute(tx *store.Tx, d Dispute, p Payment, typ string) error {
	text, err := json.Marshal(struct {
		Payment  ident.ID       `json:"payment"`
		State    DisputeState   `json:"state"`
		Amount   int64          `json:"amount"`
		Currency money.Currency `json:"currency"`
	}{d.Payment, d.State, d.Amount.Minor, d.Amount.Currency})
	if err != nil {
		return fault.Wrap(err, "a dispute's event")
	}
	return s.Events.Add(tx, event.Event{Object: d.ID, Seq: d.Seq, Type: typ, Merchant: d.Merchant, Data: string(text), Subject: Disputed{d, p}})
}

// DisputeFilter says which disputes of a realm are looked for; what is nil or
// empty does not matter. The caller has narrowed Merchants to those that may be
// seen.
type DisputeFilter struct {
	IDs         []ident.ID
	Payments    []ident.ID
	Merchants   []ident.ID
	Marketplace ident.ID
	Customers   []ident.ID
	Orders      []ident.ID
	References  []string
	Currency    money.Currency
	Page        store.Page
}

// Disputes finds disputes with their payments, a page of them, and says how many
// there are in all. Faults: invalid.sort.
func (s *Service) Disputes(ctx context.Context, realm ident.ID, f DisputeFilter) (list []Disputed, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, total, err = searchDisputes(tx, f)
		return err
	})
	return list, total, err
}
