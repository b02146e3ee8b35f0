package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// An invoice for fees is charged to its merchant's billing source on the day it
// is due (contract sheet april, 6.10). The charge pays the invoice's own order,
// the one that its link opens, so an invoice is never paid in both ways at once.

const feeChargeJob = "fee_invoice.charge"

// chargeDays are the days after the due day on which a charge that was refused is
// tried again, as instalments are (contract sheet april, 6.7).
var chargeDays = []int{0, 1, 3, 7}

// chargeWait is how long a charge waits for a payment that is under way.
const chargeWait = 6 * time.Hour

// chargeFees is the job that charges an invoice. Without a billing source the
// merchant pays by hand, and nothing more is tried.
func (a *App) chargeFees(ctx context.Context, j job.Job) error {
	b, err := a.Settlement.Invoice(ctx, j.Realm, j.Object)
	if err != nil {
		return err
	}
	due, err := b.DueAt()
	if err != nil {
		return err
	}
	now := a.DB.Now(j.Realm)
	try, next := chargeTry(due, now)
	source, err := a.billingSource(ctx, j.Realm, b.Merchant)
	if err != nil {
		return err
	}
	if b.Left() > 0 && source.ID != "" && try >= 0 {
		wait, err := a.charge(ctx, j.Realm, b.Invoice, source, try)
		if err != nil {
			return err
		}
		if wait > 0 {
			next = now.Add(wait)
		}
	}
	return a.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		if b.Left() == 0 || source.ID == "" || next.IsZero() {
			return job.Done(tx, j)
		}
		return job.Again(tx, j, next)
	})
}

// chargeTry is the number of the try whose day it is, -1 before the first, and
// when the next one is; zero after the last.
func chargeTry(due, now time.Time) (try int, next time.Time) {
	try = -1
	for n, days := range chargeDays {
		at := due.AddDate(0, 0, days)
		if at.After(now) {
			return try, at
		}
		try = n
	}
	return try, time.Time{}
}

// billingSource is the newest source that a merchant pays its fees with; a zero
// one if there is none.
func (a *App) billingSource(ctx context.Context, realm, owner ident.ID) (vault.Source, error) {
	list, _, err := a.Vault.Search(ctx, realm, vault.SourceFilter{Merchants: []ident.ID{owner}, Scope: vault.ByBilling, Page: store.Page{Limit: 1, Sort: []string{"-createdAt"}}})
	if err != nil || len(list) == 0 {
		return vault.Source{}, err
	}
	return list[0], nil
}

// charge asks for what is left of an invoice. wait says when to look again at
// what is under way; 0 when it was decided.
func (a *App) charge(ctx context.Context, realm ident.ID, i settlement.Invoice, source vault.Source, try int) (wait time.Duration, err error) {
	of, house, err := a.house(ctx, realm)
	if err != nil {
		return 0, err
	}
	list, _, err := a.Orders.Search(ctx, realm, order.Filter{Merchants: []ident.ID{house.ID}, References: []string{i.Reference},
		States: []order.State{order.Created, order.Pending}, Page: store.Page{Limit: 20}})
	if err != nil {
		return 0, err
	}
	n := slices.IndexFunc(list, func(o order.Order) bool {
		return o.Details.FeeInvoice == i.ID && o.State == order.Created && o.Amount.Minor == i.Left()
	})
	if n < 0 { // its order is not made yet, or somebody is paying
		return time.Hour, nil
	}
	profile, _, err := a.Merchants.ByCode(ctx, realm, feesProfile)
	if err != nil {
		return 0, err
	}
	actor := access.Actor{Realm: realm, Environment: of.Environment, Kind: "florin", May: []access.Permission{access.Pay}, Merchants: []ident.ID{house.ID}}
	out, err := a.Payments.Pay(ctx, actor, payment.Order{Idempotency: idempotency.Key{Surface: april.Contract, Key: "fees/" + string(i.ID) + "/" + strconv.Itoa(try) + "/" + strconv.FormatInt(i.Paid, 10)},
		Profile: profile, Kind: connector.Debit, Source: source.ID, Billing: i.Merchant, Amount: money.Of(i.Left(), i.Currency), Reference: i.Reference, Order: list[n].ID,
		Details: payment.Details{Descriptor: "Fees " + i.Reference, Series: &payment.Series{Initiator: "MIT", Mode: "REPEATED", Type: "UNSCHEDULED"}}})
	switch {
	case fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound): // the source cannot be charged like this: the next try may find another
		a.Log.Warn("a billing source was not charged", "invoice", i.ID, "source", source.ID, "code", fault.Code(err))
		return 0, nil
	case err != nil:
		return 0, err
	case out.Payment.State == payment.Failed:
		a.Log.Warn("a billing source was refused", "invoice", i.ID, "source", source.ID, "try", fmt.Sprint(try+1, " of ", len(chargeDays)), "code", out.Payment.Code)
		return 0, nil
	case out.Payment.Captured > 0:
		return 0, nil
	}
	_, err = a.Settlement.AcceptInvoice(ctx, realm, audit.By{Actor: "florin", Origin: "billing source"}, i.ID)
	if fault.Is(err, fault.Conflict) { // it was decided meanwhile
		err = nil
	}
	return chargeWait, err
}
