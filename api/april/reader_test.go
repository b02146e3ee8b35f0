package april

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/vault"
)

func TestWhole(t *testing.T) {
	for text, want := range map[string]string{"1999": "1999", "1999.0": "1999", "1999.000": "1999", "1.999e3": "1999", "199900e-2": "1999", "0": "0", "-0": "0", "0.0": "0", "0e9": "0", "0.0e-9": "0",
		"-12": "-12", "-12.0": "-12", "1e18": "1000000000000000000", "9223372036854775807": "9223372036854775807", "-9223372036854775808": "-9223372036854775808",
		"1999.5": "none", "0.1": "none", "1e-1": "none", "9223372036854775808": "none", "9223372036854775807.5": "none", "1e19": "none", "1e400": "none", "1e-400": "none", "1e99999999999": "none"} {
		got := "none"
		if n, ok := whole(text); ok {
			got = fmt.Sprint(n)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,{"b":null}],"c":"d\u00e9"}`, `{"a":1,"a":2}`, `[`, `{"a":1e999}`, `{"\u0000":1}`, `{"a":"\ud83d"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		members, err := readJSON(body)
		if err != nil {
			if !fault.Is(err, "invalid.body") {
				t.Errorf("got %v, want invalid.body", err)
			}
			return
		}
		again, err := json.Marshal(members)
		if err != nil || strings.Contains(string(again), `\u0000`) {
			t.Fatalf("got %s (%v)", again, err)
		}
		same, err := readJSON(again)
		if err != nil || fmt.Sprint(same) != fmt.Sprint(members) {
			t.Errorf("got %v (%v) from %v", same, err, members)
		}
	})
}

func read(t *testing.T, text string) object {
	t.Helper()
	members, err := readJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return object{members: members, bad: &badRequest{}}
}

