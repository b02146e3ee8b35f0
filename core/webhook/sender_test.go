package webhook

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// sender reaches one loopback server, with short patience.
func sender(t *testing.T, address string, roots *x509.CertPool) *Sender {
	t.Helper()
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSender(Guard{Plain: true, Ports: []uint16{ap.Port()}, Allowed: prefixes("127.0.0.1/32")}, roots)
	s.answer, s.reading = 3*time.Second, 200*time.Millisecond // a busy machine may need a second for a TLS handshake
	return s
}

func server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestSendAwkwardAnswers(t *testing.T) {
	var reached atomic.Int64
	secret := server(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   Answer
	}{
		"ok": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "thanks") }, Answer{Status: 200}},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, secret.URL, http.StatusTemporaryRedirect)
		}, Answer{Status: 307}},
		"asks to wait": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "7"); w.WriteHeader(429) },
			Answer{Status: 429, RetryAfter: "7"}},
		"slow": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // before that, a server does not see that the client is gone
			<-r.Context().Done()
		}, Answer{Err: "timeout"}},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Answer{Err: "connection broke"}},
		"breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "x")
		}, Answer{Status: 200}},
		"huge header": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, Answer{Err: "connection broke"}},
		"drips": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				fmt.Fprint(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		}, Answer{Status: 200}},
	} {
		t.Run(name, func(t *testing.T) {
			r := server(t, c.answer)
			began := time.Now()
			got := sender(t, r.Listener.Addr().String(), nil).Send(context.Background(), Post{URL: r.URL, ContentType: "text/plain", Body: []byte("x")})
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	if reached.Load() != 0 {
		t.Error("the redirect was followed")
	}
}

func TestSendReadsLittleOfAnEndlessAnswer(t *testing.T) {
	var wrote atomic.Int64
	over := make(chan struct{})
	r := server(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(over)
		block := make([]byte, 32<<10)
		for {
			n, err := w.Write(block)
			wrote.Add(int64(n))
			if err != nil || wrote.Load() > 1<<30 {
				return
			}
		}
	})
	got := sender(t, r.Listener.Addr().String(), nil).Send(context.Background(), Post{URL: r.URL, ContentType: "text/plain"})
	<-over
	// What the sockets' buffers take is sent though nobody reads it.
	if got.Status != 200 || wrote.Load() > 32<<20 {
		t.Errorf("got %+v after %d bytes", got, wrote.Load())
	}
}

func TestSendVerifiesCertificates(t *testing.T) {
	r := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(r.Close)
	roots := x509.NewCertPool()
	roots.AddCert(r.Certificate())
	post := Post{URL: r.URL, ContentType: "text/plain"}
	if got := sender(t, r.Listener.Addr().String(), nil).Send(context.Background(), post); got.Err != "certificate not trusted" {
		t.Errorf("unknown authority: got %+v", got)
	}
	if got := sender(t, r.Listener.Addr().String(), roots).Send(context.Background(), post); got.Status != 200 {
		t.Errorf("known authority: got %+v", got)
	}
	s := sender(t, r.Listener.Addr().String(), roots)
	s.guard.Resolver, _ = fakeDNS(t, "127.0.0.1")
	s = withGuard(s, s.guard, roots)
	post.URL = strings.Replace(r.URL, "127.0.0.1", "shop.example.test", 1)
	if got := s.Send(context.Background(), post); got.Err != "certificate not trusted" {
		t.Errorf("wrong name: got %+v", got)
	}
	plain := server(t, nil)
	if got := sender(t, plain.Listener.Addr().String(), nil).Send(context.Background(), Post{URL: strings.Replace(plain.URL, "http:", "https:", 1)}); got.Err != "tls failed" {
		t.Errorf("no TLS there: got %+v", got)
	}
}

func withGuard(old *Sender, g Guard, roots *x509.CertPool) *Sender {
	s := NewSender(g, roots)
	s.answer, s.reading = old.answer, old.reading
	return s
}

func TestSendIgnoresProxies(t *testing.T) {
	var reached atomic.Int64
	proxy := server(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	s := sender(t, proxy.Listener.Addr().String(), nil)
	s.guard.Ports = append(s.guard.Ports, 80)
	s.guard.Resolver, _ = fakeDNS(t, "127.0.0.2")
	got := withGuard(s, s.guard, nil).Send(context.Background(), Post{URL: "http://shop.example.test/"})
	if got.Err != "address not allowed" || reached.Load() != 0 {
		t.Errorf("got %+v, the proxy saw %d requests", got, reached.Load())
	}
}

// Every address of the deny list, as a literal and behind a name: nothing is
// dialled.
func TestSendReachesNothingInside(t *testing.T) {
	for _, a := range inside {
		addr := netip.MustParseAddr(a)
		literal := "https://" + a + "/"
		if addr.Is6() {
			literal = "https://[" + a + "]/"
		}
		s := NewSender(Guard{}, nil)
		if got := s.Send(context.Background(), Post{URL: literal}); got.Err != "url not allowed" {
			t.Errorf("%s: got %+v", literal, got)
		}
		resolver, asked := fakeDNS(t, a)
		if got := NewSender(Guard{Resolver: resolver}, nil).Send(context.Background(), Post{URL: "https://shop.example.test/"}); got.Err != "address not allowed" {
			t.Errorf("a name for %s: got %+v", a, got)
		}
		if asked.Load() == 0 {
			t.Errorf("a name for %s: nobody asked for it", a)
		}
	}
}

// A name that is fine when the URL is set up and turns inside later. 127.0.0.1
// plays the public address here, 127.0.0.2 the private one.
func TestSendRebindingName(t *testing.T) {
	var reached atomic.Int64
	r := server(t, func(w http.ResponseWriter, _ *http.Request) { reached.Add(1); w.Header().Set("Connection", "close") })
	_, port, err := net.SplitHostPort(r.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var hidden atomic.Int64
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.2", port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go http.Serve(l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hidden.Add(1) }))
	resolver, _ := fakeDNS(t, "127.0.0.1", "127.0.0.2", "127.0.0.1")
	s := sender(t, r.Listener.Addr().String(), nil)
	s.guard.Resolver = resolver
	s = withGuard(s, s.guard, nil)
	for i, want := range []Answer{{Status: 200}, {Err: "address not allowed"}, {Status: 200}} {
		if got := s.Send(context.Background(), Post{URL: "http://shop.example.test:" + port + "/"}); got != want {
			t.Errorf("try %d: got %+v, want %+v", i+1, got, want)
		}
	}
	if reached.Load() != 2 || hidden.Load() != 0 {
		t.Errorf("outside was reached %d times, inside %d times", reached.Load(), hidden.Load())
	}
}

func TestSendWords(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	if got := sender(t, closed, nil).Send(context.Background(), Post{URL: "http://" + closed}); got.Err != "no connection" {
		t.Errorf("nobody there: got %+v", got)
	}
	resolver, _ := fakeDNS(t)
	if got := NewSender(Guard{Resolver: resolver}, nil).Send(context.Background(), Post{URL: "https://shop.example.test/"}); got.Err != "name not found" {
		t.Errorf("no such name: got %+v", got)
	}
}

// fakeDNS answers every question for an address with the next of the given
// addresses, the last one for ever; with none the name does not exist.
func fakeDNS(t *testing.T, answers ...string) (*net.Resolver, *atomic.Int64) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var asked atomic.Int64 // questions of the right kind
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			conn.WriteTo(dnsAnswer(buf[:n], answers, &asked), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}, &asked
}

func dnsAnswer(query []byte, answers []string, asked *atomic.Int64) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5
	kind := binary.BigEndian.Uint16(query[end-4:])
	out := append([]byte{}, query[:end]...)
	out[2], out[3] = 0x81, 0x80 // an answer, recursion available
	copy(out[6:12], make([]byte, 6))
	if len(answers) == 0 {
		out[3] |= 3 // no such name
		return out
	}
	a := netip.MustParseAddr(answers[min(int(asked.Load()), len(answers)-1)])
	if (kind == 1) != a.Is4() { // A and AAAA
		return out
	}
	asked.Add(1)
	out[7] = 1
	raw := a.AsSlice()
	out = append(out, 0xc0, 12, 0, byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(raw)))
	return append(out, raw...)
}
