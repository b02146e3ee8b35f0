package nets

import (
	"strings"

	"github.com/florinpay/florin/connector/column"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Parse reads a transmission. Faults: those of column.Split, then, for the
// first line at fault, invalid.bank_file: a record that is unknown or out of
// place, a field that is not what it should be, a count or sum that differs
// from what the records say, records after the end.
func Parse(body []byte) (File, error) {
	records, err := column.Split(body)
	if err != nil {
		return File{}, err
	}
	p := &parser{list: records}
	f, err := p.transmission()
	if err != nil {
		return File{}, err
	}
	return f, nil
}

type parser struct {
	list []*column.Record
	at   int
}

// next is the record at hand, or one past the end that is wrong by itself.
func (p *parser) next() *column.Record {
	if p.at < len(p.list) {
		return p.list[p.at]
	}
	end := &column.Record{Line: p.list[len(p.list)-1].Line + 1}
	end.Wrong("the file ends in the middle")
	return end
}

// of says whether the record at hand is of a type (columns 7 and 8).
func (p *parser) of(kind string) bool {
	r := p.next()
	return r.Err() == nil && r.Is(1, "NY") && r.Is(7, kind)
}

func (p *parser) transmission() (f File, err error) {
	r := p.next()
	if !r.Is(1, "NY000010") {
		r.Wrong("a transmission begins with record 10")
	}
	f.Sender, f.Number, f.Recipient = r.Digits(9, 16, "the sender"), r.Digits(17, 23, "the number"), r.Digits(24, 31, "the recipient")
	if r.Err() != nil {
		return f, r.Err()
	}
	p.at++
	var all totals
	for p.of("20") {
		a, t, err := p.assignment()
		if err != nil {
			return f, err
		}
		f.Assignments = append(f.Assignments, a)
		all.transactions += t.transactions
		if all.sum += t.sum; all.sum > money.Max || all.sum < -money.Max {
			return f, column.Refuse(p.list[p.at-1].Line, "the sum is too large")
		}
	}
	r = p.next()
	if r.Err() == nil && !r.Is(1, "NY000089") {
		r.Wrong("record 20 or 89 is expected here")
	}
	if r.Err() != nil {
		return f, r.Err()
	}
	p.at++
	all.records = int64(p.at)
	p.ends(r, all)
	f.Date = r.Date(42, 47, day, "the date")
	if p.at < len(p.list) && r.Err() == nil {
		p.list[p.at].Wrong("a record after the end of the transmission")
		return f, p.list[p.at].Err()
	}
	return f, r.Err()
}

// ends compares what an end record counts with what was read.
func (p *parser) ends(r *column.Record, t totals) {
	if n := r.Number(9, 16, "the number of transactions"); n != t.transactions {
		r.Wrong("%d transactions are counted, there are %d", n, t.transactions)
	}
	if n := r.Number(17, 24, "the number of records"); n != t.records {
		r.Wrong("%d records are counted, there are %d", n, t.records)
	}
	if n := r.Amount(25, 41, Currency, "the sum"); n.Minor != t.sum {
		r.Wrong("the sum is said to be %d, the amounts make %d", n.Minor, t.sum)
	}
}

func (p *parser) assignment() (a Assignment, t totals, err error) {
	start, r := p.at, p.next()
	for kind, code := range kinds {
		if r.Is(3, code) {
			a.Kind = kind
		}
	}
	if a.Kind == "" {
		r.Wrong("an assignment of service %s and type %s is not known", r.Raw(3, 4), r.Raw(5, 6))
	}
	a.Agreement, a.Number, a.Account = r.Digits(9, 17, "the agreement"), r.Digits(18, 24, "the number"), r.Digits(25, 35, "the account")
	if r.Err() != nil {
		return a, t, r.Err()
	}
	service := r.Raw(3, 4)
	p.at++
	last := int64(0)
	for !p.of("88") {
		r := p.next()
		n := int64(0)
		if r.Err() == nil {
			if n = r.Number(9, 15, "the transaction number"); n <= last {
				r.Wrong("transaction %d follows transaction %d", n, last)
			}
			if !r.Is(1, "NY"+service) {
				r.Wrong("a record of another service")
			}
		}
		if r.Err() != nil {
			return a, t, r.Err()
		}
		last = n
		if err := p.transaction(&a, &t); err != nil {
			return a, t, err
		}
	}
	r = p.next()
	if !r.Is(3, kinds[a.Kind]) {
		r.Wrong("the end of another assignment")
	}
	p.at++
	t.records = int64(p.at - start)
	p.ends(r, t)
	switch a.Kind {
	case Payments:
		a.Date = r.Date(42, 47, day, "the date")
	case Claims, Withdraw:
		if first, end := r.Date(42, 47, day, "the first day"), r.Date(48, 53, day, "the last day"); !first.Equal(t.first) || !end.Equal(t.last) {
			r.Wrong("the first and last due days are not those of the claims")
		}
	}
	return a, t, r.Err()
}

// transaction reads one, and takes it into the assignment and its totals.
func (p *parser) transaction(a *Assignment, t *totals) (err error) {
	r := p.next()
	switch {
	case a.Kind == Mandates && r.Is(5, "9470"):
		m := mandate(r)
		a.Mandates = append(a.Mandates, m)
		t.transactions++
		p.at++
		return r.Err()
	case (a.Kind == Claims && (r.Is(5, "0230") || r.Is(5, "2130"))) || (a.Kind == Withdraw && r.Is(5, "9330")):
		c, err := p.claim(a.Kind)
		if err != nil {
			return err
		}
		a.Claims = append(a.Claims, c)
		t.see(c.Due, c.Amount.Minor)
	case a.Kind == Payments && r.Is(7, "30"):
		m, err := p.payment()
		if err != nil {
			return err
		}
		a.Payments = append(a.Payments, m)
		t.see(m.Date, m.Amount.Minor)
	default:
		r.Wrong("a record of type %s %s has no place in an assignment of %s", r.Raw(5, 6), r.Raw(7, 8), a.Kind)
		return r.Err()
	}
	if t.sum > money.Max || t.sum < -money.Max {
		return column.Refuse(r.Line, "the sum is too large")
	}
	return nil
}

func mandate(r *column.Record) Mandate {
	m := Mandate{Change: Change(r.Number(16, 16, "the change")), KID: kid(r, 17, 41), Notify: r.Is(42, "J")}
	if m.Change > Ended {
		r.Wrong("a mandate's change %d is not known", m.Change)
	}
	if !m.Notify && !r.Is(42, "N") {
		r.Wrong("column 42 says whether the payer is told, by J or N")
	}
	return m
}

// kid is a reference that stands at the right of its field.
func kid(r *column.Record, from, to int) string {
	s := strings.TrimLeft(r.Raw(from, to), " ")
	if !method.IsKID(s) {
		r.Wrong("the KID (columns %d to %d) is none", from, to)
		return ""
	}
	return s
}

// follower is the next record of the transaction that first begins, if it is
// of the given type.
func (p *parser) follower(first *column.Record, kind string) *column.Record {
	if !p.of(kind) {
		return nil
	}
	r := p.next()
	if !r.Is(3, first.Raw(3, 6)) || !r.Is(9, first.Raw(9, 15)) {
		r.Wrong("this record belongs to another transaction than the one before it")
	}
	p.at++
	return r
}

func (p *parser) claim(kind Kind) (c Claim, err error) {
	r := p.next()
	p.at++
	c.Notify = r.Is(5, "21")
	c.Due, c.Amount, c.KID = r.Day(16, 21, day, "the due day"), r.Amount(33, 49, Currency, "the amount"), kid(r, 50, 74)
	if c.Amount.Minor < 1 {
		r.Wrong("a claim of nothing")
	}
	if r.Err() != nil {
		return c, r.Err()
	}
	second := p.follower(r, "31")
	if second == nil {
		return c, column.Refuse(r.Line, "record 31 does not follow record 30")
	}
	c.Payer, c.Reference = second.Text(16, 25), second.Text(51, 75)
	if second.Err() != nil {
		return c, second.Err()
	}
	if kind == Claims && c.Notify {
		c.Bill, err = p.bill(r)
	}
	return c, err
}

// bill reads the records 49: columns 1 and 2 of each line, 40 characters each.
func (p *parser) bill(first *column.Record) (lines []string, err error) {
	line, column := int64(0), int64(2)
	for {
		r := p.follower(first, "49")
		if r == nil {
			return lines, nil
		}
		n, c := r.Number(17, 19, "the line"), r.Number(20, 20, "the column")
		if !r.Is(16, "4") || c < 1 || c > 2 || n > MaxBillLines || (n != line || c <= column) && (n != line+1 || c != 1) {
			r.Wrong("line %d, column %d of a bill does not follow line %d, column %d", n, c, line, column)
		}
		if r.Err() != nil {
			return nil, r.Err()
		}
		half := r.Text(21, 60)
		if n > line {
			lines = append(lines, "")
		}
		if c == 2 {
			half = pad(lines[n-1]) + half
		}
		lines[n-1] = strings.TrimRight(half, " ")
		line, column = n, c
	}
}

func pad(s string) string { return s + strings.Repeat(" ", max(0, 40-len([]rune(s)))) }

func (p *parser) payment() (m Payment, err error) {
	r := p.next()
	p.at++
	m.Type = int(r.Number(5, 6, "the type of payment"))
	if m.Type < 10 || m.Type > 21 {
		r.Wrong("payments of type %d are not known", m.Type)
	}
	m.Date, m.Centre, m.Day = r.Day(16, 21, day, "the date"), r.Digits(22, 23, "the centre"), int(r.Number(24, 25, "the day code"))
	m.Part, m.Serial = int(r.Number(26, 26, "the part")), r.Digits(27, 31, "the serial number")
	m.Amount = r.Amount(33, 49, Currency, "the amount")
	switch sign := r.Raw(32, 32); {
	case m.Amount.Minor < 1:
		r.Wrong("a payment of nothing")
	case reverses(m.Type) != (sign == "-") || sign != "-" && sign != "0":
		r.Wrong("the sign %q does not go with a payment of type %d", sign, m.Type)
	case sign == "-":
		m.Amount = m.Amount.Neg()
	}
	if strings.TrimSpace(r.Raw(50, 74)) != "" || m.Type < 20 { // with a text there may be none
		m.KID = kid(r, 50, 74)
	}
	if r.Err() != nil {
		return m, r.Err()
	}
	second := p.follower(r, "31")
	if second == nil {
		return m, column.Refuse(r.Line, "record 31 does not follow record 30")
	}
	m.Form, m.Archive = second.Digits(16, 25, "the form"), second.Digits(26, 34, "the archive reference")
	m.BankDate, m.From = second.Date(42, 47, day, "the bank's date"), second.Digits(48, 58, "the payer's account")
	if second.Err() != nil {
		return m, second.Err()
	}
	if third := p.follower(r, "32"); third != nil {
		m.Text = third.Text(16, 55)
		return m, third.Err()
	}
	return m, nil
}
