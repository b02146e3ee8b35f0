package fake

import (
	"context"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/money"
)

// TestFamiliarCards: each number is sound, its own, and does what the sheet
// says, whatever the amount.
func TestFamiliarCards(t *testing.T) {
	p := open(t, Config{})
	for _, f := range Familiars {
		if _, listed := cards[f.Number]; listed || !luhn(f.Number) {
			t.Errorf("%s is another test card, or none", f.Number)
		}
		if _, listed := faultCards[f.Number]; listed {
			t.Errorf("%s brings another fault", f.Number)
		}
		for _, minor := range []int64{12500, 1055, 2330, 4020} {
			for _, threeDS := range []bool{false, true} {
				req := cardRequest(f.Number, connector.Debit, money.Of(minor, "AUD"))
				req.Brand, req.Use3DS = f.Brand, threeDS
				want := approved
				if f.Code != "" {
					want = refused
				}
				if f.Flow == Challenge && threeDS {
					want = pending
				}
				r := p.Authorise(context.Background(), req)
				if r.State != want || want == refused && r.Code != f.Code || (r.Redirect != nil) != (want == pending) {
					t.Errorf("%s for %d: got %s %q %v, want %s %q", f.Number, minor, r.State, r.Code, r.Redirect, want, f.Code)
				}
			}
		}
	}
}
