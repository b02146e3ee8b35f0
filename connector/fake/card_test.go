package fake

import (
	"context"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// TestSheetCards walks the whole table of section 18 with 3-D Secure on, with
// the indicators of section 14.
func TestSheetCards(t *testing.T) {
	type row struct {
		state                 connector.State
		code                  string
		status, eci, eciOther string
		notEnrolled           bool
	}
	want := map[Flow]row{
		Plain:     {state: approved, status: "Y", eci: "05", eciOther: "02"},
		Full:      {state: approved, status: "Y", eci: "05", eciOther: "02"},
		Attempted: {state: approved, status: "A", eci: "06", eciOther: "01"},
		Technical: {state: refused, code: authTechnical, status: "U", eci: "07", eciOther: "00"},
		NotIn:     {state: approved, eci: "06", eciOther: "01", notEnrolled: true},
		Challenge: {state: pending},
		Invalid:   {state: refused, code: invalidCard},
		Soft:      {state: refused, code: softDecline},
	}
	if len(Cards) != 66 {
		t.Errorf("%d cards in the table", len(Cards))
	}
	p := open(t, Config{})
	for _, c := range Cards {
		w := want[c.Flow]
		req := cardRequest(c.Number, connector.Debit, money.Of(1053, "EUR")) // its trigger must not count for these
		req.Brand, req.Use3DS = c.Brand, true
		r := p.Authorise(context.Background(), req)
		if r.State != w.state || r.Code != w.code {
			t.Errorf("%s %s (%s): %s %q, want %s %q", c.Brand, c.Number, c.Flow, r.State, r.Code, w.state, w.code)
		}
		if (r.Redirect != nil) != (c.Flow == Challenge) {
			t.Errorf("%s: redirect %+v", c.Number, r.Redirect)
		}
		if w.eci == "" {
			if r.ThreeDS != nil {
				t.Errorf("%s: 3-D Secure ran: %+v", c.Number, r.ThreeDS)
			}
			continue
		}
		if c.Brand == "MASTER" || c.Brand == "MAESTRO" || c.Brand == "UNIONPAY" {
			w.eci = w.eciOther
		}
		got := r.ThreeDS
		if got == nil || got.Status != w.status || got.ECI != w.eci || got.NotEnrolled != w.notEnrolled {
			t.Errorf("%s %s: %+v, want status %q, ECI %s", c.Brand, c.Number, got, w.status, w.eci)
			continue
		}
		if proof := w.status == "Y" || w.status == "A"; proof != (len(got.VerificationID) == 28) {
			t.Errorf("%s: verification %q", c.Number, got.VerificationID)
		}
		req.Attempt, req.Use3DS = newID(), false
		if r := p.Authorise(context.Background(), req); r.State != approved || r.ThreeDS != nil {
			t.Errorf("%s without 3-D Secure: %s, %+v", c.Number, r.State, r.ThreeDS)
		}
	}
}

func TestAmounts(t *testing.T) {
	p := open(t, Config{})
	for _, tt := range []struct {
		minor int64
		state connector.State
		code  string
		risk  string
	}{
		{1053, refused, invalidCVV, ""}, {1055, refused, insufficientFunds, ""}, {1057, refused, invalidExpiry, ""}, {1059, refused, stolenCard, ""},
		{1052, refused, doNotHonour, ""}, {1030, refused, noProvider, ""}, {1040, approved, "", "review"}, {1020, pending, "", ""},
		{1021, pending, "", ""}, {1000, approved, "", ""}, {53, refused, invalidCVV, ""}, {1054, approved, "", ""},
	} {
		req := cardRequest(odd16, connector.Debit, money.Of(tt.minor, "EUR"))
		r := p.Authorise(context.Background(), req)
		if r.State != tt.state || r.Code != tt.code || r.Risk != tt.risk {
			t.Errorf("%d: %s %q %q, want %s %q %q", tt.minor, r.State, r.Code, r.Risk, tt.state, tt.code, tt.risk)
		}
		look := func(after time.Duration) connector.Result {
			return p.Lookup(context.Background(), connector.Question{Attempt: req.Attempt, Account: shop, At: noon.Add(after)})
		}
		switch tt.minor {
		case 1030:
			if got := look(0); got.State != missing {
				t.Errorf("nothing was sent, but Lookup says %s", got.State)
			}
		case 1020:
			if r.CheckAfterSeconds != 5 || look(4*time.Second).State != pending || look(5*time.Second).State != approved {
				t.Error("an amount that ends in 20 is not approved after 5 seconds, or sooner")
			}
		case 1021:
			early, end := look(time.Duration(r.ExpiresAfterSeconds-1)*time.Second), look(time.Duration(r.ExpiresAfterSeconds)*time.Second)
			if early.State != pending || end.State != refused || end.Code != timedOut {
				t.Errorf("an amount that ends in 21 is %s, then %s %s", early.State, end.State, end.Code)
			}
		}
	}
}

func TestWishes(t *testing.T) {
	p := open(t, Config{})
	for _, tt := range []struct {
		outcome string
		state   connector.State
		code    string
		risk    string
	}{
		{"approved", approved, "", ""}, {"review", approved, "", "review"}, {"pending", pending, "", ""},
		{"declined.do_not_honour", refused, doNotHonour, ""}, {"unavailable.provider", refused, noProvider, ""}, {"declined", refused, "declined", ""},
		{"nonsense", refused, noOperation, ""}, {"declined.<b>", refused, noOperation, ""},
	} {
		for _, req := range []connector.Request{cardRequest("4444444444444444", connector.Debit, money.Of(1053, "EUR")),
			cardRequest(odd16, connector.Verify, money.Amount{}), walletRequest(connector.Debit, money.Of(100, "EUR")), voucherRequest(money.Of(100, "EUR"))} {
			req.Simulate = map[string]string{"outcome": tt.outcome}
			if r := p.Authorise(context.Background(), req); r.State != tt.state || r.Code != tt.code || r.Risk != tt.risk {
				t.Errorf("%s by %s: %s %q, want %s %q", tt.outcome, req.Method, r.State, r.Code, tt.state, tt.code)
			}
		}
	}
}

// TestAuthentication is what decides whether 3-D Secure runs and how.
func TestAuthentication(t *testing.T) {
	brought := func(status string) *connector.ThreeDS { return &connector.ThreeDS{Status: status} }
	for _, tt := range []struct {
		name   string
		change func(*connector.Request)
		state  connector.State
		code   string
		status string // of the result; - for none
	}{
		{"plain", func(r *connector.Request) {}, approved, "", "Y"},
		{"off", func(r *connector.Request) { r.Use3DS = false }, approved, "", "-"},
		{"insisted on", func(r *connector.Request) { r.Challenge = true }, pending, "", "-"},
		{"off, insisted on", func(r *connector.Request) { r.Use3DS, r.Challenge = false, true }, approved, "", "-"},
		{"wished challenge", func(r *connector.Request) { r.Simulate = map[string]string{"3DS2_flow": "challenge"} }, pending, "", "-"},
		{"wished frictionless", func(r *connector.Request) {
			r.Simulate = map[string]string{"3DS2_enrolled": "true", "3DS2_flow": "frictionless"}
			r.Card.Number = method.Conceal("4200000000000042")
		}, approved, "", "Y"},
		{"wished not enrolled", func(r *connector.Request) { r.Simulate = map[string]string{"3DS2_enrolled": "false"} }, approved, "", ""},
		{"wished enrolled", func(r *connector.Request) {
			r.Simulate = map[string]string{"3DS2_enrolled": "true"}
			r.Card.Number = method.Conceal("4012001037141112")
		}, approved, "", "Y"},
		{"wished technical", func(r *connector.Request) { r.Simulate = map[string]string{"3DS2_flow": "technical"} }, refused, authTechnical, "U"},
		{"wished failure", func(r *connector.Request) { r.Simulate = map[string]string{"3DS2_flow": "failed"} }, refused, authFailed, "N"},
		{"wished rejection", func(r *connector.Request) { r.Simulate = map[string]string{"3DS2_flow": "rejected"} }, refused, authRejected, "R"},
		{"brought Y", func(r *connector.Request) { r.ThreeDS = brought("Y") }, approved, "", "-"},
		{"brought N", func(r *connector.Request) { r.ThreeDS = brought("N") }, refused, authFailed, "N"},
		{"brought U", func(r *connector.Request) { r.ThreeDS = brought("U") }, refused, authTechnical, "U"},
		{"merchant alone", func(r *connector.Request) { r.MIT, r.Card.CVV = true, method.Secret{} }, approved, "", "-"},
		{"merchant alone, challenge card", func(r *connector.Request) { r.MIT, r.Card.Number = true, method.Conceal("4200000000000042") }, approved, "", "-"},
		{"soft, alone", func(r *connector.Request) { r.Card.Number = method.Conceal(special(2, 1)) }, refused, softDecline, "-"},
		{"soft, 3-D Secure off", func(r *connector.Request) { r.Use3DS, r.Card.Number = false, method.Conceal(special(2, 1)) }, refused, softDecline, "-"},
		{"soft, challenged", func(r *connector.Request) { r.Challenge, r.Card.Number = true, method.Conceal(special(2, 1)) }, pending, "", "-"},
		{"soft, brought", func(r *connector.Request) { r.ThreeDS, r.Card.Number = brought("Y"), method.Conceal(special(2, 1)) }, approved, "", "-"},
		{"soft, merchant", func(r *connector.Request) { r.MIT, r.Card.Number = true, method.Conceal(special(2, 1)) }, approved, "", "-"},
		{"verify", func(r *connector.Request) { r.Kind, r.Amount = connector.Verify, money.Amount{} }, approved, "", "Y"},
		{"credit", func(r *connector.Request) { r.Kind = connector.Credit }, approved, "", "-"},
		{"authenticate", func(r *connector.Request) { r.Kind, r.Use3DS, r.Amount.Minor = connector.Authenticate, false, 1053 }, approved, "", "Y"},
		{"authenticate, challenge", func(r *connector.Request) {
			r.Kind, r.Card.Number = connector.Authenticate, method.Conceal("4200000000000042")
		}, pending, "", "-"},
		{"authenticate, not enrolled", func(r *connector.Request) {
			r.Kind, r.Card.Number = connector.Authenticate, method.Conceal("4012001037141112")
		}, approved, "", ""},
		{"expired", func(r *connector.Request) { r.Card.ExpiryMonth, r.Card.ExpiryYear = 2, 2026 }, refused, expiredCard, "-"},
		{"last month", func(r *connector.Request) { r.Card.ExpiryMonth, r.Card.ExpiryYear = 3, 2026 }, approved, "", "Y"},
		{"bad check digit", func(r *connector.Request) { r.Card.Number = method.Conceal("4111111111111112") }, refused, invalidCard, "-"},
		{"no digits", func(r *connector.Request) { r.Card.Number = method.Conceal("4111x11111111112") }, refused, invalidCard, "-"},
		{"no card", func(r *connector.Request) { r.Card = nil }, refused, invalidCard, "-"},
		{"no money", func(r *connector.Request) { r.Amount.Minor = 0 }, refused, badAmount, "-"},
		{"negative", func(r *connector.Request) { r.Amount.Minor = -1 }, refused, badAmount, "-"},
		{"gold", func(r *connector.Request) { r.Amount.Currency = "XAU" }, refused, badCurrency, "-"},
		{"no such method", func(r *connector.Request) { r.Method = "gold" }, refused, noOperation, "-"},
		{"no id", func(r *connector.Request) { r.Attempt = "7" }, refused, noProvider, "-"},
	} {
		p := open(t, Config{})
		req := cardRequest(odd16, connector.Debit, money.Of(1000, "EUR"))
		req.Use3DS = true
		tt.change(&req)
		r := p.Authorise(context.Background(), req)
		status := "-"
		if r.ThreeDS != nil {
			status = r.ThreeDS.Status
		}
		if r.State != tt.state || r.Code != tt.code || status != tt.status {
			t.Errorf("%s: %s %q, status %q; want %s %q, %q", tt.name, r.State, r.Code, status, tt.state, tt.code, tt.status)
		}
	}
}

func TestOtherMethods(t *testing.T) {
	p := open(t, Config{})
	for _, tt := range []struct {
		name  string
		req   connector.Request
		state connector.State
		code  string
	}{
		{"wallet credit", walletRequest(connector.Credit, money.Of(5, "EUR")), approved, ""},
		{"wallet verification", walletRequest(connector.Verify, money.Amount{}), pending, ""},
		{"wallet authentication", walletRequest(connector.Authenticate, money.Of(5, "EUR")), refused, noOperation},
		{"wallet in gold", walletRequest(connector.Debit, money.Of(5, "XAU")), refused, badCurrency},
		{"wallet, too much", walletRequest(connector.Debit, money.Of(1e15, "JPY")), refused, badAmount},
		{"voucher in CLF", voucherRequest(money.Of(5, "CLF")), refused, badCurrency},
	} {
		if r := p.Authorise(context.Background(), tt.req); r.State != tt.state || r.Code != tt.code {
			t.Errorf("%s: %s %q, want %s %q", tt.name, r.State, r.Code, tt.state, tt.code)
		}
	}
	mit := walletRequest(connector.Debit, money.Of(5, "EUR"))
	mit.MIT = true
	if r := p.Authorise(context.Background(), mit); r.State != approved {
		t.Errorf("a wallet charge without the payer is %s", r.State)
	}
	hold := voucherRequest(money.Of(5, "EUR"))
	hold.Kind = connector.Authorise
	if r := p.Authorise(context.Background(), hold); r.State != refused || r.Code != noOperation {
		t.Errorf("a hold by voucher is %s %s", r.State, r.Code)
	}
	one := open(t, Config{Methods: []method.Name{method.Wallet}})
	if r := one.Authorise(context.Background(), cardRequest(visa, connector.Debit, money.Of(5, "EUR"))); r.Code != noOperation {
		t.Errorf("a wallet takes cards: %s %s", r.State, r.Code)
	}
	if got := one.Spec().WindowSeconds; got != 31*24*3600 {
		t.Errorf("the wallet's window is %d s", got)
	}
	if got := p.Spec().WindowSeconds; got != 24*3600 {
		t.Errorf("the window of all methods is %d s", got)
	}
}
