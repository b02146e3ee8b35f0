package april_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// target is a merchant with one of everything, whom somebody asks about.
type target struct {
	payout, invoice                      string
	realm                                access.Realm
	marketID, merchantID, customerID     ident.ID
	market, merchant, customer, delegate string // on the wire
	secret                               string // the id of its secret key
	account                              string
	order, link                          string // an order by link, and its link's credential
	source, token, blocked               string
	sales
	name string
}

// everyone is who can ask: each kind of credential, of the target that is own.
type everyone map[april.Credential]string

func (h *house) realm(t *testing.T, name string, env access.Environment) access.Realm {
	t.Helper()
	realm, err := h.app.Access.AddRealm(t.Context(), name, env)
	if err != nil {
		t.Fatal(err)
	}
	return realm
}

func (h *house) market(t *testing.T, realm access.Realm, name string) ident.ID {
	t.Helper()
	m, err := h.app.Merchants.AddMarketplace(t.Context(), realm.ID, audit.By{Actor: "test"}, name)
	if err != nil {
		t.Fatal(err)
	}
	return m.ID
}

// furnish makes a target.
func (h *house) furnish(t *testing.T, realm access.Realm, market ident.ID, name string) target {
	t.Helper()
	ctx := t.Context()
	account := merchant.BankAccount{Holder: name, Region: merchant.Australia, BankCode: "062000", Number: "12345678", Currency: "AUD"}
	m, err := h.app.Merchants.AddSub(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Marketplace: market, Name: name, Country: "AU"}, &account)
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.app.Customers.Upsert(ctx, realm.ID, customer.Customer{Merchant: m.ID, Kind: customer.Organisation, Reference: "R", Company: name, Email: "x@example.com"}, func(*customer.Customer) {})
	if err != nil {
		t.Fatal(err)
	}
	d, err := h.app.Customers.Introduce(ctx, realm.ID, market, c.ID, name+"@example.com", func(*customer.Delegate, *customer.Link) {})
	if err != nil {
		t.Fatal(err)
	}
	k, _, err := h.app.April.MakeKey(ctx, realm, audit.By{Actor: "test"}, april.SecretKey, april.Holder{Merchant: m.ID}, access.Key{Label: name})
	if err != nil {
		t.Fatal(err)
	}
	actor := access.Actor{Realm: realm.ID, Environment: realm.Environment, May: access.Everything}
	o, err := h.app.Orders.Create(ctx, actor, order.Order{Merchant: m.ID, Type: order.PayByLink, Customer: c.ID, Reference: "10045", Amount: money.Of(12500, "AUD"), Details: order.Details{Link: &order.Link{Email: "noa.berg@example.com"}}})
	if err != nil {
		t.Fatal(err)
	}
	src, token, blocked := h.fill(t, actor, m.ID, c.ID)
	payout, invoice := h.settles(t, realm, m.ID)
	return h.trade(t, target{payout: payout, invoice: invoice, source: src, token: token, blocked: blocked, order: april.Name("ordr", o.ID), link: h.app.April.LinkToken(realm, o.ID), realm: realm, marketID: market, merchantID: m.ID, customerID: c.ID, market: april.MarketplaceName(market), merchant: april.MerchantName(m.ID),
		customer: april.CustomerName(c.ID), delegate: april.Name("custd", d.ID), secret: april.Name("stkn", k.ID), account: april.Name("xacc", m.Accounts[0].ID), name: name})
}

// fill gives a customer a source that is kept, a token and a card that is
// blocked.
func (h *house) fill(t *testing.T, actor access.Actor, owner, payer ident.ID) (src, token, blocked string) {
	t.Helper()
	ctx, by := t.Context(), audit.By{Origin: "matrix"}
	card := vault.Card{Number: method.Conceal("4242424242424242"), ExpiryMonth: 8, ExpiryYear: 2029, Brand: "VISA"}
	kept, _, err := h.app.Vault.Keep(ctx, actor, idempotency.Key{}, by, vault.Draft{Merchant: owner, Customer: payer, Method: method.Card, Card: card, Active: true,
		Keeping: vault.Keeping{Scope: vault.ByOrganisation}}, method.Conceal("123"))
	if err != nil {
		t.Fatal(err)
	}
	made, err := h.app.Vault.Tokenise(ctx, actor, by, vault.TokenDraft{Merchant: owner, Customer: payer, Kind: vault.OfCard, Amount: money.Of(100, "AUD"), Card: card})
	if err != nil {
		t.Fatal(err)
	}
	var list []vault.BlockedCard
	err = h.app.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		return h.app.Vault.Declined(tx, vault.Decline{Merchant: owner, Customer: payer, Code: fault.DeclinedStolenCard, Face: vault.Face{Brand: "VISA", BIN: "400000", Last4: "9979", Fingerprint: string(owner)}})
	})
	if err == nil {
		list, _, err = h.app.Vault.Blocked(ctx, actor.Realm, vault.BlockedFilter{Merchants: []ident.ID{owner}, Page: store.Page{Limit: 1}})
	}
	if err != nil || len(list) != 1 {
		t.Fatalf("got %v (%v)", list, err)
	}
	return april.Name("psrc", kept.ID), april.Name("ptkn", made.ID), april.Name("bcrd", list[0].ID)
}

