package apitest

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/florinpay/florin/api/wire/script"
	"github.com/florinpay/florin/store/storetest"
)

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Ask sends a request to an address, under a bearer's token if there is one.
// Headers come in pairs; an empty value sends none.
func Ask(t *testing.T, client *http.Client, method, address, token, body string, headers ...string) Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{res.StatusCode, res.Header, got}
}

// documents are those that were read, by their texts: to read one takes longer
// than most tests.
var documents struct {
	sync.Mutex
	read map[string]*script.Document
}

// Document reads a contract's OpenAPI document.
func Document(t *testing.T, text []byte) *script.Document {
	t.Helper()
	documents.Lock()
	defer documents.Unlock()
	if doc := documents.read[string(text)]; doc != nil {
		return doc
	}
	doc, err := script.Open(text)
	if err != nil {
		t.Fatal(err)
	}
	if documents.read == nil {
		documents.read = map[string]*script.Document{}
	}
	documents.read[string(text)] = doc
	return doc
}

// Sound holds documents to the rules of their form, and to the operations that
// are served, as "GET /path": these are written down, and nothing else.
func Sound(t *testing.T, served []string, documents ...*script.Document) {
	t.Helper()
	var written []string
	for _, d := range documents {
		for _, wrong := range d.Sound() {
			t.Error(wrong)
		}
		written = append(written, d.Operations()...)
	}
	served = slices.Sorted(slices.Values(served))
	slices.Sort(written)
	if !slices.Equal(written, served) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(written, "\n"), strings.Join(served, "\n"))
	}
}

// Scripts plays the contract's examples in testdata. On PostgreSQL too: the
// answers are the same.
func Scripts(t *testing.T, bench func(t *testing.T, engine string) *script.Bench) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			if engine != "sqlite" && script.Updating() {
				t.Skip("one engine writes the answers")
			}
			script.Run(t, "testdata", func(t *testing.T) *script.Bench { return bench(t, engine) })
		})
	}
}
