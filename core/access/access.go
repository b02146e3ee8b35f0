// Package access says who asks and what they may do: realms (one organisation
// in one environment, live or test), the keys that open them, and the actor a
// key stands for. Keys are shown once and kept as a keyed hash.
package access

import (
	"slices"
	"strings"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
)

// Environment of a realm. The two never mix: every row and every key belongs
// to one realm and so to one environment.
type Environment string

const (
	Live Environment = "live"
	Test Environment = "test"
)

// Realm is one organisation in one environment: the wall that no row crosses.
type Realm struct {
	ID           ident.ID
	Organisation string
	Environment  Environment
	CreatedAt    time.Time
}

// Permission is one thing an actor may do.
type Permission string

const (
	Pay      Permission = "pay"      // start payments and checkouts
	Credit   Permission = "credit"   // pay out without an earlier payment
	Capture  Permission = "capture"  // capture and void
	Refund   Permission = "refund"   // give money back
	Read     Permission = "read"     // see payments and checkouts
	Register Permission = "register" // keep, use and delete payment sources
	Settings Permission = "settings" // webhooks, profiles
	Review   Permission = "review"   // decide what waits for a human; no key of a merchant's server has it
	Sandbox  Permission = "sandbox"  // move a test realm's clock, play outside events
)

// Everything is what a merchant's server key may do by default. Credit is
// apart: paying out without an earlier payment needs a right of its own.
var Everything = []Permission{Pay, Capture, Refund, Read, Register, Settings, Sandbox}

// Actor is who asks, once their key has been checked.
type Actor struct {
	Realm       ident.ID
	Environment Environment
	Key         ident.ID
	Kind        string // which contract's key: gateway ...
	May         []Permission
	Merchants   []ident.ID // empty: every merchant of the realm, or of the marketplace
	Marketplace ident.ID   // empty: none in particular
	Customer    ident.ID   // empty: none in particular
}

// Need returns forbidden.permission unless the actor may do p.
func (a Actor) Need(p Permission) error {
	if slices.Contains(a.May, p) {
		return nil
	}
	return fault.New("forbidden.permission", "this key may not %s", p)
}

// NeedMerchant returns not_found.merchant unless the actor may act for id: a
// foreign merchant looks exactly like a missing one. Whoever has a marketplace
// has no merchant until it is known to be the marketplace's: see For.
func (a Actor) NeedMerchant(id ident.ID) error {
	everyone := len(a.Merchants) == 0 && a.Marketplace == "" && a.Customer == ""
	if everyone || slices.Contains(a.Merchants, id) {
		return nil
	}
	return fault.New("not_found.merchant", "no such merchant")
}

// For narrows the actor to one merchant, which the caller has found to be the
// actor's.
func (a Actor) For(merchant ident.ID) Actor {
	a.Merchants = []ident.ID{merchant}
	return a
}

// Key is a credential without its secret.
type Key struct {
	Realm       ident.ID
	ID          ident.ID
	Version     int64
	Kind        string
	Label       string
	May         []Permission
	Merchants   []ident.ID
	Marketplace ident.ID
	Customer    ident.ID
	Shown       string // the token of a public key, which anyone may see; "" for all others
	MadeBy      string // who asked for it, in the words of the surface; "" for us
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ExpiresAt   time.Time // zero: never
	DisabledAt  time.Time // zero: enabled
	RevokedAt   time.Time // zero: not revoked

	hash string
}

// usable says whether the key opens anything at the given moment.
func (k Key) usable(at time.Time) bool {
	return k.RevokedAt.IsZero() && k.DisabledAt.IsZero() && (k.ExpiresAt.IsZero() || at.Before(k.ExpiresAt))
}

func joinPermissions(may []Permission) string {
	words := make([]string, len(may))
	for i, p := range may {
		words[i] = string(p)
	}
	return strings.Join(words, " ")
}

func splitPermissions(s string) []Permission {
	var may []Permission
	for _, w := range strings.Fields(s) {
		may = append(may, Permission(w))
	}
	return may
}

func joinIDs(ids []ident.ID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, " ")
}

func splitIDs(s string) []ident.ID {
	var ids []ident.ID
	for _, w := range strings.Fields(s) {
		ids = append(ids, ident.ID(w))
	}
	return ids
}
