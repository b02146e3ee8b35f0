package customer

import (
	"encoding/json"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var memberTable = &store.Table{Name: "marketplace_customer", Key: 2,
	Columns: []string{"realm", "id", "version", "marketplace", "kind", "reference", "given_name", "middle_name", "surname", "company", "email", "email_key", "phone",
		"verified", "details", "created_at", "updated_at"}}

const memberColumns = `id, version, marketplace, kind, reference, given_name, middle_name, surname, company, email, phone, verified, details, created_at, updated_at`

func memberRow(tx *store.Tx, m Member, version int64) ([]any, error) {
	details, err := json.Marshal(m.Details)
	return []any{string(tx.Realm()), string(m.ID), version, string(m.Marketplace), string(m.Kind), m.Reference, m.GivenName, m.Middle, m.Surname, m.Company, m.Email,
		emailKey(m.Email), m.Phone, m.Verified, string(details), clock.Millis(m.CreatedAt), clock.Millis(m.UpdatedAt)}, err
}

func addMember(tx *store.Tx, m Member) error {
	row, err := memberRow(tx, m, 1)
	if err == nil {
		tx.Insert(memberTable, row...)
	}
	return err
}

func saveMember(tx *store.Tx, m Member) error {
	row, err := memberRow(tx, m, m.Version+1)
	if err == nil {
		tx.Swap(memberTable, m.Version, row...)
	}
	return err
}

func scanMember(scan func(...any) error) (m Member, err error) {
	var created, updated int64
	var details string
	err = scan(&m.ID, &m.Version, &m.Marketplace, &m.Kind, &m.Reference, &m.GivenName, &m.Middle, &m.Surname, &m.Company, &m.Email, &m.Phone, &m.Verified, &details,
		&created, &updated)
	if err != nil {
		return m, err
	}
	m.CreatedAt, m.UpdatedAt = clock.FromMillis(created), clock.FromMillis(updated)
	return m, json.Unmarshal([]byte(details), &m.Details)
}

func memberByEmail(tx *store.Tx, marketplace ident.ID, email string) (m Member, found bool, err error) {
	err = tx.All(`SELECT `+memberColumns+` FROM marketplace_customer WHERE realm = $1 AND marketplace = $2 AND email_key = $3`,
		[]any{string(tx.Realm()), string(marketplace), emailKey(email)}, func(scan func(...any) error) error {
			found = true
			m, err = scanMember(scan)
			return err
		})
	return m, found, err
}

func searchMembers(tx *store.Tx, f Filter) (list []Member, total int64, err error) {
	q := store.Search{Table: memberTable.Name, Columns: memberColumns, Sorts: customerSorts, Page: f.Page}
	q.Where(`realm = ?`, string(tx.Realm()))
	store.In(&q, `id`, f.IDs)
	if f.Marketplace != "" {
		q.Where(`marketplace = ?`, string(f.Marketplace))
	}
	keys := make([]string, len(f.Emails))
	for i, address := range f.Emails {
		keys[i] = emailKey(address)
	}
	store.In(&q, `email_key`, keys)
	if f.Name != "" {
		q.Like([]string{f.Name}, `given_name`, `surname`, `company`)
	}
	total, err = tx.Search(q, func(scan func(...any) error) error {
		m, err := scanMember(scan)
		list = append(list, m)
		return err
	})
	return list, total, err
}
