package reconcile

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/reconcile/bank"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// BankLine is a line of our bank's statement. Amount is in minor units, what
// left the account negative.
type BankLine struct {
	Account    string
	Currency   money.Currency
	Amount     int64
	BookedOn   string // YYYY-MM-DD
	Reference  string
	Text       string
	Match      string       // what explains it: settlement, payout, fee_invoice, invoice, person, or ""
	Of         string       // which one; of a line that nothing explains the payout that it names, or ""
	Expected   money.Amount // what that payout is of
	ImportedAt time.Time
	Version    int64

	hash string
}

// What explains a line of a bank statement.
const (
	OfSettlement = "settlement"
	OfPayout     = "payout"
	OfFeeInvoice = "fee_invoice" // a merchant's fees
	OfInvoice    = "invoice"     // a merchant's customer has paid
	OfPerson     = "person"      // an operator has decided it
)

// ImportBank takes in a statement of our bank, camt.053 or CSV, and explains
// what it can: providers' payments, our payouts, paid fee invoices, and what
// merchants' customers pay for their invoices, which is booked. Lines that
// are known change nothing; count says how many were new. Faults:
// invalid.statement (it cannot be read; it is kept aside).
func (s *Service) ImportBank(ctx context.Context, realm ident.ID, name string, text []byte) (count int, err error) {
	read, err := bank.Read(text)
	if err != nil {
		return 0, s.aside(ctx, realm, "bank", connector.SettlementFile{Name: name, Text: text}, err)
	}
	lines := bankLines(read)
	for len(lines) > 0 {
		n := min(len(lines), batchSize)
		write := func(tx *store.Tx) error {
			fresh, err := takeBank(tx, lines[:n])
			count += fresh
			return err
		}
		before := count
		if err = s.DB.Update(ctx, realm, func(tx *store.Tx) error { count = before; return write(tx) }); bankTaken(err) {
			err = s.DB.Update(ctx, realm, func(tx *store.Tx) error { count = before; return write(tx) })
		}
		if err != nil {
			return count, err
		}
		lines = lines[n:]
	}
	return count, s.MatchBank(ctx, realm)
}

// bankLines gives each line of statements its hash: by what it says, and how
// often that was said before on the same day, so that statements that overlap
// count once.
func bankLines(read []bank.Statement) (lines []BankLine) {
	times := map[string]int{}
	for _, st := range read {
		for _, e := range st.Entries {
			l := BankLine{Account: st.Account, Currency: e.Amount.Currency, Amount: e.Amount.Minor, BookedOn: e.BookedOn, Reference: e.Reference, Text: e.Text}
			text := strings.Join([]string{l.Account, string(l.Currency), fmt.Sprint(l.Amount), l.BookedOn, e.ID, l.Reference, l.Text}, "\x00")
			times[text]++
			l.hash = digest(fmt.Sprint(text, "\x00", times[text]))
			lines = append(lines, l)
		}
	}
	return lines
}

// takeBank writes the lines that are not known yet.
func takeBank(tx *store.Tx, lines []BankLine) (fresh int, err error) {
	known, err := knownBank(tx, lines)
	if err != nil {
		return 0, err
	}
	for _, l := range lines {
		if known[l.hash] {
			continue
		}
		l.ImportedAt, fresh = tx.Now(), fresh+1
		addBank(tx, l)
	}
	return fresh, nil
}

// Names by which lines of a statement tell what they are.
var (
	payoutName  = regexp.MustCompile(`\bFP[0-9A-F]{14}\b`)
	invoiceName = regexp.MustCompile(`\b[A-Za-z0-9]{16}\b`)
	fileName    = regexp.MustCompile(`\b[0-9A-Za-z]{4,20}-[0-9]{8}\b`)
	billName    = regexp.MustCompile(`^[0-9]{2,25}-?$`)
)

// matching is whose name stands in the trail.
var matching = audit.By{Actor: "reconciliation", Origin: "job"}

