package media

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/purchase"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// Contract is this surface's name wherever the core keeps one.
const Contract = "media"

// Surface is the contract over the core.
type Surface struct {
	DB        *store.DB
	Login     *login.Service
	Merchants *merchant.Service

	Subscriptions *subscription.Service
	Errands       *errand.Service
	Purchases     *purchase.Service

	Clock clock.Clock
	Log   *slog.Logger

	BaseURL string
	Door    *wire.Door // how many changes at a time; reads are always let in
}

// Mode is who acts (sheet, 2): the signed-in reader, or the client itself.
type Mode string

// The modes there are.
const (
	User   Mode = "user"
	Client Mode = "client"
)

// Operation is one row of the contract: a method, a path below /capi, who acts,
// and who serves it. Ours marks a path that no readable page names. A row that
// nobody serves yet is no operation: its path answers 404.
type Operation struct {
	Method, Path string
	Mode         Mode
	Ours         bool

	serve func(s *Surface, c *call) (any, error)
}

// Routed says whether the operation is served.
func (o Operation) Routed() bool { return o.serve != nil }

// Scope is what the token has to have been given for.
func (o Operation) Scope() string {
	if o.Method == http.MethodGet || slices.Contains(asking, o.Path) {
		return login.ReadScope
	}
	return login.WriteScope
}

// asking are the paths that are posted to and change nothing.
var asking = []string{"/v1/customer/access", "/v1/client/access", "/v1/order/status", "/v1/client/product", "/v1/coupon/price", "/v1/client/coupon/price", "/v1/client/customer/search"}

// Operations are all rows of the contract, in the sheet's order.
func Operations() []Operation { return slices.Clone(operations) }

var operations []Operation

