package store_test

import (
	"os"
	"testing"

	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// twice says whether the tests run with every function run twice.
func twice() bool { return os.Getenv("FLORIN_TEST_TWICE") == "1" }
