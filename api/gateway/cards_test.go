package gateway_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// section18 are the test cards of the contract sheet: brand, then plain
// success, frictionless Y, attempt A, technical U, not enrolled, challenge.
const section18 = `
VISA     | 4200000000000000 | 4200000000000091 4200000000000026 | 4200000000000109 4200000000000059 | 4012001037461114 | 4012001037141112 | 4200000000000042 4200000000000067 4200000000000018 4200000000000075
MASTER   | 5454545454545454 | 5200000000000007 5200000000000056 | 5200000000000023 5200000000000106 | 5434580000000006 | 5457350076543210 | 5200000000000015 5200000000000049 5200000000000064 5200000000000072
AMEX     | 377777777777770  | 374500262001008 375987000000062 | 377277081382243 373953192351004 | 375987000169875 | 375987000169883 | 343434343434343 375987000000021 375987000169867
MAESTRO  |                  | 6761301000993772 6799851000000032 | 6706981111111113 6007930123456780 | 6761301000941201 | 6761301000946341 | 6799998900000060018 6773670009114879
DINERS   |                  | 36177580677072 | | | | 36259600000004
DISCOVER |                  | 6011010000000003 | 6011000400001008 6011000990099818 | 6510000000001248 | 6011025500265831 | 6011208701117775
JCB      |                  | 3530111333300000 3569990012278361 | 3566002020360505 3569990012278353 | 3566007770017510 | 3569990012291497 | 3566002345432153 3569990010095916
UNIONPAY |                  | 6250947000000014 6250947000000089 | 6250947000000022 6250944220914108 | 6250947000000048 | 6250947000000030 | 6250947000000097 6250944196725207
`

// What each column leads to, and its ECI for the two families of brands
// (sheet, section 14).
var flows = []struct {
	name, code string
	eci        [2]string
}{
	{"plain success", "000.100.110", [2]string{"05", "02"}},
	{"frictionless Y", "000.100.110", [2]string{"05", "02"}},
	{"attempt A", "000.100.110", [2]string{"06", "01"}},
	{"technical U", "000.400.103", [2]string{"07", "00"}},
	{"not enrolled", "000.100.110", [2]string{"06", "01"}},
	{"challenge", "000.200.000", [2]string{"", ""}},
}

// said is what tests read of an answer.
type said struct {
	ID, PaymentBrand string
	Result           struct{ Code string }
	ThreeDSecure     struct{ ECI string }
	Redirect         struct{ URL string }
	Risk             struct{ Status string }
}

func (h *house) pay(t *testing.T, number string, more ...string) (int, said) {
	t.Helper()
	form := values("entityId", "LM000117", "paymentType", "DB", "amount", "10.00", "currency", "EUR", "card.number", number,
		"card.holder", "Nora Lind", "card.expiryMonth", "08", "card.expiryYear", "2034", "card.cvv", "3210"[:3])
	if strings.HasPrefix(number, "34") || strings.HasPrefix(number, "37") {
		form.Set("card.cvv", "3210")
	}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	status, body := h.post(t, "/v3/payments", formType, form.Encode())
	var got said
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("got %s: %v", body, err)
	}
	return status, got
}

const shop = "https://shop.example/done"

// TestTestCards pays with every card of the sheet, with the payer present.
func TestTestCards(t *testing.T) {
	t.Parallel()
	h := open(t, "sqlite")
	for row := range strings.Lines(strings.TrimSpace(section18)) {
		cells := strings.Split(row, "|")
		brand := strings.TrimSpace(cells[0])
		family := 0
		if brand == "MASTER" || brand == "MAESTRO" || brand == "UNIONPAY" {
			family = 1
		}
		for i, flow := range flows {
			for _, number := range strings.Fields(cells[i+1]) {
				status, got := h.pay(t, number, "shopperResultUrl", shop)
				wantStatus := http.StatusOK
				if flow.name == "technical U" {
					wantStatus = http.StatusBadRequest
				}
				if status != wantStatus || got.Result.Code != flow.code || got.ThreeDSecure.ECI != flow.eci[family] || got.PaymentBrand != brand {
					t.Errorf("%s %s, %s: got %d %s eci %q as %s, want %d %s eci %q", brand, number, flow.name, status, got.Result.Code,
						got.ThreeDSecure.ECI, got.PaymentBrand, wantStatus, flow.code, flow.eci[family])
				}
				if (got.Redirect.URL != "") != (flow.name == "challenge") {
					t.Errorf("%s %s, %s: redirect %q", brand, number, flow.name, got.Redirect.URL)
				}
				if status, got := h.pay(t, number); status != http.StatusOK || got.Result.Code != "000.100.110" {
					t.Errorf("%s %s, nobody present: got %d %s", brand, number, status, got.Result.Code)
				}
			}
		}
	}
}

// An unlisted card, whose amount decides.
const plainCard = "4111111111111111"

