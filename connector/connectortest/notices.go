package connectortest

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
)

func (s *suite) notifier(t *testing.T) connector.Notifier {
	t.Helper()
	n, ok := s.Connector.(connector.Notifier)
	if !ok || s.Notices == nil {
		t.Skip("no callbacks")
	}
	return n
}

// authentic makes a payment whose callback is at hand.
func (s *suite) authentic(t *testing.T) (connector.Request, Notice) {
	t.Helper()
	req := s.request(s.Kinds[len(s.Kinds)-1], eur(1050))
	list := s.Notices(t, req, s.At)
	if len(list) == 0 {
		t.Fatal("no callback came")
	}
	return req, list[len(list)-1]
}

func read(n connector.Notifier, h map[string]string, body []byte, at time.Time) (connector.Notice, error) {
	return n.ParseNotice(func(name string) string { return h[name] }, body, at)
}

func notices(t *testing.T, s *suite) {
	n := s.notifier(t)
	req, msg := s.authentic(t)
	got, err := read(n, msg.Headers, msg.Body, s.At)
	if err != nil {
		t.Fatalf("an authentic callback is refused: %v", err)
	}
	if got.Kind == connector.Transfer {
		s.arrival(t, req, got)
		return
	}
	if got.Attempt != req.Attempt || got.Account != req.Account || got.ID == "" {
		t.Errorf("the callback speaks of %s at %q, id %q; want %s at %q", got.Attempt, got.Account, got.ID, req.Attempt, req.Account)
	}
	if got.Result.State != connector.Approved || got.Result.Amount != req.Amount || got.Result.Reference != s.look(req).Reference {
		t.Errorf("the callback says %+v", got.Result)
	}
	if again, err := read(n, msg.Headers, msg.Body, s.At); err != nil || again.ID != got.ID {
		t.Errorf("the same callback again has id %q (%v), want %q", again.ID, err, got.ID)
	}
}

// arrival checks a callback that tells of money which came for a request.
func (s *suite) arrival(t *testing.T, req connector.Request, got connector.Notice) {
	t.Helper()
	list := got.Result.Arrivals
	if got.Attempt != "" || got.Account != req.Account || got.ID == "" || len(list) != 1 {
		t.Fatalf("the callback about money that came is %+v", got)
	}
	if a := list[0]; a.Reference == "" || a.Quoted != req.Quote || a.Amount != req.Amount || a.Payer == "" {
		t.Errorf("the callback tells of %+v, want %v for %s", a, req.Amount, req.Quote)
	}
	if told := s.look(req).Arrivals; len(told) != 1 || told[0] != list[0] {
		t.Errorf("Lookup tells of %+v, the callback of %+v", told, list)
	}
}

// forged spoils an authentic callback in every way and expects one answer.
func forged(t *testing.T, s *suite) {
	n := s.notifier(t)
	_, msg := s.authentic(t)
	refuse := func(why string, h map[string]string, body []byte, at time.Time) {
		t.Helper()
		got, err := read(n, h, body, at)
		if code := fault.Code(err); code != "unauthenticated.signature" {
			t.Errorf("%s: %q and %+v, want unauthenticated.signature", why, code, got)
		}
	}
	refuse("no headers", nil, msg.Body, s.At)
	refuse("no body", msg.Headers, nil, s.At)
	refuse("a space more", msg.Headers, append([]byte(" "), msg.Body...), s.At)
	refuse("cut short", msg.Headers, msg.Body[:len(msg.Body)-1], s.At)
	refuse("an hour old", msg.Headers, msg.Body, s.At.Add(time.Hour))
	refuse("from the future", msg.Headers, msg.Body, s.At.Add(-time.Hour))
	for i := range msg.Body {
		body := append([]byte(nil), msg.Body...)
		body[i] ^= 1
		refuse(fmt.Sprintf("byte %d changed", i), msg.Headers, body, s.At)
	}
	for name, value := range msg.Headers {
		if strings.EqualFold(name, "Content-Type") || value == "" {
			continue
		}
		for why, bad := range map[string]string{"missing": "", "cut short": value[:len(value)-1], "longer": value + "0", "changed": flip(value)} {
			h := maps.Clone(msg.Headers)
			h[name] = bad
			refuse(name+" "+why, h, msg.Body, s.At)
		}
	}
}

// flip changes the last character of a text.
func flip(s string) string {
	last := s[len(s)-1]
	if last == '0' {
		return s[:len(s)-1] + "1"
	}
	return s[:len(s)-1] + "0"
}

// secrets prints everything that a connector hands out, in every way.
func secrets(t *testing.T, s *suite) {
	if len(s.Secrets) == 0 {
		t.Fatal("the kit names no secret: at least the card's number or the connector's key is one")
	}
	req := s.request(s.Kinds[0], eur(1050))
	values := map[string]any{"connector": s.Connector, "in a struct": struct{ c connector.Connector }{s.Connector}, "spec": s.Spec(), "request": req}
	if req.Card != nil {
		values["card"] = *req.Card
	}
	values["result"] = s.pay(t, req)
	values["lookup"] = s.look(req)
	values["books"] = s.Books(t)
	if n, ok := s.Connector.(connector.Notifier); ok && s.Notices != nil {
		_, msg := s.authentic(t)
		values["headers"], values["body"] = msg.Headers, string(msg.Body)
		notice, err := read(n, msg.Headers, msg.Body, s.At)
		_, bad := read(n, nil, msg.Body, s.At)
		values["notice"], values["errors"] = notice, []string{fmt.Sprint(err), fmt.Sprint(bad)}
	}
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			s.clean(t, name+" with "+verb, fmt.Sprintf(verb, v))
		}
		if text, err := json.Marshal(v); err == nil {
			s.clean(t, name+" as JSON", string(text))
		}
	}
}

func (s *suite) clean(t *testing.T, where, text string) {
	t.Helper()
	for i, secret := range s.Secrets {
		if secret != "" && strings.Contains(text, secret) {
			t.Errorf("%s: secret number %d is printed", where, i+1)
		}
	}
}
