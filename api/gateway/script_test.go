package gateway_test

import (
	"testing"

	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/api/wire/script"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// TestScripts plays the contract's examples.
func TestScripts(t *testing.T) {
	apitest.Scripts(t, func(t *testing.T, engine string) *script.Bench { return open(t, engine).bench() })
}
