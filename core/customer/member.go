package customer

import (
	"context"
	"errors"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Member is a customer of a marketplace: somebody who is known once for all of
// its merchants (april sheet, 5.10). To be paid by a member, a merchant makes a
// customer of its own. The Customer in it belongs to no merchant.
type Member struct {
	Customer
	Marketplace ident.ID
}

// UpsertMember returns the marketplace's member of that e-mail address, made or
// brought up to date by f, which is given the member as it is, or m when there
// is none. f leaves the address and the kind alone. Faults, in the order
// checked: invalid.customer, conflict.customer (the address is that of a member
// of the other kind).
func (s *Service) UpsertMember(ctx context.Context, realm ident.ID, m Member, f func(m *Member)) (out Member, err error) {
	if m.Marketplace == "" || m.Email == "" || m.Kind == Known {
		return Member{}, fault.At("invalid.customer", "customer", "a member needs a marketplace, a kind and an e-mail address")
	}
	once := func(tx *store.Tx) error {
		old, found, err := memberByEmail(tx, m.Marketplace, m.Email)
		if err != nil {
			return err
		}
		if !found {
			out = m
			f(&out)
			out.ID, out.Version, out.CreatedAt = tx.NewID(), 1, tx.Now()
			return addMember(tx, out)
		}
		if old.Kind != m.Kind {
			return fault.New("conflict.customer", "the address is known as that of the other kind of customer")
		}
		out = old
		f(&out)
		out.UpdatedAt = tx.Now()
		if err := saveMember(tx, out); err != nil {
			return err
		}
		out.Version++
		return nil
	}
	err = s.DB.Update(ctx, realm, once)
	var exists *store.Exists
	if errors.As(err, &exists) { // somebody else wrote it at the same moment
		err = s.DB.Update(ctx, realm, once)
	}
	return out, err
}

// Members finds members of marketplaces, a page of them, and says how many there
// are in all. Of the filter, Merchants and Created do not matter. Faults:
// invalid.sort.
func (s *Service) Members(ctx context.Context, realm ident.ID, f Filter) (list []Member, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, total, err = searchMembers(tx, f)
		return err
	})
	return list, total, err
}
