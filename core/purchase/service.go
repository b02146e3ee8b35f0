package purchase

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// Service keeps orders.
type Service struct {
	DB            *store.DB
	Events        *event.Log
	Login         *login.Service
	Errands       *errand.Service
	Invoices      *invoice.Service
	Subscriptions *subscription.Service
	Log           *slog.Logger
	// Environment tells which environment a realm is in.
	Environment func(ctx context.Context, realm ident.ID) (access.Environment, error)
	// Call asks an address of a client's, which is told how an order ended, and
	// fails unless it has heard.
	Call func(ctx context.Context, url string) error
}

// Place takes an order down. Nothing begins before it is fulfilled. An order
// under a reference that its client has used is the same order if it says the
// same. Faults, in the order checked: invalid.order, not_found.voucher,
// not_found.product, not_found.coupon, invalid.date, invalid.order.currency
// (lines in two currencies, of two sellers), invalid.amount,
// conflict.method.not_set_up, conflict.subscription (a product is taken
// already), not_found.token.
func (s *Service) Place(ctx context.Context, realm ident.ID, by audit.By, w Wish) (p Purchase, err error) {
	if err := w.check(); err != nil {
		return p, err
	}
	place := func(tx *store.Tx) error {
		p, err = s.place(tx, by, w)
		return err
	}
	err = s.DB.Update(ctx, realm, place)
	var exists *store.Exists
	if errors.As(err, &exists) { // the same order, at the same moment
		err = s.DB.Update(ctx, realm, place)
	}
	return p, err
}

func (s *Service) place(tx *store.Tx, by audit.By, w Wish) (p Purchase, err error) {
	old, err := byReference(tx, w.Client, w.Reference)
	known := err == nil
	if err != nil && !fault.Is(err, fault.NotFound) {
		return p, err
	}
	who, customer, err := s.payer(tx, by, w)
	if err != nil {
		return p, err
	}
	w.Person = who.ID
	if known {
		if !old.same(w) {
			return p, fault.New("conflict.order", "another order has this id already")
		}
		return old, nil
	}
	p = Purchase{ID: tx.NewID(), Version: 1, Client: w.Client, Merchant: w.Merchant, Person: who.ID, Customer: who.Number, Reference: w.Reference,
		Way: w.Way, Method: w.Method, Means: w.Means, State: Preliminary, CreatedAt: tx.Now(),
		Details: Details{Customer: customer, Locale: who.Locale, Reference: w.Details.Reference, Memo: w.Details.Memo}}
	for _, item := range w.Lines {
		if err := s.line(tx, &p, item); err != nil {
			return p, err
		}
	}
	if w.Currency != "" && w.Currency != p.Amount.Currency {
		return p, fault.At("invalid.order.currency", "currency", "it is sold in %s", p.Amount.Currency)
	}
	if err := costs(w.Amount, p.Amount, "orderAmount"); err != nil {
		return p, err
	}
	if err := s.wayOf(tx, &p, w.Ticket); err != nil {
		return p, err
	}
	if p.Number, err = count(tx); err != nil {
		return p, err
	}
	if err := s.save(tx, &p, "purchase.placed"); err != nil {
		return p, err
	}
	audit.Add(tx, by, "purchase.place", p.ID, "ok")
	job.Add(tx, "purchase.lapse", p.ID, p.CreatedAt.Add(Life))
	return p, nil
}

// wayOf holds an order's way to what it costs, and finds the stored way to pay
// that it names.
func (s *Service) wayOf(tx *store.Tx, p *Purchase, ticket string) error {
	if nothing := p.Amount.Minor == 0; nothing && p.Way != Free && p.Way != ByInvoice || !nothing && p.Way == Free {
		return fault.New("conflict.method.not_set_up", "what costs nothing is ordered as free, and nothing else is")
	}
	if ticket == "" {
		return nil
	}
	product, err := subscription.OnSale(tx, p.Details.Lines[0].Product)
	if err != nil {
		return err
	}
	t, err := subscription.TokenNamed(tx, p.Person, product.ID, p.Method, ticket)
	p.Token = t.ID
	return err
}

// same says whether an order is what a wish would make it.
func (p Purchase) same(w Wish) bool {
	if p.Person != w.Person || p.Way != w.Way || p.Method != w.Method || p.Means != w.Means || len(p.Details.Lines) != len(w.Lines) {
		return false
	}
	for i, l := range p.Details.Lines {
		if l.Product != w.Lines[i].Product || w.Lines[i].Coupon != 0 && l.Coupon != w.Lines[i].Coupon {
			return false
		}
	}
	return costs(w.Amount, p.Amount, "orderAmount") == nil
}

