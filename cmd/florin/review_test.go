package main

import (
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// TestReview: what waits is listed, decided once, and the books are right
// afterwards. On SQLite florin serve has to be stopped for it.
func TestReview(t *testing.T) {
	eachFurnished(t, "test", func(t *testing.T, h *house) {
		p := h.serve(t)
		var late []string
		for range 2 {
			a, err := h.ask("", "/v3/payments", sale("customParameters[florin_fault]=late_success:1")...)
			if err != nil || a.Result.Code != "100.396.103" {
				t.Fatalf("%v, %s, want a refusal", err, a.Raw)
			}
			late = append(late, a.ID)
		}
		for _, id := range late {
			until(t, "a late success", func() bool {
				a, err := h.read("/v3/payments/" + id)
				return err == nil && a.Result.Code == "100.400.500"
			})
		}
		accepted, returned := late[0][:24], late[1][:24]
		if !strings.HasPrefix(h.database, "postgres:") {
			refused(t, h.run(t, "review"), failed, "open in another process", "stopped first")
			refused(t, h.run(t, "review", "accept", accepted, "--reason", "seen"), failed, "open in another process", "stopped first")
			p.stop()
		}
		r := h.run(t, "review")
		for _, want := range []string{accepted, returned, "debit 92.00 EUR", "it succeeded after it was called failed"} {
			if r.code != 0 || !strings.Contains(r.out, want) {
				t.Errorf("no %q in %+v", want, r)
			}
		}
		for _, step := range []struct {
			args []string
			want string
		}{
			{[]string{"accept", accepted, "--reason", "it is on the statement"}, "accepted: payment " + accepted + " is captured\n"},
			{[]string{"accept", accepted, "--reason", "again"}, "was accepted before; nothing changed: payment " + accepted + " is captured\n"},
			{[]string{"return", returned, "--reason", "refunded at the provider"}, "returned: payment " + returned + " is failed\n"},
		} {
			if r := h.run(t, append([]string{"review"}, step.args...)...); r.code != 0 || r.out != step.want {
				t.Errorf("%v: %+v, want %q", step.args, r, step.want)
			}
		}
		refused(t, h.run(t, "review", "return", accepted, "--reason", "no"), failed, "decided otherwise before: accept")
		refused(t, h.run(t, "review", "accept", strings.Repeat("f", 24), "--reason", "x"), failed, "there is no payment, attempt or order")
		refused(t, h.run(t, "review", "accept", returned, "--reason", "card 4200000000000000"), failed, "must not hold a card number")
		if r := h.run(t, "review", "accept", accepted); r.code != misused || !strings.Contains(r.err, "--reason") {
			t.Errorf("without a reason: %+v", r)
		}
		if r := h.run(t, "review", "list"); r.code != 0 || strings.Count(r.out, "\n") != 1 {
			t.Errorf("nothing waits any longer: %+v", r)
		}
		if r := h.run(t, "verify"); r.code != 0 {
			t.Errorf("verify: %+v", r)
		}
	})
}

// Money that nobody waits for has a line, with what the payer wrote made safe
// for a terminal.
func TestHeldMoneyHasALine(t *testing.T) {
	at := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	a := payment.Arrival{ID: "0123456789abcdef01234567", Quoted: "rent\x1b[2J", Amount: money.Of(9900, "NOK"), ArrivedAt: at}
	if got, want := held(a), "0123456789abcdef01234567\ttransfer, held 99.00 NOK\t-\t2026-11-28 09:00:00\tno payment waits for the reference \"rent\\x1b[2J\""; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	a.Payment = "6b0160db36735fd7f2e6e110"
	if got := held(a); !strings.Contains(got, "\t6b0160db36735fd7f2e6e110\t") || !strings.HasSuffix(got, "it is not what the payment waits for") {
		t.Errorf("got %q", got)
	}
}
