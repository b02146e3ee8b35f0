package bankfile

import (
	"encoding/json"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var creditorTable = &store.Table{Name: "bank_creditor", Key: 2, Columns: []string{"realm", "id", "version", "merchant", "bank", "customer", "account",
	"agreement", "payers", "files", "fetched", "created_at"}}

const creditorColumns = `id, version, merchant, bank, customer, account, agreement, payers, files, fetched, created_at`

func creditorRow(tx *store.Tx, c Creditor, version int64) []any {
	return []any{string(tx.Realm()), string(c.ID), version, string(c.Merchant), c.Bank, c.Customer, c.Account, c.Agreement, c.Payers, c.Files, c.Fetched, clock.Millis(c.CreatedAt)}
}

func addCreditor(tx *store.Tx, c Creditor) { tx.Insert(creditorTable, creditorRow(tx, c, 1)...) }

func saveCreditor(tx *store.Tx, c *Creditor) {
	tx.Swap(creditorTable, c.Version, creditorRow(tx, *c, c.Version+1)...)
	c.Version++
}

func listCreditors(tx *store.Tx, query string, args ...any) (list []Creditor, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var c Creditor
		var created int64
		err := scan(&c.ID, &c.Version, &c.Merchant, &c.Bank, &c.Customer, &c.Account, &c.Agreement, &c.Payers, &c.Files, &c.Fetched, &created)
		c.CreatedAt = clock.FromMillis(created)
		list = append(list, c)
		return err
	})
	return list, err
}

