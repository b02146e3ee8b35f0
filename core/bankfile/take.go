package bankfile

import (
	"context"
	"errors"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/store"
)

// A run of the reading job takes this many entries in one transaction.
const batchEntries = 200

// Take takes in a bank's file that somebody brought. The same file brought
// again is the same file, and changes nothing. One in which anything is wrong
// is kept, in quarantine: its Place and Reason say what. Faults:
// forbidden.permission, not_found.creditor.
func (s *Service) Take(ctx context.Context, actor access.Actor, by audit.By, creditor ident.ID, name string, text []byte) (File, error) {
	if err := actor.Need(access.Settings); err != nil {
		return File{}, err
	}
	err := s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		c, err := getCreditor(tx, creditor)
		if err == nil && actor.NeedMerchant(c.Merchant) != nil {
			err = fault.New("not_found.creditor", "no such creditor")
		}
		if err == nil {
			audit.Add(tx, by, "bank_file.take", creditor, "ok")
		}
		return err
	})
	if err != nil {
		return File{}, err
	}
	return s.take(ctx, actor.Realm, creditor, name, text, false)
}

// take is Take for whoever has been let in. fetched says that the courier need
// not bring files up to this one again.
func (s *Service) take(ctx context.Context, realm, creditor ident.ID, name string, text []byte, fetched bool) (f File, err error) {
	once := func(tx *store.Tx) error {
		c, err := getCreditor(tx, creditor)
		if err != nil {
			return err
		}
		if fetched {
			c.Fetched = name
			saveCreditor(tx, &c)
		}
		known, err := fileBy(tx, c.ID, hashOf(text), "")
		if err != nil || len(known) > 0 {
			if err == nil {
				f = known[0]
			}
			return err
		}
		f = File{ID: tx.NewID(), Version: 1, Seq: 1, Creditor: c.ID, Merchant: c.Merchant, Way: In, Name: name, Hash: hashOf(text), CreatedAt: tx.Now()}
		tidings, err := s.judge(tx, c, &f, text)
		if err != nil {
			return err
		}
		if err := s.seal(tx, &f, text); err != nil {
			return err
		}
		addFile(tx, f)
		if f.State == Quarantined {
			return s.tell(tx, f.ID, f.Seq, f.Merchant, "bank_file.quarantined", map[string]string{"name": f.Name, "place": f.Place, "reason": f.Reason}, f)
		}
		if err := addEntries(tx, f, tidings); err != nil {
			return err
		}
		job.Add(tx, "bankfile.read", f.ID, tx.Now())
		return s.tell(tx, f.ID, f.Seq, f.Merchant, "bank_file.taken", map[string]string{"name": f.Name}, f)
	}
	err = s.DB.Update(ctx, realm, once)
	var exists *store.Exists
	if errors.As(err, &exists) { // it was brought twice at the same moment
		err = s.DB.Update(ctx, realm, once)
	}
	return f, err
}

// judge reads a file and decides whether it is taken.
func (s *Service) judge(tx *store.Tx, c Creditor, f *File, text []byte) (t connector.Tidings, err error) {
	aside := func(line, reason string) (connector.Tidings, error) {
		f.State, f.Place, f.Reason = Quarantined, line, reason
		return connector.Tidings{}, nil
	}
	t, err = s.Formats[c.Bank].Read(text)
	if err != nil {
		return aside(place(err))
	}
	f.Number = t.Number
	if t.Creditor.Customer != c.Customer || t.Creditor.Account != "" && t.Creditor.Account != c.Account {
		return aside("file", "it is for another creditor")
	}
	if t.Number != "" {
		before, err := fileBy(tx, c.ID, "", t.Number)
		if err != nil {
			return t, err
		}
		for _, b := range before {
			if b.State != Quarantined {
				return aside("file", "another file with the number "+t.Number+" was taken before")
			}
		}
	}
	f.State, f.Entries = Taken, int64(len(t.Mandates)+len(t.Payments)+len(t.Refusals))
	return t, nil
}

