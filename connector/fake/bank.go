package fake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
)

// Bank is the clearing house of test mode, and all payers' banks behind it, in
// Norway ("nets") and in Sweden ("bankgirot"). It takes files and answers in
// files: mandates, payments, refusals. It reads and writes their records by its
// own hand, so that a mistake in a layout cannot be undone by the same mistake
// here, and keeps books of its own.
//
// It works once a day, at five in the morning UTC, for every day that has
// begun: payers who were asked a day before agree, claims that are due are paid
// or not, by the payer's Fate. Time comes with each question.
type Bank struct {
	mu    sync.Mutex
	file  *os.File // nil: in memory
	state map[string]*creditor
}

// Fate is what becomes of a payer's next claim.
type Fate string

// The fates. Without one, the last two digits of the amount decide: 61 to 64
// are these four, in this order; any other is paid.
const (
	FatePaid  Fate = "paid"
	FateShort Fate = "short" // there is no cover
	FateLate  Fate = "late"  // there is cover a day later
	FateClose Fate = "close" // the account is closed; the mandate ends with it
	FateBack  Fate = "back"  // paid, and taken back three days later
)

var fates = map[int64]Fate{61: FateShort, 62: FateLate, 63: FateClose, 64: FateBack}

// BankEntry is a line of the bank's books: money on a creditor's account, or
// taken from it.
type BankEntry struct {
	Bank, Customer, Reference string
	Minor                     int64 // negative when it was taken back
	On                        string
}

// creditor is what the bank keeps of one.
type creditor struct {
	Bank, Customer, Account, Agreement string
	Day                                string // the last day that was worked through
	Serial                             int64
	Seen                               map[string]string // files taken, and their sums
	Unreadable                         []string
	Payers                             map[int64]*payer
	Claims                             []*claim
	Out                                []connector.BankFile
	Entries                            []BankEntry
}

// payer is one who has agreed to pay by direct debit, or was asked to.
type payer struct {
	Asked, Agreed, Ended bool
	Since                string // the day of the last change
	Told                 bool
	Fates                []Fate
	Account, Person      string
	Reference            string
}

type claim struct {
	Payer          int64
	Reference, Due string
	Minor          int64
	State          string // held, late, paid, back, gone
	Code           string // of a refusal that is to be told
}

const isoDay = time.DateOnly

// OpenBank starts a bank on the file of its books, or in memory for "".
// Faults: internal.
func OpenBank(path string) (*Bank, error) {
	b := &Bank{state: map[string]*creditor{}}
	if path == "" {
		return b, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, "the test bank's books cannot be opened")
	}
	b.file = f
	return b, b.do(func() error { return nil })
}

// Close lets go of the file of the books.
func (b *Bank) Close() error {
	if b.file == nil {
		return nil
	}
	return b.file.Close()
}

// do runs f on the books, which processes of one machine share by the file.
func (b *Bank) do(f func() error) (err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return f()
	}
	if err := lock(b.file); err != nil {
		return fault.Wrap(err, "the test bank's books cannot be locked")
	}
	defer func() {
		if e := unlock(b.file); err == nil && e != nil {
			err = fault.Wrap(e, "the test bank's books cannot be unlocked")
		}
	}()
	text, err := io.ReadAll(io.NewSectionReader(b.file, 0, 1<<30))
	if err == nil && len(text) > 0 {
		b.state = map[string]*creditor{}
		err = json.Unmarshal(text, &b.state)
	}
	if err != nil {
		return fault.Wrap(err, "the test bank's books cannot be read")
	}
	if err := f(); err != nil {
		return err
	}
	after, err := json.Marshal(b.state)
	if err == nil && string(after) != string(text) {
		if _, err = b.file.WriteAt(after, 0); err == nil {
			err = b.file.Truncate(int64(len(after)))
		}
	}
	if err != nil {
		return fault.Wrap(err, "the test bank's books cannot be written")
	}
	return nil
}

