package fake

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

func TestVoucher(t *testing.T) {
	p := open(t, Config{})
	ctx := context.Background()
	req := voucherRequest(money.Of(1050, "EUR"))
	r := p.Authorise(ctx, req)
	slip := r.Details["slip"]
	if r.State != pending || slip == "" || r.Redirect == nil || r.ExpiresAfterSeconds != 3*24*3600 {
		t.Fatalf("%+v", r)
	}
	for name, err := range map[string]error{
		"no such slip": p.Pay("700000000000", money.Of(1, "EUR"), noon), "of no slip": p.Pay("x", money.Of(1, "EUR"), noon),
	} {
		if fault.Code(err) != "not_found.slip" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, a := range []money.Amount{money.Of(0, "EUR"), money.Of(-1, "EUR"), money.Of(1050, "USD"), money.Of(1, "CLF")} {
		if err := p.Pay(slip, a, noon); fault.Code(err) != "invalid.amount" {
			t.Errorf("paid %v: %v", a, err)
		}
	}
	if err := p.Pay(slip, money.Of(1050, "EUR"), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(heard(t, p, noon.Add(time.Hour))); got != "[approved 1050]" {
		t.Errorf("callbacks %s", got)
	}
	if err := p.Pay(slip, money.Of(1050, "EUR"), noon.Add(2*time.Hour)); err != nil { // and once more
		t.Fatal(err)
	}
	list := callbacks(t, p, noon.Add(2*time.Hour))
	if len(list) != 1 {
		t.Fatalf("%d callbacks of the second time", len(list))
	}
	n, err := p.ParseNotice(headers(list[0]), list[0].Body, noon.Add(2*time.Hour))
	if err != nil || n.Attempt != req.Attempt || n.Result.Reference == r.Reference || n.Kind != connector.Debit {
		t.Errorf("the second payment says %+v, %v", n, err)
	}
	if got := totals(t, p); got != "[{Account:LM000117 Method:voucher Currency:EUR Unit:thousandths of the major unit Held:0 Captured:21000 Refunded:0 Disputed:0 Credited:0}]" {
		t.Errorf("totals %s", got)
	}
	if got := p.Lookup(ctx, connector.Question{Attempt: req.Attempt, Account: shop, At: noon}); got.State != approved || got.Reference != r.Reference {
		t.Errorf("Lookup says %+v", got)
	}
}

func TestVoucherWrongAmount(t *testing.T) {
	p := open(t, Config{})
	req := voucherRequest(money.Of(1050, "EUR"))
	r := p.Authorise(context.Background(), req)
	if err := p.Pay(r.Reference, money.Of(1000, "EUR"), noon); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(heard(t, p, noon)); got != "[approved 1000]" {
		t.Errorf("callbacks %s", got)
	}
	if got := p.Lookup(context.Background(), connector.Question{Attempt: req.Attempt, Account: shop, At: noon}); got.Amount != money.Of(1000, "EUR") {
		t.Errorf("Lookup names %v", got.Amount)
	}
}

func TestVoucherExpires(t *testing.T) {
	p := open(t, Config{})
	req := voucherRequest(money.Of(1050, "EUR"))
	r := p.Authorise(context.Background(), req)
	end := noon.Add(slipSeconds * time.Second)
	if err := p.Pay(r.Details["slip"], money.Of(1050, "EUR"), end); fault.Code(err) != "conflict.slip" {
		t.Errorf("after its time: %v", err)
	}
	if got := p.Lookup(context.Background(), connector.Question{Attempt: req.Attempt, Account: shop, At: end}); got.State != refused || got.Code != timedOut {
		t.Errorf("Lookup says %s %s", got.State, got.Code)
	}
	if got := fmt.Sprint(heard(t, p, end)); got != "[refused 1050]" {
		t.Errorf("callbacks %s", got)
	}
}

func TestDispute(t *testing.T) {
	p := open(t, Config{})
	ctx := context.Background()
	req := cardRequest(visa, connector.Authorise, money.Of(1000, "EUR"))
	p.Authorise(ctx, req)
	dispute := func(n int64) string {
		return fault.Code(p.Dispute(shop, req.Attempt, money.Of(n, "EUR"), "000.100.222", noon))
	}
	refund := func(n int64) connector.Result {
		return p.Refund(ctx, connector.Operation{Attempt: newID(), Original: req.Attempt, Account: shop, Amount: money.Of(n, "EUR"), At: noon})
	}
	if got := dispute(1); got != "conflict.amount" {
		t.Errorf("a dispute of what was never captured: %q", got)
	}
	capture := connector.Operation{Attempt: newID(), Original: req.Attempt, Account: shop, Amount: money.Of(800, "EUR"), At: noon}
	p.Capture(ctx, capture)
	refund(300)
	if got := dispute(501); got != "conflict.amount" {
		t.Errorf("a dispute of too much: %q", got)
	}
	if got := fault.Code(p.Dispute(shop, capture.Attempt, money.Of(500, "EUR"), "000.100.222", noon)); got != "" { // by the capture's id
		t.Fatalf("a dispute: %q", got)
	}
	list := callbacks(t, p, noon)
	if len(list) != 1 {
		t.Fatalf("%d callbacks", len(list))
	}
	n, err := p.ParseNotice(headers(list[0]), list[0].Body, noon)
	if err != nil || n.Kind != Chargeback || n.Attempt != req.Attempt || n.Result.Amount != money.Of(500, "EUR") || n.Result.Provider != "000.100.222" {
		t.Errorf("%+v, %v", n, err)
	}
	if r := refund(1); r.State != refused {
		t.Errorf("a refund of what was charged back is %s", r.State)
	}
	if err := p.Represent(shop, req.Attempt, money.Of(501, "EUR"), noon); fault.Code(err) != "conflict.amount" {
		t.Errorf("more comes back than went: %v", err)
	}
	if err := p.Represent(shop, req.Attempt, money.Of(500, "EUR"), noon); err != nil {
		t.Error(err)
	}
	if r := refund(500); r.State != approved {
		t.Errorf("a refund after the money came back is %s %s", r.State, r.Code)
	}
	if err := p.Dispute("other", req.Attempt, money.Of(1, "EUR"), "", noon); fault.Code(err) != "not_found.charge" {
		t.Errorf("another account's charge: %v", err)
	}
}
