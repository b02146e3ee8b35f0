package settlement

import (
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// paidPayouts reads a merchant's payouts that were paid in a span of time.
func paidPayouts(tx *store.Tx, merchant ident.ID, from, before time.Time) ([]Payout, error) {
	return payouts(tx, `merchant = $2 AND paid_at >= $3 AND paid_at < $4 AND paid_at <> 0 AND amount > 0 ORDER BY paid_at, reference`,
		string(merchant), clock.Millis(from), clock.Millis(before))
}

// entriesIn reads the entries that a payout has taken in, oldest first.
func entriesIn(tx *store.Tx, payout ident.ID) (list []Entry, err error) {
	err = tx.All(`SELECT `+entryColumns+` FROM settlement_entry WHERE realm = $1 AND payout = $2 AND payout <> '' ORDER BY at, id`,
		[]any{string(tx.Realm()), string(payout)}, func(scan func(...any) error) error {
			e, err := scanEntry(scan)
			list = append(list, e)
			return err
		})
	return list, err
}
