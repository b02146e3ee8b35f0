package subscription

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

var productTable = &store.Table{Name: "product", Key: 2, Columns: []string{"realm", "id", "version", "merchant", "profile", "code", "name", "kind", "currency", "price",
	"tax_rate", "digital", "methods", "created_at", "ended_at"}}

const productColumns = `id, version, merchant, profile, code, name, kind, currency, price, tax_rate, digital, methods, created_at, ended_at`

func productRow(tx *store.Tx, p Product, version int64) []any {
	words := make([]string, len(p.Methods))
	for i, m := range p.Methods {
		words[i] = string(m)
	}
	return []any{string(tx.Realm()), string(p.ID), version, string(p.Merchant), string(p.Profile), p.Code, p.Name, p.Kind, string(p.Currency), p.Price,
		p.TaxRate, p.Digital, strings.Join(words, " "), clock.Millis(p.CreatedAt), clock.Millis(p.EndedAt)}
}

func addProduct(tx *store.Tx, p Product) { tx.Insert(productTable, productRow(tx, p, 1)...) }

func saveProduct(tx *store.Tx, p *Product) {
	tx.Swap(productTable, p.Version, productRow(tx, *p, p.Version+1)...)
	p.Version++
}

func products(tx *store.Tx, query string, args ...any) (list []Product, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var p Product
		var methods string
		var created, ended int64
		err := scan(&p.ID, &p.Version, &p.Merchant, &p.Profile, &p.Code, &p.Name, &p.Kind, &p.Currency, &p.Price, &p.TaxRate, &p.Digital, &methods, &created, &ended)
		for _, w := range strings.Fields(methods) {
			p.Methods = append(p.Methods, Method(w))
		}
		p.CreatedAt, p.EndedAt = clock.FromMillis(created), clock.FromMillis(ended)
		list = append(list, p)
		return err
	})
	return list, err
}

// listProducts lists what is on sale; code "" for all.
func listProducts(tx *store.Tx, code string) ([]Product, error) {
	return products(tx, `SELECT `+productColumns+` FROM product WHERE realm = $1 AND ended_at = 0 AND (code = $2 OR $2 = '') ORDER BY code`, string(tx.Realm()), code)
}

// changedProducts lists what was put on sale, or taken off, after a moment.
func changedProducts(tx *store.Tx, after time.Time) ([]Product, error) {
	return products(tx, `SELECT `+productColumns+` FROM product WHERE realm = $1 AND (created_at > $2 OR ended_at > $2) ORDER BY code, id`, string(tx.Realm()), clock.Millis(after))
}

