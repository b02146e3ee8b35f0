package payment

import (
	"context"
	"strings"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// Receipt is a wish to have a payment's receipt printed on the terminal that took
// it.
type Receipt struct {
	Payment ident.ID
	Lines   []string // what is printed; none: the descriptor, the amount, the moment and the state
}

// Receipts hold at most so much.
const (
	receiptLines = 60
	receiptWidth = 48 // characters; longer lines are cut
)

// PrintReceipt prints the receipt of a paid payment, each time it is called. It
// changes nothing of the payment.
//
// Faults, in the order checked: forbidden.permission, not_found.payment,
// conflict.not_paid, conflict.not_terminal (no terminal took it),
// unavailable.operation, unavailable.terminal.off, unavailable.terminal.busy,
// unavailable.provider (no answer: it may have been printed). Source: spense
// sheet, 5.5.
func (s *Service) PrintReceipt(ctx context.Context, actor access.Actor, r Receipt) error {
	if err := actor.Need(access.Read); err != nil {
		return err
	}
	var known Outcome
	var ask connector.Receipt
	err := s.DB.View(ctx, actor.Realm, func(tx *store.Tx) (err error) {
		known, err = load(tx, r.Payment)
		ask.ID, ask.At = tx.NewID(), tx.Now()
		return err
	})
	p := known.Payment
	switch {
	case err != nil:
		return err
	case actor.NeedMerchant(p.Merchant) != nil:
		return missing()
	case p.State != Captured:
		return fault.New("conflict.not_paid", "the payment is not paid")
	case p.Method != method.Terminal:
		return fault.New("conflict.not_terminal", "the payment was not made on a terminal")
	}
	conn, err := s.connector(p.Connector, actor.Environment)
	if err != nil {
		return err
	}
	t, ok := conn.(connector.Terminals)
	if !ok {
		return fault.New("unavailable.operation", "this provider's terminals print nothing")
	}
	ask.Account, ask.Terminal, ask.Lines = p.Details.Account, p.Details.Terminal, receiptOf(p, r.Lines)
	answer := s.ask(ctx, s.patience(), func(ctx context.Context) connector.Result { return t.PrintReceipt(ctx, ask) })
	switch answer.State {
	case connector.Approved:
		return nil
	case connector.Refused:
		return fault.New(answer.Code, "the terminal does not print")
	}
	return fault.New(fault.UnavailableProvider, "the terminal does not say whether it has printed")
}

// receiptOf is what is printed: the wished lines, or the usual ones.
func receiptOf(p Payment, lines []string) []string {
	if len(lines) == 0 {
		lines = []string{p.Details.Descriptor, p.Amount.Decimal(2) + " " + string(p.Amount.Currency), p.CapturedAt.Format("2006-01-02 15:04 MST"), string(p.State), string(p.ID)}
	}
	out := make([]string, 0, len(lines))
	for _, line := range lines[:min(len(lines), receiptLines)] {
		text := []rune(strings.Map(printable, line))
		out = append(out, string(text[:min(len(text), receiptWidth)]))
	}
	return out
}

// printable drops what would move the paper or the head.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

// TerminalReady says whether a terminal could take a payment of a profile's
// account now: nil, or why not. Faults: invalid.method.not_set_up (nobody carries
// terminals), not_found.terminal, unavailable.terminal.busy,
// unavailable.terminal.off, unavailable.terminal (no answer).
func (s *Service) TerminalReady(ctx context.Context, actor access.Actor, o Order) error {
	conn, err := s.connector(s.route(o, actor.Environment), actor.Environment)
	if err != nil {
		return err
	}
	t, ok := conn.(connector.Terminals)
	if !ok {
		return fault.New("invalid.method.not_set_up", "no provider is set up for terminals")
	}
	q := connector.TerminalQuestion{Account: account(actor.Realm, o.Profile), Terminal: o.Details.Terminal, At: s.DB.Now(actor.Realm)}
	r := s.ask(ctx, s.patience(), func(ctx context.Context) connector.Result {
		return connector.Result{State: t.Ready(ctx, q)}
	})
	switch r.State {
	case connector.Approved:
		return nil
	case connector.Pending:
		return fault.New(fault.UnavailableTerminalBusy, "the terminal has a payment")
	case connector.Refused:
		return fault.New(fault.UnavailableTerminalOff, "the terminal is switched off")
	case connector.NotFound:
		return fault.New("not_found.terminal", "no such terminal")
	}
	return fault.New(fault.UnavailableTerminal, "the terminal cannot be reached")
}
