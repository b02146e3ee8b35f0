package spense_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/web/browsertest"
)

// street is where payers meet the organisation: a house at work, the server that
// it tells, a browser on a phone.
type street struct {
	*house
	t  *testing.T
	in *received
	b  *browsertest.Browser
}

// open has the house at work while payers come.
func (s street) open(payers ...func()) {
	s.t.Helper()
	ctx, stop := context.WithCancel(s.t.Context())
	wait := s.app.Work(ctx)
	defer func() { stop(); wait() }()
	s.b.Resize(s.t, browsertest.Windows[2])
	for _, pays := range payers {
		pays()
	}
}

func (s street) press(selector string) {
	s.t.Helper()
	s.b.Run(s.t, chromedp.Click(selector, chromedp.ByQuery))
}

func (s street) says(text string) {
	s.t.Helper()
	s.b.Await(s.t, fmt.Sprintf(`document.body.innerText.includes(%q)`, text))
}

// asks makes a payment of the organisation as the partner, and finds its link in
// the outbox.
func (s street) asks(profile int, more ...string) (id, link string) {
	s.t.Helper()
	return s.asksFor(s.sandbox.Spense.OrganizationID, s.sandbox.Spense.ProfileIDs[profile], more...)
}

func (s street) asksFor(organization, profile string, more ...string) (id, link string) {
	s.t.Helper()
	body := s.order(append([]string{s.sandbox.Spense.ProfileIDs[1], profile,
		`},"order"`, `},"callback":{"url":"` + s.in.url + `","terminal_failure_url":"` + s.in.url + `"},"order"`}, more...)...)
	got := s.ask(s.t, "POST", "/api/payments", s.partner, body, "X-Organization-Id", organization)
	if id = got.member(s.t, "id"); got.status != 200 {
		s.t.Fatalf("got %d %s", got.status, got.body)
	}
	var out struct {
		Messages []struct {
			Channel string
			Links   []string
		}
	}
	decode(s.t, s.ask(s.t, "GET", "/sandbox/outbox?object="+id, s.sandbox.Gateway.Token, "").body, &out)
	for _, m := range out.Messages {
		if m.Channel == "sms" {
			link = m.Links[0]
		}
	}
	return id, link
}

