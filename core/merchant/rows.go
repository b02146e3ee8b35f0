package merchant

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var merchantTable = &store.Table{Name: "merchant", Key: 2,
	Columns: []string{"realm", "id", "version", "code", "name", "country", "enabled", "created_at",
		"marketplace", "grade", "state", "reference", "business", "payouts", "updated_at"}}

var marketplaceTable = &store.Table{Name: "marketplace", Key: 2, Columns: []string{"realm", "id", "version", "name", "created_at", "merchant"}}

var accountTable = &store.Table{Name: "bank_account", Key: 2,
	Columns: []string{"realm", "id", "version", "merchant", "holder", "bank", "region", "bank_code", "branch_code", "number", "currency", "main", "created_at"}}

var profileTable = &store.Table{Name: "profile", Key: 2,
	Columns: []string{"realm", "id", "version", "merchant", "code", "name", "enabled", "settings", "created_at"}}

func merchantRow(tx *store.Tx, m Merchant, version int64) ([]any, error) {
	business, err := json.Marshal(m.Business)
	if err != nil {
		return nil, err
	}
	payouts, err := json.Marshal(m.Payouts)
	return []any{string(tx.Realm()), string(m.ID), version, m.Code, m.Name, m.Country, m.Enabled, clock.Millis(m.CreatedAt),
		string(m.Marketplace), string(m.Grade), string(m.State), m.Reference, string(business), string(payouts), clock.Millis(m.UpdatedAt)}, err
}

func addMerchant(tx *store.Tx, m Merchant) error {
	row, err := merchantRow(tx, m, 1)
	if err == nil {
		tx.Insert(merchantTable, row...)
	}
	return err
}

func saveMerchant(tx *store.Tx, m Merchant) error {
	row, err := merchantRow(tx, m, m.Version+1)
	if err == nil {
		tx.Swap(merchantTable, m.Version, row...)
	}
	return err
}

// MerchantIn reads a merchant inside a transaction. Faults: not_found.merchant.
func MerchantIn(tx *store.Tx, id ident.ID) (Merchant, error) { return getMerchant(tx, id) }

// ProfileIn reads a profile inside a transaction. Faults: not_found.profile.
func ProfileIn(tx *store.Tx, id ident.ID) (Profile, error) { return getProfile(tx, `id`, string(id)) }

const merchantColumns = `id, version, code, name, country, enabled, created_at, marketplace, grade, state, reference, business, payouts, updated_at`

func scanMerchant(scan func(...any) error) (m Merchant, err error) {
	var business, payouts string
	var created, updated int64
	err = scan(&m.ID, &m.Version, &m.Code, &m.Name, &m.Country, &m.Enabled, &created,
		&m.Marketplace, &m.Grade, &m.State, &m.Reference, &business, &payouts, &updated)
	if err != nil {
		return m, err
	}
	m.CreatedAt, m.UpdatedAt = clock.FromMillis(created), clock.FromMillis(updated)
	return m, errors.Join(json.Unmarshal([]byte(business), &m.Business), json.Unmarshal([]byte(payouts), &m.Payouts))
}

func getMerchant(tx *store.Tx, id ident.ID) (m Merchant, err error) {
	found := false
	err = tx.All(`SELECT `+merchantColumns+` FROM merchant WHERE realm = $1 AND id = $2`, []any{string(tx.Realm()), string(id)},
		func(scan func(...any) error) error {
			found = true
			m, err = scanMerchant(scan)
			return err
		})
	if err == nil && !found {
		err = fault.New("not_found.merchant", "no such merchant")
	}
	return m, err
}

// merchantSorts are what a search may be sorted by.
var merchantSorts = map[string]string{"id": "id", "createdAt": "created_at", "updatedAt": "updated_at", "name": "name", "state": "state", "reference": "reference"}

func searchMerchants(tx *store.Tx, f Filter) (list []Merchant, total int64, err error) {
	q := store.Search{Table: merchantTable.Name, Columns: merchantColumns, Sorts: merchantSorts, Page: f.Page}
	q.Where(`realm = ?`, string(tx.Realm()))
	store.In(&q, `id`, f.IDs)
	store.In(&q, `reference`, f.References)
	if f.Marketplace != "" {
		q.Where(`marketplace = ?`, string(f.Marketplace))
	}
	if f.Name != "" {
		q.Like([]string{f.Name}, `name`)
	}
	if f.Active != nil && *f.Active {
		q.Where(`state = ?`, string(Active))
	} else if f.Active != nil {
		q.Where(`state <> ?`, string(Active))
	}
	const paid = `EXISTS (SELECT 1 FROM bank_account b WHERE b.realm = merchant.realm AND b.merchant = merchant.id AND b.main)`
	if f.PaysOut != nil && *f.PaysOut {
		q.Where(paid)
	} else if f.PaysOut != nil {
		q.Where(`NOT ` + paid)
	}
	total, err = tx.Search(q, func(scan func(...any) error) error {
		m, err := scanMerchant(scan)
		list = append(list, m)
		return err
	})
	return list, total, err
}

