package app

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// postOffice is a mail server that takes everything but what is for nobody@,
// and that is busy for the first time it hears of busy@.
type postOffice struct {
	net.Listener
	mu      sync.Mutex
	letters []string
	busy    bool
	from    []string
}

func openPostOffice(t *testing.T) *postOffice {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postOffice{Listener: l}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		served.Wait()
	})
	return p
}

func (p *postOffice) serve(c net.Conn) {
	defer c.Close()
	in, say := bufio.NewReader(c), func(text string) { fmt.Fprint(c, text, "\r\n") }
	say("220 post.example ESMTP")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		word := strings.ToUpper(strings.TrimSpace(line))
		switch {
		case strings.HasPrefix(word, "EHLO"):
			say("250-post.example\r\n250 8BITMIME")
		case strings.HasPrefix(word, "MAIL FROM"):
			p.mu.Lock()
			p.from = append(p.from, strings.TrimSpace(line))
			p.mu.Unlock()
			say("250 ok")
		case strings.HasPrefix(word, "RCPT TO:<NOBODY@"):
			say("550 no such mailbox")
		case strings.HasPrefix(word, "RCPT TO:<BUSY@") && p.first():
			say("451 come back later")
		case word == "DATA":
			say("354 go on")
			p.take(in)
			say("250 taken")
		case word == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (p *postOffice) first() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := !p.busy
	p.busy = true
	return first
}

func (p *postOffice) take(in *bufio.Reader) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == ".\r\n" {
			break
		}
		b.WriteString(line)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters = append(p.letters, b.String())
}

func (p *postOffice) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.letters
}

// writer is an app with carriers and a live realm.
type writer struct {
	*App
	t     *testing.T
	clock *storetest.Clock
	live  ident.ID
}