func getCreditor(tx *store.Tx, id ident.ID) (Creditor, error) {
	list, err := listCreditors(tx, `SELECT `+creditorColumns+` FROM bank_creditor WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		err = fault.New("not_found.creditor", "no such creditor")
	}
	if err != nil {
		return Creditor{}, err
	}
	return list[0], nil
}

func creditorOf(tx *store.Tx, merchant ident.ID, bank string) (c Creditor, found bool, err error) {
	list, err := listCreditors(tx, `SELECT `+creditorColumns+` FROM bank_creditor WHERE realm = $1 AND merchant = $2 AND bank = $3`,
		string(tx.Realm()), string(merchant), bank)
	if err != nil || len(list) == 0 {
		return c, false, err
	}
	return list[0], true, nil
}

// creditorsOf lists a merchant's creditors, or, for "", those of all.
func creditorsOf(tx *store.Tx, merchant ident.ID) ([]Creditor, error) {
	return listCreditors(tx, `SELECT `+creditorColumns+` FROM bank_creditor WHERE realm = $1 AND (merchant = $2 OR $2 = '') ORDER BY bank, customer`, string(tx.Realm()), string(merchant))
}

// nextPayer counts a realm's payers: references that are made of their numbers
// are unique in it, whoever's payers they are.
func nextPayer(tx *store.Tx) (n int64, err error) {
	_, err = tx.Get([]any{&n}, `INSERT INTO bank_payer (realm, last) VALUES ($1, 1) ON CONFLICT (realm) DO UPDATE SET last = bank_payer.last + 1 RETURNING last`, string(tx.Realm()))
	return n, err
}

var mandateTable = &store.Table{Name: "bank_mandate", Key: 2, Columns: []string{"realm", "id", "version", "seq", "creditor", "merchant", "owner", "payer", "bills",
	"reference", "state", "notify", "code", "sealed", "key_version", "created_at", "changed_at"}}

const mandateColumns = `id, version, seq, creditor, merchant, owner, payer, bills, reference, state, notify, code, sealed, key_version, created_at, changed_at`

func mandateRow(tx *store.Tx, m Mandate, version int64) []any {
	return []any{string(tx.Realm()), string(m.ID), version, m.Seq, string(m.Creditor), string(m.Merchant), string(m.Owner), m.Payer, m.Bills, m.Reference,
		string(m.State), m.Notify, m.Code, m.sealed, m.keyVersion, clock.Millis(m.CreatedAt), clock.Millis(m.ChangedAt)}
}

func addMandate(tx *store.Tx, m Mandate) { tx.Insert(mandateTable, mandateRow(tx, m, 1)...) }

func saveMandate(tx *store.Tx, m *Mandate) {
	tx.Swap(mandateTable, m.Version, mandateRow(tx, *m, m.Version+1)...)
	m.Version++
}

func listMandates(tx *store.Tx, query string, args ...any) (list []Mandate, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var m Mandate
		var created, changed int64
		err := scan(&m.ID, &m.Version, &m.Seq, &m.Creditor, &m.Merchant, &m.Owner, &m.Payer, &m.Bills, &m.Reference, &m.State, &m.Notify, &m.Code,
			&m.sealed, &m.keyVersion, &created, &changed)
		m.CreatedAt, m.ChangedAt = clock.FromMillis(created), clock.FromMillis(changed)
		list = append(list, m)
		return err
	})
	return list, err
}

func oneMandate(tx *store.Tx, query string, args ...any) (m Mandate, found bool, err error) {
	list, err := listMandates(tx, query, args...)
	if err != nil || len(list) == 0 {
		return m, false, err
	}
	return list[0], true, nil
}

func mandateOf(tx *store.Tx, creditor, owner ident.ID) (Mandate, bool, error) {
	return oneMandate(tx, `SELECT `+mandateColumns+` FROM bank_mandate WHERE realm = $1 AND creditor = $2 AND owner = $3`,
		string(tx.Realm()), string(creditor), string(owner))
}

func mandateByPayer(tx *store.Tx, creditor ident.ID, payer int64) (Mandate, bool, error) {
	return oneMandate(tx, `SELECT `+mandateColumns+` FROM bank_mandate WHERE realm = $1 AND creditor = $2 AND payer = $3`, string(tx.Realm()), string(creditor), payer)
}

func mandatesIn(tx *store.Tx, creditor ident.ID, state MandateState, limit int) ([]Mandate, error) {
	return listMandates(tx, `SELECT `+mandateColumns+` FROM bank_mandate WHERE realm = $1 AND creditor = $2 AND state = $3 ORDER BY id LIMIT $4`,
		string(tx.Realm()), string(creditor), string(state), int64(limit))
}

// mandatesSealedBefore lists mandates whose account an older data key sealed.
func mandatesSealedBefore(tx *store.Tx, version int64, limit int) ([]Mandate, error) {
	return listMandates(tx, `SELECT `+mandateColumns+` FROM bank_mandate WHERE realm = $1 AND key_version > 0 AND key_version < $2 ORDER BY id LIMIT $3`,
		string(tx.Realm()), version, int64(limit))
}

var claimTable = &store.Table{Name: "bank_claim", Key: 2, Columns: []string{"realm", "id", "version", "seq", "creditor", "merchant", "mandate", "invoice",
	"reference", "due_on", "currency", "amount", "state", "code", "file", "details", "created_at", "changed_at"}}

const claimColumns = `id, version, seq, creditor, merchant, mandate, invoice, reference, due_on, currency, amount, state, code, file, details, created_at, changed_at`

func claimRow(tx *store.Tx, c Claim, version int64) ([]any, error) {
	details, err := json.Marshal(c.Details)
	return []any{string(tx.Realm()), string(c.ID), version, c.Seq, string(c.Creditor), string(c.Merchant), string(c.Mandate), string(c.Invoice), c.Reference,
		string(c.DueOn), string(c.Amount.Currency), c.Amount.Minor, string(c.State), c.Code, string(c.File), string(details),
		clock.Millis(c.CreatedAt), clock.Millis(c.ChangedAt)}, err
}

func addClaim(tx *store.Tx, c Claim) error {
	row, err := claimRow(tx, c, 1)
	if err == nil {
		tx.Insert(claimTable, row...)
	}
	return err
}

func saveClaim(tx *store.Tx, c *Claim) error {
	row, err := claimRow(tx, *c, c.Version+1)
	if err == nil {
		tx.Swap(claimTable, c.Version, row...)
		c.Version++
	}
	return err
}

func listClaims(tx *store.Tx, query string, args ...any) (list []Claim, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var c Claim
		var details string
		var created, changed int64
		if err := scan(&c.ID, &c.Version, &c.Seq, &c.Creditor, &c.Merchant, &c.Mandate, &c.Invoice, &c.Reference, &c.DueOn, &c.Amount.Currency, &c.Amount.Minor,
			&c.State, &c.Code, &c.File, &details, &created, &changed); err != nil {
			return err
		}
		c.CreatedAt, c.ChangedAt = clock.FromMillis(created), clock.FromMillis(changed)
		list = append(list, c)
		return json.Unmarshal([]byte(details), &list[len(list)-1].Details)
	})
	return list, err
}

// claimsIn lists a creditor's claims in a state that are due by a day.
func claimsIn(tx *store.Tx, creditor ident.ID, state ClaimState, until string, limit int) ([]Claim, error) {
	return listClaims(tx, `SELECT `+claimColumns+` FROM bank_claim WHERE realm = $1 AND creditor = $2 AND state = $3 AND due_on <= $4 ORDER BY due_on, id LIMIT $5`,
		string(tx.Realm()), string(creditor), string(state), until, int64(limit))
}

// claimsFor lists the claims of a reference, newest first.
func claimsFor(tx *store.Tx, creditor ident.ID, reference string) ([]Claim, error) {
	return listClaims(tx, `SELECT `+claimColumns+` FROM bank_claim WHERE realm = $1 AND creditor = $2 AND reference = $3 ORDER BY id DESC LIMIT 20`,
		string(tx.Realm()), string(creditor), reference)
}

func claimsOf(tx *store.Tx, inv ident.ID) ([]Claim, error) {
	return listClaims(tx, `SELECT `+claimColumns+` FROM bank_claim WHERE realm = $1 AND invoice = $2 ORDER BY id`, string(tx.Realm()), string(inv))
}

var fileTable = &store.Table{Name: "bank_file", Key: 2, Columns: []string{"realm", "id", "version", "seq", "creditor", "merchant", "way", "name", "number", "hash",
	"state", "place", "reason", "entries", "sealed", "key_version", "created_at", "done_at"}}

const fileColumns = `id, version, seq, creditor, merchant, way, name, number, hash, state, place, reason, entries, sealed, key_version, created_at, done_at`

func fileRow(tx *store.Tx, f File, version int64) []any {
	return []any{string(tx.Realm()), string(f.ID), version, f.Seq, string(f.Creditor), string(f.Merchant), string(f.Way), f.Name, f.Number, f.Hash, string(f.State),
		f.Place, f.Reason, f.Entries, f.sealed, f.keyVersion, clock.Millis(f.CreatedAt), clock.Millis(f.DoneAt)}
}

func addFile(tx *store.Tx, f File) { tx.Insert(fileTable, fileRow(tx, f, 1)...) }

func saveFile(tx *store.Tx, f *File) {
	tx.Swap(fileTable, f.Version, fileRow(tx, *f, f.Version+1)...)
	f.Version++
}

func listFiles(tx *store.Tx, query string, args ...any) (list []File, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var f File
		var created, done int64
		err := scan(&f.ID, &f.Version, &f.Seq, &f.Creditor, &f.Merchant, &f.Way, &f.Name, &f.Number, &f.Hash, &f.State, &f.Place, &f.Reason, &f.Entries,
			&f.sealed, &f.keyVersion, &created, &done)
		f.CreatedAt, f.DoneAt = clock.FromMillis(created), clock.FromMillis(done)
		list = append(list, f)
		return err
	})
	return list, err
}

func getFile(tx *store.Tx, id ident.ID) (File, error) {
	list, err := listFiles(tx, `SELECT `+fileColumns+` FROM bank_file WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		err = fault.New("not_found.bank_file", "no such file")
	}
	if err != nil {
		return File{}, err
	}
	return list[0], nil
}

