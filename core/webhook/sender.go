package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// What a receiver may take of us.
const (
	sendTimeout = 30 * time.Second // from dialling to the answer's head
	readTimeout = 5 * time.Second  // for the rest of the answer, which nobody reads
	readLimit   = 64 << 10
)

// Sender posts messages through a guard: no proxy, no redirect followed,
// certificates verified, answers cut short.
type Sender struct {
	guard   Guard
	client  *http.Client
	take    func(ctx context.Context, p Post) Answer // instead of the network, if set
	answer  time.Duration                            // for the answer's head
	reading time.Duration                            // for the rest of it
}

// NewSender makes a sender. roots are the certificate authorities to trust,
// nil for the system's.
func NewSender(g Guard, roots *x509.CertPool) *Sender {
	dialer := &net.Dialer{Timeout: 10 * time.Second, ControlContext: g.control, Resolver: g.Resolver}
	return &Sender{guard: g, answer: sendTimeout, reading: readTimeout, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			TLSHandshakeTimeout:    10 * time.Second,
			DisableCompression:     true, // nothing is unpacked, so nothing swells
			MaxResponseHeaderBytes: 16 << 10,
			MaxIdleConnsPerHost:    inFlight,
			IdleConnTimeout:        30 * time.Second,
		},
	}}
}

// NewSenderTo makes a sender without a network: what the guard lets through is
// handed to take. Simulations receive so.
func NewSenderTo(g Guard, take func(ctx context.Context, p Post) Answer) *Sender {
	return &Sender{guard: g, take: take}
}

// Post is one message on its way.
type Post struct {
	URL         string
	ContentType string
	Headers     map[string]string
	Body        []byte
}

// Answer is what came back. Err is one of a few words that may be shown to the
// merchant, "" when there was an answer with a status.
type Answer struct {
	Status     int
	RetryAfter string // as received
	Err        string
	Took       time.Duration
}

// OK says whether the receiver took the message: any 2xx.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Send posts a message and waits for the answer's status. The answer's body is
// drained within limits so that the connection may serve again, and forgotten:
// what a foreign server says is never stored or shown.
func (s *Sender) Send(ctx context.Context, p Post) Answer {
	return s.ask(ctx, http.MethodPost, p)
}

// Call asks an address with GET and no body, and waits for the status alike:
// what the address says is the message.
func (s *Sender) Call(ctx context.Context, url string) Answer {
	return s.ask(ctx, http.MethodGet, Post{URL: url})
}

func (s *Sender) ask(ctx context.Context, verb string, p Post) Answer {
	u, err := s.guard.URL(p.URL)
	if err != nil {
		return Answer{Err: "url not allowed"}
	}
	if s.take != nil {
		return s.take(ctx, p)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	late := time.AfterFunc(s.answer, cancel)
	defer func() { late.Stop() }()
	req, err := http.NewRequestWithContext(ctx, verb, u.String(), bytes.NewReader(p.Body))
	if err != nil {
		return Answer{Err: "url not allowed"}
	}
	if p.ContentType != "" {
		req.Header.Set("Content-Type", p.ContentType)
	}
	req.Header.Set("User-Agent", "florin-webhook/1")
	for name, value := range p.Headers {
		req.Header.Set(name, value)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return Answer{Err: word(ctx, err)}
	}
	defer res.Body.Close()
	if !late.Stop() {
		return Answer{Err: "timeout"}
	}
	late = time.AfterFunc(s.reading, cancel)
	// The status is the answer. A body that breaks off, never ends or drips
	// changes nothing about it; it only costs the connection.
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, readLimit))
	return Answer{Status: res.StatusCode, RetryAfter: res.Header.Get("Retry-After")}
}

// word names what went wrong without naming addresses or names inside.
func word(ctx context.Context, err error) string {
	var (
		dns      *net.DNSError
		op       *net.OpError
		timeout  net.Error
		unknown  x509.UnknownAuthorityError
		host     x509.HostnameError
		invalid  x509.CertificateInvalidError
		verify   *tls.CertificateVerificationError
		tlsAlert tls.AlertError
		record   tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, errAddress):
		return "address not allowed"
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.As(err, &dns):
		return "name not found"
	case errors.As(err, &verify), errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid):
		return "certificate not trusted"
	case errors.As(err, &tlsAlert), errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "tls failed"
	case errors.As(err, &op) && op.Op == "dial":
		return "no connection"
	}
	return "connection broke"
}

// retryAfter reads a Retry-After header: seconds, or a date seen from now. 0
// when it says nothing usable.
func retryAfter(header string, now time.Time) time.Duration {
	if header == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