// credentials makes one of each kind for a target.
func (h *house) credentials(t *testing.T, own target) everyone {
	t.Helper()
	all := everyone{april.LinkToken: own.link}
	for kind, holder := range map[april.Credential]april.Holder{april.EnterpriseKey: {}, april.MarketplaceKey: {Marketplace: own.marketID}, april.PublicKey: {Merchant: own.merchantID},
		april.SecretKey: {Merchant: own.merchantID}, april.CustomerKey: {Merchant: own.merchantID, Customer: own.customerID}} {
		_, token, err := h.app.April.MakeKey(t.Context(), own.realm, audit.By{Actor: "test"}, kind, holder, access.Key{Label: "matrix"})
		if err != nil {
			t.Fatal(err)
		}
		all[kind] = token.Reveal()
	}
	for kind, who := range map[april.Credential]april.Signed{april.CustomerJWT: {Merchant: own.merchantID, Customer: own.customerID}, april.MerchantJWT: {Merchant: own.merchantID},
		april.MarketplaceJWT: {Marketplace: own.marketID}, april.AdminJWT: {}} {
		who.Kind, who.Realm, who.Subject, who.Life = kind, own.realm, "somebody", time.Hour
		token, err := h.app.April.Sign(who)
		if err != nil {
			t.Fatal(err)
		}
		all[kind] = token
	}
	return all
}

// asked is a request about a target.
type asked struct {
	path, body string
	headers    []string // beside those that a marketplace has to send
	list       bool
}

