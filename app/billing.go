package app

import (
	"context"
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
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/merchant"
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
	a.Subscriptions = &subscription.Service{DB: a.DB, Events: events, Vault: a.Vault, Payments: a.Payments, Mandates: a.Mandates, Invoices: a.Invoices, Banks: a.Banks, Log: a.Log,
		Environment: a.Access.Environment}
	a.Errands = &errand.Service{DB: a.DB, Events: events, Payments: a.Payments, Mandates: a.Mandates, Checkouts: a.Checkouts, Invoices: a.Invoices, Subscriptions: a.Subscriptions,
		Random: random, Log: a.Log, Environment: a.Access.Environment,
		PageURL: func(key string) string { return a.BaseURL + webcheckout.PagePath("/gateway", key, "") },
		BackURL: func(client string, number int64) string {
			return a.BaseURL + "/login/payment/back?" + url.Values{"clientId": {client}, "errand": {strconv.FormatInt(number, 10)}}.Encode()
		}}
	a.Pages = &weberrand.Site{SignIn: a.SignIn, Errands: a.Errands, Log: a.Log}
	a.Media.Subscriptions, a.Media.Errands = a.Subscriptions, a.Errands
	a.Banks.Register(a.Jobs)
	a.Subscriptions.Register(a.Jobs)
	events.Listen(a.Subscriptions.OnEvent)
	events.Listen(a.Errands.OnEvent)
	events.Listen(a.tellReaders)
	return nil
}

// The test merchant's paper, and its numbers at the Norwegian bank.
const (
	devProduct = "DAGSN"
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
