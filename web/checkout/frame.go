package checkout

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/florinpay/florin/web/page"
)

// Frame is how a shop wants the framed form, as paymentWidgets.js passes it on
// in the address of the frame.
type Frame struct {
	Brands []string // to show, of those of the session; none: all
	Style  string   // card, plain, logos, none
	CVV    bool     // requireCvv
	Detect bool     // brandDetection
	Auto   bool     // light or dark by the device, since the shop's page is; else light
	Return string   // shopperResultUrl, from the shop's form
	Parent string   // the origin of the shop's page
}

func readFrame(q url.Values) *Frame {
	f := &Frame{Style: q.Get("style"), CVV: q.Get("cvv") != "0", Detect: q.Get("detect") != "0", Auto: q.Get("theme") == "auto", Parent: page.Origin(q.Get("parent"))}
	if !slices.Contains([]string{"card", "plain", "logos", "none"}, f.Style) {
		f.Style = "card"
	}
	f.Brands = strings.Fields(q.Get("brands"))
	if page.Link(q.Get("return")) != "" && len(q.Get("return")) <= 2048 {
		f.Return = q.Get("return")
	}
	return f
}

// class is the body's: where nothing else is said the form is light, as most
// shops are whatever the device prefers.
func (f *Frame) class() string {
	if f.Auto {
		return "frame style-" + f.Style
	}
	return "frame theme-light style-" + f.Style
}

// ancestors are who may frame the form: any shop that is served over https,
// and in test mode also a developer's own machine.
func ancestors(test bool) []string {
	if test {
		return []string{"https:", "http://localhost:*", "http://127.0.0.1:*"}
	}
	return []string{"https:"}
}

// frameView is a page of the frame that has a message for the script around
// it and little or nothing to show.
type frameView struct {
	Session
	Frame *Frame
	Type  string // go, done, error
	Name  string // of an error, in the contract's words
	Text  string // key of a text
}

// showFrame shows the form inside the shop's page. Whatever comes after the
// form happens at the top: the script there is told and takes the browser on.
func (s *Site) showFrame(w http.ResponseWriter, r *http.Request, sess Session, t typed, wrong []Problem, status int) {
	f := readFrame(r.URL.Query())
	lang := page.Asked(r, sess.Locale)
	v := page.View{Language: lang, Title: s.say(lang, "title.pay", sess.Merchant), Class: f.class(),
		Policy: page.Policy{Frames: ancestors(sess.TestMode)}, Scripts: []string{"frame.js", "checkout.js"}}
	switch sess.State {
	case Open:
		v.Data = newPayView(sess, t, wrong, f)
		s.render(w, r, status, "pay", v)
		return
	case Paying, Pending: // the bank, or the slip, is looked at in the whole window
		v.Data = frameView{Session: sess, Frame: f, Type: "go", Text: "go.text"}
	case Expired:
		v.Data = frameView{Session: sess, Frame: f, Type: "error", Name: "InvalidCheckoutIdError", Text: "result.expired.text"}
	default:
		v.Data = frameView{Session: sess, Frame: f, Type: "done", Text: "go.back"}
	}
	s.render(w, r, http.StatusOK, "frame", v)
}

// failFrame tells the script around the frame that there is no form, in the
// contract's words, and the payer in plain ones.
func (s *Site) failFrame(w http.ResponseWriter, r *http.Request, err error, status int, name string) {
	s.note(r, err)
	lang := page.Asked(r)
	s.render(w, r, status, "frame", page.View{Language: lang, Title: s.say(lang, "error.not_found"), Class: readFrame(r.URL.Query()).class(),
		Policy: page.Policy{Frames: ancestors(true)}, Scripts: []string{"frame.js"},
		Data: frameView{Frame: &Frame{Style: "plain"}, Type: "error", Name: name, Text: "error.not_found.text"}})
}
