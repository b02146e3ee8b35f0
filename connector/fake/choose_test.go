package fake

import (
	"context"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// A payer without a browser: the choice counts once, and only where there is a
// page; the line of the books says what came of it.
func TestChoose(t *testing.T) {
	p := open(t, Config{})
	ctx := context.Background()
	wallet, slip := walletRequest(connector.Debit, money.Of(1050, "EUR")), voucherRequest(money.Of(1050, "EUR"))
	for _, req := range []connector.Request{wallet, slip} {
		if r := p.Authorise(ctx, req); r.State != pending {
			t.Fatalf("%+v", r)
		}
	}
	line := func() (Entry, bool) {
		e, found, err := p.Books().Entry(shop, wallet.Attempt)
		if err != nil {
			t.Fatal(err)
		}
		return e, found
	}
	if e, found := line(); !found || e.State != pending || e.Amount != "10.50" {
		t.Errorf("before: %v %+v", found, e)
	}
	if err := p.Choose(shop, slip.Attempt, "success", noon); fault.Code(err) != "not_found.charge" {
		t.Errorf("at the counter: got %v", err)
	}
	if err := p.Choose("another", wallet.Attempt, "success", noon); fault.Code(err) != "not_found.charge" {
		t.Errorf("for another account: got %v", err)
	}
	if _, found, _ := p.Books().Entry("another", wallet.Attempt); found {
		t.Error("another account sees the line")
	}
	for _, choice := range []string{"dance", "success", "decline"} { // the first is none, the last too late
		if err := p.Choose(shop, wallet.Attempt, choice, noon); err != nil {
			t.Errorf("%s: %v", choice, err)
		}
	}
	if e, _ := line(); e.State != approved {
		t.Errorf("after: %+v", e)
	}
	if all, err := p.Books().Entries(); err != nil || len(all) != 2 || all[0].Attempt != wallet.Attempt {
		t.Errorf("%v %+v", err, all)
	}
}
