package fake

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

func look(p *Provider, req connector.Request, at time.Time) connector.Result {
	return p.Lookup(context.Background(), connector.Question{Attempt: req.Attempt, Account: req.Account, At: at})
}

// TestDebitSchedule follows debits from each day of a week: the first midnight is
// when they are sent, the end of the second banking day after it when they have
// cleared.
func TestDebitSchedule(t *testing.T) {
	p := open(t, Config{})
	for day, hours := range []int{60, 60, 60, 108, 108, 84, 60} { // noon of Monday 2 March, Tuesday ...
		req := debitRequest(money.Of(1050, "AUD"))
		req.At = noon.AddDate(0, 0, day)
		if r := p.Authorise(context.Background(), req); r.State != pending || r.Redirect != nil || r.ExpiresAfterSeconds != debitSeconds {
			t.Fatalf("%s: %+v", req.At.Weekday(), r)
		}
		end := req.At.Add(time.Duration(hours) * time.Hour)
		if before, after := look(p, req, end.Add(-time.Second)), look(p, req, end); before.State != pending || after.State != approved {
			t.Errorf("%s: %s a second before %v, then %s", req.At.Weekday(), before.State, end, after.State)
		}
	}
}

func TestDishonour(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(req *connector.Request)
		soon   string // what Lookup says two days and a half after noon
		late   string // and a week after
	}{
		{"good", func(*connector.Request) {}, "approved ", "approved "},
		{"the account that never pays", func(r *connector.Request) {
			r.Bank = &connector.BankAccount{Region: "au", BankCode: "062000", Number: method.Conceal("12340000"), Holder: "N"}
		}, "refused " + noCover, "refused " + noCover},
		{"its number at another bank", func(r *connector.Request) { r.Bank.Number = method.Conceal("12340000") }, "approved ", "approved "},
		{"a wish", func(r *connector.Request) { r.Simulate = map[string]string{"outcome": "declined.closed_account"} }, "refused declined.closed_account", "refused declined.closed_account"},
		{"later", func(r *connector.Request) { r.Simulate = map[string]string{"fault": string(DishonourLater)} }, "approved ", "refused " + noCover},
	} {
		p := open(t, Config{})
		req := debitRequest(money.Of(1050, "AUD"))
		tt.change(&req)
		if r := p.Authorise(context.Background(), req); r.State != pending {
			t.Errorf("%s: %s at once", tt.name, r.State)
		}
		if r := look(p, req, noon.Add(60*time.Hour)); string(r.State)+" "+r.Code != tt.soon {
			t.Errorf("%s: %s %s when it should have cleared, want %s", tt.name, r.State, r.Code, tt.soon)
		}
		if r := look(p, req, noon.AddDate(0, 0, 7)); string(r.State)+" "+r.Code != tt.late {
			t.Errorf("%s: %s %s after a week, want %s", tt.name, r.State, r.Code, tt.late)
		}
	}
	p := open(t, Config{})
	req := debitRequest(money.Of(1050, "AUD"))
	req.Kind = connector.Authorise
	if r := p.Authorise(context.Background(), req); r.State != refused || r.Code != noOperation {
		t.Errorf("a reservation is %s %s", r.State, r.Code)
	}
}

