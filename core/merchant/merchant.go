// Package merchant keeps who sells: merchants, and their profiles (a point of
// sale, a channel, a brand: the gateway contract calls it an entity), each
// with the settings that decide what it may do.
package merchant

import (
	"slices"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Merchant sells and is owed the money.
type Merchant struct {
	ID          ident.ID
	Version     int64
	Code        string // unique in the realm
	Name        string
	Country     string // ISO 3166-1 alpha-2, or empty
	Enabled     bool
	Marketplace ident.ID // empty: stands alone
	Grade       Grade
	State       State
	Reference   string // the marketplace's own name for it, need not be unique
	Business    Business
	Payouts     Payouts
	CreatedAt   time.Time
	UpdatedAt   time.Time // zero when never changed
}

// Profile is one way in which a merchant sells.
type Profile struct {
	Realm     ident.ID
	ID        ident.ID
	Version   int64
	Merchant  ident.ID
	Code      string // unique in the realm; the gateway's entityId
	Name      string
	Enabled   bool
	Settings  Settings
	CreatedAt time.Time
}

// Settings of a profile. The zero value of each means "no restriction" or the
// default that the comment names.
type Settings struct {
	Brands          []string                 `json:"brands,omitempty"`
	Currencies      []money.Currency         `json:"currencies,omitempty"`
	Limits          map[money.Currency]int64 `json:"limits,omitempty"` // most minor units of one payment
	Connectors      map[method.Name]string   `json:"connectors,omitempty"`
	Account         string                   `json:"account,omitempty"` // the merchant's account at the provider; default its code
	ThreeDS         bool                     `json:"threeDs,omitempty"`
	TechnicalPasses bool                     `json:"technicalPasses,omitempty"` // pay on although authentication failed technically
	Notifications   bool                     `json:"notifications,omitempty"`   // a payment's own notificationUrl is served
	ReturnHosts     []string                 `json:"returnHosts,omitempty"`
	NotifyHosts     []string                 `json:"notifyHosts,omitempty"`
	UniqueReference bool                     `json:"uniqueReference,omitempty"`
	Contract        string                   `json:"contract,omitempty"`       // strictSeed (default) or oppwaCompat
	HoldDays        int                      `json:"holdDays,omitempty"`       // life of an authorisation, default 7
	RefundDays      int                      `json:"refundDays,omitempty"`     // default 365
	Department      string                   `json:"department,omitempty"`     // the part of the merchant's house that it serves
	Main            bool                     `json:"main,omitempty"`           // taken when a merchant with several profiles names none
	SessionMinutes  int                      `json:"sessionMinutes,omitempty"` // life of a checkout, default 30
	Look            Look                     `json:"look,omitzero"`            // what payers recognise it by
	PendingMinutes  int                      `json:"pendingMinutes,omitempty"` // the payer's time for a redirect, default 30
}

// Hold is how long an authorisation holds.
func (s Settings) Hold() time.Duration { return days(s.HoldDays, 7) }

// RefundWindow is how long after its capture a payment may be refunded.
func (s Settings) RefundWindow() time.Duration { return days(s.RefundDays, 365) }

// SessionLife is how long a checkout stays open.
func (s Settings) SessionLife() time.Duration { return minutes(s.SessionMinutes, 30) }

// PendingLife is how long a payer may take over a redirect.
func (s Settings) PendingLife() time.Duration { return minutes(s.PendingMinutes, 30) }

func days(n, otherwise int) time.Duration { return minutes(n*24*60, otherwise*24*60) }

func minutes(n, otherwise int) time.Duration {
	if n == 0 {
		n = otherwise
	}
	return time.Duration(n) * time.Minute
}

// Check refuses settings that make no sense. Faults: invalid.settings.
func (s Settings) Check() error {
	if s.Contract != "" && s.Contract != "strictSeed" && s.Contract != "oppwaCompat" {
		return fault.At("invalid.settings", "contract", "strictSeed or oppwaCompat")
	}
	for name, n := range map[string]int{"holdDays": s.HoldDays, "refundDays": s.RefundDays, "sessionMinutes": s.SessionMinutes, "pendingMinutes": s.PendingMinutes} {
		if n < 0 || n > 3660*24*60 {
			return fault.At("invalid.settings", name, "not a sensible span of time")
		}
	}
	for _, c := range s.Currencies {
		if !c.Known() {
			return fault.At("invalid.settings", "currencies", "%s is no currency", c)
		}
	}
	for _, b := range s.Brands {
		if method.OfBrand(b) == "" {
			return fault.At("invalid.settings", "brands", "%s is no way to pay", b)
		}
	}
	for c, n := range s.Limits {
		if !c.Known() || n < 0 {
			return fault.At("invalid.settings", "limits", "a limit is minor units of a currency")
		}
	}
	return s.Look.Check()
}

// TakesBrand says whether the profile may be paid with brand.
func (s Settings) TakesBrand(brand string) bool {
	return len(s.Brands) == 0 || slices.Contains(s.Brands, brand)
}

// TakesCurrency says whether the profile may be paid in c.
func (s Settings) TakesCurrency(c money.Currency) bool {
	return len(s.Currencies) == 0 || slices.Contains(s.Currencies, c)
}