// fileBy finds a creditor's file that came in, by its hash or its number.
func fileBy(tx *store.Tx, creditor ident.ID, hash, number string) (list []File, err error) {
	if hash != "" {
		return listFiles(tx, `SELECT `+fileColumns+` FROM bank_file WHERE realm = $1 AND creditor = $2 AND way = 'in' AND hash = $3`,
			string(tx.Realm()), string(creditor), hash)
	}
	return listFiles(tx, `SELECT `+fileColumns+` FROM bank_file WHERE realm = $1 AND creditor = $2 AND way = 'in' AND number = $3`,
		string(tx.Realm()), string(creditor), number)
}

func filesIn(tx *store.Tx, creditor ident.ID, state FileState, limit int) ([]File, error) {
	return listFiles(tx, `SELECT `+fileColumns+` FROM bank_file WHERE realm = $1 AND creditor = $2 AND state = $3 ORDER BY id LIMIT $4`,
		string(tx.Realm()), string(creditor), string(state), int64(limit))
}

// filesSealedBefore lists files that an older data key sealed.
func filesSealedBefore(tx *store.Tx, version int64, limit int) ([]File, error) {
	return listFiles(tx, `SELECT `+fileColumns+` FROM bank_file WHERE realm = $1 AND key_version < $2 ORDER BY id LIMIT $3`, string(tx.Realm()), version, int64(limit))
}

