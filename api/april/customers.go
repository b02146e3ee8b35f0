package april

import (
	"encoding/json"
	"regexp"

	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
)

// Forms of texts (sheet, 1.4).
var (
	emailForm   = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	phoneForm   = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
)

const (
	emailWhat   = "an e-mail address"
	phoneWhat   = "a phone number of E.164, +61401234567 for example"
	countryWhat = "a country of ISO 3166-1 alpha-2"
)

// whose says which record of a customer is shown: a merchant's (sheet, 3.3) or
// a marketplace's (5.10).
type whose struct {
	CustomerID            string `json:"customerId,omitempty"`
	MarketplaceCustomerID string `json:"marketplaceCustomerId,omitempty"`
	MerchantID            string `json:"merchantId,omitempty"`
	MarketplaceID         string `json:"marketplaceId,omitempty"`
}

// consumer and organisation are customers as the contract shows them.
type consumer struct {
	whose
	ReferenceCustomerID string          `json:"referenceCustomerId,omitempty"`
	EmailAddress        string          `json:"emailAddress"`
	GivenName           string          `json:"givenName,omitempty"`
	MiddleName          string          `json:"middleName,omitempty"`
	FamilyName          string          `json:"familyName,omitempty"`
	IsVerified          bool            `json:"isVerified"`
	PhoneNumber         string          `json:"phoneNumber,omitempty"`
	Metadata            json.RawMessage `json:"metadata,omitempty"`
	CreatedAt           *string         `json:"createdAt"`
	UpdatedAt           *string         `json:"updatedAt"`
}

type organisation struct {
	whose
	ReferenceCustomerID       string          `json:"referenceCustomerId,omitempty"`
	OrganisationName          string          `json:"organisationName"`
	TaxID                     string          `json:"taxId,omitempty"`
	OrganisationKyced         bool            `json:"organisationKyced"`
	OrganisationCreditChecked bool            `json:"organisationCreditChecked"`
	EmailAddress              string          `json:"emailAddress,omitempty"`
	PhoneNumber               string          `json:"phoneNumber,omitempty"`
	Address                   *orderAddress   `json:"address,omitempty"`
	Metadata                  json.RawMessage `json:"metadata,omitempty"`
	CreatedAt                 *string         `json:"createdAt"`
	UpdatedAt                 *string         `json:"updatedAt"`
}

// orderAddress is an address in lines (sheet, 3).
type orderAddress struct {
	Line1      string `json:"line1,omitempty"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city,omitempty"`
	State      string `json:"state,omitempty"`
	PostalCode string `json:"postalCode,omitempty"`
	Country    string `json:"country,omitempty"`
}

func readOrderAddress(o object, name string) *customer.Address {
	in, sent := o.object(name)
	if !sent {
		return nil
	}
	return &customer.Address{Line1: in.text("line1"), Line2: in.text("line2"), City: in.text("city"), State: in.text("state"),
		Postcode: in.text("postalCode"), Country: in.like("country", countryForm, countryWhat)}
}

// showCustomer puts a merchant's customer into its variant.
func showCustomer(c customer.Customer, marketplace ident.ID) map[string]any {
	return showPerson(c, "Customer", whose{CustomerID: customerID.wire(c.ID), MerchantID: merchantID.wire(c.Merchant), MarketplaceID: marketplaceID.wire(marketplace)})
}

// showPerson shows a record of a customer; variant is how the names of its
// variants end.
func showPerson(c customer.Customer, variant string, w whose) map[string]any {
	if c.Kind == customer.Organisation {
		return tagged("Organisation"+variant, organisation{whose: w, ReferenceCustomerID: c.Reference, OrganisationName: c.Company, TaxID: c.Details.TaxID,
			OrganisationKyced: c.Details.Kyced, OrganisationCreditChecked: c.Details.CreditChecked, EmailAddress: c.Email, PhoneNumber: c.Phone,
			Address: showAddress(c.Details.Address), Metadata: json.RawMessage(c.Details.Metadata), CreatedAt: stamp(c.CreatedAt), UpdatedAt: changed(c.CreatedAt, c.UpdatedAt)})
	}
	return tagged("Consumer"+variant, consumer{whose: w, ReferenceCustomerID: c.Reference, EmailAddress: c.Email, GivenName: c.GivenName, MiddleName: c.Middle,
		FamilyName: c.Surname, IsVerified: c.Verified, PhoneNumber: c.Phone, Metadata: json.RawMessage(c.Details.Metadata), CreatedAt: stamp(c.CreatedAt),
		UpdatedAt: changed(c.CreatedAt, c.UpdatedAt)})
}