func addMarketplace(tx *store.Tx, m Marketplace) {
	tx.Insert(marketplaceTable, marketplaceRow(tx, m, 1)...)
}

func saveMarketplace(tx *store.Tx, m Marketplace) {
	tx.Swap(marketplaceTable, m.Version, marketplaceRow(tx, m, m.Version+1)...)
}

func marketplaceRow(tx *store.Tx, m Marketplace, version int64) []any {
	return []any{string(tx.Realm()), string(m.ID), version, m.Name, clock.Millis(m.CreatedAt), string(m.Merchant)}
}

const marketplaceColumns = `id, version, name, created_at, merchant`

// getMarketplace reads a marketplace by one of its two unique columns, id or name.
func getMarketplace(tx *store.Tx, column, value string) (m Marketplace, err error) {
	query := map[string]string{
		`id`:   `SELECT ` + marketplaceColumns + ` FROM marketplace WHERE realm = $1 AND id = $2`,
		`name`: `SELECT ` + marketplaceColumns + ` FROM marketplace WHERE realm = $1 AND name = $2`,
	}[column]
	var created int64
	found, err := tx.Get([]any{&m.ID, &m.Version, &m.Name, &created, &m.Merchant}, query, string(tx.Realm()), value)
	if err == nil && !found {
		err = fault.New("not_found.marketplace", "no such marketplace")
	}
	m.CreatedAt = clock.FromMillis(created)
	return m, err
}

func accountRow(tx *store.Tx, a BankAccount, version int64) []any {
	return []any{string(tx.Realm()), string(a.ID), version, string(a.Merchant), a.Holder, a.Bank, string(a.Region), a.BankCode, a.BranchCode, a.Number,
		string(a.Currency), a.Main, clock.Millis(a.CreatedAt)}
}

func addAccount(tx *store.Tx, a BankAccount) { tx.Insert(accountTable, accountRow(tx, a, 1)...) }
func saveAccount(tx *store.Tx, a BankAccount) {
	tx.Swap(accountTable, a.Version, accountRow(tx, a, a.Version+1)...)
}

// accountsOf are the bank accounts of a merchant, or of every merchant of the
// list, oldest first.
func accountsOf(tx *store.Tx, merchants ...ident.ID) (list []BankAccount, err error) {
	q := store.Search{Table: accountTable.Name, Columns: `id, version, merchant, holder, bank, region, bank_code, branch_code, number, currency, main, created_at`,
		Sorts: map[string]string{"id": "id"}, Page: store.Page{Limit: 1 << 31, Sort: []string{"id"}}}
	q.Where(`realm = ?`, string(tx.Realm()))
	store.Any(&q, map[string][]ident.ID{`merchant`: merchants})
	_, err = tx.Search(q, func(scan func(...any) error) error {
		var a BankAccount
		var created int64
		err := scan(&a.ID, &a.Version, &a.Merchant, &a.Holder, &a.Bank, &a.Region, &a.BankCode, &a.BranchCode, &a.Number, &a.Currency, &a.Main, &created)
		a.CreatedAt = clock.FromMillis(created)
		list = append(list, a)
		return err
	})
	return list, err
}

func profileRow(tx *store.Tx, p Profile, version int64) ([]any, error) {
	settings, err := json.Marshal(p.Settings)
	return []any{string(tx.Realm()), string(p.ID), version, string(p.Merchant), p.Code, p.Name, p.Enabled, string(settings), clock.Millis(p.CreatedAt)}, err
}

func addProfile(tx *store.Tx, p Profile) error {
	row, err := profileRow(tx, p, 1)
	if err == nil {
		tx.Insert(profileTable, row...)
	}
	return err
}

func saveProfile(tx *store.Tx, p Profile) error {
	row, err := profileRow(tx, p, p.Version+1)
	if err == nil {
		tx.Swap(profileTable, p.Version, row...)
	}
	return err
}

