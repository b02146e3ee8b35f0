package all

import (
	"testing"

	"github.com/florinpay/florin/connector/fake"
)

func TestAll(t *testing.T) {
	if list := All(Config{}); len(list) != 0 {
		t.Errorf("nothing is set up, but there are %d", len(list))
	}
	p, err := fake.New(fake.Config{})
	if err != nil {
		t.Fatal(err)
	}
	list := All(Config{Fake: p})
	if len(list) != 1 || list[0].Spec().Name != "fake" || !list[0].Spec().TestOnly {
		t.Errorf("%v, want the test provider alone", list)
	}
}
