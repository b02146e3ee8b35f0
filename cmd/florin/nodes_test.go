package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/store/storetest"
)

// TestNodes runs two florins on one PostgreSQL: what one does the other knows,
// a key that is revoked is refused by both within a second, and a wish that
// reaches both is done once.
func TestNodes(t *testing.T) {
	h := furnish(t, storetest.Database(t, "postgres"), "test")
	first := h.serve(t)
	one := h.desk
	second := h.serve(t)
	two := h.desk
	hold := one.must(t, "000.100.110", "/v3/payments", sale("paymentType=PA")...)
	two.must(t, "000.100.110", "/v3/payments/"+hold.ID, "amount=92.00", "currency=EUR", "paymentType=CP")
	one.must(t, "000.100.110", "/v3/payments/"+hold.ID, "amount=10.00", "currency=EUR", "paymentType=RF")
	var all sync.WaitGroup
	for n := range 40 {
		ids := make([]string, 2)
		for i, d := range []desk{one, two} {
			all.Go(func() {
				for range 20 { // the other one may be at it
					a, err := d.ask(fmt.Sprintf("wish-%d", n), "/v3/payments", sale()...)
					if err != nil {
						t.Error(err)
					}
					if ids[i] = a.ID; a.ID != "" {
						return
					}
				}
			})
		}
		all.Wait()
		if ids[0] == "" || ids[0] != ids[1] {
			t.Errorf("the same wish became %q and %q", ids[0], ids[1])
		}
	}
	id := regexp.MustCompile(`[0-9a-f]{24}`).FindString(h.run(t, "key", "list").out) // beside running ones
	if r := h.run(t, "key", "revoke", id); r.code != 0 {
		t.Fatalf("key revoke: %+v", r)
	}
	time.Sleep(1100 * time.Millisecond)
	for _, d := range []desk{one, two} {
		if a, err := d.ask("", "/v3/payments", sale()...); err != nil || a.Status != 403 {
			t.Errorf("a revoked key: %v, %d %s", err, a.Status, a.Raw)
		}
	}
	if r := h.run(t, "verify"); r.code != 0 || !strings.Contains(r.out, "41 payments checked: the books are right") {
		t.Errorf("verify beside running ones: %+v", r)
	}
	first.stop()
	second.stop()
}

// TestBackup takes a copy of a database that is being written, as the manual
// says, and looks whether it is whole.
func TestBackup(t *testing.T) {
	h := furnish(t, "", "test")
	p := h.serve(t)
	done := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				h.must(t, "000.100.110", "/v3/payments", sale()...)
			}
		}
	})
	time.Sleep(300 * time.Millisecond)
	file := h.database + ".copy"
	alter(t, h.database, "VACUUM INTO '"+file+"'")
	close(done)
	load.Wait()
	p.stop()
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	h.args[1] = file
	if r := h.run(t, "verify"); r.code != 0 || strings.Contains(r.out, " 0 payments") {
		t.Errorf("verify the copy: %+v", r)
	}
	h.args[1] = h.database
	if r := h.run(t, "verify"); r.code != 0 {
		t.Errorf("verify: %+v", r)
	}
}
