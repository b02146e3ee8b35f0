package payment

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/store"
)

var paymentTable = &store.Table{Name: "payment", Key: 2, Columns: []string{
	"realm", "id", "version", "seq", "merchant", "profile", "surface", "kind", "method", "brand", "currency", "amount", "state", "code", "risk",
	"connector", "reference", "session", "source", "customer", "captured", "capturing", "refunded", "refunding", "voided", "voiding", "disputed",
	"created_at", "updated_at", "captured_at", "expires_at", "details", "order_id", "lost", "paid_out_at"},
	Fixed: []string{"merchant", "reference", "session", "order_id"}}

const paymentColumns = `id, version, seq, merchant, profile, surface, kind, method, brand, currency, amount, state, code, risk,
	connector, reference, session, source, customer, captured, capturing, refunded, refunding, voided, voiding, disputed,
	created_at, updated_at, captured_at, expires_at, details, order_id, lost, paid_out_at`

func paymentRow(tx *store.Tx, p Payment, version int64) ([]any, error) {
	details, err := json.Marshal(p.Details)
	return []any{string(tx.Realm()), string(p.ID), version, p.Seq, string(p.Merchant), string(p.Profile), p.Surface, string(p.Kind), string(p.Method), p.Brand,
		string(p.Amount.Currency), p.Amount.Minor, string(p.State), p.Code, p.Risk, p.Connector, p.Reference, string(p.Session), string(p.Source), string(p.Customer),
		p.Captured, p.Capturing, p.Refunded, p.Refunding, p.Voided, p.Voiding, p.Disputed,
		clock.Millis(p.CreatedAt), clock.Millis(p.UpdatedAt), clock.Millis(p.CapturedAt), clock.Millis(p.ExpiresAt), string(details),
		string(p.Order), p.Lost, clock.Millis(p.PaidOutAt)}, err
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
	paidOut                             int64
	details                             string
}

func (s *paymentScan) dest() []any {
	p := &s.p
	return []any{&p.ID, &p.Version, &p.Seq, &p.Merchant, &p.Profile, &p.Surface, &p.Kind, &p.Method, &p.Brand, &p.Amount.Currency, &p.Amount.Minor,
		&p.State, &p.Code, &p.Risk, &p.Connector, &p.Reference, &p.Session, &p.Source, &p.Customer,
		&p.Captured, &p.Capturing, &p.Refunded, &p.Refunding, &p.Voided, &p.Voiding, &p.Disputed,
		&s.created, &s.updated, &s.captured, &s.expires, &s.details, &p.Order, &p.Lost, &s.paidOut}
}