// MatchBank explains the lines of the bank statement that nothing has explained
// yet. It runs after each import, whichever of the two came first.
func (s *Service) MatchBank(ctx context.Context, realm ident.ID) error {
	var open []BankLine
	err := s.DB.View(ctx, realm, func(tx *store.Tx) (err error) {
		open, err = unmatched(tx)
		return err
	})
	for _, l := range open {
		if err == nil {
			err = s.explain(ctx, realm, l)
		}
	}
	return err
}

func (s *Service) explain(ctx context.Context, realm ident.ID, l BankLine) error {
	text := l.Reference + " " + l.Text
	if done, err := s.received(ctx, realm, l, fileName.FindAllString(text, -1)); done || err != nil {
		return err
	}
	for _, name := range payoutName.FindAllString(text, -1) {
		if done, err := s.paidOut(ctx, realm, l, name); done || err != nil {
			return err
		}
	}
	if l.Amount <= 0 {
		return nil
	}
	for _, name := range invoiceName.FindAllString(text, -1) {
		if done, err := s.feePaid(ctx, realm, l, name); done || err != nil {
			return err
		}
	}
	return s.billPaid(ctx, realm, l, fileName.ReplaceAllString(text, " ")) // a provider's payment whose file is still to come pays nobody's invoice
}

// received: a provider has paid what a file of its says. If the amount is the
// file's, the books have the money, and what the provider kept is our cost.
func (s *Service) received(ctx context.Context, realm ident.ID, l BankLine, names []string) (done bool, err error) {
	if len(names) == 0 {
		return false, nil
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		done = false
		for _, name := range names {
			list, err := files(tx, `reference = $2 AND currency = $3 AND receipt = ''`, name, string(l.Currency))
			if err != nil || len(list) == 0 {
				if err != nil {
					return err
				}
				continue
			}
			f := list[0]
			f.Receipt, done = l.hash, true
			saveFile(tx, f)
			matchBank(tx, l, OfSettlement, f.Reference)
			if l.Amount != f.Payout || f.Gross == 0 {
				return nil
			}
			of := ledger.Object{Kind: "settlement_file", ID: f.ID}
			_, err = ledger.Post(tx, ledger.Receipt(of, f.Connector, money.Of(f.Payout, f.Currency), money.Of(f.Fees, f.Currency)))
			return err
		}
		return nil
	})
	return done, err
}

// paidOut: a payout of ours has left the account, or has come back to it. A
// line that says so otherwise than our books (another amount, a second time, a
// payout that was never sent) waits for a person.
func (s *Service) paidOut(ctx context.Context, realm ident.ID, l BankLine, name string) (done bool, err error) {
	p, found, err := s.payout(ctx, realm, name)
	if err != nil || !found {
		return false, err
	}
	doubtful := p.Amount != max(l.Amount, -l.Amount) || p.Currency != l.Currency || l.Amount < 0 && (p.State == settlement.Created || p.State == settlement.Canceled)
	if !doubtful {
		if doubtful, err = s.repeated(ctx, realm, l, name); err != nil {
			return false, err
		}
	}
	if doubtful {
		if l.Of == name { // it waits already
			return true, nil
		}
		l.Of, l.Expected = name, money.Of(p.Amount, p.Currency)
		return true, s.DB.Update(ctx, realm, func(tx *store.Tx) error { saveBank(tx, l); return nil })
	}
	if state := l.moved(); p.Details.File != "" && p.State != state {
		if _, err := s.Settlement.Conclude(ctx, realm, matching, p.ID, state); err != nil && !fault.Is(err, "conflict") {
			return false, err
		}
	}
	return true, s.DB.Update(ctx, realm, func(tx *store.Tx) error { matchBank(tx, l, OfPayout, name); return nil })
}

// moved is what a line says of a payout: it has left, or it has come back.
func (l BankLine) moved() settlement.State {
	if l.Amount > 0 {
		return settlement.Reversed
	}
	return settlement.Paid
}

// repeated says whether another line has told of a payout what l tells.
func (s *Service) repeated(ctx context.Context, realm ident.ID, l BankLine, name string) (again bool, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err := matchedBy(tx, OfPayout, name)
		again = slices.ContainsFunc(list, func(other BankLine) bool { return other.hash != l.hash && other.moved() == l.moved() })
		return err
	})
	return again, err
}

