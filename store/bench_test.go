package store_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// The tables of a payment, as lean as they can be.
var benchTables = []*store.Table{
	{Name: "b_payment", Key: 2, Columns: []string{"realm", "id", "version", "merchant", "amount", "currency", "state", "details"}},
	{Name: "b_attempt", Key: 2, Columns: []string{"realm", "id", "version", "kind", "state", "amount"}},
	{Name: "b_key", Key: 2, Columns: []string{"realm", "key", "fingerprint", "object"}},
	{Name: "b_event", Key: 3, Columns: []string{"realm", "object", "seq", "type", "at"}},
	{Name: "b_posting", Key: 3, Columns: []string{"realm", "seq", "n", "account", "amount", "balance"}},
	{Name: "b_merchant", Key: 2, Columns: []string{"realm", "id", "version", "n"}},
}

var benchSchema = []string{
	`CREATE TABLE b_payment (realm TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL, merchant TEXT NOT NULL, amount BIGINT NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL, details TEXT NOT NULL, PRIMARY KEY (realm, id))`,
	`CREATE TABLE b_attempt (realm TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, amount BIGINT NOT NULL, PRIMARY KEY (realm, id))`,
	`CREATE TABLE b_key (realm TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, object TEXT NOT NULL, PRIMARY KEY (realm, key))`,
	`CREATE TABLE b_event (realm TEXT NOT NULL, object TEXT NOT NULL, seq BIGINT NOT NULL, type TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (realm, object, seq))`,
	`CREATE TABLE b_posting (realm TEXT NOT NULL, seq TEXT NOT NULL, n BIGINT NOT NULL, account TEXT NOT NULL, amount BIGINT NOT NULL, balance BIGINT NOT NULL, PRIMARY KEY (realm, seq, n))`,
	`CREATE TABLE b_merchant (realm TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (realm, id))`,
}

const benchDetails = `{"descriptor":"a shop","reference":"order 4711","result":"https://shop.example/return"}`

// BenchmarkUpdate commits payments, six new rows and a swapped one each, from
// so many callers at once, durably. It tells payments per second and the
// waiting of the middle and of the hundredth caller.
func BenchmarkUpdate(b *testing.B) {
	for _, engine := range storetest.Engines {
		for _, callers := range []int{1, 16, 64, 256} {
			b.Run(fmt.Sprintf("%s/%d", engine, callers), func(b *testing.B) { benchUpdate(b, engine, callers) })
		}
	}
}

func benchUpdate(b *testing.B, engine string, callers int) {
	db := storetest.Open(b, engine, func(o *store.Options) { o.Twice = false })
	realms := []ident.ID{realmA, realmB, "cccccccccccccccccccccccc", "dddddddddddddddddddddddd"}
	must(b, update(db, func(tx *store.Tx) error {
		for _, text := range benchSchema {
			if _, err := tx.Exec(text); err != nil {
				return err
			}
		}
		return nil
	}))
	for c := range callers {
		must(b, db.Update(b.Context(), realms[c%4], func(tx *store.Tx) error {
			tx.Insert(benchTables[5], tx.Realm(), fmt.Sprint("m", c), 1, 0)
			return nil
		}))
	}
	waits := make([]time.Duration, b.N)
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for c := range callers {
		wg.Go(func() {
			for version := int64(1); ; version++ {
				i := next.Add(1) - 1
				if i >= int64(b.N) {
					return
				}
				began := time.Now()
				err := db.Update(b.Context(), realms[c%4], func(tx *store.Tx) error { pay(tx, fmt.Sprint("m", c), version); return nil })
				if err != nil {
					b.Error(err)
					return
				}
				waits[i] = time.Since(began)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(waits)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "payments/s")
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms")
}

func pay(tx *store.Tx, merchant string, version int64) {
	id, realm := tx.NewID(), tx.Realm()
	tx.Insert(benchTables[0], realm, id, 1, merchant, 1234, "EUR", "captured", benchDetails)
	tx.Insert(benchTables[1], realm, id, 1, "debit", "approved", 1234)
	tx.Insert(benchTables[2], realm, id, "0123456789abcdef0123456789abcdef", id)
	tx.Insert(benchTables[3], realm, id, 1, "payment.captured", tx.Now().UnixMilli())
	tx.Insert(benchTables[4], realm, id, 0, "provider/fake", 1234, version*1234)
	tx.Insert(benchTables[4], realm, id, 1, "merchant/"+merchant, -1234, -version*1234)
	tx.Swap(benchTables[5], version, realm, merchant, version+1, version)
}
