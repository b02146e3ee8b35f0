package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/webhook"
)

// shop is a merchant's server that remembers what it is sent.
type shop struct {
	*httptest.Server
	mu   sync.Mutex
	list []received
}

type received struct {
	header http.Header
	body   []byte
}

func open(t *testing.T, status int) *shop {
	s := &shop{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.list = append(s.list, received{r.Header, b})
		s.mu.Unlock()
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *shop) got(n int) *received {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) <= n {
		return nil
	}
	return &s.list[n]
}

func TestListen(t *testing.T) {
	dir := t.TempDir()
	s := dev(t, dir)
	earlier := s.desk().must(t, "000.100.110", "/v3/payments", sale()...).ID
	until(t, "the inbox", func() bool {
		_, text := body(t, http.DefaultClient, s.URL+"/inbox")
		return strings.Contains(text, earlier)
	})
	server := open(t, http.StatusAccepted)
	printing := start(t, dir, "listen", "--url", s.URL, "--forward-to", server.URL+"/hook")
	printing.said(printing.err, "listening")
	lines := start(t, dir, "listen", "--url", s.URL, "--json", "--all")
	paid := s.desk().must(t, "000.100.110", "/v3/payments", sale()...).ID
	printing.said(printing.out, paid)
	printing.said(printing.out, "forwarded: 202 Accepted")
	text := printing.out.String()
	for _, want := range []string{"POST /inbox/hook", "signature ok", "X-Signature: ", "X-Event-Id: ", "  \"id\": \"" + paid} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, earlier) {
		t.Error("what came before is printed without --all")
	}
	until(t, "the forwarded one", func() bool { return server.got(0) != nil })
	got := server.got(0)
	if !strings.Contains(string(got.body), paid) || got.header.Get("X-Event-Id") == "" {
		t.Errorf("forwarded: %s %v", got.body, got.header)
	}
	lines.said(lines.out, paid)
	first, _, _ := strings.Cut(lines.out.String(), "\n")
	var one app.Received
	if err := json.Unmarshal([]byte(first), &one); err != nil || !strings.Contains(one.Body, earlier) || one.Signature != "ok" {
		t.Errorf("--json --all begins with %s, %v", first, err)
	}
	printing.signal(os.Interrupt)
	if code := printing.wait(); code != 0 {
		t.Errorf("Ctrl+C ends listen with %d\n%s", code, printing.err)
	}
	s.stop()
	if code := lines.wait(); code != failed || strings.Count(lines.err.String(), "\n") > 2 {
		t.Errorf("when the sandbox ends, listen ends with %d\n%s", code, lines.err)
	}
	refused(t, florin(t, dir, "listen", "--url", server.URL), failed, "is it a florin dev?")
}

// TestNotificationURL: what goes to an address that a payment names is signed
// with the secret of the ready file, byte for byte.
func TestNotificationURL(t *testing.T) {
	server := open(t, http.StatusOK)
	s := dev(t, t.TempDir())
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	s.desk().must(t, "000.100.110", "/v3/payments", sale("notificationUrl=http://127.0.0.1"+port+"/hook")...)
	until(t, "a notification", func() bool { return server.got(0) != nil })
	got := server.got(0)
	if !webhook.Signed(method.Conceal(s.Gateway.WebhookSecret), got.header.Get("X-Signature"), got.body) {
		t.Errorf("the signature does not fit: %v", got.header)
	}
}

// TestWebhookCommands subscribes a server and follows its deliveries.
func TestWebhookCommands(t *testing.T) {
	h := furnish(t, "", "test")
	server := open(t, http.StatusInternalServerError)
	port := server.URL[strings.LastIndex(server.URL, ":")+1:]
	local := []string{"--webhook-local", "true", "--webhook-ports", port}
	refused(t, h.run(t, "webhook", "add", "Lind Media", "http://127.0.0.1:"+port+"/hook"), failed, "invalid.url")
	refused(t, h.run(t, "webhook", "add", "Nobody", "https://shop.example/hook"), failed, "Nobody has no test realm")
	r := h.run(t, append([]string{"webhook", "add", "Lind Media", "http://127.0.0.1:" + port + "/hook", "--merchant", "LM000117"}, local...)...)
	words := regexp.MustCompile(`endpoint +(\S+)\nsecret +(\S+)`).FindStringSubmatch(r.out)
	if r.code != 0 || words == nil {
		t.Fatalf("webhook add: %+v", r)
	}
	p := h.serve(t, local...)
	paid := h.must(t, "000.100.110", "/v3/payments", sale()...).ID
	until(t, "a delivery", func() bool { return server.got(0) != nil })
	if got := server.got(0); !webhook.Signed(method.Conceal(words[2]), got.header.Get("X-Signature"), got.body) || !strings.Contains(string(got.body), paid) {
		t.Errorf("delivered: %v %s", got.header, got.body)
	}
	time.Sleep(200 * time.Millisecond) // what was answered is written down
	p.signal(syscall.SIGTERM)
	if code := p.wait(); code != 0 {
		t.Errorf("status %d\n%s", code, p.err)
	}
	log := h.run(t, "webhook", "log", "Lind Media")
	if log.code != 0 || !strings.Contains(log.out, paid[:24]) || !strings.Contains(log.out, "500") || strings.Contains(log.out, words[2]) {
		t.Errorf("webhook log: %+v", log)
	}
	if r := h.run(t, "webhook", "list", "Lind Media"); r.code != 0 || !strings.Contains(r.out, words[1]) || strings.Contains(r.out, words[2]) {
		t.Errorf("webhook list: %+v", r)
	}
	for _, args := range [][]string{{"rotate", words[1]}, {"disable", words[1]}, {"enable", words[1]}} {
		if r := h.run(t, "webhook", args[0], "Lind Media", args[1]); r.code != 0 {
			t.Errorf("webhook %v: %+v", args, r)
		}
	}
	if r := h.run(t, "verify"); r.code != 0 {
		t.Errorf("verify: %+v", r)
	}
}
