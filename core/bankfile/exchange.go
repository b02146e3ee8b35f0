package bankfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/store"
)

// A file holds this many claims at most; the next one follows at once.
const batchClaims = 5000

// sendAhead is how many days before it is due a claim goes out at the latest;
// the banks ask for a working day or more.
const sendAhead = 30

// exchange is the job of a creditor, once a day: what waits goes out in a file,
// files are carried both ways, and claims that nobody spoke of lapse.
func (s *Service) exchange(ctx context.Context, j job.Job) error {
	err := s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		c, err := getCreditor(tx, j.Object)
		if err != nil {
			return err
		}
		if err := s.lapse(tx, c.ID); err != nil {
			return err
		}
		_, err = s.make(tx, &c)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.carry(ctx, j.Realm, j.Object); err != nil {
		return err
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Again(tx, j, nextRound(tx.Now())) })
}

// make writes what waits into a file, if anything does.
func (s *Service) make(tx *store.Tx, c *Creditor) (f File, err error) {
	format := s.Formats[c.Bank]
	b := connector.Batch{Creditor: c.Creditor, At: tx.Now(), Number: c.Files + 1}
	until := string(invoice.DateOf(tx.Now().AddDate(0, 0, sendAhead), time.UTC))
	claims, err := claimsIn(tx, c.ID, Waiting, until, batchClaims)
	if err != nil {
		return f, err
	}
	recalls, err := claimsIn(tx, c.ID, Recalling, until, batchClaims)
	if err != nil {
		return f, err
	}
	f = File{ID: tx.NewID(), Version: 1, Seq: 1, Creditor: c.ID, Merchant: c.Merchant, Way: Out, State: Made, CreatedAt: tx.Now(), Number: strconv.FormatInt(b.Number, 10)}
	for i := range claims {
		b.Claims = append(b.Claims, claims[i].out())
	}
	for i := range recalls {
		b.Withdrawn = append(b.Withdrawn, recalls[i].out())
	}
	wishes, err := s.wishes(tx, *c, &b)
	if err != nil {
		return f, err
	}
	if f.Entries = int64(len(b.Claims) + len(b.Withdrawn) + len(b.Wishes)); f.Entries == 0 {
		return f, nil
	}
	text, err := format.Write(b)
	if err != nil {
		return f, err
	}
	f.Name, f.Hash = fmt.Sprintf("%s-%s-%06d", c.Bank, c.ID, b.Number), hashOf(text)
	if err := s.seal(tx, &f, text); err != nil {
		return f, err
	}
	addFile(tx, f)
	c.Files++
	saveCreditor(tx, c)
	for i := range wishes {
		if err := s.saveMandate(tx, &wishes[i], true, "bank_mandate.asked"); err != nil {
			return f, err
		}
	}
	for _, list := range [][]Claim{claims, recalls} {
		for i := range list {
			typ := "bank_claim.sent"
			if list[i].State == Recalling {
				list[i].State, typ = Recalled, "bank_claim.recalled"
			} else {
				list[i].State, list[i].File = Sent, f.ID
			}
			if err := s.saveClaim(tx, &list[i], typ); err != nil {
				return f, err
			}
		}
	}
	return f, s.tell(tx, f.ID, f.Seq, f.Merchant, "bank_file.made", map[string]string{"name": f.Name}, f)
}

