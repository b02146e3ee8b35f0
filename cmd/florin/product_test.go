package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/purchase"
)

// TestProducts puts a paper on sale in a live realm, gives it prices and a
// voucher, and ends them.
func TestProducts(t *testing.T) {
	h := furnish(t, "", "live")
	says := func(want string, args ...string) string {
		t.Helper()
		r := h.run(t, append(args, "--environment", "live")...)
		if r.code != 0 || !regexp.MustCompile(want).MatchString(r.out) {
			t.Errorf("%q: got %+v, want %q", args, r, want)
		}
		return r.out
	}
	no := func(want string, args ...string) {
		t.Helper()
		refused(t, h.run(t, append(args, "--environment", "live")...), failed, want)
	}
	add := []string{"product", "add", "Lind Media", "LM000117", "DAGSN", "--name", "Dagsnytt", "--currency", "NOK", "--tax", "12.5", "--method", "invoice", "--method", "payex"}
	no("price", append(add, "--price", "349.001")...)
	says("DAGSN is on sale", append(add, "--price", "349")...)
	no("no entity", "product", "add", "Lind Media", "LM9", "HELG", "--name", "x", "--price", "1", "--currency", "NOK")
	says(`^DAGSN +Dagsnytt +349.00 NOK +Merchant\n$`, "product", "list", "Lind Media")

	no("--period", "coupon", "add", "Lind Media", "DAGSN", "31", "--code", "DIGI", "--price", "349", "--period", "soon")
	says("coupon 31 of DAGSN: 349.00 NOK for a month", "coupon", "add", "Lind Media", "DAGSN", "31", "--code", "DIGI", "--price", "349")
	says("coupon 32 of DAGSN: 0.00 NOK for 2 weeks", "coupon", "add", "Lind Media", "DAGSN", "32", "--code", "GAVE", "--price", "0", "--period", "2w", "--by-voucher", "--description", "A gift")
	says(`32 +GAVE +0.00 NOK for 2 weeks +by voucher +A gift`, "coupon", "list", "Lind Media", "DAGSN")

	no("no such coupon", "voucher", "add", "Lind Media", "DAGSN/33")
	no("a day", "voucher", "add", "Lind Media", "DAGSN/32", "--until", "soon")
	no("6 to 40", "voucher", "add", "Lind Media", "DAGSN/32", "--code", "kort")
	made := says(`code +[0-9A-F]{20}\n`, "voucher", "add", "Lind Media", "DAGSN/32", "DAGSN/31", "--uses", "5", "--until", "2099-12-30")
	says(`code +SOMMER-2026`, "voucher", "add", "Lind Media", "DAGSN/32", "--code", "SOMMER-2026")
	id := regexp.MustCompile(`voucher +([0-9a-f]{24})`).FindStringSubmatch(made)
	if id == nil {
		t.Fatalf("got %s", made)
	}
	list := says(id[1]+` +DAGSN/31 DAGSN/32 +5 uses left +until 2099-12-31`, "voucher", "list", "Lind Media")
	if strings.Contains(list, "SOMMER") || strings.Count(list, "\n") != 2 {
		t.Errorf("got %s", list)
	}
	says("opens nothing any more", "voucher", "end", "Lind Media", id[1])
	says("has ended", "coupon", "end", "Lind Media", "DAGSN", "31")
	says(`31 +DIGI +349.00 NOK for a month +ended `, "coupon", "list", "Lind Media", "DAGSN")
	says("off sale", "product", "end", "Lind Media", "DAGSN")
	says(`^$`, "product", "list", "Lind Media")
	if r := h.run(t, "verify"); r.code != 0 {
		t.Errorf("verify: %+v", r)
	}
}

func TestPercent(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "25": 250_000, "12.5": 125_000, "0.0001": 1, "100": 1_000_000, "100.1": -1, "25.": 250_000, "": -1, "-1": -1, "x": -1, "1.00001": -1} {
		if got, err := percent(text); err == nil && got != want || err != nil && want >= 0 {
			t.Errorf("%q: got %d (%v), want %d", text, got, err, want)
		}
	}
}

// An order that waits has a line.
func TestAStuckOrderHasALine(t *testing.T) {
	p := purchase.Purchase{ID: "0123456789abcdef01234567", Number: 30001, Amount: money.Of(9900, "NOK"), DoneAt: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC),
		Details: purchase.Details{Reason: "a product was taken meanwhile"}}
	if got, want := stuck(p), "0123456789abcdef01234567\torder 30001, 99.00 NOK\t-\t2026-11-28 09:00:00\tit cannot begin: a product was taken meanwhile"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
