package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
)

type channelCommand struct {
	Add    channelAdd    `cmd:"" help:"Give a merchant a terminal or a kind of bill, as in: channel add \"Lind Media\" FJORD \"Front desk\" --terminal front-desk"`
	List   channelList   `cmd:"" help:"List the channels of a merchant."`
	Remove channelRemove `cmd:"" help:"Take a channel from a merchant; payments that were put on it stay as they are."`
}

// ofMerchant names a merchant in an organisation.
type ofMerchant struct {
	whose
	Merchant string `arg:"" help:"The merchant's code."`
}

func (o ofMerchant) find(ctx context.Context, a *app.App) (merchant.Merchant, ident.ID, error) {
	realm, err := o.realm(ctx, a)
	if err != nil {
		return merchant.Merchant{}, "", err
	}
	m, err := merchantOf(ctx, a, realm.ID, o.Merchant)
	if fault.Is(err, fault.NotFound) {
		err = fmt.Errorf("%s has no merchant %s in its %s realm", o.Organisation, o.Merchant, o.Environment)
	}
	return m, realm.ID, err
}

// merchantOf finds a merchant by its code.
func merchantOf(ctx context.Context, a *app.App, realm ident.ID, code string) (merchant.Merchant, error) {
	list, _, err := a.Merchants.Search(ctx, realm, merchant.Filter{Page: store.Page{Limit: 1 << 31}})
	for _, m := range list {
		if m.Code == code {
			return m.Merchant, nil
		}
	}
	if err == nil {
		err = fault.New("not_found.merchant", "no merchant %s", code)
	}
	return merchant.Merchant{}, err
}

type channelAdd struct {
	settings
	ofMerchant
	Name     string   `arg:"" help:"What the merchant's staff calls it."`
	Kind     string   `help:"terminal or invoice." enum:"terminal,invoice" default:"terminal"`
	Terminal string   `help:"The provider's name of the terminal; without it the id that the channel gets." placeholder:"NAME"`
	Account  string   `help:"Of a terminal: whose it is at the provider, if it is not the merchant's own. Of a bill: the bank account to pay to." placeholder:"TEXT"`
	Scheme   string   `help:"Of a bill: how its reference is protected." enum:"mod10,mod11,ocr" default:"mod10"`
	Profiles []string `help:"Codes of the profiles that may use it; all without it." placeholder:"CODE"`
}

func (c channelAdd) Run(ctx context.Context) error {
	return offline(ctx, c.settings, func(a *app.App) error {
		m, realm, err := c.find(ctx, a)
		if err != nil {
			return err
		}
		ch := merchant.Channel{Merchant: m.ID, Kind: merchant.ChannelKind(c.Kind), Name: c.Name, Active: true,
			Settings: merchant.ChannelSettings{Account: c.Account, Terminal: c.Terminal}}
		if ch.Kind == merchant.InvoiceChannel {
			ch.Settings.Scheme = c.Scheme
		}
		for _, code := range c.Profiles {
			p, err := entity(ctx, a, c.whose, code)
			if err != nil {
				return err
			}
			ch.Profiles = append(ch.Profiles, p.ID)
		}
		if ch, err = a.Merchants.AddChannel(ctx, realm, operator, ch); err == nil {
			_, err = fmt.Println(ch.ID)
		}
		return err
	})
}

type channelList struct {
	settings
	ofMerchant
}

func (c channelList) Run(ctx context.Context) error {
	return offline(ctx, c.settings, func(a *app.App) error {
		m, realm, err := c.find(ctx, a)
		if err != nil {
			return err
		}
		list, err := a.Merchants.Channels(ctx, realm, m.ID)
		if err != nil {
			return err
		}
		profiles, err := a.Merchants.Profiles(ctx, realm)
		if err != nil {
			return err
		}
		codes := map[ident.ID]string{}
		for _, p := range profiles {
			codes[p.ID] = p.Code
		}
		t := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "CHANNEL\tKIND\tNAME\tPROFILES\tTERMINAL\tACCOUNT\tREFERENCE")
		for _, ch := range list {
			var may []string
			for _, id := range ch.Profiles {
				may = append(may, codes[id])
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", ch.ID, ch.Kind, ch.Name, or(strings.Join(may, ","), "all"), or(ch.Settings.Terminal, "-"),
				or(ch.Settings.Account, "-"), or(ch.Settings.Scheme, "-"))
		}
		return t.Flush()
	})
}

type channelRemove struct {
	settings
	ofMerchant
	ID string `arg:"" name:"id" help:"As channel list shows it."`
}

func (c channelRemove) Run(ctx context.Context) error {
	return offline(ctx, c.settings, func(a *app.App) error {
		m, realm, err := c.find(ctx, a)
		if err != nil {
			return err
		}
		return a.Merchants.RemoveChannel(ctx, realm, operator, m.ID, ident.ID(c.ID))
	})
}
