package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
)

// keySpense makes a credential of the Spense contract, and the organisations
// (merchants) that it reaches.
type keySpense struct {
	settings
	Organisation string   `arg:"" help:"Whose key; made if there is no such organisation."`
	Merchants    []string `arg:"" help:"Codes of the merchants that the key reaches, one as a rule, several for a partner; made if there are none."`
	Environment  string   `help:"test or live." enum:"test,live" default:"test"`
	Country      string   `help:"Of merchants that are made." default:"NO"`
	Zone         string   `help:"Time zone of merchants that are made." default:"Europe/Oslo"`
	Hosts        []string `help:"Hosts that webhooks may go to, for profiles that are made: dms.example, .dms.example" placeholder:"HOST"`
	Label        string   `help:"What the key is for." default:"key spense"`
}

func (k keySpense) Run(ctx context.Context) error {
	return offline(ctx, k.settings, func(a *app.App) error {
		realm, err := realmOf(ctx, a, k.Organisation, access.Environment(k.Environment), true)
		if err != nil {
			return err
		}
		var ids []ident.ID
		for _, code := range k.Merchants {
			id, err := k.merchant(ctx, a, realm.ID, code)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		c, err := a.Spense.MakeKey(ctx, realm, operator, k.Label, "", ids...)
		if err != nil {
			return err
		}
		_, err = fmt.Printf("client_id      %s\nclient_secret  %s\norganizations  %v\n\nThe secret is shown this once: florin keeps a hash of it.\n", c.ClientID, c.ClientSecret.Reveal(), ids)
		return err
	})
}

// merchant finds a merchant by its code, or makes it with a profile.
func (k keySpense) merchant(ctx context.Context, a *app.App, realm ident.ID, code string) (ident.ID, error) {
	m, err := merchantOf(ctx, a, realm, code)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return m.ID, err
	}
	m, err = a.Merchants.Add(ctx, realm, operator, merchant.Merchant{Code: code, Name: code, Country: k.Country, Business: merchant.Business{TimeZone: k.Zone}})
	if err != nil {
		return "", err
	}
	_, err = a.Merchants.AddProfile(ctx, realm, operator, merchant.Profile{Merchant: m.ID, Code: code, Name: code, Settings: merchant.Settings{Main: true, NotifyHosts: k.Hosts}})
	return m.ID, err
}

// usageCommand shows who calls how often, and what is unusual about it.
type usageCommand struct {
	settings
	Organisation string `arg:"" help:"Whose keys."`
	Environment  string `help:"test or live." enum:"test,live" default:"live"`
	Days         int    `help:"How many days, today included." default:"7"`
}

func (u usageCommand) Run(ctx context.Context) error {
	return offline(ctx, u.settings, func(a *app.App) error {
		realm, err := realmOf(ctx, a, u.Organisation, access.Environment(u.Environment), false)
		if err != nil {
			return err
		}
		list, unusual, err := a.Usage(ctx, realm.ID, u.Days)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.New("not_found.usage", "nobody has called in that time")
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "day\tkey\toperation\tagent\tcalls\tfailed\told sign-in")
		for _, l := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\n", l.Day, l.Key, l.Operation, l.Agent, l.Calls, l.Faults, l.Old)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, n := range unusual {
			fmt.Printf("\nunusual on %s by %s: %s", n.Day, n.Key, n.What)
		}
		fmt.Println()
		return nil
	})
}
