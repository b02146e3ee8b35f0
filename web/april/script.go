package april

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"net/http"
	"time"

	"github.com/florinpay/florin/web/page"
)

// scriptPath is where shops load the script from: the path that the published
// shop plugin names, on whatever host.
const scriptPath = "/v3/checkout-v3.0.0.min.js"

//go:embed checkout.js
var script []byte

var scriptTag = `"` + page.Integrity(script)[len("sha384-"):] + `"`

// Script serves AprilCheckout to shops. It is asked for again each time (and
// mostly not modified): its name does not change when it does.
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

// told are the refusals that a payer is told apart. There are few on purpose: a
// page that tells "no funds" from "no such card" tells it to a thief with a
// list of numbers as well.
var told = []string{"declined", "unavailable", "incomplete", "none", "do_not_honor", "expired_card", "fraudulent", "incorrect_cvc", "insufficient_funds", "invalid_cvc",
	"invalid_number", "blocked_card", "three_ds_failed"}

// frameView is the form in a shop's page.
type frameView struct {
	Source bool   // the card is saved, nothing is paid
	Words  string // what the script says, by the contract's codes, in JSON
}

// words are what the script says in a language.
func words(l page.Language) string {
	out := map[string]string{"expires": Pages.Texts().Say(l, "expires")}
	for _, code := range told {
		out[code] = Pages.Texts().Say(l, "error."+code)
	}
	text, _ := json.Marshal(out) // texts always encode
	return string(text)
}

// frame is the form in which a payer types a card. It is the same for every
// shop: what it needs to know the shop's page tells it, and no key is in its
// address.
func (s *Site) frame(w http.ResponseWriter, r *http.Request) {
	v := page.View{Language: page.Asked(r), Class: "frame theme-light style-plain", Policy: page.Policy{Frames: ancestors, Connect: true}, Scripts: []string{"typing.js", "card.js"}}
	v.Data = frameView{Source: r.URL.Query().Get("for") == "source", Words: words(v.Language)}
	v.Title = Pages.Texts().Say(v.Language, "form")
	s.note(r, Pages.Render(w, r, http.StatusOK, "frame", v))
}
