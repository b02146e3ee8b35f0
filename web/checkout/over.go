package checkout

import (
	"net/http"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/web/page"
)

// ShowOver answers a payer who is through and has no page of a shop to go to.
func ShowOver(w http.ResponseWriter, r *http.Request) error {
	return showWord(w, r, http.StatusOK, "over", "")
}

// ShowUnread answers a payer whose payment cannot be read for the moment.
func ShowUnread(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Retry-After", "5")
	return showWord(w, r, http.StatusServiceUnavailable, "unread", "sign-wait sign-clock")
}

// ShowNowhere answers an address that leads nowhere.
func ShowNowhere(w http.ResponseWriter, r *http.Request) error {
	return Pages.Fail(w, r, fault.New(fault.NotFound, "no such page"), page.View{})
}

func showWord(w http.ResponseWriter, r *http.Request, status int, key, sign string) error {
	lang := page.Asked(r)
	say := Pages.Texts().Say
	return Pages.Render(w, r, status, "over", page.View{Language: lang, Title: say(lang, key),
		Data: struct{ Sign, Text string }{sign, say(lang, key+".text")}})
}
