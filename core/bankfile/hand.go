package bankfile

import (
	"context"
	"strings"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// What people do who carry files by hand, where no courier does.

// Make writes what waits at a creditor into a file at once, if anything does;
// found says so. Faults: forbidden.permission, not_found.creditor,
// invalid.bank_file.
func (s *Service) Make(ctx context.Context, actor access.Actor, by audit.By, creditor ident.ID) (f File, found bool, err error) {
	if err := actor.Need(access.Settings); err != nil {
		return f, false, err
	}
	err = s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		c, err := getCreditor(tx, creditor)
		if err == nil && actor.NeedMerchant(c.Merchant) != nil {
			err = fault.New("not_found.creditor", "no such creditor")
		}
		if err == nil {
			err = s.lapse(tx, c.ID)
		}
		if err != nil {
			return err
		}
		f, err = s.make(tx, &c)
		if found = f.Entries > 0; found && err == nil {
			audit.Add(tx, by, "bank_file.make", f.ID, "ok")
		}
		return err
	})
	return f, found, err
}

// handLimit is how many files one look gives to whoever carries them.
const handLimit = 100

// Waiting lists a creditor's files that have not reached the bank, oldest first,
// a hundred at the most. Faults: forbidden.permission, not_found.creditor.
func (s *Service) Waiting(ctx context.Context, actor access.Actor, creditor ident.ID) (list []File, err error) {
	err = s.view(ctx, actor, creditor, func(tx *store.Tx, _ Creditor) error {
		list, err = filesIn(tx, creditor, Made, handLimit)
		return err
	})
	return list, err
}

// All lists the creditors of a realm. Faults: forbidden.permission.
func (s *Service) All(ctx context.Context, actor access.Actor) (list []Creditor, err error) {
	if err := actor.Need(access.Read); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		all, err := creditorsOf(tx, "")
		list = nil
		for _, c := range all {
			if actor.NeedMerchant(c.Merchant) == nil {
				list = append(list, c)
			}
		}
		return err
	})
	return list, err
}

// Addressed finds the creditor that a bank's file is for: the one it names. A
// file that cannot be read is the only creditor's, or that one's whose number
// stands in it, and no other's, so that it can be put aside there. Faults:
// forbidden.permission, not_found.creditor.
func (s *Service) Addressed(ctx context.Context, actor access.Actor, text []byte) (Creditor, error) {
	list, err := s.All(ctx, actor)
	if err != nil {
		return Creditor{}, err
	}
	var named []Creditor
	for _, c := range list {
		if t, err := s.Formats[c.Bank].Read(text); err == nil && t.Creditor.Customer == c.Customer {
			return c, nil
		}
		if strings.Contains(string(text), c.Customer) {
			named = append(named, c)
		}
	}
	switch {
	case len(list) == 1:
		return list[0], nil
	case len(named) == 1:
		return named[0], nil
	}
	return Creditor{}, fault.New("not_found.creditor", "the file names none of the %d creditors", len(list))
}

// Enter works through a file that was taken, at once; else a job does. Faults:
// forbidden.permission, not_found.bank_file.
func (s *Service) Enter(ctx context.Context, actor access.Actor, id ident.ID) (f File, err error) {
	if err := actor.Need(access.Settings); err != nil {
		return f, err
	}
	err = s.work(ctx, actor.Realm, id, func(*store.Tx) error { return nil })
	if err == nil {
		err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
			f, err = getFile(tx, id)
			return err
		})
	}
	return f, err
}
