package merchant

import (
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// Marketplace is a level above merchants: a platform that brings merchants
// together and acts for them. A merchant belongs to one marketplace or stands
// alone.
type Marketplace struct {
	ID        ident.ID
	Version   int64
	Name      string   // unique in the realm
	Merchant  ident.ID // that the marketplace is itself, whose its parts of payments are; "" until it has any
	CreatedAt time.Time
}

// Grade is how well a merchant's business was looked at.
type Grade string

const (
	Standard Grade = "standard" // with the full due diligence
	Skeleton Grade = "skeleton" // a marketplace answers for it
)

// State of a merchant.
//
//	pending ──> active <──> suspended ──> closed
type State string

const (
	Pending   State = "pending"
	Active    State = "active"
	Suspended State = "suspended"
	Closed    State = "closed"
)

// Business is what a merchant tells of itself beside its name. Empty: not told.
type Business struct {
	Brand        string   `json:"brand,omitempty"`
	Website      string   `json:"website,omitempty"`
	SupportSite  string   `json:"supportSite,omitempty"`
	TaxID        string   `json:"taxId,omitempty"`
	TaxCountry   string   `json:"taxCountry,omitempty"` // ISO 3166-1 alpha-2
	Kind         string   `json:"kind,omitempty"`       // company, individual ...
	CompanyKind  string   `json:"companyKind,omitempty"`
	Industry     string   `json:"industry,omitempty"`
	TimeZone     string   `json:"timeZone,omitempty"` // IANA
	Contact      Person   `json:"contact,omitzero"`
	Email        string   `json:"email,omitempty"`
	SupportEmail string   `json:"supportEmail,omitempty"`
	Phone        string   `json:"phone,omitempty"` // E.164
	Address      Address  `json:"address,omitzero"`
	Statement    string   `json:"statement,omitempty"` // what payers read on card statements
	SMSSender    string   `json:"smsSender,omitempty"`
	Documents    []string `json:"documents,omitempty"` // "<what>=<id of an uploaded file>"
	Settlement   string   `json:"settlement,omitempty"`
	Metadata     string   `json:"metadata,omitempty"` // a JSON object of the merchant's own, kept as it came
}

// Person to speak to.
type Person struct {
	Title     string `json:"title,omitempty"`
	GivenName string `json:"givenName,omitempty"`
	Surname   string `json:"surname,omitempty"`
}

// Address of a business, in parts.
type Address struct {
	Unit         string `json:"unit,omitempty"`
	StreetNumber string `json:"streetNumber,omitempty"`
	StreetName   string `json:"streetName,omitempty"`
	StreetType   string `json:"streetType,omitempty"`
	Suburb       string `json:"suburb,omitempty"`
	City         string `json:"city,omitempty"`
	State        string `json:"state,omitempty"`
	Postcode     string `json:"postcode,omitempty"`
	Country      string `json:"country,omitempty"`
}

// Payouts says when a merchant is paid what it is owed, and who hears of it.
type Payouts struct {
	Emails   []string `json:"emails,omitempty"`
	Notify   bool     `json:"notify,omitempty"`
	Schedule string   `json:"schedule,omitempty"` // daily (when empty), weekly:<weekday>, monthly:<day>, manual
	Manual   bool     `json:"manual,omitempty"`   // nothing is paid out by itself
}

// Region is a way of naming a bank account.
type Region string

const (
	Australia   Region = "au"
	NewZealand  Region = "nz"
	HongKong    Region = "hk"
	HongKongUSD Region = "hkusd"
	Singapore   Region = "sg"
)

// BankAccount is where a merchant is paid out to.
type BankAccount struct {
	ID         ident.ID
	Version    int64
	Merchant   ident.ID
	Holder     string
	Bank       string
	Region     Region
	BankCode   string // Australia: the BSB; New Zealand: none, the number has it all
	BranchCode string
	Number     string // digits
	Currency   money.Currency
	Main       bool // payouts go there
	CreatedAt  time.Time
}

// PaysOut says whether there is an account that payouts can go to.
func PaysOut(accounts []BankAccount) bool {
	for _, a := range accounts {
		if a.Main {
			return true
		}
	}
	return false
}
