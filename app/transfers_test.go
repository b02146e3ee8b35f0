package app

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// bankHall is a sandbox with the means to pay through a bank in it and to work its
// controls.
type bankHall struct {
	*App
	t       *testing.T
	box     Sandbox
	h       http.Handler
	actor   access.Actor
	profile merchant.Profile
}

func newBankHall(t *testing.T) *bankHall {
	t.Helper()
	a, s := indoorsAt(t, "http://127.0.0.1:8080")
	b := &bankHall{App: a, t: t, box: s, h: a.DevHandler(s)}
	realm, err := a.devRealm(t.Context())
	if err == nil {
		b.profile, err = a.devProfile(t.Context(), realm)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.actor = access.Actor{Realm: realm.ID, Environment: access.Test, Kind: "gateway", May: access.Everything}
	return b
}

// pay asks for 99.00 AUD and expects it to be pending.
func (b *bankHall) pay(name method.Name, brand string, bank *connector.BankAccount) payment.Payment {
	b.t.Helper()
	out, err := b.Payments.Pay(b.t.Context(), b.actor, payment.Order{Idempotency: idempotency.Key{Surface: "gateway"}, Profile: b.profile, Kind: connector.Debit,
		Method: name, Brand: brand, Bank: bank, Amount: money.Of(9900, "AUD")})
	if err != nil || out.Payment.State != payment.Pending {
		b.t.Fatalf("%s: %s, %v", name, out.Payment.State, err)
	}
	return out.Payment
}

func (b *bankHall) call(verb, path, body string, want int) map[string]any {
	b.t.Helper()
	w := knock(b.h, verb, path, body, "Authorization: Bearer "+b.box.Gateway.Token)
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != want {
		b.t.Fatalf("%s %s: %d %s", verb, path, w.Code, w.Body)
	}
	return out
}

func (b *bankHall) state(id ident.ID) payment.State {
	b.t.Helper()
	out, err := b.Payments.Get(b.t.Context(), b.actor, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Payment.State
}

func (b *bankHall) sound() {
	b.t.Helper()
	if r, err := b.Verify(b.t.Context(), func(string, int64, int64) {}); err != nil || len(r.Findings) > 0 {
		b.t.Errorf("verify: %v %s", err, strings.Join(r.Findings, "; "))
	}
}

// TestDebitsAtTheSandboxBank: a debit clears, is taken back, or is withdrawn.
func TestDebitsAtTheSandboxBank(t *testing.T) {
	b := newBankHall(t)
	debit := func() string {
		return "/sandbox/payments/" + string(b.pay(method.DirectDebit, "DIRECTDEBIT_AU",
			&connector.BankAccount{Region: "au", BankCode: "062000", Number: method.Conceal("12345678"), Holder: "N Berg"}).ID)
	}
	one := debit()
	for _, step := range []struct{ what, want string }{{"/clear", "captured"}, {"/dishonour", "failed"}} {
		if got := b.call("POST", one+step.what, "", 200)["state"]; got != step.want {
			t.Errorf("%s: %v, want %s", step.what, got, step.want)
		}
	}
	if got := b.call("POST", one+"/clear", "", 409)["code"]; got != "conflict.charge" {
		t.Errorf("cleared again: %v", got)
	}
	if got := b.call("POST", debit()+"/cancel", "", 200)["state"]; got != "failed" {
		t.Errorf("withdrawn: %v", got)
	}
	b.sound()
}

// TestTransfersAtTheSandboxBank: money comes for a payment, too much of it, and
// for nobody.
func TestTransfersAtTheSandboxBank(t *testing.T) {
	b := newBankHall(t)
	p := b.pay(method.BankTransfer, "BANKTRANSFER", nil)
	b.call("POST", "/sandbox/transfers", "reference="+p.Details.Payee.Reference+"&amount=100.00&currency=AUD&payer=N+BERG", 200)
	if got := b.state(p.ID); got != payment.Captured {
		t.Errorf("paid by transfer: %s", got)
	}
	waits := b.pay(method.BankTransfer, "BANKTRANSFER", nil)
	b.call("POST", "/sandbox/transfers", "reference=INVOICE+17&amount=99.00&currency=AUD", http.StatusNotFound)
	held := b.call("POST", "/sandbox/transfers", "reference=INVOICE+17&amount=99.00&currency=AUD&entityId="+devEntity, 200)["held"].([]any)
	if len(held) != 2 {
		t.Fatalf("held: %v", held)
	}
	over, stray := held[0].(map[string]any), held[1].(map[string]any)
	if over["held"] != 100.0 || over["payment"] != string(p.ID) || stray["quoted"] != "INVOICE 17" || stray["payment"] != nil {
		t.Errorf("held: %v", held)
	}
	b.call("POST", "/sandbox/transfers/"+over["id"].(string), "", 200)
	b.call("POST", "/sandbox/transfers/"+stray["id"].(string), "payment="+string(waits.ID), 200)
	if got := b.state(waits.ID); got != payment.Captured {
		t.Errorf("given to it: %s", got)
	}
	if got := b.call("GET", "/sandbox/transfers", "", 200)["held"].([]any); len(got) != 0 {
		t.Errorf("still held: %v", got)
	}
	b.sound()
}
