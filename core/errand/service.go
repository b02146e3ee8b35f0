package errand

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// Service makes errands and carries them through.
type Service struct {
	DB            *store.DB
	Events        *event.Log
	Payments      *payment.Service
	Mandates      *mandate.Service
	Checkouts     *checkout.Service
	Invoices      *invoice.Service
	Subscriptions *subscription.Service
	Random        io.Reader // for numbers: crypto/rand.Reader outside simulations
	Log           *slog.Logger
	// Environment tells which environment a realm is in.
	Environment func(ctx context.Context, realm ident.ID) (access.Environment, error)
	// PageURL is the page of a checkout.
	PageURL func(key string) string
	// BackURL is where a provider sends the reader back to.
	BackURL func(client string, number int64) string
}

// Bill is a wish to pay an invoice.
type Bill struct {
	Number  string // of the invoice
	Product string // its code
	Company string // the merchant's code
	Means   Means
}

// PayInvoice makes an errand to pay what is open of an invoice, or answers with
// the one that is under way with the same means; one with other means is
// cancelled. ok is false when there is nothing to pay: the invoice is paid,
// credited or gone. Faults, in the order checked: not_found.invoice (another
// person's, product's or company's too), conflict.method.not_set_up.
func (s *Service) PayInvoice(ctx context.Context, o Owner, b Bill) (e Errand, ok bool, err error) {
	var inv invoice.Invoice
	var profile merchant.Profile
	err = s.DB.View(ctx, o.Realm, func(tx *store.Tx) error {
		inv, profile, err = s.find(tx, o, b)
		return err
	})
	if err != nil {
		return e, false, err
	}
	if err := Takes(profile, b.Means); err != nil {
		return e, false, err
	}
	var before ident.ID // a payment that nobody waits for any more
	err = s.make(ctx, o, func(tx *store.Tx, number int64) error {
		e, ok, before = Errand{}, false, ""
		now, err := invoice.GetIn(tx, inv.ID)
		if err != nil || now.Left().Minor == 0 {
			return err
		}
		list, err := ofInvoice(tx, inv.ID)
		if err != nil {
			return err
		}
		for _, old := range list {
			switch open := !old.State.Final() && tx.Now().Before(old.ExpiresAt); {
			case old.Kind != Pay || old.Person != o.Person || !open:
			case old.Means == b.Means && old.Client == o.Client:
				e, ok = old, true
				return nil
			case old.State != Unknown: // what is unknown may have been paid: it goes on
				before = old.Payment
				old.State, old.DoneAt = Cancelled, tx.Now()
				if err := s.save(tx, &old, "errand.cancelled"); err != nil {
					return err
				}
			}
		}
		e, ok = Errand{Number: number, Kind: Pay, Client: o.Client, Merchant: inv.Merchant, Person: o.Person, Product: b.Product, Invoice: inv.ID, Means: b.Means}, true
		return s.add(tx, &e)
	})
	if err == nil && before != "" {
		s.giveUp(ctx, o.Realm, inv.Merchant, before)
	}
	return e, ok, err
}

// find is the invoice that a bill names, for whoever owns it.
func (s *Service) find(tx *store.Tx, o Owner, b Bill) (inv invoice.Invoice, profile merchant.Profile, err error) {
	list, err := subscription.BilledIn(tx, o.Person, b.Product)
	if err != nil {
		return inv, profile, err
	}
	for _, x := range list {
		if x.Invoice.Number == b.Number && x.Company.Code == b.Company && b.Product != "" {
			profile, err = merchant.ProfileIn(tx, x.Invoice.Profile)
			return x.Invoice, profile, err
		}
	}
	return inv, profile, fault.New("not_found.invoice", "no such invoice")
}

// ChangeMethod makes an errand to have a person's product paid by another
// method. Faults: those of subscription.Service.MayChange.
func (s *Service) ChangeMethod(ctx context.Context, o Owner, product string, m subscription.Method) (e Errand, err error) {
	err = s.make(ctx, o, func(tx *store.Tx, number int64) error {
		h, err := s.Subscriptions.MayChange(tx, o.Person, product, m)
		if err != nil {
			return err
		}
		e = Errand{Number: number, Kind: Change, Client: o.Client, Merchant: h.Merchant, Person: o.Person, Product: product, Method: m}
		return s.add(tx, &e)
	})
	return e, err
}

// make runs f with a number that nobody can guess, and with another one if it
// is taken.
func (s *Service) make(ctx context.Context, o Owner, f func(tx *store.Tx, number int64) error) error {
	for range 3 {
		var raw [8]byte
		if _, err := io.ReadFull(s.Random, raw[:]); err != nil {
			return fault.Wrap(err, "no randomness")
		}
		// 52 random bits below a leading one: every program reads it exactly.
		number := int64(binary.BigEndian.Uint64(raw[:])>>12 | 1<<52)
		err := s.DB.Update(ctx, o.Realm, func(tx *store.Tx) error { return f(tx, number) })
		var exists *store.Exists
		if !errors.As(err, &exists) {
			return err
		}
	}
	return fault.New(fault.Internal, "no number is free")
}

func (s *Service) add(tx *store.Tx, e *Errand) error {
	e.ID, e.Version, e.State, e.CreatedAt, e.ExpiresAt = tx.NewID(), 1, Created, tx.Now(), tx.Now().Add(Life)
	return s.save(tx, e, "errand.created")
}

// save writes an errand, made or changed, and its event.
func (s *Service) save(tx *store.Tx, e *Errand, typ string) error {
	e.Seq++
	if typ == "errand.created" {
		addErrand(tx, *e)
	} else {
		saveErrand(tx, e)
	}
	return s.Events.Add(tx, event.Event{Object: e.ID, Seq: e.Seq, Type: typ, Merchant: e.Merchant, Data: `{"state":"` + string(e.State) + `"}`, Subject: *e})
}

// own is how this package acts for a reader: for one merchant.
func own(realm ident.ID, env access.Environment, merchant ident.ID) access.Actor {
	return access.Actor{Realm: realm, Environment: env, Kind: "errand", May: []access.Permission{access.Pay, access.Read, access.Register}, Merchants: []ident.ID{merchant}}
}

// giveUp withdraws a payment that nobody waits for any more, if it can be. It
// is only a courtesy: what was paid after all is followed like anything else.
func (s *Service) giveUp(ctx context.Context, realm, merchant, id ident.ID) {
	env, err := s.Environment(ctx, realm)
	if err == nil {
		_, err = s.Payments.Cancel(ctx, own(realm, env, merchant), id)
	}
	if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, "unavailable.operation") {
		s.Log.Error("payment not withdrawn", "payment", id, "err", err)
	}
}
