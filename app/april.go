package app

import (
	"context"
	"fmt"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/web/dev"
)

// SandboxApril are the credentials of the April contract.
type SandboxApril struct {
	Base           string `json:"base"`
	PublicKey      string `json:"publicKey"`
	SecretKey      string `json:"secretKey"`
	MarketplaceKey string `json:"marketplaceKey"`
	MarketplaceID  string `json:"marketplaceId"`
	MerchantID     string `json:"merchantId"`
	CustomerID     string `json:"customerId"`
}

const (
	devMarketplace   = "Florin Market"
	devCustomerEmail = "noa.berg@example.com"
)

// furnishApril gives the test merchant a marketplace, a customer and keys of
// the contract, or finds those of an earlier start. Secrets are kept as hashes,
// so those are new each time.
func (a *App) furnishApril(ctx context.Context, realm access.Realm, owner ident.ID) (out SandboxApril, err error) {
	market, err := a.Merchants.AddMarketplace(ctx, realm.ID, devBy, devMarketplace)
	if fault.Is(err, "conflict.name") {
		market, err = a.Merchants.MarketplaceByName(ctx, realm.ID, devMarketplace)
	}
	if err != nil {
		return out, err
	}
	found, err := a.Merchants.Find(ctx, realm.ID, owner)
	if err == nil && found.Marketplace == "" {
		found, err = a.Merchants.Change(ctx, realm.ID, devBy, owner, func(m *merchant.Merchant) error {
			m.Marketplace = market.ID
			m.Business.TimeZone, m.Business.Email, m.Business.Phone = "Europe/Oslo", "post@lind.example", "+4722000000"
			return nil
		})
	}
	if err != nil {
		return out, err
	}
	if err := a.devSettles(ctx, realm, found); err != nil {
		return out, err
	}
	payer, err := a.Customers.Upsert(ctx, realm.ID, customer.Customer{Merchant: owner, Kind: customer.Consumer, Email: devCustomerEmail}, func(c *customer.Customer) {
		c.Reference, c.GivenName, c.Surname, c.Phone, c.Verified = "SHOP-77", "Noa", "Berg", "+61400000001", true
	})
	if err != nil {
		return out, err
	}
	out = SandboxApril{Base: a.BaseURL + "/april", MarketplaceID: april.MarketplaceName(market.ID), MerchantID: april.MerchantName(found.ID), CustomerID: april.CustomerName(payer.ID)}
	if out.PublicKey, err = a.April.PublicKey(ctx, realm, owner); err != nil {
		return out, err
	}
	for _, k := range []struct {
		kind   april.Credential
		holder april.Holder
		value  *string
	}{{april.SecretKey, april.Holder{Merchant: owner}, &out.SecretKey}, {april.MarketplaceKey, april.Holder{Marketplace: market.ID}, &out.MarketplaceKey}} {
		_, token, err := a.April.MakeKey(ctx, realm, devBy, k.kind, k.holder, access.Key{Label: "florin dev"})
		if err != nil {
			return out, err
		}
		*k.value = token.Reveal()
	}
	return out, nil
}

// devSettles gives the test merchant a bank account and a settlement plan, so
// that its payouts are not empty, or leaves it those of an earlier start.
func (a *App) devSettles(ctx context.Context, realm access.Realm, m merchant.Found) error {
	_, err := a.Settlement.Plan(ctx, realm.ID, m.ID)
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	if len(m.Accounts) == 0 {
		if _, err := a.Merchants.AddAccount(ctx, realm.ID, devBy, m.ID, devBank, true); err != nil {
			return err
		}
	}
	_, err = a.Settlement.SavePlan(ctx, realm.ID, audit.By{Actor: "florin dev"}, settlement.Plan{Merchant: m.ID, Currency: "AUD", Terms: devTerms})
	return err
}

var (
	devBank = merchant.BankAccount{Holder: "Lind Media", Region: merchant.Australia, BankCode: "062000", Number: "12345678", Currency: "AUD"}
	// devTerms are 1.75 % and 30 cents of a card payment in Australian dollars.
	devTerms = settlement.Terms{Mode: settlement.Net, TaxCountry: "AU", HandPayouts: true, DisputeFee: 2500,
		Rules: []settlement.Rule{{Method: method.Card, Currency: "AUD", BasisPoints: 175, Fixed: 30}}}
)

// aprilContract is the contract's part of the start page.
func aprilContract(s Sandbox) dev.Contract {
	c := s.April
	call := func(method, path, key, body string) string {
		line := fmt.Sprintf("curl -X %s %s%s \\\n  -H 'Authorization: Bearer %s'", method, c.Base, path, key)
		if body != "" {
			line += " \\\n  -H 'Content-Type: application/json' \\\n  -d '" + body + "'"
		}
		return line
	}
	token := call("POST", "/tokens", c.PublicKey,
		`{"CreateCardToken":{"amount":{"minorCurrencyUnits":12500,"currency":"AUD"},"card":{"cardNumber":"4242424242424242","expMonth":8,"expYear":2032,"cvc":"123"}}}`)
	order := call("POST", "/orders", c.SecretKey, `{"CreateOnlineOrder":{"referenceOrderId":"10045","amount":{"minorCurrencyUnits":12500,"currency":"AUD"},"description":"Kite"}}`)
	return dev.Contract{Name: "April", About: "The April 3.0 platform: JSON with tagged one-ofs. All but its credit half: no pay plans, loans, issued cards or PayTo yet.",
		Base: c.Base, Docs: "/docs/april",
		Values: []dev.Value{{Name: "Secret key", Value: c.SecretKey, Help: "of the merchant; in the Authorization header, after Bearer"},
			{Name: "Publishable key", Value: c.PublicKey, Help: "for the browser"}, {Name: "Marketplace key", Value: c.MarketplaceKey, Help: "names the merchant in Merchant-Id"},
			{Name: "marketplaceId", Value: c.MarketplaceID}, {Name: "merchantId", Value: c.MerchantID}, {Name: "customerId", Value: c.CustomerID}},
		Samples: []dev.Sample{
			{Title: "1. Make a payment token of a card", Command: token},
			{Title: "2. Make an order of the same amount", Command: order},
			{Title: "3. Pay the order with the token", Command: "ORDER=...   # the orderId of 2\nTOKEN=...   # the paymentTokenId of 1\n" +
				call("POST", "/orders/$ORDER/pay", c.SecretKey, `{"PayByCard":{"paymentTokenId":"'$TOKEN'"}}`)},
			{Title: "Send a payment link; it lands in the outbox, and magicLink opens the page", Command: call("POST", "/orders", c.SecretKey,
				`{"CreatePayByLink":{"referenceOrderId":"10050","amount":{"minorCurrencyUnits":12500,"currency":"AUD"},"description":"Kite repair","emailAddress":"`+devCustomerEmail+`"}}`)},
			{Title: "See what was paid", Command: call("GET", "/transactions", c.SecretKey, "")},
			{Title: "Sign a customer in", Command: call("POST", "/auth/signin", c.SecretKey, `{"SignInConsumer":{"customerId":"`+c.CustomerID+`"}}`)},
			{Title: "Make a sub-merchant", Command: call("POST", "/merchants", c.MarketplaceKey, `{"CreateServiceProviderSubmerchant":{"businessProfile":{"businessName":"Kite Repairs",`+
				`"timeZone":"Australia/Sydney","tradingCountry":"AU","contactEmailAddress":"ops@kite.example","phoneNumber":"+61400000002"}}}`)},
		}}
}
