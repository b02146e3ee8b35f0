package payment

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var paymentTable = &store.Table{Name: "payment", Key: 2, Columns: []string{
	"realm", "id", "version", "seq", "merchant", "profile", "surface", "kind", "method", "brand", "currency", "amount", "state", "code", "risk",
	"connector", "reference", "session", "source", "customer", "captured", "capturing", "refunded", "refunding", "voided", "voiding", "disputed",
	"created_at", "updated_at", "captured_at", "expires_at", "details", "order_id", "lost"}}

const paymentColumns = `id, version, seq, merchant, profile, surface, kind, method, brand, currency, amount, state, code, risk,
	connector, reference, session, source, customer, captured, capturing, refunded, refunding, voided, voiding, disputed,
	created_at, updated_at, captured_at, expires_at, details, order_id, lost`

func paymentRow(tx *store.Tx, p Payment, version int64) ([]any, error) {
	details, err := json.Marshal(p.Details)
	return []any{string(tx.Realm()), string(p.ID), version, p.Seq, string(p.Merchant), string(p.Profile), p.Surface, string(p.Kind), string(p.Method), p.Brand,
		string(p.Amount.Currency), p.Amount.Minor, string(p.State), p.Code, p.Risk, p.Connector, p.Reference, string(p.Session), string(p.Source), string(p.Customer),
		p.Captured, p.Capturing, p.Refunded, p.Refunding, p.Voided, p.Voiding, p.Disputed,
		clock.Millis(p.CreatedAt), clock.Millis(p.UpdatedAt), clock.Millis(p.CapturedAt), clock.Millis(p.ExpiresAt), string(details),
		string(p.Order), p.Lost}, err
}

func addPayment(tx *store.Tx, p Payment) error {
	row, err := paymentRow(tx, p, 1)
	if err == nil {
		tx.Insert(paymentTable, row...)
	}
	return err
}

// savePayment writes a changed payment over the version it was read at.
func savePayment(tx *store.Tx, p Payment) error {
	row, err := paymentRow(tx, p, p.Version+1)
	if err == nil {
		tx.Swap(paymentTable, p.Version, row...)
	}
	return err
}

// A paymentScan is a row on its way to becoming a Payment.
type paymentScan struct {
	p                                   Payment
	created, updated, captured, expires int64
	details                             string
}

func (s *paymentScan) dest() []any {
	p := &s.p
	return []any{&p.ID, &p.Version, &p.Seq, &p.Merchant, &p.Profile, &p.Surface, &p.Kind, &p.Method, &p.Brand, &p.Amount.Currency, &p.Amount.Minor,
		&p.State, &p.Code, &p.Risk, &p.Connector, &p.Reference, &p.Session, &p.Source, &p.Customer,
		&p.Captured, &p.Capturing, &p.Refunded, &p.Refunding, &p.Voided, &p.Voiding, &p.Disputed,
		&s.created, &s.updated, &s.captured, &s.expires, &s.details, &p.Order, &p.Lost}
}

func (s *paymentScan) payment() (Payment, error) {
	p := s.p
	p.CreatedAt, p.UpdatedAt = clock.FromMillis(s.created), clock.FromMillis(s.updated)
	p.CapturedAt, p.ExpiresAt = clock.FromMillis(s.captured), clock.FromMillis(s.expires)
	return p, json.Unmarshal([]byte(s.details), &p.Details)
}

func scanPayment(scan func(...any) error) (Payment, error) {
	var s paymentScan
	if err := scan(s.dest()...); err != nil {
		return Payment{}, err
	}
	return s.payment()
}

// all reads every row that a query finds.
func all[T any](tx *store.Tx, read func(scan func(...any) error) (T, error), query string, args []any) (list []T, err error) {
	err = tx.All(query, args, into(&list, read))
	return list, err
}

// into reads a row to the end of a list.
func into[T any](list *[]T, read func(scan func(...any) error) (T, error)) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		v, err := read(scan)
		*list = append(*list, v)
		return err
	}
}

