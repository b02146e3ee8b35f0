package script

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Client makes a client that holds every answer of a server to the document.
// ours names the contract's path behind an address; what it turns down is let
// through as it is.
func (d *Document) Client(t *testing.T, ours func(r *http.Request) (path string, ok bool)) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: transport(func(req *http.Request) (*http.Response, error) {
			var sent []byte
			if req.Body != nil {
				var err error
				if sent, err = io.ReadAll(req.Body); err != nil {
					return nil, err
				}
				req.Body = io.NopCloser(bytes.NewReader(sent))
			}
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				return nil, err
			}
			body, err := io.ReadAll(res.Body)
			if err != nil {
				return nil, err
			}
			res.Body = io.NopCloser(bytes.NewReader(body))
			path, ok := ours(req)
			if !ok {
				return res, nil
			}
			x := Exchange{Method: req.Method, Path: path, Status: res.StatusCode, Header: res.Header, Body: body}
			if strings.HasPrefix(req.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
				if x.Form, err = url.ParseQuery(string(sent)); err != nil {
					x.Form = nil
				}
			}
			for _, wrong := range d.Check(x) {
				t.Error(wrong)
			}
			return res, nil
		}),
	}
}

type transport func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