// payout finds a payout by its reference.
func (s *Service) payout(ctx context.Context, realm ident.ID, name string) (p settlement.Payout, found bool, err error) {
	list, _, err := s.Settlement.Payouts(ctx, realm, settlement.Filter{References: []string{name}, Page: store.Page{Limit: 1}})
	if len(list) > 0 {
		p, found = list[0], true
	}
	return p, found, err
}

// feePaid: a merchant has paid an invoice for its fees.
func (s *Service) feePaid(ctx context.Context, realm ident.ID, l BankLine, name string) (done bool, err error) {
	list, _, err := s.Settlement.Invoices(ctx, realm, settlement.Filter{References: []string{name}, Page: store.Page{Limit: 1}})
	if err != nil || len(list) == 0 || list[0].Currency != l.Currency {
		return false, err
	}
	_, err = s.Settlement.PayInvoice(ctx, realm, matching, list[0].ID, l.Amount, l.hash)
	if fault.Is(err, "conflict") || fault.Is(err, fault.Invalid) { // paid already, or too much: a person looks
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, s.DB.Update(ctx, realm, func(tx *store.Tx) error { matchBank(tx, l, OfFeeInvoice, name); return nil })
}

// billPaid: somebody has paid a merchant's invoice into our account. The money
// is booked with the line's match, so that it counts once.
func (s *Service) billPaid(ctx context.Context, realm ident.ID, l BankLine, text string) error {
	names := billNames(l, text)
	if len(names) == 0 {
		return nil
	}
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		name, err := billOf(tx, l, names)
		if name == "" || err != nil {
			return err
		}
		return s.pay(tx, l, name)
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid) { // a person looks
		return nil
	}
	return err
}

// pay books a line as money for the invoice of a payable reference.
func (s *Service) pay(tx *store.Tx, l BankLine, name string) error {
	inv, err := s.Invoices.ReceiveIn(tx, invoice.Transfer{ID: l.hash, Reference: name, Amount: money.Of(l.Amount, l.Currency)})
	if err == nil {
		matchBank(tx, l, OfInvoice, string(inv.ID))
	}
	return err
}

// How long a payable reference has to be to be believed by itself: where a
// statement has a field for it, and in a text, which may hold any number: a day,
// a telephone, somebody's customer number. The references that we draw have ten
// digits or more. A shorter one counts where the amount is to the cent what its
// invoice still asks for.
const (
	sureInField = 6
	sureInText  = 10
)

// bill is a number of a line that may be a payable reference.
type bill struct {
	name  string
	field bool // it is all that stands in the statement's field for one
}

// billNames are the numbers of a line; a word of the text counts whole or not at
// all.
func billNames(l BankLine, text string) (list []bill) {
	if name := invoice.CleanReference(l.Reference); billName.MatchString(name) {
		list = append(list, bill{name, true})
	}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:#()", r) }) {
		if billName.MatchString(word) {
			list = append(list, bill{word, false})
		}
	}
	return list
}

// billOf is the payable reference of the invoice that a line pays, or "". Of
// several invoices that are named the one that asks for this very amount is
// meant, or none.
func billOf(tx *store.Tx, l BankLine, names []bill) (string, error) {
	var sure, exact []string
	var seen []ident.ID
	for _, b := range names {
		name := b.name
		inv, found, err := invoice.ByPayable(tx, name)
		if err != nil {
			return "", err
		}
		if !found || inv.Amount.Currency != l.Currency || slices.Contains(seen, inv.ID) {
			continue
		}
		switch {
		case inv.Left().Minor == l.Amount:
			exact = append(exact, name)
		case len(name) >= sureInText, b.field && len(name) >= sureInField:
			sure = append(sure, name)
		default:
			continue
		}
		seen = append(seen, inv.ID)
	}
	switch {
	case len(exact) == 1:
		return exact[0], nil
	case len(exact) == 0 && len(sure) == 1:
		return sure[0], nil
	}
	return "", nil
}

// BankLines lists the statement's lines booked between two days, both in it.
func (s *Service) BankLines(ctx context.Context, realm ident.ID, from, to string) (list []BankLine, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = bankBetween(tx, from, to)
		return err
	})
	return list, err
}
