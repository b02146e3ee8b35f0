package payment

import (
	"context"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// Filter says which payments of a realm are looked for; what is nil or empty
// does not matter. Only what takes money from a payer is found: authorisations
// and debits. The caller has narrowed Merchants to those that may be seen.
type Filter struct {
	IDs         []ident.ID
	Merchants   []ident.ID
	Marketplace ident.ID
	Customers   []ident.ID
	Orders      []ident.ID
	References  []string
	Stages      []Stage
	Amount      *int64
	Created     store.Span
	Page        store.Page
}

// Found is a payment with all of its attempts, its own first.
type Found struct {
	Payment
	Attempts []Attempt
}

// Search finds payments, a page of them, and says how many there are in all.
// Faults: invalid.sort.
func (s *Service) Search(ctx context.Context, realm ident.ID, f Filter) (list []Found, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		var payments []Payment
		if payments, total, err = searchPayments(tx, f); err != nil {
			return err
		}
		list, err = withAttempts(tx, payments)
		return err
	})
	return list, total, err
}

// Find finds a payment by its id; the caller judges who may see it. Faults:
// not_found.payment, also for what takes no money from a payer.
func (s *Service) Find(ctx context.Context, realm, id ident.ID) (f Found, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		p, err := getPayment(tx, id)
		if err != nil {
			return err
		}
		if !p.takes() {
			return missing()
		}
		f.Payment = p
		f.Attempts, err = AttemptsOf(tx, id)
		return err
	})
	return f, err
}

// Quoted finds the payment that waits for a bank transfer with a reference, ""
// when nobody does.
func (s *Service) Quoted(ctx context.Context, realm ident.ID, reference string) (id ident.ID, err error) {
	own := method.ReadReference(reference)
	if own == "" {
		return "", nil
	}
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		if id, err = idempotency.Recall(tx, quoteKey(own)); err != nil || id == "" {
			return err
		}
		if _, err = getPayment(tx, id); fault.Is(err, fault.NotFound) { // promised, and never paid
			id, err = "", nil
		}
		return err
	})
	return id, err
}

// RefundFilter says which refunds of a realm are looked for, as Filter does.
type RefundFilter struct {
	Payments    []ident.ID
	Merchants   []ident.ID
	Marketplace ident.ID
	Customers   []ident.ID
	Orders      []ident.ID
	References  []string
	Amount      *int64
	Created     store.Span
	Page        store.Page
}

// Refunds finds refunds with their payments, a page of them, and says how many
// there are in all. Faults: invalid.sort.
func (s *Service) Refunds(ctx context.Context, realm ident.ID, f RefundFilter) (list []Outcome, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, total, err = searchRefunds(tx, f)
		return err
	})
	return list, total, err
}

// withAttempts adds their attempts to payments.
func withAttempts(tx *store.Tx, payments []Payment) ([]Found, error) {
	list, at, ids := make([]Found, len(payments)), map[ident.ID]int{}, make([]ident.ID, len(payments))
	for i, p := range payments {
		list[i].Payment, at[p.ID], ids[i] = p, i, p.ID
	}
	all, err := attemptsOfAll(tx, ids)
	for _, a := range all {
		f := &list[at[a.Payment]]
		f.Attempts = append(f.Attempts, a)
	}
	return list, err
}
