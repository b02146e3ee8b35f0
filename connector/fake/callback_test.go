package fake

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

func headers(c Callback) func(string) string {
	return func(name string) string { return c.Headers[name] }
}

// pendingCallback is the callback of a wallet payment that the payer approved.
func pendingCallback(t *testing.T, p *Provider) (connector.Request, Callback) {
	t.Helper()
	req := walletRequest(connector.Debit, money.Of(1050, "EUR"))
	accept(p)(t, req, p.Authorise(context.Background(), req), noon)
	list := callbacks(t, p, noon)
	if len(list) != 1 {
		t.Fatalf("%d callbacks, want 1", len(list))
	}
	return req, list[0]
}

func TestKeyRotation(t *testing.T) {
	fresh := method.Conceal("the key that comes after it, 32.")
	before := open(t, Config{})
	_, old := pendingCallback(t, before)
	during := open(t, Config{Keys: []method.Secret{fresh, testKey}})
	_, signed := pendingCallback(t, during)
	after := open(t, Config{Keys: []method.Secret{fresh}})
	for _, tt := range []struct {
		name string
		p    *Provider
		c    Callback
		want string
	}{
		{"old key during", during, old, ""}, {"new key during", during, signed, ""}, {"new key after", after, signed, ""},
		{"old key after", after, old, "unauthenticated.signature"}, {"new key before", before, signed, "unauthenticated.signature"},
	} {
		if _, err := tt.p.ParseNotice(headers(tt.c), tt.c.Body, noon); fault.Code(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	both := old
	both.Headers = map[string]string{HeaderID: old.Headers[HeaderID], HeaderTime: old.Headers[HeaderTime],
		HeaderSignature: "v1=00 v1=" + sign("another key", old.Headers[HeaderID], old.Headers[HeaderTime], old.Body) + " " + old.Headers[HeaderSignature]}
	if _, err := before.ParseNotice(headers(both), both.Body, noon); err != nil {
		t.Errorf("several signatures, one of them right: %v", err)
	}
}

func TestCallbackAge(t *testing.T) {
	p := open(t, Config{})
	_, c := pendingCallback(t, p)
	for age, want := range map[time.Duration]string{0: "", 5 * time.Minute: "", -5 * time.Minute: "",
		301 * time.Second: "unauthenticated.signature", -301 * time.Second: "unauthenticated.signature"} {
		if _, err := p.ParseNotice(headers(c), c.Body, noon.Add(age)); fault.Code(err) != want {
			t.Errorf("%v old: %v, want %q", age, err, want)
		}
	}
}

// TestSignedNonsense: even a signed body has to make sense.
func TestSignedNonsense(t *testing.T) {
	p := open(t, Config{})
	_, c := pendingCallback(t, p)
	id := c.Headers[HeaderID]
	spoil := func(change func(m *message)) string {
		var m message
		if err := json.Unmarshal(c.Body, &m); err != nil {
			t.Fatal(err)
		}
		change(&m)
		body, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	stamp := strconv.FormatInt(noon.Unix(), 10)
	for name, body := range map[string]string{
		"empty": "", "no object": "[]", "null": "null", "a string": `"x"`, "half": string(c.Body[:len(c.Body)-1]), "more after it": string(c.Body) + "{}",
		"unknown member": `{"what":"x",` + string(c.Body[1:]), "a member twice": `{"state":"refused",` + string(c.Body[1:]),
		"a member twice in capitals": `{"STATE":"refused",` + string(c.Body[1:]), "nested": `{"code":{},` + string(c.Body[1:]),
		"number": `{"risk":1,` + string(c.Body[1:]),
		"id":     spoil(func(m *message) { m.ID = "cb_7777" }), "attempt": spoil(func(m *message) { m.Attempt = "7" }),
		"kind": spoil(func(m *message) { m.Kind = "" }), "method": spoil(func(m *message) { m.Method = "gold" }),
		"state": spoil(func(m *message) { m.State = "unknown" }), "reference": spoil(func(m *message) { m.Reference = "x" }),
		"amount": spoil(func(m *message) { m.Amount = "ten" }), "negative": spoil(func(m *message) { m.Amount = "-10.50" }),
		"five decimals": spoil(func(m *message) { m.Amount = "10.50000" }), "currency": spoil(func(m *message) { m.Currency = "XAU" }),
	} {
		h := map[string]string{HeaderID: id, HeaderTime: stamp, HeaderSignature: "v1=" + sign(testKey.Reveal(), id, stamp, []byte(body))}
		if n, err := p.ParseNotice(func(name string) string { return h[name] }, []byte(body), noon); fault.Code(err) != "invalid.callback" {
			t.Errorf("%s: %v, %+v", name, err, n)
		}
	}
}

// TestCallbackOrder: a pending payment's fault shows when the payer decides.
func TestCallbackOrder(t *testing.T) {
	for f, want := range map[Fault]string{
		"":                  "[approved 1050]",
		CallbackLost:        "[]",
		CallbackForged:      "[! approved 105.00 ! approved 105.00 approved 1050]", // one while it was pending, one with the true one
		CallbackDuplicate:   "[approved 1050 approved 1050 approved 1050]",
		CallbackEarly:       "[pending 1050 approved 1050]",
		"callback_late:60":  "[]",
		CallbackReordered:   "[approved 1050]",
		CallbackWrongAmount: "[approved 1051]",
	} {
		p := open(t, Config{Wait: func(context.Context, time.Duration) error { return nil }})
		req := walletRequest(connector.Debit, money.Of(1050, "EUR"))
		req.Simulate = map[string]string{"fault": string(f)}
		accept(p)(t, req, p.Authorise(context.Background(), req), noon)
		if got := fmt.Sprint(heard(t, p, noon)); got != want {
			t.Errorf("%s: %s, want %s", f, got, want)
		}
	}
}

func TestDuplicatesShareTheirID(t *testing.T) {
	p := open(t, Config{})
	for range 2 {
		req := cardRequest(visa, connector.Debit, money.Of(1050, "EUR"))
		req.Simulate = map[string]string{"fault": string(CallbackDuplicate)}
		p.Authorise(context.Background(), req)
	}
	ids := map[string]int{}
	for _, c := range callbacks(t, p, noon) {
		n, err := p.ParseNotice(headers(c), c.Body, noon)
		if err != nil {
			t.Fatal(err)
		}
		ids[n.ID+" "+string(n.Attempt)]++
	}
	if len(ids) != 2 {
		t.Errorf("%v, want two ids for two attempts", ids)
	}
	for id, n := range ids {
		if n != 3 {
			t.Errorf("%s came %d times, want 3", id, n)
		}
	}
}

// TestEarlyCallback: it can be taken while the answer is still on its way.
func TestEarlyCallback(t *testing.T) {
	var p *Provider
	heardEarly := 0
	p = open(t, Config{Wait: func(context.Context, time.Duration) error {
		heardEarly = len(callbacks(t, p, noon))
		return nil
	}})
	req := cardRequest(visa, connector.Debit, money.Of(1050, "EUR"))
	req.Simulate = map[string]string{"fault": string(CallbackEarly)}
	if r := p.Authorise(context.Background(), req); r.State != approved || heardEarly != 1 {
		t.Errorf("the answer is %s, %d callbacks came before it", r.State, heardEarly)
	}
}

// TestTimeTravel: an account whose time is ahead of the clock gets what is due
// in its own time, and the others wait.
func TestTimeTravel(t *testing.T) {
	wall := noon
	p := open(t, Config{Clock: func() time.Time { return wall }})
	ahead, plain := voucherRequest(money.Of(1050, "EUR")), voucherRequest(money.Of(1050, "EUR"))
	plain.Account = "OTHER001"
	ahead.At = noon.Add(7 * 24 * time.Hour)
	for _, req := range []connector.Request{ahead, plain} {
		if r := p.Authorise(context.Background(), req); r.State != pending || r.ExpiresAfterSeconds != slipSeconds {
			t.Fatalf("a voucher is %s for %d s", r.State, r.ExpiresAfterSeconds)
		}
	}
	if n := len(callbacks(t, p, wall)); n != 0 {
		t.Errorf("%d callbacks, want none yet", n)
	}
	// the account moves on by four days, the wall by a minute
	p.Lookup(context.Background(), connector.Question{Attempt: newID(), Account: shop, At: noon.Add(11 * 24 * time.Hour)})
	wall = noon.Add(time.Minute)
	list := callbacks(t, p, wall)
	if len(list) != 1 {
		t.Fatalf("%d callbacks, want the one of the account that is ahead", len(list))
	}
	n, err := p.ParseNotice(headers(list[0]), list[0].Body, wall)
	if err != nil || n.Account != shop || n.Result.State != refused || n.Result.Code != timedOut {
		t.Errorf("%+v, %v", n, err)
	}
}

func FuzzNotice(f *testing.F) {
	p, err := New(Config{Keys: []method.Secret{testKey}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"id":"cb_1","account":"a","attempt":"69a57bc07375697465000006","kind":"debit","method":"card","state":"approved","reference":"tb_1","amount":"1050","currency":"EUR"}`))
	f.Add([]byte(`{"id":"cb_1","method":"wallet","amount":"9.99","state":"pending","kind":"refund","reference":"tb_zz"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		stamp := strconv.FormatInt(noon.Unix(), 10)
		h := map[string]string{HeaderID: "cb_1", HeaderTime: stamp, HeaderSignature: "v1=" + sign(testKey.Reveal(), "cb_1", stamp, body)}
		n, err := p.ParseNotice(func(name string) string { return h[name] }, body, noon)
		if code := fault.Code(err); code != "" && code != "invalid.callback" {
			t.Errorf("%v", err)
		}
		if err == nil && (!n.Attempt.Valid() || n.ID != "cb_1" || n.Result.Amount.Minor < 0) {
			t.Errorf("%+v", n)
		}
	})
}
