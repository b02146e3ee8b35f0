package invoice

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// Limits of one invoice.
const (
	MaxLines       = 1000
	MaxObjects     = 100
	MaxInstalments = 120
	maxText        = 255
)

// Draft is a wish for an invoice.
type Draft struct {
	Idempotency idempotency.Key // its Surface is the invoice's
	Profile     merchant.Profile
	Owner       ident.ID
	Number      string // "": drawn, unique for the merchant
	Reference   string
	Order       string
	Scheme      Scheme // of the payable reference; NoReference for none
	Payable     string // the payable reference itself, drawn by the maker; Scheme checks it
	Customer    Customer
	Amount      money.Amount
	DueOn       Date
	Details     Details // all but Reminders, Reason and Zone, which is the merchant's
}

// Add makes an invoice, open; known says that the same wish made it before.
// Faults, in the order checked: forbidden.permission, not_found.merchant,
// conflict.idempotency, invalid.amount, invalid.currency,
// invalid.currency.not_set_up, invalid.amount.above_limit, invalid.date,
// invalid.text, invalid.reference, invalid.lines, invalid.objects,
// invalid.instalments (also .order, .sum).
func (s *Service) Add(ctx context.Context, actor access.Actor, d Draft) (inv Invoice, known bool, err error) {
	add := func(tx *store.Tx) error {
		inv, known, err = s.AddIn(tx, actor, d)
		return err
	}
	if err = s.DB.Update(ctx, actor.Realm, add); idempotency.Taken(err) {
		err = s.DB.Update(ctx, actor.Realm, add)
	}
	return inv, known, err
}

// AddIn is Add in the caller's transaction, which may fail with an error that
// idempotency.Taken knows.
func (s *Service) AddIn(tx *store.Tx, actor access.Actor, d Draft) (inv Invoice, known bool, err error) {
	if err := permitted(actor, access.Pay, d.Profile.Merchant); err != nil {
		return inv, false, err
	}
	made, err := idempotency.Recall(tx, d.Idempotency)
	if err != nil {
		return inv, false, err
	}
	if made != "" {
		inv, err = getInvoice(tx, made)
		return inv, true, err
	}
	if err := d.check(); err != nil {
		return inv, false, err
	}
	m, err := merchant.MerchantIn(tx, d.Profile.Merchant)
	if err != nil {
		return inv, false, err
	}
	inv = Invoice{ID: tx.NewID(), Version: 1, Merchant: m.ID, Profile: d.Profile.ID, Surface: d.Idempotency.Surface, Owner: d.Owner,
		Number: d.Number, Reference: d.Reference, Order: d.Order, Customer: d.Customer, Amount: d.Amount, State: Open, DueOn: d.DueOn,
		CreatedAt: tx.Now(), UpdatedAt: tx.Now(), Details: d.Details}
	inv.Details.Zone, inv.Details.Reminders, inv.Details.Reason = m.Business.TimeZone, nil, ""
	if err := s.name(tx, &inv, d.Scheme, d.Payable); err != nil {
		return inv, false, err
	}
	idempotency.Remember(tx, d.Idempotency, inv.ID)
	inv.Seq = 1
	if err := addInvoice(tx, inv); err != nil {
		return inv, false, err
	}
	schedule(tx, inv)
	return inv, false, s.tell(tx, "invoice.created", Change{Is: inv, Instalment: -1}, inv.Seq)
}

// name gives the invoice what it is found by.
func (s *Service) name(tx *store.Tx, inv *Invoice, scheme Scheme, payable string) error {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return fault.Wrap(err, "no randomness")
	}
	inv.Key = base64.RawURLEncoding.EncodeToString(raw)
	if inv.Number == "" {
		n, err := count(tx, "number/"+string(inv.Merchant))
		if err != nil {
			return err
		}
		inv.Number = strconv.FormatInt(10_000+n, 10)
	}
	if scheme == NoReference {
		return nil
	}
	if payable != "" {
		inv.Payable = payable
		return nil
	}
	n, err := count(tx, "payable")
	if err != nil {
		return err
	}
	inv.Payable, err = PayableReference(scheme, fmt.Sprintf("1%08d", n))
	return err
}

// schedule writes what time will make of the invoice.
func schedule(tx *store.Tx, inv Invoice) {
	zone := Zone(inv.Details.Zone)
	if inv.DueOn != "" {
		job.Add(tx, "invoice.due", inv.ID, inv.DueOn.End(zone))
		for _, days := range inv.Details.RemindDays {
			job.Add(tx, "invoice.remind", inv.ID, inv.DueOn.Add(days).Begin(zone))
		}
		if days := inv.Details.ExpireDays; days > 0 {
			job.Add(tx, "invoice.expire", inv.ID, inv.DueOn.Add(days).End(zone))
		}
	}
	if _, at, found := inv.due(); found {
		job.Add(tx, "invoice.instalment", inv.ID, at)
	}
}

// check judges the draft by itself.
func (d Draft) check() error {
	set := d.Profile.Settings
	switch {
	case d.Amount.Minor < 1 || d.Amount.Minor > money.Max || d.Details.Net < 0 || d.Details.Net > money.Max:
		return fault.At("invalid.amount", "amount", "the amount must be positive")
	case !d.Amount.Currency.Known():
		return fault.At("invalid.currency", "currency", "unknown currency")
	case !set.TakesCurrency(d.Amount.Currency):
		return fault.At("invalid.currency.not_set_up", "currency", "this currency is not set up")
	}
	if limit := set.Limits[d.Amount.Currency]; limit > 0 && d.Amount.Minor > limit {
		return fault.At("invalid.amount.above_limit", "amount", "the amount is above the limit")
	}
	if d.DueOn != "" {
		if _, err := ParseDate(string(d.DueOn)); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{"number": d.Number, "reference": d.Reference, "order": d.Order, "customer": d.Customer.Number} {
		if len(text) > maxText {
			return fault.At("invalid.text", name, "at most %d bytes", maxText)
		}
	}
	if d.Payable != "" && !CheckReference(d.Scheme, d.Payable) {
		return fault.At("invalid.reference", "payable", "the payable reference does not check itself by %s", d.Scheme)
	}
	return d.Details.check(d.Amount.Minor)
}

func (d Details) check(amount int64) error {
	if len(d.Lines) > MaxLines {
		return fault.At("invalid.lines", "lines", "an invoice has at most %d lines", MaxLines)
	}
	if len(d.Objects) > MaxObjects {
		return fault.At("invalid.objects", "objects", "an invoice has at most %d objects", MaxObjects)
	}
	if len(d.Instalments) > MaxInstalments {
		return fault.At("invalid.instalments", "instalments", "an invoice has at most %d instalments", MaxInstalments)
	}
	for _, days := range append([]int{d.ExpireDays}, d.RemindDays...) {
		if days < 0 || days > 3660 {
			return fault.At("invalid.date", "days", "not a sensible number of days")
		}
	}
	return checkInstalments(d.Instalments, amount)
}
