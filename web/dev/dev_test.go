package dev

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/florinpay/florin/web/browsertest"
	"github.com/florinpay/florin/web/page"
)

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0 seconds", time.Second: "1 second", 90 * time.Minute: "1 hour 30 minutes", 169 * time.Hour: "7 days 1 hour", 24*time.Hour + time.Second: "1 day 1 second",
		25*time.Hour + 61*time.Second: "1 day 1 hour"} {
		if got := words(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

// What merchants and providers send is text on these pages, whatever it is.
func TestPagesEscape(t *testing.T) {
	evil := `"><script>alert(1)</script>`
	w := httptest.NewRecorder()
	err := ShowInbox(w, httptest.NewRequest("GET", "/inbox", nil), Links{{evil, "javascript:alert(1)"}}, Inbox{Address: evil, Messages: []Message{{ID: evil, Path: evil, Body: evil, Headers: []Value{{Name: evil, Value: evil}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if body := w.Body.String(); strings.Contains(body, "<script>") || strings.Contains(body, `"javascript:`) {
		t.Error(body)
	}
}

func TestInBrowser(t *testing.T) {
	var count atomic.Int64
	var advanced atomic.Value
	mux := http.NewServeMux()
	mux.Handle("/assets/", page.Assets(Pages))
	mux.HandleFunc("GET /inbox", func(w http.ResponseWriter, r *http.Request) {
		var in Inbox
		for n := count.Load(); n > 0; n-- {
			in.Messages = append(in.Messages, Message{ID: fmt.Sprint(n), Path: fmt.Sprintf("/inbox/%d", n), Body: "{}", Signature: Good})
		}
		answer(t, w, func(w http.ResponseWriter) error { return ShowInbox(w, r, Links{{"Start", "/"}}, in) })
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s := Start{Contracts: []Contract{{Name: "One", Base: "http://base", Values: []Value{{Name: "Token", Value: "tst_1"}}, Samples: []Sample{{"Pay", "curl 'x'"}}}}, Clock: Clock{Action: "/clock"}}
		answer(t, w, func(w http.ResponseWriter) error { return ShowStart(w, r, Links{{"Start", "/"}}, s) })
	})
	mux.HandleFunc("POST /clock", func(w http.ResponseWriter, r *http.Request) {
		advanced.Store(r.FormValue("advance"))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close) // after the browser
	b := browsertest.Start(t)
	b.Resize(t, browsertest.Windows[0])

	b.Open(t, server.URL+"/inbox")
	b.Await(t, `document.body.innerText.includes("Nothing has arrived yet")`)
	count.Store(2)
	b.Await(t, `document.querySelectorAll("details").length === 2`)
	b.Run(t, chromedp.Click("#m-2 summary", chromedp.ByQuery))
	count.Store(3)
	b.Await(t, `document.querySelectorAll("details").length === 3`)
	if !browsertest.Eval[bool](t, b, `document.querySelector("details").id === "m-3" && document.getElementById("m-2").open && document.querySelector("[data-news]").textContent === "One notification arrived"`) {
		t.Error("a new message is not first, or an open one was closed")
	}
	b.Inspect(t, strings.TrimPrefix(server.URL, "http://"))

	b.Open(t, server.URL)
	b.Run(t, chromedp.Click(".sample [data-copy]", chromedp.ByQuery))
	b.Await(t, `/Copied|Selected/.test(document.querySelector(".sample [data-copy]").textContent)`)
	b.Run(t, chromedp.Evaluate(`document.body.dataset.before = "";0`, nil), chromedp.Click(`[value="24h"]`, chromedp.ByQuery))
	b.Await(t, `document.readyState === "complete" && !("before" in document.body.dataset)`)
	if advanced.Load() != "24h" {
		t.Errorf("advanced by %v", advanced.Load())
	}
}

// answer shows a page that must be made, to a browser that may have gone
// on: the inbox asks for news until it is left.
func answer(t *testing.T, w http.ResponseWriter, shown func(http.ResponseWriter) error) {
	made := httptest.NewRecorder()
	if err := shown(made); err != nil {
		t.Error(err)
	}
	maps.Copy(w.Header(), made.Header())
	w.WriteHeader(made.Code)
	_, _ = w.Write(made.Body.Bytes()) // it may be gone
}
