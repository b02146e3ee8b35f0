package media

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// priceDetails is the price that a subscription is at (sheet, 9).
type priceDetails struct {
	Code      string      `json:"couponCode"`
	Number    int64       `json:"couponNumber"`
	Discount  json.Number `json:"discountfromfullsm"`
	Promotion string      `json:"promotion"`
	Campaign  string      `json:"promotionCategory"`
	Category  string      `json:"categoryType"`
}

type subscriptionItem struct {
	Product string       `json:"product"`
	Stopped bool         `json:"stopped"`
	Start   int64        `json:"startTime"`
	End     int64        `json:"endTime"`
	Paid    bool         `json:"paid"`
	Price   priceDetails `json:"priceDetails"`
	Shared  bool         `json:"shareable"`
}

// subscriptionItems are a person's subscriptions. They end on the last day that
// was paid for, or, as long as nothing was, on the last that was billed.
func (s *Surface) subscriptionItems(c *call, person ident.ID) (any, error) {
	list, err := s.Subscriptions.Of(c.r.Context(), c.realm(), person)
	if err != nil {
		return nil, err
	}
	out := struct {
		Subscriptions []subscriptionItem `json:"subscriptions"`
	}{[]subscriptionItem{}}
	for _, h := range list {
		zone, err := s.zone(c, h.Product.Profile)
		if err != nil {
			return nil, err
		}
		last := h.PaidUntil
		if last == "" {
			last = h.NextOn.Add(-1)
		}
		discount := max(h.Product.Price-h.Coupon.Price, 0)
		out.Subscriptions = append(out.Subscriptions, subscriptionItem{Product: h.Product.Code, Stopped: h.State == subscription.Stopped,
			Start: h.StartOn.Begin(zone).UnixMilli(), End: last.End(zone).Add(-time.Second).UnixMilli(), Paid: !h.Unpaid && h.PaidUntil != "",
			Price: priceDetails{Code: h.Coupon.Code, Number: h.Coupon.Number, Discount: major(discount, h.Product.Currency)}})
	}
	return out, nil
}

// zone is the time zone of whoever sells a product.
func (s *Surface) zone(c *call, profile ident.ID) (*time.Location, error) {
	_, m, err := s.Merchants.Get(c.r.Context(), c.realm(), profile)
	return invoice.Zone(m.Business.TimeZone), err
}

func (s *Surface) listSubscriptions(c *call) (any, error) {
	return s.subscriptionItems(c, c.who.Person)
}

func (s *Surface) clientSubscriptions(c *call) (any, error) {
	_, person, err := s.customer(c)
	if err != nil {
		return nil, err
	}
	return s.subscriptionItems(c, person)
}

// startSubscription begins a subscription that is paid by invoice. It goes on
// until it is stopped: endTime is read and not kept.
func (s *Surface) startSubscription(c *call) (any, error) {
	company, code := c.body.text("companyCode", 12), c.body.text("product", 12)
	start, end := c.body.whole("startTime"), c.body.whole("endTime")
	copies, couponCode, coupon := c.body.optional("copies", 4), c.body.optional("couponCode", 40), c.body.whole("couponNumber")
	reference := c.body.optional("customerReference", 100)
	if copies != "" && copies != "1" {
		c.body.refuse("invalid", "copies", "one copy can be had")
	}
	if end > 0 && end < start {
		c.body.refuse("invalid", "endTime", "it ends before it begins")
	}
	if err := c.body.err(); err != nil {
		return nil, err
	}
	reader, list, err := s.reader(c)
	if err != nil {
		return nil, err
	}
	product, seller, err := s.sells(c, code, company)
	if err != nil {
		return nil, err
	}
	w := subscription.Wish{Merchant: seller.ID, Person: reader.ID, Number: reader.Number, Product: code, Coupon: coupon,
		Details: subscription.Details{Reference: reference, Locale: reader.Locale, Customer: billed(reader, list)}}
	if couponCode != "" {
		if w.Coupon, err = s.couponNumber(c, product.ID, couponCode, coupon); err != nil {
			return nil, err
		}
	}
	if start > 0 {
		w.StartOn = invoice.DateOf(time.UnixMilli(start), invoice.Zone(seller.Business.TimeZone))
	}
	if _, err := s.Subscriptions.Start(c.r.Context(), c.realm(), audit.By{Actor: string(reader.ID), Origin: Contract}, w); err != nil {
		return nil, err
	}
	return struct {
		Status string `json:"status"`
	}{"OK"}, nil
}

// billed is how invoices name a reader.
func billed(p login.Person, list []login.Credential) invoice.Customer {
	c := invoice.Customer{Organisation: p.Company != "", Name: p.Company, GivenName: p.GivenName, Surname: p.Surname, Address: subscription.Post(p.Address), Email: p.Address.Email}
	phones, emails := contacts(list)
	if c.Email == "" && len(emails) > 0 {
		c.Email = emails[0]
	}
	if len(phones) > 0 {
		c.Phone = phones[0].Number
	}
	return c
}

func orMissing(err error, what string) error {
	if err == nil {
		err = fault.New(fault.NotFound, "%s", what)
	}
	return err
}

