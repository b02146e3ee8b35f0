package bankgirot

import (
	"strings"

	"github.com/florinpay/florin/connector/column"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Format writes a file, with its counts and sums. What Parse reads of it is f
// again, but for references that were cut to their field.
// Faults: invalid.bank_file for what no file can hold, with the part of it as
// Param: a number that has not its length, an amount that is none or has more
// than 12 digits, a bankgiro number whose check digit is wrong.
func Format(f File) ([]byte, error) {
	w := &column.Writer{}
	var err error
	switch {
	case f.Request != nil:
		err = f.Request.write(w)
	case f.Advice != nil:
		err = f.Advice.write(w)
	case f.Specification != nil:
		err = f.Specification.write(w)
	case f.Rejections != nil:
		err = f.Rejections.write(w)
	default:
		err = refuse("file", "a file of nothing")
	}
	if err != nil {
		return nil, err
	}
	return w.Bytes()
}

func refuse(param, format string, args ...any) error {
	return fault.At("invalid.bank_file", param, format, args...)
}

func (h Head) check() error {
	if !number(h.Customer, 6) || !number(h.Payee, 10) || h.At.IsZero() || !method.CheckKID(strings.TrimLeft(h.Payee, "0"), method.Mod10) {
		return refuse("payee", "a payee has a number of 6 digits and a bankgiro number, whose check digit is right")
	}
	return nil
}

func (h Head) opening(w *column.Writer) {
	w.Line("01", h.At.Format(day), column.Left("AUTOGIRO", 52), h.Customer, h.Payee, column.Blanks(2))
}

func (h Head) opens(w *column.Writer, layout, contents string) {
	w.Line("01", column.Left("AUTOGIRO", 22), column.Left(h.At.Format(layout), 20), column.Left(contents, 20), h.Customer, h.Payee)
}

func (h Head) end(w *column.Writer, counts string) {
	w.Line("09", h.At.Format(day), clearing, column.Left(counts, 66))
}

// held says whether an account and its holder have their lengths, or are left out.
func held(account, person string) bool {
	return (account == "" || number(account, 16)) && (person == "" || number(person, 12))
}

// fits says whether an amount fits its field.
func fits(a money.Amount) error {
	if a.Currency != Currency || a.Minor < 1 || a.Minor > 999_999_999_999 {
		return refuse("amount", "an amount is one öre or more, and has at most 12 digits")
	}
	return nil
}

func (f Request) write(w *column.Writer) error {
	if err := f.check(); err != nil {
		return err
	}
	if len(f.Wishes) > 0 {
		f.opening(w)
	}
	for _, m := range f.Wishes {
		if m.End {
			w.Line("03", f.Payee, m.Payer, column.Blanks(52))
			continue
		}
		w.Line("04", f.Payee, m.Payer, column.Left(m.Account, 16), column.Left(m.Person, 12), column.Blanks(24))
	}
	if len(f.Claims) > 0 || len(f.Wishes) == 0 {
		f.opening(w)
	}
	for _, c := range f.Claims {
		due := column.Left(immediately, len(day))
		if !c.Due.IsZero() {
			due = c.Due.Format(day)
		}
		w.Line("82", due, "0", column.Blanks(4), c.Payer, column.Number(c.Amount.Minor, 12), f.Payee, column.Left(c.Reference, maxReference), column.Blanks(11))
	}
	return nil
}

func (f Request) check() error {
	if err := f.Head.check(); err != nil {
		return err
	}
	for _, m := range f.Wishes {
		if !number(m.Payer, 16) || !held(m.Account, m.Person) {
			return refuse("mandate", "a payer and an account have 16 digits, its holder 12")
		}
	}
	for _, c := range f.Claims {
		if !number(c.Payer, 16) {
			return refuse("payer", "a payer has 16 digits")
		}
		if err := fits(c.Amount); err != nil {
			return err
		}
	}
	return nil
}

func (f Advice) write(w *column.Writer) error {
	if err := f.Head.check(); err != nil {
		return err
	}
	f.opens(w, day, advice)
	for _, m := range f.Mandates {
		if !number(m.Payer, 16) || !held(m.Account, m.Person) || !number(m.Source, 2) || !number(m.Status, 2) || m.Date.IsZero() {
			return refuse("mandate", "a payer and an account have 16 digits, its holder 12, a status 2, and there is a day")
		}
		w.Line("73", f.Payee, m.Payer, column.Left(m.Account, 16), column.Left(m.Person, 12), column.Blanks(5), m.Source, m.Status, m.Date.Format(day), column.Blanks(7))
	}
	f.end(w, column.Number(int64(len(f.Mandates)), 7))
	return nil
}

func (f Rejections) write(w *column.Writer) error {
	if err := f.Head.check(); err != nil {
		return err
	}
	f.opens(w, day, rejections)
	sum := int64(0)
	for _, o := range f.Orders {
		if !number(o.Payer, 16) || !number(o.Reason, 2) || o.Due.IsZero() || o.Amount.Currency != Currency || o.Amount.Minor < 0 || o.Amount.Minor > 999_999_999_999 {
			return refuse("order", "a payer has 16 digits, a reason 2, an amount at most 12, and there is a day")
		}
		sum += o.Amount.Minor
		w.Line("82", o.Due.Format(day), "0", column.Blanks(3), o.Payer, column.Number(o.Amount.Minor, 12), column.Left(o.Reference, maxReference), o.Reason, column.Blanks(20))
	}
	if sum > 999_999_999_999 {
		return refuse("sum", "the amounts make more than 12 digits")
	}
	f.end(w, column.Zeros(18)+column.Number(int64(len(f.Orders)), 6)+column.Number(sum, 12))
	return nil
}

func (f Specification) write(w *column.Writer) error {
	if err := f.Head.check(); err != nil {
		return err
	}
	f.opens(w, moment, specification)
	var in, back int64
	for _, d := range f.Deposits {
		var n, sum int64
		for _, p := range d.Payments {
			if p.Status == Paid {
				n, sum = n+1, sum+p.Amount.Minor
			}
		}
		if err := d.Entry.write(w, "15", n, sum); err != nil {
			return err
		}
		in += n
		for _, p := range d.Payments {
			if p.Status != Paid && p.Status != NoCover && p.Status != Closed && p.Status != Again {
				return refuse("status", "a payment's status %d is not known", p.Status)
			}
			if err := p.write(w, "82", f.Payee, column.Blanks(10)+column.Number(int64(p.Status), 1)); err != nil {
				return err
			}
		}
	}
	for _, d := range f.Refunds {
		var n, sum int64
		for _, p := range d.Refunds {
			n, sum = n+1, sum+p.Amount.Minor
		}
		if err := d.Entry.write(w, "17", n, sum); err != nil {
			return err
		}
		back += n
		for _, p := range d.Refunds {
			if !number(p.Reason, 2) || p.Refunded.IsZero() {
				return refuse("refund", "a refund has a day and a reason of 2 digits")
			}
			if err := p.write(w, "77", f.Payee, p.Refunded.Format(day)+p.Reason+" "); err != nil {
				return err
			}
		}
	}
	f.end(w, column.Number(int64(len(f.Deposits)), 6)+column.Number(in, 12)+column.Zeros(18)+column.Number(int64(len(f.Refunds)), 6)+column.Number(back, 12))
	return nil
}

func (e Entry) write(w *column.Writer, record string, n, sum int64) error {
	if !number(e.Account, accountDigits) || !number(e.Serial, 5) || e.Date.IsZero() || sum > money.Max {
		return refuse("entry", "an account has %d digits, a serial number 5, and there is a day", accountDigits)
	}
	w.Line(record, e.Account, e.Date.Format(day), e.Serial, column.Number(sum, 18), column.Blanks(3), column.Number(n, 8), " ")
	return nil
}

func (p Payment) write(w *column.Writer, record, payee, tail string) error {
	if !number(p.Payer, 16) || p.Date.IsZero() {
		return refuse("payment", "a payment has a payer of 16 digits and a day")
	}
	if err := fits(p.Amount); err != nil {
		return err
	}
	w.Line(record, p.Date.Format(day), "0", column.Blanks(4), p.Payer, column.Number(p.Amount.Minor, 12), payee, column.Left(p.Reference, maxReference), tail)
	return nil
}
