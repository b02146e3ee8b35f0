package app

import (
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/bankgirot"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/connector/nets"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/subscription"
)

// Billing is what bills subscribers.
type Billing struct {
	Banks         *bankfile.Service
	Bank          *fake.Bank // of test mode
	Subscriptions *subscription.Service
}

// wireBilling puts together what bills subscribers: the formats of banks' files,
// the test bank for test realms, subscriptions. A live realm has no courier.
func (a *App) wireBilling(events *event.Log) (err error) {
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
	a.Subscriptions = &subscription.Service{DB: a.DB, Events: events, Vault: a.Vault, Payments: a.Payments, Invoices: a.Invoices, Banks: a.Banks, Log: a.Log,
		Environment: a.Access.Environment}
	a.Banks.Register(a.Jobs)
	a.Subscriptions.Register(a.Jobs)
	events.Listen(a.Subscriptions.OnEvent)
	return nil
}
