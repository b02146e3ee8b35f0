package wire

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/florinpay/florin/core/ident"
)

func TestHandler(t *testing.T) {
	bad := errors.New("bad")
	var failed error
	fail := func(w http.ResponseWriter, _ *http.Request, err error) {
		failed = err
		w.WriteHeader(http.StatusTeapot)
	}
	for _, err := range []error{nil, bad} {
		failed = nil
		rec := httptest.NewRecorder()
		Handler(func(http.ResponseWriter, *http.Request) error { return err }).Or(fail)(rec, httptest.NewRequest("GET", "/", nil))
		if failed != err || (rec.Code == http.StatusTeapot) != (err != nil) {
			t.Errorf("%v: got %v %d", err, failed, rec.Code)
		}
	}
}

func TestIdentify(t *testing.T) {
	var seen string
	h := Identify(func() ident.ID { return "0123456789abcdef01234567" })(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = RequestID(r)
	}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Request-Id", "theirs\n")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if want := "req_0123456789abcdef01234567"; seen != want || rec.Header().Get("Request-Id") != want {
		t.Errorf("got %q and %q, want %q", seen, rec.Header().Get("Request-Id"), want)
	}
	if got := RequestID(r); got != "" {
		t.Errorf("without Identify: got %q", got)
	}
}

func TestWriteJSON(t *testing.T) {
	rec := httptest.NewRecorder()
	if err := WriteJSON(rec, http.StatusCreated, map[string]string{"m": "a<b&c"}); err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(rec.Body)
	if err != nil || string(body) != `{"m":"a<b&c"}` || rec.Code != http.StatusCreated || rec.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("got %d %s %v, %v", rec.Code, body, rec.Header(), err)
	}
	rec = httptest.NewRecorder()
	rec.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if err := WriteJSON(rec, http.StatusOK, 1); err != nil || rec.Header().Get("Content-Type") != "application/json;charset=UTF-8" {
		t.Errorf("got %v, %v", rec.Header(), err)
	}
	rec = httptest.NewRecorder()
	if err := WriteJSON(rec, http.StatusOK, func() {}); err == nil || rec.Body.Len() > 0 || len(rec.Header()) > 0 {
		t.Errorf("what cannot be encoded: got %v, wrote %q", err, rec.Body)
	}
}
