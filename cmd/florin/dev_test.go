package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestDevReadyFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "ready.json")
	p := start(t, dir, "dev", "--ephemeral", "--port", "0", "--ready-file", file)
	var raw []byte
	until(t, "the ready file", func() bool { // looked at as often as can be: never half of it
		var err error
		raw, err = os.ReadFile(file)
		return err == nil
	})
	info, err := os.Stat(file)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	var got struct {
		URL     string            `json:"url"`
		PID     int               `json:"pid"`
		Gateway map[string]string `json:"gateway"`
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if got.PID != p.cmd.Process.Pid || !strings.HasPrefix(got.URL, "http://127.0.0.1:") {
		t.Errorf("pid %d, url %q", got.PID, got.URL)
	}
	for _, name := range []string{"base", "token", "entityId", "entityType", "merchantId", "webhookSecret"} {
		if got.Gateway[name] == "" {
			t.Errorf("%s is empty in %s", name, raw)
		}
	}
	if status, _ := body(t, http.DefaultClient, got.URL+"/healthz"); status != 200 { // ready means ready
		t.Errorf("healthz answers %d", status)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".ready-*")); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
	p.stop()
}

func TestDevSeed(t *testing.T) {
	dir := t.TempDir()
	first := dev(t, dir, "--ephemeral", "--seed", "7")
	other := dev(t, dir, "--ephemeral", "--seed", "8")
	time.Sleep(time.Second) // ids begin with seconds
	again := dev(t, dir, "--ephemeral", "--seed", "7")
	if first.Gateway.Token != again.Gateway.Token || first.Gateway.WebhookSecret != again.Gateway.WebhookSecret {
		t.Errorf("the same seed: %+v and %+v", first.Gateway, again.Gateway)
	}
	if first.Gateway.Token == other.Gateway.Token || first.Gateway.WebhookSecret == other.Gateway.WebhookSecret {
		t.Errorf("different seeds: %+v and %+v", first.Gateway, other.Gateway)
	}
	again.desk().must(t, "000.100.110", "/v3/payments", append([]string{"amount=92.00", "currency=EUR", "paymentType=DB"}, card...)...)
	// a sandbox that lasts takes its seeded key up again
	db := filepath.Join(dir, "kept.db")
	kept := dev(t, dir, "--database", db, "--seed", "7")
	kept.stop()
	kept = dev(t, dir, "--database", db, "--seed", "7")
	if kept.Gateway.Token != first.Gateway.Token {
		t.Errorf("after a restart the token is %s, want %s", kept.Gateway.Token, first.Gateway.Token)
	}
	kept.desk().must(t, "000.100.110", "/v3/payments", append([]string{"amount=92.00", "currency=EUR", "paymentType=DB"}, card...)...)
}

