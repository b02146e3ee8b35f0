package settlement

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// State of a payout (april sheet, 6.10).
//
//	          ┌──> canceled
//	created ──┼──> pending ──> in_transit ──> paid ──> reversed
//	   ^      │       └────────────┴──> failed
//	   v      └──> paid              (there was nothing to pay)
//	suspended
//
// The open payout of a merchant and currency is created and collects. At its
// cut-off it takes in what is available, is given its amount and collects no
// longer; the next one is opened in the same transaction. suspended: there is
// no account to pay to. pending: the bank is being asked. in_transit: the bank
// has it. What did not arrive is owed again, by an entry of its own.
type State string

// The states.
const (
	Created   State = "created"
	Pending   State = "pending"
	InTransit State = "in_transit"
	Paid      State = "paid"
	Canceled  State = "canceled"
	Failed    State = "failed"
	Reversed  State = "reversed"
	Suspended State = "suspended"
)

// Payout is one payout. Amounts are minor units of Currency:
// Opening + Credited = Amount + Closing.
type Payout struct {
	ID        ident.ID
	Version   int64
	Seq       int64 // number of its last event
	Merchant  ident.ID
	Currency  money.Currency
	Number    int64  // 1, 2, 3 ... per merchant and currency
	Reference string // ours, by which bank statements name it
	State     State
	Collects  bool  // it is the open one
	Opening   int64 // what the payout before has left; negative: a debt
	Credited  int64 // what its entries come to
	Amount    int64 // what is paid, 0 when there is nothing
	Closing   int64 // what is left for the next
	Entries   int64 // how many there are
	Attempt   ident.ID
	Details   Details
	From      time.Time // when it began to collect
	To        time.Time // its cut-off
	SentAt    time.Time
	PaidAt    time.Time
	CreatedAt time.Time
}

// Details of a payout that nobody searches by.
type Details struct {
	ByHand      bool     `json:"byHand,omitempty"`
	Account     ident.ID `json:"account,omitempty"`  // where it goes
	Channels    []string `json:"channels,omitempty"` // tried in this order
	Channel     string   `json:"channel,omitempty"`  // the one that is tried, or was used
	Descriptor  string   `json:"descriptor,omitempty"`
	FeePayer    ident.ID `json:"feePayer,omitempty"`
	Connector   string   `json:"connector,omitempty"`
	ProviderRef string   `json:"providerRef,omitempty"`
	Code        string   `json:"code,omitempty"` // why it failed, a fault code
	File        string   `json:"file,omitempty"` // the direct-entry file that carries it
}

// Total is what was paid out, or the closing balance when it is negative
// (april sheet, 6.10).
func (p Payout) Total() int64 {
	if p.Amount == 0 {
		return min(p.Closing, 0)
	}
	return p.Amount
}

// referenceOf makes the reference of a payout out of its id: 16 characters, so
// that it fits every statement line.
func referenceOf(id ident.ID) string {
	return "FP" + strings.ToUpper(string(id[:8])+string(id[len(id)-6:]))
}

// Open says whether money is still on its way or waits to be.
func (p Payout) Open() bool {
	return !p.Collects && (p.State == Created || p.State == Pending || p.State == InTransit || p.State == Suspended)
}

func (p Payout) money() money.Amount { return money.Of(p.Amount, p.Currency) }

func (p Payout) due() ledger.Due {
	return ledger.Due{Object: ledger.Object{Kind: "payout", ID: p.ID}, Owner: ledger.Merchant(p.Merchant)}
}

// save writes a payout that has become something else, with its event and what
// it books.
func (s *Service) save(tx *store.Tx, p *Payout, what string, transfers ...ledger.Transfer) error {
	for _, t := range transfers {
		if len(t.Postings) == 0 {
			continue
		}
		if _, err := ledger.Post(tx, t); err != nil {
			return err
		}
	}
	p.Seq++
	if err := savePayout(tx, *p); err != nil {
		return err
	}
	p.Version++
	text, err := json.Marshal(map[string]any{"state": p.State, "amount": p.Amount, "currency": p.Currency, "code": p.Details.Code})
	if err != nil {
		return err
	}
	return s.Events.Add(tx, event.Event{Object: p.ID, Seq: p.Seq, Type: "payout." + what, Merchant: p.Merchant, Data: string(text), Subject: *p})
}

// owedAgain ends a payout whose money did not arrive: what was reserved is
// given back or what was paid comes back, and an entry owes it again.
func (s *Service) owedAgain(tx *store.Tx, p *Payout, state State, code string) error {
	back := p.due().ReleasePayout(p.money())
	if p.State == Paid {
		back = p.due().ReturnPayout(p.money())
	}
	p.State, p.Details.Code = state, code
	addEntry(tx, Entry{ID: tx.NewID(), Merchant: p.Merchant, Kind: PayoutReversal, Currency: p.Currency, Amount: p.Amount, Gross: p.Amount,
		Source: p.ID, At: tx.Now(), AvailableAt: tx.Now()})
	return s.save(tx, p, string(state), back)
}
