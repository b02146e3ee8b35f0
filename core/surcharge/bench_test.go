package surcharge

import (
	"testing"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// BenchmarkToken is what a quote's token costs, made and read back.
func BenchmarkToken(b *testing.B) {
	key, realm, a := make([]byte, 32), ident.ID("aaaaaaaaaaaaaaaaaaaaaaaa"), visaCredit()
	q := Quote{ID: "q1", Merchant: a.Merchant, CustomerType: a.CustomerType, Form: a.Form, Amount: a.Amount, Surcharge: money.Of(168, "AUD"),
		ExpiresAt: time.Unix(1e9, 0)}
	u := Use{Merchant: a.Merchant, CustomerType: a.CustomerType, Form: a.Form, Amount: a.Amount, Means: a.Means}
	for b.Loop() {
		if err := q.sign(key, realm, a.Means); err != nil {
			b.Fatal(err)
		}
		c, err := read(key, realm, q.Token)
		if err != nil {
			b.Fatal(err)
		}
		if err := c.fits(key, u, time.Unix(1e9-1, 0)); err != nil {
			b.Fatal(err)
		}
	}
}
