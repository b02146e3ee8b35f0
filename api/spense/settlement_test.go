package spense_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store/storetest"
)

const reportPath = "/partner/settlements/generate_csv"

// settle makes a payment, changed as order is, and has its link paid by card.
func (h *house) settle(t *testing.T, changes ...string) (id string) {
	t.Helper()
	got := h.ask(t, "POST", "/api/payments", h.token, h.order(changes...))
	if got.status != 200 {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	link := got.member(t, "paymentUrl")
	if out := h.visit(t, link[strings.LastIndexByte(link, '/')+1:], "VISA", "4200000000000000"); out.State != payment.Captured {
		t.Fatalf("got %s", out.State)
	}
	return got.member(t, "id")
}

// nextDay lets a day pass, which ends tokens and brings the provider's files.
func (h *house) nextDay(t *testing.T) {
	t.Helper()
	h.advance(t, 24*time.Hour)
	h.work(t)
	h.token = h.signIn(t, h.sandbox.Spense.ClientID, h.sandbox.Spense.ClientSecret)
}

// visit follows a link and pays by card.
func (h *house) visit(t *testing.T, link, brand, number string) payment.Payment {
	t.Helper()
	key, err := h.app.Spense.Visit(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	sess, _, err := h.app.Checkouts.ByKey(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	out, err := h.app.Checkouts.Pay(t.Context(), key, checkout.Choice{Try: sess.Try, Method: method.Card, Brand: brand, Card: &connector.Card{Number: method.Conceal(number),
		CVV: method.Conceal("123"), Holder: "Nora Lind", ExpiryMonth: 8, ExpiryYear: 2030, Brand: brand}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Payment
}

// report asks for a month's settlements; the file's random account is masked.
func (h *house) report(t *testing.T, token, format, kind string) string {
	t.Helper()
	got := h.ask(t, "GET", reportPath, token, fmt.Sprintf(`{"from_date":"2026-11-01","to_date":"2026-11-30","format":"%s","test_mode":true,"payout_type":"%s"}`, format, kind))
	if want := `attachment; filename="settlements-2026-11-01-2026-11-30-` + format + `.csv"`; got.status != 200 || got.header.Get("Content-Disposition") != want ||
		got.header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("%s: got %d %v %s", format, got.status, got.header, got.body)
	}
	if strings.Count(got.body, "\n") != strings.Count(got.body, "\r\n") {
		t.Errorf("%s: not every line ends in CRLF: %q", format, got.body)
	}
	return regexp.MustCompile(`\b\d{8}-(\d{8})\b`).ReplaceAllString(strings.ReplaceAll(got.body, "\r\n", "\n"), "<account>-$1")
}

const transactionHeads = "Date of transaction,Payment provider,Settlement reference,Settlement paid at,Reference,Currency,Gross amount,Fees,Net amount,Payment type,Payment method\n"

// TestSettlementReports: two days of payments and a refund in the three formats,
// for the organisation they belong to alone.
func TestSettlementReports(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine, "spense-machine-readable-transactions", "true")
			if got := h.report(t, h.token, "transactions", "PSP"); got != transactionHeads { // V27
				t.Errorf("V27: got %q", got)
			}
			first := h.settle(t)
			unnamed := h.settle(t, `"paymentRef":"20417"`, `"paymentRef":""`, "12490.00,", "100.00,")
			if got := h.ask(t, "POST", "/api/payments/"+first+"/refund", h.token, `{"amount":2490,"reason":"Brake pads returned"}`); got.status != 200 {
				t.Fatal(got.body)
			}
			h.nextDay(t)
			formula := h.settle(t, `"paymentRef":"20417"`, `"paymentRef":"=HYPERLINK(\"https://evil.example\",\"pay\")"`, "12490.00,", "50.00,")
			bare := h.settle(t, `"paymentRef":"20417"`, `"paymentRef":""`, `"WO-20417"`, `""`, "12490.00,", "10.00,")
			h.nextDay(t)

			want := transactionHeads +
				"2026-11-21 00:00:00+00:00,Fake PSP,<account>-20261122,2026-11-22 03:00:00+00:00,20417,NOK,12490.00,93.68,12396.32,Credit,Visa\n" +
				"2026-11-21 00:00:00+00:00,Fake PSP,<account>-20261122,2026-11-22 03:00:00+00:00,WO-20417,NOK,100.00,0.75,99.25,Credit,Visa\n" +
				"2026-11-21 00:00:00+00:00,Fake PSP,<account>-20261122,2026-11-22 03:00:00+00:00,20417,NOK,-2490.00,0.00,-2490.00,Credit,Visa\n" +
				`2026-11-22 00:00:00+00:00,Fake PSP,<account>-20261123,2026-11-23 03:00:00+00:00,"'=HYPERLINK(""https://evil.example"",""pay"")",NOK,50.00,0.38,49.62,Credit,Visa` + "\n" +
				"2026-11-22 00:00:00+00:00,Fake PSP,<account>-20261123,2026-11-23 03:00:00+00:00," + bare + ",NOK,10.00,0.08,9.92,Credit,Visa\n"
			if got := h.report(t, h.token, "transactions", "PSP"); got != want {
				t.Errorf("transactions: got\n%s\nwant\n%s", got, want)
			}
			want = "Settlement paid at,Payment provider,Settlement reference,Report ID,Currency,Transaction count,Purchase amount,Refund amount,Fees,Amount paid out,Amount for invoicing later\n" +
				"2026-11-22 03:00:00+00:00,Fake PSP,<account>-20261122,20779,NOK,3,12590.00,-2490.00,94.43,10005.57,0.00\n" +
				"2026-11-23 03:00:00+00:00,Fake PSP,<account>-20261123,20780,NOK,2,60.00,0.00,0.46,59.54,0.00\n"
			if got := h.report(t, h.token, "payouts", "PSP"); got != want {
				t.Errorf("payouts: got\n%s\nwant\n%s", got, want)
			}
			want = "A,2,5,10160.00,94.89,10065.11,0.00\nR,FAKE,2,5,10160.00,94.89,10065.11,0.00\n" +
				"P,FAKE,2026-11-22,<account>-20261122,20779,3,12590.00,-2490.00,94.43,10005.57,0.00,NOK\n" +
				"T,FAKE,2026-11-21,<account>-20261122,20417," + first + ",PURCHASE,12490.00,93.68,12396.32,NOK,Visa\n" +
				"T,FAKE,2026-11-21,<account>-20261122,WO-20417," + unnamed + ",PURCHASE,100.00,0.75,99.25,NOK,Visa\n" +
				"T,FAKE,2026-11-21,<account>-20261122,20417," + first + ",REFUND,-2490.00,0.00,-2490.00,NOK,Visa\n" +
				"P,FAKE,2026-11-23,<account>-20261123,20780,2,60.00,0.00,0.46,59.54,0.00,NOK\n" +
				`T,FAKE,2026-11-22,<account>-20261123,"'=HYPERLINK(""https://evil.example"",""pay"")",` + formula + ",PURCHASE,50.00,0.38,49.62,NOK,Visa\n" +
				"T,FAKE,2026-11-22,<account>-20261123," + bare + "," + bare + ",PURCHASE,10.00,0.08,9.92,NOK,Visa\n"
			if got := h.report(t, h.token, "machine_readable", "PSP"); got != want {
				t.Errorf("machine_readable: got\n%s\nwant\n%s", got, want)
			}
			h.nobodyElses(t, want)
		})
	}
}

