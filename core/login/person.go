package login

import (
	"strings"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/notify"
)

// Person is somebody who signs in.
type Person struct {
	Realm      ident.ID
	ID         ident.ID
	Version    int64
	Number     int64  // by which companies know the person: the contract's customerNumber
	UniqueID   string // 32 hex digits, by which clients do
	GivenName  string
	Middle     string
	Surname    string
	Company    string
	Locale     string // in which the person is written to, or ""
	Address    Address
	DisabledAt time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time

	password string // its hash, "" for none
}

// HasPassword says whether the person can sign in with one.
func (p Person) HasPassword() bool { return p.password != "" }

// Address is where a person's post goes, invoices among it.
type Address struct {
	CareOf   string `json:"careOf,omitempty"`
	Street   string `json:"street,omitempty"`
	Number   string `json:"number,omitempty"` // of the house, with its entrance
	Postcode string `json:"postcode,omitempty"`
	City     string `json:"city,omitempty"`
	Country  string `json:"country,omitempty"` // three letters, or ""
	Email    string `json:"email,omitempty"`   // to which invoices go instead, or ""
}

// Check refuses what is no address. Faults: invalid.address.
func (a Address) Check() error {
	for field, value := range map[string]string{"coAddress": a.CareOf, "street": a.Street, "streetNumber": a.Number, "postalCode": a.Postcode, "postalPlace": a.City} {
		if len([]rune(value)) > nameLimit || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return fault.At("invalid.address", field, "a line of an address has at most %d characters", nameLimit)
		}
	}
	if a.Country != "" && (len(a.Country) != 3 || strings.Trim(a.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		return fault.At("invalid.address", "countryCode", "a country has three capital letters")
	}
	if a.Email != "" {
		if _, err := notify.Address(a.Email); err != nil {
			return fault.At("invalid.address", "invoiceEmailAddress", "not an e-mail address")
		}
	}
	return nil
}

// Kind is what a credential is.
type Kind string

// The kinds there are.
const (
	Email    Kind = "email"
	Phone    Kind = "phone"
	External Kind = "external" // a name that another system gave
)

// Level is how sure it is that a credential is the person's (contract sheet
// media, 3.3).
type Level string

// The levels that are given here, and those that imported people may have.
const (
	NotVerified        Level = "notVerified"
	ExternallyVerified Level = "externallyVerified"
	VerificationCode   Level = "verificationCode"
	EnteredPassword    Level = "enteredPassword"
)

// Credential is what somebody signs in with. Written out it is its kind, a
// colon and its value: email:ola@example.com.
type Credential struct {
	Kind    Kind
	Value   string
	Person  ident.ID
	Version int64
	Level   Level
	AddedAt time.Time
}

// String is the credential's name in the database.
func (c Credential) String() string { return string(c.Kind) + ":" + c.Value }

// Read takes what somebody typed for a credential: an e-mail address (whatever
// its case), or a number with its country. Faults: invalid.credential.
func Read(raw string) (Credential, error) {
	raw = strings.TrimSpace(raw)
	if strings.Contains(raw, "@") {
		address, err := notify.Address(raw)
		if err != nil {
			return Credential{}, fault.At("invalid.credential", "credential", "not an e-mail address")
		}
		return Credential{Kind: Email, Value: strings.ToLower(address)}, nil
	}
	number, err := notify.Phone(raw)
	if err != nil {
		return Credential{}, fault.At("invalid.credential", "credential", "an e-mail address, or a number with its country (+47 900 00 001), is needed")
	}
	return Credential{Kind: Phone, Value: number}, nil
}

// split reads a credential's name in the database.
func split(name string) (Kind, string) {
	kind, value, _ := strings.Cut(name, ":")
	return Kind(kind), value
}

// Names are what a person may change of himself.
type Names struct {
	GivenName, Middle, Surname, Company string
	Locale                              string
}

const nameLimit = 100 // characters

// Check refuses what is no name. Faults: invalid.name.
func (n Names) Check() error {
	for field, value := range map[string]string{"firstName": n.GivenName, "middleName": n.Middle, "lastName": n.Surname, "companyName": n.Company} {
		if len([]rune(value)) > nameLimit || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return fault.At("invalid.name", field, "a name has at most %d characters on one line", nameLimit)
		}
	}
	return nil
}