// about says how each operation that is served is asked about a target. An
// operation without a line here fails the test.
func about(o april.Operation, x target) (asked, bool) {
	profile := `{"businessProfile":{"businessName":"New","timeZone":"Australia/Sydney","tradingCountry":"AU","contactEmailAddress":"a@b.example","phoneNumber":"+61400000002"}}`
	order := `{"CreateOnlineOrder":{"referenceOrderId":"10046","amount":{"minorCurrencyUnits":12500,"currency":"AUD"}}}`
	merchantHeader, marketHeader := []string{"Merchant-Id", x.merchant}, []string{"Marketplace-Id", x.market}
	a, ok := map[string]asked{
		"POST /auth/signin":                {"/auth/signin", `{"SignInOrganisation":{"customerId":"` + x.customer + `","delegateEmailAddress":"` + x.name + `@example.com"}}`, merchantHeader, false},
		"GET /auth/servicetokens":          {"/auth/servicetokens?merchantId=" + x.merchant, "", nil, true},
		"POST /auth/servicetokens":         {"/auth/servicetokens", `{"CreateMerchantSecretToken":{"description":"new"}}`, merchantHeader, false},
		"GET /auth/servicetokens/{id}":     {"/auth/servicetokens/" + x.secret, "", nil, false},
		"PATCH /auth/servicetokens/{id}":   {"/auth/servicetokens/" + x.secret, `{"EnableServiceToken":{}}`, nil, false},
		"GET /customers":                   {"/customers?customerId=" + x.customer, "", nil, true},
		"POST /customers":                  {"/customers", `{"UpsertConsumerCustomer":{"emailAddress":"n@example.com"}}`, merchantHeader, false},
		"GET /customers/{id}":              {"/customers/" + x.customer, "", nil, false},
		"GET /customers/delegates":         {"/customers/delegates?customerDelegateId=" + x.delegate, "", nil, true},
		"POST /customers/delegates":        {"/customers/delegates", `{"customerId":"` + x.customer + `","delegateEmailAddress":"` + x.name + `@example.com"}`, nil, false},
		"GET /customers/delegates/{id}":    {"/customers/delegates/" + x.delegate, "", nil, false},
		"PATCH /customers/delegates/{id}":  {"/customers/delegates/" + x.delegate, `{"LinkCustomerToDelegate":{"customerId":"` + x.customer + `"}}`, nil, false},
		"DELETE /customers/delegates/{id}": {"/customers/delegates/" + x.delegate, "", nil, false},
		"GET /merchants":                   {"/merchants?marketplaceId=" + x.market, "", nil, true},
		"POST /merchants":                  {"/merchants", `{"CreateServiceProviderSubmerchant":` + profile + `}`, marketHeader, false},
		"GET /merchants/{id}":              {"/merchants/" + x.merchant, "", nil, false},
		"PATCH /merchants/{id}":            {"/merchants/" + x.merchant, `{"SetPrimaryBankAccount":{"accountId":"` + x.account + `"}}`, nil, false},
		"GET /sources":                     {"/sources?customerId=" + x.customer, "", nil, true},
		"POST /sources": {"/sources", `{"CreateSavedPaymentSource":{"sourceMethod":{"CardMethod":{"cardNumber":"4242424242424242","expMonth":8,"expYear":2029,"cvc":"123"}}}}`,
			[]string{"Merchant-Id", x.merchant, "Customer-Id", x.customer}, false},
		"GET /sources/{id}":                     {"/sources/" + x.source, "", nil, false},
		"DELETE /sources/{id}":                  {"/sources/" + x.source, "", nil, false},
		"GET /sources/blockedcards":             {"/sources/blockedcards?merchantId=" + x.merchant, "", nil, true},
		"GET /sources/blockedcards/{id}/events": {"/sources/blockedcards/" + x.blocked + "/events", "", nil, false},
		"POST /tokens":                          {"/tokens", `{"CreateBankTransferToken":{"amount":{"minorCurrencyUnits":100,"currency":"AUD"}}}`, merchantHeader, false},
		"GET /tokens/{id}":                      {"/tokens/" + x.token, "", nil, false},
		"POST /tokens/{id}/surchargequote":      {"/tokens/" + x.merchant + "/surchargequote", `{"SurchargeRatesRequest":{"customerType":"Consumer","currency":"AUD"}}`, nil, false},
		"GET /orders":                           {"/orders?orderId=" + x.order, "", nil, true},
		"POST /orders":                          {"/orders", order, merchantHeader, false},
		"GET /orders/{id}":                      {"/orders/" + x.order, "", nil, false},
		"PATCH /orders/{id}":                    {"/orders/" + x.order, `{"UpdateReferenceOrderId":{"referenceOrderId":"10045-B"}}`, nil, false},
		"DELETE /orders/{id}":                   {"/orders/" + x.order, "", nil, false},
		"GET /marketplaces/customer":            {"/marketplaces/customer?name=e", "", marketHeader, false},
		"POST /marketplaces/customer":           {"/marketplaces/customer", `{"UpsertConsumerMarketplaceCustomer":{"emailAddress":"n@example.com"}}`, marketHeader, false},
		"GET /marketplaces/{id}":                {"/marketplaces/" + x.market, "", nil, false},
		"POST /orders/{id}/cancel":              {"/orders/" + x.order + "/cancel", "", nil, false},
		"POST /orders/{id}/send":                {"/orders/" + x.order + "/send", "", nil, false},

		"GET /transactions/payouts":           {"/transactions/payouts?merchantId=" + x.merchant, "", nil, true},
		"POST /transactions/payouts":          {"/transactions/payouts", `{"currency":"AUD","payoutAmount":1,"statementDescriptor":"Kite"}`, merchantHeader, false},
		"GET /transactions/payouts/{id}":      {"/transactions/payouts/" + x.payout, "", nil, false},
		"GET /transactions/invoices":          {"/transactions/invoices?merchantId=" + x.merchant, "", nil, true},
		"GET /transactions/invoices/{id}":     {"/transactions/invoices/" + x.invoice, "", nil, false},
		"GET /transactions/invoices/{id}/pdf": {"/transactions/invoices/" + x.invoice + "/pdf", "", nil, false},
		"GET /transactions/settlement":        {"/transactions/settlement?" + month + x.merchant, "", nil, false},
		"GET /transactions/settlement/report": {"/transactions/settlement/report?" + month + x.merchant, "", nil, false},
	}[o.Method+" "+o.Path]
	if !ok {
		a, ok = aboutSales(x)[o.Method+" "+o.Path]
	}
	return a, ok
}

// month are the filters of a question about entries, but for the merchant.
const month = "currency=AUD&createdAfter=2026-11-01T00:00:00Z&createdBefore=2026-12-01T00:00:00Z&merchantId="

// place is where a target stands, seen from who asks.
type place string

const (
	own         place = "own"
	sibling     place = "other merchant"
	elsewhere   place = "other marketplace"
	otherRealm  place = "other environment"
	nobodyThere place = "missing"
)

// sees says, by the sheet's rules alone, whether a kind of credential sees
// what stands at a place.
func sees(kind april.Credential, where place) bool {
	switch where {
	case own:
		return true
	case sibling:
		return slices.Contains([]april.Credential{april.EnterpriseKey, april.AdminJWT, april.MarketplaceKey, april.MarketplaceJWT}, kind)
	case elsewhere:
		return slices.Contains([]april.Credential{april.EnterpriseKey, april.AdminJWT}, kind)
	}
	return false
}

