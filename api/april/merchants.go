package april

import (
	"context"
	"encoding/json"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/surcharge"
	"github.com/florinpay/florin/store"
)

// merchantBody is a merchant as the contract shows it (sheet, 3.4).
type merchantBody struct {
	MerchantID          string          `json:"merchantId"`
	MarketplaceID       string          `json:"marketplaceId,omitempty"`
	BusinessProfile     businessProfile `json:"businessProfile"`
	ReferenceMerchantID string          `json:"referenceMerchantId,omitempty"`
	ReadableIdentifier  string          `json:"readableIdentifier,omitempty"`
	Status              string          `json:"status"`
	PayoutDetails       payoutDetails   `json:"payoutDetails"`
	BillingDetails      billingDetails  `json:"billingDetails"`
	MerchantPublicKey   string          `json:"merchantPublicKey,omitempty"`
	BankAccounts        []bankAccount   `json:"bankAccounts"`
	SettlementType      string          `json:"settlementType"`
	IsActivated         bool            `json:"isActivated"`
	Metadata            json.RawMessage `json:"metadata,omitempty"`
	CreatedAt           *string         `json:"createdAt"`
	UpdatedAt           *string         `json:"updatedAt"`
}

type payoutDetails struct {
	PayoutSettings          payoutSettings `json:"payoutSettings"`
	PayoutSchedule          string         `json:"payoutSchedule"`
	AutomatedPayoutsEnabled bool           `json:"automatedPayoutsEnabled"`
	PayoutStatus            string         `json:"payoutStatus"`
}

type billingDetails struct {
	BillingNotificationEmails []string `json:"billingNotificationEmails"`
}

var states = map[merchant.State]string{merchant.Pending: "Pending", merchant.Active: "Active", merchant.Suspended: "Suspended", merchant.Closed: "Closed"}

func showMerchant(f merchant.Found, publicKey string) map[string]any {
	out := merchantBody{MerchantID: merchantID.wire(f.ID), MarketplaceID: marketplaceID.wire(f.Marketplace), BusinessProfile: showProfile(f.Merchant),
		ReferenceMerchantID: f.Reference, Status: states[f.State], MerchantPublicKey: publicKey, BankAccounts: []bankAccount{},
		SettlementType: otherwise(f.Business.Settlement, "Net"), IsActivated: f.State == merchant.Active,
		PayoutDetails: payoutDetails{PayoutSettings: payoutSettings{NotificationEmails: []string{}, NotificationsEnabled: f.Payouts.Notify},
			PayoutSchedule: otherwise(f.Payouts.Schedule, "daily"), AutomatedPayoutsEnabled: !f.Payouts.Manual, PayoutStatus: "Disabled"},
		BillingDetails: billingDetails{BillingNotificationEmails: []string{}}, Metadata: json.RawMessage(f.Business.Metadata),
		CreatedAt: stamp(f.CreatedAt), UpdatedAt: changed(f.CreatedAt, f.UpdatedAt)}
	if f.Code != string(f.ID) {
		out.ReadableIdentifier = f.Code
	}
	if f.Payouts.Emails != nil {
		out.PayoutDetails.PayoutSettings.NotificationEmails = f.Payouts.Emails
	}
	if merchant.PaysOut(f.Accounts) {
		out.PayoutDetails.PayoutStatus = "Enabled"
	}
	for _, a := range f.Accounts {
		out.BankAccounts = append(out.BankAccounts, showAccount(a))
	}
	if f.Grade == merchant.Standard {
		return tagged("StandardMerchant", out)
	}
	return tagged("ServiceProviderMerchant", out)
}

// PublicKey finds the key that a merchant's pages show, or makes it: it comes
// with the merchant.
func (s *Surface) PublicKey(ctx context.Context, realm access.Realm, id ident.ID) (string, error) {
	keys, err := s.publicKeys(ctx, realm.ID, []ident.ID{id})
	if err != nil || keys[id] != "" {
		return keys[id], err
	}
	_, token, err := s.MakeKey(ctx, realm, audit.By{Actor: "florin", Origin: Contract}, PublicKey, Holder{Merchant: id}, access.Key{Label: "publishable key"})
	return token.Reveal(), err
}

// publicKeys finds merchants' newest public keys.
func (s *Surface) publicKeys(ctx context.Context, realm ident.ID, merchants []ident.ID) (map[ident.ID]string, error) {
	no := false
	keys, _, err := s.Access.Search(ctx, realm, access.Filter{Kinds: []string{keyKinds[PublicKey].kind}, Owners: &access.Owners{Merchants: merchants},
		Disabled: &no, Expired: &no, Page: store.Page{Limit: 4 * int64(len(merchants)), Sort: []string{"id"}}})
	out := map[ident.ID]string{}
	for _, k := range keys {
		out[k.Merchants[0]] = k.Shown
	}
	return out, err
}

func (s *Surface) showOne(c *call, f merchant.Found) (any, error) {
	key, err := s.PublicKey(c.r.Context(), c.realm(), f.ID)
	if err != nil {
		return nil, err
	}
	return showMerchant(f, key), nil
}

