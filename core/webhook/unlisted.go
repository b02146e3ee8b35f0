package webhook

import (
	"context"
	"strings"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Unlisted is a server that payments of a merchant name and that is not called,
// since its host is on no list of hosts that may be.
type Unlisted struct {
	Merchant ident.ID
	Host     string // with its scheme and port, as far as the payment named any
	Messages int64  // that were not written
	FirstAt  time.Time
	LastAt   time.Time
}

// How many hosts of a merchant are told apart, how long a name of one may be,
// and under which name the messages for all others are counted: what a payment
// names is the caller's, and must not fill the table.
const (
	manyUnlisted = 100
	longestHost  = 120
	otherHosts   = "(others)"
)

// Unlisted lists the servers of a realm that are not called, those of the last
// message first. Sweep forgets those of which nothing was heard for long.
func (s *Service) Unlisted(ctx context.Context, realm ident.ID) (list []Unlisted, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = unlisted(tx)
		return err
	})
	return list, err
}

// countUnlisted counts a message that a server does not get.
func countUnlisted(tx *store.Tx, merchant ident.ID, host string) error {
	host = nameOf(host)
	known, err := addUnlisted(tx, merchant, host)
	if known || err != nil {
		return err
	}
	n, err := unlistedOf(tx, merchant)
	if err != nil {
		return err
	}
	if n >= manyUnlisted {
		host = otherHosts
	}
	return makeUnlisted(tx, merchant, host)
}

// nameOf makes a host fit for a row and for an operator's screen.
func nameOf(host string) string {
	host = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, host)
	return host[:min(len(host), longestHost)]
}
