package april

import "github.com/florinpay/florin/core/customer"

const memberID idKind = "mktpcust"

// showMember puts a marketplace's customer into its variant.
func showMember(m customer.Member) map[string]any {
	return showPerson(m.Customer, "MarketplaceCustomer", whose{MarketplaceCustomerID: memberID.wire(m.ID), MarketplaceID: marketplaceID.wire(m.Marketplace)})
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
	made := readChecks(in)
	if err := in.err(); err != nil {
		return nil, err
	}
	m, err := s.Customers.UpsertMember(c.r.Context(), c.actor.Realm, customer.Member{Customer: wish, Marketplace: c.market}, func(m *customer.Member) {
		email := m.Email // as it was first written: it is the key
		update(&m.Customer, wish)
		m.Email = email
		made.note(&m.Customer)
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
	return each(list, showMember), err
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
