package gateway

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// words reads the constants of core/fault/declined.go: whoever adds one has to
// say here what it is on the wire.
func words(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../core/fault/declined.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			word, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, word)
		}
		return true
	})
	return out
}

func TestEveryWordHasACode(t *testing.T) {
	list := words(t)
	if len(list) < 60 {
		t.Fatalf("got %d words", len(list))
	}
	seen := map[string]bool{}
	for _, word := range list {
		if seen[word] || !fault.Under(word, fault.Declined) && !fault.Under(word, fault.Unavailable) {
			t.Errorf("%s is no word of its own", word)
		}
		seen[word] = true
		code := codeByCore[word]
		if !Known(code) || Classify(code).Category != Rejected {
			t.Errorf("%s: its code %q is none that rejects", word, code)
		}
	}
	for _, r := range refusals {
		if !Known(r.code) {
			t.Errorf("%s: %s is not on the list", r.core, r.code)
		}
	}
}

func TestFromFault(t *testing.T) {
	for core, want := range map[string]string{
		"declined.insufficient_funds": "800.100.155", "declined.insufficient_funds.account": "800.100.203", "declined.insufficient_funds.wallet": "800.100.155",
		"declined.invalid_cvv": "800.100.153", "declined.expired_card": "100.100.303", "declined.do_not_honour": "800.100.152",
		"declined.stolen_card": "800.100.159", "declined.authentication_failed": "100.380.401", "declined.authentication_technical": "000.400.103",
		"declined.authentication_rejected": "100.390.114", "declined.challenge_cancelled": "100.396.101", "declined.challenge_technical": "100.390.112",
		"declined.timed_out": "100.396.103", "declined.authentication_required": "300.100.100", "declined.invalid_card": "800.100.151",
		"declined": "800.100.100", "declined.something_new": "800.100.100", "declined.something.new": "800.100.100",
		"unavailable": "800.800.800", "unavailable.store": "800.800.800", "unavailable.provider": "900.100.300", "unavailable.provider.new": "900.100.300",
		"invalid.card.number": "100.100.101", "invalid.card.brand": "100.100.700", "invalid.card.expired": "100.100.303",
		"invalid.card.cvv_missing": "100.100.600", "invalid.card.cvv": "100.100.601",
		"": "", "invalid": "", "invalid.amount": "", "conflict.refund": "", "declinedx": "",
	} {
		if got := FromFault(core); got != want {
			t.Errorf("%q: got %q, want %q", core, got, want)
		}
	}
}

func TestForced(t *testing.T) {
	for code, want := range map[string]string{
		"000.000.000": "approved", "000.100.110": "approved", "000.400.000": "review", "000.400.100": "review", "000.200.000": "pending",
		"100.400.500": "pending", "000.100.220": "approved", "000.500.000": "approved",
		"800.100.155": "declined.insufficient_funds", "800.100.153": "declined.invalid_cvv", "100.100.303": "declined.expired_card",
		"100.396.101": "declined.challenge_cancelled", "100.380.401": "declined.authentication_failed", "900.100.300": "unavailable.provider",
		"800.100.100": "declined.issuer", "800.100.999": "declined.issuer", "100.390.103": "declined.authentication_failed",
		"100.550.301": "declined.invalid_amount", "700.400.100": "declined.invalid_transaction", "123.456.789": "declined.issuer",
	} {
		if got := Forced(code); got != want {
			t.Errorf("%s: got %q, want %q", code, got, want)
		}
	}
	for _, c := range Codes() { // a refusal stays one, and a word that has the code gives it back
		core := Forced(c.Code)
		refused := fault.Under(core, fault.Declined) || fault.Under(core, fault.Unavailable)
		if refused != (Classify(c.Code).Category == Rejected) {
			t.Errorf("%s: forced by %q", c.Code, core)
		}
		if back := coreByCode[c.Code]; back != "" && FromFault(core) != c.Code {
			t.Errorf("%s became %s became %s", c.Code, core, FromFault(core))
		}
	}
	for group := range groupWords {
		found := false
		for _, c := range classes {
			found = found || c.Group == group
		}
		if !found {
			t.Errorf("%s is no group", group)
		}
	}
}

// What an amount's own digits say keeps its code through the other table.
func TestAmountFaults(t *testing.T) {
	for _, c := range []struct {
		amount   string
		currency money.Currency
		want     string
	}{
		{"92.50", "JPY", "100.550.303"}, {"1.00", "EUX", "100.550.401"}, {"1.00", "XAU", "100.550.401"}, {"99999999999999999999", "EUR", "100.550.300"},
	} {
		_, err := money.ParseDecimal(c.amount, c.currency)
		if got := codeOf(err); got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.amount, c.currency, got, c.want)
		}
	}
}