func openWriter(t *testing.T, engine string, settings map[string]string) *writer {
	t.Helper()
	w := &writer{t: t, clock: storetest.NewClock(time.Now().UTC())}
	settings["database"], settings["mail-from"] = storetest.Database(t, engine), "Florin <no-reply@pay.example>"
	settings["sandbox-file"] = t.TempDir() + "/sandbox.journal"
	c, err := Load("", func(string) (string, bool) { return "", false }, settings)
	if err != nil {
		t.Fatal(err)
	}
	if wrong := c.Check(); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	keys, err := vault.EphemeralKeys()
	if err != nil {
		t.Fatal(err)
	}
	if w.App, err = Open(t.Context(), c, "http://127.0.0.1:8080", slog.New(slog.NewTextHandler(io.Discard, nil)), Parts{Keys: keys, Clock: w.clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	realm, err := w.Access.AddRealm(t.Context(), "Lind Media", access.Live)
	if err != nil {
		t.Fatal(err)
	}
	w.live = realm.ID
	return w
}

func (w *writer) send(d notify.Draft) (m notify.Message) {
	w.t.Helper()
	err := w.DB.Update(w.t.Context(), w.live, func(tx *store.Tx) (err error) {
		m, err = w.Notify.Send(tx, d)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *writer) work() {
	w.t.Helper()
	for {
		jobs, err := w.Jobs.Claim(w.t.Context(), 10)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(jobs) == 0 {
			return
		}
		for _, j := range jobs {
			w.Jobs.Run(w.t.Context(), j)
		}
	}
}

func (w *writer) state(m notify.Message) notify.Kept {
	w.t.Helper()
	k, err := w.Notify.Get(w.t.Context(), w.live, m.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// parts takes a letter apart: its header, and its parts by content type.
func parts(t *testing.T, raw string) (mail.Header, map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	var walk func(kind string, body io.Reader)
	walk = func(kind string, body io.Reader) {
		kind, params, err := mime.ParseMediaType(kind)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(kind, "multipart/") {
			b, err := io.ReadAll(body)
			if err != nil {
				t.Fatal(err)
			}
			out[kind] = string(b)
			return
		}
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var inner io.Reader = p
			if p.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
				inner = quotedprintable.NewReader(p)
			}
			walk(p.Header.Get("Content-Type"), inner)
		}
	}
	walk(m.Header.Get("Content-Type"), m.Body)
	return m.Header, out
}

func TestMailIsHandedOver(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			post := openPostOffice(t)
			w := openWriter(t, engine, map[string]string{"smtp-url": "smtp://" + post.Addr().String()})
			m := w.send(notify.Draft{Merchant: "m1", Channel: notify.Email, To: "ola@example.com", Sender: "Åse & Co\r\nBcc: all@example.com", Template: notify.Invoice, Locale: "nb",
				Words:   map[string]string{"merchant": "Åse & Co", "number": "10023", "link": "https://pay.example/i/u3k9?a=b&c=d"},
				Amounts: map[string]money.Amount{"amount": {Minor: 34900, Currency: "NOK"}}, Dates: map[string]time.Time{"due": time.Date(2026, 12, 5, 0, 0, 0, 0, time.UTC)},
				Attachments: []notify.Attachment{{Name: "faktura-10023.pdf", Type: "application/pdf", Body: []byte("%PDF-1.7\n")}}})
			w.work()
			if k := w.state(m); k.State != notify.Sent || k.Reference != "<"+string(m.ID)+"@pay.example>" {
				t.Errorf("got %s, %s: %s", k.State, k.Reference, k.Reason)
			}
			if len(post.all()) != 1 {
				t.Fatalf("%d letters came", len(post.all()))
			}
			head, body := parts(t, post.all()[0])
			subject, err := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
			if want := "Faktura 10023 fra Åse & Co"; subject != want || err != nil {
				t.Errorf("got subject %q, want %q", subject, want)
			}
			from, err := head.AddressList("From")
			if err != nil || len(from) != 1 || from[0].Address != "no-reply@pay.example" || from[0].Name != "Åse & Co Bcc: all@example.com" || head.Get("Bcc") != "" {
				t.Errorf("got from %v, %v", from, err)
			}
			if text := body["text/plain"]; !strings.Contains(text, "349,00\u00a0kr") || !strings.Contains(text, "5. desember 2026") || strings.Contains(text, "{") {
				t.Errorf("got %q", text)
			}
			if html := body["text/html"]; !strings.Contains(html, `<a href="https://pay.example/i/u3k9?a=b&amp;c=d">`) {
				t.Errorf("got %q", html)
			}
			if body["application/pdf"] == "" {
				t.Error("the file is missing")
			}
		})
	}
}

func TestMailServerSaysNo(t *testing.T) {
	post := openPostOffice(t)
	w := openWriter(t, "sqlite", map[string]string{"smtp-url": "smtp://" + post.Addr().String()})
	d := notify.Draft{Merchant: "m1", Channel: notify.Email, To: "nobody@example.com", Subject: "Hei", Text: "Hei"}
	never := w.send(d)
	d.To = "busy@example.com"
	later := w.send(d)
	w.work()
	if k := w.state(never); k.State != notify.Failed || k.Reason != "the mail server answered 550" {
		t.Errorf("got %s: %s", k.State, k.Reason)
	}
	if k := w.state(later); k.State != notify.Queued || k.Tries != 1 {
		t.Errorf("got %s after %d tries: %s", k.State, k.Tries, k.Reason)
	}
	w.clock.Add(time.Minute)
	w.work()
	if k := w.state(later); k.State != notify.Sent || k.Tries != 2 || len(post.all()) != 1 {
		t.Errorf("got %s after %d tries: %s", k.State, k.Tries, k.Reason)
	}
}

func TestSMSIsHandedOver(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			var mu sync.Mutex
			var got []map[string]string
			status := http.StatusServiceUnavailable
			gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				in := map[string]string{}
				if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("Authorization") != "Bearer tok123" || r.Header.Get("Idempotency-Key") != in["id"] {
					t.Errorf("got %v, %v", r.Header, err)
				}
				got = append(got, in)
				w.WriteHeader(status)
				fmt.Fprint(w, `{"id":"sms-77"}`)
			}))
			defer gate.Close()
			w := openWriter(t, engine, map[string]string{"sms-url": strings.Replace(gate.URL, "//", "//tok123@", 1) + "/send"})
			m := w.send(notify.Draft{Merchant: "m1", Channel: notify.SMS, To: "+4790000001", Sender: "Lind", Text: "Hei\x07 der\u202e"})
			w.work()
			if k := w.state(m); k.State != notify.Queued {
				t.Errorf("got %s: %s", k.State, k.Reason)
			}
			mu.Lock()
			status = http.StatusAccepted
			mu.Unlock()
			w.clock.Add(time.Minute)
			w.work()
			if k := w.state(m); k.State != notify.Sent || k.Reference != "sms-77" || len(got) != 2 || got[0]["id"] != got[1]["id"] {
				t.Fatalf("got %s, %s: %s", k.State, k.Reference, k.Reason)
			}
			if in := got[1]; in["to"] != "+4790000001" || in["from"] != "Lind" || in["text"] != "Hei der" {
				t.Errorf("got %v", in)
			}
			report := strings.TrimPrefix(got[1]["report"], w.BaseURL)
			h := w.Handler()
			if res := knock(h, "POST", report[:len(report)-1]+"x", `{"state":"delivered"}`); res.Code != http.StatusNotFound {
				t.Errorf("a made-up report: got %d", res.Code)
			}
			if res := knock(h, "POST", report, `{"state":"eaten"}`); res.Code != http.StatusBadRequest {
				t.Errorf("a strange report: got %d", res.Code)
			}
			if res := knock(h, "POST", report, `{"state":"delivered"}`); res.Code != http.StatusNoContent || w.state(m).State != notify.Delivered {
				t.Errorf("got %d, %s", res.Code, w.state(m).State)
			}
		})
	}
}

