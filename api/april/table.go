package april

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/core/surcharge"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/core/webhook"
	"github.com/florinpay/florin/store"
)

// Surface is the contract over the core.
type Surface struct {
	DB         *store.DB
	Access     *access.Service
	Merchants  *merchant.Service
	Customers  *customer.Service
	Orders     *order.Service
	Payments   *payment.Service
	Surcharges *surcharge.Service
	Vault      *vault.Service
	Settlement *settlement.Service // its plans say what a surcharge may pass on
	Webhooks   *webhook.Service
	Wallets    map[access.Environment]Wallets
	Clock      clock.Clock
	Log        *slog.Logger

	Answers wire.Answers // those that are kept under an Idempotency-Key
	BaseURL string       // who issues our tokens
	Seed    []byte       // 32 bytes, of the key that signs our tokens
	Links   []byte       // keys the check in the links of orders

	// ChallengeURL is where a payer's browser goes for a payment's 3-D Secure
	// challenge.
	ChallengeURL func(realm, payment ident.ID) string
	Outside      Outside // what happens outside of us, in test realms

	Limiter *wire.Limiter // counts the calls of a credential
	Door    *wire.Door    // how many changes at a time; reads are always let in
}

// Operation is one row of the contract: a path's method, the credentials that
// may call it (sheet, 2.2; in bold there is known here), what it has to be told
// in headers, and who serves it. A row that nobody serves yet is no operation:
// its path answers 404.
type Operation struct {
	Method, Path string
	Known        bool // the sheet has the credentials from the contract's own pages
	Credentials  string
	Needs        Need

	serve func(s *Surface, c *call) (any, error)
}

// Need is what a caller has to say, unless the credential implies it.
type Need int

const (
	Nothing      Need = iota // what is said narrows
	AMerchant                // the header Merchant-Id
	AMarketplace             // the header Marketplace-Id
)

// Routed says whether the operation is served.
func (o Operation) Routed() bool { return o.serve != nil }

// bodiless says whether the operation may be asked for without a body.
func (o Operation) bodiless() bool {
	return o.Path == "/orders/{id}/cancel" || o.Path == "/orders/{id}/send"
}

// Takes says whether a kind of credential may call the operation.
func (o Operation) Takes(kind Credential) bool {
	return slices.Contains(strings.Fields(o.Credentials), string(kind))
}

// Operations are all rows of the contract, in the sheet's order.
func Operations() []Operation { return slices.Clone(operations) }

var operations []Operation

const later = Nothing // of operations that are not served yet