// couponNumber is the number of a product's coupon of a code, and of a number
// if one was named.
func (s *Surface) couponNumber(c *call, product ident.ID, code string, number int64) (int64, error) {
	list, err := s.Subscriptions.Coupons(c.r.Context(), c.realm(), product)
	if err != nil {
		return 0, err
	}
	for _, x := range list {
		if x.Code == code && (number == 0 || x.Number == number) {
			return x.Number, nil
		}
	}
	return 0, fault.New(fault.NotFound, "no such coupon")
}

type productItem struct {
	Company     string      `json:"companyCode"`
	Product     string      `json:"product"`
	Description string      `json:"description"`
	Type        string      `json:"productType"`
	Campaigns   []string    `json:"campaigns"`
	Currency    string      `json:"currency"`
	WebPrice    json.Number `json:"webOfferPrice"`
	Price       json.Number `json:"retailPrice"`
	VAT         json.Number `json:"vatPercent"`
	Digital     bool        `json:"digital"`
	Start       int64       `json:"startTime"`
	End         int64       `json:"endTime,omitempty"`
}

// productItems tells of products.
func (s *Surface) productItems(c *call, list []subscription.Product) (any, error) {
	out := struct {
		Products []productItem `json:"products"`
	}{[]productItem{}}
	for _, p := range list {
		_, m, err := s.Merchants.Get(c.r.Context(), c.realm(), p.Profile)
		if err != nil {
			return nil, err
		}
		coupons, err := s.Subscriptions.Coupons(c.r.Context(), c.realm(), p.ID)
		if err != nil {
			return nil, err
		}
		offer := p.Price
		if len(coupons) > 0 {
			offer = coupons[0].Price
		}
		one := productItem{m.Code, p.Code, p.Name, p.Kind, []string{}, string(p.Currency), major(offer, p.Currency), major(p.Price, p.Currency),
			percent(p.TaxRate), p.Digital, p.CreatedAt.UnixMilli(), 0}
		if !p.EndedAt.IsZero() {
			one.End = p.EndedAt.UnixMilli()
		}
		out.Products = append(out.Products, one)
	}
	return out, nil
}

// listProducts lists products; shop is read and chooses nothing, there is one.
func (s *Surface) listProducts(c *call) (any, error) {
	code, err := query(c.r, "productId", 12)
	if err != nil {
		return nil, err
	}
	list, err := s.Subscriptions.Products(c.r.Context(), c.realm(), code)
	if err != nil {
		return nil, err
	}
	kind := c.path("productType")
	return s.productItems(c, slices.DeleteFunc(list, func(p subscription.Product) bool { return kind != "" && p.Kind != kind }))
}

// checkProducts lists what was put on sale after a moment, or taken off.
func (s *Surface) checkProducts(c *call) (any, error) {
	after, active := c.body.whole("changedAfter"), c.body.flag("onlyActive")
	if err := c.body.err(); err != nil {
		return nil, err
	}
	list, err := s.Subscriptions.Changed(c.r.Context(), c.realm(), time.UnixMilli(after))
	if err != nil {
		return nil, err
	}
	return s.productItems(c, slices.DeleteFunc(list, func(p subscription.Product) bool { return active && !p.EndedAt.IsZero() }))
}

// customerProducts says what a reader may read: B within the time that is paid
// for, D not at all.
func (s *Surface) customerProducts(c *call) (any, error) {
	list, err := s.Subscriptions.Of(c.r.Context(), c.realm(), c.who.Person)
	if err != nil {
		return nil, err
	}
	type item struct {
		Partner string `json:"partnerId"`
		Product string `json:"productId"`
		Access  string `json:"accessType"`
		Start   int64  `json:"startTime,omitempty"`
		End     int64  `json:"endTime,omitempty"`
	}
	out := struct {
		Products []item `json:"products"`
	}{[]item{}}
	now, err := s.now(c)
	if err != nil {
		return nil, err
	}
	for _, h := range list {
		_, m, err := s.Merchants.Get(c.r.Context(), c.realm(), h.Product.Profile)
		if err != nil {
			return nil, err
		}
		one := item{Partner: m.Code, Product: h.Product.Code, Access: "D"}
		if zone := invoice.Zone(m.Business.TimeZone); h.PaidUntil != "" && now.Before(h.PaidUntil.End(zone)) {
			one.Access, one.Start, one.End = "B", h.StartOn.Begin(zone).UnixMilli(), h.PaidUntil.End(zone).Add(-time.Second).UnixMilli()
		}
		out.Products = append(out.Products, one)
	}
	return out, nil
}

// now is the realm's time.
func (s *Surface) now(c *call) (at time.Time, err error) {
	err = s.DB.View(c.r.Context(), c.realm(), func(tx *store.Tx) error {
		at = tx.Now()
		return nil
	})
	return at, err
}

// listCoupons lists the prices of a product, by its code.
func (s *Surface) listCoupons(c *call) (any, error) {
	products, err := s.Subscriptions.Products(c.r.Context(), c.realm(), c.path("productId"))
	if err != nil || len(products) == 0 {
		return nil, orMissing(err, "no such product")
	}
	list, err := s.Subscriptions.Coupons(c.r.Context(), c.realm(), products[0].ID)
	if err != nil {
		return nil, err
	}
	out := struct {
		Coupons []couponItem `json:"coupons"`
	}{[]couponItem{}}
	for _, x := range list {
		out.Coupons = append(out.Coupons, couponOf(products[0], x))
	}
	return out, nil
}
