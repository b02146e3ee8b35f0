package spense

import (
	"strings"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
)

// ping is P2: whoever got here is signed in.
func (s *Surface) ping(*call) (any, error) { return struct{}{}, nil }

// organizationView is an organisation (sheet, 3.4).
type organizationView struct {
	ID       string        `json:"id"`
	Name     string        `json:"name"`
	VAT      *string       `json:"vat_number"`
	Country  string        `json:"country"`
	Profiles []profileView `json:"payment_profiles"`
}

type profileView struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	Department *string `json:"department"`
}

// organizations is P3: what the key reaches.
func (s *Surface) organizations(c *call) (any, error) {
	reach, err := s.reach(c)
	if err != nil {
		return nil, err
	}
	ids := make([]ident.ID, len(reach))
	for i, m := range reach {
		ids[i] = m.ID
	}
	profiles, err := s.Merchants.ProfilesOf(c.r.Context(), c.actor.Realm, ids...)
	if err != nil {
		return nil, err
	}
	out := []organizationView{}
	for _, m := range reach {
		v := organizationView{ID: string(m.ID), Name: m.Name, VAT: filled(m.Business.TaxID), Country: strings.ToUpper(m.Country), Profiles: []profileView{}}
		for _, p := range profiles {
			if p.Merchant == m.ID {
				v.Profiles = append(v.Profiles, profileView{string(p.ID), p.Name, filled(p.Settings.Department)})
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// filled is a text, or null when it is empty.
func filled(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// markPaid is P9: money that came outside.
func (s *Surface) markPaid(c *call) (any, error) {
	ck := &check{}
	in := ck.root(c.body)
	way := in.choice("payment_method", "", true, "bank_terminal", "bank_transfer", "cash")
	email := in.email("user_email")
	reason, _ := in.nullable("reason")
	if err := ck.err(); err != nil {
		return nil, err
	}
	by := audit.By{Actor: email, Origin: "spense key " + string(c.actor.Key)}
	_, err := s.Invoices.MarkPaid(c.r.Context(), c.actor, by, c.id("payment_id"), way, reason)
	return struct{}{}, err
}

// profileFor finds the profile of a payment (sheet, 5.7): by its id, else by
// its department, else the only one, else the main one.
func (s *Surface) profileFor(c *call, id string, department string) (merchant.Profile, error) {
	list, err := s.Merchants.ProfilesOf(c.r.Context(), c.actor.Realm, c.owner.ID)
	if err != nil {
		return merchant.Profile{}, err
	}
	if id != "" {
		for _, p := range list {
			if string(p.ID) == strings.ToLower(id) {
				return p, nil
			}
		}
		return merchant.Profile{}, errProfile
	}
	for _, p := range list {
		if department != "" && strings.EqualFold(p.Settings.Department, department) {
			return p, nil
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	for _, p := range list {
		if p.Settings.Main {
			return p, nil
		}
	}
	return merchant.Profile{}, errNoProfile
}