const profileColumns = `id, version, merchant, code, name, enabled, settings, created_at`

func scanProfile(tx *store.Tx, scan func(...any) error) (Profile, error) {
	p := Profile{Realm: tx.Realm()}
	var settings string
	var created int64
	if err := scan(&p.ID, &p.Version, &p.Merchant, &p.Code, &p.Name, &p.Enabled, &settings, &created); err != nil {
		return p, err
	}
	p.CreatedAt = clock.FromMillis(created)
	return p, json.Unmarshal([]byte(settings), &p.Settings)
}

// getProfile reads a profile by one of its two unique columns, id or code.
func getProfile(tx *store.Tx, column, value string) (p Profile, err error) {
	query := map[string]string{
		`id`:   `SELECT ` + profileColumns + ` FROM profile WHERE realm = $1 AND id = $2`,
		`code`: `SELECT ` + profileColumns + ` FROM profile WHERE realm = $1 AND code = $2`,
	}[column]
	found := false
	err = tx.All(query, []any{string(tx.Realm()), value}, func(scan func(...any) error) error {
		found = true
		p, err = scanProfile(tx, scan)
		return err
	})
	if err == nil && !found {
		err = fault.New("not_found.profile", "no such profile")
	}
	return p, err
}

// outlet reads a merchant's oldest profile that is enabled.
func outlet(tx *store.Tx, merchant ident.ID) (p Profile, found bool, err error) {
	err = tx.All(`SELECT `+profileColumns+` FROM profile WHERE realm = $1 AND merchant = $2 AND enabled ORDER BY id LIMIT 1`,
		[]any{string(tx.Realm()), string(merchant)}, func(scan func(...any) error) (err error) {
			found = true
			p, err = scanProfile(tx, scan)
			return err
		})
	return p, found, err
}

func listProfiles(tx *store.Tx) ([]Profile, error) {
	var out []Profile
	err := tx.All(`SELECT `+profileColumns+` FROM profile WHERE realm = $1 ORDER BY id`, []any{string(tx.Realm())},
		func(scan func(...any) error) error {
			p, err := scanProfile(tx, scan)
			out = append(out, p)
			return err
		})
	return out, err
}

var channelTable = &store.Table{Name: "channel", Key: 2,
	Columns: []string{"realm", "id", "version", "merchant", "kind", "name", "profiles", "active", "settings", "created_at"}}

func channelRow(tx *store.Tx, c Channel, version int64) ([]any, error) {
	words := make([]string, len(c.Profiles))
	for i, p := range c.Profiles {
		words[i] = string(p)
	}
	settings, err := json.Marshal(c.Settings)
	return []any{string(tx.Realm()), string(c.ID), version, string(c.Merchant), string(c.Kind), c.Name, strings.Join(words, " "), c.Active, string(settings),
		clock.Millis(c.CreatedAt)}, err
}

func addChannel(tx *store.Tx, c Channel) error {
	row, err := channelRow(tx, c, 1)
	if err == nil {
		tx.Insert(channelTable, row...)
	}
	return err
}

// dropChannel removes a merchant's channel and says whether there was one.
func dropChannel(tx *store.Tx, merchant, id ident.ID) (bool, error) {
	n, err := tx.Exec(`DELETE FROM channel WHERE realm = $1 AND merchant = $2 AND id = $3`, string(tx.Realm()), string(merchant), string(id))
	return n > 0, err
}

// channels reads the channels that meet a condition about $2, the oldest first.
func channels(tx *store.Tx, condition, what string) (list []Channel, err error) {
	err = tx.All(`SELECT id, version, merchant, kind, name, profiles, active, settings, created_at FROM channel WHERE realm = $1 AND `+condition+` ORDER BY created_at, id`,
		[]any{string(tx.Realm()), what}, func(scan func(...any) error) error {
			var c Channel
			var profiles, settings string
			var created int64
			if err := scan(&c.ID, &c.Version, &c.Merchant, &c.Kind, &c.Name, &profiles, &c.Active, &settings, &created); err != nil {
				return err
			}
			for _, p := range strings.Fields(profiles) {
				c.Profiles = append(c.Profiles, ident.ID(p))
			}
			c.CreatedAt = clock.FromMillis(created)
			list = append(list, c)
			return json.Unmarshal([]byte(settings), &list[len(list)-1].Settings)
		})
	return list, err
}
