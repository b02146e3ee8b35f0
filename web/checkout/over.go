package checkout

import (
	"html/template"
	"net/http"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/web/page"
)

// ShowOver answers a payer who is through and has no page of a shop to go to.
func ShowOver(w http.ResponseWriter, r *http.Request) error {
	return showWord(w, r, http.StatusOK, page.View{Language: page.Asked(r)}, word{Text: "over"})
}

// ShowUnread answers a payer whose payment cannot be read for the moment.
func ShowUnread(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Retry-After", "5")
	return showWord(w, r, http.StatusServiceUnavailable, page.View{Language: page.Asked(r)}, word{Sign: "sign-wait sign-clock", Text: "unread"})
}

// ShowNowhere answers an address that leads nowhere.
func ShowNowhere(w http.ResponseWriter, r *http.Request) error {
	return Pages.Fail(w, r, fault.New(fault.NotFound, "no such page"), page.View{})
}

// ShowBack sends a payer on to an app by its own scheme. It is a page and not a
// redirect: the bank's form led here, and browsers hold every address that a
// form leads to against the bank's form-action, which knows the web alone. An
// address that no page may lead to is left out. locale is the payment's.
func ShowBack(w http.ResponseWriter, r *http.Request, to, locale string) error {
	link := page.Link(to)
	return showWord(w, r, http.StatusOK, page.View{Language: page.Asked(r, locale), Forward: link}, word{Text: "over", Link: link})
}

// word is a page of one message. Text is its key.
type word struct {
	Sign, Text string
	Link       template.URL
}

func showWord(w http.ResponseWriter, r *http.Request, status int, v page.View, d word) error {
	say := Pages.Texts().Say
	v.Title, d.Text = say(v.Language, d.Text), say(v.Language, d.Text+".text")
	v.Data = d
	return Pages.Render(w, r, status, "over", v)
}
