package surcharge_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/surcharge"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const realm ident.ID = "aaaaaaaaaaaaaaaaaaaaaaaa"

var (
	start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	staff = audit.By{Actor: "key1", Origin: "test"}
	boss  = access.Actor{Realm: realm, May: access.Everything}
)

// shop is a merchant in Australia with the means to make quotes.
type shop struct {
	*surcharge.Service
	db       *store.DB
	clock    *storetest.Clock
	merchant ident.ID
}

func each(t *testing.T, fn func(t *testing.T, s shop)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			clock := storetest.NewClock(start)
			db := storetest.Open(t, engine, func(o *store.Options) { o.Clock = clock.Now })
			ms := &merchant.Service{DB: db, Clock: clock.Now}
			m, err := ms.Add(t.Context(), realm, audit.By{Actor: "test"}, merchant.Merchant{Code: "kite", Name: "Kite Repairs", Country: "AU"})
			if err != nil {
				t.Fatal(err)
			}
			fn(t, shop{&surcharge.Service{DB: db, Key: []byte("a key of thirty-two bytes, or so")}, db, clock, m.ID})
		})
	}
}

func (s shop) rule(t *testing.T, r surcharge.Rule) surcharge.Rule {
	t.Helper()
	if r.Owner.ID == "" {
		r.Owner = surcharge.Owner{Kind: surcharge.Merchant, ID: s.merchant}
	}
	made, err := s.AddRule(t.Context(), boss, staff, r)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func visa(points, fixed int64) surcharge.Rule {
	return surcharge.Rule{If: surcharge.Conditions{Brand: "VISA", Currency: "AUD"},
		Rate: surcharge.Rate{Mode: surcharge.Explicit, BasisPoints: points, Fixed: fixed}}
}

func (s shop) ask() surcharge.Ask {
	return surcharge.Ask{Merchant: s.merchant, CustomerType: surcharge.Consumer, Form: surcharge.InFull, Amount: money.Of(12500, "AUD"),
		Means: surcharge.Means{Method: surcharge.Card, Last4: "4242",
			Card: surcharge.Attributes{Brand: "VISA", Funding: surcharge.Credit, Country: "AU", BIN: "42424242"}}}
}

func (s shop) quote(t *testing.T, a surcharge.Ask) surcharge.Quote {
	t.Helper()
	q, err := s.Quote(t.Context(), boss, a)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// use is what fits a quote for a.
func use(a surcharge.Ask, object ident.ID) surcharge.Use {
	return surcharge.Use{Merchant: a.Merchant, CustomerType: a.CustomerType, Form: a.Form, Amount: a.Amount, Means: a.Means, Object: object}
}

// trailed counts the lines of the audit trail whose action begins like this.
func (s shop) trailed(t *testing.T, action string) (n int) {
	t.Helper()
	trail, err := audit.List(t.Context(), s.db, realm, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range trail {
		if strings.HasPrefix(e.Action, action) {
			n++
		}
	}
	return n
}

func (s shop) redeem(in ident.ID, token string, u surcharge.Use) (q surcharge.Quote, err error) {
	err = s.db.Update(context.Background(), in, func(tx *store.Tx) error {
		q, err = s.Redeem(tx, token, u)
		return err
	})
	return q, err
}

func TestQuoteAndRedeem(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		free := s.quote(t, s.ask())
		if free.Surcharge != money.Of(0, "AUD") || free.Total != money.Of(12500, "AUD") || free.Rule != "" || free.Summary != "no surcharge" {
			t.Errorf("without a rule: got %+v", free)
		}
		r := s.rule(t, visa(110, 30))
		q := s.quote(t, s.ask())
		if q.Surcharge != money.Of(168, "AUD") || q.Total != money.Of(12668, "AUD") || q.Rule != r.ID || q.Summary != "1.1% + $0.30 for Visa" ||
			!q.ExpiresAt.Equal(start.Add(surcharge.Life)) {
			t.Errorf("got %+v", q)
		}
		if strings.Contains(q.Token, "4242") || len(q.Token) > 700 {
			t.Errorf("a token of %d characters: %s", len(q.Token), q.Token)
		}
		got, err := s.redeem(realm, q.Token, use(s.ask(), "token1"))
		want := q
		want.Summary = ""
		if err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		if got, err = s.redeem(realm, q.Token, use(s.ask(), "token1")); err != nil || got != want {
			t.Errorf("again for the same: got %+v, %v", got, err)
		}
		if _, err = s.redeem(realm, q.Token, use(s.ask(), "token2")); fault.Code(err) != "conflict.surcharge_quote" {
			t.Errorf("again for another: got %v", err)
		}
	})
}

func TestRedeemRefuses(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		s.rule(t, visa(110, 30))
		a := s.ask()
		q := s.quote(t, a)
		head, tail, _ := strings.Cut(q.Token, ".")
		bend := func(f func(u *surcharge.Use)) surcharge.Use { u := use(a, "token1"); f(&u); return u }
		for _, c := range []struct {
			name  string
			in    ident.ID
			token string
			use   surcharge.Use
			want  string
		}{
			{"empty", realm, "", use(a, "o"), "invalid.surcharge_quote (token)"},
			{"no signature", realm, head, use(a, "o"), "invalid.surcharge_quote (token)"},
			{"empty signature", realm, head + ".", use(a, "o"), "invalid.surcharge_quote (token)"},
			{"changed payload", realm, "e" + strings.ToUpper(head[1:2]) + head[2:] + "A." + tail, use(a, "o"), "invalid.surcharge_quote (token)"},
			{"changed signature", realm, head + "." + flip(tail), use(a, "o"), "invalid.surcharge_quote (token)"},
			{"padding", realm, q.Token + "=", use(a, "o"), "invalid.surcharge_quote (token)"},
			{"very long", realm, strings.Repeat("a", 5000) + "." + tail, use(a, "o"), "invalid.surcharge_quote (token)"},
			{"another realm", "bbbbbbbbbbbbbbbbbbbbbbbb", q.Token, use(a, "o"), "invalid.surcharge_quote (token)"},
			{"another merchant", realm, q.Token, bend(func(u *surcharge.Use) { u.Merchant = "m2" }), "invalid.surcharge_quote (merchant)"},
			{"another currency", realm, q.Token, bend(func(u *surcharge.Use) { u.Amount.Currency = "NZD" }), "invalid.surcharge_quote (currency)"},
			{"a cent more", realm, q.Token, bend(func(u *surcharge.Use) { u.Amount.Minor++ }), "invalid.surcharge_quote (amount)"},
			{"another customer", realm, q.Token, bend(func(u *surcharge.Use) { u.CustomerType = surcharge.Organisation }), "invalid.surcharge_quote (customerType)"},
			{"another form", realm, q.Token, bend(func(u *surcharge.Use) { u.Form = surcharge.PayPlan }), "invalid.surcharge_quote (form)"},
			{"another method", realm, q.Token, bend(func(u *surcharge.Use) { u.Means.Method = surcharge.ApplePay }), "invalid.surcharge_quote (method)"},
			{"another card", realm, q.Token, bend(func(u *surcharge.Use) { u.Means.Last4 = "4243" }), "invalid.surcharge_quote (method)"},
			{"another BIN", realm, q.Token, bend(func(u *surcharge.Use) { u.Means.Card.BIN = "42424342" }), "invalid.surcharge_quote (method)"},
			{"a debit card after all", realm, q.Token, bend(func(u *surcharge.Use) { u.Means.Card.Funding = surcharge.Debit }), "invalid.surcharge_quote (method)"},
			{"no card", realm, q.Token, bend(func(u *surcharge.Use) { u.Means.Card, u.Means.Last4 = surcharge.Attributes{}, "" }), "invalid.surcharge_quote (method)"},
		} {
			_, err := s.redeem(c.in, c.token, c.use)
			var f *fault.Error
			if !errors.As(err, &f) || fmt.Sprintf("%s (%s)", f.Code, f.Param) != c.want {
				t.Errorf("%s: got %v, want %s", c.name, err, c.want)
			}
		}
		if n := storetest.Rows(t, s.db, "surcharge_use")["surcharge_use"]; n != 0 {
			t.Errorf("%d refused uses were written down", n)
		}
		s.clock.Add(surcharge.Life - time.Millisecond)
		other := s.quote(t, a)
		s.clock.Add(time.Millisecond)
		if _, err := s.redeem(realm, q.Token, bend(func(u *surcharge.Use) { u.Merchant = "m2" })); fault.Code(err) != "invalid.surcharge_quote.expired" {
			t.Errorf("late: got %v", err)
		}
		if _, err := s.redeem(realm, other.Token, bend(func(u *surcharge.Use) { u.CustomerType = "" })); err != nil {
			t.Errorf("a customer whose type is not known: %v", err)
		}
	})
}