func getProduct(tx *store.Tx, id ident.ID) (Product, error) {
	return oneProduct(tx, `SELECT `+productColumns+` FROM product WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
}

// newestProduct is the product of a code that was made last.
func newestProduct(tx *store.Tx, code string) (Product, error) {
	return oneProduct(tx, `SELECT `+productColumns+` FROM product WHERE realm = $1 AND code = $2 ORDER BY id DESC LIMIT 1`, string(tx.Realm()), code)
}

// oneProduct is the only row of a query. Faults: not_found.product.
func oneProduct(tx *store.Tx, query string, args ...any) (Product, error) {
	list, err := products(tx, query, args...)
	if err == nil && len(list) == 0 {
		err = fault.New("not_found.product", "no such product")
	}
	if err != nil {
		return Product{}, err
	}
	return list[0], nil
}

var couponTable = &store.Table{Name: "coupon", Key: 2, Columns: []string{"realm", "id", "version", "product", "code", "number", "description", "price", "length", "unit", "created_at",
	"by_voucher", "ended_at"}}

const couponColumns = `id, version, product, code, number, description, price, length, unit, created_at, by_voucher, ended_at`

func couponRow(tx *store.Tx, c Coupon, version int64) []any {
	return []any{string(tx.Realm()), string(c.ID), version, string(c.Product), c.Code, c.Number, c.Description, c.Price, c.Length, string(c.Unit), clock.Millis(c.CreatedAt),
		c.ByVoucher, clock.Millis(c.EndedAt)}
}

func addCoupon(tx *store.Tx, c Coupon) { tx.Insert(couponTable, couponRow(tx, c, 1)...) }

func saveCoupon(tx *store.Tx, c *Coupon) {
	tx.Swap(couponTable, c.Version, couponRow(tx, *c, c.Version+1)...)
	c.Version++
}

func coupons(tx *store.Tx, query string, args ...any) (list []Coupon, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var c Coupon
		var created, ended int64
		err := scan(&c.ID, &c.Version, &c.Product, &c.Code, &c.Number, &c.Description, &c.Price, &c.Length, &c.Unit, &created, &c.ByVoucher, &ended)
		c.CreatedAt, c.EndedAt = clock.FromMillis(created), clock.FromMillis(ended)
		list = append(list, c)
		return err
	})
	return list, err
}

func couponsOf(tx *store.Tx, product ident.ID) ([]Coupon, error) {
	return coupons(tx, `SELECT `+couponColumns+` FROM coupon WHERE realm = $1 AND product = $2 ORDER BY number`, string(tx.Realm()), string(product))
}

func getCoupon(tx *store.Tx, id ident.ID) (Coupon, error) {
	list, err := coupons(tx, `SELECT `+couponColumns+` FROM coupon WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		err = fault.New("not_found.coupon", "no such coupon")
	}
	if err != nil {
		return Coupon{}, err
	}
	return list[0], nil
}

var subscriptionTable = &store.Table{Name: "subscription", Key: 2, Columns: []string{"realm", "id", "version", "seq", "merchant", "person", "number", "product", "coupon",
	"method", "pending", "token", "state", "start_on", "periods", "next_on", "paid_until", "created_at", "stopped_at", "details"}}

const subscriptionColumns = `id, version, seq, merchant, person, number, product, coupon, method, pending, token, state, start_on, periods, next_on, paid_until, created_at, stopped_at, details`

func subscriptionRow(tx *store.Tx, v Subscription, version int64) ([]any, error) {
	details, err := json.Marshal(v.Details)
	return []any{string(tx.Realm()), string(v.ID), version, v.Seq, string(v.Merchant), string(v.Person), v.Number, string(v.Product), string(v.Coupon), string(v.Method),
		string(v.Pending), string(v.Token), string(v.State), string(v.StartOn), v.Periods, string(v.NextOn), string(v.PaidUntil), clock.Millis(v.CreatedAt),
		clock.Millis(v.StoppedAt), string(details)}, err
}

func addSubscription(tx *store.Tx, v Subscription) error {
	row, err := subscriptionRow(tx, v, 1)
	if err == nil {
		tx.Insert(subscriptionTable, row...)
	}
	return err
}

func saveSubscription(tx *store.Tx, v *Subscription) error {
	row, err := subscriptionRow(tx, *v, v.Version+1)
	if err == nil {
		tx.Swap(subscriptionTable, v.Version, row...)
		v.Version++
	}
	return err
}

func subscriptions(tx *store.Tx, query string, args ...any) (list []Subscription, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var v Subscription
		var created, stopped int64
		var details string
		if err := scan(&v.ID, &v.Version, &v.Seq, &v.Merchant, &v.Person, &v.Number, &v.Product, &v.Coupon, &v.Method, &v.Pending, &v.Token, &v.State, &v.StartOn,
			&v.Periods, &v.NextOn, &v.PaidUntil, &created, &stopped, &details); err != nil {
			return err
		}
		v.CreatedAt, v.StoppedAt = clock.FromMillis(created), clock.FromMillis(stopped)
		err := json.Unmarshal([]byte(details), &v.Details)
		list = append(list, v)
		return err
	})
	return list, err
}

