package fake

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// A payout asked for twice is paid once, ends as its account says, and is found
// again by whoever opens the books anew.
func TestPayouts(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	file := filepath.Join(t.TempDir(), "books")
	open := func() *Provider {
		p, err := New(Config{Path: file, Keys: []method.Secret{method.Conceal("a key of sixteen bytes")}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() }) // closed twice at worst
		return p
	}
	p := open()
	for i, tt := range []struct {
		last4, channel   string
		amount           money.Amount
		said, soon, late connector.State
	}{
		{"5678", "npp", money.Of(1050, "AUD"), "approved", "approved", "approved"},
		{"5678", "direct_entry", money.Of(1050, "AUD"), "pending", "approved", "approved"},
		{"0000", "direct_entry", money.Of(1050, "AUD"), "refused", "refused", "refused"},
		{"1111", "npp", money.Of(1050, "AUD"), "refused", "refused", "refused"},
		{"1111", "direct_entry", money.Of(1050, "AUD"), "pending", "approved", "approved"},
		{"2222", "direct_entry", money.Of(1050, "AUD"), "pending", "approved", "refused"},
		{"3333", "npp", money.Of(1050, "JPY"), "unknown", "approved", "approved"},
		{"5678", "npp", money.Of(0, "AUD"), "refused", "refused", "refused"},
		{"5678", "npp", money.Of(1, "XAU"), "refused", "refused", "refused"},
		{"5678", "pigeon", money.Of(1, "AUD"), "refused", "refused", "refused"},
	} {
		req := connector.Payout{Attempt: ident.ID(fmt.Sprintf("65a0000000000000000000%02d", i)), Account: "r.m", Channel: tt.channel, Amount: tt.amount,
			To: connector.Beneficiary{Number: method.Conceal("1234" + tt.last4)}, At: at}
		first, again := p.Payout(t.Context(), req), p.Payout(t.Context(), req)
		if first.State != tt.said || again.State == connector.Unknown {
			t.Errorf("%d: got %s, then %s, want %s", i, first.State, again.State, tt.said)
		}
		for _, when := range []struct {
			at   time.Duration
			want connector.State
		}{{25 * time.Hour, tt.soon}, {80 * time.Hour, tt.late}} {
			r := p.LookupPayout(t.Context(), connector.Question{Attempt: req.Attempt, Account: "r.m", At: at.Add(when.at)})
			if r.State != when.want || r.State == connector.Approved && r.Amount != tt.amount {
				t.Errorf("%d after %v: got %s %v, want %s", i, when.at, r.State, r.Amount, when.want)
			}
		}
		if r := p.LookupPayout(t.Context(), connector.Question{Attempt: req.Attempt, Account: "another", At: at}); r.State != connector.NotFound {
			t.Errorf("%d: another's question: got %s", i, r.State)
		}
	}
	before, err := p.Books().Payouts()
	if err != nil || len(before) != 10 {
		t.Fatalf("got %d payouts, %v", len(before), err)
	}
	after, err := open().Books().Payouts()
	if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("read again: got %v %v, want %v", after, err, before)
	}
}
