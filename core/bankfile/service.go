package bankfile

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Service keeps creditors, mandates, claims and files.
type Service struct {
	DB       *store.DB
	Events   *event.Log
	Vault    *vault.Service
	Invoices *invoice.Service
	Formats  map[string]connector.BankFormat // by name
	Log      *slog.Logger
	// Environment tells which environment a realm is in.
	Environment func(ctx context.Context, realm ident.ID) (access.Environment, error)
	// Couriers carry files, by environment. Without one, files wait until
	// somebody takes them to the bank by hand, and brings its own.
	Couriers map[access.Environment]connector.Courier
}

// Register hands the jobs of this package to the queue.
func (s *Service) Register(q *job.Queue) {
	q.Handle("bankfile.exchange", s.exchange)
	q.Handle("bankfile.read", s.read)
}

// AddCreditor sets a merchant up with a bank. Faults, in the order checked:
// forbidden.permission, not_found.merchant, invalid.bank, invalid.creditor,
// conflict.creditor (the merchant, or another one under that number, is set up
// with the bank already).
func (s *Service) AddCreditor(ctx context.Context, actor access.Actor, by audit.By, c Creditor) (Creditor, error) {
	if err := actor.Need(access.Settings); err != nil {
		return c, err
	}
	if err := actor.NeedMerchant(c.Merchant); err != nil {
		return c, err
	}
	f := s.Formats[c.Bank]
	if f == nil {
		return c, fault.At("invalid.bank", "bank", "no bank whose files are known")
	}
	if err := f.CheckCreditor(c.Creditor); err != nil {
		return c, err
	}
	err := s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		if _, err := merchant.MerchantIn(tx, c.Merchant); err != nil {
			return err
		}
		c.ID, c.Version, c.CreatedAt, c.Payers, c.Files, c.Fetched = tx.NewID(), 1, tx.Now(), 0, 0, ""
		addCreditor(tx, c)
		job.Add(tx, "bankfile.exchange", c.ID, nextRound(tx.Now()))
		audit.Add(tx, by, "bank_creditor.add", c.ID, "ok")
		return nil
	})
	var exists *store.Exists
	if errors.As(err, &exists) {
		err = fault.New("conflict.creditor", "this is set up with the bank already")
	}
	return c, err
}

// Creditors lists what a merchant is set up as. Faults: forbidden.permission,
// not_found.merchant.
func (s *Service) Creditors(ctx context.Context, actor access.Actor, merchant ident.ID) (list []Creditor, err error) {
	if err := actor.Need(access.Read); err != nil {
		return nil, err
	}
	if err := actor.NeedMerchant(merchant); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		list, err = creditorsOf(tx, merchant)
		return err
	})
	return list, err
}

// For is the creditor through which a merchant is paid in a currency, if it is
// set up with a bank there.
func (s *Service) For(tx *store.Tx, merchant ident.ID, c money.Currency) (Creditor, bool, error) {
	for name, f := range s.Formats {
		if f.Currency() == c {
			return creditorOf(tx, merchant, name)
		}
	}
	return Creditor{}, false, nil
}

// Files lists a creditor's files, newest first, below an id ("" for the newest),
// up to limit. Faults: forbidden.permission, not_found.creditor.
func (s *Service) Files(ctx context.Context, actor access.Actor, creditor, below ident.ID, limit int) (list []File, err error) {
	err = s.view(ctx, actor, creditor, func(tx *store.Tx, _ Creditor) error {
		list, err = filesOf(tx, creditor, below, limit)
		return err
	})
	return list, err
}

// Text is what a file says, byte for byte. Who reads it reads names and
// amounts, so the audit trail has a line of it. Faults: forbidden.permission,
// not_found.bank_file.
func (s *Service) Text(ctx context.Context, actor access.Actor, by audit.By, id ident.ID) (f File, text []byte, err error) {
	if err := actor.Need(access.Read); err != nil {
		return f, nil, err
	}
	err = s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		if f, err = getFile(tx, id); err != nil {
			return err
		}
		if actor.NeedMerchant(f.Merchant) != nil {
			return fault.New("not_found.bank_file", "no such file")
		}
		audit.Add(tx, by, "bank_file.text", id, "ok")
		text, err = s.text(tx, f)
		return err
	})
	return f, text, err
}

// UnmatchedIn lists a file's entries that name nothing of ours. Faults:
// forbidden.permission, not_found.bank_file.
func (s *Service) UnmatchedIn(ctx context.Context, actor access.Actor, file ident.ID) (list []Entry, err error) {
	if err := actor.Need(access.Read); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		f, err := getFile(tx, file)
		if err == nil && actor.NeedMerchant(f.Merchant) != nil {
			err = fault.New("not_found.bank_file", "no such file")
		}
		if err == nil {
			list, err = entriesIn(tx, file, Unmatched, 1000)
		}
		return err
	})
	return list, err
}

func (s *Service) view(ctx context.Context, actor access.Actor, creditor ident.ID, f func(tx *store.Tx, c Creditor) error) error {
	if err := actor.Need(access.Read); err != nil {
		return err
	}
	return s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		c, err := getCreditor(tx, creditor)
		if err == nil && actor.NeedMerchant(c.Merchant) != nil {
			err = fault.New("not_found.creditor", "no such creditor")
		}
		if err != nil {
			return err
		}
		return f(tx, c)
	})
}

// seal keeps a file's text. It is sealed before the file has its first row.
func (s *Service) seal(tx *store.Tx, f *File, text []byte) error {
	sealed, err := s.Vault.Seal(tx, sealedFile, f.ID, text)
	f.sealed, f.keyVersion = sealed.Bytes, sealed.Version
	return err
}

func (s *Service) text(tx *store.Tx, f File) ([]byte, error) {
	return s.Vault.Open(tx, sealedFile, f.ID, vault.Sealed{Version: f.keyVersion, Bytes: f.sealed})
}

// nextRound is the next six o'clock in the morning, UTC, after a moment: by
// then the banks have put out their files of the day.
func nextRound(now time.Time) time.Time {
	at := time.Date(now.Year(), now.Month(), now.Day(), 6, 0, 0, 0, time.UTC)
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at
}

// tell writes an event of a mandate, a claim or a file.
func (s *Service) tell(tx *store.Tx, object ident.ID, seq int64, merchant ident.ID, typ string, data map[string]string, subject any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return s.Events.Add(tx, event.Event{Object: object, Seq: seq, Type: typ, Merchant: merchant, Data: string(b), Subject: subject})
}