func getSubscription(tx *store.Tx, id ident.ID) (Subscription, error) {
	list, err := subscriptions(tx, `SELECT `+subscriptionColumns+` FROM subscription WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		err = missing()
	}
	if err != nil {
		return Subscription{}, err
	}
	return list[0], nil
}

func getHeld(tx *store.Tx, id ident.ID) (Held, error) {
	sub, err := getSubscription(tx, id)
	if err != nil {
		return Held{}, err
	}
	return hold(tx, sub)
}

func subscriptionsOf(tx *store.Tx, person ident.ID) ([]Subscription, error) {
	return subscriptions(tx, `SELECT `+subscriptionColumns+` FROM subscription WHERE realm = $1 AND person = $2 ORDER BY id`, string(tx.Realm()), string(person))
}

func byToken(tx *store.Tx, token ident.ID) ([]Subscription, error) {
	return subscriptions(tx, `SELECT `+subscriptionColumns+` FROM subscription WHERE realm = $1 AND token = $2 ORDER BY id`, string(tx.Realm()), string(token))
}

var billTable = &store.Table{Name: "subscription_bill", Key: 2, Columns: []string{"realm", "invoice", "version", "subscription", "from_on", "to_on", "method", "tries", "state"}}

const billColumns = `invoice, version, subscription, from_on, to_on, method, tries, state`

func billRow(tx *store.Tx, b Bill, version int64) []any {
	return []any{string(tx.Realm()), string(b.Invoice), version, string(b.Subscription), string(b.FromOn), string(b.ToOn), string(b.Method), b.Tries, string(b.State)}
}

func addBill(tx *store.Tx, b Bill) { tx.Insert(billTable, billRow(tx, b, 1)...) }

func saveBill(tx *store.Tx, b *Bill) {
	tx.Swap(billTable, b.Version, billRow(tx, *b, b.Version+1)...)
	b.Version++
}

func bills(tx *store.Tx, query string, args ...any) (list []Bill, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var b Bill
		err := scan(&b.Invoice, &b.Version, &b.Subscription, &b.FromOn, &b.ToOn, &b.Method, &b.Tries, &b.State)
		list = append(list, b)
		return err
	})
	return list, err
}

func getBill(tx *store.Tx, inv ident.ID) (Bill, bool, error) {
	list, err := bills(tx, `SELECT `+billColumns+` FROM subscription_bill WHERE realm = $1 AND invoice = $2`, string(tx.Realm()), string(inv))
	if err != nil || len(list) == 0 {
		return Bill{}, false, err
	}
	return list[0], true, nil
}

func billsOf(tx *store.Tx, sub ident.ID) ([]Bill, error) {
	return bills(tx, `SELECT `+billColumns+` FROM subscription_bill WHERE realm = $1 AND subscription = $2 ORDER BY from_on, invoice`, string(tx.Realm()), string(sub))
}

var tokenTable = &store.Table{Name: "subscription_token", Key: 2, Columns: []string{"realm", "id", "version", "seq", "merchant", "person", "product", "method", "number",
	"reference", "mandate", "created_at", "ended_at"}}

const tokenColumns = `id, version, seq, merchant, person, product, method, number, reference, mandate, created_at, ended_at`

func tokenRow(tx *store.Tx, t Token, version int64) []any {
	return []any{string(tx.Realm()), string(t.ID), version, t.Seq, string(t.Merchant), string(t.Person), string(t.Product), string(t.Method), t.Number, t.Reference,
		string(t.Mandate), clock.Millis(t.CreatedAt), clock.Millis(t.EndedAt)}
}

func addToken(tx *store.Tx, t Token) { tx.Insert(tokenTable, tokenRow(tx, t, 1)...) }

func saveToken(tx *store.Tx, t *Token) {
	tx.Swap(tokenTable, t.Version, tokenRow(tx, *t, t.Version+1)...)
	t.Version++
}

func tokens(tx *store.Tx, query string, args ...any) (list []Token, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var t Token
		var created, ended int64
		err := scan(&t.ID, &t.Version, &t.Seq, &t.Merchant, &t.Person, &t.Product, &t.Method, &t.Number, &t.Reference, &t.Mandate, &created, &ended)
		t.CreatedAt, t.EndedAt = clock.FromMillis(created), clock.FromMillis(ended)
		list = append(list, t)
		return err
	})
	return list, err
}

func getToken(tx *store.Tx, id ident.ID) (Token, error) {
	list, err := tokens(tx, `SELECT `+tokenColumns+` FROM subscription_token WHERE realm = $1 AND id = $2`, string(tx.Realm()), string(id))
	if err == nil && len(list) == 0 {
		err = fault.New("not_found.token", "no such token")
	}
	if err != nil {
		return Token{}, err
	}
	return list[0], nil
}

func tokenByMandate(tx *store.Tx, mandate ident.ID) (Token, bool, error) {
	list, err := tokens(tx, `SELECT `+tokenColumns+` FROM subscription_token WHERE realm = $1 AND mandate = $2`, string(tx.Realm()), string(mandate))
	if err != nil || len(list) == 0 {
		return Token{}, false, err
	}
	return list[0], true, nil
}

func tokensOf(tx *store.Tx, person ident.ID) ([]Token, error) {
	return tokens(tx, `SELECT `+tokenColumns+` FROM subscription_token WHERE realm = $1 AND person = $2 ORDER BY id`, string(tx.Realm()), string(person))
}

// count draws the next number of a series, from 1.
func count(tx *store.Tx, series string) (n int64, err error) {
	_, err = tx.Get([]any{&n}, `INSERT INTO subscription_count (realm, series, last) VALUES ($1, $2, 1)
		ON CONFLICT (realm, series) DO UPDATE SET last = subscription_count.last + 1 RETURNING last`, string(tx.Realm()), series)
	return n, err
}

var voucherTable = &store.Table{Name: "voucher", Key: 2, Columns: []string{"realm", "id", "version", "merchant", "print", "coupons", "uses", "ends_at", "created_at"}}

func voucherRow(tx *store.Tx, v Voucher, version int64) []any {
	words := make([]string, len(v.Coupons))
	for i, id := range v.Coupons {
		words[i] = string(id)
	}
	return []any{string(tx.Realm()), string(v.ID), version, string(v.Merchant), v.print, strings.Join(words, " "), v.Uses, clock.Millis(v.EndsAt), clock.Millis(v.CreatedAt)}
}

func addVoucher(tx *store.Tx, v Voucher) { tx.Insert(voucherTable, voucherRow(tx, v, 1)...) }

func saveVoucher(tx *store.Tx, v *Voucher) {
	tx.Swap(voucherTable, v.Version, voucherRow(tx, *v, v.Version+1)...)
	v.Version++
}

const voucherColumns = `id, version, merchant, print, coupons, uses, ends_at, created_at`

func vouchers(tx *store.Tx, query string, args ...any) (list []Voucher, err error) {
	err = tx.All(query, args, func(scan func(...any) error) error {
		var v Voucher
		var coupons string
		var ends, created int64
		err := scan(&v.ID, &v.Version, &v.Merchant, &v.print, &coupons, &v.Uses, &ends, &created)
		for _, w := range strings.Fields(coupons) {
			v.Coupons = append(v.Coupons, ident.ID(w))
		}
		v.EndsAt, v.CreatedAt = clock.FromMillis(ends), clock.FromMillis(created)
		list = append(list, v)
		return err
	})
	return list, err
}

// voucherBy finds a voucher by its id or its print.
func voucherBy(tx *store.Tx, column, value string) (v Voucher, found bool, err error) {
	list, err := vouchers(tx, `SELECT `+voucherColumns+` FROM voucher WHERE realm = $1 AND `+column+` = $2`, string(tx.Realm()), value)
	if err != nil || len(list) == 0 {
		return v, false, err
	}
	return list[0], true, nil
}

// allVouchers lists a realm's vouchers, oldest first.
func allVouchers(tx *store.Tx) ([]Voucher, error) {
	return vouchers(tx, `SELECT `+voucherColumns+` FROM voucher WHERE realm = $1 ORDER BY id`, string(tx.Realm()))
}