func flip(s string) string {
	c := byte('A')
	if s[0] == c {
		c = 'B'
	}
	return string(c) + s[1:]
}

// What a quote was made by decides what it can be used for.
func TestBonds(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		a := s.ask()
		with := func(f func(m *surcharge.Means)) surcharge.Means { m := a.Means; f(&m); return m }
		bin := with(func(m *surcharge.Means) { m.Last4, m.Card.BIN = "", "424242" })
		source := with(func(m *surcharge.Means) { m.Source = "s1" })
		packet := with(func(m *surcharge.Means) { m.Packet, m.Method = "apple:1", surcharge.ApplePay })
		transfer := surcharge.Means{Method: surcharge.BankTransfer}
		for _, c := range []struct {
			name   string
			quoted surcharge.Means
			used   surcharge.Means
			fits   bool
		}{
			{"the first digits for the whole card", bin, a.Means, true},
			{"the first digits for another card", bin, with(func(m *surcharge.Means) { m.Card.BIN = "42424342" }), false},
			{"the first digits for too few", with(func(m *surcharge.Means) { m.Last4 = "" }), with(func(m *surcharge.Means) { m.Card.BIN = "424242" }), false},
			{"the whole card for its first digits", a.Means, bin, false},
			{"a BIN of eight for one of six", a.Means, with(func(m *surcharge.Means) { m.Card.BIN = "424242" }), true},
			{"a source", source, source, true},
			{"another source", source, with(func(m *surcharge.Means) { m.Source = "s2" }), false},
			{"a source for the same card typed", source, a.Means, false},
			{"a packet", packet, packet, true},
			{"another packet", packet, with(func(m *surcharge.Means) { m.Packet, m.Method = "apple:2", surcharge.ApplePay }), false},
			{"a bank transfer", transfer, transfer, true},
			{"a bank transfer for a card", transfer, a.Means, false},
		} {
			a := a
			a.Means = c.quoted
			u := use(a, "o")
			u.Means = c.used
			_, err := s.redeem(realm, s.quote(t, a).Token, u)
			if c.fits != (err == nil) || err != nil && fault.Code(err) != "invalid.surcharge_quote" {
				t.Errorf("%s: got %v, fits: %v", c.name, err, c.fits)
			}
		}
	})
}