// hears waits until the organisation's server has been told something.
func (s street) hears(body string) {
	s.t.Helper()
	for range 200 {
		if slices.Contains(s.in.all(), body) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("never told %s, but %q", body, s.in.all())
}

// offers holds the page to the brands that the profile takes.
func (s street) offers(want ...string) {
	s.t.Helper()
	got := browsertest.Eval[[]string](s.t, s.b, `[...document.querySelectorAll("input[name=brand]")].map(i => i.value)`)
	if !slices.Equal(got, want) {
		s.t.Errorf("the page offers %q, want %q", got, want)
	}
}

// organizations are those that the partner's key reaches.
func (s street) organizations() (list []organization) {
	s.t.Helper()
	decode(s.t, s.ask(s.t, "GET", "/partner/auth/organizations", s.partner, "").body, &list)
	if len(list) != 2 || list[0].ID != s.sandbox.Spense.OrganizationID || list[1].Name != "Nordlys Verksted AS" {
		s.t.Fatalf("the partner reaches %+v", list)
	}
	return list
}

type organization struct {
	ID, Name string
	Profiles []struct{ ID string } `json:"payment_profiles"`
}

// bySwish is the other organisation, in another currency.
func (s street) bySwish(other organization) {
	id, link := s.asksFor(other.ID, other.Profiles[0].ID, "NOK", "SEK")
	s.b.Open(s.t, link)
	s.says("Nordlys")
	s.offers("SWISH", "VIPPS")
	s.press(`form:has([value="SWISH"]) button`)
	s.says("made-up wallet")
	s.press(`[value="success"]`)
	s.b.Await(s.t, `!!document.querySelector(".facts")`)
	s.hears(success(id, "swish"))
}

func (s street) byWallet() {
	id, link := s.asks(1)
	s.b.Open(s.t, link)
	s.says("12\u00a0490")
	s.says("Fjord Bil AS")
	s.offers("VIPPS")
	s.press(`form:has([value="VIPPS"]) button`)
	s.says("made-up wallet")
	s.press(`[value="cancel"]`)
	s.b.Await(s.t, `!!document.querySelector(".notice")`) // nothing was charged: the same page, another try
	s.offers("VIPPS")
	s.press(`form:has([value="VIPPS"]) button`)
	s.says("made-up wallet")
	s.press(`[value="success"]`)
	s.b.Await(s.t, `!!document.querySelector(".facts")`)
	s.hears(success(id, "vipps"))
	s.b.Run(s.t, chromedp.Evaluate(`history.back(); 0`, nil))
	s.b.Open(s.t, link) // paid once: the link shows that, whatever the browser goes back to
	s.says("12\u00a0490")
	s.offers()
}

func (s street) byCard() {
	id, link := s.asks(1)
	s.b.Open(s.t, link)
	for _, f := range [][2]string{{"number", "4200000000000042"}, {"expiry", "0834"}, {"cvv", "123"}, {"holder", "Nora Lind"}} {
		s.b.Run(s.t, chromedp.SendKeys("#"+f[0], f[1], chromedp.ByQuery))
	}
	s.b.Run(s.t, chromedp.Evaluate(`const pay = document.querySelector(".card-form button.button"); pay.click(); pay.click(); 0`, nil))
	s.b.Await(s.t, `!!document.querySelector('button[value="success"]')`)
	s.press(`[value="success"]`)
	s.b.Await(s.t, `!!document.querySelector(".facts")`)
	s.hears(success(id, "card"))
}

// byTransfer is the other profile: no cards for a car. The payer thinks twice.
func (s street) byTransfer() {
	id, link := s.asks(0)
	s.b.Open(s.t, link)
	s.offers("VIPPS", "BANKTRANSFER", "DIRECTDEBIT_NO")
	s.b.Inspect(s.t, strings.TrimPrefix(s.sandbox.URL, "http://"))
	s.press(`form:has([value="BANKTRANSFER"]) button`)
	s.b.Await(s.t, `!!document.querySelector("#payee-reference")`)
	first := browsertest.Eval[string](s.t, s.b, `document.querySelector("#payee-reference").textContent`)
	s.press(`form[action="change"] button`)
	s.b.Await(s.t, `!!document.querySelector("input[value=BANKTRANSFER]")`)
	s.press(`form:has([value="BANKTRANSFER"]) button`)
	s.b.Await(s.t, `!!document.querySelector("#payee-reference")`)
	reference := browsertest.Eval[string](s.t, s.b, `document.querySelector("#payee-reference").textContent`)
	if reference == first {
		s.t.Errorf("both transfers have the reference %s", reference)
	}
	got := s.ask(s.t, "POST", "/sandbox/transfers", s.sandbox.Gateway.Token, `{"reference":"`+reference+`","amount":"12490.00","currency":"NOK"}`)
	if got.status != 200 {
		s.t.Fatalf("got %d %s", got.status, got.body)
	}
	s.hears(success(id, "bank_transfer"))
}

// onTerminals has a cashier at both terminals.
func (s street) onTerminals() {
	desks := s.sandbox.Spense.Terminals
	for _, d := range desks[:2] {
		s.b.Open(s.t, d.Page)
		s.press(`[value="serve"]`)
		s.b.Await(s.t, `!!document.querySelector('[value="leave"]')`)
	}
	id, _ := s.asks(1, `"customer":`, `"paymentMethodId":"`+desks[0].ID+`","customer":`)
	s.b.Open(s.t, desks[0].Page)
	s.says("12")
	s.press(`[value="decline"]`)
	s.hears(`{"id":"` + id + `","paymentMethodId":"` + desks[0].ID + `","errorCode":"declined","errorMessage":"Avvist"}`)
	got := s.ask(s.t, "POST", "/partner/payment-methods/resend", s.token, `{"payment_id":"`+id+`","payment_method_id":"`+desks[1].ID+`"}`)
	if got.status != 200 {
		s.t.Fatalf("got %d %s", got.status, got.body)
	}
	s.b.Open(s.t, desks[1].Page)
	s.press(`[value="success"]`)
	s.hears(success(id, "terminal"))
	if got := s.ask(s.t, "POST", "/partner/payments/"+id+"/receipts/terminal/print", s.token, ""); got.status != 200 {
		s.t.Errorf("got %d %s", got.status, got.body)
	}
	s.b.Open(s.t, desks[1].Page)
	s.says("WO-20417")
}

// signed checks every webhook's signature with the secret of one of the
// organisations.
func (s street) signed(organizations []organization) {
	var keys [][]byte
	for _, o := range organizations {
		secrets, err := s.app.Webhooks.RevealDefault(s.t.Context(), s.sandboxRealm(s.t), ident.ID(o.ID), audit.By{Actor: "test"})
		if err != nil {
			s.t.Fatal(err)
		}
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secrets.Signing.Reveal(), "whsec_"))
		if err != nil {
			s.t.Fatal(err)
		}
		keys = append(keys, key)
	}
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	for i, body := range s.in.bodies {
		head := s.in.heads[i]
		by := slices.IndexFunc(keys, func(key []byte) bool {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(head.Get("X-Webhook-Id") + "." + head.Get("X-Webhook-Timestamp") + "." + body))
			return head.Get("X-Webhook-Signature") == "v1="+hex.EncodeToString(mac.Sum(nil))
		})
		if by < 0 || (by == 1) != strings.Contains(body, "swish") && strings.Contains(body, "SUCCESS") {
			s.t.Errorf("%s: signed by %d: %s", body, by, head.Get("X-Webhook-Signature"))
		}
	}
}
