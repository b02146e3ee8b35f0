package checkout

import (
	"bytes"
	_ "embed"
	"net/http"
	"time"

	"github.com/florinpay/florin/web/page"
)

//go:embed paymentWidgets.js
var script []byte

var (
	scriptIntegrity = page.Integrity(script)
	scriptTag       = `"` + scriptIntegrity[len("sha384-"):] + `"`
)

// WidgetScript is paymentWidgets.js. It is the same for every checkout, which
// it reads from its own address, so that its hash can be announced.
func WidgetScript() []byte { return bytes.Clone(script) }

// WidgetIntegrity is the value for the integrity attribute of a script
// element that loads paymentWidgets.js.
func WidgetIntegrity() string { return scriptIntegrity }

// Script serves paymentWidgets.js to shops. It is asked for again each time
// (and mostly not modified), as a new release must match the integrity that
// new checkouts announce.
func Script(w http.ResponseWriter, r *http.Request) {
	page.Policy{}.Write(w)
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("ETag", scriptTag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(script))
}
