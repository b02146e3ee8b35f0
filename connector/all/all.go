// Package all is the explicit list of connectors: what is not in it does not
// exist.
package all

import (
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
)

// Config has what each connector was set up with; nil leaves it out.
type Config struct {
	Fake *fake.Provider // the test-mode provider, opened by fake.New
}

// All lists the connectors that are set up.
func All(cfg Config) []connector.Connector {
	var list []connector.Connector
	if cfg.Fake != nil {
		list = append(list, cfg.Fake)
	}
	return list
}
