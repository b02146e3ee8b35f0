package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store/storetest"
)

// A canary is something secret that must not come out anywhere.
type canary struct{ name, text string }

// shapes are the ways in which a canary could show: as it is, in hex, in
// base64 at each of its three alignments, with spaces or dashes in between.
func (c canary) shapes() map[string]string {
	all := map[string]string{"clear": c.text, "hex": hex.EncodeToString([]byte(c.text)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(c.text))),
		"escaped": url.QueryEscape(c.text)}
	for n := range 3 {
		text := base64.StdEncoding.EncodeToString(append(bytes.Repeat([]byte{'x'}, n), c.text...))
		// What stands at the ends depends on the neighbours.
		all["base64/"+string(rune('0'+n))] = strings.TrimRight(text, "=")[4 : len(strings.TrimRight(text, "="))-2]
	}
	for _, sep := range []string{" ", "-"} {
		var parts []string
		for rest := c.text; rest != ""; rest = rest[min(4, len(rest)):] {
			parts = append(parts, rest[:min(4, len(rest))])
		}
		all["parted by "+sep] = strings.Join(parts, sep)
	}
	return all
}

// uuids are words: a group of four digits in one of them is no security code.
var uuids = regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)

// spotted names the shapes of canaries in data. A security code is too short to
// be told from other digits inside of a word, so it counts when it stands alone.
func spotted(data []byte, canaries []canary) (found []string) {
	for _, c := range canaries {
		if len(c.text) < 8 {
			if regexp.MustCompile(`(^|[^0-9A-Za-z.])` + c.text + `([^0-9A-Za-z.]|$)`).Match(uuids.ReplaceAll(data, []byte("uuid"))) {
				found = append(found, c.name)
			}
			continue
		}
		for shape, text := range c.shapes() {
			if bytes.Contains(data, []byte(text)) {
				found = append(found, c.name+" in "+shape)
			}
		}
	}
	return found
}

// The search must be able to find.
func TestCanariesCanBeSeen(t *testing.T) {
	c := canary{"number", "4929123456781234"}
	for shape, text := range c.shapes() {
		if len(spotted([]byte("before "+text+" after"), []canary{c})) == 0 {
			t.Errorf("%s is not seen", shape)
		}
	}
	code := []canary{{"code", "9731"}}
	if len(spotted([]byte(`{"cvv":"9731"}`), code)) == 0 || len(spotted([]byte("id=a9731b at 1.9731 17973100 0b8f6c1e-9731-4f53-9d0a-3a6f0b7f2d11"), code)) != 0 {
		t.Error("a security code is not told from other digits")
	}
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.b.Bytes())
}

// luhn completes a card number.
func luhn(body string) string {
	sum := 0
	for i := range body {
		d := int(body[len(body)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return body + string(rune('0'+(10-sum%10)%10))
}

// TestCanaries runs the ways in which cards and secrets come in, then searches
// everything that florin has written or said. A canary that is put into the
// database afterwards has to be found: the search can fail.
func TestCanaries(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			dir := t.TempDir()
			database := filepath.Join(dir, "florin.db")
			if engine == "postgres" {
				database = storetest.Database(t, engine)
			}
			n := &nest{dir: dir, settings: map[string]string{"database": database, "key-file": filepath.Join(dir, "florin.key"),
				"sandbox-file": filepath.Join(dir, "books"), "webhook-local": "true", "webhook-ports": "*"}}
			n.fly(t)
			n.search(t, n.open(t, "http://127.0.0.1"))
			n.plant(t)
		})
	}
}

// nest is a florin and what it has said.
type nest struct {
	dir        string
	settings   map[string]string
	logs, said safeBuffer
	canaries   []canary
}