func addEntries(tx *store.Tx, f File, t connector.Tidings) error {
	n := int64(0)
	add := func(e Entry) error {
		n++
		e.File, e.N, e.Version, e.State = f.ID, n, 1, New
		return addEntry(tx, e)
	}
	var err error
	for i := range t.Mandates {
		err = errors.Join(err, add(Entry{Mandate: &t.Mandates[i]}))
	}
	for i := range t.Payments {
		err = errors.Join(err, add(Entry{Payment: &t.Payments[i]}))
	}
	for i := range t.Refusals {
		err = errors.Join(err, add(Entry{Refusal: &t.Refusals[i]}))
	}
	return err
}

// read is the job that works through a file that was taken.
func (s *Service) read(ctx context.Context, j job.Job) error {
	return s.work(ctx, j.Realm, j.Object, func(tx *store.Tx) error { return job.Done(tx, j) })
}

// work takes a file's entries in, a batch in a transaction, and ends with done in the
// last one. Entries that were taken in are passed over, so it may begin anew.
func (s *Service) work(ctx context.Context, realm, file ident.ID, done func(tx *store.Tx) error) error {
	for {
		more := false
		err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
			f, err := getFile(tx, file)
			if err != nil {
				return err
			}
			list, err := entriesIn(tx, f.ID, New, batchEntries)
			if err != nil {
				return err
			}
			c, err := getCreditor(tx, f.Creditor)
			if err != nil {
				return err
			}
			for _, e := range list {
				if err := s.enter(tx, c, f, e); err != nil {
					return err
				}
			}
			if more = len(list) == batchEntries; more {
				return nil
			}
			if f.State == Taken {
				f.State, f.DoneAt = Read, tx.Now()
				f.Seq++
				saveFile(tx, &f)
				if err := s.tell(tx, f.ID, f.Seq, f.Merchant, "bank_file.read", map[string]string{"name": f.Name}, f); err != nil {
					return err
				}
			}
			return done(tx)
		})
		if err != nil || !more {
			return err
		}
	}
}

// enter takes one entry in.
func (s *Service) enter(tx *store.Tx, c Creditor, f File, e Entry) error {
	ours, reason, err := true, "", error(nil)
	switch {
	case e.Mandate != nil:
		if ours, err = s.word(tx, c.ID, *e.Mandate); !ours {
			reason = "no mandate of that payer"
		}
	case e.Refusal != nil:
		if ours, err = s.refuse(tx, c.ID, *e.Refusal); !ours {
			reason = "no such claim is open"
		}
	case e.Payment != nil:
		reason, err = s.book(tx, c, f, *e.Payment)
		ours = reason == ""
	}
	if err != nil {
		return err
	}
	if e.State = Done; !ours {
		e.State, e.Reason = Unmatched, reason
	}
	return saveEntry(tx, e)
}

// book books a payment on the invoice that it names: the reason why it cannot
// is given back, and the money waits in suspense then.
func (s *Service) book(tx *store.Tx, c Creditor, f File, p connector.BankPayment) (reason string, err error) {
	t := invoice.Transfer{ID: string(c.ID) + "/" + p.ID, Reference: p.Reference, Amount: p.Amount, Merchant: c.Merchant}
	if p.Back {
		_, err = s.Invoices.TakeBackIn(tx, t)
	} else if _, err = s.Invoices.ReceiveIn(tx, t); err == nil {
		err = s.settle(tx, c.ID, p)
	}
	if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Invalid) {
		return "", err
	}
	_, reason = place(err)
	d := ledger.Deal{Object: ledger.Object{Kind: "bank_file", ID: f.ID}, Merchant: c.Merchant}
	unexplained := d.Unexplained(p.Amount)
	if p.Back {
		unexplained = d.TakenUnexplained(p.Amount)
	}
	_, err = ledger.Post(tx, unexplained)
	return reason, err
}