func (s *paymentScan) payment() (Payment, error) {
	p := s.p
	p.CreatedAt, p.UpdatedAt = clock.FromMillis(s.created), clock.FromMillis(s.updated)
	p.CapturedAt, p.ExpiresAt, p.PaidOutAt = clock.FromMillis(s.captured), clock.FromMillis(s.expires), clock.FromMillis(s.paidOut)
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

// orphans finds what was sent before the given wall time, by each realm's clock.
func orphans(tx *store.Tx, before time.Time, limit int) ([]job.Orphan, error) {
	var out []job.Orphan
	err := tx.All(`SELECT a.realm, a.payment FROM attempt a LEFT JOIN clock c ON c.realm = a.realm
		WHERE a.state = 'sent' AND a.sent_at <= $1 + COALESCE(c.ahead_ms, 0) ORDER BY a.sent_at LIMIT $2`,
		[]any{clock.Millis(before), int64(limit)}, func(scan func(...any) error) error {
			var o job.Orphan
			err := scan(&o.Realm, &o.Object)
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

const (
	pageUpText = `SELECT id, seq, kind, amount, captured, capturing, refunded, refunding, voided, voiding, disputed, lost, details
		FROM payment WHERE realm = $1 AND id > $2 ORDER BY id LIMIT $3`
	betweenText = `SELECT payment, id, kind, state, original, amount FROM attempt WHERE realm = $1 AND payment >= $2 AND payment <= $3`
	numbersText = `SELECT object, COUNT(*), MAX(seq) FROM event WHERE realm = $1 AND object >= $2 AND object <= $3 GROUP BY object`
)

// pageUp reads the payments after an id, oldest first: of each only what Verify
// compares, which is half the work of reading a payment.
func pageUp(tx *store.Tx, after ident.ID, limit int) (list []Payment, err error) {
	return list, tx.All(pageUpText, []any{string(tx.Realm()), string(after), int64(limit)}, func(scan func(...any) error) error {
		var p Payment
		var details string
		err := scan(&p.ID, &p.Seq, &p.Kind, &p.Amount.Minor, &p.Captured, &p.Capturing, &p.Refunded, &p.Refunding, &p.Voided, &p.Voiding, &p.Disputed,
			&p.Lost, &details)
		if err == nil && strings.Contains(details, `"returned":`) {
			err = json.Unmarshal([]byte(details), &p.Details)
		}
		list = append(list, p)
		return err
	})
}

// attemptsBetween reads the attempts between two payments, each with no more
// than what it is about.
func attemptsBetween(tx *store.Tx, from, to ident.ID, each func(Attempt)) error {
	var a Attempt
	return tx.All(betweenText, []any{string(tx.Realm()), string(from), string(to)}, func(scan func(...any) error) error {
		err := scan(&a.Payment, &a.ID, &a.Kind, &a.State, &a.Original, &a.Amount.Minor)
		if err == nil {
			each(a)
		}
		return err
	})
}

func eventSums(tx *store.Tx, from, to ident.ID, each func(payment ident.ID, n, last int64)) error {
	return tx.All(numbersText,
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

var (
	ownBetweenText   = outcomesText + `a.payment >= $2 AND a.payment < $3 AND a.id = a.payment`
	laterBetweenText = outcomesText + `a.id >= $2 AND a.id < $3 AND a.id <> a.payment`
	ownersText       = `SELECT payment FROM attempt WHERE realm = $1 AND id <> payment AND id IN (`
	aroundText       = outcomesText + `a.payment IN (`
)

var arrivalTable = &store.Table{Name: "arrival", Key: 2, Columns: []string{
	"realm", "id", "version", "connector", "account", "reference", "quoted", "payer", "currency", "amount", "payment", "matched", "returned", "held", "arrived_at"}}

const arrivalColumns = `id, version, connector, account, reference, quoted, payer, currency, amount, payment, matched, returned, arrived_at`

func arrivalRow(tx *store.Tx, a Arrival, version int64) []any {
	return []any{string(tx.Realm()), string(a.ID), version, a.Connector, a.Account, a.Reference, a.Quoted, a.Payer, string(a.Amount.Currency), a.Amount.Minor,
		string(a.Payment), a.Matched, a.Returned, a.Held(), clock.Millis(a.ArrivedAt)}
}

func addArrival(tx *store.Tx, a Arrival) { tx.Insert(arrivalTable, arrivalRow(tx, a, 1)...) }

func saveArrival(tx *store.Tx, a Arrival) {
	tx.Swap(arrivalTable, a.Version, arrivalRow(tx, a, a.Version+1)...)
}

func arrivals(tx *store.Tx, query string, args ...any) (list []Arrival, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var a Arrival
		var at int64
		err := scan(&a.ID, &a.Version, &a.Connector, &a.Account, &a.Reference, &a.Quoted, &a.Payer, &a.Amount.Currency, &a.Amount.Minor, &a.Payment,
			&a.Matched, &a.Returned, &at)
		a.ArrivedAt = clock.FromMillis(at)
		list = append(list, a)
		return err
	})
	return list, err
}

// one is the only arrival of a query, or the zero one.
func one(list []Arrival, err error) (Arrival, error) {
	if len(list) == 0 {
		return Arrival{}, err
	}
	return list[0], err
}

const arrivalText = `SELECT ` + arrivalColumns + ` FROM arrival WHERE realm = $1 AND connector = $2 AND account = $3 AND reference = $4`

// arrivalOf finds an arrival by the bank's id of it; the zero one when there is none.
func arrivalOf(tx *store.Tx, connector, account, reference string) (Arrival, error) {
	return one(arrivals(tx, arrivalText, string(tx.Realm()), connector, account, reference))
}

func getArrival(tx *store.Tx, id ident.ID) (Arrival, error) {
	a, err := one(arrivals(tx, `SELECT `+arrivalColumns+` FROM arrival WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id)))
	if err == nil && a.ID == "" {
		err = fault.New("not_found.arrival", "no such money has come")
	}
	return a, err
}

const (
	arrivalsOfText = `SELECT ` + arrivalColumns + ` FROM arrival WHERE realm = $1 AND payment = $2 AND payment <> '' ORDER BY arrived_at, id`
	heldText       = `SELECT ` + arrivalColumns + ` FROM arrival WHERE realm = $1 AND held > 0 ORDER BY arrived_at, id LIMIT $2`
)

func arrivalsOf(tx *store.Tx, payment ident.ID) ([]Arrival, error) {
	return arrivals(tx, arrivalsOfText, string(tx.Realm()), string(payment))
}

// heldFor reads what is held for a payment, oldest first.
func heldFor(tx *store.Tx, payment ident.ID) (held []Arrival, err error) {
	list, err := arrivalsOf(tx, payment)
	for _, a := range list {
		if a.Held() > 0 {
			held = append(held, a)
		}
	}
	return held, err
}

func heldArrivals(tx *store.Tx, limit int) ([]Arrival, error) {
	return arrivals(tx, heldText, string(tx.Realm()), int64(limit))
}

// matchedSums adds up what payments between two ids got of arrivals.
func matchedSums(tx *store.Tx, from, to ident.ID, each func(payment ident.ID, sum int64)) error {
	return tx.All(`SELECT payment, CAST(SUM(matched) AS BIGINT) FROM arrival WHERE realm = $1 AND payment >= $2 AND payment <= $3 AND payment <> '' GROUP BY payment`,
		[]any{string(tx.Realm()), string(from), string(to)}, func(scan func(...any) error) error {
			var id ident.ID
			var sum int64
			err := scan(&id, &sum)
			if err == nil {
				each(id, sum)
			}
			return err
		})
}