func init() { // not a literal: the handlers know the table
	operations = []Operation{
		{"POST", "/auth/signin", true, "MK S L", AMerchant, (*Surface).signIn},
		{"GET", "/auth/servicetokens", true, "E MK S aj mj kj", Nothing, (*Surface).listKeys},
		{"POST", "/auth/servicetokens", false, "E MK S aj mj kj", Nothing, (*Surface).addKey},
		{"GET", "/auth/servicetokens/{id}", true, "E MK S aj mj kj", Nothing, (*Surface).getKey},
		{"PATCH", "/auth/servicetokens/{id}", false, "E MK S aj mj kj", Nothing, (*Surface).changeKey},
		{"GET", "/customers", true, "MK mj kj aj", Nothing, (*Surface).listCustomers},
		{"POST", "/customers", true, "MK S", AMerchant, (*Surface).upsertCustomer},
		{"GET", "/customers/{id}", false, "MK S mj kj aj cj", Nothing, (*Surface).getCustomer},
		{"POST", "/customers/kyc", true, "MK S cj", later, nil},
		{"GET", "/customers/delegates", true, "MK S mj kj aj cj", Nothing, (*Surface).listDelegates},
		{"POST", "/customers/delegates", true, "MK S mj kj aj cj", Nothing, (*Surface).upsertDelegate},
		{"GET", "/customers/delegates/{id}", false, "MK S mj kj aj cj", Nothing, (*Surface).getDelegate},
		{"PATCH", "/customers/delegates/{id}", true, "MK S mj kj aj cj", Nothing, (*Surface).changeDelegate},
		{"DELETE", "/customers/delegates/{id}", false, "MK S mj kj aj cj", Nothing, (*Surface).deleteDelegate},
		{"GET", "/merchants", true, "MK aj mj kj", Nothing, (*Surface).listMerchants},
		{"POST", "/merchants", true, "MK aj kj", AMarketplace, (*Surface).addMerchant},
		{"GET", "/merchants/{id}", false, "MK S L aj mj kj", Nothing, (*Surface).getMerchant},
		{"PATCH", "/merchants/{id}", false, "MK S aj mj kj", Nothing, (*Surface).changeMerchant},
		{"GET", "/sources", true, "MK S aj cj", Nothing, (*Surface).listSources},
		{"POST", "/sources", true, "MK P S cj", AMerchant, (*Surface).addSource},
		{"GET", "/sources/{id}", true, "MK aj cj", Nothing, (*Surface).getSource},
		{"DELETE", "/sources/{id}", false, "MK S aj cj", Nothing, (*Surface).deleteSource},
		{"GET", "/sources/blockedcards", true, "MK S aj mj kj", Nothing, (*Surface).listBlocked},
		{"GET", "/sources/blockedcards/{id}/events", false, "MK S aj mj kj", Nothing, (*Surface).listBlockedEvents},
		{"POST", "/tokens", true, "MK P S cj mj kj aj", AMerchant, (*Surface).addToken},
		{"GET", "/tokens/{id}", true, "MK P S cj mj kj aj", Nothing, (*Surface).getToken},
		{"POST", "/tokens/{id}/surchargequote", true, "MK P S cj mj kj aj", Nothing, (*Surface).quoteSurcharge},
		{"POST", "/payplans/offer", true, "MK P S cj mj kj", later, nil},
		{"POST", "/payplans", true, "MK P S cj mj kj", later, nil},
		{"GET", "/payplans", false, "MK S cj mj kj aj", later, nil},
		{"GET", "/payplans/{id}", false, "MK S cj mj kj aj", later, nil},
		{"POST", "/payplans/max", true, "MK S aj kj mj", later, nil},
		{"POST", "/payplans/parameters", true, "MK P S cj", later, nil},
		{"GET", "/orders", false, "MK S mj kj aj", Nothing, (*Surface).listOrders},
		{"POST", "/orders", false, "MK S mj kj aj", AMerchant, (*Surface).addOrder},
		{"GET", "/orders/{id}", false, "MK S mj kj aj L", Nothing, (*Surface).getOrder},
		{"PATCH", "/orders/{id}", true, "MK S mj", Nothing, (*Surface).changeOrder},
		{"POST", "/orders/{id}/send", false, "MK S mj", Nothing, (*Surface).sendOrder},
		{"DELETE", "/orders/{id}", false, "MK S mj", Nothing, (*Surface).cancelOrder},
		{"POST", "/orders/{id}/cancel", false, "MK S mj", Nothing, (*Surface).cancelOrder},
		{"POST", "/orders/{id}/pay", true, "MK S L", Nothing, (*Surface).payOrder},
		{"POST", "/simulation", false, "MK S aj mj kj", Nothing, (*Surface).simulate},
		{"GET", "/transactions", true, "MK S aj mj kj cj", Nothing, (*Surface).listTransactions},
		{"GET", "/transactions/{id}", true, "MK S aj mj kj", Nothing, (*Surface).getTransaction},
		{"PATCH", "/transactions/{id}", false, "MK S aj mj kj", Nothing, (*Surface).changeTransaction},
		{"GET", "/transactions/payouts", true, "MK S aj mj kj", Nothing, (*Surface).listPayouts},
		{"POST", "/transactions/payouts", true, "MK S aj mj kj", AMerchant, (*Surface).addPayout},
		{"GET", "/transactions/payouts/{id}", true, "MK S aj mj kj", Nothing, (*Surface).getPayout},
		{"GET", "/transactions/invoices", true, "MK S aj mj kj", Nothing, (*Surface).listInvoices},
		{"GET", "/transactions/invoices/{id}", true, "MK S aj mj kj", Nothing, (*Surface).getInvoice},
		{"GET", "/transactions/invoices/{id}/pdf", true, "MK S aj mj kj", Nothing, (*Surface).getInvoicePDF},
		{"GET", "/transactions/settlement", true, "MK S aj mj kj", Nothing, (*Surface).listEntries},
		{"GET", "/transactions/settlement/report", true, "MK S aj mj kj", Nothing, (*Surface).reportEntries},
		{"GET", "/transactions/refunds", true, "MK S aj mj kj", Nothing, (*Surface).listRefunds},
		{"GET", "/transactions/disputes", true, "MK S aj mj kj", Nothing, (*Surface).listDisputes},
		{"GET", "/marketplaces/customer", false, "MK kj aj", AMarketplace, (*Surface).listMembers},
		{"POST", "/marketplaces/customer", true, "MK kj aj", AMarketplace, (*Surface).upsertMember},
		{"GET", "/marketplaces/{id}", false, "MK kj aj", Nothing, (*Surface).getMarketplace},
		{"GET", "/webhooks", true, "MK S aj kj mj", Nothing, (*Surface).listSubscriptions},
		{"POST", "/webhooks", true, "MK S kj mj", Nothing, (*Surface).addSubscription},
		{"GET", "/webhooks/{id}", false, "MK S kj mj", Nothing, (*Surface).getSubscription},
		{"PATCH", "/webhooks/{id}", false, "MK S kj mj", Nothing, (*Surface).changeSubscription},
	}
	operations = append(operations, creditHalf...)
}