// filesOf lists a creditor's files, newest first, below an id.
func filesOf(tx *store.Tx, creditor, below ident.ID, limit int) ([]File, error) {
	if below == "" {
		below = "g" // above every hexadecimal id
	}
	return listFiles(tx, `SELECT `+fileColumns+` FROM bank_file WHERE realm = $1 AND creditor = $2 AND id < $3 ORDER BY id DESC LIMIT $4`,
		string(tx.Realm()), string(creditor), string(below), int64(limit))
}

var entryTable = &store.Table{Name: "bank_entry", Key: 3, Columns: []string{"realm", "file", "n", "version", "kind", "state", "reason", "body"}}

// entryBody is an entry as it is kept.
type entryBody struct {
	Mandate *connector.BankMandate `json:"mandate,omitempty"`
	Payment *connector.BankPayment `json:"payment,omitempty"`
	Refusal *connector.BankRefusal `json:"refusal,omitempty"`
}

func entryRow(tx *store.Tx, e Entry, version int64) ([]any, error) {
	kind := "refusal"
	switch {
	case e.Mandate != nil:
		kind = "mandate"
	case e.Payment != nil:
		kind = "payment"
	}
	body, err := json.Marshal(entryBody{e.Mandate, e.Payment, e.Refusal})
	return []any{string(tx.Realm()), string(e.File), e.N, version, kind, string(e.State), e.Reason, string(body)}, err
}

func addEntry(tx *store.Tx, e Entry) error {
	row, err := entryRow(tx, e, 1)
	if err == nil {
		tx.Insert(entryTable, row...)
	}
	return err
}

func saveEntry(tx *store.Tx, e Entry) error {
	row, err := entryRow(tx, e, e.Version+1)
	if err == nil {
		tx.Swap(entryTable, e.Version, row...)
	}
	return err
}

// entriesIn lists a file's entries in a state, in their order.
func entriesIn(tx *store.Tx, file ident.ID, state EntryState, limit int) (list []Entry, err error) {
	err = tx.All(`SELECT file, n, version, state, reason, body FROM bank_entry WHERE realm = $1 AND file = $2 AND state = $3 ORDER BY n LIMIT $4`,
		[]any{string(tx.Realm()), string(file), string(state), int64(limit)}, func(scan func(...any) error) error {
			var e Entry
			var text string
			var body entryBody
			if err := scan(&e.File, &e.N, &e.Version, &e.State, &e.Reason, &text); err != nil {
				return err
			}
			err := json.Unmarshal([]byte(text), &body)
			e.Mandate, e.Payment, e.Refusal = body.Mandate, body.Payment, body.Refusal
			list = append(list, e)
			return err
		})
	return list, err
}
