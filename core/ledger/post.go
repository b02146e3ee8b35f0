package ledger

import (
	"slices"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// booking is a transfer on its way into the books.
type booking struct {
	Transfer
	id ident.ID
	at int64 // the realm's time of its transaction, milliseconds
}

// guard asks that an account be non-negative from here on.
type guard struct {
	account  Account
	currency money.Currency
}

// Post writes t in the books of tx's realm when tx commits, and answers the
// id it will have. Faults, in the order checked: those of Check;
// internal.books.reverses (use Reverse). At the commit: conflict.balance when
// a non-negative account would go below zero, conflict.overflow when a
// balance would leave an int64. (reliability.md L1, L3, L4, L6)
func Post(tx *store.Tx, t Transfer) (ident.ID, error) {
	if t.Reverses != "" {
		return "", fault.New("internal.books.reverses", "a transfer is reversed by Reverse alone")
	}
	return post(tx, t)
}

func post(tx *store.Tx, t Transfer) (ident.ID, error) {
	if err := Check(t); err != nil {
		return "", err
	}
	t.Postings = slices.Clone(t.Postings)
	b := booking{Transfer: t, id: tx.NewID(), at: clock.Millis(tx.Now())}
	tx.Gather(gatherer, b)
	return b.id, nil
}

// Reverse undoes transfer id of object of by a transfer of the same postings
// with opposite signs, and answers the new transfer's id. It is for mistakes
// in the books; what happens to a payment has a recipe of its own (Deal). The
// transfer must have been committed before. Faults, in the order checked:
// not_found.transfer, conflict.reversed (it was reversed before), those of
// Check for the memo, those of Post at the commit. (reliability.md L4)
func Reverse(tx *store.Tx, of Object, id ident.ID, memo string) (ident.ID, error) {
	e, ok, err := find(tx, of, id)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "", fault.New("not_found.transfer", "there is no such transfer")
	}
	if by, err := reversalOf(tx, id); err != nil {
		return "", err
	} else if by != "" {
		return "", fault.New("conflict.reversed", "the transfer has been reversed by %s", by)
	}
	return post(tx, Transfer{Kind: "reverse", Object: of, Postings: negated(e.Postings), Reverses: id, Memo: memo})
}

func negated(postings []Posting) []Posting {
	back := slices.Clone(postings)
	for i := range back {
		back[i].Amount.Minor = -back[i].Amount.Minor
	}
	return back
}

// Guard makes account non-negative in currency from this place in the books
// on: on its normal side neither what is posted nor the sum of posted and
// pending may go below zero. It cannot be taken back. Faults:
// internal.books.account, internal.books.currency; at the commit
// conflict.balance when the account is below zero already. (reliability.md L3)
func Guard(tx *store.Tx, account Account, currency money.Currency) error {
	if account.class() == nil {
		return fault.New("internal.books.account", "%q is not in the chart of accounts", account)
	}
	if !isCurrency(currency) {
		return fault.New("internal.books.currency", "%q is no currency", currency)
	}
	tx.Gather(gatherer, guard{account, currency})
	return nil
}
