package fake

import (
	"net/http/httptest"
	"strings"

	"github.com/florinpay/florin/connector"
)

// submit posts a form to the page of a result, as a browser on it does.
func submit(p *Provider, r connector.Result, form string) *httptest.ResponseRecorder {
	req := httptest.NewRequest("POST", r.Redirect.URL, strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	p.Pages().ServeHTTP(w, req)
	return w
}
