package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/florinpay/florin/store/storetest"
)

// house is a folder with a database, a key and what serves them.
type house struct {
	dir      string
	database string
	args     []string // settings that every command shares
	desk
}

// furnish makes a database with an organisation and a key for it.
func furnish(t testing.TB, database, environment string) *house {
	t.Helper()
	h := &house{dir: t.TempDir(), database: database}
	if h.database == "" {
		h.database = filepath.Join(h.dir, "florin.db")
	}
	h.args = []string{"--database", h.database, "--key-file", filepath.Join(h.dir, "florin.key"), "--sandbox-file", filepath.Join(h.dir, "books")}
	h.desk = desk{entity: "LM000117", client: http.DefaultClient, token: h.key(t, environment)}
	return h
}

// eachFurnished runs fn beside a furnished database of each engine.
func eachFurnished(t *testing.T, environment string, fn func(t *testing.T, h *house)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			database := "" // a file among the house's own
			if engine != "sqlite" {
				database = storetest.Database(t, engine)
			}
			fn(t, furnish(t, database, environment))
		})
	}
}

// key makes a key and returns its token.
func (h *house) key(t testing.TB, environment string) string {
	t.Helper()
	r := h.run(t, "key", "make", "Lind Media", "--environment", environment, "--entity", "LM000117", "--merchant", "M2040077")
	token := regexp.MustCompile(`token +(\S+)`).FindStringSubmatch(r.out)
	if r.code != 0 || token == nil {
		t.Fatalf("key make: %+v", r)
	}
	return token[1]
}

// run runs a command on the database.
func (h *house) run(t testing.TB, args ...string) result {
	t.Helper()
	return florin(t, h.dir, append(args, h.args...)...)
}

var served = regexp.MustCompile(`msg=serving address=(\S+) url=(\S+)`)

// serve starts florin serve on a free port and waits until it listens.
func (h *house) serve(t testing.TB, args ...string) *process {
	t.Helper()
	p := start(t, h.dir, append(append([]string{"serve", "--listen", "127.0.0.1:0"}, h.args...), args...)...)
	p.said(p.err, "msg=serving address=")
	h.base = served.FindStringSubmatch(p.err.String())[2]
	return p
}

// sale is a debit's parameters.
func sale(more ...string) []string {
	return append(append([]string{"amount=92.00", "currency=EUR", "paymentType=DB"}, card...), more...)
}

func TestServe(t *testing.T) {
	h := furnish(t, "", "test")
	p := h.serve(t)
	h.must(t, "000.100.110", "/v3/payments", sale()...)
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, _ := body(t, h.client, h.base+path); status != 200 {
			t.Errorf("%s answers %d", path, status)
		}
	}
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/cmdline", "/inbox", "/", "/clock", "/inbox/feed"} { // a sandbox's, or the operator's
		if status, _ := body(t, h.client, h.base+path); status != 404 {
			t.Errorf("%s answers %d on the public port", path, status)
		}
	}
	refused(t, florin(t, h.dir, append([]string{"serve", "--listen", "127.0.0.1:0"}, h.args...)...), failed, h.database, "open in another process")
	refused(t, h.run(t, "verify"), failed, "open in another process")
	if r := h.run(t, "doctor"); r.code != 0 || !strings.Contains(r.out, "in use by a florin that is running") {
		t.Errorf("doctor beside a running florin: %+v", r)
	}
	p.stop()
	if r := h.run(t, "verify"); r.code != 0 || !strings.Contains(r.out, "1 payments checked: the books are right") {
		t.Errorf("verify: %+v", r)
	}
}

func TestAdminPort(t *testing.T) {
	h := furnish(t, "", "test")
	p := h.serve(t, "--admin-listen", "127.0.0.1:0")
	admin := "http://" + regexp.MustCompile(`metrics and pprof" address=(\S+)`).FindStringSubmatch(p.err.String())[1]
	h.must(t, "000.100.110", "/v3/payments", sale()...)
	status, text := body(t, h.client, admin+"/metrics")
	for _, want := range []string{`florin_events_total{type="payment.captured"} 1`, `florin_http_seconds_count{route="/v3/payments",status="200"} 1`, "process_resident_memory_bytes"} {
		if status != 200 || !strings.Contains(text, want) {
			t.Errorf("metrics answer %d without %s\n%s", status, want, text)
		}
	}
	for _, secret := range []string{"LM000117", "Lind", "4200000000000000", h.token} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is in the metrics", secret)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/debug/pprof/", "/debug/pprof/goroutine?debug=1"} {
		if status, _ := body(t, h.client, admin+path); status != 200 {
			t.Errorf("%s answers %d on the admin port", path, status)
		}
	}
	if status, _ := body(t, h.client, admin+"/v3/resultcodes"); status != 404 {
		t.Errorf("the contract is served on the admin port: %d", status)
	}
	refused(t, florin(t, h.dir, "serve", "--listen", "127.0.0.1:0", "--database", "other.db", "--admin-listen", strings.TrimPrefix(admin, "http://")),
		failed, "admin-listen, from flag --admin-listen", "address already in use")
	p.stop()
}

