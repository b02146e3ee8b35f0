package script

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Inbox is a merchant's server that takes notifications.
type Inbox struct {
	URL string

	mu    sync.Mutex
	wake  chan struct{}
	calls map[string][]*reply // by path, those that no script has seen
}

// Listen starts an inbox; check, if there is one, sees every notification.
func Listen(t *testing.T, check func(header http.Header, body []byte)) *Inbox {
	in := &Inbox{wake: make(chan struct{}), calls: map[string][]*reply{}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if check != nil {
			check(r.Header, body)
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		in.calls[r.URL.Path] = append(in.calls[r.URL.Path], &reply{header: r.Header, body: body})
		close(in.wake)
		in.wake = make(chan struct{})
	}))
	t.Cleanup(srv.Close)
	in.URL = srv.URL
	return in
}

// Next waits for the first notification to an address that holds a text.
func (in *Inbox) Next(address, text string) (http.Header, []byte, error) {
	r, err := in.wait(address, text)
	if err != nil {
		return nil, nil, err
	}
	return r.header, r.body, nil
}

// wait takes the first notification to an address that holds a text. Others
// stay: their order is not promised.
func (in *Inbox) wait(address, text string) (*reply, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	deadline := time.After(patience)
	for {
		in.mu.Lock()
		wake := in.wake
		for i, r := range in.calls[u.Path] {
			if bytes.Contains(r.body, []byte(text)) {
				in.calls[u.Path] = append(in.calls[u.Path][:i:i], in.calls[u.Path][i+1:]...)
				in.mu.Unlock()
				return r, nil
			}
		}
		in.mu.Unlock()
		select {
		case <-wake:
		case <-deadline:
			return nil, fmt.Errorf("no notification to %s holds %q", u.Path, text)
		}
	}
}
