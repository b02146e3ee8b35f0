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
	"github.com/florinpay/florin/core/mandate"
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

// TestAgreementsInTheSandbox: a payer agrees on the provider's page, comes back to
// where the agreement was begun, and stops it later.
func TestAgreementsInTheSandbox(t *testing.T) {
	b := newBankHall(t)
	for choice, want := range map[string]method.Ending{"success": method.Finished, "cancel": method.Left, "decline": method.Broken, "silent": method.Unsure, "later": method.Initiated} {
		out, err := b.Mandates.Agree(t.Context(), b.actor, mandate.Wish{Idempotency: idempotency.Key{Surface: "gateway"}, Profile: b.profile, Brand: "VIPPS",
			Details: mandate.Details{ReturnURL: "https://shop.example/agreed?x=1"}})
		if err != nil || out.Mandate.Details.Redirect == nil {
			t.Fatalf("%+v, %v", out.Mandate, err)
		}
		page := strings.TrimPrefix(out.Mandate.Details.Redirect.URL, b.box.URL)
		if w := knock(b.h, "GET", page, ""); w.Code != 200 || !strings.Contains(w.Body.String(), "Agree with Vipps") || !strings.Contains(w.Body.String(), "Lind Media") {
			t.Errorf("the page: %d %s", w.Code, w.Body)
		}
		w := knock(b.h, "POST", page, "choice="+choice, "Origin: "+b.box.URL)
		back := strings.TrimPrefix(w.Header().Get("Location"), b.box.URL)
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(back, "/return/") {
			t.Fatalf("%s: %d to %s", choice, w.Code, w.Header().Get("Location"))
		}
		if w = knock(b.h, "GET", back, ""); w.Header().Get("Location") != "https://shop.example/agreed?x=1" {
			t.Errorf("%s: back to %s", choice, w.Header().Get("Location"))
		}
		m, err := b.Mandates.Get(t.Context(), b.actor, out.Mandate.ID)
		if err != nil || m.Ending() != want {
			t.Errorf("%s: %s (%s), %v; want %s", choice, m.State, m.Code, err, want)
		}
		if choice != "success" {
			continue
		}
		at := "/sandbox/mandates/" + string(m.ID)
		for _, state := range []string{"suspended", "active", "revoked"} {
			if got := b.call("POST", at, "state="+state, 200)["state"]; got != state {
				t.Errorf("moved to %v, want %s", got, state)
			}
		}
		b.call("POST", at, "state=active", 409)
		b.call("POST", at, "state=nonsense", 400)
	}
	if w := knock(b.h, "GET", "/sandbox/agreement/1-00000000000000000000000000000000", ""); w.Code != 404 {
		t.Errorf("a forged address: %d", w.Code)
	}
}

// TestWalletsEnd: what a payer does on a wallet's page can be told from the
// payment: finished, cancelled, failed, unknown, initiated.
func TestWalletsEnd(t *testing.T) {
	b := newBankHall(t)
	for n, brand := range []string{"VIPPS", "SWISH", "MOBILEPAY", "KLARNA", "PAYEX", "NEXI", "PAYPAL"} {
		choice := []string{"success", "cancel", "decline", "silent", "later"}[n%5]
		want := []method.Ending{method.Finished, method.Left, method.Broken, method.Unsure, method.Initiated}[n%5]
		out, err := b.Payments.Pay(t.Context(), b.actor, payment.Order{Idempotency: idempotency.Key{Surface: "gateway"}, Profile: b.profile, Kind: connector.Debit,
			Method: method.OfBrand(brand), Brand: brand, Amount: money.Of(9900, "NOK"), Details: payment.Details{ReturnURL: "https://shop.example/paid"}})
		if err != nil || out.Ending() != method.Initiated {
			t.Fatalf("%s: %+v, %v", brand, out.Payment, err)
		}
		page := strings.TrimPrefix(out.Payment.Details.Redirect.URL, b.box.URL)
		if w := knock(b.h, "GET", page, ""); !strings.Contains(strings.ToUpper(w.Body.String()), "PAY WITH "+brand) || !strings.Contains(w.Body.String(), "99.00 NOK") {
			t.Errorf("%s: %s", brand, w.Body)
		}
		w := knock(b.h, "POST", page, "choice="+choice, "Origin: "+b.box.URL)
		knock(b.h, "GET", strings.TrimPrefix(w.Header().Get("Location"), b.box.URL), "")
		if out, err = b.Payments.Get(t.Context(), b.actor, out.Payment.ID); err != nil || out.Ending() != want {
			t.Errorf("%s, %s: %s (%s), attempt %s (%s), %v; want %s", brand, choice, out.Payment.State, out.Payment.Code, out.Attempt.State, out.Attempt.Code, err, want)
		}
		if want != method.Unsure && want != method.Initiated {
			continue
		}
		b.call("POST", "/sandbox/clock", "advanceSeconds=120", 200)
		if out, err = b.Payments.Look(t.Context(), b.actor.Realm, out.Payment.ID); err != nil || out.Ending() != method.Finished {
			t.Errorf("%s, two minutes later: %s (%v)", brand, out.Payment.State, err)
		}
	}
	b.sound()
}
