package settlement

import (
	"encoding/json"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

var planTable = &store.Table{Name: "settlement_plan", Key: 2, Columns: []string{"realm", "merchant", "version", "currency", "terms", "created_at", "updated_at"}}

// savePlan writes a plan over the version it was made from; 0 is a first one.
func savePlan(tx *store.Tx, p Plan) error {
	terms, err := json.Marshal(p.Terms)
	if err != nil {
		return err
	}
	row := []any{string(tx.Realm()), string(p.Merchant), p.Version + 1, string(p.Currency), string(terms), clock.Millis(p.CreatedAt), clock.Millis(p.UpdatedAt)}
	if p.Version == 0 {
		tx.Insert(planTable, row...)
	} else {
		tx.Swap(planTable, p.Version, row...)
	}
	return nil
}

func getPlan(tx *store.Tx, merchant ident.ID) (p Plan, found bool, err error) {
	var terms string
	var created, updated int64
	found, err = tx.Get([]any{&p.Merchant, &p.Version, &p.Currency, &terms, &created, &updated},
		`SELECT merchant, version, currency, terms, created_at, updated_at FROM settlement_plan WHERE realm = $1 AND merchant = $2`,
		string(tx.Realm()), string(merchant))
	if err != nil || !found {
		return p, false, err
	}
	p.CreatedAt, p.UpdatedAt = clock.FromMillis(created), clock.FromMillis(updated)
	return p, true, json.Unmarshal([]byte(terms), &p.Terms)
}

var entryTable = &store.Table{Name: "settlement_entry", Key: 2, Columns: []string{"realm", "id", "merchant", "kind", "currency", "amount", "gross", "fee",
	"tax", "owed", "unit", "payment", "attempt", "method", "brand", "reference", "source", "payout", "invoice", "at", "available_at"}}

const entryColumns = `id, merchant, kind, currency, amount, gross, fee, tax, owed, unit, payment, attempt, method, brand, reference, source, payout, invoice, at, available_at`

func addEntry(tx *store.Tx, e Entry) {
	tx.Insert(entryTable, string(tx.Realm()), string(e.ID), string(e.Merchant), string(e.Kind), string(e.Currency), e.Amount, e.Gross, e.Fee, e.Tax, e.Owed, e.Unit,
		string(e.Payment), string(e.Attempt), string(e.Method), e.Brand, e.Reference, string(e.Source), string(e.Payout), string(e.Invoice),
		clock.Millis(e.At), clock.Millis(e.AvailableAt))
}

func scanEntry(scan func(...any) error) (e Entry, err error) {
	var at, available int64
	err = scan(&e.ID, &e.Merchant, &e.Kind, &e.Currency, &e.Amount, &e.Gross, &e.Fee, &e.Tax, &e.Owed, &e.Unit, &e.Payment, &e.Attempt, &e.Method, &e.Brand,
		&e.Reference, &e.Source, &e.Payout, &e.Invoice, &at, &available)
	e.At, e.AvailableAt = clock.FromMillis(at), clock.FromMillis(available)
	return e, err
}

const paymentText = `SELECT ` + entryColumns + ` FROM settlement_entry WHERE realm = $1 AND payment = $2 AND payment <> ''`

// entriesOf reads the entries of a payment, oldest first.
func entriesOf(tx *store.Tx, payment ident.ID) (list []Entry, err error) {
	err = tx.All(paymentText+` ORDER BY at, id`, []any{string(tx.Realm()), string(payment)}, func(scan func(...any) error) error {
		e, err := scanEntry(scan)
		list = append(list, e)
		return err
	})
	return list, err
}

var shareTable = &store.Table{Name: "settlement_share", Key: 3, Columns: []string{"realm", "payment", "n", "version", "payee", "marketplace",
	"basis_points", "fixed", "amount", "refunded", "disputed"}}

// saveShare writes a part over the version it was read at; 0 is a new one.
func saveShare(tx *store.Tx, payment ident.ID, s share) {
	row := []any{string(tx.Realm()), string(payment), s.n, s.version + 1, string(s.Payee), s.Marketplace, s.BasisPoints, s.Fixed, s.amount, s.refunded, s.disputed}
	if s.version == 0 {
		tx.Insert(shareTable, row...)
	} else {
		tx.Swap(shareTable, s.version, row...)
	}
}

// sharesOf reads the parts of a payment in their order.
func sharesOf(tx *store.Tx, payment ident.ID) (list []share, err error) {
	err = tx.All(`SELECT n, version, payee, marketplace, basis_points, fixed, amount, refunded, disputed FROM settlement_share
		WHERE realm = $1 AND payment = $2 ORDER BY n`, []any{string(tx.Realm()), string(payment)}, func(scan func(...any) error) error {
		var s share
		err := scan(&s.n, &s.version, &s.Payee, &s.Marketplace, &s.BasisPoints, &s.Fixed, &s.amount, &s.refunded, &s.disputed)
		list = append(list, s)
		return err
	})
	return list, err
}

// collect puts what is available into a payout, and says what is in it.
func collect(tx *store.Tx, p Payout, now time.Time) (sum, count int64, err error) {
	if _, err := tx.Exec(`UPDATE settlement_entry SET payout = $4 WHERE realm = $1 AND merchant = $2 AND currency = $3 AND payout = '' AND available_at <= $5`,
		string(tx.Realm()), string(p.Merchant), string(p.Currency), string(p.ID), clock.Millis(now)); err != nil {
		return 0, 0, err
	}
	_, err = tx.Get([]any{&sum, &count}, `SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT), COUNT(*) FROM settlement_entry
		WHERE realm = $1 AND payout = $2 AND payout <> ''`, string(tx.Realm()), string(p.ID))
	return sum, count, err
}

// openCurrencies are the currencies in which a merchant has a payout that
// collects, or money that none does.
func openCurrencies(tx *store.Tx, merchant ident.ID) (list []money.Currency, err error) {
	err = tx.All(`SELECT currency FROM settlement_payout WHERE realm = $1 AND merchant = $2 AND collects
		UNION SELECT currency FROM settlement_entry WHERE realm = $1 AND merchant = $2 AND payout = '' ORDER BY 1`,
		[]any{string(tx.Realm()), string(merchant)}, func(scan func(...any) error) error {
			var c money.Currency
			err := scan(&c)
			list = append(list, c)
			return err
		})
	return list, err
}

// waiting is what of a merchant's entries no payout has taken in: available by
// now, and later.
func waiting(tx *store.Tx, merchant ident.ID, c money.Currency, now time.Time) (available, later int64, err error) {
	_, err = tx.Get([]any{&available, &later}, `SELECT
		CAST(COALESCE(SUM(CASE WHEN available_at <= $4 THEN amount ELSE 0 END), 0) AS BIGINT),
		CAST(COALESCE(SUM(CASE WHEN available_at > $4 THEN amount ELSE 0 END), 0) AS BIGINT)
		FROM settlement_entry WHERE realm = $1 AND merchant = $2 AND currency = $3 AND payout = ''`,
		string(tx.Realm()), string(merchant), string(c), clock.Millis(now))
	return available, later, err
}

// kindSum is what the entries of one kind come to.
type kindSum struct {
	kind          Kind
	count, fees   int64 // how many there are, and how many bear a fee
	amount, gross int64
}

// sumsOf adds up the entries of a payout by kind.
func sumsOf(tx *store.Tx, payout ident.ID) (list []kindSum, err error) {
	err = tx.All(`SELECT kind, COUNT(*), CAST(SUM(CASE WHEN amount <> gross THEN 1 ELSE 0 END) AS BIGINT), CAST(SUM(amount) AS BIGINT), CAST(SUM(gross) AS BIGINT)
		FROM settlement_entry WHERE realm = $1 AND payout = $2 AND payout <> '' GROUP BY kind ORDER BY kind`,
		[]any{string(tx.Realm()), string(payout)}, func(scan func(...any) error) error {
			var s kindSum
			err := scan(&s.kind, &s.count, &s.fees, &s.amount, &s.gross)
			list = append(list, s)
			return err
		})
	return list, err
}

var payoutTable = &store.Table{Name: "settlement_payout", Key: 2, Columns: []string{"realm", "id", "version", "seq", "merchant", "currency", "number", "reference",
	"state", "collects", "opening", "credited", "amount", "closing", "entries", "attempt", "details", "from_at", "to_at", "sent_at", "paid_at", "created_at"}}

const payoutColumns = `id, version, seq, merchant, currency, number, reference, state, collects, opening, credited, amount, closing, entries, attempt, details,
	from_at, to_at, sent_at, paid_at, created_at`

func payoutRow(tx *store.Tx, p Payout, version int64) ([]any, error) {
	details, err := json.Marshal(p.Details)
	return []any{string(tx.Realm()), string(p.ID), version, p.Seq, string(p.Merchant), string(p.Currency), p.Number, p.Reference, string(p.State), p.Collects,
		p.Opening, p.Credited, p.Amount, p.Closing, p.Entries, string(p.Attempt), string(details), clock.Millis(p.From), clock.Millis(p.To),
		clock.Millis(p.SentAt), clock.Millis(p.PaidAt), clock.Millis(p.CreatedAt)}, err
}

func addPayout(tx *store.Tx, p Payout) error {
	row, err := payoutRow(tx, p, 1)
	if err == nil {
		tx.Insert(payoutTable, row...)
	}
	return err
}

// savePayout writes a changed payout over the version it was read at.
func savePayout(tx *store.Tx, p Payout) error {
	row, err := payoutRow(tx, p, p.Version+1)
	if err == nil {
		tx.Swap(payoutTable, p.Version, row...)
	}
	return err
}

func scanPayout(scan func(...any) error) (p Payout, err error) {
	var details string
	var from, to, sent, paid, created int64
	if err = scan(&p.ID, &p.Version, &p.Seq, &p.Merchant, &p.Currency, &p.Number, &p.Reference, &p.State, &p.Collects, &p.Opening, &p.Credited, &p.Amount,
		&p.Closing, &p.Entries, &p.Attempt, &details, &from, &to, &sent, &paid, &created); err != nil {
		return p, err
	}
	p.From, p.To, p.SentAt = clock.FromMillis(from), clock.FromMillis(to), clock.FromMillis(sent)
	p.PaidAt, p.CreatedAt = clock.FromMillis(paid), clock.FromMillis(created)
	return p, json.Unmarshal([]byte(details), &p.Details)
}

func payouts(tx *store.Tx, condition string, args ...any) (list []Payout, err error) {
	err = tx.All(`SELECT `+payoutColumns+` FROM settlement_payout WHERE realm = $1 AND `+condition, append([]any{string(tx.Realm())}, args...),
		func(scan func(...any) error) error {
			p, err := scanPayout(scan)
			list = append(list, p)
			return err
		})
	return list, err
}

func getPayout(tx *store.Tx, id ident.ID) (Payout, error) {
	list, err := payouts(tx, `id = $2`, string(id))
	if err == nil && len(list) == 0 {
		err = fault.New("not_found.payout", "no such payout")
	}
	if err != nil {
		return Payout{}, err
	}
	return list[0], nil
}

// collecting finds the payout of a merchant and currency that collects, a zero
// one if there is none.
func collecting(tx *store.Tx, merchant ident.ID, c money.Currency) (Payout, error) {
	list, err := payouts(tx, `merchant = $2 AND currency = $3 AND collects`, string(merchant), string(c))
	if err != nil || len(list) == 0 {
		return Payout{}, err
	}
	return list[0], nil
}

// inState lists the payouts of a merchant (all of them for "") that are in a
// state and collect no longer, the oldest first.
func inState(tx *store.Tx, merchant ident.ID, state State) ([]Payout, error) {
	return payouts(tx, `state = $2 AND state <> 'paid' AND NOT collects AND ($3 = '' OR merchant = $3) ORDER BY id`, string(state), string(merchant))
}

// latestPayout is the newest payout of a merchant that collects no longer.
func latestPayout(tx *store.Tx, merchant ident.ID) (Payout, bool, error) {
	list, err := payouts(tx, `merchant = $2 AND NOT collects ORDER BY created_at DESC, number DESC LIMIT 1`, string(merchant))
	if err != nil || len(list) == 0 {
		return Payout{}, false, err
	}
	return list[0], true, nil
}

// ofMarketplace is a condition on the merchant of a row.
const ofMarketplace = ` IN (SELECT id FROM merchant WHERE realm = ? AND marketplace = ?)`

var payoutSorts = map[string]string{"id": "id", "createdAt": "created_at", "amount": "amount", "status": "state", "currency": "currency", "merchantId": "merchant",
	"settlementDate": "to_at"}

func searchPayouts(tx *store.Tx, f Filter) (list []Payout, total int64, err error) {
	q := store.Search{Table: payoutTable.Name, Columns: payoutColumns, Sorts: payoutSorts, Page: f.Page}
	f.where(tx, &q)
	store.In(&q, `reference`, f.References)
	q.Span(`created_at`, f.Span)
	total, err = tx.Search(q, func(scan func(...any) error) error {
		p, err := scanPayout(scan)
		list = append(list, p)
		return err
	})
	return list, total, err
}

// where are the conditions that lists of payouts and of invoices share.
func (f Filter) where(tx *store.Tx, q *store.Search) {
	q.Where(`realm = ?`, string(tx.Realm()))
	store.In(q, `id`, f.IDs)
	store.In(q, `merchant`, f.Merchants)
	if f.Marketplace != "" {
		q.Where(`merchant`+ofMarketplace, string(tx.Realm()), string(f.Marketplace))
	}
}

var entrySorts = map[string]string{"id": "id", "entryTimestamp": "at", "entryDate": "at", "entryType": "kind", "settlementDate": "available_at",
	"netAmount": "amount", "grossAmount": "gross"}

func (f EntryFilter) search(tx *store.Tx) *store.Search {
	q := &store.Search{Table: entryTable.Name, Columns: entryColumns, Sorts: entrySorts, Page: f.Page}
	q.Where(`realm = ?`, string(tx.Realm()))
	q.Where(`merchant = ?`, string(f.Merchant))
	if f.Currency != "" {
		q.Where(`currency = ?`, string(f.Currency))
	}
	if f.Payout != "" {
		q.Where(`payout = ? AND payout <> ''`, string(f.Payout))
	}
	if f.Invoice != "" {
		q.Where(`invoice = ? AND invoice <> ''`, string(f.Invoice))
	}
	store.In(q, `kind`, f.Kinds)
	q.Span(`at`, f.Span)
	return q
}

func searchEntries(tx *store.Tx, f EntryFilter) (list []Entry, total int64, err error) {
	total, err = tx.Search(*f.search(tx), func(scan func(...any) error) error {
		e, err := scanEntry(scan)
		list = append(list, e)
		return err
	})
	return list, total, err
}

// totalEntries adds up all that a filter finds.
func totalEntries(tx *store.Tx, f EntryFilter) (t Totals, err error) {
	q := f.search(tx)
	q.Columns = `COUNT(*), CAST(COALESCE(SUM(amount), 0) AS BIGINT), CAST(COALESCE(SUM(gross), 0) AS BIGINT), CAST(COALESCE(SUM(fee), 0) AS BIGINT),
		CAST(COALESCE(SUM(tax), 0) AS BIGINT)`
	return t, tx.Total(*q, &t.Count, &t.Amount, &t.Gross, &t.Fee, &t.Tax)
}

// arrivalsOf finds the payouts that took payments in, by payment.
func arrivalsOf(tx *store.Tx, payments []ident.ID) (map[ident.ID]Arrival, error) {
	found := map[ident.ID]Arrival{}
	for _, id := range payments {
		err := tx.All(`SELECT e.payout, e.available_at, COALESCE(p.state, ''), COALESCE(p.paid_at, 0) FROM settlement_entry e
			LEFT JOIN settlement_payout p ON p.realm = e.realm AND p.id = e.payout
			WHERE e.realm = $1 AND e.payment = $2 AND e.payment <> '' AND e.kind = 'payment' ORDER BY e.at`,
			[]any{string(tx.Realm()), string(id)}, func(scan func(...any) error) error {
				var a Arrival
				var available, paid int64
				err := scan(&a.Payout, &available, &a.State, &paid)
				a.AvailableAt, a.PaidAt = clock.FromMillis(available), clock.FromMillis(paid)
				found[id] = a
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// paymentsOf lists the payments whose captures a payout has taken in.
func paymentsOf(tx *store.Tx, payout ident.ID) (list []ident.ID, err error) {
	err = tx.All(`SELECT DISTINCT payment FROM settlement_entry WHERE realm = $1 AND payout = $2 AND payout <> '' AND kind = 'payment' ORDER BY payment`,
		[]any{string(tx.Realm()), string(payout)}, func(scan func(...any) error) error {
			var id ident.ID
			err := scan(&id)
			list = append(list, id)
			return err
		})
	return list, err
}

var invoiceTable = &store.Table{Name: "settlement_invoice", Key: 2, Columns: []string{"realm", "id", "version", "seq", "merchant", "currency", "state", "reference",
	"from_on", "to_on", "issued_on", "due_on", "amount", "tax", "paid", "timeline", "created_at"}}

const invoiceColumns = `id, version, seq, merchant, currency, state, reference, from_on, to_on, issued_on, due_on, amount, tax, paid, timeline, created_at`

func invoiceRow(tx *store.Tx, i Invoice, version int64) ([]any, error) {
	timeline, err := json.Marshal(i.Timeline)
	return []any{string(tx.Realm()), string(i.ID), version, i.Seq, string(i.Merchant), string(i.Currency), string(i.State), i.Reference,
		i.From, i.To, i.IssuedOn, i.DueOn, i.Amount, i.Tax, i.Paid, string(timeline), clock.Millis(i.CreatedAt)}, err
}

func addInvoice(tx *store.Tx, i Invoice) error {
	row, err := invoiceRow(tx, i, 1)
	if err == nil {
		tx.Insert(invoiceTable, row...)
	}
	return err
}

// saveInvoice writes a changed invoice over the version it was read at.
func saveInvoice(tx *store.Tx, i Invoice) error {
	row, err := invoiceRow(tx, i, i.Version+1)
	if err == nil {
		tx.Swap(invoiceTable, i.Version, row...)
	}
	return err
}

func scanInvoice(scan func(...any) error) (i Invoice, err error) {
	var timeline string
	var created int64
	if err = scan(&i.ID, &i.Version, &i.Seq, &i.Merchant, &i.Currency, &i.State, &i.Reference, &i.From, &i.To, &i.IssuedOn, &i.DueOn,
		&i.Amount, &i.Tax, &i.Paid, &timeline, &created); err != nil {
		return i, err
	}
	i.CreatedAt = clock.FromMillis(created)
	return i, json.Unmarshal([]byte(timeline), &i.Timeline)
}

func invoices(tx *store.Tx, condition string, args ...any) (list []Invoice, err error) {
	err = tx.All(`SELECT `+invoiceColumns+` FROM settlement_invoice WHERE realm = $1 AND `+condition, append([]any{string(tx.Realm())}, args...),
		func(scan func(...any) error) error {
			i, err := scanInvoice(scan)
			list = append(list, i)
			return err
		})
	return list, err
}

func getInvoice(tx *store.Tx, id ident.ID) (Invoice, error) {
	list, err := invoices(tx, `id = $2`, string(id))
	if err == nil && len(list) == 0 {
		err = fault.New("not_found.invoice", "no such invoice")
	}
	if err != nil {
		return Invoice{}, err
	}
	return list[0], nil
}

// drafts lists the invoices of a merchant that are not issued yet.
func drafts(tx *store.Tx, merchant ident.ID) ([]Invoice, error) {
	return invoices(tx, `merchant = $2 AND state = 'draft' ORDER BY currency`, string(merchant))
}

var invoiceSorts = map[string]string{"id": "id", "createdAt": "created_at", "issuedOn": "issued_on", "dueDate": "due_on", "invoiceAmount": "amount", "status": "state"}

func searchInvoices(tx *store.Tx, f Filter) (list []Invoice, total int64, err error) {
	q := store.Search{Table: invoiceTable.Name, Columns: invoiceColumns, Sorts: invoiceSorts, Page: f.Page}
	f.where(tx, &q)
	store.In(&q, `state`, f.States)
	store.In(&q, `reference`, f.References)
	if !f.Span.From.IsZero() {
		q.Where(`issued_on >= ?`, f.Span.From.Format(time.DateOnly))
	}
	if !f.Span.Before.IsZero() {
		q.Where(`issued_on <> '' AND issued_on < ?`, f.Span.Before.Format(time.DateOnly))
	}
	total, err = tx.Search(q, func(scan func(...any) error) error {
		i, err := scanInvoice(scan)
		list = append(list, i)
		return err
	})
	return list, total, err
}

// bill puts the fees that are owed before a moment onto an invoice.
func bill(tx *store.Tx, i Invoice, before time.Time) error {
	_, err := tx.Exec(`UPDATE settlement_entry SET invoice = $4 WHERE realm = $1 AND merchant = $2 AND currency = $3 AND owed <> 0 AND invoice = '' AND at < $5`,
		string(tx.Realm()), string(i.Merchant), string(i.Currency), string(i.ID), clock.Millis(before))
	return err
}

// unbill takes the fees of an invoice off it.
func unbill(tx *store.Tx, invoice ident.ID) error {
	_, err := tx.Exec(`UPDATE settlement_entry SET invoice = '' WHERE realm = $1 AND invoice = $2 AND invoice <> ''`, string(tx.Realm()), string(invoice))
	return err
}

// billed adds up the fees of an invoice by kind, method and fixed part; those
// that no invoice has asked for yet when it is a draft.
func billed(tx *store.Tx, i Invoice) (list []Item, err error) {
	query, args := `invoice = $2 AND invoice <> ''`, []any{string(tx.Realm()), string(i.ID)}
	if i.State == Draft {
		query, args = `merchant = $2 AND currency = $3 AND owed <> 0 AND invoice = ''`, []any{string(tx.Realm()), string(i.Merchant), string(i.Currency)}
	}
	err = tx.All(`SELECT kind, method, unit, COUNT(*), CAST(SUM(gross) AS BIGINT), CAST(SUM(tax) AS BIGINT), CAST(SUM(fee) AS BIGINT)
		FROM settlement_entry WHERE realm = $1 AND `+query+` GROUP BY kind, method, unit ORDER BY kind, method, unit`, args,
		func(scan func(...any) error) error {
			var it Item
			err := scan(&it.Kind, &it.Method, &it.Unit, &it.Count, &it.Value, &it.Tax, &it.Fee)
			list = append(list, it)
			return err
		})
	return list, err
}
