package ledger_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// BenchmarkVerify checks the books of FLORIN_BENCH_POSTINGS postings (20,000
// unless said; the goal is 1,000,000 in 10 s) over 1,000 merchants.
func BenchmarkVerify(b *testing.B) {
	postings := 20_000
	if s := os.Getenv("FLORIN_BENCH_POSTINGS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		postings = n
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			db, realm := storetest.Open(b, engine, nil), newRealm()
			stock(b, db, realm, postings/2)
			b.ReportAllocs()
			for b.Loop() {
				found, err := ledger.Verify(b.Context(), db, realm, nil)
				if err != nil || len(found) > 0 {
					b.Fatal(found, err)
				}
			}
			b.ReportMetric(float64(postings)*float64(b.N)/b.Elapsed().Seconds(), "postings/s")
		})
	}
}

// stock posts debits of two postings each, a thousand to a commit.
func stock(b *testing.B, db *store.DB, realm ident.ID, debits int) {
	for done := 0; done < debits; {
		n := min(1000, debits-done)
		err := db.Update(b.Context(), realm, func(tx *store.Tx) error {
			for i := range n {
				d := ledger.Deal{Object: ledger.Object{Kind: "payment", ID: tx.NewID()}, Connector: "acme", Merchant: merchant(done + i)}
				if _, err := ledger.Post(tx, d.Debit(money.Of(int64(1+i), "EUR"))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		done += n
	}
}

func merchant(i int) ident.ID { return ident.ID(fmt.Sprintf("6560a1b2c3d4e5f601%06x", i%1000)) }

// BenchmarkPost posts debits from many callers, to one merchant and to 1,000.
func BenchmarkPost(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, merchants := range []int{1, 1000} {
			for _, callers := range []int{1, 64} {
				b.Run(fmt.Sprintf("%s/merchants=%d/callers=%d", engine, merchants, callers), func(b *testing.B) {
					db, realm := storetest.Open(b, engine, nil), newRealm()
					ids := ident.NewSource([5]byte{7}, 0)
					work := make(chan int, callers)
					done := make(chan error, callers)
					b.ResetTimer()
					for range callers {
						go func() {
							var failed error
							for i := range work {
								d := ledger.Deal{Object: ledger.Object{Kind: "payment", ID: ids.New(start)}, Connector: "acme", Merchant: merchant(i % merchants)}
								err := db.Update(b.Context(), realm, func(tx *store.Tx) error {
									_, err := ledger.Post(tx, d.Debit(money.Of(100, "EUR")))
									return err
								})
								if err != nil {
									failed = err
								}
							}
							done <- failed
						}()
					}
					for i := range b.N {
						work <- i
					}
					close(work)
					for range callers {
						if err := <-done; err != nil {
							b.Error(err)
						}
					}
				})
			}
		}
	}
}
