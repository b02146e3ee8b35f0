package reconcile

import (
	"context"
	"fmt"
	"strings"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// manyOpen is how many lines that nothing explains are shown at once.
const manyOpen = 500

// ID is by what an operator names a line.
func (l BankLine) ID() string { return l.hash }

// Why says why a line waits for a person.
func (l BankLine) Why() string {
	switch {
	case l.Of == "" && fileName.MatchString(l.Reference+" "+l.Text):
		return "no file of a provider says so yet"
	case l.Of == "":
		return "nothing explains it"
	case l.Expected == money.Of(max(l.Amount, -l.Amount), l.Currency):
		return fmt.Sprintf("payout %s was not sent, or another line tells of it", l.Of)
	}
	digits, _ := l.Expected.Currency.Exponent() // a stored currency is known
	return fmt.Sprintf("payout %s is of %s %s", l.Of, l.Expected.Decimal(digits), l.Expected.Currency)
}

// Unexplained lists the lines of our bank's statements that nothing explains and
// nobody has decided, the oldest first, 500 at the most.
func (s *Service) Unexplained(ctx context.Context, realm ident.ID) (list []BankLine, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = unmatched(tx)
		list = list[:min(len(list), manyOpen)]
		return err
	})
	return list, err
}

// Decision is a person's word about a line that nothing explains.
type Decision struct {
	Line    string // its ID
	Verdict payment.Verdict
	For     string // with accept: the payable reference of the invoice that it pays, or ""
	Reason  string
	By      audit.By
}

// Decide ends the review of a line. Accepted, a line about a payout of another
// amount has moved it, and the rest is settled with the bank; one that pays an
// invoice is booked for it; any other is none of florin's business, and nothing
// is booked. Returned, it is as if the line were not: a payout has not moved,
// and what came in was sent back at the bank. Payouts are ended by it as far as
// a file carries them. The same word said twice changes nothing the second time
// and is replayed.
//
// Faults: invalid.verdict, invalid.reason, not_found.line, conflict.not_in_review
// (something explains it), conflict.review.decided (otherwise, before),
// conflict.payout (it has ended meanwhile), not_found.invoice, conflict.invoice.currency, invalid.amount (For).
func (s *Service) Decide(ctx context.Context, realm ident.ID, d Decision) (l BankLine, replayed bool, err error) {
	if err := payment.CheckDecision(d.Verdict, d.Reason); err != nil {
		return l, false, err
	}
	if d.For != "" && d.Verdict != payment.Accept {
		return l, false, fault.At("invalid.verdict", "verdict", "an invoice is paid by a line that is accepted")
	}
	if l, err = s.bankLine(ctx, realm, d.Line); err != nil {
		return l, false, err
	}
	switch {
	case l.Match == OfPerson && strings.HasPrefix(l.Of, string(d.Verdict)+":"):
		return l, true, nil
	case l.Match == OfPerson:
		return l, false, fault.New("conflict.review.decided", "it was decided otherwise before: %s", l.Of)
	case l.Match != "":
		return l, false, fault.New("conflict.not_in_review", "it is explained by %s %s", l.Match, l.Of)
	}
	if l.Of != "" {
		if err := s.concluded(ctx, realm, l, d); err != nil {
			return l, false, err
		}
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		audit.Add(tx, d.By, "review."+string(d.Verdict), ident.ID(l.hash), "ok")
		if d.For != "" {
			return s.pay(tx, l, d.For)
		}
		matchBank(tx, l, OfPerson, string(d.Verdict)+": "+d.Reason)
		return nil
	})
	if err != nil {
		return l, false, err
	}
	l, err = s.bankLine(ctx, realm, d.Line)
	return l, false, err
}

// concluded ends the payout of another amount that a line names, if a file
// carries it, as the decision says: it left, or it is owed again. A line that
// tells what another one has told ends nothing a second time.
func (s *Service) concluded(ctx context.Context, realm ident.ID, l BankLine, d Decision) error {
	p, found, err := s.payout(ctx, realm, l.Of)
	if err != nil || !found || p.Details.File == "" || l.Expected.Minor == max(l.Amount, -l.Amount) {
		return err
	}
	state := p.State
	switch owed := (l.Amount > 0) == (d.Verdict == payment.Accept); {
	case !owed && state == settlement.InTransit:
		state = settlement.Paid
	case owed && state == settlement.InTransit:
		state = settlement.Failed
	case owed && state == settlement.Paid:
		state = settlement.Reversed
	}
	if p.State == state {
		return nil
	}
	_, err = s.Settlement.Conclude(ctx, realm, d.By, p.ID, state)
	return err
}

func (s *Service) bankLine(ctx context.Context, realm ident.ID, id string) (l BankLine, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		found := false
		if l, found, err = getBank(tx, id); err == nil && !found {
			err = fault.New("not_found.line", "no such line of a bank statement")
		}
		return err
	})
	return l, err
}
