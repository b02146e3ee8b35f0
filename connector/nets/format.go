package nets

import (
	"fmt"
	"strings"

	"github.com/florinpay/florin/connector/column"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Format writes a transmission, with its counts and sums. What Parse reads of
// it is f again, but for texts that were cut to their fields.
// Faults: invalid.bank_file for what no file can hold: a number that has not
// its length, an amount that is none, a KID that is none, a bill that is too
// long; the Param names it.
func Format(f File) ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	w := &column.Writer{}
	w.Line("NY000010", f.Sender, f.Number, f.Recipient, column.Zeros(49))
	var all totals
	for _, a := range f.Assignments {
		t := a.write(w)
		all.transactions += t.transactions
		if all.sum += t.sum; all.sum > money.Max {
			return nil, refuse("sum", "the amounts make %d", all.sum)
		}
	}
	w.Line("NY000089", column.Number(all.transactions, 8), column.Number(int64(w.Lines()+1), 8), column.Number(all.sum, 17),
		column.Date(f.Date, day), column.Zeros(33))
	return w.Bytes()
}

func refuse(param, format string, args ...any) error {
	return fault.At("invalid.bank_file", param, format, args...)
}

func (f File) check() error {
	if !number(f.Sender, 8) || !number(f.Number, 7) || !number(f.Recipient, 8) {
		return refuse("transmission", "sender and recipient have 8 digits, a transmission's number 7")
	}
	for _, a := range f.Assignments {
		if err := a.check(); err != nil {
			return err
		}
	}
	return nil
}

func number(s string, width int) bool {
	return len(s) == width && strings.Trim(s, "0123456789") == ""
}

func (a Assignment) check() error {
	if kinds[a.Kind] == "" {
		return refuse("kind", "no assignment of %q", a.Kind)
	}
	if !number(a.Agreement, 9) || !number(a.Number, 7) || !number(a.Account, 11) {
		return refuse("assignment", "an agreement has 9 digits, an assignment's number 7, an account 11")
	}
	sum := int64(0)
	for _, c := range a.Claims {
		sum += c.Amount.Minor
		switch {
		case c.Amount.Currency != Currency || c.Amount.Minor < 1 || sum > money.Max:
			return refuse("amount", "a claim is one øre or more, and all of them less than the books hold")
		case !method.IsKID(c.KID) || c.Due.IsZero():
			return refuse("kid", "a claim has a KID and a due day")
		case len(c.Bill) > MaxBillLines || len(c.Bill) > 0 && !c.Notify:
			return refuse("bill", "a bill has at most %d lines, and goes with the bank's notification alone", MaxBillLines)
		}
	}
	for _, m := range a.Mandates {
		if !method.IsKID(m.KID) || m.Change < Stands || m.Change > Ended {
			return refuse("kid", "a mandate has a KID and a change")
		}
	}
	sum = 0
	for _, p := range a.Payments {
		if err := p.check(); err != nil {
			return err
		}
		if sum += p.Amount.Minor; sum > money.Max || sum < -money.Max {
			return refuse("sum", "the payments make more than the books hold")
		}
	}
	if sum < 0 {
		return refuse("sum", "a file has no place for a sum below zero")
	}
	return nil
}

func (p Payment) check() error {
	size := max(p.Amount.Minor, -p.Amount.Minor)
	switch {
	case p.Amount.Currency != Currency || size < 1 || size > money.Max || p.Amount.Minor < 0 != reverses(p.Type):
		return refuse("amount", "a payment is one øre or more; one that takes back is negative")
	case p.Type < 10 || p.Type > 21 || p.Date.IsZero() || p.Day < 0 || p.Day > 99 || p.Part < 0 || p.Part > 9:
		return refuse("payment", "a payment has a type of 10 to 21, a date, a day code and a part")
	case !method.IsKID(p.KID) && (p.KID != "" || p.Type < 20):
		return refuse("kid", "a payment has a KID, unless it has a text")
	case !number(p.Centre, 2) || !number(p.Serial, 5) || !number(p.Form, 10) || !number(p.Archive, 9) || !number(p.From, 11):
		return refuse("payment", "a payment's numbers have not their lengths")
	}
	return nil
}

func (a Assignment) write(w *column.Writer) (t totals) {
	start := w.Lines()
	w.Line("NY", kinds[a.Kind], "20", a.Agreement, a.Number, a.Account, column.Zeros(45))
	for i, c := range a.Claims {
		c.write(w, a.Kind, i+1)
		t.see(c.Due, c.Amount.Minor)
	}
	for i, m := range a.Mandates {
		notify := "N"
		if m.Notify {
			notify = "J"
		}
		w.Line("NY219470", column.Number(int64(i+1), 7), column.Number(int64(m.Change), 1), column.Right(m.KID, 25), notify, column.Zeros(38))
		t.transactions++
	}
	for i, p := range a.Payments {
		p.write(w, i+1)
		t.see(p.Date, p.Amount.Minor)
	}
	days := column.Date(t.first, day) + column.Date(t.last, day)
	if a.Kind == Payments {
		days = column.Date(a.Date, day) + days
	}
	if a.Kind == Mandates {
		days = ""
	}
	w.Line("NY", kinds[a.Kind], "88", column.Number(t.transactions, 8), column.Number(int64(w.Lines()+1-start), 8), column.Number(t.sum, 17),
		days, column.Zeros(39-len(days)))
	return t
}

func (c Claim) write(w *column.Writer, kind Kind, n int) {
	how := "02"
	if c.Notify {
		how = "21"
	}
	if kind == Withdraw {
		how = "93"
	}
	number := column.Number(int64(n), 7)
	w.Line("NY21", how, "30", number, column.Date(c.Due, day), column.Blanks(11), column.Number(c.Amount.Minor, 17), column.Right(c.KID, 25), column.Zeros(6))
	w.Line("NY21", how, "31", number, column.Left(c.Payer, 10), column.Blanks(25), column.Left(c.Reference, 25), column.Zeros(5))
	if how != "21" {
		return
	}
	for i, text := range c.Bill {
		whole := []rune(column.Left(text, MaxBillColumns))
		for half := range 2 {
			w.Line("NY212149", number, "4", fmt.Sprintf("%03d%d", i+1, half+1), string(whole[half*40:half*40+40]), column.Zeros(20))
		}
	}
}

func (p Payment) write(w *column.Writer, n int) {
	head := func(record string) string {
		return "NY09" + column.Number(int64(p.Type), 2) + record + column.Number(int64(n), 7)
	}
	sign, size := "0", p.Amount.Minor
	if size < 0 {
		sign, size = "-", -size
	}
	w.Line(head("30"), column.Date(p.Date, day), p.Centre, column.Number(int64(p.Day), 2), column.Number(int64(p.Part), 1), p.Serial, sign,
		column.Number(size, 17), column.Right(p.KID, 25), column.Zeros(6))
	w.Line(head("31"), p.Form, p.Archive, column.Zeros(7), column.Date(p.BankDate, day), p.From, column.Zeros(22))
	if p.Text != "" {
		w.Line(head("32"), column.Left(p.Text, 40), column.Zeros(25))
	}
}