// of is the creditor of that number, which the bank has known since at.
func (b *Bank) of(bank, customer string, at time.Time) *creditor {
	c := b.state[bank+"/"+customer]
	if c == nil {
		c = &creditor{Bank: bank, Customer: customer, Day: at.UTC().AddDate(0, 0, -1).Format(isoDay), Seen: map[string]string{}, Payers: map[int64]*payer{}}
		b.state[bank+"/"+customer] = c
	}
	return c
}

func (c *creditor) payer(n int64) *payer {
	if c.Payers[n] == nil {
		c.Payers[n] = &payer{Told: true}
	}
	return c.Payers[n]
}

// SendFile takes a creditor's file, once for each name. What cannot be read is
// put aside, as a bank would: no answer comes. Faults: invalid.bank (there is
// no such bank), conflict.bank_file (another file of that name), internal.
func (b *Bank) SendFile(_ context.Context, bank string, f connector.BankFile, at time.Time) error {
	return b.do(func() error {
		read := map[string]func(*creditor, []string, string) string{"nets": (*creditor).takeNorway, "bankgirot": (*creditor).takeSweden}[bank]
		if read == nil {
			return fault.New("invalid.bank", "there is no bank %q in test mode", bank)
		}
		c := b.of(bank, f.Customer, at)
		sum := sha256.Sum256(f.Body)
		switch seen := c.Seen[f.Name]; seen {
		case hex.EncodeToString(sum[:]):
			return nil
		case "":
		default:
			return fault.New("conflict.bank_file", "a file %q was sent before, and was another", f.Name)
		}
		c.Seen[f.Name] = hex.EncodeToString(sum[:])
		if reason := read(c, lines(f.Body), at.UTC().Format(isoDay)); reason != "" {
			c.Unreadable = append(c.Unreadable, f.Name+": "+reason)
		}
		return nil
	})
}

// FetchFiles lists the bank's files for a creditor that come after one of that
// name, oldest first; "" for all. Fault: internal.
func (b *Bank) FetchFiles(_ context.Context, bank, customer, after string, at time.Time) (list []connector.BankFile, err error) {
	err = b.do(func() error {
		c := b.of(bank, customer, at)
		c.work(at)
		from := 0
		for i, f := range c.Out {
			if f.Name == after {
				from = i + 1
			}
		}
		list = slices.Clone(c.Out[from:])
		return nil
	})
	return list, err
}

// Consent makes a payer, whose reference a creditor has told them, go to their
// bank and agree to be debited: the next day's file says so. A repeat changes
// nothing. It is how Norwegian mandates are made. Fault: internal.
func (b *Bank) Consent(_ context.Context, bank string, to connector.Creditor, reference string, at time.Time) error {
	return b.do(func() error {
		c := b.of(bank, to.Customer, at)
		c.Account = to.Account
		p := c.payer(payerIn(reference))
		if !p.Asked && !p.Agreed {
			*p = payer{Asked: true, Since: at.UTC().Format(isoDay), Told: true, Fates: p.Fates, Reference: reference}
		}
		return nil
	})
}

// Revoke makes a payer end the mandate at their bank. Fault: internal.
func (b *Bank) Revoke(bank, customer string, number int64, at time.Time) error {
	return b.do(func() error {
		if p := b.of(bank, customer, at).payer(number); p.Agreed {
			p.Agreed, p.Ended, p.Told, p.Since = false, true, false, at.UTC().Format(isoDay)
		}
		return nil
	})
}

// Expect says what becomes of a payer's next claims, one after the other.
// Fault: internal.
func (b *Bank) Expect(bank, customer string, number int64, next ...Fate) error {
	return b.do(func() error {
		c := b.state[bank+"/"+customer]
		if c == nil {
			c = &creditor{Bank: bank, Customer: customer, Seen: map[string]string{}, Payers: map[int64]*payer{}}
			b.state[bank+"/"+customer] = c
		}
		c.payer(number).Fates = append(c.payer(number).Fates, next...)
		return nil
	})
}

