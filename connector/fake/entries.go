package fake

import (
	"cmp"
	"slices"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Entry is one line of the books, for reconciliation.
type Entry struct {
	Attempt   ident.ID
	Original  ident.ID // the attempt it operates on, or ""
	Reference string
	Account   string
	Method    method.Name
	Kind      connector.Kind
	State     connector.State
	Code      string
	Amount    string // in Unit, the books' own
	Unit      string
	Currency  money.Currency
	Money     money.Amount // Amount again, in the core's terms by the books' own table
	BIN       string
	Last4     string
	Bank      bool // the payer or a bank made it; no question of ours did
	At        time.Time
}

// Total is what came in and went out for one account, method and currency, in
// the books' own unit.
type Total struct {
	Account  string
	Method   method.Name
	Currency money.Currency
	Unit     string
	Held     string // authorised, neither captured nor released
	Captured string
	Refunded string
	Disputed string
	Credited string
}

// Entries lists the books from the beginning: every operation that the
// provider took in, refused ones too.
func (b *Books) Entries() ([]Entry, error) {
	var out []Entry
	err := b.do(func(w *writing) {
		out = make([]Entry, 0, len(w.charges))
		for n := range w.charges {
			out = append(out, w.entry(w.get(int32(n))))
		}
	})
	return out, err
}

// Entry is the newest line about an attempt of an account, as it stands now:
// what time has in store for it happens at the next question or callback.
func (b *Books) Entry(account string, attempt ident.ID) (e Entry, found bool, err error) {
	err = b.do(func(w *writing) {
		var c charge
		if c, found = w.find(account, attempt); found {
			e = w.entry(c)
		}
	})
	return e, found, err
}

func (b *Books) entry(c charge) Entry {
	e := Entry{Attempt: c.Attempt, Reference: c.reference(), Account: c.Account, Method: c.Method, Kind: c.Kind, State: c.State,
		Code: c.Code, Amount: c.text(c.Amount), Unit: c.unit().name, Currency: c.Currency, Money: c.money(c.Amount), BIN: c.BIN,
		Last4: c.Last4, Bank: c.Bank, At: time.UnixMilli(c.At).UTC()}
	if c.Root >= 0 {
		e.Original = attemptOf(b.charges[c.Root].attempt)
	}
	return e
}

// Totals sums the books up, in the order of account, method and currency.
func (b *Books) Totals() ([]Total, error) {
	type key struct{ account, method, currency string }
	type sum struct {
		c                                            *charge
		held, captured, refunded, disputed, credited int64
	}
	sums := map[key]*sum{}
	err := b.do(func(w *writing) {
		for n := range w.charges {
			c := w.get(int32(n))
			if c.State != connector.Approved && c.Captured == 0 || c.Currency == "" {
				continue
			}
			k := key{c.Account, string(c.Method), string(c.Currency)}
			s := sums[k]
			if s == nil {
				s = &sum{c: &c}
				sums[k] = s
			}
			s.held += c.open()
			s.captured += c.Captured
			s.refunded += c.Refunded
			s.disputed += c.Disputed
			if c.Kind == connector.Credit {
				s.credited += c.Amount
			}
		}
	})
	out := make([]Total, 0, len(sums))
	for _, s := range sums {
		out = append(out, Total{Account: s.c.Account, Method: s.c.Method, Currency: s.c.Currency, Unit: s.c.unit().name, Held: s.c.text(s.held),
			Captured: s.c.text(s.captured), Refunded: s.c.text(s.refunded), Disputed: s.c.text(s.disputed), Credited: s.c.text(s.credited)})
	}
	slices.SortFunc(out, func(a, b Total) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Currency, b.Currency))
	})
	return out, err
}
