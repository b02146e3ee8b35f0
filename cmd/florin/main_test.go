package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/store/storetest"
)

// program is florin as its users get it, built once.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "florin-built-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "florin")
	// Without -trimpath, of which every package would have to be compiled anew.
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
		os.Exit(1)
	}
	for _, line := range os.Environ() { // settings of whoever runs the tests
		if name, _, _ := strings.Cut(line, "="); strings.HasPrefix(name, "FLORIN_") && !strings.HasPrefix(name, "FLORIN_TEST_") && name != "FLORIN_KILLS" && name != "FLORIN_FAILOVERS" && name != "FLORIN_MEASURE" {
			os.Unsetenv(name)
		}
	}
	storetest.Main(wiped{m, dir})
}

// wiped removes the program once the tests have run.
type wiped struct {
	m   *testing.M
	dir string
}

func (w wiped) Run() int {
	code := w.m.Run()
	if err := os.RemoveAll(w.dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return code
}

// patience is how long anything may take on a busy machine.
const patience = 60 * time.Second

// process is a florin that runs.
type process struct {
	t        testing.TB
	cmd      *exec.Cmd
	out, err *text
	ended    chan struct{}
}

// text is an output that is read while it is written.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (x *text) Write(b []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(b)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.String()
}

// start starts florin in a folder.
func start(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...), out: &text{}, err: &text{}, ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, p.out, p.err
	p.cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // its state says how it ended
	}()
	t.Cleanup(func() { // nothing outlives its test
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

// signal sends one and goes on.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
}

// wait waits for the end and returns the exit status, -1 after a signal.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("%v did not end\n%s%s", p.cmd.Args, p.out, p.err)
		return 0
	}
}

// stop ends a process as an operator does and wants status 0.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.wait(); code != 0 {
		p.t.Errorf("%v ended with %d\n%s", p.cmd.Args, code, p.err)
	}
}

// said waits until an output holds a text.
func (p *process) said(x *text, want string) {
	p.t.Helper()
	until(p.t, fmt.Sprintf("%q in the output of %v", want, p.cmd.Args), func() bool {
		select {
		case <-p.ended:
			if !strings.Contains(x.String(), want) {
				p.t.Fatalf("%v ended without saying %q\n%s%s", p.cmd.Args, want, p.out, p.err)
			}
		default:
		}
		return strings.Contains(x.String(), want)
	})
}

// until waits for something to become true.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain for ", what)
		}
	}
}

// result is what a command that ended has said.
type result struct {
	code     int
	out, err string
}

// florin runs a command to its end.
func florin(t testing.TB, dir string, args ...string) result {
	t.Helper()
	p := start(t, dir, args...)
	code := p.wait()
	return result{code, p.out.String(), p.err.String()}
}

// refused wants a command to end with a status, one line on standard error
// and the given words in it.
func refused(t testing.TB, r result, code int, words ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("status %d, want %d\n%s%s", r.code, code, r.out, r.err)
	}
	if n := strings.Count(r.err, "\n"); n != 1 || !strings.HasPrefix(r.err, "florin: ") {
		t.Errorf("%d lines of error, want one\n%s", n, r.err)
	}
	for _, word := range words {
		if !strings.Contains(r.err, word) {
			t.Errorf("no %q in %q", word, r.err)
		}
	}
}

// sandbox is a florin dev that is ready.
type sandbox struct {
	*process
	app.Sandbox
}

// dev starts a sandbox on a free port and waits for its ready file.
func dev(t testing.TB, dir string, args ...string) sandbox {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ready.json")
	s := sandbox{process: start(t, dir, append([]string{"dev", "--port", "0", "--ready-file", file}, args...)...)}
	until(t, "a ready file", func() bool {
		select {
		case <-s.ended:
			t.Fatalf("dev ended\n%s", s.err)
		default:
		}
		_, err := os.Stat(file)
		return err == nil
	})
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s.Sandbox); err != nil { // whole as soon as it is there
		t.Fatalf("%v in %q", err, b)
	}
	return s
}

// answer is one of the gateway's.
type answer struct {
	Status   int
	Replayed bool
	Raw      string
	ID       string `json:"id"`
	Result   struct {
		Code string `json:"code"`
	} `json:"result"`
}

// desk is a merchant's server that talks to a florin.
type desk struct {
	base, token, entity string
	client              *http.Client
}

func (s sandbox) desk() desk {
	return desk{s.Gateway.Base, s.Gateway.Token, s.Gateway.EntityID, http.DefaultClient}
}

var card = []string{"card.number=4200000000000000", "card.holder=Nora Lind", "card.expiryMonth=08", "card.expiryYear=2034", "card.cvv=321"}

// ask posts name=value pairs under an idempotency key, "" for none.
func (d desk) ask(key, path string, pairs ...string) (answer, error) {
	form := url.Values{"entityId": {d.entity}}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		form.Set(name, value)
	}
	req, err := http.NewRequest(http.MethodPost, d.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	return d.do(req)
}

// read gets a path of the contract.
func (d desk) read(path string) (answer, error) {
	req, err := http.NewRequest(http.MethodGet, d.base+path+"?entityId="+d.entity, nil)
	if err != nil {
		return answer{}, err
	}
	return d.do(req)
}

func (d desk) do(req *http.Request) (answer, error) {
	req.Header.Set("Authorization", "Bearer "+d.token)
	res, err := d.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{Status: res.StatusCode, Replayed: res.Header.Get("Idempotent-Replayed") == "true", Raw: string(raw)}
	return a, json.Unmarshal(raw, &a)
}

// must is ask for what has to be answered with a code.
func (d desk) must(t testing.TB, code, path string, pairs ...string) answer {
	t.Helper()
	a, err := d.ask("", path, pairs...)
	if err != nil || a.Result.Code != code {
		t.Fatalf("%s %v: %v, %s, want %s", path, pairs, err, a.Raw, code)
	}
	return a
}

// body gets an address as a browser does.
func body(t testing.TB, client *http.Client, address string) (status int, text string) {
	t.Helper()
	res, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}
