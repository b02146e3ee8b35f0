package april

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/web/page"
)

func get(t *testing.T, s *Site, path string) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	s.Mount(mux.Handle)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

// TestEveryLanguage: no page shows the key of a text that is missing.
func TestEveryLanguage(t *testing.T) {
	s := &Site{Challenge: func(context.Context, string) (connector.Redirect, error) {
		return connector.Redirect{URL: "https://bank.example/acs", Method: "POST", Parameters: []connector.Parameter{{Name: "MD", Value: `"x"`}}}, nil
	}}
	key := regexp.MustCompile(`[>"](error|challenge|card|number|expiry|cvv)\.[a-z_.]+[<"&]`)
	for _, l := range page.Languages {
		for _, path := range []string{"/april/checkout/frame?locale=", "/april/checkout/frame?for=source&locale=", "/april/challenge/x?locale=", "/april/challenge/done?locale="} {
			w := get(t, s, path+string(l))
			if w.Code != http.StatusOK || w.Header().Get("Content-Language") != string(l) {
				t.Errorf("%s%s: got %d in %s", path, l, w.Code, w.Header().Get("Content-Language"))
			}
			if m := key.FindString(w.Body.String()); m != "" {
				t.Errorf("%s%s: a text is missing: %s", path, l, m)
			}
			if w.Header().Get("X-Frame-Options") != "" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'self'") {
				t.Errorf("%s: got %v", path, w.Header())
			}
		}
	}
}

func TestChallenge(t *testing.T) {
	for name, tt := range map[string]struct {
		to     connector.Redirect
		err    error
		status int
		has    string
	}{
		"a form":       {connector.Redirect{URL: "https://bank.example/acs", Method: "POST", Parameters: []connector.Parameter{{Name: "MD", Value: "1"}}}, nil, 200, `name="MD" value="1"`},
		"a link":       {connector.Redirect{URL: "https://bank.example/acs?a=1", Method: "GET"}, nil, 200, `href="https://bank.example/acs?a=1"`},
		"it is over":   {connector.Redirect{}, fault.New("not_found.challenge", "x"), 200, "data-over"},
		"a script":     {connector.Redirect{URL: "javascript:alert(1)"}, nil, 500, "Something"},
		"out of order": {connector.Redirect{}, errors.New("disk"), 500, "Something"},
	} {
		w := get(t, &Site{Challenge: func(context.Context, string) (connector.Redirect, error) { return tt.to, tt.err }}, "/april/challenge/x?locale=en")
		if w.Code != tt.status || tt.has != "Something" && !strings.Contains(w.Body.String(), tt.has) || strings.Contains(w.Body.String(), "javascript:") {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
	w := get(t, &Site{Challenge: func(context.Context, string) (connector.Redirect, error) {
		return connector.Redirect{URL: "https://bank.example/acs", Method: "POST"}, nil
	}}, "/april/challenge/x")
	if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "form-action 'self' https://bank.example;") {
		t.Errorf("got %s", got)
	}
}

func TestScriptIsServed(t *testing.T) {
	for _, prefix := range []string{"", "/april"} {
		w := get(t, &Site{}, prefix+scriptPath)
		if w.Code != http.StatusOK || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("ETag") == "" || !strings.Contains(w.Body.String(), "window.AprilCheckout") {
			t.Errorf("%s: got %d %v", prefix, w.Code, w.Header())
		}
	}
}
