package gateway_test

import (
	"testing"

	"github.com/florinpay/florin/api/wire/script"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// TestScripts plays the contract's examples. On PostgreSQL too: the answers
// are the same.
func TestScripts(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			if engine != "sqlite" && script.Updating() {
				t.Skip("one engine writes the answers")
			}
			script.Run(t, "testdata", func(t *testing.T) *script.Bench { return open(t, engine).bench() })
		})
	}
}
