package webhook

import (
	"context"
	"testing"
)

// A sender without a network hands over what the guard lets through, and that
// alone.
func TestSenderTo(t *testing.T) {
	var took []Post
	s := NewSenderTo(Guard{}, func(_ context.Context, p Post) Answer {
		took = append(took, p)
		return Answer{Status: 204}
	})
	good := Post{URL: "https://shop.example/hook", Body: []byte("{}")}
	if a := s.Send(t.Context(), good); !a.OK() || len(took) != 1 || took[0].URL != good.URL || string(took[0].Body) != "{}" {
		t.Errorf("got %+v, and %d messages", a, len(took))
	}
	if a := s.Send(t.Context(), Post{URL: "http://127.0.0.1/"}); a.OK() || len(took) != 1 {
		t.Errorf("what the guard refuses: got %+v, and %d messages", a, len(took))
	}
}
