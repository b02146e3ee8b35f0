package bankgirot

import (
	"strconv"
	"strings"

	"github.com/florinpay/florin/connector/column"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Parse reads a file of either direction. Faults: those of column.Split, then,
// for the first line at fault, invalid.bank_file: contents or a record that are
// not known or out of place, a field that is not what it should be, another
// payee in the middle, a count or sum that differs from what the records say,
// records after the end.
func Parse(body []byte) (File, error) {
	list, err := column.Split(body)
	if err != nil {
		return File{}, err
	}
	first := list[0]
	switch contents := first.Text(columnContents, 64); {
	case !first.Is(1, "01"):
		first.Wrong("a file begins with record 01")
	case first.Is(11, "AUTOGIRO") && first.Is(19, clearing):
		first.Wrong("the old layout, which Bankgirot gave up, is not read")
	case first.Is(11, "AUTOGIRO"):
		r, err := request(list)
		return File{Request: r}.or(err)
	case !first.Is(3, "AUTOGIRO"):
		first.Wrong("this is no file of Autogiro")
	case contents == advice:
		a, err := readAdvice(list)
		return File{Advice: a}.or(err)
	case contents == specification:
		s, err := readSpecification(list)
		return File{Specification: s}.or(err)
	case contents == rejections:
		r, err := readRejections(list)
		return File{Rejections: r}.or(err)
	default:
		first.Wrong("files with %q are not read", contents)
	}
	return File{}, first.Err()
}

func (f File) or(err error) (File, error) {
	if err != nil {
		return File{}, err
	}
	return f, nil
}

func request(list []*column.Record) (*Request, error) {
	f := &Request{}
	for i, r := range list {
		switch {
		case r.Is(1, "01"):
			h := Head{At: r.Day(3, 10, day, "the day"), Customer: r.Digits(63, 68, "the payee's number"), Payee: payee(r, 69)}
			if !r.Is(11, "AUTOGIRO") || i > 0 && h != f.Head {
				r.Wrong("a section of another day or payee")
			}
			f.Head = h
		case r.Is(1, "03"), r.Is(1, "04"):
			f.same(r, 3)
			w := Wish{End: r.Is(1, "03"), Payer: r.Digits(13, 28, "the payer")}
			if !w.End {
				w.Account, w.Person = holder(r)
			}
			if r.Text(57, 80) != "" {
				r.Wrong("an answer to a mandate that was made at a bank, which is not given here")
			}
			f.Wishes = append(f.Wishes, w)
		case r.Is(1, "82"):
			f.same(r, 44)
			c := Claim{Payer: r.Digits(16, 31, "the payer"), Amount: amount(r), Reference: r.Text(54, 69)}
			if !r.Is(3, immediately+"  ") {
				c.Due = r.Day(3, 10, day, "the day")
			}
			if !r.Is(11, "0") {
				r.Wrong("a standing order, which is not made here")
			}
			f.Claims = append(f.Claims, c)
		default:
			r.Wrong("a record %s has no place in a request", r.Raw(1, 2))
		}
		if r.Err() != nil {
			return nil, r.Err()
		}
	}
	return f, nil
}

// payee is a bankgiro number, whose last digit checks the others.
func payee(r *column.Record, from int) string {
	s := r.Digits(from, from+9, "the bankgiro number")
	if short := strings.TrimLeft(s, "0"); s != "" && !method.CheckKID(short, method.Mod10) {
		r.Wrong("%s is no bankgiro number: its check digit is wrong", short)
	}
	return s
}

// same refuses a record for another payee than the file's.
func (h Head) same(r *column.Record, from int) {
	if got := payee(r, from); got != h.Payee {
		r.Wrong("a record of another payee")
	}
}

func amount(r *column.Record) money.Amount {
	a := r.Amount(32, 43, Currency, "the amount")
	if a.Minor < 1 {
		r.Wrong("a payment of nothing")
	}
	return a
}

// frame reads the opening of a file in, and finds its end: the last record.
func frame(list []*column.Record, layout string) (h Head, body []*column.Record, end *column.Record, err error) {
	first, last := list[0], list[len(list)-1]
	h.At = first.Day(25, 24+len(layout), layout, "the day")
	h.Customer, h.Payee = first.Digits(65, 70, "the payee's number"), payee(first, 71)
	if first.Err() != nil {
		return h, nil, nil, first.Err()
	}
	for _, r := range list[:len(list)-1] {
		if r.Is(1, "09") {
			next := list[r.Line] // lines are counted from 1 and none is left out
			next.Wrong("a record after the end of the file")
			return h, nil, nil, next.Err()
		}
	}
	if len(list) < 2 || !last.Is(1, "09") {
		return h, nil, nil, column.Refuse(last.Line+1, "the file ends without a record 09")
	}
	if !last.Is(11, clearing) || last.Day(3, 10, day, "the day").Format(day) != h.At.Format(day) {
		last.Wrong("the end of another file")
	}
	return h, list[1 : len(list)-1], last, last.Err()
}

// counted compares a number in the end record with what was read.
func counted(end *column.Record, from, to int, what string, got int64) {
	if n := end.Number(from, to, what); n != got {
		end.Wrong("%s: %d are counted, there are %d", what, n, got)
	}
}

func readAdvice(list []*column.Record) (*Advice, error) {
	h, body, end, err := frame(list, day)
	if err != nil {
		return nil, err
	}
	f := &Advice{Head: h}
	for _, r := range body {
		if !r.Is(1, "73") {
			r.Wrong("a record %s has no place in advice on mandates", r.Raw(1, 2))
			return nil, r.Err()
		}
		h.same(r, 3)
		m := Mandate{Payer: r.Digits(13, 28, "the payer"), Source: r.Digits(62, 63, "the source"), Status: r.Digits(64, 65, "the status"),
			Date: r.Day(66, 73, day, "the day")}
		m.Account, m.Person = holder(r)
		if r.Err() != nil {
			return nil, r.Err()
		}
		f.Mandates = append(f.Mandates, m)
	}
	counted(end, 15, 21, "mandates", int64(len(f.Mandates)))
	return f, end.Err()
}

// holder is the payer's account and number, each of which may be left out.
func holder(r *column.Record) (account, person string) {
	account, person = blank(r.Raw(29, 44)), blank(r.Raw(45, 56))
	if account != "" && !number(account, 16) || person != "" && !number(person, 12) {
		r.Wrong("an account (columns 29 to 44) has 16 digits, its holder (columns 45 to 56) 12")
	}
	return account, person
}

func number(s string, width int) bool {
	return len(s) == width && strings.Trim(s, "0123456789") == ""
}

func readRejections(list []*column.Record) (*Rejections, error) {
	h, body, end, err := frame(list, day)
	if err != nil {
		return nil, err
	}
	f := &Rejections{Head: h}
	sum := int64(0)
	for _, r := range body {
		if !r.Is(1, "82") {
			r.Wrong("a record %s has no place among rejected orders", r.Raw(1, 2))
		}
		o := Rejection{Due: r.Day(3, 10, day, "the day"), Payer: r.Digits(15, 30, "the payer"), Reference: r.Text(43, 58), Reason: r.Digits(59, 60, "the reason"),
			Amount: r.Amount(31, 42, Currency, "the amount")}
		if r.Err() != nil {
			return nil, r.Err()
		}
		sum += o.Amount.Minor
		f.Orders = append(f.Orders, o)
	}
	counted(end, 15, 20, "payments out", 0)
	counted(end, 21, 32, "their sum", 0)
	counted(end, 33, 38, "orders", int64(len(f.Orders)))
	counted(end, 39, 50, "their sum", sum)
	return f, end.Err()
}

func readSpecification(list []*column.Record) (*Specification, error) {
	h, body, end, err := frame(list, moment)
	if err != nil {
		return nil, err
	}
	f := &Specification{Head: h}
	var in, back int64
	for at := 0; at < len(body); {
		head := body[at]
		of := map[string]string{"15": "82", "17": "77"}[head.Raw(1, 2)]
		if of == "" {
			head.Wrong("a record %s has no place here in a specification", head.Raw(1, 2))
			return nil, head.Err()
		}
		at++
		from := at
		for at < len(body) && body[at].Is(1, of) {
			at++
		}
		e := Entry{Account: head.Digits(3, 37, "the account"), Date: head.Day(38, 45, day, "the day"), Serial: head.Digits(46, 50, "the serial number")}
		var n, sum int64
		if of == "82" {
			d := Deposit{Entry: e}
			d.Payments, n, sum, err = payments(h, body[from:at])
			f.Deposits, in = append(f.Deposits, d), in+n
		} else {
			w := Withdrawal{Entry: e}
			w.Refunds, n, sum, err = refunds(h, body[from:at])
			f.Refunds, back = append(f.Refunds, w), back+n
		}
		if err != nil {
			return nil, err
		}
		if a := head.Amount(51, 68, Currency, "the sum"); a.Minor != sum {
			head.Wrong("the sum is said to be %d, the amounts make %d", a.Minor, sum)
		}
		if c := head.Number(72, 79, "the count"); c != n {
			head.Wrong("%d payments are counted, there are %d", c, n)
		}
		if head.Err() != nil {
			return nil, head.Err()
		}
	}
	counted(end, 15, 20, "deposits", int64(len(f.Deposits)))
	counted(end, 21, 32, "payments in", in)
	counted(end, 33, 38, "payments out", 0)
	counted(end, 39, 50, "payments out", 0)
	counted(end, 51, 56, "withdrawals", int64(len(f.Refunds)))
	counted(end, 57, 68, "refunds", back)
	return f, end.Err()
}

func payments(h Head, list []*column.Record) (out []Payment, n, sum int64, err error) {
	for _, r := range list {
		p := payment(h, r)
		if status, err := strconv.Atoi(r.Raw(80, 80)); err == nil {
			p.Status = status
		} else {
			p.Status = -1
		}
		switch p.Status {
		case Paid:
			n, sum = n+1, sum+p.Amount.Minor
		case NoCover, Closed, Again:
		default:
			r.Wrong("a payment's status %q is not known", r.Raw(80, 80))
		}
		if r.Err() != nil {
			return nil, 0, 0, r.Err()
		}
		out = append(out, p)
	}
	return out, n, sum, nil
}

func payment(h Head, r *column.Record) Payment {
	h.same(r, 44)
	return Payment{Date: r.Day(3, 10, day, "the day"), Payer: r.Digits(16, 31, "the payer"), Amount: amount(r), Reference: r.Text(54, 69)}
}

func refunds(h Head, list []*column.Record) (out []Refund, n, sum int64, err error) {
	for _, r := range list {
		p := Refund{Payment: payment(h, r), Refunded: r.Day(70, 77, day, "the day of the refund"), Reason: r.Digits(78, 79, "the reason")}
		if r.Err() != nil {
			return nil, 0, 0, r.Err()
		}
		n, sum = n+1, sum+p.Amount.Minor
		out = append(out, p)
	}
	return out, n, sum, nil
}
