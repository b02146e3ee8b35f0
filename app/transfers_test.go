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
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// TestBanksBehave plays the sandbox's banks by its controls: a debit that clears,
// is taken back or withdrawn, and money that comes for a payment and for nobody.
func TestBanksBehave(t *testing.T) {
	a, s := indoorsAt(t, "http://127.0.0.1:8080")
	h := a.DevHandler(s)
	realm, err := a.devRealm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	profile, err := a.devProfile(t.Context(), realm)
	if err != nil {
		t.Fatal(err)
	}
	actor := access.Actor{Realm: realm.ID, Environment: access.Test, Kind: "gateway", May: access.Everything}
	pay := func(name method.Name, brand string, bank *connector.BankAccount) payment.Payment {
		t.Helper()
		out, err := a.Payments.Pay(t.Context(), actor, payment.Order{Idempotency: idempotency.Key{Surface: "gateway"}, Profile: profile, Kind: connector.Debit,
			Method: name, Brand: brand, Bank: bank, Amount: money.Of(9900, "AUD")})
		if err != nil || out.Payment.State != payment.Pending {
			t.Fatalf("%s: %s, %v", name, out.Payment.State, err)
		}
		return out.Payment
	}
	call := func(verb, path, body string, want int) map[string]any {
		t.Helper()
		w := knock(h, verb, path, body, "Authorization: Bearer "+s.Gateway.Token)
		var out map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != want {
			t.Fatalf("%s %s: %d %s", verb, path, w.Code, w.Body)
		}
		return out
	}
	debit := func() string {
		return "/sandbox/payments/" + string(pay(method.DirectDebit, "DIRECTDEBIT_AU",
			&connector.BankAccount{Region: "au", BankCode: "062000", Number: method.Conceal("12345678"), Holder: "N Berg"}).ID)
	}
	one := debit()
	for _, step := range []struct{ what, want string }{{"/clear", "captured"}, {"/dishonour", "failed"}} {
		if got := call("POST", one+step.what, "", 200)["state"]; got != step.want {
			t.Errorf("%s: %v, want %s", step.what, got, step.want)
		}
	}
	if got := call("POST", one+"/clear", "", 409)["code"]; got != "conflict.charge" {
		t.Errorf("cleared again: %v", got)
	}
	if got := call("POST", debit()+"/cancel", "", 200)["state"]; got != "failed" {
		t.Errorf("withdrawn: %v", got)
	}
	p := pay(method.BankTransfer, "BANKTRANSFER", nil)
	call("POST", "/sandbox/transfers", "reference="+p.Details.Payee.Reference+"&amount=100.00&currency=AUD&payer=N+BERG", 200)
	if got := state(t, a, actor, p.ID); got != payment.Captured {
		t.Errorf("paid by transfer: %s", got)
	}
	waits := pay(method.BankTransfer, "BANKTRANSFER", nil)
	call("POST", "/sandbox/transfers", "reference=INVOICE+17&amount=99.00&currency=AUD", http.StatusNotFound)
	held := call("POST", "/sandbox/transfers", "reference=INVOICE+17&amount=99.00&currency=AUD&entityId="+devEntity, 200)["held"].([]any)
	if len(held) != 2 {
		t.Fatalf("held: %v", held)
	}
	over, stray := held[0].(map[string]any), held[1].(map[string]any)
	if over["held"] != 100.0 || over["payment"] != string(p.ID) || stray["quoted"] != "INVOICE 17" || stray["payment"] != nil {
		t.Errorf("held: %v", held)
	}
	call("POST", "/sandbox/transfers/"+over["id"].(string), "", 200)
	call("POST", "/sandbox/transfers/"+stray["id"].(string), "payment="+string(waits.ID), 200)
	if got := state(t, a, actor, waits.ID); got != payment.Captured {
		t.Errorf("given to it: %s", got)
	}
	if got := call("GET", "/sandbox/transfers", "", 200)["held"].([]any); len(got) != 0 {
		t.Errorf("still held: %v", got)
	}
	if r, err := a.Verify(t.Context(), func(string, int64, int64) {}); err != nil || len(r.Findings) > 0 {
		t.Errorf("verify: %v %s", err, strings.Join(r.Findings, "; "))
	}
}

func state(t *testing.T, a *App, actor access.Actor, id ident.ID) payment.State {
	t.Helper()
	out, err := a.Payments.Get(t.Context(), actor, id)
	if err != nil {
		t.Fatal(err)
	}
	return out.Payment.State
}