func (n *nest) open(t *testing.T, base string) *App {
	t.Helper()
	c, err := Load("", func(string) (string, bool) { return "", false }, n.settings)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), c, base, slog.New(slog.NewTextHandler(&n.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), Parts{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// fly serves a florin while the cards come in.
func (n *nest) fly(t *testing.T) {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	base := "http://" + srv.Listener.Addr().String()
	a := n.open(t, base)
	a.Jobs.Handle("test.panic", func(context.Context, job.Job) error { panic("on purpose") })
	s, err := a.Furnish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	wait := a.Work(ctx)
	srv.Config.Handler = a.DevHandler(s)
	srv.Start()
	n.canaries = []canary{{"token", s.Gateway.Token[33:]}, {"webhook secret", strings.TrimPrefix(s.Gateway.WebhookSecret, "whsec_")}, {"code", "9731"}}
	drive(func(method, path string, form url.Values) string {
		return n.send(t, base, s.Gateway.Token, method, path, form)
	}, &n.canaries)
	time.Sleep(time.Second) // deliveries and callbacks
	srv.Close()
	stop()
	wait()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

func (n *nest) send(t *testing.T, base, token, method, path string, form url.Values) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", base)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.said.Write(append([]byte(res.Status+res.Header.Get("Location")), body...)); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// written closes a florin and is all that it has written: its files, and on
// PostgreSQL every row.
func (n *nest) written(t *testing.T, a *App) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	if strings.Contains(n.settings["database"], "://") {
		all["the database"] = storetest.Dump(t, a.DB)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(n.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if all[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// search looks for canaries in what was logged, answered and written, and makes
// sure that the cards went where they should.
func (n *nest) search(t *testing.T, a *App) {
	t.Helper()
	all := n.written(t, a)
	if len(all) < 3 || !bytes.Contains(bytes.Join(slices.Collect(maps.Values(all)), nil), []byte("payment.captured")) {
		t.Errorf("of what was written only %v was searched", slices.Sorted(maps.Keys(all)))
	}
	all["the log"], all["an answer"] = n.logs.bytes(), n.said.bytes()
	for name, data := range all {
		if found := spotted(data, n.canaries); len(found) > 0 {
			t.Errorf("%s holds %v", name, found)
		}
	}
	if !bytes.Contains(all["the log"], []byte("route=")) {
		t.Error("the log was not captured")
	}
	for text, times := range map[string]int{"000.100.110": 5, "800.100.153": 1, "000.200.000": 2, "200.300.404": 5, "303 See Other": 1} {
		if got := bytes.Count(all["an answer"], []byte(text)); got < times {
			t.Errorf("got %d answers with %s, want %d: the cards did not go where they should", got, text, times)
		}
	}
}

// plant puts one of the numbers into the database and searches again.
func (n *nest) plant(t *testing.T) {
	t.Helper()
	a := n.open(t, "http://127.0.0.1")
	realms, err := a.Access.Realms(t.Context())
	if err != nil || len(realms) == 0 {
		t.Fatal(realms, err)
	}
	planted := n.canaries[len(n.canaries)-1]
	if _, err := a.Merchants.Add(t.Context(), realms[0].ID, audit.By{Actor: "test"}, merchant.Merchant{Code: "M0000002", Name: "No. " + planted.text}); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, data := range n.written(t, a) {
		found += len(spotted(data, []canary{planted}))
	}
	if found == 0 {
		t.Error("a number that was put into the database was not found")
	}
}

var identifier = regexp.MustCompile(`"id":"([^"]+)"`)

// drive sends cards in every way there is, and where they do not belong.
func drive(send func(method, path string, form url.Values) string, canaries *[]canary) {
	n := 0
	card := func(prefix string, more ...string) url.Values {
		n++
		number := luhn(prefix + strings.Repeat("7", 12-len(prefix)) + string(rune('0'+n/10)) + string(rune('0'+n%10)) + "3")
		*canaries = append(*canaries, canary{"number " + number[len(number)-4:], number})
		f := url.Values{"entityId": {devEntity}, "card.number": {number}, "card.holder": {"Nora Lind"}, "card.expiryMonth": {"08"}, "card.expiryYear": {"2032"},
			"card.cvv": {"9731"}, "paymentBrand": {"AMEX"}}
		for i := 0; i+1 < len(more); i += 2 {
			f.Set(more[i], more[i+1])
		}
		return f
	}
	amex := func(more ...string) url.Values {
		f := card("37", more...)
		number := f.Get("card.number")
		number = luhn(number[:14])
		(*canaries)[len(*canaries)-1] = canary{"number " + number[11:], number}
		f.Set("card.number", number)
		return f
	}
	const pay = "/gateway/v3/payments"
	for _, typ := range []string{"DB", "PA"} {
		send("POST", pay, amex("paymentType", typ, "amount", "92.00", "currency", "EUR"))
	}
	send("POST", pay, amex("paymentType", "DB", "amount", "10.53", "currency", "EUR"))
	send("POST", pay, amex("paymentType", "CV", "createRegistration", "true"))
	send("POST", pay, amex("paymentType", "DB", "amount", "92.00", "currency", "EUR", "customParameters[florin_fault]", "lost_answer"))
	send("POST", pay, amex("paymentType", "DB", "amount", "92.00", "currency", "EUR", "threeDSecure.challengeIndicator", "04", "shopperResultUrl", "https://shop.example/done"))
	send("POST", pay, amex("paymentType", "DB", "amount", "no number", "currency", "eur"))
	wrong := amex("paymentType", "DB", "currency", "EUR")
	for _, field := range []string{"amount", "card.expiryMonth", "card.cvv", "merchantTransactionId"} {
		f := url.Values{}
		for k, v := range wrong {
			f[k] = v
		}
		if field == "merchantTransactionId" { // a well-formed reference would be kept: it is the merchant's own text
			f.Set("paymentType", "XX")
		}
		f.Set(field, wrong.Get("card.number"))
		send("POST", pay, f)
	}
	kept := identifier.FindStringSubmatch(send("POST", "/gateway/v3/registrations", amex()))
	if kept != nil {
		send("POST", "/gateway/v3/registrations/"+kept[1]+"/payments", url.Values{"entityId": {devEntity}, "paymentType": {"DB"}, "amount": {"5.00"}, "currency": {"EUR"}, "card.cvv": {"9731"}})
	}
	opened := identifier.FindStringSubmatch(send("POST", "/gateway/v3/checkouts", url.Values{"entityId": {devEntity}, "paymentType": {"DB"}, "amount": {"62.00"},
		"currency": {"NOK"}, "shopperResultUrl": {"https://shop.example/done"}}))
	if opened != nil {
		f := amex()
		send("POST", "/gateway/v3/checkouts/"+opened[1]+"/page", url.Values{"attempt": {"1"}, "holder": {"Nora Lind"}, "number": f["card.number"], "expiry": {"08/32"}, "cvv": {"9731"}})
		send("POST", "/gateway/v3/checkouts/"+opened[1]+"/page", url.Values{"attempt": {"1"}, "holder": {""}, "number": f["card.number"], "expiry": {"13/32"}, "cvv": {"9731"}})
	}
	send("GET", "/gateway/v3/nowhere?card.number="+amex().Get("card.number"), nil)
	send("GET", "/inbox", nil)
}
