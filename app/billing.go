package app

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/bankgirot"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/connector/nets"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/purchase"
	"github.com/florinpay/florin/core/subscription"
	webcheckout "github.com/florinpay/florin/web/checkout"
	weberrand "github.com/florinpay/florin/web/errand"
)

// Billing is what bills subscribers.
type Billing struct {
	Banks         *bankfile.Service
	Bank          *fake.Bank // of test mode
	Subscriptions *subscription.Service
	Errands       *errand.Service
	Purchases     *purchase.Service
	Pages         *weberrand.Site
}

// wireBilling puts together what bills subscribers: the formats of banks' files,
// the test bank for test realms, subscriptions. A live realm has no courier.
func (a *App) wireBilling(events *event.Log, random io.Reader) (err error) {
	file := a.sandboxFile()
	if file != "" {
		file += ".bank"
	}
	if a.Bank, err = fake.OpenBank(file); err != nil {
		return err
	}
	formats := map[string]connector.BankFormat{}
	for _, f := range []connector.BankFormat{nets.Bank{}, bankgirot.Bank{}} {
		formats[f.Name()] = f
	}
	a.Banks = &bankfile.Service{DB: a.DB, Events: events, Vault: a.Vault, Invoices: a.Invoices, Formats: formats, Log: a.Log,
		Environment: a.Access.Environment, Couriers: map[access.Environment]connector.Courier{access.Test: a.Bank}}
	a.Invoices.Claimed = a.Banks.Asked
	a.Subscriptions = &subscription.Service{DB: a.DB, Events: events, Vault: a.Vault, Payments: a.Payments, Mandates: a.Mandates, Invoices: a.Invoices, Banks: a.Banks, Log: a.Log,
		Environment: a.Access.Environment}
	a.Errands = &errand.Service{DB: a.DB, Events: events, Payments: a.Payments, Mandates: a.Mandates, Checkouts: a.Checkouts, Invoices: a.Invoices, Subscriptions: a.Subscriptions,
		Random: random, Log: a.Log, Environment: a.Access.Environment,
		PageURL: func(key string) string { return a.BaseURL + webcheckout.PagePath("/gateway", key, "") },
		BackURL: func(client string, number int64) string {
			return a.BaseURL + "/login/payment/back?" + url.Values{"clientId": {client}, "errand": {strconv.FormatInt(number, 10)}}.Encode()
		}}
	a.Purchases = &purchase.Service{DB: a.DB, Events: events, Login: a.Login, Errands: a.Errands, Invoices: a.Invoices, Subscriptions: a.Subscriptions, Log: a.Log,
		Environment: a.Access.Environment, Call: a.callBack}
	a.Pages = &weberrand.Site{SignIn: a.SignIn, Errands: a.Errands, Purchases: a.Purchases, Log: a.Log}
	a.Media.Subscriptions, a.Media.Errands, a.Media.Purchases = a.Subscriptions, a.Errands, a.Purchases
	a.Banks.Register(a.Jobs)
	a.Subscriptions.Register(a.Jobs)
	a.Purchases.Register(a.Jobs)
	events.Listen(a.Subscriptions.OnEvent)
	events.Listen(a.Errands.OnEvent)
	events.Listen(a.Purchases.OnEvent)
	events.Listen(a.tellReaders)
	return a.wirePace()
}

// callBack tells a client's address something, as webhooks are told.
func (a *App) callBack(ctx context.Context, url string) error {
	if got := a.Webhooks.Sender.Call(ctx, url); !got.OK() {
		return fmt.Errorf("the address did not take it: %d %s", got.Status, got.Err)
	}
	return nil
}

// The test merchant's paper, and its numbers at the Norwegian bank.
const (
	devProduct = "DAGSN"
	devWeekly  = "HELG"
	devVoucher = "HELGEGAVE-2026" // of a made-up paper of a sandbox, so it is worth nothing
	devUnit    = "00912345"
	devAccount = "15039123451"
)

