package gallery

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/florinpay/florin/web/browsertest"
)

func serve(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	mux.Handle(Prefix, Handler())
	mux.Handle("/assets/", Assets())
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// Every page, on a desk by day and on a phone by night: no violation of
// axe's rules, nothing in the console, no other host, nothing too wide.
func TestPagesInBrowser(t *testing.T) {
	server := serve(t)
	b := browsertest.Start(t)
	for _, window := range browsertest.Looks() {
		b.Resize(t, window)
		for _, e := range append([]Entry{{Name: ""}}, Entries()...) {
			t.Run(window.Name+"/"+e.Name, func(t *testing.T) {
				b.Open(t, server.URL+Prefix+e.Name)
				b.Inspect(t, strings.TrimPrefix(server.URL, "http://"))
				b.Shot(t, e.Name+"."+window.Name)
			})
		}
	}
}
