package subscription

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Surface is the contract that subscriptions come through.
const Surface = "media"

// Service keeps products, subscriptions and their bills.
type Service struct {
	DB       *store.DB
	Events   *event.Log
	Vault    *vault.Service
	Payments *payment.Service
	Mandates *mandate.Service
	Invoices *invoice.Service
	Banks    *bankfile.Service
	Log      *slog.Logger
	// Environment tells which environment a realm is in.
	Environment func(ctx context.Context, realm ident.ID) (access.Environment, error)
}

// Register hands the jobs of this package to the queue.
func (s *Service) Register(q *job.Queue) {
	q.Handle("subscription.renew", s.renew)
	q.Handle("subscription.charge", s.charge)
	q.Handle("subscription.unmandate", s.unmandate)
	q.Handle("subscription.suspend", s.suspend)
}

// AddProduct puts a product on sale. Faults, in the order checked:
// forbidden.permission, not_found.merchant, invalid.product, invalid.currency,
// invalid.amount, not_found.profile, conflict.product (the code is taken).
func (s *Service) AddProduct(ctx context.Context, actor access.Actor, by audit.By, p Product) (Product, error) {
	if err := actor.Need(access.Settings); err != nil {
		return p, err
	}
	if err := actor.NeedMerchant(p.Merchant); err != nil {
		return p, err
	}
	if p.Kind == "" {
		p.Kind = "subscription"
	}
	if err := p.check(); err != nil {
		return p, err
	}
	err := s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		profile, err := merchant.ProfileIn(tx, p.Profile)
		if err == nil && profile.Merchant != p.Merchant {
			err = fault.New("not_found.profile", "no such profile")
		}
		if err != nil {
			return err
		}
		p.ID, p.Version, p.CreatedAt = tx.NewID(), 1, tx.Now()
		audit.Add(tx, by, "product.add", p.ID, "ok")
		addProduct(tx, p)
		return nil
	})
	return p, taken(err, "conflict.product", "the code is taken")
}

// AddCoupon gives a product a price. Faults, in the order checked:
// forbidden.permission, invalid.coupon, invalid.amount, not_found.product,
// conflict.coupon (the number is taken).
func (s *Service) AddCoupon(ctx context.Context, actor access.Actor, by audit.By, c Coupon) (Coupon, error) {
	if err := actor.Need(access.Settings); err != nil {
		return c, err
	}
	if err := c.check(); err != nil {
		return c, err
	}
	err := s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		p, err := getProduct(tx, c.Product)
		if err == nil && actor.NeedMerchant(p.Merchant) != nil {
			err = fault.New("not_found.product", "no such product")
		}
		if err != nil {
			return err
		}
		c.ID, c.Version, c.CreatedAt = tx.NewID(), 1, tx.Now()
		addCoupon(tx, c)
		audit.Add(tx, by, "coupon.add", c.ID, "ok")
		return nil
	})
	return c, taken(err, "conflict.coupon", "the number is taken")
}

func taken(err error, code, msg string) error {
	var exists *store.Exists
	if errors.As(err, &exists) {
		return fault.New(code, "%s", msg)
	}
	return err
}

// Products lists what is on sale, in the order of the codes; code "" for all.
func (s *Service) Products(ctx context.Context, realm ident.ID, code string) (list []Product, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = listProducts(tx, code)
		return err
	})
	return list, err
}

// ProductIn finds a product. Faults: not_found.product.
func ProductIn(tx *store.Tx, id ident.ID) (Product, error) { return getProduct(tx, id) }

// Coupons lists a product's coupons that everybody can have, by their numbers.
func (s *Service) Coupons(ctx context.Context, realm, product ident.ID) (list []Coupon, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = couponsOf(tx, product)
		list = slices.DeleteFunc(list, func(c Coupon) bool { return c.ByVoucher || !c.EndedAt.IsZero() })
		return err
	})
	return list, err
}

