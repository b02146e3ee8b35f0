package app_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/florinpay/florin/web/browsertest"
)

// The story of the first day: a shop's engineer starts the sandbox, sends a
// payer through the checkout page and the bank, reads the outcome, pays some
// of it back, hears of it, looks into the books, and moves the clock until a
// reservation is gone. Then the books are proved.
func TestStory(t *testing.T) {
	database := filepath.Join(t.TempDir(), "story.db")
	p, shop, b := dev(t, "--database", database), openShop(t), browsertest.Start(t)
	id, page := p.checkout(t, shop, "merchantTransactionId=order-99017", "notificationUrl="+shop.URL+"/hook", "customParameters[cart]=a-17")
	b.Resize(t, browsertest.Windows[2])
	b.Open(t, page)
	fill(t, b, challenged)
	press(t, b, payButton)
	b.Await(t, `document.title.startsWith("Confirm your payment")`)
	press(t, b, `[value="success"]`)
	b.Await(t, `location.pathname === "/done"`)

	// The shop hears where to read, and reads there.
	at := query(t, b)
	if got, want := at.Get("id"), id; got != want {
		t.Errorf("back with id %q, want %q", got, want)
	}
	if got, want := at.Get("resourcePath"), "/v3/checkouts/"+id+"/payment"; got != want {
		t.Fatalf("back with resourcePath %q, want %q", got, want)
	}
	paid := p.gateway(t, "GET", at.Get("resourcePath"))
	want(t, paid, 200, "result.code=000.100.110", "amount=62.00", "currency=EUR", "paymentType=DB", "paymentBrand=VISA",
		"merchantTransactionId=order-99017", "threeDSecure.eci=05", "card.last4Digits=0042", "ndc="+id, "customParameters.cart=a-17")
	payment := paid.at("id")
	hears(t, p, shop, payment)

	back := p.gateway(t, "POST", "/v3/payments/"+payment, "amount=20.00", "currency=EUR", "paymentType=RF")
	want(t, back, 200, "result.code=000.100.110", "amount=20.00")
	hears(t, p, shop, back.at("id"))
	if got := p.kinds(t, payment); got != "debit refund.reserve refund" {
		t.Errorf("the books hold %q", got)
	}

	expires(t, p)
	p.stop(t)
	out, err := exec.Command(program(t), "verify", "--database", database, "--key-file", database+".key").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "2 payments checked: the books are right") {
		t.Errorf("verify: %v\n%s", err, out)
	}
}

// expires reserves an amount and lets the seven days pass that it is held for.
func expires(t *testing.T, p *process) {
	held := p.gateway(t, "POST", "/v3/payments", "amount=148.50", "currency=EUR", "paymentType=PA", "card.number=4200000000000000",
		"card.holder=Nora Lind", "card.expiryMonth=08", "card.expiryYear=2032", "card.cvv=321")
	want(t, held, 200, "result.code=000.100.110")
	if moved := p.control(t, "POST", "/clock", "advanceSeconds=604801"); moved.status != 200 {
		t.Fatalf("the clock: %s", moved.raw)
	}
	path := "/v3/payments/" + held.at("id")
	eventually(t, "the reservation is given back", func() bool { return p.kinds(t, held.at("id")) == "authorise expire" })
	want(t, p.gateway(t, "POST", path, "amount=148.50", "currency=EUR", "paymentType=CP"), 400, "result.code=700.400.100")
	want(t, p.gateway(t, "GET", path), 200, "result.code=000.100.110", "resultDetails.ExtendedDescription=the authorisation has expired")
}

// hears checks the notification about a transaction: signed by the sandbox's
// secret, and word for word what an inquiry tells.
func hears(t *testing.T, p *process, s *shop, id string) {
	t.Helper()
	n := s.wait(t, `"id":"`+id+`"`, "000.100.110")
	var stamp, sum string
	for _, part := range strings.Split(n.header.Get("X-Signature"), ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "t":
			stamp = value
		case "v1":
			sum = value
		}
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Gateway.WebhookSecret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(stamp + "."))
	mac.Write(n.body)
	if got := hex.EncodeToString(mac.Sum(nil)); got != sum || stamp == "" {
		t.Errorf("notification of %s: signature %q, want %q", id, sum, got)
	}
	var told map[string]any
	if err := json.NewDecoder(bytes.NewReader(n.body)).Decode(&told); err != nil {
		t.Fatal(err)
	}
	asked := p.gateway(t, "GET", "/v3/payments/"+id).body.(map[string]any)
	for _, of := range []map[string]any{told, asked} {
		for _, changing := range []string{"ndc", "timestamp", "buildNumber"} { // of the answer, not of the payment
			delete(of, changing)
		}
	}
	if !reflect.DeepEqual(told, asked) {
		t.Errorf("notification of %s\n%v\nis not what the inquiry tells\n%v", id, told, asked)
	}
}

// want checks the status and values of an answer, each name=value.
func want(t *testing.T, got reply, status int, values ...string) {
	t.Helper()
	if got.status != status {
		t.Errorf("status %d, want %d: %s", got.status, status, got.raw)
	}
	for _, v := range values {
		name, value, _ := strings.Cut(v, "=")
		if got.at(name) != value {
			t.Errorf("%s %q, want %q: %s", name, got.at(name), value, got.raw)
		}
	}
}

// What a payer types, by the fields' ids.
var (
	plain      = card("4200000000000000")
	challenged = card("4200000000000042")
	refused    = card("4012001037461114") // the issuer's 3-D Secure is broken
)

func card(number string) [][2]string {
	return [][2]string{{"number", number}, {"expiry", "08/32"}, {"cvv", "321"}, {"holder", "Nora Lind"}}
}

const payButton = ".card-form button.button"

func fill(t *testing.T, b *browsertest.Browser, fields [][2]string) {
	t.Helper()
	for _, f := range fields {
		b.Run(t, chromedp.Evaluate(`document.getElementById("`+f[0]+`").value = ""`, nil), chromedp.SendKeys("#"+f[0], f[1], chromedp.ByQuery))
	}
}

func press(t *testing.T, b *browsertest.Browser, selector string, options ...chromedp.QueryOption) {
	t.Helper()
	b.Run(t, chromedp.Click(selector, append(options, chromedp.ByQuery)...))
}

// query are the parameters of the address that the browser is at.
func query(t *testing.T, b *browsertest.Browser) url.Values {
	t.Helper()
	var at string
	b.Run(t, chromedp.Location(&at))
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}
