package connectortest

import (
	"context"
	"testing"

	"github.com/florinpay/florin/connector"
)

// terminals pushes payments to a terminal, one at a time, and prints on it.
func terminals(t *testing.T, s *suite) {
	c, ok := s.Connector.(connector.Terminals)
	if !ok || s.Terminal == "" {
		t.Skip("no terminals")
	}
	ctx := context.Background()
	req := s.request(connector.Debit, eur(1050))
	q := connector.TerminalQuestion{Account: req.Account, Terminal: s.Terminal, At: s.At}
	if got := c.Ready(ctx, q); got != connector.Approved {
		t.Fatalf("at first the terminal is %s", got)
	}
	first := s.Authorise(ctx, req)
	if first.State != connector.Pending {
		t.Fatalf("the payment is %s (%s) at once, want pending: somebody has to pay", first.State, first.Code)
	}
	if got := c.Ready(ctx, q); got != connector.Pending {
		t.Errorf("with a payment the terminal is %s", got)
	}
	if r := s.Authorise(ctx, s.request(connector.Debit, eur(500))); r.State != connector.Refused || r.Code == "" {
		t.Errorf("a second payment is %s %q, want refused and why", r.State, r.Code)
	}
	s.accept(t, req, first)
	if got := c.Ready(ctx, q); got != connector.Approved {
		t.Errorf("after the payment the terminal is %s", got)
	}
	receipt := connector.Receipt{ID: s.id(), TerminalQuestion: q, Lines: []string{"Lind Media", "10.50 EUR"}}
	for range 2 {
		if r := c.PrintReceipt(ctx, receipt); r.State != connector.Approved {
			t.Errorf("the receipt is %s (%s)", r.State, r.Code)
		}
	}
}
