package app

import (
	"context"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// An invoice for fees can be paid by hand through an order by link (contract
// sheet april, 6.10). Such orders belong to a merchant that is the organisation
// itself: what is paid for them is taken from what that merchant is owed and
// booked on the invoice, in the transaction in which it comes.

// feesProfile is the code of the profile through which fees are paid.
const feesProfile = "florin-fees"

const feeLinkJob = "fee_invoice.link"

// followFees has the order of an invoice follow the invoice, and the invoice
// its order.
func (a *App) followFees(tx *store.Tx, e event.Event) error {
	switch x := e.Subject.(type) {
	case settlement.Invoice:
		switch e.Type {
		case "fee_invoice." + settlement.Issued, "fee_invoice." + settlement.PaymentReceived, "fee_invoice." + settlement.WasCancelled:
			job.Add(tx, feeLinkJob, x.ID, tx.Now())
		}
		if e.Type == "fee_invoice."+settlement.Issued {
			due, err := settlement.DueIn(tx, x)
			if err != nil {
				return err
			}
			job.Add(tx, feeChargeJob, x.ID, due)
		}
	case order.Order:
		if e.Type == "order.reopened" && x.Details.FeeInvoice != "" {
			return a.Settlement.Reopen(tx, x.Details.FeeInvoice, string(x.Payment))
		}
		if e.Type != "order.paid" || x.Details.FeeInvoice == "" {
			return nil
		}
		booked, err := a.Settlement.Collect(tx, audit.By{Actor: "payer", Origin: "payment link"}, x.Details.FeeInvoice, x.Merchant, x.Amount.Minor, string(x.Payment))
		if err == nil && !booked { // it was paid otherwise meanwhile: the money stays where it is, for a human
			a.Log.Warn("an invoice for fees was paid twice", "invoice", x.Details.FeeInvoice, "payment", x.Payment)
		}
		return err
	}
	return nil
}

// linkFees gives an invoice for fees an order by which what is left of it can be
// paid, and calls off one that asks for another sum.
func (a *App) linkFees(ctx context.Context, j job.Job) error {
	b, err := a.Settlement.Invoice(ctx, j.Realm, j.Object)
	if err != nil {
		return err
	}
	realm, house, err := a.house(ctx, j.Realm)
	if err != nil {
		return err
	}
	list, _, err := a.Orders.Search(ctx, j.Realm, order.Filter{Merchants: []ident.ID{house.ID}, References: []string{b.Reference},
		States: []order.State{order.Created, order.Pending}, Page: store.Page{Limit: 20}})
	if err != nil {
		return err
	}
	actor := access.Actor{Realm: realm.ID, Environment: realm.Environment, Kind: "florin", May: []access.Permission{access.Pay}, Merchants: []ident.ID{house.ID}}
	left, stands := b.Left(), false
	for _, o := range list {
		if o.State == order.Pending || o.Amount.Minor == left {
			stands = true
		} else if _, err := a.Orders.Cancel(ctx, actor, o.ID); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return a.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		if left > 0 && !stands {
			_, err := a.Orders.Add(tx, order.Order{Merchant: house.ID, Type: order.PayByLink, Reference: b.Reference, Amount: money.Of(left, b.Currency), Name: b.To.Name,
				Email: b.To.Business.Email, Details: order.Details{Description: "Fees " + b.From + " to " + b.Invoice.To, Link: &order.Link{}, FeeInvoice: b.ID}})
			if err != nil {
				return err
			}
		}
		return job.Done(tx, j)
	})
}

// house is the merchant of a realm that is the organisation itself, to whom fees
// are paid.
func (a *App) house(ctx context.Context, id ident.ID) (realm access.Realm, m merchant.Merchant, err error) {
	realms, err := a.Access.Realms(ctx)
	for _, r := range realms {
		if r.ID == id {
			realm = r
		}
	}
	if err != nil {
		return realm, m, err
	}
	_, m, err = a.Merchants.ByCode(ctx, id, feesProfile)
	if !fault.Is(err, fault.NotFound) {
		return realm, m, err
	}
	if m, err = a.Merchants.Add(ctx, id, audit.By{Actor: "florin", Origin: "fees"}, merchant.Merchant{Code: feesProfile, Name: realm.Organisation}); err == nil {
		_, err = a.Merchants.AddProfile(ctx, id, audit.By{Actor: "florin", Origin: "fees"}, merchant.Profile{Merchant: m.ID, Code: feesProfile, Name: realm.Organisation, Settings: merchant.Settings{ThreeDS: true}})
	}
	return realm, m, err
}
