// Package browsertest looks at pages with headless Chromium: what they say to
// the console, what they ask of other hosts, whether they fit the window,
// what axe-core finds. Tests alone import it.
package browsertest

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed axe/axe.min.js
var axe string

// Browser is one running Chromium with one tab.
type Browser struct {
	ctx context.Context

	mu       sync.Mutex
	console  []string // errors and warnings since Open
	requests []string // URLs since Open
}

// Window is what a page is looked at with.
type Window struct {
	Name          string
	Width, Height int64
	Dark          bool
	NoScript      bool
	Language      string // Accept-Language; empty: en
}

// Windows are the four that every page is pictured in.
var Windows = []Window{
	{Name: "desktop-light", Width: 1280, Height: 900},
	{Name: "desktop-dark", Width: 1280, Height: 900, Dark: true},
	{Name: "phone-light", Width: 390, Height: 844},
	{Name: "phone-dark", Width: 390, Height: 844, Dark: true},
}

// Looks are the windows in which every page is checked: a desk by day and a
// phone by night, which between them have each width and each theme. When
// pictures are wanted (see Shot) they are all four.
func Looks() []Window {
	if os.Getenv(shots) != "" {
		return Windows
	}
	return []Window{Windows[0], Windows[3]}
}

// shots names the folder for pictures.
const shots = "FLORIN_TEST_SHOTS"

// Start runs Chromium until the test ends. One tab serves all of its pages: a
// second one may hang when it is pictured.
func Start(t testing.TB) *Browser {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Fatal("no Chromium in PATH; on Debian: apt-get install chromium")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(program), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox}
	for name, value := range map[string]any{
		"disable-gpu": true, "disable-quic": true, "disable-background-networking": true, "disable-component-update": true, "disable-sync": true,
		"disable-dev-shm-usage": true, "hide-scrollbars": true, "mute-audio": true, "metrics-recording-only": true, "disable-extensions": true,
		// A frame of another site would have a process of its own, and not be
		// found in the page's tree. What scripts may do stays the same.
		"disable-site-isolation-trials": true,
		"disable-features":              "IsolateOrigins,site-per-process,Translate,OptimizationHints,MediaRouter,AutofillServerCommunication",
		"host-resolver-rules":           "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
	} {
		options = append(options, chromedp.Flag(name, value))
	}
	parent, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeTab := chromedp.NewContext(parent)
	t.Cleanup(func() { closeTab(); stop() })
	b := &Browser{ctx: ctx}
	chromedp.ListenTarget(ctx, b.hear)
	b.Run(t, network.Enable(), log.Enable(), runtime.Enable())
	return b
}

// Tab opens another tab of the same Chromium, until the test ends.
func (b *Browser) Tab(t testing.TB) *Browser {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx)
	t.Cleanup(closeTab)
	tab := &Browser{ctx: ctx}
	chromedp.ListenTarget(ctx, tab.hear)
	tab.Run(t, network.Enable(), log.Enable(), runtime.Enable())
	return tab
}

func (b *Browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			b.console = append(b.console, e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		b.console = append(b.console, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			var words []string
			for _, a := range e.Args {
				words = append(words, string(a.Value)+a.Description)
			}
			b.console = append(b.console, strings.Join(words, " "))
		}
	}
}

// Run does the actions, within 20 seconds.
func (b *Browser) Run(t testing.TB, actions ...chromedp.Action) {
	t.Helper()
	if err := b.Try(actions...); err != nil {
		t.Fatalf("browser: %v\nconsole: %q", err, b.Console())
	}
}

// Try does the actions, within 20 seconds.
func (b *Browser) Try(actions ...chromedp.Action) error {
	// The first Run starts the browser and must have the tab's own context,
	// or the browser would end with the deadline.
	if chromedp.FromContext(b.ctx).Target == nil {
		if err := chromedp.Run(b.ctx); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	return chromedp.Run(ctx, actions...)
}

// Resize sets up the window for the pages to come.
func (b *Browser) Resize(t testing.TB, w Window) {
	t.Helper()
	scheme, language := "light", w.Language
	if w.Dark {
		scheme = "dark"
	}
	if language == "" {
		language = "en"
	}
	b.Run(t,
		emulation.SetDeviceMetricsOverride(w.Width, w.Height, 1, w.Width < 600),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		emulation.SetScriptExecutionDisabled(w.NoScript),
		network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": language}),
	)
}

// Open goes to an address and forgets what was heard before.
func (b *Browser) Open(t testing.TB, address string) {
	t.Helper()
	b.Forget()
	b.Run(t, chromedp.Navigate(address))
}

// Forget forgets what was heard so far.
func (b *Browser) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.console, b.requests = nil, nil
}

// Console is what was said to the console, errors and warnings.
func (b *Browser) Console() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.console...)
}

// Requests are the URLs that were asked for.
func (b *Browser) Requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.requests...)
}

// Eval evaluates an expression in the page; a promise is awaited.
func Eval[T any](t testing.TB, b *Browser, expression string) T {
	t.Helper()
	var out T
	b.Run(t, chromedp.Evaluate(expression, &out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return out
}

// Await waits until an expression is true.
func (b *Browser) Await(t testing.TB, expression string) {
	t.Helper()
	deadline := time.Now().Add(40 * time.Second)
	for {
		var yes bool
		err := b.Try(chromedp.Evaluate("Boolean("+expression+")", &yes))
		if err == nil && yes {
			return
		}
		if time.Now().After(deadline) {
			var at, text string
			_ = b.Try(chromedp.Location(&at), chromedp.Evaluate("document.body.innerText", &text)) // for the message alone
			t.Fatalf("never true: %s (%v)\nat %s\n%s\nconsole: %q", expression, err, at, text, b.Console())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Violation is what axe-core found.
type Violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

func (v Violation) String() string {
	s := v.ID + " (" + v.Impact + "): " + v.Help
	for _, n := range v.Nodes {
		s += "\n    " + n.HTML + "\n      " + strings.ReplaceAll(n.Summary, "\n", "\n      ")
	}
	return s
}

// Axe runs axe-core over the page: its rules for WCAG 2.2 AA and its good practice.
func (b *Browser) Axe(t testing.TB) []Violation {
	t.Helper()
	b.Run(t, chromedp.Evaluate(axe+";0", nil))
	text := Eval[string](t, b, `axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`)
	var out []Violation
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Inspect looks the page over as it stands: no errors in the console, no
// other hosts, nothing wider than the window, no axe violation.
func (b *Browser) Inspect(t testing.TB, hosts ...string) {
	t.Helper()
	for _, line := range b.Console() {
		t.Errorf("console: %s", line)
	}
	for _, raw := range b.Requests() {
		if err := foreign(raw, hosts); err != nil {
			t.Error(err)
		}
	}
	if over := Eval[int](t, b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		t.Errorf("the page is %d pixels wider than the window", over)
	}
	for _, v := range b.Axe(t) {
		t.Errorf("axe: %s", v)
	}
}

func foreign(raw string, hosts []string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if u.Host == h {
			return nil
		}
	}
	return fmt.Errorf("the page asked another host: %s", raw)
}

// Shot saves a picture of the whole page, or of its top, under the folder that the variable
// FLORIN_TEST_SHOTS names, if it is set.
func (b *Browser) Shot(t testing.TB, name string) {
	t.Helper()
	folder := os.Getenv(shots)
	if folder == "" {
		return
	}
	var png []byte
	if b.Try(chromedp.FullScreenshot(&png, 100)) != nil { // a page too long to be pictured whole
		b.Run(t, chromedp.CaptureScreenshot(&png))
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}