func payments(tx *store.Tx, query string, args ...any) ([]Payment, error) {
	return all(tx, scanPayment, query, args)
}

func getPayment(tx *store.Tx, id ident.ID) (Payment, error) {
	list, err := payments(tx, `SELECT `+paymentColumns+` FROM payment WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		return Payment{}, missing()
	}
	if err != nil {
		return Payment{}, err
	}
	return list[0], nil
}

func missing() error { return fault.New("not_found.payment", "no such payment") }

const sessionText = `SELECT ` + paymentColumns + ` FROM payment WHERE realm = $1 AND session = $2 AND session <> '' ORDER BY created_at DESC, id DESC`

// bySession finds the payments of a checkout, newest first.
func bySession(tx *store.Tx, session ident.ID) ([]Payment, error) {
	return payments(tx, sessionText, string(tx.Realm()), string(session))
}

// page reads the payments before an id (or from the newest), newest first.
func page(tx *store.Tx, before ident.ID, limit int) ([]Payment, error) {
	if before == "" {
		return payments(tx, `SELECT `+paymentColumns+` FROM payment WHERE realm = $1 ORDER BY id DESC LIMIT $2`, string(tx.Realm()), int64(limit))
	}
	return payments(tx, `SELECT `+paymentColumns+` FROM payment WHERE realm = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
		string(tx.Realm()), string(before), int64(limit))
}

// inReview reads what waits for a human.
func inReview(tx *store.Tx) ([]Payment, error) {
	return payments(tx, `SELECT `+paymentColumns+` FROM payment WHERE realm = $1 AND (state = 'review' OR risk = 'review') ORDER BY id`, string(tx.Realm()))
}

var attemptTable = &store.Table{Name: "attempt", Key: 3, Columns: []string{
	"realm", "payment", "id", "version", "kind", "state", "currency", "amount", "original", "reference", "provider_ref", "code", "provider_code",
	"auth_code", "sent_at", "done_at", "echo", "surcharge"}}

const attemptColumns = `payment, id, version, kind, state, currency, amount, original, reference, provider_ref, code, provider_code, auth_code, sent_at, done_at, echo, surcharge`

func attemptRow(tx *store.Tx, a Attempt, version int64) ([]any, error) {
	echo := ""
	if len(a.Echo) > 0 {
		b, err := json.Marshal(a.Echo)
		if err != nil {
			return nil, err
		}
		echo = string(b)
	}
	return []any{string(tx.Realm()), string(a.Payment), string(a.ID), version, string(a.Kind), string(a.State), string(a.Amount.Currency), a.Amount.Minor,
		string(a.Original), a.Reference, a.ProviderRef, a.Code, a.ProviderCode, a.AuthCode, clock.Millis(a.SentAt), clock.Millis(a.DoneAt), echo, a.Surcharge}, nil
}

func addAttempt(tx *store.Tx, a Attempt) error {
	row, err := attemptRow(tx, a, 1)
	if err == nil {
		tx.Insert(attemptTable, row...)
	}
	return err
}

func saveAttempt(tx *store.Tx, a Attempt) error {
	row, err := attemptRow(tx, a, a.Version+1)
	if err == nil {
		tx.Swap(attemptTable, a.Version, row...)
	}
	return err
}

// An attemptScan is a row on its way to becoming an Attempt.
type attemptScan struct {
	a          Attempt
	sent, done int64
	echo       string
}

func (s *attemptScan) dest() []any {
	a := &s.a
	return []any{&a.Payment, &a.ID, &a.Version, &a.Kind, &a.State, &a.Amount.Currency, &a.Amount.Minor, &a.Original, &a.Reference, &a.ProviderRef,
		&a.Code, &a.ProviderCode, &a.AuthCode, &s.sent, &s.done, &s.echo, &a.Surcharge}
}

func (s *attemptScan) attempt() (a Attempt, err error) {
	a = s.a
	a.SentAt, a.DoneAt = clock.FromMillis(s.sent), clock.FromMillis(s.done)
	if s.echo != "" {
		err = json.Unmarshal([]byte(s.echo), &a.Echo)
	}
	return a, err
}