func TestOutbox(t *testing.T) {
	a, box := indoors(t)
	realm, err := a.devRealm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = a.DB.Update(t.Context(), realm.ID, func(tx *store.Tx) error {
		_, err := a.Notify.Send(tx, notify.Draft{Channel: notify.Email, To: "ola@example.com", Subject: "<b>Hei</b>", Text: "Se https://pay.example/l/u3k9",
			Attachments: []notify.Attachment{{Name: "a.pdf", Type: "application/pdf", Body: []byte("%PDF-1.7")}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h := a.DevHandler(box)
	res := knock(h, "GET", "/sandbox/outbox?to=ola@example.com", "", "Authorization: Bearer "+box.Gateway.Token)
	var got struct {
		Messages []struct {
			State, Subject string
			Links          []string
			Attachments    []struct{ URL string }
		}
	}
	if err := json.Unmarshal(res.Body.Bytes(), &got); err != nil || len(got.Messages) != 1 {
		t.Fatalf("got %d %s", res.Code, res.Body)
	}
	if m := got.Messages[0]; m.State != "held" || m.Links[0] != "https://pay.example/l/u3k9" {
		t.Errorf("got %+v", m)
	}
	file := strings.TrimPrefix(got.Messages[0].Attachments[0].URL, box.URL)
	if res := knock(h, "GET", file, "", "Authorization: Bearer "+box.Gateway.Token); res.Body.String() != "%PDF-1.7" || res.Header().Get("Content-Type") != "application/pdf" {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	for _, path := range []string{"/sandbox/outbox", file} {
		if res := knock(h, "GET", path, ""); res.Code != http.StatusUnauthorized {
			t.Errorf("%s without a key: got %d", path, res.Code)
		}
	}
	page := knock(h, "GET", "/outbox", "").Body.String()
	if !strings.Contains(page, "&lt;b&gt;Hei") || !strings.Contains(page, `href="https://pay.example/l/u3k9"`) {
		t.Errorf("got %s", page)
	}
	for _, wrong := range []map[string]string{{"smtp-url": "mail.example.com", "mail-from": "a@example.com"}, {"smtp-url": "smtps://a:b@mail.example.com"}, {"sms-url": "http://sms.example.com/"},
		{"message-limits": "1,2"}, {"message-allowed": "everybody"}, {"sms-prefixes": "47"}} {
		c, err := Load("", func(string) (string, bool) { return "", false }, wrong)
		if err != nil || len(c.Check()) != 1 {
			t.Errorf("%v: got %v, %v", wrong, c.Check(), err)
		}
	}
	for name, value := range map[string]string{"smtp-url": "smtps://u:hush@mail.example.com:465", "sms-url": "https://hush@sms.example.com/"} {
		if got := Shown(name, value); strings.Contains(got, "hush") || !strings.Contains(got, ".example.com") {
			t.Errorf("doctor prints %s", got)
		}
	}
}