// TestDevLeavesNothing: however a temporary sandbox is told to end, its folder
// goes with it, and it ends well, a listener attached or not.
func TestDevLeavesNothing(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(fmt.Sprint(sig), func(t *testing.T) {
			dir := t.TempDir()
			s := dev(t, dir)
			if n := len(folders(t, dir)); n != 1 {
				t.Errorf("%d folders while it runs, want 1", n)
			}
			l := start(t, dir, "listen", "--url", s.URL)
			l.said(l.err, "listening")
			time.Sleep(50 * time.Millisecond) // its long poll is under way
			began := time.Now()
			s.signal(sig)
			if code := s.wait(); code != 0 {
				t.Errorf("status %d\n%s", code, s.err)
			}
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("took %v to end", took)
			}
			if left := folders(t, dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestDevInterruptedTwice: the second Ctrl+C waits for nothing, and the folder
// goes all the same.
func TestDevInterruptedTwice(t *testing.T) {
	dir := t.TempDir()
	s := dev(t, dir)
	go s.desk().ask("", "/v3/payments", append([]string{"amount=92.00", "currency=EUR", "paymentType=DB", "customParameters[florin_fault]=slow_answer:20"}, card...)...)
	time.Sleep(300 * time.Millisecond)
	s.signal(os.Interrupt)
	s.said(s.err, "stopping")
	began := time.Now()
	s.signal(os.Interrupt)
	if code := s.wait(); code != interrupted {
		t.Errorf("status %d, want %d", code, interrupted)
	}
	if took := time.Since(began); took > 10*time.Second { // the answer takes 20
		t.Errorf("the second one took %v", took)
	}
	if left := folders(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func folders(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "florin-dev-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestDevKeepsItsDatabase(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "kept")
	s := dev(t, dir, "--database", db)
	hold := s.desk().must(t, "000.100.110", "/v3/payments", append([]string{"amount=148.50", "currency=EUR", "paymentType=PA"}, card...)...)
	s.stop()
	s = dev(t, dir, "--database", db)
	got, err := s.desk().read("/v3/payments/" + hold.ID)
	if err != nil || got.ID != hold.ID || got.Result.Code != "000.100.110" {
		t.Errorf("after a restart: %v, %s", err, got.Raw)
	}
	// the provider's books were kept too, or it would not know the hold
	s.desk().must(t, "000.100.110", "/v3/payments/"+hold.ID, "amount=148.50", "currency=EUR", "paymentType=CP")
	s.stop()
	if r := florin(t, dir, "verify", "--database", db); r.code != 0 { // it finds the key file that dev has made
		t.Errorf("verify: %+v", r)
	}
	other := t.TempDir()
	if r := florin(t, other, "key", "list"); r.code != 0 { // makes a key file of its own
		t.Fatalf("%+v", r)
	}
	refused(t, florin(t, other, "verify", "--database", db), failed, "does not fit", "--key-file "+db+".key")
	for _, name := range []string{"florin.key", "florin.db"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was made beside the database that was asked for", name)
		}
	}
}

func TestDevAdvance(t *testing.T) {
	dir := t.TempDir()
	s := dev(t, dir, "--advance", "8d")
	req, err := http.NewRequest(http.MethodGet, s.URL+"/sandbox/clock", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Gateway.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var clock struct {
		Now time.Time `json:"now"`
	}
	if err := json.NewDecoder(res.Body).Decode(&clock); err != nil {
		t.Fatal(err)
	}
	if ahead := time.Until(clock.Now); ahead < 8*24*time.Hour-time.Minute || ahead > 8*24*time.Hour {
		t.Errorf("the clock is %v ahead, want 8 days", ahead)
	}
	refused(t, florin(t, dir, "dev", "--port", "0", "--advance", "a week"), failed, "a week", "36h")
	if left := folders(t, dir); len(left) != 1 { // the one that runs
		t.Errorf("folders: %v", left)
	}
}

func TestDevPages(t *testing.T) {
	s := dev(t, t.TempDir())
	for path, want := range map[string]string{"/": s.Gateway.Token, "/inbox": "/inbox/hook", "/sandbox": "4200000000000042", "/docs/gateway": "/v3/payments",
		"/openapi/gateway.yaml": "openapi: 3.1", "/readyz": "ready"} {
		if status, text := body(t, http.DefaultClient, s.URL+path); status != 200 || !strings.Contains(text, want) {
			t.Errorf("%s answers %d; %q in it: %v", path, status, want, strings.Contains(text, want))
		}
	}
	for _, path := range []string{"/metrics", "/debug/pprof/", "/nothing"} {
		if status, _ := body(t, http.DefaultClient, s.URL+path); status != 404 {
			t.Errorf("%s answers %d, want 404", path, status)
		}
	}
	if s.err.String() != "" {
		t.Errorf("the log is not quiet:\n%s", s.err)
	}
}

func TestDevHosts(t *testing.T) {
	for host, want := range map[string]string{"0.0.0.0": "http://127.0.0.1:", "localhost": "http://localhost:"} {
		s := dev(t, t.TempDir(), "--host", host)
		if !strings.HasPrefix(s.URL, want) {
			t.Errorf("--host %s is reached at %s, want %s", host, s.URL, want)
		}
		s.desk().must(t, "000.100.110", "/v3/payments", append([]string{"amount=92.00", "currency=EUR", "paymentType=DB"}, card...)...)
	}
}

// TestDevGreeting pastes the line that dev prints into a shell.
func TestDevGreeting(t *testing.T) {
	s := dev(t, t.TempDir(), "--log-level", "debug")
	s.said(s.out, "Ctrl+C")
	line := regexp.MustCompile(`(?s)curl .*cvv=\d+`).FindString(s.out.String())
	if got := shell(t, line); got.Result.Code != "000.100.110" {
		t.Errorf("the greeting's line answers %s", got.Raw)
	}
	if !strings.Contains(s.err.String(), "schema changed") {
		t.Errorf("--log-level debug says nothing of the schema:\n%s", s.err)
	}
	if strings.Contains(s.err.String(), "4200000000000000") || strings.Contains(s.err.String(), s.Gateway.Token) {
		t.Error("a card number or a token is in the log")
	}
}

// TestReadme runs the lines of README.md word by word, but for the port.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	s := dev(t, t.TempDir())
	t.Setenv("TOKEN", s.Gateway.Token)
	curl := regexp.MustCompile("(?s)```\n(curl http://127.0.0.1:8080/.*?)```").FindStringSubmatch(string(b))
	if curl == nil {
		t.Fatal("README.md has no line that begins with curl")
	}
	got := shell(t, strings.Replace(curl[1], "http://127.0.0.1:8080", s.URL, 1))
	sample := regexp.MustCompile("(?s)```json\n\\{\"id\":\"(.*?)```").FindStringSubmatch(string(b))
	if sample == nil {
		t.Fatal("README.md has no answer")
	}
	for _, part := range regexp.MustCompile(`"(paymentType|paymentBrand|amount|currency|code|description)":"[^"]*"`).FindAllString(sample[1], -1) {
		if !strings.Contains(got.Raw, part) {
			t.Errorf("README.md promises %s, the answer is %s", part, got.Raw)
		}
	}
	for _, name := range regexp.MustCompile("(?m)^\\| `florin (\\w+)`").FindAllStringSubmatch(string(b), -1) {
		if r := florin(t, t.TempDir(), name[1], "--help"); r.code != 0 || !strings.Contains(r.out, "Usage: florin "+name[1]) {
			t.Errorf("florin %s: %+v", name[1], r)
		}
	}
}

// shell runs a command line and reads the answer.
func shell(t *testing.T, line string) (a answer) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("curl is not installed: make test installs it; on Debian, apt-get install curl")
	}
	out, err := exec.Command("/bin/sh", "-c", strings.Replace(line, "curl ", "curl -sS ", 1)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	a.Raw = string(out)
	if err := json.Unmarshal(out, &a); err != nil {
		t.Errorf("%v in %q", err, out)
	}
	return a
}
