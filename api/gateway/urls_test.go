package gateway

import "testing"

func TestAllowedURL(t *testing.T) {
	shop := []string{"shop.example", "pay.shop.example:8443", "lindshop:"}
	for _, tt := range []struct {
		url  string
		list []string
		test bool
		want bool
	}{
		{"https://shop.example/done", shop, false, true},
		{"https://SHOP.example/done?x=1", shop, false, true},
		{"https://pay.shop.example:8443/", shop, false, true},
		{"https://pay.shop.example/", shop, false, false},
		{"https://anywhere.example/", nil, false, true},
		{"http://shop.example/done", nil, false, false},
		{"http://127.0.0.1:3000/done", nil, true, true},
		{"http://evil.example/", shop, true, false},
		{"lindshop://paid", shop, false, true},
		{"othershop://paid", shop, false, false},
		{"//evil.example", nil, true, false},
		{`\\evil.example`, nil, true, false},
		{`https:\\evil.example`, nil, true, false},
		{"https:evil.example", nil, true, false},
		{"https:///evil.example", nil, true, false},
		{"javascript:alert(1)", []string{"javascript:"}, true, false},
		{"data:text/html,x", []string{"data:"}, true, false},
		{"https://shop.example@evil.example/", shop, true, false},
		{"https://evil.example/%0d%0aX: y", nil, true, false},
		{"https://shop.example/\r\nX", nil, true, false},
		{"https://shop。example/", nil, true, false},
		{"https://", nil, true, false},
		{"https://shop.example:99999/", nil, true, false},
		{"https://0x7f.1/", nil, true, false},
		{"https://2130706433/", nil, true, false},
		{"https://*.shop.example/", nil, true, false},
		{"https://[2606:4700::1]:8443/", nil, true, true},
		{"http://localhost:3000/done", nil, true, true},
		{"https://xn--blbr-roab.example./done", nil, true, true},
		{"shop.example", nil, true, false},
	} {
		if got := allowedURL(tt.url, tt.list, tt.test); got != tt.want {
			t.Errorf("allowedURL(%q, %v, test=%v): got %v, want %v", tt.url, tt.list, tt.test, got, tt.want)
		}
	}
}

func TestWithQuery(t *testing.T) {
	for to, want := range map[string]string{
		"":                                  "",
		"https://shop.example/done":         "https://shop.example/done?id=a1&resourcePath=%2Fv3",
		"https://shop.example/?a=b":         "https://shop.example/?a=b&id=a1&resourcePath=%2Fv3",
		"https://shop.example/#/done?tab=1": "https://shop.example/?id=a1&resourcePath=%2Fv3#/done?tab=1",
	} {
		if got := withQuery(to, "a1", "/v3"); got != want {
			t.Errorf("withQuery(%q): got %q, want %q", to, got, want)
		}
	}
}