func scanAttempt(scan func(...any) error) (Attempt, error) {
	var s attemptScan
	if err := scan(s.dest()...); err != nil {
		return Attempt{}, err
	}
	return s.attempt()
}

func attempts(tx *store.Tx, query string, args ...any) ([]Attempt, error) {
	return all(tx, scanAttempt, query, args)
}

// AttemptsOf reads all attempts of a payment, its own first.
func AttemptsOf(tx *store.Tx, payment ident.ID) ([]Attempt, error) {
	return attempts(tx, `SELECT `+attemptColumns+` FROM attempt WHERE realm = $1 AND payment = $2 ORDER BY id`, string(tx.Realm()), string(payment))
}

// getAttempt finds an attempt by its id alone. A payment's own attempt has the
// payment's id and is found through the primary key.
func getAttempt(tx *store.Tx, id ident.ID) (Attempt, error) {
	list, err := attempts(tx, `SELECT `+attemptColumns+` FROM attempt WHERE realm = $1 AND payment = $2 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		list, err = attempts(tx, `SELECT `+attemptColumns+` FROM attempt WHERE realm = $1 AND id = $2 AND id <> payment`, string(tx.Realm()), string(id))
	}
	if err == nil && len(list) == 0 {
		return Attempt{}, missing()
	}
	if err != nil {
		return Attempt{}, err
	}
	return list[0], nil
}

// outcomes finds attempts together with their payments, which is one question
// to the database instead of two.
var outcomesText = `SELECT ` + of("a", attemptColumns) + `, ` + of("p", paymentColumns) + `
	FROM attempt a JOIN payment p ON p.realm = a.realm AND p.id = a.payment WHERE a.realm = $1 AND `

// of says whose the columns of a list are.
func of(table, columns string) string {
	return table + "." + strings.Join(strings.Fields(columns), " "+table+".")
}

func outcomes(tx *store.Tx, query string, args ...any) ([]Outcome, error) {
	return all(tx, scanOutcome, query, args)
}

func scanOutcome(scan func(...any) error) (out Outcome, err error) {
	var a attemptScan
	var p paymentScan
	if err = scan(append(a.dest(), p.dest()...)...); err != nil {
		return out, err
	}
	if out.Attempt, err = a.attempt(); err != nil {
		return out, err
	}
	out.Payment, err = p.payment()
	return out, err
}

var (
	ownText   = outcomesText + `a.payment = $2 AND a.id = $2`
	laterText = outcomesText + `a.id = $2 AND a.id <> a.payment`
)

var (
	referredText = outcomesText + `p.reference = $2 AND p.reference <> '' AND a.id = a.payment AND a.payment = p.id ORDER BY p.created_at, p.id LIMIT $3`
	laterRefText = outcomesText + `a.reference = $2 AND a.reference <> '' AND a.id <> a.payment ORDER BY a.sent_at, a.id LIMIT $3`
)

// byReference finds the payments that carry a reference of the merchant, and
// the captures and refunds that do, oldest first, up to limit of each.
func byReference(tx *store.Tx, reference string, limit int) ([]Outcome, error) {
	list, err := outcomes(tx, referredText, string(tx.Realm()), reference, int64(limit))
	if err != nil {
		return nil, err
	}
	later, err := outcomes(tx, laterRefText, string(tx.Realm()), reference, int64(limit))
	return append(list, later...), err
}

// load finds an attempt, most often a payment's own, with its payment.
func load(tx *store.Tx, attempt ident.ID) (Outcome, error) {
	list, err := outcomes(tx, ownText, string(tx.Realm()), string(attempt))
	if err == nil && len(list) == 0 {
		list, err = outcomes(tx, laterText, string(tx.Realm()), string(attempt))
	}
	if err == nil && len(list) == 0 {
		return Outcome{}, missing()
	}
	if err != nil {
		return Outcome{}, err
	}
	return list[0], nil
}

// orphan is an attempt whose process may have died before it wrote the answer.
type orphan struct{ realm, payment ident.ID }

// orphans finds what was sent before the given wall time, by each realm's clock.
func orphans(tx *store.Tx, before time.Time, limit int) ([]orphan, error) {
	var out []orphan
	err := tx.All(`SELECT a.realm, a.payment FROM attempt a LEFT JOIN clock c ON c.realm = a.realm
		WHERE a.state = 'sent' AND a.sent_at <= $1 + COALESCE(c.ahead_ms, 0) ORDER BY a.sent_at LIMIT $2`,
		[]any{clock.Millis(before), int64(limit)}, func(scan func(...any) error) error {
			var o orphan
			err := scan(&o.realm, &o.payment)
			out = append(out, o)
			return err
		})
	return out, err
}

var noticeTable = &store.Table{Name: "notice", Key: 3, Columns: []string{"realm", "connector", "id", "at"}}

func addNotice(tx *store.Tx, connector, id string) {
	tx.Insert(noticeTable, string(tx.Realm()), connector, id, clock.Millis(tx.Now()))
}

func noMoney(k connector.Kind) bool { return k == connector.Verify || k == connector.Authenticate }

// pageUp reads the payments after an id, oldest first.
func pageUp(tx *store.Tx, after ident.ID, limit int) ([]Payment, error) {
	return payments(tx, `SELECT `+paymentColumns+` FROM payment WHERE realm = $1 AND id > $2 ORDER BY id LIMIT $3`,
		string(tx.Realm()), string(after), int64(limit))
}

// attemptSums adds up the amounts of attempts between two payments. undoes is
// true for operations of a debit or through a capture, which take captured
// money back.
func attemptSums(tx *store.Tx, from, to ident.ID, each func(payment ident.ID, kind connector.Kind, state AttemptState, undoes bool, sum int64)) error {
	return tx.All(`SELECT a.payment, a.kind, a.state, (a.original <> a.payment OR p.kind <> 'authorise') AS undoes, CAST(SUM(a.amount) AS BIGINT)
		FROM attempt a JOIN payment p ON p.realm = a.realm AND p.id = a.payment
		WHERE a.realm = $1 AND a.payment >= $2 AND a.payment <= $3 GROUP BY a.payment, a.kind, a.state, (a.original <> a.payment OR p.kind <> 'authorise')`,
		[]any{string(tx.Realm()), string(from), string(to)}, func(scan func(...any) error) error {
			var id ident.ID
			var kind connector.Kind
			var state AttemptState
			var undoes bool
			var sum int64
			err := scan(&id, &kind, &state, &undoes, &sum)
			if err == nil {
				each(id, kind, state, undoes, sum)
			}
			return err
		})
}

func eventSums(tx *store.Tx, from, to ident.ID, each func(payment ident.ID, n, last int64)) error {
	return tx.All(`SELECT object, COUNT(*), MAX(seq) FROM event WHERE realm = $1 AND object >= $2 AND object <= $3 GROUP BY object`,
		[]any{string(tx.Realm()), string(from), string(to)}, func(scan func(...any) error) error {
			var id ident.ID
			var n, last int64
			err := scan(&id, &n, &last)
			if err == nil {
				each(id, n, last)
			}
			return err
		})
}

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
	StageRefunded:       `disputed = 0 AND state <> 'voided' AND captured > 0 AND refunded + lost = captured`,
	StagePartlyRefunded: `disputed = 0 AND state <> 'voided' AND captured > 0 AND refunded + lost > 0 AND refunded + lost <> captured`,
	StageTaken: `disputed = 0 AND state <> 'voided' AND (captured > 0 AND refunded + lost = 0
		OR captured = 0 AND state IN ('verified', 'authenticated', 'credited', 'captured'))`,
	StageHeld:    `disputed = 0 AND captured = 0 AND state = 'authorised'`,
	StageFailed:  `disputed = 0 AND captured = 0 AND state = 'failed'`,
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
