package payment

import (
	"strings"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// attemptsOfAll reads all attempts of some payments, each payment's own first.
func attemptsOfAll(tx *store.Tx, payments []ident.ID) (list []Attempt, err error) {
	if len(payments) == 0 {
		return nil, nil
	}
	q := store.Search{Table: attemptTable.Name, Columns: attemptColumns, Sorts: map[string]string{"id": "id"}, Page: store.Page{Limit: 1 << 31, Sort: []string{"id"}}}
	q.Where(`realm = ?`, string(tx.Realm()))
	store.In(&q, `payment`, payments)
	_, err = tx.Search(q, into(&list, scanAttempt))
	return list, err
}

// stages are the conditions of Payment.Stage. They exclude one another.
var stages = map[Stage]string{
	StageDisputed:       `disputed > 0`,
	StageCancelled:      `disputed = 0 AND (state = 'voided' OR captured = 0 AND state = 'expired')`,
	StageRefunded:       `disputed = 0 AND state NOT IN ('voided', 'failed') AND captured > 0 AND refunded + lost = captured`,
	StagePartlyRefunded: `disputed = 0 AND state NOT IN ('voided', 'failed') AND captured > 0 AND refunded + lost > 0 AND refunded + lost <> captured`,
	StagePaidOut:        `disputed = 0 AND state NOT IN ('voided', 'failed') AND captured > 0 AND refunded + lost = 0 AND paid_out_at > 0`,
	StageTaken: `disputed = 0 AND state NOT IN ('voided', 'failed') AND (captured > 0 AND refunded + lost = 0 AND paid_out_at = 0
		OR captured = 0 AND state IN ('verified', 'authenticated', 'credited', 'captured'))`,
	StageHeld:    `disputed = 0 AND captured = 0 AND state = 'authorised'`,
	StageFailed:  `disputed = 0 AND state = 'failed'`,
	StageWaiting: `disputed = 0 AND captured = 0 AND state = 'pending' AND method IN ('card', 'wallet')`,
	StagePending: `disputed = 0 AND captured = 0 AND (state IN ('processing', 'unknown', 'review') OR state = 'pending' AND method NOT IN ('card', 'wallet'))`,
}

// paymentSorts are what a search may be sorted by.
var paymentSorts = map[string]string{"id": "id", "createdAt": "created_at", "updatedAt": "updated_at", "amount": "amount", "reference": "reference"}

func searchPayments(tx *store.Tx, f Filter) (list []Payment, total int64, err error) {
	q := store.Search{Table: paymentTable.Name, Columns: paymentColumns, Sorts: paymentSorts, Page: f.Page}
	q.Where(`realm = ?`, string(tx.Realm()))
	q.Where(`kind IN ('authorise', 'debit')`)
	store.In(&q, `id`, f.IDs)
	narrow(&q, `payment.`, f.Merchants, f.Marketplace, f.Customers, f.Orders, f.References)
	if len(f.Stages) > 0 {
		var terms []string
		for _, s := range f.Stages {
			terms = append(terms, `(`+stages[s]+`)`)
		}
		q.Where(`(` + strings.Join(terms, ` OR `) + `)`)
	}
	if f.Amount != nil {
		q.Where(`amount = ?`, *f.Amount)
	}
	q.Span(`created_at`, f.Created)
	total, err = tx.Search(q, into(&list, scanPayment))
	return list, total, err
}

// narrow asks for payments, in the table or under the alias that prefix names.
func narrow(q *store.Search, prefix string, merchants []ident.ID, marketplace ident.ID, customers, orders []ident.ID, references []string) {
	store.In(q, prefix+`merchant`, merchants)
	if marketplace != "" {
		q.Where(prefix+`merchant IN (SELECT m.id FROM merchant m WHERE m.realm = `+prefix+`realm AND m.marketplace = ?)`, string(marketplace))
	}
	store.In(q, prefix+`customer`, customers)
	store.In(q, prefix+`order_id`, orders)
	store.In(q, prefix+`reference`, references)
}

// refundSorts are what a search for refunds may be sorted by.
var refundSorts = map[string]string{"id": "a.id", "createdAt": "a.sent_at", "amount": "a.amount"}

func searchRefunds(tx *store.Tx, f RefundFilter) (list []Outcome, total int64, err error) {
	q := store.Search{Table: `attempt a JOIN payment p ON p.realm = a.realm AND p.id = a.payment`, Columns: of("a", attemptColumns) + `, ` + of("p", paymentColumns),
		Sorts: refundSorts, Tie: "a.id", Page: f.Page}
	q.Where(`a.realm = ?`, string(tx.Realm()))
	q.Where(`a.kind = 'refund'`)
	store.In(&q, `a.payment`, f.Payments)
	narrow(&q, `p.`, f.Merchants, f.Marketplace, f.Customers, f.Orders, f.References)
	if f.Amount != nil {
		q.Where(`a.amount = ?`, *f.Amount)
	}
	q.Span(`a.sent_at`, f.Created)
	total, err = tx.Search(q, into(&list, scanOutcome))
	return list, total, err
}

var disputeTable = &store.Table{Name: "dispute", Key: 2, Columns: []string{"realm", "id", "version", "seq", "payment", "merchant", "currency", "amount", "returned",
	"reason", "state", "opened_at", "due_at", "closed_at"}}

const disputeColumns = `id, version, seq, payment, merchant, currency, amount, returned, reason, state, opened_at, due_at, closed_at`

func disputeRow(tx *store.Tx, d Dispute, version int64) []any {
	return []any{string(tx.Realm()), string(d.ID), version, d.Seq, string(d.Payment), string(d.Merchant), string(d.Amount.Currency), d.Amount.Minor, d.Returned,
		d.Reason, string(d.State), clock.Millis(d.OpenedAt), clock.Millis(d.DueAt), clock.Millis(d.ClosedAt)}
}

func addDispute(tx *store.Tx, d Dispute) { tx.Insert(disputeTable, disputeRow(tx, d, 1)...) }
func saveDispute(tx *store.Tx, d Dispute) {
	tx.Swap(disputeTable, d.Version, disputeRow(tx, d, d.Version+1)...)
}

func scanDispute(scan func(...any) error) (Dispute, error) { return scanDisputeAnd(scan) }

// scanDisputeAnd reads disputeColumns, and whatever columns follow into more.
func scanDisputeAnd(scan func(...any) error, more ...any) (d Dispute, err error) {
	var opened, due, closed int64
	err = scan(append([]any{&d.ID, &d.Version, &d.Seq, &d.Payment, &d.Merchant, &d.Amount.Currency, &d.Amount.Minor, &d.Returned, &d.Reason, &d.State, &opened, &due, &closed}, more...)...)
	d.OpenedAt, d.DueAt, d.ClosedAt = clock.FromMillis(opened), clock.FromMillis(due), clock.FromMillis(closed)
	return d, err
}

// disputesOf reads the disputes of a payment, oldest first.
func disputesOf(tx *store.Tx, payment ident.ID) ([]Dispute, error) {
	return all(tx, scanDispute, `SELECT `+disputeColumns+` FROM dispute WHERE realm = $1 AND payment = $2 ORDER BY id`, []any{string(tx.Realm()), string(payment)})
}

func disputesOfAll(tx *store.Tx, payments []ident.ID) (map[ident.ID][]Dispute, error) {
	out := map[ident.ID][]Dispute{}
	if len(payments) == 0 {
		return out, nil
	}
	q := store.Search{Table: disputeTable.Name, Columns: disputeColumns, Sorts: map[string]string{"id": "id"}, Page: store.Page{Limit: 1 << 31, Sort: []string{"id"}}}
	q.Where(`realm = ?`, string(tx.Realm()))
	store.In(&q, `payment`, payments)
	_, err := tx.Search(q, func(scan func(...any) error) error {
		d, err := scanDispute(scan)
		out[d.Payment] = append(out[d.Payment], d)
		return err
	})
	return out, err
}

func getDispute(tx *store.Tx, id ident.ID) (Dispute, error) {
	list, err := all(tx, scanDispute, `SELECT `+disputeColumns+` FROM dispute WHERE realm = $1 AND id = $2`, []any{string(tx.Realm()), string(id)})
	if err == nil && len(list) == 0 {
		return Dispute{}, fault.New("not_found.dispute", "no such dispute")
	}
	if err != nil {
		return Dispute{}, err
	}
	return list[0], nil
}

func searchDisputes(tx *store.Tx, f DisputeFilter) (list []Disputed, total int64, err error) {
	q := store.Search{Table: `dispute d JOIN payment p ON p.realm = d.realm AND p.id = d.payment`, Columns: of("d", disputeColumns) + `, ` + of("p", paymentColumns),
		Sorts: map[string]string{"id": "d.id", "createdAt": "d.opened_at", "amount": "d.amount"}, Tie: "d.id", Page: f.Page}
	q.Where(`d.realm = ?`, string(tx.Realm()))
	store.In(&q, `d.id`, f.IDs)
	store.In(&q, `d.payment`, f.Payments)
	narrow(&q, `p.`, f.Merchants, f.Marketplace, f.Customers, f.Orders, f.References)
	if f.Currency != "" {
		q.Where(`d.currency = ?`, string(f.Currency))
	}
	total, err = tx.Search(q, into(&list, func(scan func(...any) error) (out Disputed, err error) {
		var p paymentScan
		if out.Dispute, err = scanDisputeAnd(scan, p.dest()...); err == nil {
			out.Payment, err = p.payment()
		}
		return out, err
	}))
	return list, total, err
}