// nobodyElses: another organisation, real money, other days and payouts of the
// platform have none of it; the query and a POST have all of it.
func (h *house) nobodyElses(t *testing.T, want string) {
	t.Helper()
	other := h.organisation(t, h.realmOf(t), "other")
	if got := h.report(t, h.key(t, other.realm, other.id), "machine_readable", "PSP"); got != "A,0,0,0.00,0.00,0.00,0.00\n" {
		t.Errorf("another organisation: got %s", got)
	}
	days := `"from_date":"2026-11-22","to_date":"2026-11-23","format":"machine_readable"`
	for body, lines := range map[string]int{"{" + days + `,"test_mode":true}`: strings.Count(want, "\n"), "{" + days + `}`: 1, "{" + days + `,"test_mode":"on","payout_type":"SPENSE"}`: 1,
		`{"from_date":"2026-11-24","to_date":"2026-11-30","format":"machine_readable","test_mode":true}`: 1} {
		for _, method := range []string{"GET", "POST"} {
			if got := strings.Count(h.unruled(t, method, reportPath, body), "\n"); got != lines {
				t.Errorf("%s %s: got %d lines, want %d", method, body, got, lines)
			}
		}
	}
	if got := h.unruled(t, "GET", reportPath+"?from_date=2026-11-22&to_date=2026-11-23&format=machine_readable&test_mode=1", ""); strings.Count(got, "\n") != strings.Count(want, "\n") {
		t.Errorf("by query: got %s", got)
	}
}

func (h *house) unruled(t *testing.T, method, path, body string) string {
	t.Helper()
	got := h.ask(t, method, path, h.token, body)
	if got.status != 200 {
		t.Errorf("%s %s: got %d %s", method, body, got.status, got.body)
	}
	return got.body
}

// TestABodyOnGetThatIsCutOff: a proxy drops the rest of the body of a GET.
func TestABodyOnGetThatIsCutOff(t *testing.T) {
	h := open(t, "sqlite")
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.sandbox.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := `{"from_date":"2026-11-01","to_date":"2026-11-30"}`
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", reportPath, h.token, len(body), body[:len(body)/2])
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || res.StatusCode != 400 {
		t.Fatalf("got %v (%v), want 400", res, err)
	}
}