// line adds a product to an order, and takes a use of its voucher.
func (s *Service) line(tx *store.Tx, p *Purchase, item Item) error {
	o, voucher, err := s.Subscriptions.OfferIn(tx, subscription.Wish{Merchant: p.Merchant, Product: item.Product, Coupon: item.Coupon}, item.Voucher)
	if err != nil {
		return err
	}
	if item.Code != "" && item.Code != o.Coupon.Code {
		return fault.New("not_found.coupon", "no such coupon")
	}
	if item.StartOn != "" {
		if _, err := invoice.ParseDate(string(item.StartOn)); err != nil {
			return err
		}
	}
	price := money.Of(o.Coupon.Price, o.Product.Currency)
	if err := costs(item.Price, price, "unitPrice"); err != nil {
		return err
	}
	if p.Merchant, err = seller(p, o); err != nil {
		return err
	}
	if err := s.payable(tx, *p, o); err != nil {
		return err
	}
	held, err := subscription.HeldIn(tx, p.Person, o.Product.Code)
	switch {
	case err == nil && held.State != subscription.Stopped:
		return fault.New("conflict.subscription", "this product is taken already")
	case err != nil && !fault.Is(err, fault.NotFound):
		return err
	}
	if voucher != "" {
		if err := s.Subscriptions.SpendIn(tx, voucher, -1); err != nil {
			return err
		}
	}
	p.Amount = money.Of(p.Amount.Minor+price.Minor, price.Currency)
	p.Details.Lines = append(p.Details.Lines, Line{Product: o.Product.Code, Name: o.Product.Name, Coupon: o.Coupon.Number, Price: price.Minor, Tax: o.Tax(), StartOn: item.StartOn,
		Voucher: voucher, Subscription: tx.NewID()})
	return nil
}

// seller is who sells all of an order, in one currency.
func seller(p *Purchase, o subscription.Offer) (ident.ID, error) {
	if p.Amount.Currency != "" && p.Amount.Currency != o.Product.Currency || p.Merchant != "" && p.Merchant != o.Product.Merchant {
		return "", fault.At("invalid.order.currency", "orderLines", "an order is of one company, in one currency")
	}
	return o.Product.Merchant, nil
}

// payable says whether a product can be paid the order's way.
func (s *Service) payable(tx *store.Tx, p Purchase, o subscription.Offer) error {
	if !o.Product.Takes(p.Method) {
		return fault.New("conflict.method.not_set_up", "this method is not set up for the product")
	}
	if p.Way != Once {
		return nil
	}
	profile, err := merchant.ProfileIn(tx, o.Product.Profile)
	if err != nil {
		return err
	}
	return errand.Takes(profile, p.Means)
}

// Find finds an order by its number; the caller has judged who may see it.
// Faults: not_found.purchase.
func (s *Service) Find(ctx context.Context, realm ident.ID, number int64) (p Purchase, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		p, err = byNumber(tx, number)
		return err
	})
	return p, err
}

// ByReference finds a client's order by the reference that it gave.
// Faults: not_found.purchase.
func (s *Service) ByReference(ctx context.Context, realm, client ident.ID, reference string) (p Purchase, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		p, err = byReference(tx, client, reference)
		return err
	})
	return p, err
}

// listed is how many of a person's orders are listed.
const listed = 200

// Of lists a person's orders, the newest first, two hundred at the most.
func (s *Service) Of(ctx context.Context, realm, person ident.ID) (list []Purchase, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = ofPerson(tx, person, listed)
		return err
	})
	return list, err
}

// Part is a line of an order with the first bill that came of it, if one did.
type Part struct {
	Line
	Bill      *subscription.Bill
	Invoice   invoice.Invoice
	Delivered bool   // the subscription has begun
	Company   string // the seller's code
}

// Parts are an order's lines.
func (s *Service) Parts(ctx context.Context, realm ident.ID, p Purchase) (list []Part, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list = nil
		m, err := merchant.MerchantIn(tx, p.Merchant)
		if err != nil {
			return err
		}
		for _, l := range p.Details.Lines {
			one := Part{Line: l, Delivered: p.State == Transferred, Company: m.Code}
			b, found, err := subscription.FirstBill(tx, l.Subscription)
			if err != nil {
				return err
			}
			if found {
				one.Bill = &b
				if one.Invoice, err = invoice.GetIn(tx, b.Invoice); err != nil {
					return err
				}
			}
			list = append(list, one)
		}
		return nil
	})
	return list, err
}

// save writes an order, made or changed, and its event.
func (s *Service) save(tx *store.Tx, p *Purchase, typ string) error {
	p.Seq++
	var err error
	if typ == "purchase.placed" {
		err = addPurchase(tx, *p)
	} else {
		err = savePurchase(tx, p)
	}
	if err != nil {
		return err
	}
	b, err := json.Marshal(struct {
		State State `json:"state"`
		Way   Way   `json:"way"`
	}{p.State, p.Way})
	if err != nil {
		return err
	}
	return s.Events.Add(tx, event.Event{Object: p.ID, Seq: p.Seq, Type: typ, Merchant: p.Merchant, Data: string(b), Subject: *p})
}
