package settlement

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// Filter says which payouts or invoices of a realm are looked for; what is
// empty does not matter.
type Filter struct {
	IDs         []ident.ID
	Merchants   []ident.ID
	Marketplace ident.ID // that the merchants belong to
	References  []string
	States      []string
	Span        store.Span // of CreatedAt; of an invoice the days it was issued on
	Page        store.Page
}

// Payouts lists payouts, a page of them, and says how many there are in all.
// The open ones are among them. Faults: invalid.sort.
func (s *Service) Payouts(ctx context.Context, realm ident.ID, f Filter) (list []Payout, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		if list, total, err = searchPayouts(tx, f); err != nil {
			return err
		}
		for i := range list {
			if err := current(tx, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return list, total, err
}

// current fills in what a payout that still collects would come to now.
func current(tx *store.Tx, p *Payout) (err error) {
	if !p.Collects {
		return nil
	}
	p.Credited, _, err = waiting(tx, p.Merchant, p.Currency, tx.Now())
	p.Amount = max(p.Opening+p.Credited, 0)
	p.Closing = p.Opening + p.Credited - p.Amount
	return err
}

// Opened is a payout with what it opens into and where it goes.
type Opened struct {
	Payout
	Lines   []Line
	Account merchant.BankAccount // zero when there is none
}

// Payout finds a payout and opens it. Faults: not_found.payout.
func (s *Service) Payout(ctx context.Context, realm, id ident.ID) (o Opened, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		o, err = open(tx, id)
		return err
	})
	return o, err
}

func open(tx *store.Tx, id ident.ID) (o Opened, err error) {
	if o.Payout, err = getPayout(tx, id); err != nil {
		return o, err
	}
	f, err := merchant.FindIn(tx, o.Merchant)
	if err != nil {
		return o, err
	}
	o.Account, _ = target(f, o.Details.Account, o.Currency)
	if err = current(tx, &o.Payout); err != nil {
		return o, err
	}
	o.Lines, err = linesOf(tx, o.Payout)
	return o, err
}

// EntryFilter says which entries of a merchant are looked for; what is empty
// does not matter.
type EntryFilter struct {
	Merchant ident.ID
	Currency money.Currency
	Payout   ident.ID
	Invoice  ident.ID
	Kinds    []Kind
	Span     store.Span // of At
	Page     store.Page
}

// Totals are what entries come to, minor units.
type Totals struct {
	Count  int64
	Amount int64
	Gross  int64
	Fee    int64 // its tax in it
	Tax    int64
}

// Search lists entries of a merchant, a page of them, with the totals of all
// that the filter finds. Faults: invalid.sort.
func (s *Service) Search(ctx context.Context, realm ident.ID, f EntryFilter) (list []Entry, t Totals, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		if list, _, err = searchEntries(tx, f); err != nil {
			return err
		}
		t, err = totalEntries(tx, f)
		return err
	})
	return list, t, err
}

// PaidOn says which payout carries each payment's money and what has become of
// it; payments that no entry knows are left out. It is what tells a payment
// that was taken from one whose money has arrived (april sheet, 6.4).
func (s *Service) PaidOn(ctx context.Context, realm ident.ID, payments ...ident.ID) (paid map[ident.ID]Arrival, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		paid, err = arrivalsOf(tx, payments)
		return err
	})
	return paid, err
}

// Arrival is the payout that carried a payment's money.
type Arrival struct {
	Payout      ident.ID
	State       State
	AvailableAt time.Time // when the money could be paid out
	PaidAt      time.Time // zero: not yet
}

// EntriesIn lists the entries of a payment, oldest first, in the caller's
// transaction.
func EntriesIn(tx *store.Tx, payment ident.ID) ([]Entry, error) { return entriesOf(tx, payment) }

// PaymentsOf lists the payments whose money a payout carried, for whoever tells
// the merchant about each. Faults: not_found.payout.
func PaymentsOf(tx *store.Tx, payout ident.ID) (list []ident.ID, err error) {
	p, err := getPayout(tx, payout)
	if err != nil {
		return nil, err
	}
	if p.Collects {
		return nil, fault.New("conflict.payout", "the payout is not closed yet")
	}
	return paymentsOf(tx, payout)
}
