package april_test

import (
	"testing"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/api/wire/apitest"
)

func TestDocument(t *testing.T) {
	var served []string
	for _, o := range april.Operations() {
		if o.Routed() {
			served = append(served, o.Method+" "+o.Path)
		}
	}
	apitest.Sound(t, served, document(t))
}