// Wish is for a subscription to be started.
type Wish struct {
	Merchant ident.ID // "": whichever sells the product
	Person   ident.ID
	Number   int64
	Product  string // its code
	Coupon   int64  // its number; 0: the product's first one
	Opened   bool   // a voucher opened the coupon
	Method   Method // "": by invoice
	Token    ident.ID
	StartOn  invoice.Date // "": today
	ID       ident.ID     // drawn beforehand, where something names the subscription already; else ""
	Invoice  ident.ID     // of the first period, where it was made beforehand and is paid; else ""
	Details  Details
}

// Start begins a subscription, with its first bill at once, or on its first day.
// Faults, in the order checked: not_found.product, not_found.coupon,
// invalid.date, conflict.method.not_set_up, not_found.token,
// conflict.subscription (the person takes the product already).
func (s *Service) Start(ctx context.Context, realm ident.ID, by audit.By, w Wish) (sub Subscription, err error) {
	env, err := s.Environment(ctx, realm)
	if err != nil {
		return sub, err
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		sub, err = s.StartIn(tx, env, by, w)
		return err
	})
	return sub, taken(err, "conflict.subscription", "this product is taken already")
}

// StartIn is Start in the caller's transaction.
func (s *Service) StartIn(tx *store.Tx, env access.Environment, by audit.By, w Wish) (sub Subscription, err error) {
	p, coupon, err := offer(tx, w)
	if err != nil {
		return sub, err
	}
	m, err := merchant.MerchantIn(tx, p.Merchant)
	if err != nil {
		return sub, err
	}
	zone := invoice.Zone(m.Business.TimeZone)
	today := invoice.DateOf(tx.Now(), zone)
	if w.StartOn == "" {
		w.StartOn = today
	}
	if _, err := invoice.ParseDate(string(w.StartOn)); err != nil {
		return sub, err
	}
	if w.Method == "" {
		w.Method = ByInvoice
	}
	if !p.Takes(w.Method) || w.Method == ByBank {
		return sub, fault.New("conflict.method.not_set_up", "a subscription to this product does not begin with that method")
	}
	if w.Method.Stored() {
		if t, err := getToken(tx, w.Token); err != nil || t.Person != w.Person || t.Product != p.ID || t.Method != w.Method || !t.Live() {
			return sub, fault.New("not_found.token", "no such token")
		}
	}
	held, err := subscriptionsOf(tx, w.Person)
	if err != nil {
		return sub, err
	}
	for _, x := range held {
		if x.Product == p.ID && x.State != Stopped {
			return sub, fault.New("conflict.subscription", "this product is taken already")
		}
	}
	if w.ID == "" {
		w.ID = tx.NewID()
	}
	sub = Subscription{ID: w.ID, Version: 1, Merchant: p.Merchant, Person: w.Person, Number: w.Number, Product: p.ID, Coupon: coupon.ID, Method: w.Method,
		Token: w.Token, State: Active, StartOn: w.StartOn, NextOn: w.StartOn, CreatedAt: tx.Now(), Details: w.Details}
	audit.Add(tx, by, "subscription.start", sub.ID, "ok")
	if err := s.save(tx, &sub, "subscription.started"); err != nil {
		return sub, err
	}
	switch {
	case w.Invoice != "":
		err = s.billed(tx, &sub, coupon, w.Invoice)
	case sub.NextOn <= today:
		err = s.bill(tx, own(tx.Realm(), env, sub.Merchant), &sub, zone)
	}
	job.Add(tx, "subscription.renew", sub.ID, sub.NextOn.Begin(zone))
	return sub, err
}

// offer finds what a wish is for.
func offer(tx *store.Tx, w Wish) (p Product, c Coupon, err error) {
	list, err := listProducts(tx, w.Product)
	if err != nil {
		return p, c, err
	}
	if len(list) == 0 || w.Product == "" || w.Merchant != "" && list[0].Merchant != w.Merchant {
		return p, c, fault.New("not_found.product", "no such product")
	}
	p = list[0]
	coupons, err := couponsOf(tx, p.ID)
	if err != nil {
		return p, c, err
	}
	for _, c := range coupons {
		if c.EndedAt.IsZero() && (w.Coupon == 0 || c.Number == w.Coupon) && (!c.ByVoucher || w.Opened) {
			return p, c, nil
		}
	}
	return p, c, fault.New("not_found.coupon", "no such coupon")
}