// TestRace: many who use one quote at the same moment, each in a transaction
// that writes more than that. One wins, and only its row is there.
func TestRace(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		for round := range 10 {
			q := s.quote(t, s.ask())
			const racers = 8
			errs := make([]error, racers)
			var wg sync.WaitGroup
			for i := range racers {
				wg.Go(func() {
					object := ident.ID(fmt.Sprintf("r%d.%d", round, i))
					errs[i] = s.db.Update(context.Background(), realm, func(tx *store.Tx) error {
						audit.Add(tx, staff, "race.pay", object, "ok")
						_, err := s.Redeem(tx, q.Token, use(s.ask(), object))
						return err
					})
				})
			}
			wg.Wait()
			won := 0
			for _, err := range errs {
				switch {
				case err == nil:
					won++
				case fault.Code(err) != "conflict.surcharge_quote":
					t.Errorf("a loser got %v", err)
				}
			}
			if won != 1 {
				t.Fatalf("%d of %d used one quote", won, racers)
			}
		}
		if n := s.trailed(t, "race.pay"); n != 10 {
			t.Errorf("got %d payments for 10 quotes", n)
		}
	})
}

// Two nodes on one PostgreSQL meet in the database alone.
func TestRaceOfTwoNodes(t *testing.T) {
	address := storetest.Database(t, "postgres")
	var nodes [2]*surcharge.Service
	for i := range nodes {
		db := storetest.Open(t, "postgres", func(o *store.Options) { o.Database = address })
		nodes[i] = &surcharge.Service{DB: db, Key: []byte("one key for both")}
	}
	ms := &merchant.Service{DB: nodes[0].DB, Clock: time.Now}
	m, err := ms.Add(t.Context(), realm, audit.By{Actor: "test"}, merchant.Merchant{Code: "kite", Name: "Kite Repairs", Country: "AU"})
	if err != nil {
		t.Fatal(err)
	}
	a := shop{merchant: m.ID}.ask()
	for round := range 20 {
		q, err := nodes[round%2].Quote(t.Context(), boss, a)
		if err != nil {
			t.Fatal(err)
		}
		var errs [2]error
		var wg sync.WaitGroup
		for i, s := range nodes {
			wg.Go(func() {
				errs[i] = s.DB.Update(context.Background(), realm, func(tx *store.Tx) error {
					_, err := s.Redeem(tx, q.Token, use(a, ident.ID(fmt.Sprintf("r%d.%d", round, i))))
					return err
				})
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("got %v and %v, want one winner", errs[0], errs[1])
		}
		if lost := errors.Join(errs[:]...); fault.Code(lost) != "conflict.surcharge_quote" {
			t.Errorf("the loser got %v", lost)
		}
	}
}

// A quote that was redeemed by a payment that did not come about is free again.
func TestUndoneUse(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		q := s.quote(t, s.ask())
		declined := errors.New("declined")
		err := s.db.Update(t.Context(), realm, func(tx *store.Tx) error {
			if _, err := s.Redeem(tx, q.Token, use(s.ask(), "o1")); err != nil {
				return err
			}
			return declined
		})
		if !errors.Is(err, declined) {
			t.Fatalf("got %v", err)
		}
		if _, err := s.redeem(realm, q.Token, use(s.ask(), "o2")); err != nil {
			t.Errorf("got %v", err)
		}
	})
}

func TestSweep(t *testing.T) {
	each(t, func(t *testing.T, s shop) {
		for i := range 3 {
			if _, err := s.redeem(realm, s.quote(t, s.ask()).Token, use(s.ask(), ident.ID(fmt.Sprint("o", i)))); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			after time.Duration
			want  int
		}{{time.Hour, 0}, {24 * time.Hour, 2}, {0, 1}, {0, 0}} {
			s.clock.Add(c.after)
			if got, err := s.Sweep(t.Context(), realm, 2); err != nil || got != c.want {
				t.Errorf("got %d, %v, want %d", got, err, c.want)
			}
		}
	})
}
