package app

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/web/browsertest"
)

// Addresses that look like the shop's, or like none at all, and lead
// elsewhere (reliability, C5). None may be taken as a shopperResultUrl of an
// entity whose list holds shop.example.
var elsewhere = []string{
	"//evil.example/", "///evil.example/", `\\evil.example/`, `/\evil.example/`, `https:\\evil.example/`, `https:/\evil.example/`, "https:evil.example", "https:/evil.example",
	"https:///evil.example", "evil.example", "/done", "https://", "https://?", "http://", "https://evil.example/", "https://evil.example/shop.example",
	"https://evil.example?shop.example", "https://evil.example#shop.example", "https://evil.example#@shop.example/", `https://evil.example\@shop.example/`, `https://evil.example\.shop.example/`,
	"https://shop.example@evil.example/", "https://shop.example:443@evil.example/", "https://shop.example%40evil.example/", "https://user:pass@shop.example/", "https://@shop.example/",
	"https://shop.example.evil.example/", "https://shop.exampleevil.example/", "https://notshop.example/", "https://sub.shop.example/", "https://shop.example%2eevil.example/", "https://shop.example%00.evil.example/",
	"https://shop.example:443.evil.example/", "https://shop.example;evil.example/", "https://shop.example,evil.example/", "https://shop.example evil.example/", "https://shop.example\tevil/", "https://evil.example\thttps://shop.example/",
	"https://shop。example/", "https://shop．example/", "https://evil.example/。shop.example", "https://ѕhop.example/", "https://shop.examp\u200ble/", "https://ⓢhop.example/",
	"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)", " javascript:alert(1)", "\x01javascript:alert(1)", "javascript://shop.example/%0aalert(1)", "javascript:alert(1)//https://shop.example/",
	"data:text/html,<script>alert(1)</script>", "data:text/html;base64,PHNjcmlwdD4=", "vbscript:msgbox(1)", "file:///etc/passwd", "blob:https://shop.example/x", "about:blank", "view-source:https://shop.example/",
	"ftp://shop.example/", "ws://shop.example/", "mailto:a@shop.example", "tel:12345678", "intent://shop.example/#Intent;scheme=https;end", "x-app://shop.example/", "lindshop:done",
	"https://shop.example/\r\nLocation: https://evil.example/", "https://shop.example/\nSet-Cookie: a=b", "https://shop.example\r\n.evil.example/", "https://shop.example/\x00", "https://[::1]/", "https://0x7f.1/", "https://2130706433/",
	"https://shop.example:99999/", "https://shop.example./", "https://.shop.example/", "https://*.shop.example/", "https://[shop.example]/", "https://shop.example:44a/", "https:shop.example", "https//shop.example/",
	"https://evil.example/?https://shop.example/", "https://shop.example/" + strings.Repeat("a", 2048-len("https://shop.example/")+1), "https", "",
}

func TestNobodyIsSentElsewhere(t *testing.T) {
	h := openHouse(t)
	code := h.entity(t, 1, "Lind Media", merchant.Settings{ReturnHosts: []string{"shop.example", "nordshop:"}})
	handler := h.server.Config.Handler
	prepare := func(address string) (status int, page string) {
		form := url.Values{"entityId": {code}, "amount": {"62.00"}, "currency": {"EUR"}, "paymentType": {"DB"}, "shopperResultUrl": {address}}
		w := knock(handler, "POST", "/gateway/v3/checkouts", form.Encode(), "Authorization: Bearer "+h.box.Gateway.Token)
		if found := regexp.MustCompile(`checkouts/[^/]+/page`).FindString(w.Body.String()); found != "" {
			page = "/gateway/v3/" + found
		}
		return w.Code, page
	}
	for _, address := range elsewhere {
		if status, page := prepare(address); status == 200 && address != "" {
			t.Errorf("%q is taken (%s)", address, page)
		}
	}
	for _, address := range []string{"https://shop.example", "https://SHOP.example/done?a=b#c", "https://shop.example:8443/", "http://shop.example/", "nordshop://done", "https://shop.example:/x:80/../", "https://shop.example/@evil.example/", "https://shop.example/?to=//evil.example"} {
		status, page := prepare(address)
		if status != 200 {
			t.Errorf("%q is refused: %d", address, status)
			continue
		}
		w := knock(handler, "POST", strings.Replace(page, "/page", "/cancel", 1), "")
		ends := regexp.MustCompile(`<meta http-equiv="refresh" content="0; url=([^"]+)"`).FindStringSubmatch(w.Body.String())
		if ends == nil {
			t.Errorf("%q: no way back: %d", address, w.Code)
			continue
		}
		if got, want := authority(t, ends[1]), authority(t, address); got != want {
			t.Errorf("%q leads to %s, want %s", address, got, want)
		}
	}
}

