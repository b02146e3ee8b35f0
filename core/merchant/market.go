package merchant

import (
	"context"
	"strings"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// AddMarketplace makes a marketplace. Faults: invalid.name, conflict.name.
func (s *Service) AddMarketplace(ctx context.Context, realm ident.ID, by audit.By, name string) (m Marketplace, err error) {
	if name == "" || len(name) > 255 {
		return m, fault.At("invalid.name", "name", "a name of 1 to 255 characters is needed")
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		m = Marketplace{ID: tx.NewID(), Version: 1, Name: name, CreatedAt: tx.Now()}
		addMarketplace(tx, m)
		audit.Add(tx, by, "marketplace.add", m.ID, "ok")
		return nil
	})
	if fault.Is(taken(err, name), "conflict.code") {
		return Marketplace{}, fault.New("conflict.name", "there is a marketplace of that name already")
	}
	return m, err
}

// Marketplace finds a marketplace. Faults: not_found.marketplace.
func (s *Service) Marketplace(ctx context.Context, realm, id ident.ID) (m Marketplace, err error) {
	return s.marketplace(ctx, realm, `id`, string(id))
}

// MarketplaceByName finds a marketplace. Faults: not_found.marketplace.
func (s *Service) MarketplaceByName(ctx context.Context, realm ident.ID, name string) (m Marketplace, err error) {
	return s.marketplace(ctx, realm, `name`, name)
}

func (s *Service) marketplace(ctx context.Context, realm ident.ID, column, value string) (m Marketplace, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		m, err = getMarketplace(tx, column, value)
		return err
	})
	return m, err
}

// OwnIn finds the merchant that a marketplace is itself, in the caller's
// transaction, and makes it if there is none: active, named as the marketplace
// is, in the country and the time zone of like. Faults: not_found.marketplace.
func OwnIn(tx *store.Tx, marketplace ident.ID, like Merchant) (m Merchant, made bool, err error) {
	market, err := getMarketplace(tx, `id`, string(marketplace))
	if err != nil {
		return m, false, err
	}
	if market.Merchant != "" {
		m, err = getMerchant(tx, market.Merchant)
		return m, false, err
	}
	m = Merchant{ID: tx.NewID(), Version: 1, Name: market.Name, Country: like.Country, Enabled: true, Marketplace: marketplace, Grade: Standard, State: Active,
		Business: Business{TimeZone: like.Business.TimeZone, TaxCountry: like.Business.TaxCountry}, CreatedAt: tx.Now()}
	m.Code, market.Merchant = string(m.ID), m.ID
	saveMarketplace(tx, market)
	return m, true, addMerchant(tx, m)
}

// Filter says which merchants of a realm are looked for; what is nil or empty
// does not matter.
type Filter struct {
	IDs         []ident.ID
	Marketplace ident.ID
	Name        string // a part of it
	References  []string
	Active      *bool
	PaysOut     *bool
	Page        store.Page
}

// Found is a merchant with its bank accounts, the oldest first.
type Found struct {
	Merchant
	Accounts []BankAccount
}

// Search finds merchants, a page of them, and says how many there are in all.
// Faults: invalid.sort.
func (s *Service) Search(ctx context.Context, realm ident.ID, f Filter) (list []Found, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list = nil
		var merchants []Merchant
		if merchants, total, err = searchMerchants(tx, f); err != nil {
			return err
		}
		ids := make([]ident.ID, len(merchants))
		for i, m := range merchants {
			ids[i] = m.ID
		}
		accounts, err := accountsOf(tx, ids...)
		if err != nil {
			return err
		}
		of := map[ident.ID][]BankAccount{}
		for _, a := range accounts {
			of[a.Merchant] = append(of[a.Merchant], a)
		}
		for _, m := range merchants {
			list = append(list, Found{Merchant: m, Accounts: of[m.ID]})
		}
		return nil
	})
	return list, total, err
}

// Find finds a merchant by its id. Faults: not_found.merchant.
func (s *Service) Find(ctx context.Context, realm, id ident.ID) (f Found, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		f, err = findIn(tx, id)
		return err
	})
	return f, err
}

// FindIn is Find inside a transaction. Faults: not_found.merchant.
func FindIn(tx *store.Tx, id ident.ID) (Found, error) { return findIn(tx, id) }

func findIn(tx *store.Tx, id ident.ID) (f Found, err error) {
	if f.Merchant, err = getMerchant(tx, id); err != nil {
		return f, err
	}
	f.Accounts, err = accountsOf(tx, id)
	return f, err
}

