package purchase

import (
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/money"
)

func TestResult(t *testing.T) {
	for _, c := range []struct {
		state State
		left  bool
		want  string
	}{
		{Preliminary, false, "unknown"}, {Confirmed, false, "success"}, {Transferred, false, "success"},
		{Cancelled, true, "cancel"}, {Cancelled, false, "error"},
	} {
		if got := (Purchase{State: c.state, Details: Details{Left: c.left}}).Result(); got != c.want {
			t.Errorf("%s, left %v: got %s, want %s", c.state, c.left, got, c.want)
		}
	}
}

// Whoever decides about an order reads what is the matter with it.
func TestWhy(t *testing.T) {
	for code, want := range map[string]string{"conflict.subscription": "taken meanwhile", "not_found.product": "sold no longer", "not_found.coupon": "sold no longer",
		"not_found.token": "stored for it has ended", "conflict.method.not_set_up": "no longer be paid"} {
		if got := why(fault.New(code, "x")); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", code, got, want)
		}
	}
}

// A price that a client names is compared, never taken.
func TestCosts(t *testing.T) {
	real := money.Of(29500, "NOK")
	for said, right := range map[string]bool{"": true, "295": true, "295.0": true, "295.00": true, "295.000": true, "295.01": false, "1": false, "-295": false, "2.95e2": false, "0": false} {
		if err := costs(said, real, "orderAmount"); (err == nil) != right || err != nil && !fault.Is(err, "invalid.amount") {
			t.Errorf("%q: got %v, want it right: %v", said, err, right)
		}
	}
}

func TestCheck(t *testing.T) {
	a, b := Item{Product: "A"}, Item{Product: "B"}
	for name, c := range map[string]struct {
		w     Wish
		right bool
	}{
		"none":                {Wish{Way: ByInvoice}, false},
		"two":                 {Wish{Way: ByInvoice, Lines: []Item{a, b}}, true},
		"twice the same":      {Wish{Way: ByInvoice, Lines: []Item{a, a}}, false},
		"two, at a page":      {Wish{Way: Once, Lines: []Item{a, b}}, false},
		"two, agreed":         {Wish{Way: ByAgreement, Lines: []Item{a, b}}, false},
		"two, paid elsewhere": {Wish{Way: Elsewhere, Lines: []Item{a, b}}, true},
		"too many":            {Wish{Way: ByInvoice, Lines: make([]Item, MaxLines+1)}, false},
	} {
		if err := c.w.check(); (err == nil) != c.right {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What is told goes before what is known, and something has to be either.
func TestPayer(t *testing.T) {
	known := login.Person{GivenName: "Nora", Surname: "Lind", Address: login.Address{Street: "Storgata", Number: "7", Postcode: "0155", City: "Oslo"}}
	list := []login.Credential{{Kind: login.Email, Value: "nora@example.com"}, {Kind: login.Phone, Value: "+4790000001"}, {Kind: login.Email, Value: "second@example.com"}}
	var p Payer
	p.fill(known, list)
	c := p.customer()
	if err := p.enough(); err != nil || c.Title() != "Nora Lind" || c.Address.Street != "Storgata 7" || c.Email != "nora@example.com" || c.Phone != "+4790000001" {
		t.Errorf("known: got %+v (%v)", c, err)
	}
	p = Payer{Contact: login.Contact{Names: login.Names{Company: "Berg AS"}, Address: login.Address{Email: "faktura@berg.example"}, Emails: []string{"nora@berg.example"}}}
	p.fill(known, list)
	if c := p.customer(); c.Title() != "Berg AS" || c.Address.Postcode != "0155" || c.Email != "faktura@berg.example" {
		t.Errorf("told: got %+v", c)
	}
	for want, p := range map[string]Payer{
		"lastName":   {},
		"postalCode": {Contact: login.Contact{Names: login.Names{Surname: "Lind"}}},
		"emails":     {Contact: login.Contact{Names: login.Names{Surname: "Lind"}, Address: login.Address{Postcode: "0155"}}},
	} {
		if err := p.enough(); !fault.Is(err, "invalid.missing") || !strings.Contains(err.Error(), "needed") || err.(*fault.Error).Param != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