func authority(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(strings.ReplaceAll(address, "&amp;", "&"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// A frame's address may name where the payer goes, for a checkout that names
// nothing. It is judged by the same list, and never before the merchant's own.
func TestFramesSendNobodyElsewhere(t *testing.T) {
	h := openHouse(t)
	handler := h.server.Config.Handler
	listed := h.entity(t, 2, "Lind Media", merchant.Settings{ReturnHosts: []string{"shop.example"}})
	open := func(own string) string {
		form := url.Values{"entityId": {listed}, "amount": {"62.00"}, "currency": {"EUR"}, "paymentType": {"DB"}}
		if own != "" {
			form.Set("shopperResultUrl", own)
		}
		w := knock(handler, "POST", "/gateway/v3/checkouts", form.Encode(), "Authorization: Bearer "+h.box.Gateway.Token)
		return "/gateway/v3/" + strings.TrimSuffix(regexp.MustCompile(`checkouts/[^/]+/page`).FindString(w.Body.String()), "page")
	}
	pay := "attempt=1&number=4200000000000000&expiry=08/34&cvv=321&holder=Nora+Lind"
	leads := func(at string) string {
		body := knock(handler, "GET", at+"page?step=done", "").Body.String()
		found := regexp.MustCompile(`<meta http-equiv="refresh" content="0; url=([^"]+)"`).FindStringSubmatch(body)
		if strings.Contains(body, "evil") {
			t.Errorf("the page speaks of elsewhere:\n%s", body)
		}
		if found == nil {
			return ""
		}
		return authority(t, found[1])
	}
	for _, address := range elsewhere {
		at := open("")
		if w := knock(handler, "POST", at+"frame?return="+url.QueryEscape(address), pay); w.Code != 303 {
			t.Fatalf("%q: %d", address, w.Code)
		}
		if to := leads(at); to != "" {
			t.Errorf("%q leads to %s", address, to)
		}
	}
	for own, want := range map[string]string{"": "https://shop.example", "https://shop.example:8443/own": "https://shop.example:8443"} {
		at := open(own)
		knock(handler, "POST", at+"frame?return="+url.QueryEscape("https://shop.example/page"), pay)
		if to := leads(at); to != want {
			t.Errorf("own %q: leads to %q, want %q", own, to, want)
		}
	}
}

// What we take for a host is what a browser takes for one.
func TestBrowserReadsAddressesAlike(t *testing.T) {
	h := openHouse(t)
	h.b.Open(t, h.box.URL)
	open := h.entity(t, 3, "Lind Media", merchant.Settings{}) // no list: any host
	type read struct{ Address, Host string }
	var taken []read
	for _, address := range elsewhere {
		form := url.Values{"entityId": {open}, "amount": {"62.00"}, "currency": {"EUR"}, "paymentType": {"DB"}, "shopperResultUrl": {address}}
		w := knock(h.server.Config.Handler, "POST", "/gateway/v3/checkouts", form.Encode(), "Authorization: Bearer "+h.box.Gateway.Token)
		if address != "" && w.Code == 200 {
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			host := u.Hostname()
			if strings.Contains(host, ":") {
				host = "[" + host + "]"
			}
			taken = append(taken, read{address, host})
		}
	}
	list, err := json.Marshal(taken)
	if err != nil {
		t.Fatal(err)
	}
	for _, odd := range browsertest.Eval[[]string](t, h.b, string(list)+`.filter((r) => {
		try { const u = new URL(r.Address); return u.hostname !== r.Host || !/^https?:$/.test(u.protocol) } catch { return true }
	}).map((r) => r.Address)`) {
		t.Errorf("%q is taken, and a browser reads it differently", odd)
	}
	if !slices.ContainsFunc(taken, func(r read) bool { return r.Host == "evil.example" }) {
		t.Error("without a list any host is allowed")
	}
}
