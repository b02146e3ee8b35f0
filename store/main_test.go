package store_test

import (
	"os"
	"testing"

	"github.com/florinpay/florin/store/storetest"
)

// TestMain also serves as the main function of the processes that the tests
// start to be refused, killed or starved.
func TestMain(m *testing.M) {
	if role := os.Getenv("FLORIN_STORE_CHILD"); role != "" {
		os.Exit(child(role))
	}
	storetest.Main(m)
}

// twice says whether the tests run with every function run twice.
func twice() bool { return os.Getenv("FLORIN_TEST_TWICE") == "1" }
