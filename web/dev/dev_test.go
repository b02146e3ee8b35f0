package dev

import (
	"fmt"
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
		if err := ShowInbox(w, r, Links{{"Start", "/"}}, in); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		s := Start{Contracts: []Contract{{Name: "One", Base: "http://base", Values: []Value{{Name: "Token", Value: "tst_1"}}, Samples: []Sample{{"Pay", "curl 'x'"}}}}, Clock: Clock{Action: "/clock"}}
		if err := ShowStart(w, r, Links{{"Start", "/"}}, s); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("POST /clock", func(w http.ResponseWriter, r *http.Request) {
		advanced.Store(r.FormValue("advance"))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
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
	b.Run(t, chromedp.Click(`[value="24h"]`, chromedp.ByQuery))
	for deadline := time.Now().Add(time.Minute); advanced.Load() == nil && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if advanced.Load() != "24h" {
		t.Errorf("advanced by %v", advanced.Load())
	}
}
