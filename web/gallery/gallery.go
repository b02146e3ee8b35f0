// Package gallery shows every page of florin with made-up data: to look at
// while one works on them, and for the tests that look at each of them in a
// browser. It is served by florin dev alone.
package gallery

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/florinpay/florin/web/checkout"
	"github.com/florinpay/florin/web/dev"
	"github.com/florinpay/florin/web/page"
)

// Prefix is the path that the gallery lies under.
const Prefix = "/gallery/"

// Entry is one page of the gallery.
type Entry struct {
	Name    string // its last part of the path: pay, pay-errors ...
	Title   string
	handler http.HandlerFunc
}

// Entries are all pages.
func Entries() []Entry { return append(checkoutEntries(), devEntries()...) }

// Handler serves the gallery under Prefix; the list of pages is at Prefix itself.
func Handler() http.Handler {
	mux := http.NewServeMux()
	list := dev.Group{Title: "Pages", About: "Made-up data, real templates. Add ?locale=nb for another language.", Columns: []string{"Page", "What it shows"}}
	for _, e := range Entries() {
		mux.HandleFunc(Prefix+e.Name, e.handler)
		list.Rows = append(list.Rows, []string{e.Name, e.Title})
	}
	for name, show := range looks() {
		mux.HandleFunc(Prefix+name, show)
	}
	mux.HandleFunc(Prefix+"{$}", func(w http.ResponseWriter, r *http.Request) {
		report(w, dev.ShowGallery(w, r, Prefix, list))
	})
	return page.Secure(mux)
}

// Assets serves what the pages of the gallery load, under /assets/.
func Assets() http.Handler { return page.Assets(checkout.Pages, dev.Pages) }

// report makes a page that fails to render fail loudly: the gallery exists to find it.
func report(w http.ResponseWriter, err error) {
	if err != nil {
		fmt.Fprintln(w, "gallery: "+strings.TrimSpace(err.Error()))
	}
}
