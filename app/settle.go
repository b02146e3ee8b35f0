package app

import (
	"strings"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/reconcile"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// tariffs are what was agreed with providers, by connector; the test provider's
// are in docs/sandbox.md.
var tariffs = map[string]reconcile.Tariff{
	"fake": {Points: 75, Chargeback: 15},
}

// settle puts together what merchants are owed and what providers pay over.
func (a *App) settle(events *event.Log, connectors map[string]connector.Connector) {
	a.Settlement = &settlement.Service{DB: a.DB, Events: events, Clock: a.now, Log: a.Log, Connectors: connectors, Environment: a.Access.Environment}
	a.Settlement.Register(a.Jobs)
	events.Listen(a.Settlement.OnEvent)
	events.Listen(a.oweTransfers)
	a.Reconcile = &reconcile.Service{DB: a.DB, Merchants: a.Merchants, Settlement: a.Settlement, Invoices: a.Invoices, Log: a.Log, Clock: a.now, Connectors: connectors,
		Tariffs: tariffs, Realms: a.Access.Realms}
	a.Reconcile.Register(a.Jobs)
}

// oweTransfers owes merchants what bank transfers have brought them.
func (a *App) oweTransfers(tx *store.Tx, e event.Event) error {
	c, ok := e.Subject.(invoice.Change)
	if !ok || c.Transfer == 0 {
		return nil
	}
	return a.Settlement.Transferred(tx, settlement.Transfer{Merchant: c.Is.Merchant, Source: c.Is.ID, Reference: c.Is.Reference,
		Amount: money.Of(c.Transfer, c.Is.Amount.Currency)})
}

// providerName is who is behind a connector in reports.
func (a *App) providerName(name string) (display, code string) {
	if s, ok := a.Reconcile.Connectors[name].(connector.Settler); ok {
		return s.SettlementName()
	}
	return name, strings.ToUpper(name)
}