// AddSub makes a merchant of a marketplace, pending, with a bank account if
// one is given. Without a Code it gets its id as one. Faults: invalid.name,
// invalid.code, not_found.marketplace, conflict.code.
func (s *Service) AddSub(ctx context.Context, realm ident.ID, by audit.By, m Merchant, account *BankAccount) (f Found, err error) {
	code := m.Code
	if code == "" {
		code = "id"
	}
	if err := named(code, m.Name); err != nil {
		return f, err
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if _, err := getMarketplace(tx, `id`, string(m.Marketplace)); err != nil {
			return err
		}
		f = Found{Merchant: m}
		f.ID, f.Version, f.Enabled, f.State, f.CreatedAt = tx.NewID(), 1, true, Pending, tx.Now()
		if f.Code == "" {
			f.Code = string(f.ID)
		}
		if err := addMerchant(tx, f.Merchant); err != nil {
			return err
		}
		if account != nil {
			a := *account
			a.ID, a.Version, a.Merchant, a.Main, a.CreatedAt = tx.NewID(), 1, f.ID, true, tx.Now()
			addAccount(tx, a)
			f.Accounts = []BankAccount{a}
		}
		audit.Add(tx, by, "merchant.add", f.ID, "ok")
		return s.tell(tx, "created", f)
	})
	return f, taken(err, code)
}

// Change lets f change a merchant's Name, Country, Reference, Marketplace,
// Business, Payouts and State, and stores it. Faults: not_found.merchant,
// invalid.name, and f's own.
func (s *Service) Change(ctx context.Context, realm ident.ID, by audit.By, id ident.ID, f func(m *Merchant) error) (out Found, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if out, err = findIn(tx, id); err != nil {
			return err
		}
		before := out.State
		if err := f(&out.Merchant); err != nil {
			return err
		}
		if err := named(out.Code, out.Name); err != nil {
			return err
		}
		out.UpdatedAt = tx.Now()
		if err := saveMerchant(tx, out.Merchant); err != nil {
			return err
		}
		out.Version++
		audit.Add(tx, by, "merchant.change", id, "ok")
		if before != Active && out.State == Active {
			return s.tell(tx, "activated", out)
		}
		return s.tell(tx, "updated", out)
	})
	s.forget(realm)
	return out, err
}

// tell tells of a change whoever wants to know.
func (s *Service) tell(tx *store.Tx, what string, f Found) error {
	if s.Tell == nil {
		return nil
	}
	return s.Tell(tx, what, f)
}

// AddAccount gives a merchant a bank account. The first one is the main one,
// and so is a later one when main says so; an account that the merchant has
// already is brought up to date. Faults: not_found.merchant.
func (s *Service) AddAccount(ctx context.Context, realm ident.ID, by audit.By, id ident.ID, a BankAccount, main bool) (Found, error) {
	return s.accounts(ctx, realm, by, "merchant.add_account", id, func(tx *store.Tx, f *Found) error {
		at := -1
		for i, known := range f.Accounts {
			if known.Region == a.Region && known.BankCode == a.BankCode && known.BranchCode == a.BranchCode && known.Number == a.Number {
				at = i
			}
		}
		if at < 0 {
			a.ID, a.Version, a.Merchant, a.Main, a.CreatedAt = tx.NewID(), 0, id, len(f.Accounts) == 0, tx.Now()
			f.Accounts = append(f.Accounts, a)
			at = len(f.Accounts) - 1
		} else {
			f.Accounts[at].Holder, f.Accounts[at].Bank, f.Accounts[at].Currency = a.Holder, a.Bank, a.Currency
		}
		if main {
			prefer(f.Accounts, at)
		}
		return nil
	})
}

// SetMain has payouts go to another of the merchant's accounts.
// Faults: not_found.merchant, not_found.account.
func (s *Service) SetMain(ctx context.Context, realm ident.ID, by audit.By, id, account ident.ID) (Found, error) {
	return s.accounts(ctx, realm, by, "merchant.main_account", id, func(_ *store.Tx, f *Found) error {
		for i, a := range f.Accounts {
			if a.ID == account {
				prefer(f.Accounts, i)
				return nil
			}
		}
		return fault.New("not_found.account", "no such bank account")
	})
}

func prefer(accounts []BankAccount, at int) {
	for i := range accounts {
		accounts[i].Main = i == at
	}
}

// accounts changes a merchant's accounts. The merchant's row is written too:
// two who change accounts at once meet there.
func (s *Service) accounts(ctx context.Context, realm ident.ID, by audit.By, act string, id ident.ID, f func(tx *store.Tx, found *Found) error) (out Found, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if out, err = findIn(tx, id); err != nil {
			return err
		}
		before := map[ident.ID]BankAccount{}
		for _, a := range out.Accounts {
			before[a.ID] = a
		}
		if err := f(tx, &out); err != nil {
			return err
		}
		for i, a := range out.Accounts {
			switch old, known := before[a.ID]; {
			case !known:
				addAccount(tx, a)
			case old != a:
				saveAccount(tx, a)
			default:
				continue
			}
			out.Accounts[i].Version++
		}
		out.UpdatedAt = tx.Now()
		if err := saveMerchant(tx, out.Merchant); err != nil {
			return err
		}
		out.Version++
		audit.Add(tx, by, act, id, "ok")
		return s.tell(tx, "updated", out)
	})
	return out, err
}

// forget drops what is remembered of a realm's profiles and their merchants.
func (s *Service) forget(realm ident.ID) {
	s.known.Range(func(key, _ any) bool {
		if strings.HasPrefix(key.(string), string(realm)+"/") {
			s.known.Delete(key)
		}
		return true
	})
}
