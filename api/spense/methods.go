package spense

import (
	"context"
	"slices"
	"strings"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
)

// linkID is the default payment method, which everybody has (sheet, 2.2).
const linkID ident.ID = "000000000000000000000000"

// TestTerminal is the terminal that every organisation in test mode has (sheet, 11).
const TestTerminal ident.ID = "6fa0000000000000000000a1"

// testChannels are what every organisation in test mode has beside its own
// (sheet, 11). Whether a terminal is switched off its provider says.
var testChannels = []merchant.Channel{
	{ID: TestTerminal, Kind: merchant.TerminalChannel, Name: "Test terminal", Active: true},
	{ID: "6fa0000000000000000000a2", Kind: merchant.TerminalChannel, Name: "Test terminal (off)", Active: true},
	{ID: testBill, Kind: merchant.InvoiceChannel, Name: "Test invoice", Active: true},
}

// methodView is a payment method (sheet, 5.2).
type methodView struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Profiles []string `json:"profile_ids"`
	Type     string   `json:"type"`
	Active   bool     `json:"active"`

	channel merchant.Channel
	busy    bool // a terminal that has a payment
}

// The types of payment methods, which are the kinds of channels too.
const (
	typeLink     = "payment_link"
	typeTerminal = "terminal"
	typeInvoice  = "invoice"
)

// methods are the payment methods of an organisation, in the contract's order.
// Nobody has asked yet how its terminals are.
func (s *Surface) methods(ctx context.Context, c *call) ([]methodView, error) {
	list := []methodView{{ID: string(linkID), Name: translate(c.lang, linkName), Profiles: []string{}, Type: typeLink, Active: true}}
	channels, err := s.Merchants.Channels(ctx, c.actor.Realm, c.owner.ID)
	if err != nil {
		return nil, err
	}
	if c.test() {
		channels = append(channels, testChannels...)
	}
	for _, ch := range channels {
		v := methodView{ID: string(ch.ID), Name: ch.Name, Profiles: []string{}, Type: string(ch.Kind), Active: ch.Active, channel: ch}
		for _, p := range ch.Profiles {
			v.Profiles = append(v.Profiles, string(p))
		}
		list = append(list, v)
	}
	rank := map[string]int{typeLink: 0, typeTerminal: 1, typeInvoice: 2}
	slices.SortStableFunc(list, func(a, b methodView) int {
		if n := rank[a.Type] - rank[b.Type]; n != 0 {
			return n
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list, nil
}

// listMethods is P5. For an organisation in test mode test_mode says nothing
// new; for others there are no fake methods, so that only the link is left.
func (s *Surface) listMethods(c *call) (any, error) {
	ck := &check{}
	test := c.parameters(ck).flag("test_mode")
	if err := ck.err(); err != nil {
		return nil, err
	}
	list, err := s.methods(c.r.Context(), c)
	if test && !c.test() && err == nil {
		list = list[:1]
	}
	for i := range list {
		if list[i].Active {
			_, err := s.ready(c, list[i])
			list[i].Active = err == nil
		}
	}
	return list, err
}

// method finds a payment method that may be used now, for a profile; "" is the
// link.
func (s *Surface) method(c *call, id string, profile ident.ID) (methodView, error) {
	if id == "" {
		id = string(linkID)
	}
	list, err := s.methods(c.r.Context(), c)
	if err != nil {
		return methodView{}, err
	}
	for _, m := range list {
		switch {
		case m.ID != strings.ToLower(id):
			continue
		case m.Type != typeLink && !m.channel.Serves(profile):
			return m, errNotForThis
		case !m.Active:
			return m, errInactive
		}
		m.busy, err = s.ready(c, m)
		return m, err
	}
	return methodView{}, errMethod
}

// at is the method as an invoice keeps it.
func (m methodView) at() invoice.Channel {
	return invoice.Channel{Kind: m.Type, ID: ident.ID(m.ID)}
}

// resend is P6: an existing payment is put before the payer again, the same
// way or another. It never makes a new one.
func (s *Surface) resend(c *call) (any, error) {
	ck := &check{}
	in := ck.root(c.body)
	id := in.text("payment_id")
	if alias := in.text("payflow_id"); id == "" {
		id = alias
	}
	if id == "" && in.ok && len(ck.issues) == 0 {
		in.get("payment_id", true)
	}
	wanted, _ := in.id("payment_method_id")
	if err := ck.err(); err != nil {
		return nil, err
	}
	return s.present(c, ident.ID(strings.ToLower(id)), wanted)
}

// setMethod is P7, P6 with the payment in the path.
func (s *Surface) setMethod(c *call) (any, error) {
	ck := &check{}
	in := ck.root(c.body)
	wanted, _ := in.id("payment_method_id")
	if err := ck.err(); err != nil {
		return nil, err
	}
	return s.present(c, c.id("payflow_id"), wanted)
}

func (s *Surface) present(c *call, id ident.ID, wanted string) (any, error) {
	inv, err := s.payment(c, id)
	if err != nil {
		return nil, err
	}
	if wanted == "" {
		wanted = string(inv.Details.Channel.ID)
	}
	m, err := s.method(c, wanted, inv.Profile)
	if err != nil {
		return nil, err
	}
	if m.Type != typeTerminal {
		_, err = s.Invoices.Present(c.r.Context(), c.actor, id, m.at())
		return struct{}{}, err
	}
	if m.busy && !(inv.OnTerminal() && inv.Details.Channel == m.at()) {
		return nil, errTerminalBusy
	}
	return struct{}{}, s.push(c, inv, m)
}
