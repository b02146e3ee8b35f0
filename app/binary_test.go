package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/store/storetest"
)

// built is the program as anybody builds it: stories run it, not its parts.
var built struct {
	sync.Once
	folder string
	err    error
}

func TestMain(m *testing.M) { storetest.Main(wiped{m}) }

// wiped leaves no program behind.
type wiped struct{ *testing.M }

func (w wiped) Run() int {
	code := w.M.Run()
	if built.folder != "" {
		if err := os.RemoveAll(built.folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	return code
}

func program(t testing.TB) string {
	t.Helper()
	built.Do(func() {
		if built.folder, built.err = os.MkdirTemp("", "florin-story-"); built.err != nil {
			return
		}
		var out []byte
		if out, built.err = exec.Command("go", "build", "-o", built.folder, "../cmd/florin").CombinedOutput(); built.err != nil {
			built.err = fmt.Errorf("%w\n%s", built.err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.folder, "florin")
}

// process is a `florin dev` that runs beside the test.
type process struct {
	app.Sandbox
	command *exec.Cmd
	output  bytes.Buffer
}

// dev starts the sandbox on a free port and waits for its ready file. It ends
// with the test at the latest, and its log may hold no error by then.
func dev(t *testing.T, flags ...string) *process {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready.json")
	p := &process{command: exec.Command(program(t), append([]string{"dev", "--port", "0", "--ready-file", ready}, flags...)...)}
	p.command.Dir = filepath.Dir(ready) // keys and books that have no other place
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(t) })
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		raw, err := os.ReadFile(ready)
		if err == nil {
			if err := json.Unmarshal(raw, &p.Sandbox); err != nil {
				t.Fatal(err)
			}
			return p
		}
		if time.Now().After(deadline) {
			t.Fatalf("florin dev is not ready: %v", err)
		}
	}
}

// stop asks the process to end, as an operator does, and reads its log.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if p.command.ProcessState != nil {
		return
	}
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := p.command.Wait(); err != nil {
		t.Errorf("florin dev ended with %v", err)
	}
	for _, line := range strings.Split(p.output.String(), "\n") {
		if strings.Contains(line, "ERROR") || strings.Contains(line, "panic") {
			t.Errorf("log: %s", line)
		}
	}
}

// reply is an answer of the API.
type reply struct {
	status int
	raw    []byte
	body   any
}

// at reads a value of the answer as text: "result.code", "transfers.0.kind",
// or "" when there is none.
func (r reply) at(path string) string {
	v := r.body
	for _, part := range strings.Split(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[part]
		case []any:
			n := -1
			if _, err := fmt.Sscan(part, &n); err != nil || n < 0 || n >= len(in) {
				return ""
			}
			v = in[n]
		default:
			return ""
		}
	}
	switch text := v.(type) {
	case nil:
		return ""
	case string:
		return text
	}
	return fmt.Sprint(v)
}

// count is the length of a list of the answer.
func (r reply) count(name string) int {
	in, _ := r.body.(map[string]any)
	list, _ := in[name].([]any)
	return len(list)
}

// request asks the running program. The body is form parameters name=value;
// a GET bears them in its address.
func (p *process) request(t *testing.T, method, address string, params ...string) reply {
	t.Helper()
	form := url.Values{}
	for _, param := range params {
		name, value, _ := strings.Cut(param, "=")
		form.Set(name, value)
	}
	var body io.Reader
	if method == http.MethodGet {
		address += "?" + form.Encode()
	} else {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.Gateway.Token)
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	got := reply{status: answer.StatusCode}
	if got.raw, err = io.ReadAll(answer.Body); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got.raw, &got.body); err != nil {
		t.Fatalf("%s %s: %d %s", method, address, answer.StatusCode, got.raw)
	}
	return got
}

// gateway asks the v3/payments contract, for the sandbox's entity.
func (p *process) gateway(t *testing.T, method, path string, params ...string) reply {
	t.Helper()
	return p.request(t, method, p.Gateway.Base+path, append([]string{"entityId=" + p.Gateway.EntityID}, params...)...)
}

// control asks the sandbox's own controls.
func (p *process) control(t *testing.T, method, path string, params ...string) reply {
	t.Helper()
	return p.request(t, method, p.URL+"/sandbox"+path, params...)
}

// checkout opens a checkout of 62.00 EUR that leads back to shop. Further
// parameters overrule those.
func (p *process) checkout(t *testing.T, shop *shop, params ...string) (id, page string) {
	t.Helper()
	usual := []string{"amount=62.00", "currency=EUR", "paymentType=DB", "shopperResultUrl=" + shop.URL + "/done"}
	got := p.gateway(t, "POST", "/v3/checkouts", append(usual, params...)...)
	if got.at("result.code") != "000.200.100" {
		t.Fatalf("no checkout: %s", got.raw)
	}
	return got.at("id"), got.at("redirect.url")
}

// kinds are the transfers of a payment in the books.
func (p *process) kinds(t *testing.T, id string) string {
	t.Helper()
	got := p.control(t, "GET", "/payments/"+id+"/ledger")
	var kinds []string
	for n := range got.count("transfers") {
		kinds = append(kinds, got.at(fmt.Sprintf("transfers.%d.kind", n)))
	}
	return strings.Join(kinds, " ")
}

// shop is a merchant's server: pages of its own at the paths of pages, a page
// to return to at every other, and a mailbox for notifications.
type shop struct {
	*httptest.Server
	mu      sync.Mutex
	pages   map[string]string
	notices []notice
}

type notice struct {
	header http.Header
	body   []byte
}

const shopPage = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Shop</title><link rel="icon" href="data:,">`

func openShop(t *testing.T) *shop {
	s := &shop{pages: map[string]string{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.Method == http.MethodPost {
			s.notices = append(s.notices, notice{r.Header, body})
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		page, ok := s.pages[r.URL.Path]
		if !ok {
			page = "<main><h1>Thank you</h1></main>"
		}
		fmt.Fprint(w, shopPage, page)
	}))
	// Another site than 127.0.0.1 in the eyes of a browser.
	s.URL = strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	t.Cleanup(s.Close)
	return s
}

func (s *shop) show(path, page string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[path] = page
}

// wait gives the first notification whose body holds the texts.
func (s *shop) wait(t *testing.T, texts ...string) notice {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		s.mu.Lock()
		for _, n := range s.notices {
			if !slices.ContainsFunc(texts, func(text string) bool { return !bytes.Contains(n.body, []byte(text)) }) {
				s.mu.Unlock()
				return n
			}
		}
		s.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("no notification holds %q", texts)
		}
	}
}

// eventually waits for what florin does on its own time.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}