// addMerchant is CreateMerchant.
func (s *Surface) addMerchant(c *call) (any, error) {
	variant, in, err := c.body.variant("CreateServiceProviderSubmerchant", "CreateSubmerchant")
	if err != nil {
		return nil, err
	}
	m := merchant.Merchant{Marketplace: c.market, Grade: merchant.Skeleton, Reference: in.text("referenceMerchantId"), Code: in.textUpTo("readableIdentifier", 64)}
	if variant == "CreateSubmerchant" {
		m.Grade = merchant.Standard
	}
	readProfile(in.needObject("businessProfile"), &m)
	if payouts, sent := in.object("payoutSettings"); sent {
		readPayouts(payouts, &m.Payouts)
	}
	m.Business.Metadata = in.metadata("metadata")
	var account *merchant.BankAccount
	if bank, sent := in.object("bankAccount"); sent {
		a, err := readAccount(bank)
		if err != nil {
			return nil, err
		}
		account = &a
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	found, err := s.Merchants.AddSub(c.r.Context(), c.actor.Realm, c.by(), m, account)
	if err != nil {
		return nil, err
	}
	return s.showOne(c, found)
}

// getMerchant is GetMerchant.
func (s *Surface) getMerchant(c *call) (any, error) {
	found, err := s.merchantOfPath(c)
	if err != nil {
		return nil, err
	}
	if c.kind == LinkToken {
		key, err := s.PublicKey(c.r.Context(), c.realm(), found.ID)
		return profileForPayer(found, key), err
	}
	return s.showOne(c, found)
}

func (s *Surface) merchantOfPath(c *call) (merchant.Found, error) {
	id, ok := merchantID.parse(c.id)
	if !ok {
		return merchant.Found{}, errNoMerchant
	}
	return s.mayMerchant(c, id)
}

// merchantSorts are what the list may be sorted by.
var merchantSorts = map[string]string{"merchantId": "id", "createdAt": "createdAt", "updatedAt": "updatedAt", "businessName": "name", "status": "state", "referenceMerchantId": "reference"}

// listMerchants is QueryMerchants.
func (s *Surface) listMerchants(c *call) (any, error) {
	q := c.query
	f := merchant.Filter{IDs: c.among(nil), Marketplace: c.market, Name: q.one("businessName"), References: q.list("referenceMerchantId"),
		Active: q.truth("isActivated"), Page: q.page(merchantSorts)}
	if status := q.word("payoutStatus", "Enabled", "Disabled"); status != "" {
		enabled := status == "Enabled"
		f.PaysOut = &enabled
	}
	asked := q.one("marketplaceId")
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	if asked != "" {
		id, ok := marketplaceID.parse(asked)
		if !ok || f.Marketplace != "" && id != f.Marketplace {
			id = nobody
		}
		f.Marketplace = id
	}
	list, total, err := s.Merchants.Search(c.r.Context(), c.actor.Realm, f)
	if err != nil {
		return nil, err
	}
	c.found(total, f.Page)
	ids := each(list, func(m merchant.Found) ident.ID { return m.ID })
	keys, err := s.publicKeys(c.r.Context(), c.actor.Realm, ids)
	return each(list, func(m merchant.Found) map[string]any { return showMerchant(m, keys[m.ID]) }), err
}

// changeMerchant is UpdateMerchant.
func (s *Surface) changeMerchant(c *call) (any, error) {
	variant, in, err := c.body.variant("AddMerchantBankAccount", "SetPrimaryBankAccount", "UpdateBusinessProfile", "UpdatePayoutSettings", "UpdateReferenceMerchantId",
		"UpdateSurchargeRules")
	if err != nil {
		return nil, err
	}
	found, err := s.merchantOfPath(c)
	if err != nil {
		return nil, err
	}
	switch variant {
	case "AddMerchantBankAccount":
		found, err = s.addAccount(c, found.ID, in)
	case "SetPrimaryBankAccount":
		found, err = s.setMain(c, found.ID, in)
	case "UpdateBusinessProfile":
		found, err = s.patch(c, found, in, func(m *merchant.Merchant) { patchProfile(in, m) })
	case "UpdatePayoutSettings":
		found, err = s.patch(c, found, in, func(m *merchant.Merchant) { readPayouts(in, &m.Payouts) })
	case "UpdateSurchargeRules":
		err = s.setRules(c, surcharge.Owner{Kind: surcharge.Merchant, ID: found.ID}, in)
	default:
		reference := in.need("referenceMerchantId")
		found, err = s.patch(c, found, in, func(m *merchant.Merchant) { m.Reference = reference })
	}
	if err != nil {
		return nil, err
	}
	return s.showOne(c, found)
}

// patch reads a change once, to see what is wrong with it, and then onto the
// merchant as it is by then.
func (s *Surface) patch(c *call, found merchant.Found, in object, change func(m *merchant.Merchant)) (merchant.Found, error) {
	trial := found.Merchant
	change(&trial)
	if err := in.err(); err != nil {
		return found, err
	}
	return s.Merchants.Change(c.r.Context(), c.actor.Realm, c.by(), found.ID, func(m *merchant.Merchant) error {
		change(m)
		return nil
	})
}

func (s *Surface) addAccount(c *call, id ident.ID, in object) (merchant.Found, error) {
	a, err := readAccount(in)
	main := in.truth("setAsPrimary", false)
	if err == nil {
		err = in.err()
	}
	if err != nil {
		return merchant.Found{}, err
	}
	return s.Merchants.AddAccount(c.r.Context(), c.actor.Realm, c.by(), id, a, main)
}

func (s *Surface) setMain(c *call, id ident.ID, in object) (merchant.Found, error) {
	text := in.need("accountId")
	if err := in.err(); err != nil {
		return merchant.Found{}, err
	}
	account, ok := accountID.parse(text)
	if !ok {
		return merchant.Found{}, errNoAccount
	}
	return s.Merchants.SetMain(c.r.Context(), c.actor.Realm, c.by(), id, account)
}
