package april_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/florinpay/florin/api/april"
)

func TestDocumentIsSound(t *testing.T) {
	for _, wrong := range document(t).Sound() {
		t.Error(wrong)
	}
}

// TestDocumentKnowsEveryOperation: what is served is written down, and nothing else.
func TestDocumentKnowsEveryOperation(t *testing.T) {
	var got []string
	for _, o := range april.Operations() {
		if o.Routed() {
			got = append(got, o.Method+" "+o.Path)
		}
	}
	slices.Sort(got)
	if want := document(t).Operations(); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