// TestTakenBack: money of a direct debit that cleared goes back, and the totals
// say so, with what was refunded before.
func TestTakenBack(t *testing.T) {
	p := open(t, Config{})
	req := debitRequest(money.Of(1000, "AUD"))
	p.Authorise(context.Background(), req)
	if err := p.Clear(shop, req.Attempt, noon); err != nil {
		t.Fatal(err)
	}
	if err := p.Clear(shop, req.Attempt, noon); fault.Code(err) != "conflict.charge" {
		t.Errorf("cleared twice: %v", err)
	}
	back := connector.Operation{Attempt: newID(), Original: req.Attempt, Account: shop, Amount: money.Of(300, "AUD"), At: noon}
	if r := p.Refund(context.Background(), back); r.State != pending {
		t.Errorf("the refund is %s", r.State)
	}
	if err := p.Dishonour(shop, req.Attempt, "", noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := p.Dishonour(shop, req.Attempt, "", noon.Add(time.Hour)); fault.Code(err) != "conflict.charge" {
		t.Errorf("dishonoured twice: %v", err)
	}
	back.Attempt = newID()
	if r := p.Refund(context.Background(), back); r.State != refused {
		t.Errorf("a refund of what was taken back is %s", r.State)
	}
	totals, err := p.Books().Totals()
	if err != nil || len(totals) != 1 || totals[0].Captured != "1000" || totals[0].Refunded != "300" || totals[0].Disputed != "1000" {
		t.Errorf("totals %+v, %v", totals, err)
	}
	if got := heard(t, p, noon.Add(time.Hour)); fmt.Sprint(got) != "[approved 1000 refused 1000]" {
		t.Errorf("callbacks %q", got)
	}
	for code, want := range map[string]string{"nonsense": "invalid.code", "unavailable.provider": "invalid.code"} {
		if err := p.Dishonour(shop, req.Attempt, code, noon); fault.Code(err) != want {
			t.Errorf("%s: %v", code, err)
		}
	}
	if err := p.Clear("another", req.Attempt, noon); fault.Code(err) != "not_found.charge" {
		t.Errorf("another account clears: %v", err)
	}
}

// TestBankRefunds: what was paid through a bank is given back through one, which
// takes its time; meanwhile and afterwards it can fail, and then it can be made
// again.
func TestBankRefunds(t *testing.T) {
	for _, tt := range []struct {
		name     string
		fault    Fault
		returned time.Duration // when the bank is made to say no, 0 for never
		states   string        // at once, after 60 hours less a second, then, and after a week
	}{
		{"arrives", "", 0, "pending pending approved approved"},
		{"is said no to", "", time.Hour, "pending refused refused refused"},
		{"comes back", "", 61 * time.Hour, "pending pending approved refused"},
		{"comes back by itself", RefundFailsLater, 0, "pending pending approved refused"},
		{"fails at last", RefundFailsAtLast, 0, "pending refused refused refused"},
	} {
		p := open(t, Config{})
		req := transferRequest(money.Of(1000, "AUD"))
		p.Authorise(context.Background(), req)
		if err := p.Send(Sending{Quoted: req.Quote, Payer: "N BERG", Amount: money.Of(1000, "AUD"), At: noon}); err != nil {
			t.Fatal(err)
		}
		op := connector.Operation{Attempt: newID(), Original: req.Attempt, Account: shop, Amount: money.Of(1000, "AUD"), At: noon, Simulate: map[string]string{"fault": string(tt.fault)}}
		got := []string{string(p.Refund(context.Background(), op).State)}
		said := false
		for _, wait := range []time.Duration{60*time.Hour - time.Second, 60 * time.Hour, 7 * 24 * time.Hour} {
			if tt.returned > 0 && wait > tt.returned && !said {
				if said = true; p.Return(shop, op.Attempt, "", noon.Add(tt.returned)) != nil {
					t.Errorf("%s: the bank cannot say no", tt.name)
				}
			}
			got = append(got, string(p.Lookup(context.Background(), connector.Question{Attempt: op.Attempt, Account: shop, At: noon.Add(wait)}).State))
		}
		if strings.Join(got, " ") != tt.states {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.states)
		}
		op.Attempt = newID()
		if again := p.Refund(context.Background(), op); (again.State == pending) != strings.HasSuffix(tt.states, "refused") {
			t.Errorf("%s: made again it is %s", tt.name, again.State)
		}
	}
}

