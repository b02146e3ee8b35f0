package fake

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// journal is the file of the books, only ever appended to. Each line is one
// change, a JSON array of entries: a charge as it stands from now on, a
// callback queued, or callbacks taken. Whoever writes holds the file's lock,
// reads what others appended, decides, and appends in one write. A process
// killed in the middle leaves a line without an end, which the next writer
// cuts off whole: what it meant to say was never answered.
type journal struct {
	f    *os.File
	read int64 // how far this process has read
}

// entry is one part of a change: a charge, a call, or places taken.
type entry struct {
	Call *call `json:"call,omitempty"`
	Took []int `json:"took,omitempty"`

	Payout    *payout    `json:"payout,omitempty"`
	Agreement *agreement `json:"agreement,omitempty"`
	Terminal  *terminal  `json:"terminal,omitempty"`

	N        *int32          `json:"n,omitempty"`
	Root     *int32          `json:"root,omitempty"`
	Attempt  ident.ID        `json:"attempt,omitempty"`
	Account  string          `json:"account,omitempty"`
	Kind     connector.Kind  `json:"kind,omitempty"`
	Method   method.Name     `json:"method,omitempty"`
	Brand    string          `json:"brand,omitempty"`
	State    connector.State `json:"state,omitempty"`
	Code     string          `json:"code,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Currency money.Currency  `json:"currency,omitempty"`
	Amount   string          `json:"amount,omitempty"` // amounts in the method's own unit
	Captured string          `json:"captured,omitempty"`
	Voided   string          `json:"voided,omitempty"`
	Refunded string          `json:"refunded,omitempty"`
	Disputed string          `json:"disputed,omitempty"`
	BIN      string          `json:"bin,omitempty"`
	Last4    string          `json:"last4,omitempty"`
	Auth     string          `json:"auth,omitempty"`
	Risk     bool            `json:"risk,omitempty"`
	Bank     bool            `json:"bank,omitempty"`
	Fault    Fault           `json:"fault,omitempty"`
	At       int64           `json:"at,omitempty"`
	Done     int64           `json:"done,omitempty"`
	Due      int64           `json:"due,omitempty"`
	Turn     *turn           `json:"turn,omitempty"`
	Visit    *visit          `json:"visit,omitempty"`
}

func entryOf(c *charge) entry {
	l := entry{N: &c.N, Attempt: c.Attempt, Account: c.Account, Kind: c.Kind, Method: c.Method, Brand: c.Brand, State: c.State, Code: c.Code,
		Reason: c.Reason, Currency: c.Currency, Amount: c.text(c.Amount), BIN: c.BIN, Last4: c.Last4, Auth: c.Auth, Risk: c.Risk,
		Bank: c.Bank, Fault: c.Fault, At: c.At, Done: c.Done, Due: c.Due, Visit: c.Visit}
	n := c.N
	l.N = &n
	if c.Root >= 0 {
		root := c.Root
		l.Root = &root
	}
	for _, part := range []struct {
		n  int64
		to *string
	}{{c.Captured, &l.Captured}, {c.Voided, &l.Voided}, {c.Refunded, &l.Refunded}, {c.Disputed, &l.Disputed}} {
		if part.n != 0 {
			*part.to = c.text(part.n)
		}
	}
	if c.Due > 0 {
		t := c.Turn
		l.Turn = &t
	}
	return l
}

// charge reads an entry back; next is the number that a new charge would get.
func (l entry) charge(next int32) (charge, error) {
	if l.N == nil || *l.N < 0 || *l.N > next {
		return charge{}, errors.New("a charge out of order")
	}
	c := charge{N: *l.N, Root: -1, Attempt: l.Attempt, Account: l.Account, Kind: l.Kind, Method: l.Method, Brand: l.Brand, State: l.State,
		Code: l.Code, Reason: l.Reason, Currency: l.Currency, BIN: l.BIN, Last4: l.Last4, Auth: l.Auth, Risk: l.Risk, Bank: l.Bank,
		Fault: l.Fault, At: l.At, Done: l.Done, Due: l.Due, Visit: l.Visit}
	if l.Root != nil {
		if *l.Root < 0 || *l.Root >= c.N { // also what keeps root from running in a circle
			return charge{}, errors.New("an operation on no charge")
		}
		c.Root = *l.Root
	}
	if l.Turn != nil {
		c.Turn = *l.Turn
	}
	for _, part := range []struct {
		from string
		to   *int64
	}{{l.Amount, &c.Amount}, {l.Captured, &c.Captured}, {l.Voided, &c.Voided}, {l.Refunded, &c.Refunded}, {l.Disputed, &c.Disputed}} {
		if part.from == "" {
			continue
		}
		n, ok := c.unit().parse(part.from)
		if !ok {
			return charge{}, fmt.Errorf("%q is no amount in %s", part.from, c.unit().name)
		}
		*part.to = n
	}
	return c, nil
}

func openJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &journal{f: f}, nil
}

// locked holds the file while it applies what others wrote and appends what
// decide wants written.
func (j *journal) locked(apply func(entry) error, decide func() []entry) (err error) {
	if err := lock(j.f); err != nil {
		return fmt.Errorf("lock the books: %w", err)
	}
	defer func() { err = errors.Join(err, unlock(j.f)) }()
	if err := j.catchUp(apply); err != nil {
		return err
	}
	return j.append(decide())
}

// catchUp applies the lines that were appended since, and cuts off a line that
// its writer did not live to finish.
func (j *journal) catchUp(apply func(entry) error) error {
	info, err := j.f.Stat()
	if err != nil {
		return err
	}
	switch {
	case info.Size() == j.read:
		return nil
	case info.Size() < j.read:
		return errors.New("the books became shorter: somebody cut them")
	}
	in := bufio.NewReaderSize(io.NewSectionReader(j.f, j.read, info.Size()-j.read), 1<<16)
	for {
		text, err := in.ReadBytes('\n')
		if err == io.EOF {
			if len(text) == 0 {
				return nil
			}
			return j.f.Truncate(j.read)
		}
		if err != nil {
			return err
		}
		var change []entry
		err = json.Unmarshal(text, &change)
		for i := 0; i < len(change) && err == nil; i++ {
			err = apply(change[i])
		}
		if err != nil {
			return fmt.Errorf("the books are damaged at byte %d: %w", j.read, err)
		}
		j.read += int64(len(text))
	}
}

func (j *journal) append(change []entry) error {
	if len(change) == 0 {
		return nil
	}
	text, err := json.Marshal(change)
	if err != nil {
		return err
	}
	n, err := j.f.Write(append(text, '\n'))
	if err != nil {
		return err
	}
	j.read += int64(n)
	return nil
}
