package surcharge

import (
	"testing"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// FuzzToken: no text but a token of ours opens, and it opens to what was signed.
func FuzzToken(f *testing.F) {
	key, realm := []byte("a key"), ident.ID("aaaaaaaaaaaaaaaaaaaaaaaa")
	q := Quote{ID: "q1", Merchant: "m1", CustomerType: Consumer, Form: InFull, Amount: money.Of(12500, "AUD"), Surcharge: money.Of(168, "AUD")}
	if err := q.sign(key, realm, visaCredit().Means); err != nil {
		f.Fatal(err)
	}
	f.Add(q.Token)
	f.Add("eyJ2IjoxfQ.Zm9v")
	f.Add(".")
	f.Add(q.Token + "\n")
	f.Fuzz(func(t *testing.T, token string) {
		c, err := read(key, realm, token)
		if token == q.Token {
			if err != nil || c.ID != "q1" || c.Surcharge != 168 {
				t.Errorf("our token: got %+v, %v", c, err)
			}
		} else if fault.Code(err) != "invalid.surcharge_quote" {
			t.Errorf("%q: got %+v, %v", token, c, err)
		}
	})
}