// furnishBilling puts a paper on sale and has the test reader take it: there is
// an invoice that is not paid, at each start.
func (a *App) furnishBilling(ctx context.Context, realm access.Realm, profile merchant.Profile, out *SandboxMedia) error {
	actor := access.Actor{Realm: realm.ID, Environment: realm.Environment, Kind: "dev", May: access.Everything}
	p, err := a.devPaper(ctx, actor, profile)
	if err != nil {
		return err
	}
	if err := a.devOffers(ctx, actor, profile); err != nil {
		return err
	}
	c := bankfile.Creditor{Merchant: profile.Merchant, Bank: nets.Bank{}.Name(), Creditor: connector.Creditor{Customer: devUnit, Account: devAccount, Agreement: "000000000"}}
	if _, err := a.Banks.AddCreditor(ctx, actor, devBy, c); err != nil && !fault.Is(err, "conflict.creditor") {
		return err
	}
	reader, err := a.Login.ByCredential(ctx, realm.ID, login.Credential{Kind: login.Email, Value: devReader})
	if err != nil {
		return err
	}
	out.ProductCode, out.CompanyCode = p.Code, devMerchant
	for range 2 {
		list, err := a.Subscriptions.Billed(ctx, realm.ID, reader.ID, p.Code)
		if err != nil {
			return err
		}
		for _, b := range list {
			if b.Invoice.Left().Minor > 0 && b.Invoice.Paying == "" {
				out.InvoiceNumber = b.Invoice.Number
				return nil
			}
		}
		// All is paid: the paper is taken anew, with a new bill.
		if h, err := a.Subscriptions.Holding(ctx, realm.ID, reader.ID, p.Code); err == nil && h.State != subscription.Stopped {
			if _, err := a.Subscriptions.Stop(ctx, realm.ID, reader.ID, h.ID, devBy); err != nil {
				return err
			}
		}
		if _, err := a.Subscriptions.Start(ctx, realm.ID, devBy, subscription.Wish{Person: reader.ID, Number: reader.Number, Product: p.Code, Details: subscription.Details{
			Locale: reader.Locale, Customer: invoice.Customer{GivenName: reader.GivenName, Surname: reader.Surname, Email: devReader, Phone: devPhone}}}); err != nil {
			return err
		}
	}
	return nil
}

// devPaper is the paper, made at the first start.
func (a *App) devPaper(ctx context.Context, actor access.Actor, profile merchant.Profile) (subscription.Product, error) {
	list, err := a.Subscriptions.Products(ctx, actor.Realm, devProduct)
	if err != nil || len(list) > 0 {
		return append(list, subscription.Product{})[0], err
	}
	p, err := a.Subscriptions.AddProduct(ctx, actor, devBy, subscription.Product{Merchant: profile.Merchant, Profile: profile.ID, Code: devProduct, Name: "Dagsnytt komplett",
		Currency: "NOK", Price: 34900, Digital: true})
	if err != nil {
		return p, err
	}
	_, err = a.Subscriptions.AddCoupon(ctx, actor, devBy, subscription.Coupon{Product: p.ID, Code: "DIGI", Number: 31, Description: "Digital, by the month", Price: 34900,
		Length: 1, Unit: subscription.Month})
	return p, err
}

// devOffers are another paper, which the test reader does not take, and a
// voucher that opens a cheaper price of it; made at the first start.
func (a *App) devOffers(ctx context.Context, actor access.Actor, profile merchant.Profile) error {
	list, err := a.Subscriptions.Products(ctx, actor.Realm, devWeekly)
	if err != nil || len(list) > 0 {
		return err
	}
	p, err := a.Subscriptions.AddProduct(ctx, actor, devBy, subscription.Product{Merchant: profile.Merchant, Profile: profile.ID, Code: devWeekly, Name: "Helgeavisen", Currency: "NOK",
		Price: 9900, TaxRate: 250_000})
	if err != nil {
		return err
	}
	if _, err := a.Subscriptions.AddCoupon(ctx, actor, devBy, subscription.Coupon{Product: p.ID, Code: "HELG", Number: 41, Description: "Weekends, by the month", Price: 9900,
		Length: 1, Unit: subscription.Month}); err != nil {
		return err
	}
	gift, err := a.Subscriptions.AddCoupon(ctx, actor, devBy, subscription.Coupon{Product: p.ID, Code: "GAVE", Number: 42, Description: "Weekends, by a voucher", Price: 4900,
		Length: 1, Unit: subscription.Month, ByVoucher: true})
	if err != nil {
		return err
	}
	_, err = a.Subscriptions.AddVoucher(ctx, actor, devBy, method.Conceal(devVoucher), subscription.Voucher{Merchant: profile.Merchant, Coupons: []ident.ID{gift.ID}, Uses: 1000})
	return err
}
