package customer

import (
	"encoding/json"
	"strings"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var customerTable = &store.Table{Name: "customer", Key: 2,
	Columns: []string{"realm", "id", "version", "merchant", "reference", "given_name", "surname", "company", "email", "phone", "created_at",
		"kind", "middle_name", "email_key", "verified", "details", "updated_at"}}

const customerColumns = `id, version, merchant, reference, given_name, surname, company, email, phone, created_at,
	kind, middle_name, verified, details, updated_at`

func row(tx *store.Tx, c Customer, version int64) ([]any, error) {
	details, err := json.Marshal(c.Details)
	return []any{string(tx.Realm()), string(c.ID), version, string(c.Merchant), c.Reference, c.GivenName, c.Surname, c.Company, c.Email, c.Phone, clock.Millis(c.CreatedAt),
		string(c.Kind), c.Middle, emailKey(c.Email), c.Verified, string(details), clock.Millis(c.UpdatedAt)}, err
}

// emailKey is what an address is known by. Hosts have no case, and people do
// not tell a mailbox's apart.
func emailKey(address string) string { return strings.ToLower(address) }

func addCustomer(tx *store.Tx, c Customer) error {
	values, err := row(tx, c, 1)
	if err == nil {
		tx.Insert(customerTable, values...)
	}
	return err
}

func saveCustomer(tx *store.Tx, c Customer) error {
	values, err := row(tx, c, c.Version+1)
	if err == nil {
		tx.Swap(customerTable, c.Version, values...)
	}
	return err
}

// byKey finds a customer by its business key: a consumer's address, the
// reference of anybody else.
func byKey(tx *store.Tx, c Customer) (Customer, bool, error) {
	if c.Kind == Consumer {
		return one(tx, `SELECT `+customerColumns+` FROM customer WHERE realm = $1 AND merchant = $2 AND email_key = $3 AND kind = 'consumer'`,
			string(tx.Realm()), string(c.Merchant), emailKey(c.Email))
	}
	return one(tx, `SELECT `+customerColumns+` FROM customer WHERE realm = $1 AND merchant = $2 AND reference = $3 AND kind = $4 AND kind <> 'consumer'`,
		string(tx.Realm()), string(c.Merchant), c.Reference, string(c.Kind))
}

func getCustomer(tx *store.Tx, id ident.ID) (Customer, error) {
	c, found, err := one(tx, `SELECT `+customerColumns+` FROM customer WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && !found {
		err = fault.New("not_found.customer", "no such customer")
	}
	return c, err
}

func one(tx *store.Tx, query string, args ...any) (c Customer, found bool, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		found = true
		c, err = scanCustomer(scan)
		return err
	})
	return c, found, err
}

func scanCustomer(scan func(...any) error) (c Customer, err error) {
	var details string
	var created, updated int64
	err = scan(&c.ID, &c.Version, &c.Merchant, &c.Reference, &c.GivenName, &c.Surname, &c.Company, &c.Email, &c.Phone, &created,
		&c.Kind, &c.Middle, &c.Verified, &details, &updated)
	if err != nil {
		return c, err
	}
	c.CreatedAt, c.UpdatedAt = clock.FromMillis(created), clock.FromMillis(updated)
	return c, json.Unmarshal([]byte(details), &c.Details)
}

// In finds customers by their ids in the caller's transaction, which has decided
// who may see them. What does not exist is left out.
func In(tx *store.Tx, ids ...ident.ID) (map[ident.ID]Customer, error) {
	out := map[ident.ID]Customer{}
	if len(ids) == 0 {
		return out, nil
	}
	q := store.Search{Table: customerTable.Name, Columns: customerColumns, Sorts: customerSorts, Page: store.Page{Limit: int64(len(ids))}}
	q.Where(`realm = ?`, string(tx.Realm()))
	store.In(&q, `id`, ids)
	_, err := tx.Search(q, func(scan func(...any) error) error {
		c, err := scanCustomer(scan)
		out[c.ID] = c
		return err
	})
	return out, err
}

// customerSorts are what a search may be sorted by.
var customerSorts = map[string]string{"id": "id", "createdAt": "created_at", "updatedAt": "updated_at", "email": "email_key",
	"givenName": "given_name", "surname": "surname", "company": "company", "reference": "reference"}

func searchCustomers(tx *store.Tx, f Filter) (list []Customer, total int64, err error) {
	q := store.Search{Table: customerTable.Name, Columns: customerColumns, Sorts: customerSorts, Page: f.Page}
	q.Where(`realm = ?`, string(tx.Realm()))
	q.Where(`kind <> ?`, string(Known))
	store.In(&q, `id`, f.IDs)
	store.In(&q, `merchant`, f.Merchants)
	if f.Marketplace != "" {
		q.Where(`merchant IN (SELECT m.id FROM merchant m WHERE m.realm = ? AND m.marketplace = ?)`, string(tx.Realm()), string(f.Marketplace))
	}
	keys := make([]string, len(f.Emails))
	for i, address := range f.Emails {
		keys[i] = emailKey(address)
	}
	store.In(&q, `email_key`, keys)
	if f.Name != "" {
		q.Like([]string{f.Name}, `given_name`, `surname`, `company`)
	}
	q.Span(`created_at`, f.Created)
	total, err = tx.Search(q, func(scan func(...any) error) error {
		c, err := scanCustomer(scan)
		list = append(list, c)
		return err
	})
	return list, total, err
}

var delegateTable = &store.Table{Name: "delegate", Key: 2,
	Columns: []string{"realm", "id", "version", "home", "email", "email_key", "phone", "name", "created_at", "deleted_at"}}

var linkTable = &store.Table{Name: "delegate_link", Key: 3,
	Columns: []string{"realm", "delegate", "customer", "version", "position", "linked", "created_at"}}

const delegateColumns = `id, version, home, email, phone, name, created_at, deleted_at`

func delegateRow(tx *store.Tx, d Delegate, version int64) []any {
	return []any{string(tx.Realm()), string(d.ID), version, string(d.Home), d.Email, emailKey(d.Email), d.Phone, d.Name, clock.Millis(d.CreatedAt), clock.Millis(d.DeletedAt)}
}

func addDelegate(tx *store.Tx, d Delegate) { tx.Insert(delegateTable, delegateRow(tx, d, 1)...) }
func saveDelegate(tx *store.Tx, d Delegate) {
	tx.Swap(delegateTable, d.Version, delegateRow(tx, d, d.Version+1)...)
}

func scanDelegate(scan func(...any) error) (d Delegate, err error) {
	var created, deleted int64
	err = scan(&d.ID, &d.Version, &d.Home, &d.Email, &d.Phone, &d.Name, &created, &deleted)
	d.CreatedAt, d.DeletedAt = clock.FromMillis(created), clock.FromMillis(deleted)
	return d, err
}

func delegateByEmail(tx *store.Tx, home ident.ID, email string) (Delegate, bool, error) {
	return oneDelegate(tx, `SELECT `+delegateColumns+` FROM delegate WHERE realm = $1 AND home = $2 AND email_key = $3 AND deleted_at = 0`,
		string(tx.Realm()), string(home), emailKey(email))
}

func getDelegate(tx *store.Tx, id ident.ID) (Delegate, error) {
	d, found, err := oneDelegate(tx, `SELECT `+delegateColumns+` FROM delegate WHERE realm = $1 AND id = $2 AND deleted_at = 0`, string(tx.Realm()), string(id))
	if err == nil && !found {
		err = fault.New("not_found.delegate", "no such delegate")
	}
	return d, err
}

func oneDelegate(tx *store.Tx, query string, args ...any) (d Delegate, found bool, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		found = true
		d, err = scanDelegate(scan)
		return err
	})
	if err != nil || !found {
		return d, found, err
	}
	list := []Delegate{d}
	err = addLinks(tx, list)
	return list[0], true, err
}

// putLink writes a link, which may have been there before and ended.
func putLink(tx *store.Tx, l Link) {
	row := []any{string(tx.Realm()), string(l.Delegate), string(l.Customer), l.Version + 1, l.Position, l.Linked, clock.Millis(l.CreatedAt)}
	if l.Version == 0 {
		tx.Insert(linkTable, row...)
		return
	}
	tx.Swap(linkTable, l.Version, row...)
}

const linkColumns = `delegate, customer, version, position, linked, created_at`

func scanLink(scan func(...any) error) (l Link, err error) {
	var created int64
	err = scan(&l.Delegate, &l.Customer, &l.Version, &l.Position, &l.Linked, &created)
	l.CreatedAt = clock.FromMillis(created)
	return l, err
}

// anyLink reads a link, ended or not; a new one when there is none.
func anyLink(tx *store.Tx, delegate, customer ident.ID) (Link, error) {
	l := Link{Delegate: delegate, Customer: customer}
	err := tx.All(`SELECT `+linkColumns+` FROM delegate_link WHERE realm = $1 AND delegate = $2 AND customer = $3`,
		[]any{string(tx.Realm()), string(delegate), string(customer)}, func(scan func(...any) error) (err error) {
			l, err = scanLink(scan)
			return err
		})
	return l, err
}

// addLinks reads the links of delegates into them.
func addLinks(tx *store.Tx, list []Delegate) error {
	at, ids := map[ident.ID]int{}, []ident.ID{}
	for i, d := range list {
		at[d.ID], ids = i, append(ids, d.ID)
	}
	q := store.Search{Table: linkTable.Name, Columns: linkColumns, Sorts: map[string]string{"createdAt": "created_at"},
		Tie: "customer", Page: store.Page{Limit: 1 << 31, Sort: []string{"createdAt"}}}
	q.Where(`realm = ?`, string(tx.Realm()))
	q.Where(`linked`)
	store.Any(&q, map[string][]ident.ID{`delegate`: ids})
	_, err := tx.Search(q, func(scan func(...any) error) error {
		l, err := scanLink(scan)
		if err == nil {
			d := &list[at[l.Delegate]]
			d.Links = append(d.Links, l)
		}
		return err
	})
	return err
}

// delegateSorts are what a search may be sorted by.
var delegateSorts = map[string]string{"id": "id", "createdAt": "created_at", "email": "email_key", "name": "name"}

func searchDelegates(tx *store.Tx, f DelegateFilter) (list []Delegate, total int64, err error) {
	q := store.Search{Table: delegateTable.Name, Columns: delegateColumns, Sorts: delegateSorts, Page: f.Page}
	q.Where(`realm = ?`, string(tx.Realm()))
	q.Where(`deleted_at = ?`, int64(0))
	store.In(&q, `id`, f.IDs)
	const linked = `id IN (SELECT l.delegate FROM delegate_link l JOIN customer c ON c.realm = l.realm AND c.id = l.customer WHERE l.realm = ? AND l.linked AND `
	for column, ids := range map[string][]ident.ID{`c.id`: f.Customers, `c.merchant`: f.Merchants} {
		if len(ids) == 0 {
			continue
		}
		args := []any{string(tx.Realm())}
		for _, id := range ids {
			args = append(args, string(id))
		}
		q.Where(linked+column+` IN (?`+strings.Repeat(`, ?`, len(ids)-1)+`))`, args...)
	}
	if f.Marketplace != "" {
		q.Where(`home = ?`, string(f.Marketplace))
	}
	keys := make([]string, len(f.Emails))
	for i, address := range f.Emails {
		keys[i] = emailKey(address)
	}
	store.In(&q, `email_key`, keys)
	q.Like(f.Names, `name`)
	q.Span(`created_at`, f.Created)
	total, err = tx.Search(q, func(scan func(...any) error) error {
		d, err := scanDelegate(scan)
		list = append(list, d)
		return err
	})
	if err != nil || len(list) == 0 {
		return list, total, err
	}
	return list, total, addLinks(tx, list)
}
