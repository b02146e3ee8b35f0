package app

import (
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// payoutNews are what a merchant is written of its payouts (contract sheet april,
// 3.4: notificationEmails), by the event.
var payoutNews = map[string]string{"payout.paid": "was paid into your account", "payout.failed": "did not reach your account and is owed to you again",
	"payout.reversed": "was sent back by your bank and is owed to you again"}

// tellPayee writes to the addresses that a merchant has named, if it wants to be
// told of payouts.
func (a *App) tellPayee(tx *store.Tx, e event.Event) error {
	p, ok := e.Subject.(settlement.Payout)
	news := payoutNews[e.Type]
	if !ok || news == "" || p.Amount == 0 {
		return nil
	}
	m, err := merchant.FindIn(tx, p.Merchant)
	if err != nil || !m.Payouts.Notify {
		return err
	}
	account := "your account"
	for _, to := range m.Accounts {
		if to.ID == p.Details.Account {
			account = "your account ending in " + to.Number[max(0, len(to.Number)-4):]
		}
	}
	amount := a.Notify.Money("en", money.Of(p.Amount, p.Currency))
	for _, to := range m.Payouts.Emails {
		_, err := a.writeTo(tx, p.ID, notify.Draft{Merchant: p.Merchant, Object: p.ID, Channel: notify.Email, To: to, Subject: "Payout " + p.Reference + ": " + amount,
			Text: m.Name + "\n\nPayout " + p.Reference + " of " + amount + " " + news + ".\n\nIt was made to " + account + "."})
		if err != nil {
			return err
		}
	}
	return nil
}