func init() { // not a literal: the handlers know the table
	operations = []Operation{
		{"GET", "/v1/product/payment/{product}", User, false, (*Surface).listMethods}, // 4
		{"POST", "/v1/product/payment/{product}", User, false, (*Surface).changeMethod},
		{"POST", "/v1/api/payment/invoice", User, false, (*Surface).payInvoice},

		{"GET", "/v1/api/payment/payex/token", User, false, listTokens(subscription.ByPayEx)}, // 6
		{"POST", "/v1/api/payment/payex/token", User, false, addToken(subscription.ByPayEx)},
		{"DELETE", "/v1/api/payment/payex/token", User, true, removeToken(subscription.ByPayEx)},
		{"POST", "/v1/api/payment/payex/token/remove", User, true, removeToken(subscription.ByPayEx)},
		{"GET", "/v1/customer/payment/vipps/agreement", User, false, listTokens(subscription.ByVipps)},
		{"POST", "/v1/customer/payment/vipps/agreement", User, false, addToken(subscription.ByVipps)},
		{"DELETE", "/v1/customer/payment/vipps/agreement", User, true, removeToken(subscription.ByVipps)},
		{"POST", "/v1/customer/payment/vipps/agreement/remove", User, true, removeToken(subscription.ByVipps)},
		{"GET", "/v1/customer/payment/klarna/token", User, false, listTokens(subscription.ByKlarna)},
		{"POST", "/v1/customer/payment/klarna/token", User, false, addToken(subscription.ByKlarna)},
		{"DELETE", "/v1/customer/payment/klarna/token", User, true, removeToken(subscription.ByKlarna)},
		{"POST", "/v1/customer/payment/klarna/token/remove", User, true, removeToken(subscription.ByKlarna)},
		{"GET", "/v1/api/payment/nexi/subscription", User, false, listTokens(subscription.ByNexi)},
		{"POST", "/v1/api/payment/nexi/subscription", User, true, addToken(subscription.ByNexi)},
		{"DELETE", "/v1/api/payment/nexi/subscription", User, true, removeToken(subscription.ByNexi)},
		{"POST", "/v1/api/payment/nexi/subscription/remove", User, true, removeToken(subscription.ByNexi)},

		{"GET", "/v1/customer/invoice/payment/{product}", User, false, (*Surface).listInvoices}, // 7
		{"GET", "/v1/customer/invoice/{invoiceNumber}", User, true, (*Surface).getInvoice},
		{"GET", "/v1/customer/invoice/basic/{product}", User, true, (*Surface).basicInvoices},
		{"GET", "/v1/customer/invoice/address", User, true, (*Surface).invoiceAddress},
		{"GET", "/v1/client/customer/invoice/payment/{customerNumber}", Client, true, (*Surface).clientInvoices},
		{"GET", "/v1/client/customer/invoice/payment/{customerNumber}/{productCode}", Client, false, (*Surface).clientInvoices},

		{"GET", "/v1/order/status", User, false, (*Surface).listOrders}, // 8
		{"POST", "/v1/order/status", User, false, (*Surface).searchOrder},
		{"GET", "/v1/customer/order/product/history", User, false, (*Surface).orderHistory},
		{"GET", "/v1/client/order/status/{orderId}", Client, false, (*Surface).orderStatus},
		{"POST", "/v1/order", User, false, (*Surface).registerOrder},
		{"POST", "/v1/client/order", Client, true, (*Surface).registerOrder},
		{"POST", "/v1/client/order/fulfillment", Client, false, (*Surface).fulfilOrder},

		{"GET", "/v1/client/product", Client, false, (*Surface).listProducts}, // 9
		{"POST", "/v1/client/product", Client, false, (*Surface).checkProducts},
		{"GET", "/v1/client/product/{productType}", Client, false, (*Surface).listProducts},
		{"GET", "/v1/customer/product", User, false, (*Surface).customerProducts},
		{"GET", "/v1/subscription", User, false, (*Surface).listSubscriptions},
		{"POST", "/v1/subscription", User, false, (*Surface).startSubscription},
		{"GET", "/v1/client/subscription/{customerNumber}", Client, false, (*Surface).clientSubscriptions},
		{"GET", "/v1/client/coupon/{productId}", Client, false, (*Surface).listCoupons},
		{"GET", "/v1/client/voucher/coupons/{voucherCode}", Client, false, (*Surface).voucherCoupons},
		{"POST", "/v1/coupon/price", User, true, (*Surface).couponPrice},
		{"POST", "/v1/client/coupon/price", Client, true, (*Surface).couponPrice},

		{"GET", "/v1/customer/profile", User, false, (*Surface).profile}, // 10
		{"GET", "/v2/customer/profile", User, false, (*Surface).profile2},
		{"GET", "/v1/client/customer/info/{customerNumber}", Client, false, (*Surface).customerInfo},
		{"POST", "/v1/customer/access", User, false, (*Surface).access},
		{"POST", "/v1/client/access", Client, false, (*Surface).clientAccess},
		{"GET", "/v1/customer/info", User, true, (*Surface).ownInfo},
		{"POST", "/v1/customer/info", User, true, (*Surface).changeInfo},
		{"POST", "/v1/client/customer/search", Client, true, (*Surface).searchCustomers},
		{"GET", "/v1/client/customer/number/{customerNumber}", Client, true, (*Surface).checkNumber},
		{"POST", "/v1/client/customer", Client, true, (*Surface).registerCustomer},
		{"POST", "/v1/client/extid/customer", Client, false, (*Surface).registerCustomer},
	}
}

// Routes mounts the contract's operations; the app does so under /capi.
// Whatever else lies below is answered in the contract's words.
func (s *Surface) Routes(r chi.Router) {
	for _, o := range operations {
		if !o.Routed() {
			continue
		}
		r.Method(o.Method, o.Path, s.handle(o))
		if o.Method == http.MethodGet {
			r.Head(o.Path, s.handle(o))
		}
	}
	r.NotFound(s.nowhere)
	r.MethodNotAllowed(s.nowhere)
	r.Handle("/", http.HandlerFunc(s.nowhere))
}

// nowhere answers what the contract has no operation for: another method, or
// nothing at all.
func (s *Surface) nowhere(w http.ResponseWriter, r *http.Request) {
	var takes []string
	_, path, _ := strings.Cut(r.URL.Path, "/capi")
	for _, o := range operations {
		if o.Routed() && like(o.Path, path) {
			takes = append(takes, o.Method)
		}
	}
	if len(takes) == 0 {
		s.fail(w, r, Client, errNoSuchPath)
		return
	}
	w.Header().Set("Allow", strings.Join(takes, ", "))
	s.fail(w, r, Client, errNoSuchMethod)
}

// like says whether a path is one of a pattern's.
func like(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i, w := range want {
		if !strings.HasPrefix(w, "{") && got[i] != w {
			return false
		}
	}
	return true
}