// TestAuthorisation asks with every kind of credential for every operation
// that is served, about what is one's own and what is not.
func TestAuthorisation(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			test, live := h.realm(t, "Matrix", access.Test), h.realm(t, "Matrix", access.Live)
			one, two, three := h.market(t, test, "one"), h.market(t, test, "two"), h.market(t, live, "one")
			places := map[place]target{own: h.furnish(t, test, one, "own"), sibling: h.furnish(t, test, one, "sibling"),
				elsewhere: h.furnish(t, test, two, "elsewhere"), otherRealm: h.furnish(t, live, three, "live")}
			gone := april.Name("x", "0123456789abcdef01234567")[1:]
			places[nobodyThere] = target{payout: "payout" + gone, invoice: "minv" + gone, market: "mktp" + gone, merchant: "mcht" + gone, customer: "cust" + gone, delegate: "custd" + gone, secret: "stkn" + gone, account: "xacc" + gone,
				order: "ordr" + gone, sales: sales{"ordr" + gone, "ptkn" + gone, "", "tran" + gone, "tran" + gone, "webhook" + gone}, source: "psrc" + gone, token: "ptkn" + gone, blocked: "bcrd" + gone, name: "nobody"}
			tokens := h.credentials(t, places[own])
			tried := 0
			for _, o := range april.Operations() {
				if !o.Routed() {
					continue
				}
				for kind, token := range tokens {
					for where, x := range places {
						a, known := about(o, x)
						if !known {
							t.Fatalf("nobody says how %s %s is asked", o.Method, o.Path)
						}
						what := fmt.Sprintf("%s %s by %s of %s", o.Method, o.Path, kind, where)
						if o.Path == "/orders/{id}/pay" && where != nobodyThere && sees(kind, where) && o.Takes(kind) {
							places[where] = h.sell(t, x) // one is paid each time
							a, _ = about(o, places[where])
						}
						if kind == april.LinkToken && o.Path == "/orders/{id}/pay" {
							token = places[own].dueLink
						}
						if o.Path == "/customers/delegates/{id}" && o.Method == http.MethodDelete && where != nobodyThere && sees(kind, where) && o.Takes(kind) {
							places[where] = h.reintroduce(t, x) // one of each is deleted each time
							a, _ = about(o, places[where])
						}
						if o.Path == "/sources/{id}" && o.Method == http.MethodDelete && where != nobodyThere && sees(kind, where) && o.Takes(kind) {
							x.source, _, _ = h.fill(t, access.Actor{Realm: x.realm.ID, Environment: x.realm.Environment, May: access.Everything}, x.merchantID, x.customerID)
							a, _ = about(o, x)
						}
						h.verdict(t, what, o, kind, where, a, h.ask(t, o.Method, a.path, token, a.body, a.headers...))
						tried++
					}
				}
			}
			if want := len(document(t).Operations()) * len(tokens) * len(places); tried != want {
				t.Errorf("got %d requests, want %d", tried, want)
			}
		})
	}
}

func (h *house) reintroduce(t *testing.T, x target) target {
	t.Helper()
	d, err := h.app.Customers.Introduce(t.Context(), x.realm.ID, x.marketID, x.customerID, x.name+"@example.com", func(*customer.Delegate, *customer.Link) {})
	if err != nil {
		t.Fatal(err)
	}
	x.delegate = april.Name("custd", d.ID)
	return x
}

// verdict holds an answer to the sheet's rules (section 2).
func (h *house) verdict(t *testing.T, what string, o april.Operation, kind april.Credential, where place, a asked, got answer) {
	t.Helper()
	implied := slices.Contains([]april.Credential{april.PublicKey, april.SecretKey, april.MerchantJWT, april.CustomerJWT, april.LinkToken}, kind)
	market := slices.Contains([]april.Credential{april.MarketplaceKey, april.MarketplaceJWT}, kind)
	named := len(a.headers) > 0
	want := http.StatusOK
	switch {
	case !o.Takes(kind):
		want = http.StatusForbidden
	case where == sibling && named && a.headers[0] == "Marketplace-Id" && (market || implied):
		want = http.StatusOK // it is the same marketplace
	case sees(kind, where):
	case named && (implied || market && a.headers[0] == "Marketplace-Id"):
		want = http.StatusForbidden // a header that differs from what is implied
	case a.list:
		if string(got.body) != "[]" && o.Path != "/merchants" || got.header.Get("X-Total-Count") == "" {
			t.Errorf("%s: got %s, want an empty list", what, got.body)
		}
	default:
		want = http.StatusNotFound
	}
	if got.status != want {
		t.Errorf("%s: got %d %s, want %d", what, got.status, got.body, want)
	}
	if a.list && want == http.StatusOK && sees(kind, where) && where != nobodyThere && string(got.body) == "[]" {
		t.Errorf("%s: got an empty list", what)
	}
}