func TestTLS(t *testing.T) {
	h := furnish(t, "", "test")
	cert, key, client := certificate(t, h.dir)
	h.client = client
	p := h.serve(t, "--tls-cert", cert, "--tls-key", key)
	if !strings.HasPrefix(h.base, "https://") {
		t.Fatalf("served at %s", h.base)
	}
	h.must(t, "000.100.110", "/v3/payments", sale()...)
	if res, err := http.Get("http" + strings.TrimPrefix(h.base, "https") + "/healthz"); err == nil {
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("plain HTTP on the TLS port answers %d", res.StatusCode)
		}
	}
	p.stop()
	refused(t, florin(t, h.dir, "serve", "--tls-key", key), failed, "tls-key", "from flag --tls-key", "tls-cert is needed")
	refused(t, florin(t, h.dir, "serve", "--tls-cert", cert), failed, "tls-cert", "from flag --tls-cert", "tls-key is needed")
	refused(t, florin(t, h.dir, "serve", "--tls-cert", key, "--tls-key", key), failed, "tls-cert", "from flag --tls-cert")
}

// certificate makes one for this machine, and a client that trusts it.
func certificate(t testing.TB, dir string) (cert, key string, client *http.Client) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "florin test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, form, form, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600); err != nil {
		t.Fatal(err)
	}
	trusted, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(trusted)
	return cert, key, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