// Stop ends a subscription: nothing is billed from now on, and what is paid for
// stays open. Bills that are open stay so. Faults: not_found.subscription,
// conflict.subscription (stopped already).
func (s *Service) Stop(ctx context.Context, realm, person, id ident.ID, by audit.By) (sub Subscription, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if sub, err = getSubscription(tx, id); err != nil || sub.Person != person {
			return missing()
		}
		if sub.State == Stopped {
			return fault.New("conflict.subscription", "the subscription has been stopped")
		}
		if err := s.leave(tx, by, &sub); err != nil {
			return err
		}
		sub.State, sub.StoppedAt, sub.Pending = Stopped, tx.Now(), ""
		audit.Add(tx, by, "subscription.stop", sub.ID, "ok")
		return s.save(tx, &sub, "subscription.stopped")
	})
	return sub, err
}

func missing() error { return fault.New("not_found.subscription", "no such subscription") }

// Held is a subscription with what it is to and what is owed for it.
type Held struct {
	Subscription
	Product Product
	Coupon  Coupon
	Unpaid  bool // a bill that is open or left
}

// Of lists a person's subscriptions, oldest first.
func (s *Service) Of(ctx context.Context, realm, person ident.ID) (list []Held, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		subs, err := subscriptionsOf(tx, person)
		if err != nil {
			return err
		}
		list = nil
		for _, sub := range subs {
			h, err := hold(tx, sub)
			if err != nil {
				return err
			}
			list = append(list, h)
		}
		return nil
	})
	return list, err
}

// HeldIn is the newest subscription of a person to a product, one that is not
// stopped before one that is. Faults: not_found.subscription.
func HeldIn(tx *store.Tx, person ident.ID, code string) (h Held, err error) {
	subs, err := subscriptionsOf(tx, person)
	if err != nil {
		return h, err
	}
	found := false
	for _, sub := range subs {
		one, err := hold(tx, sub)
		if err != nil {
			return h, err
		}
		if one.Product.Code == code && (!found || h.State == Stopped) {
			h, found = one, true
		}
	}
	if !found {
		return h, missing()
	}
	return h, nil
}

// Holding is HeldIn in a transaction of its own.
func (s *Service) Holding(ctx context.Context, realm, person ident.ID, code string) (h Held, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		h, err = HeldIn(tx, person, code)
		return err
	})
	return h, err
}

func hold(tx *store.Tx, sub Subscription) (h Held, err error) {
	h.Subscription = sub
	if h.Product, err = getProduct(tx, sub.Product); err != nil {
		return h, err
	}
	if h.Coupon, err = getCoupon(tx, sub.Coupon); err != nil {
		return h, err
	}
	bills, err := billsOf(tx, sub.ID)
	for _, b := range bills {
		h.Unpaid = h.Unpaid || b.State == Open || b.State == Left
	}
	return h, err
}

// BillOf is the bill that an invoice was made for, if one was.
func BillOf(tx *store.Tx, inv ident.ID) (Bill, bool, error) { return getBill(tx, inv) }

// Bills lists a subscription's bills, oldest first.
func (s *Service) Bills(ctx context.Context, realm, id ident.ID) (list []Bill, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = billsOf(tx, id)
		return err
	})
	return list, err
}

// save writes a subscription, made or changed, and its event.
func (s *Service) save(tx *store.Tx, sub *Subscription, typ string) error {
	sub.Seq++
	var err error
	if typ == "subscription.started" {
		err = addSubscription(tx, *sub)
	} else {
		err = saveSubscription(tx, sub)
	}
	if err != nil {
		return err
	}
	b, err := json.Marshal(struct {
		State   State        `json:"state"`
		Method  Method       `json:"method"`
		Pending Method       `json:"pending,omitempty"`
		Until   invoice.Date `json:"paidUntil,omitempty"`
	}{sub.State, sub.Method, sub.Pending, sub.PaidUntil})
	if err != nil {
		return err
	}
	return s.Events.Add(tx, event.Event{Object: sub.ID, Seq: sub.Seq, Type: typ, Merchant: sub.Merchant, Data: string(b), Subject: *sub})
}