// TestSending lets money come in every way, on books in memory and in a file that
// is read again.
func TestSending(t *testing.T) {
	for _, tt := range []struct {
		name  string
		sends string // of 10.00 AUD that are waited for; ? before what quotes nothing we know
		state connector.State
		told  int    // arrivals that Lookup tells of
		held  string // what the arrivals keep, in order
	}{
		{"exact", "10.00", approved, 1, "0.00"},
		{"short", "6.00", pending, 1, "6.00"},
		{"short, then the rest", "6.00 4.00", approved, 2, "0.00 0.00"},
		{"over", "12.50", approved, 1, "2.50"},
		{"in three, and over", "3.00 3.00 5.00", approved, 3, "0.00 0.00 1.00"},
		{"twice", "10.00 10.00", approved, 2, "0.00 10.00"},
		{"a wrong reference", "?10.00", pending, 0, "10.00"},
		{"a wrong one, then the right one", "?10.00 10.00", approved, 1, "10.00 0.00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := t.TempDir() + "/books"
			p := open(t, Config{Path: path})
			req := transferRequest(money.Of(1000, "AUD"))
			r := p.Authorise(context.Background(), req)
			if r.State != pending || r.Payee == nil || r.Payee.Reference != req.Quote || r.Redirect != nil {
				t.Fatalf("%+v", r)
			}
			for _, text := range strings.Fields(tt.sends) {
				quoted := "ref " + strings.ToLower(req.Quote)
				text, wrong := strings.CutPrefix(text, "?")
				if wrong {
					quoted = "WRONG"
				}
				amount, err := money.ParseDecimal(text, "AUD")
				if err == nil {
					err = p.Send(Sending{Account: shop, Quoted: quoted, Payer: "N BERG", Amount: amount, At: noon})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, p := range []*Provider{p, open(t, Config{Path: path})} {
				if got := look(p, req, noon); got.State != tt.state || len(got.Arrivals) != tt.told {
					t.Errorf("Lookup says %s, %+v", got.State, got.Arrivals)
				}
				var held []string
				err := p.books.do(func(w *writing) {
					held = nil
					for n := range w.charges {
						if c := w.get(int32(n)); c.Kind == connector.Transfer {
							held = append(held, c.text(c.Captured))
						}
					}
				})
				if got := strings.Join(held, " "); got != tt.held || err != nil {
					t.Errorf("arrivals keep %s (%v), want %s", got, err, tt.held)
				}
			}
			if got := len(callbacks(t, p, noon)); got != len(strings.Fields(tt.sends)) {
				t.Errorf("%d callbacks", got)
			}
		})
	}
}

func TestSendingRefused(t *testing.T) {
	p := open(t, Config{})
	req := transferRequest(money.Of(1000, "AUD"))
	p.Authorise(context.Background(), req)
	for name, tt := range map[string]struct {
		s    Sending
		want string
	}{
		"no account, no reference": {Sending{Quoted: "nothing", Amount: money.Of(1, "AUD"), At: noon}, "not_found.reference"},
		"another currency":         {Sending{Quoted: req.Quote, Amount: money.Of(1, "EUR"), At: noon}, "not_found.reference"},
		"nothing":                  {Sending{Quoted: req.Quote, Amount: money.Of(0, "AUD"), At: noon}, "invalid.amount"},
		"no money":                 {Sending{Account: shop, Amount: money.Of(1, "XAU"), At: noon}, "invalid.amount"},
	} {
		if err := p.Send(tt.s); fault.Code(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	if n := len(entries(t, p)); n != 1 {
		t.Errorf("%d lines in the books", n)
	}
	if r := look(p, req, noon.AddDate(0, 0, 14)); r.State != refused || r.Code != timedOut {
		t.Errorf("after fourteen days: %s %s", r.State, r.Code)
	}
	if err := p.Send(Sending{Quoted: req.Quote, Amount: money.Of(1000, "AUD"), At: noon.AddDate(0, 0, 15)}); err != nil {
		t.Fatal(err)
	}
	if r := look(p, req, noon.AddDate(0, 0, 15)); r.State != refused || len(r.Arrivals) != 1 {
		t.Errorf("paid late: %s, %+v", r.State, r.Arrivals)
	}
}
