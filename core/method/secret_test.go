package method

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestSecretNeverPrints prints secrets in every verb and place: verbs that do
// not fit and fields that are not exported make fmt pass methods by.
func TestSecretNeverPrints(t *testing.T) {
	type card struct{ Number, hidden Secret }
	s := Conceal("4200000000000000")
	for _, v := range []any{s, &s, card{s, s}, &card{s, s}, struct{ c *card }{&card{s, s}}, []Secret{s}, map[string]Secret{"n": s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%U"} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "4200") || strings.Contains(strings.ToLower(got), "34323030") {
				t.Errorf("%T with %s prints the text", v, verb)
			}
		}
		if got, err := json.Marshal(v); err != nil || strings.Contains(string(got), "4200") {
			t.Errorf("%T as JSON prints the text (%v)", v, err)
		}
	}
	if s.Reveal() != "4200000000000000" || s.Empty() || !Conceal("").Empty() || Conceal("").Reveal() != "" {
		t.Error("a secret does not keep its text")
	}
}