// upsertCustomer is UpsertCustomer: the record of the same business key is
// brought up to date, or made (sheet, 5.2).
func (s *Surface) upsertCustomer(c *call) (any, error) {
	variant, in, err := c.body.variant("RegisterPluginConsumerCustomer", "UpsertConsumerCustomer", "UpsertOrganisationCustomer")
	if err != nil {
		return nil, err
	}
	wish := customer.Customer{Merchant: c.acts.ID, Kind: customer.Consumer, Reference: in.text("referenceCustomerId")}
	switch variant {
	case "RegisterPluginConsumerCustomer":
		wish.Reference, wish.Email = in.need("referenceCustomerId"), in.needLike("emailAddress", emailForm, emailWhat)
		wish.GivenName, wish.Surname = in.text("givenName"), in.text("familyName")
	case "UpsertConsumerCustomer":
		wish.Email = in.needLike("emailAddress", emailForm, emailWhat)
		wish.GivenName, wish.Middle, wish.Surname = in.text("givenName"), in.text("middleName"), in.text("familyName")
		wish.Phone, wish.Details.Metadata = in.like("phoneNumber", phoneForm, phoneWhat), in.metadata("metadata")
	case "UpsertOrganisationCustomer":
		wish.Kind, wish.Reference, wish.Company = customer.Organisation, in.need("referenceCustomerId"), in.need("organisationName")
		wish.Email, wish.Phone = in.like("emailAddress", emailForm, emailWhat), in.like("phoneNumber", phoneForm, phoneWhat)
		wish.Details = customer.Details{TaxID: in.text("taxId"), Address: readOrderAddress(in, "address"), Metadata: in.metadata("metadata")}
	}
	made := readChecks(in)
	if err := in.err(); err != nil {
		return nil, err
	}
	known, err := s.Customers.Upsert(c.r.Context(), c.actor.Realm, wish, func(out *customer.Customer) {
		update(out, wish)
		made.note(out)
	})
	return map[string]string{"customerId": customerID.wire(known.ID), "merchantId": merchantID.wire(known.Merchant)}, err
}

// update brings a record up to date: what the wish leaves out stays. The
// address of a consumer stays as it was first written, since it is the key.
func update(out *customer.Customer, wish customer.Customer) {
	out.Reference, out.GivenName, out.Middle = otherwise(wish.Reference, out.Reference), otherwise(wish.GivenName, out.GivenName), otherwise(wish.Middle, out.Middle)
	out.Surname, out.Company, out.Phone = otherwise(wish.Surname, out.Surname), otherwise(wish.Company, out.Company), otherwise(wish.Phone, out.Phone)
	if wish.Kind == customer.Organisation {
		out.Email = otherwise(wish.Email, out.Email)
	}
	out.Details.TaxID, out.Details.Metadata = otherwise(wish.Details.TaxID, out.Details.TaxID), otherwise(wish.Details.Metadata, out.Details.Metadata)
	if wish.Details.Address != nil {
		out.Details.Address = wish.Details.Address
	}
}

// checks are what the merchant has made sure of, as far as it says so.
type checks struct{ verified, kyced, credit *bool }

func readChecks(in object) checks {
	return checks{in.maybe("isVerified"), in.maybe("organisationKyced"), in.maybe("organisationCreditChecked")}
}

func (k checks) note(out *customer.Customer) {
	if out.Kind == customer.Consumer {
		set(&out.Verified, k.verified)
		return
	}
	set(&out.Details.Kyced, k.kyced)
	set(&out.Details.CreditChecked, k.credit)
}

func set(to *bool, v *bool) {
	if v != nil {
		*to = *v
	}
}

// customerSorts are what the list may be sorted by.
var customerSorts = map[string]string{"customerId": "id", "createdAt": "createdAt", "updatedAt": "updatedAt", "emailAddress": "email",
	"givenName": "givenName", "familyName": "surname", "organisationName": "company", "referenceCustomerId": "reference"}

// listCustomers is QueryCustomers.
func (s *Surface) listCustomers(c *call) (any, error) {
	q := c.query
	f := customer.Filter{IDs: customerID.parseAll(q.list("customerId")), Merchants: c.among(merchantID.parseAll(q.list("merchantId"))), Marketplace: c.market,
		Emails: q.list("emailAddress"), Name: q.one("name"), Created: q.between("createdAfter", "createdBefore"), Page: q.page(customerSorts)}
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	list, total, err := s.Customers.Search(c.r.Context(), c.actor.Realm, f)
	if err != nil {
		return nil, err
	}
	c.found(total, f.Page)
	return s.showCustomers(c, list)
}

// showCustomers shows customers, each with its merchant's marketplace.
func (s *Surface) showCustomers(c *call, list []customer.Customer) ([]map[string]any, error) {
	markets := map[ident.ID]ident.ID{}
	out := make([]map[string]any, len(list))
	for i, known := range list {
		market, seen := markets[known.Merchant]
		if !seen {
			owner, err := s.owner(c, known.Merchant)
			if err != nil {
				return nil, err
			}
			market, markets[known.Merchant] = owner.Marketplace, owner.Marketplace
		}
		out[i] = showCustomer(known, market)
	}
	return out, nil
}

// owner finds the merchant of what the caller has been found to see.
func (s *Surface) owner(c *call, id ident.ID) (merchant.Found, error) {
	if c.acts != nil && c.acts.ID == id {
		return *c.acts, nil
	}
	return s.Merchants.Find(c.r.Context(), c.actor.Realm, id)
}

// getCustomer is GetCustomer.
func (s *Surface) getCustomer(c *call) (any, error) {
	known, owner, err := s.mayCustomer(c, c.id)
	if err != nil {
		return nil, err
	}
	return showCustomer(known, owner.Marketplace), nil
}

var errNoDelegate = fault.New("not_found.delegate", "no such delegate")

// customerFilter finds all who have an address.
func customerFilter(email string) customer.Filter {
	return customer.Filter{Emails: []string{email}, Page: store.Page{Limit: maxFilter}}
}