// Entries are the bank's books, oldest first, and the files that it could not
// read. Fault: internal.
func (b *Bank) Entries() (list []BankEntry, unreadable []string, err error) {
	err = b.do(func() error {
		for _, c := range b.state {
			list, unreadable = append(list, c.Entries...), append(unreadable, c.Unreadable...)
		}
		slices.SortStableFunc(list, func(x, y BankEntry) int { return compare(x.On+x.Reference, y.On+y.Reference) })
		return nil
	})
	return list, unreadable, err
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// work does what fell due on each day that has begun since.
func (c *creditor) work(at time.Time) {
	until := at.UTC().Add(-5 * time.Hour).Format(isoDay)
	if c.Day == "" {
		c.Day = at.UTC().AddDate(0, 0, -1).Format(isoDay)
	}
	for c.Day < until {
		day, err := time.Parse(isoDay, c.Day)
		if err != nil {
			return
		}
		day = day.AddDate(0, 0, 1)
		c.Day = day.Format(isoDay)
		changed := c.agree()
		paid, back, refused := c.debit()
		if c.Bank == "nets" {
			c.answerNorway(day, changed, paid, back)
		} else {
			c.answerSweden(day, changed, paid, back, refused)
		}
	}
}

// agree lets those agree who were asked before today, and lists, in order, all
// payers whose mandate has changed.
func (c *creditor) agree() (changed []int64) {
	for n, p := range c.Payers {
		if p.Asked && p.Since < c.Day {
			p.Asked, p.Agreed, p.Ended, p.Told = false, true, false, false
		}
		if !p.Told && p.Since < c.Day {
			p.Told = true
			changed = append(changed, n)
		}
	}
	slices.Sort(changed)
	return changed
}

// debit decides on the claims that are due, and on what is taken back.
func (c *creditor) debit() (paid, back, refused []*claim) {
	for _, x := range c.Claims {
		p := c.payer(x.Payer)
		switch {
		case x.State == "held" && !p.Agreed && (c.Bank == "bankgirot" || x.Due <= c.Day):
			x.State, x.Code = "gone", "01"
			refused = append(refused, x)
		case x.State == "held" && x.Due <= c.Day:
			c.meet(x, p)
			if x.State == "gone" || x.State == "late" {
				refused = append(refused, x)
				continue
			}
			paid = append(paid, x)
			c.book(x, x.Minor)
		case x.State == "late" && x.Due < c.Day:
			x.State = "paid"
			paid = append(paid, x)
			c.book(x, x.Minor)
		}
	}
	return paid, c.takeBack(paid), refused
}

// takeBack takes back what was paid three days ago. A Norwegian file has no
// place for a sum below zero, so there it waits for a day with as much income.
func (c *creditor) takeBack(paid []*claim) (back []*claim) {
	income := int64(0)
	for _, x := range paid {
		income += x.Minor
	}
	for _, x := range c.Claims {
		if x.State != "back" || plus(x.Due, 3) > c.Day || c.Bank == "nets" && x.Minor > income {
			continue
		}
		x.State = "gone"
		income -= x.Minor
		back = append(back, x)
		c.book(x, -x.Minor)
	}
	return back
}

// meet is a claim that meets its payer's fate.
func (c *creditor) meet(x *claim, p *payer) {
	fate := fates[x.Minor%100]
	if len(p.Fates) > 0 {
		fate, p.Fates = p.Fates[0], p.Fates[1:]
	}
	x.State, x.Code = "paid", "0"
	switch fate {
	case FateShort:
		x.State, x.Code = "gone", "1"
	case FateLate:
		x.State, x.Code, x.Due = "late", "9", c.Day
	case FateClose:
		x.State, x.Code = "gone", "2"
		p.Agreed, p.Ended, p.Told, p.Since = false, true, false, c.Day
	case FateBack:
		x.State, x.Due = "back", c.Day
	}
}

func (c *creditor) book(x *claim, minor int64) {
	c.Entries = append(c.Entries, BankEntry{Bank: c.Bank, Customer: c.Customer, Reference: x.Reference, Minor: minor, On: c.Day})
}

func plus(day string, n int) string {
	t, err := time.Parse(isoDay, day)
	if err != nil {
		return day
	}
	return t.AddDate(0, 0, n).Format(isoDay)
}