// creditHalf are the rows of loans, issued cards and PayTo.
var creditHalf = []Operation{
	{"GET", "/loans", true, "E MK S aj mj kj cj", later, nil},
	{"GET", "/loans/statements", true, "E MK S aj mj kj cj", later, nil},
	{"GET", "/loans/statements/{id}", true, "E MK S aj mj kj cj", later, nil},
	{"GET", "/loans/statements/entries", true, "E MK S aj mj kj cj", later, nil},
	{"GET", "/loans/statements/entries/report", true, "E MK S aj mj kj cj", later, nil},
	{"GET", "/issuer/card", true, "E MK S C mj cj", later, nil},
	{"POST", "/payto/agreement", true, "MK P S cj mj kj aj", later, nil},
}

// Routes mounts the contract's operations. The app mounts them under / and
// under /april. Whatever lies below the contract's own paths is answered in
// its words; the rest of / is somebody else's.
func (s *Surface) Routes(r chi.Router) {
	nowhere := http.HandlerFunc(s.nowhere)
	for _, root := range roots() {
		r.Handle(root, nowhere)
		r.Handle(root+"/*", nowhere)
	}
	for _, o := range operations {
		r.Handle(o.Path, nowhere) // its other methods
	}
	for _, o := range operations {
		if o.Routed() && o.fromBrowser() {
			r.Options(o.Path, preflight)
		}
		if o.Routed() {
			r.Method(o.Method, o.Path, s.handle(o))
			if o.Method == http.MethodGet {
				r.Head(o.Path, s.handle(o))
			}
		}
	}
}

// roots are the first parts of the contract's paths.
func roots() (list []string) {
	for _, o := range operations {
		root := "/" + strings.SplitN(o.Path, "/", 3)[1]
		if !slices.Contains(list, root) {
			list = append(list, root)
		}
	}
	return list
}

// nowhere answers what the contract has no operation for: another method, or
// nothing at all.
func (s *Surface) nowhere(w http.ResponseWriter, r *http.Request) {
	path := chi.RouteContext(r.Context()).RoutePattern()
	var takes []string
	for _, o := range operations {
		if o.Routed() && strings.HasSuffix(path, o.Path) {
			takes = append(takes, o.Method)
		}
	}
	if len(takes) == 0 {
		s.fail(w, r, errNoSuchPath)
		return
	}
	w.Header().Set("Allow", strings.Join(takes, ", "))
	s.fail(w, r, errNoSuchMethod)
}