// TestTriggers pulls every trigger of section 18.
func TestTriggers(t *testing.T) {
	t.Parallel()
	h := open(t, "sqlite")
	for _, c := range []struct {
		name   string
		status int
		code   string
		number string
		more   []string
	}{
		{"4444444444444444", 400, "100.100.101", "4444444444444444", nil},
		{"cents .53", 400, "800.100.153", plainCard, []string{"amount", "10.53"}},
		{"cents .55", 400, "800.100.155", plainCard, []string{"amount", "10.55"}},
		{"cents .57", 400, "800.100.157", plainCard, []string{"amount", "10.57"}},
		{"cents .59", 400, "800.100.159", plainCard, []string{"amount", "10.59"}},
		{"cents .52", 400, "800.100.152", plainCard, []string{"amount", "10.52"}},
		{"cents .30", 400, "900.100.300", plainCard, []string{"amount", "10.30"}},
		{"cents .40", 200, "000.400.000", plainCard, []string{"amount", "10.40"}},
		{"cents .20", 200, "000.200.000", plainCard, []string{"amount", "10.20"}},
		{"cents .21", 200, "000.200.000", plainCard, []string{"amount", "10.21"}},
		{"other cents", 200, "000.100.110", plainCard, []string{"amount", "10.54"}},
		{"a listed card, whatever the cents", 200, "000.100.110", "4200000000000000", []string{"amount", "10.53"}},
		{"testMode=EXTERNAL", 200, "000.100.112", plainCard, []string{"testMode", "EXTERNAL"}},
		{"testMode=INTERNAL", 200, "000.100.110", plainCard, []string{"testMode", "INTERNAL"}},
		{"3DS2_flow=challenge", 200, "000.200.000", plainCard, []string{"shopperResultUrl", shop, "customParameters[3DS2_enrolled]", "true", "customParameters[3DS2_flow]", "challenge"}},
		{"3DS2_flow=frictionless", 200, "000.100.110", "4200000000000042", []string{"shopperResultUrl", shop, "customParameters[3DS2_enrolled]", "true", "customParameters[3DS2_flow]", "frictionless"}},
		{"3DS2_enrolled=false", 200, "000.100.110", "4200000000000042", []string{"shopperResultUrl", shop, "customParameters[3DS2_enrolled]", "false"}},
		{"challengeIndicator=04", 200, "000.200.000", plainCard, []string{"shopperResultUrl", shop, "threeDSecure.challengeIndicator", "04"}},
		{"challengeIndicator=4", 200, "000.200.000", plainCard, []string{"shopperResultUrl", shop, "threeDSecure.challengeIndicator", "4"}},
		{"challenge, but no 3-D Secure", 200, "000.100.110", "4200000000000042", []string{"shopperResultUrl", shop, "threeDSecure.disable", "true"}},
		{"challenge, but the payer is absent", 200, "000.100.110", "4200000000000042", []string{"shopperResultUrl", shop, "standingInstruction.source", "MIT"}},
	} {
		status, got := h.pay(t, c.number, c.more...)
		if status != c.status || got.Result.Code != c.code {
			t.Errorf("%s: got %d %s, want %d %s", c.name, status, got.Result.Code, c.status, c.code)
		}
	}
}

// TestForcedResultCodes ends a payment with each code of the list.
func TestForcedResultCodes(t *testing.T) {
	t.Parallel()
	h := open(t, "sqlite")
	for _, code := range []string{"000.000.000", "000.100.110", "000.300.000", "000.400.000", "000.200.000", "800.400.500", "100.400.500", "000.400.101", "300.100.100",
		"800.100.151", "800.100.402", "900.100.200", "999.999.999", "100.396.104", "100.400.001", "800.400.100", "100.390.107", "800.300.101", "800.120.101", "500.100.402",
		"700.600.002", "200.100.101", "100.100.400", "100.550.303", "100.380.201"} {
		want := http.StatusOK
		if codeRejects(code) {
			want = http.StatusBadRequest
		}
		status, got := h.pay(t, "4200000000000000", "customParameters[forceResultCode]", code)
		if status != want || got.Result.Code != code {
			t.Errorf("%s: got %d %s, want %d", code, status, got.Result.Code, want)
		}
	}
	if _, got := h.pay(t, "4200000000000000", "customParameters[forceResultCode]", "123.456.789"); got.Result.Code != "000.100.110" {
		t.Errorf("a code that is on no list: got %s", got.Result.Code)
	}
}

// codeRejects reads a code as clients do, by its first digits.
func codeRejects(code string) bool {
	for _, prefix := range []string{"000.000.", "000.100.1", "000.3", "000.6", "000.400.0", "000.400.100", "000.200", "800.400.5", "100.400.500"} {
		if strings.HasPrefix(code, prefix) {
			return false
		}
	}
	return true
}

// TestPendingEnds: five seconds turn cents .20 into a success, half an hour
// .21 into a failure.
func TestPendingEnds(t *testing.T) {
	t.Parallel()
	h := open(t, "sqlite")
	_, soon := h.pay(t, plainCard, "amount", "10.20")
	_, never := h.pay(t, plainCard, "amount", "10.21")
	h.advance(t, "6")
	h.becomes(t, soon.ID, "000.100.110")
	h.advance(t, "1801")
	h.becomes(t, never.ID, "100.396.103")
}

func (h *house) advance(t *testing.T, seconds string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.sandbox.URL+"/sandbox/clock", strings.NewReader(url.Values{"advanceSeconds": {seconds}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.sandbox.Gateway.Token)
	req.Header.Set("Content-Type", formType)
	res, err := h.client.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the clock: %v %v", res, err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
}

// becomes reads a payment until it has a code.
func (h *house) becomes(t *testing.T, id, code string) {
	t.Helper()
	var got said
	for start := time.Now(); time.Since(start) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		if err := json.Unmarshal(h.inquiry(t, id), &got); err != nil {
			t.Fatal(err)
		}
		if got.Result.Code == code {
			return
		}
	}
	t.Errorf("%s: got %s, want %s", id, got.Result.Code, code)
}
