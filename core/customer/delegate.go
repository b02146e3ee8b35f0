package customer

import (
	"context"
	"errors"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Delegate is a person who acts for customers. Home is the marketplace within
// which the e-mail address is one person's, or the merchant that stands alone.
type Delegate struct {
	ID        ident.ID
	Version   int64
	Home      ident.ID
	Email     string
	Phone     string
	Name      string
	CreatedAt time.Time
	DeletedAt time.Time // zero: not deleted
	Links     []Link    // to customers, the oldest first
}

// Link says that a delegate acts for a customer.
type Link struct {
	Delegate  ident.ID
	Customer  ident.ID
	Version   int64
	Position  string // what the delegate is there
	Linked    bool
	CreatedAt time.Time
}

// Of finds the link to a customer.
func (d Delegate) Of(customer ident.ID) (Link, bool) {
	for _, l := range d.Links {
		if l.Customer == customer {
			return l, true
		}
	}
	return Link{}, false
}

// Introduce returns the delegate of that e-mail address at home, made when
// new, and linked to the customer. change is given both as they are and may
// change the delegate's Phone and Name and the link's Position.
// Faults: invalid.delegate, not_found.customer.
func (s *Service) Introduce(ctx context.Context, realm, home, customer ident.ID, email string, change func(d *Delegate, l *Link)) (d Delegate, err error) {
	if email == "" || home == "" {
		return d, fault.At("invalid.delegate", "email", "a delegate needs an e-mail address")
	}
	once := func(tx *store.Tx) error {
		if _, err := getCustomer(tx, customer); err != nil {
			return err
		}
		var found bool
		if d, found, err = delegateByEmail(tx, home, email); err != nil {
			return err
		}
		if !found {
			d = Delegate{ID: tx.NewID(), Home: home, Email: email, CreatedAt: tx.Now()}
		}
		return link(tx, &d, customer, change)
	}
	err = s.DB.Update(ctx, realm, once)
	var exists *store.Exists
	if errors.As(err, &exists) { // somebody else introduced the same person at the same moment
		err = s.DB.Update(ctx, realm, once)
	}
	return d, err
}

// link writes the delegate and its link to a customer, as change leaves them.
func link(tx *store.Tx, d *Delegate, customer ident.ID, change func(d *Delegate, l *Link)) error {
	l, linked := d.Of(customer)
	if !linked {
		var err error
		if l, err = anyLink(tx, d.ID, customer); err != nil {
			return err
		}
		l.Position, l.Linked, l.CreatedAt = "", true, tx.Now()
	}
	before := l
	change(d, &l)
	if d.Version == 0 {
		addDelegate(tx, *d)
	} else {
		saveDelegate(tx, *d) // also when nothing differs: two who link at once meet here
	}
	d.Version++
	if !linked || l != before {
		putLink(tx, l)
		l.Version++
	}
	if !linked {
		d.Links = append(d.Links, l)
		return nil
	}
	for i := range d.Links {
		if d.Links[i].Customer == customer {
			d.Links[i] = l
		}
	}
	return nil
}

// Delegate finds a delegate. Faults: not_found.delegate.
func (s *Service) Delegate(ctx context.Context, realm, id ident.ID) (d Delegate, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		d, err = getDelegate(tx, id)
		return err
	})
	return d, err
}

// Link has a delegate act for a customer; again, it lets change change the
// link. Faults: not_found.delegate, not_found.customer.
func (s *Service) Link(ctx context.Context, realm, id, customer ident.ID, change func(l *Link)) (Delegate, error) {
	return s.delegate(ctx, realm, id, func(tx *store.Tx, d *Delegate) error {
		if _, err := getCustomer(tx, customer); err != nil {
			return err
		}
		return link(tx, d, customer, func(_ *Delegate, l *Link) { change(l) })
	})
}

// Unlink ends that a delegate acts for a customer.
// Faults: not_found.delegate, not_found.link.
func (s *Service) Unlink(ctx context.Context, realm, id, customer ident.ID) (Delegate, error) {
	return s.delegate(ctx, realm, id, func(tx *store.Tx, d *Delegate) error {
		for i, l := range d.Links {
			if l.Customer == customer {
				l.Linked = false
				putLink(tx, l)
				saveDelegate(tx, *d)
				d.Version++
				d.Links = append(d.Links[:i:i], d.Links[i+1:]...)
				return nil
			}
		}
		return fault.New("not_found.link", "the delegate does not act for this customer")
	})
}

// DeleteDelegate takes a delegate away, with all links. Faults: not_found.delegate.
func (s *Service) DeleteDelegate(ctx context.Context, realm, id ident.ID) error {
	_, err := s.delegate(ctx, realm, id, func(tx *store.Tx, d *Delegate) error {
		for _, l := range d.Links {
			l.Linked = false
			putLink(tx, l)
		}
		d.DeletedAt, d.Links = tx.Now(), nil
		saveDelegate(tx, *d)
		return nil
	})
	return err
}

func (s *Service) delegate(ctx context.Context, realm, id ident.ID, f func(tx *store.Tx, d *Delegate) error) (d Delegate, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if d, err = getDelegate(tx, id); err != nil {
			return err
		}
		return f(tx, &d)
	})
	return d, err
}

// DelegateFilter says which delegates of a realm are looked for; what is nil
// or empty does not matter. Merchants and Marketplace are those of the
// customers that a delegate acts for.
type DelegateFilter struct {
	IDs         []ident.ID
	Customers   []ident.ID
	Merchants   []ident.ID
	Marketplace ident.ID
	Emails      []string // whatever their case
	Names       []string // parts of the name
	Created     store.Span
	Page        store.Page
}

// SearchDelegates finds delegates, a page of them, and says how many there are
// in all. Faults: invalid.sort.
func (s *Service) SearchDelegates(ctx context.Context, realm ident.ID, f DelegateFilter) (list []Delegate, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, total, err = searchDelegates(tx, f)
		return err
	})
	return list, total, err
}

// Several finds customers by their ids, in no order; unknown ones are left out.
func (s *Service) Several(ctx context.Context, realm ident.ID, ids []ident.ID) (list []Customer, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, _, err = s.Search(ctx, realm, Filter{IDs: ids, Page: store.Page{Limit: int64(len(ids))}})
	return list, err
}
