package april

import (
	"encoding/json"

	"github.com/florinpay/florin/core/customer"
)

const memberID idKind = "mktpcust"

// consumerMember and organisationMember are customers of a marketplace as the
// contract shows them (sheet, 5.10).
type consumerMember struct {
	MarketplaceCustomerID string          `json:"marketplaceCustomerId"`
	MarketplaceID         string          `json:"marketplaceId"`
	GivenName             string          `json:"givenName,omitempty"`
	MiddleName            string          `json:"middleName,omitempty"`
	FamilyName            string          `json:"familyName,omitempty"`
	EmailAddress          string          `json:"emailAddress"`
	IsVerified            bool            `json:"isVerified"`
	PhoneNumber           string          `json:"phoneNumber,omitempty"`
	Metadata              json.RawMessage `json:"metadata,omitempty"`
	CreatedAt             *string         `json:"createdAt"`
	UpdatedAt             *string         `json:"updatedAt"`
	ReferenceCustomerID   string          `json:"referenceCustomerId,omitempty"`
}

type organisationMember struct {
	MarketplaceCustomerID     string          `json:"marketplaceCustomerId"`
	MarketplaceID             string          `json:"marketplaceId"`
	ReferenceCustomerID       string          `json:"referenceCustomerId,omitempty"`
	OrganisationName          string          `json:"organisationName"`
	TaxID                     string          `json:"taxId,omitempty"`
	OrganisationKyced         bool            `json:"organisationKyced"`
	OrganisationCreditChecked bool            `json:"organisationCreditChecked"`
	EmailAddress              string          `json:"emailAddress"`
	PhoneNumber               string          `json:"phoneNumber,omitempty"`
	Address                   *orderAddress   `json:"address,omitempty"`
	Metadata                  json.RawMessage `json:"metadata,omitempty"`
	CreatedAt                 *string         `json:"createdAt"`
	UpdatedAt                 *string         `json:"updatedAt"`
}

func showMember(m customer.Member) map[string]any {
	id, market := memberID.wire(m.ID), marketplaceID.wire(m.Marketplace)
	if m.Kind == customer.Organisation {
		return tagged("OrganisationMarketplaceCustomer", organisationMember{MarketplaceCustomerID: id, MarketplaceID: market, ReferenceCustomerID: m.Reference,
			OrganisationName: m.Company, TaxID: m.Details.TaxID, OrganisationKyced: m.Details.Kyced, OrganisationCreditChecked: m.Details.CreditChecked,
			EmailAddress: m.Email, PhoneNumber: m.Phone, Address: showAddress(m.Details.Address), Metadata: json.RawMessage(m.Details.Metadata),
			CreatedAt: stamp(m.CreatedAt), UpdatedAt: changed(m.CreatedAt, m.UpdatedAt)})
	}
	return tagged("ConsumerMarketplaceCustomer", consumerMember{MarketplaceCustomerID: id, MarketplaceID: market, GivenName: m.GivenName, MiddleName: m.Middle,
		FamilyName: m.Surname, EmailAddress: m.Email, IsVerified: m.Verified, PhoneNumber: m.Phone, Metadata: json.RawMessage(m.Details.Metadata),
		CreatedAt: stamp(m.CreatedAt), UpdatedAt: changed(m.CreatedAt, m.UpdatedAt), ReferenceCustomerID: m.Reference})
}

// upsertMember is UpsertMarketplaceCustomer: the record of the same e-mail
// address within the marketplace is brought up to date, or made.
func (s *Surface) upsertMember(c *call) (any, error) {
	variant, in, err := c.body.variant("UpsertConsumerMarketplaceCustomer", "UpsertOrganisationMarketplaceCustomer")
	if err != nil {
		return nil, err
	}
	wish := customer.Customer{Kind: customer.Consumer, Reference: in.text("referenceCustomerId"), Email: in.needLike("emailAddress", emailForm, emailWhat),
		Phone: in.like("phoneNumber", phoneForm, phoneWhat), Details: customer.Details{Metadata: in.metadata("metadata")}}
	if variant == "UpsertOrganisationMarketplaceCustomer" {
		wish.Kind, wish.Company = customer.Organisation, in.need("organisationName")
		wish.Details.TaxID, wish.Details.Address = in.text("taxId"), readOrderAddress(in, "address")
	} else {
		wish.GivenName, wish.Middle, wish.Surname = in.text("givenName"), in.text("middleName"), in.text("familyName")
	}
	verified, kyced, checked := in.maybe("isVerified"), in.maybe("organisationKyced"), in.maybe("organisationCreditChecked")
	if err := in.err(); err != nil {
		return nil, err
	}
	m, err := s.Customers.UpsertMember(c.r.Context(), c.actor.Realm, customer.Member{Customer: wish, Marketplace: c.market}, func(m *customer.Member) {
		email := m.Email // as it was first written: it is the key
		update(&m.Customer, wish)
		m.Email = email
		if wish.Kind == customer.Consumer {
			set(&m.Verified, verified)
		} else {
			set(&m.Details.Kyced, kyced)
			set(&m.Details.CreditChecked, checked)
		}
	})
	if err != nil {
		return nil, err
	}
	return showMember(m), nil
}

// memberSorts are what the list may be sorted by.
var memberSorts = map[string]string{"marketplaceCustomerId": "id", "createdAt": "createdAt", "updatedAt": "updatedAt", "emailAddress": "email",
	"givenName": "givenName", "familyName": "surname", "organisationName": "company", "referenceCustomerId": "reference"}

// listMembers is QueryMarketplaceCustomers.
func (s *Surface) listMembers(c *call) (any, error) {
	q := c.query
	f := customer.Filter{IDs: memberID.parseAll(q.list("marketplaceCustomerId")), Marketplace: c.market, Emails: q.list("emailAddress"), Name: q.one("name"), Page: q.page(memberSorts)}
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	list, total, err := s.Customers.Members(c.r.Context(), c.actor.Realm, f)
	c.found(total, f.Page)
	out := make([]map[string]any, len(list))
	for i, m := range list {
		out[i] = showMember(m)
	}
	return out, err
}

// marketplaceBody is a marketplace as it is shown.
type marketplaceBody struct {
	MarketplaceID string  `json:"marketplaceId"`
	Name          string  `json:"name"`
	Status        string  `json:"status"`
	MerchantID    string  `json:"merchantId,omitempty"` // that it is itself
	CreatedAt     *string `json:"createdAt"`
}

// getMarketplace is GetMarketplace.
func (s *Surface) getMarketplace(c *call) (any, error) {
	id, ok := marketplaceID.parse(c.id)
	if !ok || c.market != "" && id != c.market {
		return nil, errNoMarketplace
	}
	m, err := s.Merchants.Marketplace(c.r.Context(), c.actor.Realm, id)
	if err != nil {
		return nil, err
	}
	return marketplaceBody{MarketplaceID: marketplaceID.wire(m.ID), Name: m.Name, Status: "Active", MerchantID: merchantID.wire(m.Merchant), CreatedAt: stamp(m.CreatedAt)}, nil
}