// TestStopUnderLoad: on SIGTERM every request that is in hand ends well; who
// comes later is not let in. Afterwards the books are right.
func TestStopUnderLoad(t *testing.T) {
	h := furnish(t, "", "test")
	p := h.serve(t)
	var all sync.WaitGroup
	var bad, good atomic.Int64
	inHand := make(chan struct{}, 10)
	for range cap(inHand) { // these are at the provider when the signal comes
		all.Go(func() {
			inHand <- struct{}{}
			a, err := h.ask("", "/v3/payments", sale("customParameters[florin_fault]=slow_answer:2")...)
			if err != nil || a.Result.Code != "000.100.110" {
				bad.Add(1)
				t.Errorf("a request in hand: %v, %s", err, a.Raw)
			}
		})
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	fresh := desk{h.base, h.token, h.entity, client}
	for range 4 { // and these go on until the door is shut
		all.Go(func() {
			for {
				a, err := fresh.ask("", "/v3/payments", sale()...)
				switch {
				case err != nil && a.Status == 0 && shut(err):
					return
				case err != nil || a.Result.Code != "000.100.110":
					bad.Add(1)
					t.Errorf("under load: %v, %s", err, a.Raw)
					return
				}
				good.Add(1)
			}
		})
	}
	until(t, "load", func() bool { return good.Load() > 20 && len(inHand) == cap(inHand) })
	time.Sleep(200 * time.Millisecond)
	p.signal(syscall.SIGTERM)
	all.Wait()
	if code := p.wait(); code != 0 {
		t.Errorf("status %d\n%s", code, p.err)
	}
	t.Logf("%d answered beside the 10 in hand, %d wrong", good.Load(), bad.Load())
	if r := h.run(t, "verify"); r.code != 0 {
		t.Errorf("verify: %+v", r)
	}
}

// shut says whether an error is that of a door that was shut before the
// request was read.
func shut(err error) bool {
	for _, text := range []string{"connection refused", "connection reset", "EOF", "broken pipe"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// TestStopCutsOff: what does not end in time is cut off, and said.
func TestStopCutsOff(t *testing.T) {
	h := furnish(t, "", "test")
	p := h.serve(t, "--drain-seconds", "1")
	go h.ask("", "/v3/payments", sale("customParameters[florin_fault]=slow_answer:3")...)
	time.Sleep(500 * time.Millisecond)
	p.signal(syscall.SIGTERM)
	if code := p.wait(); code != failed || !strings.Contains(p.err.String(), "florin: requests that had not ended after 1 seconds were cut off") {
		t.Errorf("status %d\n%s", code, p.err)
	}
	if r := h.run(t, "verify"); r.code != 0 {
		t.Errorf("verify: %+v", r)
	}
}

// TestLive: a live realm never reaches the test provider, a key opens the
// environment it was made for alone, and the sandbox's controls stay shut.
func TestLive(t *testing.T) {
	h := furnish(t, "", "live")
	test := h.key(t, "test")
	live := h.token
	p := h.serve(t)
	a, err := h.ask("", "/v3/payments", sale()...)
	if err != nil || a.Status != 400 || strings.HasPrefix(a.Result.Code, "000.") || a.ID != "" {
		t.Errorf("a live payment without a provider: %v, %d %s", err, a.Status, a.Raw)
	}
	a, err = h.ask("", "/v3/payments", sale("testMode=INTERNAL", "customParameters[forceResultCode]=000.000.000")...)
	if err != nil || strings.HasPrefix(a.Result.Code, "000.") {
		t.Errorf("a live payment that asks for simulation: %v, %d %s", err, a.Status, a.Raw)
	}
	for what, token := range map[string]string{
		"a live key that says test": strings.Replace(live, "flk_live_", "flk_test_", 1),
		"a test key that says live": strings.Replace(test, "flk_test_", "flk_live_", 1),
	} {
		h.token = token
		if a, err := h.ask("", "/v3/payments", sale()...); err != nil || a.Status != 403 || a.Result.Code != "800.900.302" {
			t.Errorf("%s: %v, %d %s", what, err, a.Status, a.Raw)
		}
	}
	h.token = test
	h.must(t, "000.100.110", "/v3/payments", sale()...)
	req, err := http.NewRequest(http.MethodPost, h.base+"/sandbox/clock?advanceSeconds=10", nil)
	if err != nil {
		t.Fatal(err)
	}
	h.token = live
	if a, err := h.do(req); err != nil || a.Status != 403 || !strings.Contains(a.Raw, "forbidden.live") {
		t.Errorf("a live key moves the clock: %v, %d %s", err, a.Status, a.Raw)
	}
	p.stop()
	for _, setting := range []string{`connectors={"card":"fake"}`} { // not even if the profile names it
		if r := h.run(t, "entity", "set", "Lind Media", "LM000117", setting, "--environment", "live"); r.code != 0 {
			t.Fatalf("entity set: %+v", r)
		}
	}
	p = h.serve(t)
	if a, err := h.ask("", "/v3/payments", sale()...); err != nil || a.Status != 400 || strings.HasPrefix(a.Result.Code, "000.") || a.ID != "" {
		t.Errorf("a live payment over the test provider: %v, %d %s", err, a.Status, a.Raw)
	}
	p.stop()
}

func TestRevoked(t *testing.T) {
	h := furnish(t, "", "test")
	r := h.run(t, "key", "list")
	id := regexp.MustCompile(`[0-9a-f]{24}`).FindString(r.out)
	if r.code != 0 || id == "" || !strings.Contains(r.out, "LM000117") || !strings.Contains(r.out, "in force") || strings.Contains(r.out, h.token) {
		t.Fatalf("key list: %+v", r)
	}
	if r := h.run(t, "key", "revoke", id); r.code != 0 {
		t.Fatalf("key revoke: %+v", r)
	}
	if r := h.run(t, "key", "list"); !strings.Contains(r.out, "revoked") {
		t.Errorf("key list: %+v", r)
	}
	refused(t, h.run(t, "key", "revoke", strings.Repeat("0", 24)), failed, "there is no key")
	refused(t, h.run(t, "entity", "show", "Lind Media", "LM000999"), failed, "has no entity LM000999")
	refused(t, h.run(t, "entity", "set", "Lind Media", "LM000117", "threeDs=perhaps"), failed, "settings")
	refused(t, h.run(t, "entity", "set", "Lind Media", "LM000117", "colour=blue"), failed, "colour")
	p := h.serve(t)
	if a, err := h.ask("", "/v3/payments", sale()...); err != nil || a.Status != 403 || a.Result.Code != "800.900.302" {
		t.Errorf("a revoked key: %v, %d %s", err, a.Status, a.Raw)
	}
	p.stop()
}