func TestAmounts(t *testing.T) {
	for text, want := range map[string]string{
		`{"minorCurrencyUnits":12500,"currency":"AUD"}`:               "125.00 AUD",
		`{"minorCurrencyUnits":12500.0,"currency":"AUD"}`:             "125.00 AUD",
		`{"minorCurrencyUnits":0,"currency":"AUD"}`:                   "0.00 AUD",
		`{"minorCurrencyUnits":12500.5,"currency":"AUD"}`:             "invalid_request",
		`{"minorCurrencyUnits":"12500","currency":"AUD"}`:             "invalid_request",
		`{"minorCurrencyUnits":9223372036854775808,"currency":"AUD"}`: "invalid_request",
		`{"minorCurrencyUnits":12500}`:                                "validation_failed",
		`{"currency":"AUD"}`:                                          "validation_failed",
		`{"minorCurrencyUnits":null,"currency":"AUD"}`:                "validation_failed",
		`{"minorCurrencyUnits":12500,"currency":"XYZ"}`:               "validation_failed",
		`{"minorCurrencyUnits":12500,"currency":36}`:                  "invalid_request",
		`null`:  "validation_failed",
		`12500`: "invalid_request",
	} {
		o := read(t, `{"amount":`+text+`}`)
		a := o.amount("amount")
		got := a.Decimal(2) + " " + string(a.Currency)
		if err := o.err(); err != nil {
			got = failureOf(err).code
		} else if back, err := json.Marshal(amountOf(a)); err != nil || string(back) != fmt.Sprintf(`{"minorCurrencyUnits":%d,"currency":"AUD"}`, a.Minor) {
			t.Errorf("%s: got %s (%v)", text, back, err)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	if o := read(t, `{"n":1999.0}`); o.err() != nil {
		t.Error(o.err())
	} else if n, sent := o.integer("n"); n != 1999 || !sent {
		t.Errorf("got %d, %v", n, sent)
	}
	if got := amountOf(money.Of(5, "JPY")); got.MinorCurrencyUnits != 5 || got.Currency != "JPY" {
		t.Errorf("got %v", got)
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]string{"2026-11-21T00:04:12Z": "2026-11-21T00:04:12.000Z", "2026-11-21T00:04:12.318Z": "2026-11-21T00:04:12.318Z",
		"2026-11-21T11:04:12.318456789+11:00": "2026-11-21T00:04:12.318Z", "2026-11-21T00:04:12.3-05:30": "2026-11-21T05:34:12.300Z",
		"2026-11-21": "", "2026-11-21T00:04:12": "", "1969-12-31T23:59:59Z": "", "9001-01-01T00:00:00Z": "", "2026-02-30T00:00:00Z": ""} {
		at, ok := parseTime(text)
		got := ""
		if ok {
			got = *stamp(at)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if stamp(time.Time{}) != nil {
		t.Error("no moment has a stamp")
	}
}

func TestIDs(t *testing.T) {
	// The contract's own example was made on 2026-02-26 at 03:26:12.
	id, ok := idKind("ptkn").parse("ptkn_aZ-9VPKvllCPqGs0")
	if !ok || id != "699fbd54f2af96508fa86b34" || idKind("ptkn").wire(id) != "ptkn_aZ-9VPKvllCPqGs0" {
		t.Errorf("got %s, %v", id, ok)
	}
	if customerID.wire("") != "" {
		t.Error("no id has a name")
	}
	for _, wrong := range []string{"", "ptkn_", "psrc_aZ-9VPKvllCPqGs0", "ptkn_aZ-9VPKvllCPqGs", "ptkn_aZ-9VPKvllCPqGs00", "ptkn_aZ+9VPKvllCPqGs0", "ptkn_aZ-9VPKvllCPqGs=", "ptkn_aZ-9VPKvllCPqG\ns", "699fbd54f2af96508fa86b34"} {
		if _, ok := idKind("ptkn").parse(wrong); ok {
			t.Errorf("%q is an id", wrong)
		}
	}
	if got := customerID.parseAll([]string{"x", "y"}); len(got) != 1 || got[0] != nobody {
		t.Errorf("got %v", got)
	}
}

// TestFaults prints what becomes of every fault that the core's code names, so
// that a change of the outer world shows in a diff.
func TestFaults(t *testing.T) {
	const file = "testdata/faults.txt"
	var b strings.Builder
	for _, code := range faultCodes(t) {
		f := failureOf(fault.New(code, "x"))
		fmt.Fprintf(&b, "%-40s %d %s\n", code, f.status, f.code)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || b.String() != string(want) {
		t.Errorf("got\n%s\nwhich is not %s (%v)", b.String(), file, err)
	}
}

// TestEveryAnswerIsDescribed: each status that a fault can have has its
// sentence, and each code the form that clients take apart.
func TestEveryAnswerIsDescribed(t *testing.T) {
	form := regexp.MustCompile(`^[a-z]+(_[a-z0-9]+)*$`)
	for code, f := range failures {
		if sentences[f.status] == "" || !form.MatchString(f.code) {
			t.Errorf("%s: got %v", code, f)
		}
	}
}

// faultCodes are the codes that the core has constants for, and those that the
// table names, in order.
func faultCodes(t *testing.T) (list []string) {
	t.Helper()
	text, err := os.ReadFile("../../core/fault/declined.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`= "([a-z0-9_.]+)"`).FindAllStringSubmatch(string(text), -1) {
		seen[m[1]] = true
	}
	for code := range failures {
		seen[code] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// TestSourcesAreTold: a source that was kept or deleted is an event of the
// contract, without a customer's payment anywhere near.
func TestSourcesAreTold(t *testing.T) {
	src := vault.Source{ID: "6b0160d8523b3e532c17bbdb", Merchant: "6b0160d8523b3e532c17bbdc", Method: method.Card, Brand: "VISA", Last4: "4242", State: vault.Active}
	for core, want := range map[string]string{"source.created": "PaymentSourceCreated", "source.deleted": "PaymentSourceDeleted", "source.extended": ""} {
		m, err := (&Surface{}).Message(nil, event.Event{Type: core, Subject: src})
		var body map[string]struct{ Source paymentSource }
		if err == nil && want != "" {
			err = json.Unmarshal(m.Body, &body)
		}
		if err != nil || m.Type != want || want != "" && body[want].Source.PaymentSourceID != sourceID.wire(src.ID) {
			t.Errorf("%s: got %s %s (%v)", core, m.Type, m.Body, err)
		}
	}
}
