package fake

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// TestTerminalServesItself: the last two digits of the amount say what it does.
func TestTerminalServesItself(t *testing.T) {
	for minor, want := range map[int64]struct{ at, after3, after60, after120 string }{
		1000: {"pending ", "approved ", "approved ", "approved "},
		1001: {"pending ", "refused " + doNotHonour, "refused " + doNotHonour, "refused " + doNotHonour},
		1002: {"pending ", "refused " + walletLeft, "refused " + walletLeft, "refused " + walletLeft},
		1003: {"pending ", "pending ", "pending ", "refused " + timedOut},
		1004: {"refused " + fault.UnavailableTerminalOff, "refused " + fault.UnavailableTerminalOff, "refused " + fault.UnavailableTerminalOff, "refused " + fault.UnavailableTerminalOff},
		1005: {"pending ", "unknown ", "approved ", "approved "},
	} {
		p := open(t, Config{})
		req := terminalRequest(money.Of(minor, "NOK"))
		r := p.Authorise(context.Background(), req)
		if got := string(r.State) + " " + r.Code; got != want.at || r.Redirect != nil {
			t.Errorf("%d: %s, want %s", minor, got, want.at)
		}
		for after, want := range map[int]string{3: want.after3, 60: want.after60, 120: want.after120} {
			q := open(t, Config{}) // books of its own: a question lets happen what is due
			q.Authorise(context.Background(), req)
			if r := look(q, req, noon.Add(time.Duration(after)*time.Second)); string(r.State)+" "+r.Code != want {
				t.Errorf("%d after %d s: %s %s, want %s", minor, after, r.State, r.Code, want)
			}
		}
	}
}

// TestCashier works a terminal on its page: by hand, off and on, with receipts.
func TestCashier(t *testing.T) {
	p := open(t, Config{})
	ctx := context.Background()
	if err := p.Switch(shop, "till 1", false, true, noon); err != nil {
		t.Fatal(err)
	}
	tills, err := p.Tills()
	if err != nil || len(tills) != 1 || !tills[0].ByHand {
		t.Fatalf("%+v, %v", tills, err)
	}
	page := strings.TrimPrefix(tills[0].Page, p.base)
	visit := func(verb, choice string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(verb, page, strings.NewReader("choice="+choice))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		p.Pages().ServeHTTP(w, r)
		return w
	}
	press := func(choice string) {
		t.Helper()
		if w := visit("POST", choice); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d %s", choice, w.Code, w.Body)
		}
	}
	push := func(minor int64) connector.Request {
		req := terminalRequest(money.Of(minor, "NOK"))
		req.Descriptor = "Fjordbil"
		p.Authorise(ctx, req)
		return req
	}
	stands := func(req connector.Request, want string) {
		t.Helper()
		if r := look(p, req, noon.Add(10*time.Second)); string(r.State)+" "+r.Code != want {
			t.Errorf("it stands at %s %s, want %s", r.State, r.Code, want)
		}
	}
	for _, tt := range []struct{ press, want string }{{"success", "approved "}, {"decline", "refused " + doNotHonour}, {"cancel", "refused " + walletLeft},
		{"timeout", "refused " + timedOut}, {"off", "refused " + fault.UnavailableTerminalOff}} {
		req := push(1001) // by hand, the amount says nothing
		stands(req, "pending ")
		if body := visit("GET", "").Body.String(); !strings.Contains(body, "10.01 NOK") || !strings.Contains(body, "Fjordbil") {
			t.Errorf("the page: %s", body)
		}
		press(tt.press)
		stands(req, tt.want)
	}
	stands(push(1000), "refused "+fault.UnavailableTerminalOff)
	q := connector.TerminalQuestion{Account: shop, Terminal: "till 1", At: noon}
	if r := p.PrintReceipt(ctx, connector.Receipt{ID: newID(), TerminalQuestion: q, Lines: []string{"x"}}); r.Code != fault.UnavailableTerminalOff {
		t.Errorf("a terminal that is off prints: %+v", r)
	}
	press("on")
	press("leave")
	one := connector.Receipt{ID: newID(), TerminalQuestion: q, Lines: []string{"Fjordbil <b>", "10.01 NOK"}}
	for range 2 {
		if r := p.PrintReceipt(ctx, one); r.State != approved {
			t.Errorf("%+v", r)
		}
	}
	if body := visit("GET", "").Body.String(); strings.Count(body, "Fjordbil &lt;b&gt;") != 1 {
		t.Errorf("the paper: %s", body)
	}
	if got := p.Ready(ctx, connector.TerminalQuestion{Account: shop, Terminal: "6fa0000000000000000000a2", At: noon}); got != refused {
		t.Errorf("the terminal that is off at first is %s", got)
	}
	page = page[:len(page)-1] + "x"
	if w := visit("GET", ""); w.Code != http.StatusNotFound {
		t.Errorf("a forged address: %d", w.Code)
	}
}