// wishes puts the mandates that are to be asked for, or ended, into a batch,
// and gives them back as they are once it has gone out.
func (s *Service) wishes(tx *store.Tx, c Creditor, b *connector.Batch) (list []Mandate, err error) {
	if !s.asks(c.Bank) {
		return nil, nil
	}
	wanted, err := mandatesIn(tx, c.ID, Wanted, batchClaims)
	if err != nil {
		return nil, err
	}
	ending, err := mandatesIn(tx, c.ID, Ending, batchClaims)
	if err != nil {
		return nil, err
	}
	for _, m := range wanted {
		a, err := s.account(tx, m)
		if err != nil {
			return nil, err
		}
		b.Wishes = append(b.Wishes, connector.BankWish{Payer: m.Payer, Account: a.Number, Person: a.Person})
		m.State, m.sealed, m.keyVersion = Asked, nil, 0
		list = append(list, m)
	}
	for _, m := range ending {
		b.Wishes = append(b.Wishes, connector.BankWish{Payer: m.Payer, End: true})
		m.State = Ended
		list = append(list, m)
	}
	return list, nil
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// carry takes files to the bank and fetches its own, with no transaction open
// while the courier is asked.
func (s *Service) carry(ctx context.Context, realm, creditor ident.ID) error {
	env, err := s.Environment(ctx, realm)
	if err != nil {
		return err
	}
	courier := s.Couriers[env]
	if courier == nil {
		return nil
	}
	var c Creditor
	var out []connector.BankFile
	var made []File
	var wanted []Mandate
	var at time.Time
	err = s.DB.View(ctx, realm, func(tx *store.Tx) (err error) {
		at, out = tx.Now(), nil
		if c, err = getCreditor(tx, creditor); err != nil {
			return err
		}
		if made, err = filesIn(tx, creditor, Made, 100); err != nil {
			return err
		}
		for _, f := range made {
			text, err := s.text(tx, f)
			if err != nil {
				return err
			}
			out = append(out, connector.BankFile{Customer: c.Customer, Name: f.Name, Body: text})
		}
		wanted, err = mandatesIn(tx, creditor, Wanted, 1000)
		return err
	})
	if err != nil {
		return err
	}
	for i, f := range out {
		if err := courier.SendFile(ctx, c.Bank, f, at); err != nil {
			return err
		}
		if err := s.sent(ctx, realm, made[i].ID); err != nil {
			return err
		}
	}
	if payers, ok := courier.(connector.Consenter); ok && !s.asks(c.Bank) {
		for _, m := range wanted {
			if err := payers.Consent(ctx, c.Bank, c.Creditor, m.Reference, at); err != nil {
				return err
			}
		}
	}
	in, err := courier.FetchFiles(ctx, c.Bank, c.Customer, c.Fetched, at)
	if err != nil {
		return err
	}
	for _, f := range in {
		if _, err := s.take(ctx, realm, creditor, f.Name, f.Body, true); err != nil {
			return err
		}
	}
	return nil
}

// sent writes down that a file has reached the bank.
func (s *Service) sent(ctx context.Context, realm, id ident.ID) error {
	return s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		f, err := getFile(tx, id)
		if err != nil || f.State != Made {
			return err
		}
		return s.sentIn(tx, &f)
	})
}

func (s *Service) sentIn(tx *store.Tx, f *File) error {
	f.State, f.DoneAt = Delivered, tx.Now()
	f.Seq++
	saveFile(tx, f)
	return s.tell(tx, f.ID, f.Seq, f.Merchant, "bank_file.sent", map[string]string{"name": f.Name}, *f)
}

// Deliver says that somebody took a file to the bank by hand. Said twice, it
// changes nothing. Faults: forbidden.permission, not_found.bank_file,
// conflict.bank_file (it is one that came in).
func (s *Service) Deliver(ctx context.Context, actor access.Actor, by audit.By, id ident.ID) (f File, err error) {
	if err := actor.Need(access.Settings); err != nil {
		return f, err
	}
	err = s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		f, err = getFile(tx, id)
		switch {
		case err != nil:
			return err
		case actor.NeedMerchant(f.Merchant) != nil:
			return fault.New("not_found.bank_file", "no such file")
		case f.Way != Out:
			return fault.New("conflict.bank_file", "this file came in")
		case f.State == Delivered:
			return nil
		}
		audit.Add(tx, by, "bank_file.deliver", id, "ok")
		return s.sentIn(tx, &f)
	})
	return f, err
}

// place splits what a format says of a bad file.
func place(err error) (line, reason string) {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Param, f.Msg
	}
	return "file", "it cannot be read"
}
